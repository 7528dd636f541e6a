"""Conversations and transactional messages: what keeps sending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listrak_sandbox import paging
from listrak_sandbox.email import sends
from listrak_sandbox.email.access import PageCache, activity_page, clicker_page, generated_list_of, whole
from listrak_sandbox.email.messages import DATES, link_number
from listrak_sandbox.envelope import Answer, not_found, page, resource
from listrak_sandbox.sandbox import Call, Route
from listrak_sandbox.world.calendar import world_time

if TYPE_CHECKING:
    from listrak_sandbox.world.messages import Conversation, Message, Transactional

CONVERSATION = "/List/{listId}/Conversation"
ONE = f"{CONVERSATION}/{{conversationId}}"
MESSAGE = f"{ONE}/Message"
ONE_MESSAGE = f"{MESSAGE}/{{conversationMessageId}}"
LINK = f"{ONE_MESSAGE}/Link/{{conversationMessageLinkId}}"
TRANSACTIONAL = "/List/{listId}/TransactionalMessage"
ONE_TRANSACTIONAL = f"{TRANSACTIONAL}/{{transactionalMessageId}}"


def _all(call: Call) -> list[Conversation]:
    generated_list = generated_list_of(call)
    return generated_list.conversations(world_time(call.now)) if generated_list else []


def _conversation(call: Call) -> Conversation:
    wanted = call.id("conversationId")
    for one in _all(call):
        if one.conversation_id == wanted:
            return one
    raise not_found("conversation")


def _there(call: Call, message: Message) -> bool:
    return message.send < world_time(call.now)


def _message(call: Call) -> Message:
    wanted = call.id("conversationMessageId")
    for one in _conversation(call).messages:
        if one.message_id == wanted and _there(call, one):
            return one
    raise not_found("conversation message")


def _messages(call: Call) -> Answer:
    previous = call.flag("includePreviousVersions")
    now = world_time(call.now)
    found = [
        one.record(now)
        for one in _conversation(call).messages
        if (one.current or previous) and _there(call, one)
    ]
    return page(*paging.cut(found, call))


def _transactional(call: Call) -> Transactional:
    generated_list = generated_list_of(call)
    wanted = call.id("transactionalMessageId")
    for one in generated_list.transactional if generated_list else []:
        if one.message_id == wanted:
            return one
    raise not_found("transactional message")


def _transactionals(call: Call) -> Answer:
    generated_list = generated_list_of(call)
    return resource([one.record() for one in generated_list.transactional] if generated_list else [])


_LISTS, _MESSAGES = frozenset({"List"}), frozenset({"List", "Message"})
_REPORTS = _MESSAGES | {"Report"}
_BY_TYPE = DATES | {"activityType"}


def routes(cache: PageCache) -> list[Route]:
    """Return the routes of conversations and transactional messages."""

    def activity(call: Call) -> Answer:
        sends = _message(call).sends
        dated = {"startDate", "endDate"} & call.query.keys()
        by_activity = bool(dated) and call.sandbox.settings.conversation_dates == "activity"
        return cache.serve(
            call, whole(call, sends), lambda: activity_page(call, sends, by_activity=by_activity)
        )

    def clickers(call: Call) -> Answer:
        message = _message(call)
        number = link_number(message, call.id("conversationMessageLinkId"))
        return cache.serve(
            call, whole(call, message.sends), lambda: clicker_page(call, message.sends, number)
        )

    return [
        Route("GET", CONVERSATION, lambda call: resource([c.record(_now(call)) for c in _all(call)]), _LISTS),
        Route("GET", ONE, lambda call: resource(_conversation(call).record(_now(call))), _LISTS),
        Route(
            "GET",
            f"{ONE}/Summary",
            lambda call: resource(_conversation(call).summary(_now(call))),
            _LISTS | {"Report"},
        ),
        Route("GET", MESSAGE, _messages, _MESSAGES, frozenset({"includePreviousVersions"}), paged=True),
        Route("GET", ONE_MESSAGE, lambda call: resource(_message(call).extended(_now(call))), _MESSAGES),
        Route("GET", f"{ONE_MESSAGE}/Activity", activity, _REPORTS, _BY_TYPE, paged=True),
        Route("GET", f"{ONE_MESSAGE}/Link", _links, _REPORTS, paged=True),
        Route("GET", LINK, _link, _REPORTS),
        Route("GET", f"{LINK}/Clicker", clickers, _REPORTS, DATES, paged=True),
        Route(
            "GET",
            f"{ONE_MESSAGE}/Summary",
            lambda call: resource(_message(call).summary(_now(call))),
            _REPORTS,
        ),
        *_transactional_routes(cache),
    ]


def _transactional_routes(cache: PageCache) -> list[Route]:
    def activity(call: Call) -> Answer:
        sends = _transactional(call).sends
        by_activity = call.word("dateType", ("Send", "Activity"), "Send") == "Activity"
        return cache.serve(
            call, whole(call, sends), lambda: activity_page(call, sends, by_activity=by_activity)
        )

    params = _BY_TYPE | {"dateType", "emailAddress"}
    return [
        Route("GET", TRANSACTIONAL, _transactionals, _MESSAGES),
        Route("GET", ONE_TRANSACTIONAL, lambda call: resource(_transactional(call).record()), _MESSAGES),
        Route("GET", f"{ONE_TRANSACTIONAL}/Activity", activity, _REPORTS, params, paged=True),
        *sends.routes(ONE_TRANSACTIONAL, _transactional),
    ]


def _links(call: Call) -> Answer:
    return page(*paging.cut(_message(call).link_records(_now(call)), call))


def _link(call: Call) -> Answer:
    message = _message(call)
    number = link_number(message, call.id("conversationMessageLinkId"))
    return resource(message.link(number, _now(call)))


def _now(call: Call) -> int:
    return world_time(call.now)
