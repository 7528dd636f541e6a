"""The small collections: lists, folders, IP pools, campaigns, events, saved things, content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from listrak_sandbox.clock import text_of
from listrak_sandbox.email.access import event_groups_of, events_of, generated_list_of, list_state
from listrak_sandbox.envelope import Answer, created, invalid, not_found, page, resource
from listrak_sandbox.sandbox import Call, Route
from listrak_sandbox.store import ListState
from listrak_sandbox.world import records

if TYPE_CHECKING:
    from collections.abc import Callable

    from listrak_sandbox.world.lists import MailingList

EVENTS, GROUPS = "/List/{listId}/Event", "/List/{listId}/EventGroup"
EVENT_STATUSES = ("Active", "Blocked")
BOUNCE_HANDLING = ("None", "Standard", "Aggressive")


class NewList(msgspec.Struct, rename="camel"):
    """Body of ``POST /List``: what is required and what may be left out."""

    list_name: str
    bounce_handling: str
    bounce_unsubscribe_count: int
    folder_id: int | None = None
    ip_pool_id: int | None = None
    enable_double_opt_in: bool | None = None
    from_email: str | None = None
    from_name: str | None = None


class EventBody(msgspec.Struct, rename="camel"):
    """Body of ``POST /List/{listId}/Event``."""

    event_name: str | None = None
    event_group_id: int | None = None
    status: str | None = None


class EventGroupBody(msgspec.Struct, rename="camel"):
    """Body of ``POST /List/{listId}/EventGroup``."""

    event_group_name: str | None = None


def _create_list(call: Call) -> Answer:
    wanted = call.json(NewList)
    store = call.sandbox.store
    if not wanted.list_name.strip() or wanted.list_name in {
        one.record["listName"] for one in store.lists.values()
    }:
        raise invalid("listName", "It must be given and unique.")
    if wanted.bounce_handling not in BOUNCE_HANDLING:
        raise invalid("bounceHandling", f"Allowed values are {', '.join(BOUNCE_HANDLING)}.")
    if wanted.folder_id and wanted.folder_id not in {one["folderId"] for one in records.folders()}:
        raise invalid("folderId")
    list_id = store.next_id("list")
    pattern = next(iter(store.lists.values())).record
    record: dict[str, Any] = {
        name: False if isinstance(value, bool) else None for name, value in pattern.items()
    }
    record |= {name: value for name, value in msgspec.to_builtins(wanted).items() if value is not None}
    record |= {
        "listId": list_id,
        "createDate": f"{text_of(call.now)[:19]}.{call.now.microsecond // 10_000:02}",
        "folderId": wanted.folder_id or records.folders()[0]["folderId"],
        "ipPoolId": wanted.ip_pool_id or records.ip_pools()[0]["ipPoolId"],
    }
    store.lists[list_id] = ListState(list_id, record, None)
    store.log.append(
        {"at": text_of(call.now), "route": call.route.name, "listId": list_id, "listName": wanted.list_name}
    )
    return created(list_id)


def _free_name(given: str | None, name: str, others: list[dict[str, object]]) -> str:
    """Return a name without blanks around it; one that others have is an invalid parameter, as recorded."""
    text = (given or "").strip()
    if not text or text.lower() in {str(one[name]).lower() for one in others}:
        raise invalid(name, "It must be given and unique.")
    return text


def _created_of_list(call: Call, identifier: int, **what: object) -> Answer:
    entry = {"at": text_of(call.now), "route": call.route.name, "listId": call.id("listId"), **what}
    call.sandbox.store.log.append(entry)
    return created(identifier)


def _create_event(call: Call) -> Answer:
    state = list_state(call)
    body = call.json(EventBody)
    name = _free_name(body.event_name, "eventName", events_of(state))
    # 0 and null: no group.
    group = body.event_group_id or 0
    if group and group not in {one["eventGroupId"] for one in event_groups_of(state)}:
        raise invalid("eventGroupId")
    if (body.status or EVENT_STATUSES[0]) not in EVENT_STATUSES:
        raise invalid("status", f"Allowed values are {', '.join(EVENT_STATUSES)}.")
    identifier = call.sandbox.store.next_id("event")
    state.events.append(
        {
            "eventId": identifier,
            "eventName": name,
            "eventGroupId": group,
            "status": body.status or EVENT_STATUSES[0],
        }
    )
    return _created_of_list(call, identifier, eventId=identifier, eventName=name)


def _create_event_group(call: Call) -> Answer:
    state = list_state(call)
    name = _free_name(call.json(EventGroupBody).event_group_name, "eventGroupName", event_groups_of(state))
    identifier = call.sandbox.store.next_id("event")
    state.event_groups.append({"eventGroupId": identifier, "eventGroupName": name})
    return _created_of_list(call, identifier, eventGroupId=identifier, eventGroupName=name)


def _lists(call: Call) -> Answer:
    return resource([one.record for one in call.sandbox.store.lists.values()])


def _pick(rows: list[dict[str, object]], name: str, call: Call) -> dict[str, object]:
    wanted = call.id(name)
    for row in rows:
        if row[name] == wanted:
            return row
    raise not_found()


def _of_list(
    make: Callable[[MailingList], list[dict[str, object]]],
) -> Callable[[Call], list[dict[str, object]]]:
    def rows(call: Call) -> list[dict[str, object]]:
        generated_list = generated_list_of(call)
        return make(generated_list) if generated_list else []

    return rows


def _saved_message(call: Call) -> Answer:
    generated_list = generated_list_of(call)
    rows = records.saved_messages(generated_list) if generated_list else []
    record = _pick(rows, "savedMessageId", call)
    return resource(records.saved_message_extended(record, generated_list) if generated_list else record)


def _collection(
    template: str,
    identifier: str | None,
    area: str,
    rows: Callable[[Call], list[dict[str, object]]],
) -> list[Route]:
    """Return the routes of a small collection, and of one of its members."""
    areas = frozenset({"List", area}) if template.startswith("/List/") else frozenset({area})
    found = [Route("GET", template, lambda call: resource(rows(call)), areas)]
    if identifier:
        one = f"{template}/{{{identifier}}}"
        found.append(Route("GET", one, lambda call: resource(_pick(rows(call), identifier, call)), areas))
    return found


def routes() -> list[Route]:
    """Return the routes of the small collections."""
    lists = frozenset({"List"})
    audiences = _of_list(records.saved_audiences)
    return [
        Route("GET", "/List", _lists, lists),
        Route("POST", "/List", _create_list, lists, body=True),
        Route("GET", "/List/{listId}", lambda call: resource(list_state(call).record), lists),
        *_collection("/Folder", "folderId", "List", lambda _: records.folders()),
        *_collection("/IpPool", None, "List", lambda _: records.ip_pools()),
        *_collection("/Content", "contentId", "Message", lambda _: records.contents()),
        *_collection("/ContentFolder", None, "Message", lambda _: records.content_folders()),
        *_collection("/List/{listId}/Campaign", "campaignId", "Message", _of_list(records.campaigns)),
        *_collection(EVENTS, "eventId", "Event", lambda call: events_of(list_state(call))),
        Route("POST", EVENTS, _create_event, lists | {"Event"}, body=True),
        *_collection(GROUPS, "eventGroupId", "Event", lambda call: event_groups_of(list_state(call))),
        Route("POST", GROUPS, _create_event_group, lists | {"Event"}, body=True),
        # Declared as paged, yet without paging parameters: one page, and a cursor that is always null.
        Route(
            "GET",
            "/List/{listId}/SavedAudience",
            lambda call: page(audiences(call), None),
            lists,
        ),
        *_collection("/List/{listId}/SavedMessage", None, "Message", _of_list(records.saved_messages)),
        Route("GET", "/List/{listId}/SavedMessage/{savedMessageId}", _saved_message, lists | {"Message"}),
    ]
