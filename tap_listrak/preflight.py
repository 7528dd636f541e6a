"""What is looked up before a run writes anything: everything that a setting names must exist.

A mistake there would otherwise read nothing without a message, or end a run that is half written.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from listrak_api import routes
from listrak_api.errors import ConfigurationError, RequestRefusedError
from tap_listrak.records.profile_fields import check_field_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def select_lists(lists: list[Row], wanted: Sequence[int | str]) -> list[Row]:
    """Return the lists that a setting names, in Listrak's order: all of them if it names none.

    Raises:
        ConfigurationError: As for `select_ids`.
    """
    if not wanted:
        return lists
    chosen = select_ids("list_ids", "list", wanted, {one["listId"]: one.get("listName") for one in lists})
    return [record for record in lists if record["listId"] in chosen]


def select_ids(
    setting: str, what: str, wanted: Sequence[int | str], there_is: Mapping[int, object]
) -> frozenset[int]:
    """Return the ids of what a setting names.

    A number is an id, or a name if nothing has that id (sender codes are numbers, too). A text is a name,
    regardless of case, or an id if nothing has that name.

    Args:
        setting: The setting.
        what: What it names, for the error.
        wanted: Its value.
        there_is: The ids that there are, with names.

    Raises:
        ConfigurationError: One of them does not exist, or a name is not unique; the text lists what there is.
    """
    return frozenset(_select(setting, what, one, there_is) for one in wanted)


def _select(setting: str, what: str, one: int | str, there_is: Mapping[int, object]) -> int:
    text = str(one).strip().casefold()
    named = [key for key, name in there_is.items() if str(name).strip().casefold() == text]
    by_id = [key for key in there_is if str(key) == text]
    found = named or by_id if isinstance(one, str) else by_id or named
    if len(found) == 1:
        return int(found[0])
    problem = f"names several {what}s; use the id" if found else f"is not a {what} of this account"
    message = f"{setting}: {one!r} {problem}"
    raise ConfigurationError(message, setting=setting, hint=f"There are: {_named(there_is.items())}.")


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
    conversations = (settings.conversation_ids or settings.conversation_message_ids) and _runs(
        tap, "conversations"
    )
    if not (settings.list_ids or fields or messages or conversations):
        return
    lists = select_lists(list(_rows(tap, routes.LISTS, {})), settings.list_ids)
    ids = [int(one["listId"]) for one in lists]
    if fields and not isinstance(settings.profile_fields, str):
        check_field_names(
            {list_id: tap.fields.fields(tap, list_id) for list_id in ids}, settings.profile_fields
        )
    links: dict[int, object] = {}
    if messages:
        links |= _check_messages(tap, ids)
    if conversations:
        links |= _check_conversations(tap, ids)
    if settings.link_ids:
        check_ids_exist("link_ids", "link", settings.link_ids, links, "the chosen messages")


def _check_messages(tap: TapSession, lists: Iterable[int]) -> dict[int, object]:
    """Make sure that the chosen messages exist; return their links where links are chosen."""
    chosen, found = tap.settings.message_ids, dict[int, object]()
    links: dict[int, object] = {}
    for list_id in lists:
        for row in _rows(tap, routes.MESSAGES, {"listId": list_id}, includeTestMessages=True):
            found[row["messageId"]] = row.get("subject")
            if tap.settings.link_ids and row["messageId"] in chosen:
                ids = {"listId": list_id, "messageId": row["messageId"]}
                links |= _links(tap, routes.MESSAGE_LINKS, ids)
    check_ids_exist("message_ids", "message", chosen, found, "the lists that are read")
    return links


def _check_conversations(tap: TapSession, lists: Iterable[int]) -> dict[int, object]:
    """Make sure that the chosen conversations and messages of theirs exist; return their links likewise."""
    settings = tap.settings
    found, messages, links = dict[int, object](), dict[int, object](), dict[int, object]()
    for list_id in lists:
        for conversation in _rows(tap, routes.CONVERSATIONS, {"listId": list_id}):
            number = conversation["conversationId"]
            found[number] = conversation.get("conversationName")
            if settings.conversation_ids and number not in settings.conversation_ids:
                continue
            if not (settings.conversation_message_ids or settings.link_ids):
                continue
            ids = {"listId": list_id, "conversationId": number}
            previous = settings.include_previous_versions or None
            for row in _rows(tap, routes.CONVERSATION_MESSAGES, ids, includePreviousVersions=previous):
                one = row["messageId"]
                messages[one] = row.get("subject")
                picked = settings.conversation_message_ids
                if settings.link_ids and (not picked or one in picked):
                    links |= _links(
                        tap, routes.CONVERSATION_MESSAGE_LINKS, {**ids, "conversationMessageId": one}
                    )
    where = "the lists that are read"
    check_ids_exist("conversation_ids", "conversation", settings.conversation_ids, found, where)
    check_ids_exist(
        "conversation_message_ids",
        "message",
        settings.conversation_message_ids,
        messages,
        "the conversations that are read",
    )
    return links


def _links(tap: TapSession, route: Route, ids: Mapping[str, Any]) -> dict[int, object]:
    return {row["linkId"]: None for row in _rows(tap, route, ids)}


def _check_sms(tap: TapSession) -> None:
    """Make sure that the sender codes and phone lists exist, and put their ids in the place of names."""
    settings = tap.settings
    if not (settings.sender_code_ids or settings.phone_list_ids):
        return
    codes = {int(row["shortCodeId"]): row.get("code") for row in _rows(tap, routes.SENDER_CODES, {})}
    chosen = select_ids("sender_code_ids", "sender code", settings.sender_code_ids, codes)
    lists = frozenset[int]()
    if settings.phone_list_ids:
        found: dict[int, object] = {}
        for code in chosen or codes:
            for status in ("active", "inactive"):
                found.update(_phone_lists(tap, code, status))
        lists = select_ids("phone_list_ids", "phone list", settings.phone_list_ids, found)
    tap.settings = replace(settings, sender_code_ids=tuple(chosen), phone_list_ids=tuple(lists))


def _phone_lists(tap: TapSession, code: int, status: str) -> dict[int, object]:
    try:
        rows = list(_rows(tap, routes.PHONE_LISTS, {"senderCodeId": code}, status=status))
    except RequestRefusedError as refusal:
        if refusal.code not in CLOSED_CODES:
            raise
        return {}
    return {row["phoneListId"]: row.get("phoneListName") for row in rows}


def _rows(tap: TapSession, route: Route, ids: Mapping[str, Any], **params: object) -> Iterator[Row]:
    for page in tap.client(route.api).pages(route, ids, params):
        yield from page.rows


def _runs(tap: TapSession, name: str) -> bool:
    stream: Any = tap.streams[name]
    return bool(stream.available and (stream.selected or stream.has_selected_descendents))


def _named(things: Iterable[tuple[object, object]]) -> str:
    return _some(f"{number} ({name})" if name else str(number) for number, name in things)


def _some(texts: Iterable[str]) -> str:
    """Return a list that stays readable, however many there are."""
    every = list(texts)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return (", ".join(every[:_SHOWN]) or "none") + more
