"""What is looked up before a run writes anything: everything that a setting names must exist.

A slip there would otherwise read nothing, silently, or stop a run when half of it is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from listrak_api import routes
from listrak_api.errors import ConfigurationError, RequestRefusedError
from tap_listrak.records.profile_fields import check_field_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from listrak_api.routes import Route
    from tap_listrak.records.row import Row
    from tap_listrak.sync.session import TapSession

CLOSED_CODES = frozenset({"ERROR_SENDER_CODE_DISABLED", "ERROR_LIST_INACTIVE"})
"""Refusals that say that a sender code or phone list is disabled, and with it everything below it."""

_SHOWN = 20
"""How many of the things that exist an error names."""


def check_names(tap: TapSession) -> None:
    """Make sure that every list, message, field and so on that the settings name exists.

    Nothing is asked for where the settings name nothing, or where nothing that is selected needs it.

    Raises:
        ConfigurationError: Something does not exist; the text lists what there is.
        ListrakError: What the client raises otherwise.
    """
    if _runs(tap, "lists"):
        _check_email(tap)
    if _runs(tap, "sender_codes"):
        _check_sms(tap)


def select_lists(lists: list[Row], wanted: tuple[int | str, ...]) -> list[Row]:
    """Return the lists that a setting names, in Listrak's order: all of them if it names none.

    A number is an id. A text is a name, regardless of case, or an id if no list has that name.

    Raises:
        ConfigurationError: One of them does not exist, or a name is not unique; the text lists what there is.
    """
    if not wanted:
        return lists
    chosen = {_select_list(lists, one) for one in wanted}
    return [record for record in lists if record["listId"] in chosen]


def check_ids_exist(
    setting: str,
    what: str,
    chosen: AbstractSet[int],
    there_is: Mapping[int, object],
    owner: str = "this account",
) -> None:
    """Make sure that everything that a setting names exists.

    Args:
        setting: The setting.
        what: What it names.
        chosen: The ids that it names.
        there_is: The ids that there are, with names.
        owner: What they belong to, for the error.

    Raises:
        ConfigurationError: Something does not exist; the text lists what there is.
    """
    unknown = sorted(chosen - there_is.keys())
    if unknown:
        several = len(unknown) > 1
        are = f"are not {what}s" if several else f"is not a {what}"
        message = f"{setting}: {_some(map(str, unknown))} {are} of {owner}"
        raise ConfigurationError(message, setting=setting, hint=f"There are: {_named(there_is.items())}.")


def _check_email(tap: TapSession) -> None:
    settings = tap.settings
    fields = not isinstance(settings.profile_fields, str) and tap.streams["contacts"].selected
    messages = settings.message_ids and _runs(tap, "messages")
    conversations = settings.conversation_ids and _runs(tap, "conversations")
    if not (settings.list_ids or fields or messages or conversations):
        return
    lists = select_lists(list(_rows(tap, routes.LISTS, {})), settings.list_ids)
    ids = [int(one["listId"]) for one in lists]
    if fields and not isinstance(settings.profile_fields, str):
        check_field_names(
            {list_id: tap.fields.fields(tap, list_id) for list_id in ids}, settings.profile_fields
        )
    if messages:
        found = _found(tap, routes.MESSAGES, ids, "messageId", "subject", includeTestMessages=True)
        check_ids_exist("message_ids", "message", settings.message_ids, found, "the lists that are read")
    if conversations:
        found = _found(tap, routes.CONVERSATIONS, ids, "conversationId", "conversationName")
        check_ids_exist(
            "conversation_ids", "conversation", settings.conversation_ids, found, "the lists that are read"
        )


def _check_sms(tap: TapSession) -> None:
    chosen, lists = tap.settings.sender_code_ids, tap.settings.phone_list_ids
    if not (chosen or lists):
        return
    codes = {int(row["shortCodeId"]): row.get("code") for row in _rows(tap, routes.SENDER_CODES, {})}
    check_ids_exist("sender_code_ids", "sender code", chosen, codes)
    if lists:
        found: dict[int, object] = {}
        for code in chosen or codes:
            for status in ("active", "inactive"):
                found.update(_phone_lists(tap, code, status))
        check_ids_exist("phone_list_ids", "phone list", lists, found)


def _phone_lists(tap: TapSession, code: int, status: str) -> dict[int, object]:
    try:
        rows = list(_rows(tap, routes.PHONE_LISTS, {"senderCodeId": code}, status=status))
    except RequestRefusedError as refusal:
        if refusal.code not in CLOSED_CODES:
            raise
        return {}
    return {row["phoneListId"]: row.get("phoneListName") for row in rows}


def _found(
    tap: TapSession, route: Route, lists: Iterable[int], key: str, name: str, **params: object
) -> dict[int, object]:
    """Return what the lists have of a kind, by id."""
    return {
        row[key]: row.get(name)
        for list_id in lists
        for row in _rows(tap, route, {"listId": list_id}, **params)
    }


def _rows(tap: TapSession, route: Route, ids: Mapping[str, Any], **params: object) -> Iterator[Row]:
    for page in tap.client(route.api).pages(route, ids, params):
        yield from page.rows


def _runs(tap: TapSession, name: str) -> bool:
    stream: Any = tap.streams[name]
    return bool(stream.available and (stream.selected or stream.has_selected_descendents))


def _select_list(lists: list[Row], one: int | str) -> int:
    wanted = str(one).strip().casefold()
    found = []
    if isinstance(one, str):
        found = [record for record in lists if str(record.get("listName")).strip().casefold() == wanted]
    found = found or [record for record in lists if str(record["listId"]) == wanted]
    if len(found) == 1:
        return int(found[0]["listId"])
    there_is = _named((record["listId"], record.get("listName")) for record in lists)
    problem = "names several lists; use the id" if found else "is not a list of this account"
    message = f"list_ids: {one!r} {problem}"
    raise ConfigurationError(message, setting="list_ids", hint=f"There are: {there_is}.")


def _named(things: Iterable[tuple[object, object]]) -> str:
    return _some(f"{number} ({name})" if name else str(number) for number, name in things)


def _some(texts: Iterable[str]) -> str:
    """Return a list that stays readable, however many there are."""
    every = list(texts)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return (", ".join(every[:_SHOWN]) or "none") + more
