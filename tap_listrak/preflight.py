"""Checks before a run writes anything: everything that a setting names must exist.

Otherwise a misspelt name would read nothing without a message, or end a run after half of its output.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from listrak_api import routes
from listrak_api.errors import AuthenticationError, ConfigurationError, RequestRefusedError
from listrak_singer.wording import enumerated
from tap_listrak.records.profile_fields import check_field_names
from tap_listrak.sync.empty_answers import no_lists

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from listrak_api.client import Client
    from listrak_api.routes import Route
    from tap_listrak.records.profile_fields import ProfileField
    from tap_listrak.records.row import Row
    from tap_listrak.settings import Settings
    from tap_listrak.sync.session import TapSession

DISABLED_CODES = frozenset({"ERROR_SENDER_CODE_DISABLED", "ERROR_LIST_INACTIVE"})
"""Error codes of a disabled sender code or phone list. Nothing below it can be read then either."""

_SHOWN = 20
"""How many of the existing things an error names."""


def check_names(tap: TapSession) -> None:
    """Make sure that every list, message, field and so on that the settings name exists.

    Makes no request if the settings name nothing, or if no selected stream depends on what they name.

    Raises:
        ConfigurationError: Something does not exist; the text lists what exists.
        ListrakError: What the client raises otherwise.
    """
    if _runs(tap, "lists"):
        _check_email(tap)
    if _runs(tap, "sender_codes"):
        _check_sms(tap)


def account_rows(tap: TapSession, route: Route) -> list[Row]:
    """Read the account's lists or sender codes; again if none come, or a name would not be found among them.

    Args:
        tap: The tap.
        route: Which of the two.

    Raises:
        UnavailableError: There is no list.
        ListrakError: What the client raises otherwise.
    """
    client = tap.client(route.api)
    rows = list(client.rows(route)) or tap.empty_answers.ask_again(
        client, str(route), lambda: list(client.rows(route))
    )
    if not rows and route is routes.LISTS:
        raise no_lists()
    return rows


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
    setting: str, what: str, wanted: Sequence[int | str], existing: Mapping[int, object]
) -> frozenset[int]:
    """Return the ids of what a setting names.

    A number is an id, or a name if nothing has that id (sender codes are numbers, too). A text is a name,
    regardless of case, or an id if nothing has that name.

    Args:
        setting: The setting.
        what: What it names, for the error.
        wanted: Its value.
        existing: The ids that exist, with names.

    Raises:
        ConfigurationError: One of them does not exist, or a name is not unique; the text lists what exists.
    """
    return frozenset(_select(setting, what, one, existing) for one in wanted)


def _select(setting: str, what: str, one: int | str, existing: Mapping[int, object]) -> int:
    text = str(one).strip().casefold()
    named = [key for key, name in existing.items() if str(name).strip().casefold() == text]
    by_id = [key for key in existing if str(key) == text]
    found = named or by_id if isinstance(one, str) else by_id or named
    if len(found) == 1:
        return int(found[0])
    problem = f"names several {what}s; use the id" if found else f"is not a {what} of this account"
    message = f"{setting}: {one!r} {problem}"
    raise ConfigurationError(message, setting=setting, hint=f"There are: {_named(existing)}.")


def check_ids_exist(
    setting: str,
    what: str,
    chosen: AbstractSet[int],
    existing: Mapping[int, object],
    owner: str = "this account",
) -> None:
    """Make sure that everything that a setting names exists.

    Args:
        setting: The setting.
        what: What it names.
        chosen: The ids that it names.
        existing: The ids that exist, with names.
        owner: What they belong to, for the error.

    Raises:
        ConfigurationError: Something does not exist; the text lists what exists.
    """
    unknown = sorted(chosen - existing.keys())
    if unknown:
        several = len(unknown) > 1
        are = f"are not {what}s" if several else f"is not a {what}"
        message = f"{setting}: {enumerated(unknown, _SHOWN)} {are} of {owner}"
        raise ConfigurationError(message, setting=setting, hint=f"There are: {_named(existing)}.")


def _check_email(tap: TapSession) -> None:
    settings = tap.settings
    fields = not isinstance(settings.profile_fields, str) and tap.streams["contacts"].selected
    messages = settings.message_ids and _runs(tap, "messages")
    conversations = (settings.conversation_ids or settings.conversation_message_ids) and _runs(
        tap, "conversations"
    )
    if not (settings.list_ids or fields or messages or conversations):
        return
    lists = select_lists(account_rows(tap, routes.LISTS), settings.list_ids)
    ids = [int(one["listId"]) for one in lists]
    if fields and not isinstance(settings.profile_fields, str):
        check_field_names(_fields_of_lists(tap, ids), settings.profile_fields)
    links: list[int] = []
    if messages:
        links += _check_messages(tap, ids)
    if conversations:
        links += _check_conversations(tap, ids)
    if settings.link_ids:
        check_ids_exist("link_ids", "link", settings.link_ids, dict.fromkeys(links), "the chosen messages")


def _fields_of_lists(tap: TapSession, lists: Sequence[int]) -> dict[int, Sequence[ProfileField]]:
    """Return the profile fields of each list; without lists that Listrak refuses, unless it refuses all."""
    found: dict[int, Sequence[ProfileField]] = {}
    refused: Exception | None = None
    for list_id in lists:
        try:
            found[list_id] = tap.fields.fields(tap, list_id)
        except (AuthenticationError, RequestRefusedError) as refusal:
            refused = refusal
    if refused is not None and not found:
        raise refused
    return found


def _check_messages(tap: TapSession, lists: Iterable[int]) -> list[int]:
    """Make sure that the chosen messages exist; return the ids of their links, if links are chosen."""
    settings, client = tap.settings, tap.client("email")
    found: dict[int, object] = {}
    links: list[int] = []
    for list_id in lists:
        for row in client.rows(routes.MESSAGES, {"listId": list_id}, {"includeTestMessages": True}):
            message_id = row["messageId"]
            found[message_id] = row.get("subject")
            if settings.link_ids and message_id in settings.message_ids:
                ids = {"listId": list_id, "messageId": message_id}
                links += [link["linkId"] for link in client.rows(routes.MESSAGE_LINKS, ids)]
    check_ids_exist("message_ids", "message", settings.message_ids, found, "the lists that are read")
    return links


def _check_conversations(tap: TapSession, lists: Iterable[int]) -> list[int]:
    """Make sure that the chosen conversations and their chosen messages exist; return the ids of their links.

    Messages are read only if messages or links are chosen, and links only if links are.
    """
    settings, client = tap.settings, tap.client("email")
    conversations: dict[int, object] = {}
    messages: dict[int, object] = {}
    links: list[int] = []
    for list_id in lists:
        for row in client.rows(routes.CONVERSATIONS, {"listId": list_id}):
            conversation_id = row["conversationId"]
            conversations[conversation_id] = row.get("conversationName")
            if settings.conversation_ids and conversation_id not in settings.conversation_ids:
                continue
            ids = {"listId": list_id, "conversationId": conversation_id}
            if settings.conversation_message_ids or settings.link_ids:
                messages |= (own := _conversation_messages(client, ids, settings))
                links += _conversation_links(client, ids, own, settings)
    where = "the lists that are read"
    check_ids_exist("conversation_ids", "conversation", settings.conversation_ids, conversations, where)
    check_ids_exist(
        "conversation_message_ids",
        "message",
        settings.conversation_message_ids,
        messages,
        "the conversations that are read",
    )
    return links


def _conversation_messages(client: Client, ids: Mapping[str, int], settings: Settings) -> dict[int, object]:
    """Return the subjects of a conversation's messages by id."""
    params = {"includePreviousVersions": settings.include_previous_versions or None}
    rows = client.rows(routes.CONVERSATION_MESSAGES, ids, params)
    return {row["messageId"]: row.get("subject") for row in rows}


def _conversation_links(
    client: Client, ids: Mapping[str, int], messages: Iterable[int], settings: Settings
) -> Iterator[int]:
    """Return the ids of the links in a conversation's chosen messages; none if no links are chosen."""
    chosen = settings.conversation_message_ids
    for message_id in messages if settings.link_ids else ():
        if not chosen or message_id in chosen:
            of_message = {**ids, "conversationMessageId": message_id}
            for row in client.rows(routes.CONVERSATION_MESSAGE_LINKS, of_message):
                yield row["linkId"]


def _check_sms(tap: TapSession) -> None:
    """Make sure that the sender codes and phone lists exist, and replace names by ids in `tap.settings`."""
    settings = tap.settings
    if not (settings.sender_code_ids or settings.phone_list_ids):
        return
    codes = {int(row["shortCodeId"]): row.get("code") for row in account_rows(tap, routes.SENDER_CODES)}
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
        rows = list(tap.client("sms").rows(routes.PHONE_LISTS, {"senderCodeId": code}, {"status": status}))
    except RequestRefusedError as refusal:
        if refusal.code not in DISABLED_CODES:
            raise
        return {}
    return {row["phoneListId"]: row.get("phoneListName") for row in rows}


def _runs(tap: TapSession, name: str) -> bool:
    stream: Any = tap.streams[name]
    return bool(stream.available and (stream.selected or stream.has_selected_descendents))


def _named(things: Mapping[int, object]) -> str:
    return enumerated([f"{number} ({name})" if name else number for number, name in things.items()], _SHOWN)
