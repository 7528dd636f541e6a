"""Broadcasts: messages, their details, status, activity, links, clickers and summaries; split tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listrak_sandbox import paging
from listrak_sandbox.email.access import PageCache, activity_page, clicker_page, generated_list_of, whole
from listrak_sandbox.envelope import Answer, not_found, page, resource
from listrak_sandbox.sandbox import Call, Route
from listrak_sandbox.world import records
from listrak_sandbox.world.calendar import Span, world_time

if TYPE_CHECKING:
    from listrak_sandbox.world.messages import Message

MESSAGE = "/List/{listId}/Message"
ONE = f"{MESSAGE}/{{messageId}}"
LINK = f"{ONE}/Link/{{messageLinkId}}"
SPLIT = "/List/{listId}/SplitTest"
DATES = frozenset({"startDate", "endDate"})


def _message(call: Call) -> Message:
    generated_list = generated_list_of(call)
    message = (
        generated_list.find_broadcast(call.id("messageId"), world_time(call.now)) if generated_list else None
    )
    if message is None:
        raise not_found("message")
    return message


def link_number(message: Message, link_id: int) -> int:
    """Return the number of a message's link.

    Raises:
        ApiError: 404 ERROR_UNABLE_TO_LOCATE_RESOURCE.
    """
    number = link_id - message.message_id * 10
    if not 0 <= number < message.links:
        raise not_found("link")
    return number


def _collection(call: Call) -> Answer:
    generated_list = generated_list_of(call)
    now = world_time(call.now)
    span = Span(call.date_param("startDate"), call.date_param("endDate"))
    tests = call.flag("includeTestMessages")
    found = [
        one.record(now)
        for one in (generated_list.broadcasts(now) if generated_list else [])
        if span.holds_whole(one.send) and (tests or not one.test)
    ]
    return page(*paging.cut(found, call))


def _details(call: Call) -> Answer:
    message = _message(call)
    segments = (
        {"includedSegments": ["Buyers, 90 days"], "excludedSegments": []} if message.number % 2 else None
    )
    return resource({**message.extended(world_time(call.now)), "segmentsApplied": segments})


def _split_tests(call: Call) -> Answer:
    generated_list = generated_list_of(call)
    start, end = call.date_param("startDate"), call.date_param("endDate")
    span = Span(start, end)
    tests = records.split_tests(generated_list, world_time(call.now)) if generated_list else []
    found = [
        test
        for test, _ in tests
        if generated_list
        and span.holds_whole(
            generated_list.schedule.send(int(str(test["splitTestId"])) - generated_list.number * 10_000)
        )
    ]
    return page(*paging.cut(found, call))


def _split_test(call: Call) -> tuple[dict[str, object], list[dict[str, object]]]:
    generated_list = generated_list_of(call)
    wanted = call.id("splitTestId")
    for test, messages in records.split_tests(generated_list, world_time(call.now)) if generated_list else []:
        if test["splitTestId"] == wanted:
            return test, messages
    raise not_found("split test")


def routes(cache: PageCache) -> list[Route]:
    """Return the routes of broadcasts and split tests."""

    def activity(call: Call) -> Answer:
        sends = _message(call).sends
        by_activity = call.word("dateType", ("Send", "Activity"), "Send") == "Activity"
        return cache.serve(
            call, whole(call, sends), lambda: activity_page(call, sends, by_activity=by_activity)
        )

    def clickers(call: Call) -> Answer:
        message = _message(call)
        number = link_number(message, call.id("messageLinkId"))
        return cache.serve(
            call, whole(call, message.sends), lambda: clicker_page(call, message.sends, number)
        )

    message = frozenset({"List", "Message"})
    report = message | {"Report"}
    return [
        Route("GET", MESSAGE, _collection, message, DATES | {"includeTestMessages"}, paged=True),
        Route("GET", ONE, _details, message),
        Route("GET", f"{ONE}/Status", _status, report),
        Route(
            "GET",
            f"{ONE}/Activity",
            activity,
            report,
            DATES | {"activityType", "dateType", "emailAddress"},
            paged=True,
        ),
        Route("GET", f"{ONE}/Link", _links, report, paged=True),
        Route("GET", LINK, _link, report),
        Route("GET", f"{LINK}/Clicker", clickers, report, DATES, paged=True),
        Route("GET", f"{ONE}/Summary", _summary, report),
        Route("GET", SPLIT, _split_tests, message, DATES, paged=True),
        Route("GET", f"{SPLIT}/{{splitTestId}}", lambda call: resource(_split_test(call)[0]), message),
        Route(
            "GET", f"{SPLIT}/{{splitTestId}}/Message", lambda call: resource(_split_test(call)[1]), message
        ),
    ]


def _status(call: Call) -> Answer:
    return resource(_message(call).status(world_time(call.now)))


def _summary(call: Call) -> Answer:
    return resource(_message(call).summary(world_time(call.now)))


def _links(call: Call) -> Answer:
    return page(*paging.cut(_message(call).link_records(world_time(call.now)), call))


def _link(call: Call) -> Answer:
    message = _message(call)
    return resource(message.link(link_number(message, call.id("messageLinkId")), world_time(call.now)))
