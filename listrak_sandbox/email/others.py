"""The small collections: lists, folders, IP pools, campaigns, events, saved things, content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from listrak_sandbox.clock import text_of
from listrak_sandbox.email.access import list_state, made_list
from listrak_sandbox.envelope import Answer, created, invalid, not_found, page, resource
from listrak_sandbox.routing import Call, Route
from listrak_sandbox.store import ListState
from listrak_sandbox.world import records

if TYPE_CHECKING:
    from collections.abc import Callable

    from listrak_sandbox.world.lists import MailingList

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
        "createDate": text_of(call.now),
        "folderId": wanted.folder_id or records.folders()[0]["folderId"],
        "ipPoolId": wanted.ip_pool_id or records.ip_pools()[0]["ipPoolId"],
    }
    store.lists[list_id] = ListState(list_id, record, None)
    store.log.append(
        {"at": text_of(call.now), "route": call.route.name, "listId": list_id, "listName": wanted.list_name}
    )
    return created(list_id)


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
        made = made_list(call)
        return make(made) if made else []

    return rows


def _saved_message(call: Call) -> Answer:
    made = made_list(call)
    rows = records.saved_messages(made) if made else []
    record = _pick(rows, "savedMessageId", call)
    return resource(records.saved_message_extended(record, made) if made else record)


def _collection(
    template: str,
    identifier: str | None,
    area: str,
    rows: Callable[[Call], list[dict[str, object]]],
) -> list[Route]:
    """Give the routes of a small collection, and of one of its members."""
    areas = frozenset({"List", area}) if template.startswith("/List/") else frozenset({area})
    found = [Route("GET", template, lambda call: resource(rows(call)), areas)]
    if identifier:
        one = f"{template}/{{{identifier}}}"
        found.append(Route("GET", one, lambda call: resource(_pick(rows(call), identifier, call)), areas))
    return found


def routes() -> list[Route]:
    """Give the routes of the small collections."""
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
        *_collection("/List/{listId}/Event", "eventId", "Event", _of_list(records.events)),
        *_collection("/List/{listId}/EventGroup", "eventGroupId", "Event", _of_list(records.event_groups)),
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
