"""The tap's settings: their JSON schema, and their checked and typed values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from listrak_api.errors import ConfigurationError
from listrak_api.phone_forms import PHONE_PATH_FORM
from listrak_api.settings import (
    CONNECTION_SETTINGS,
    CREDENTIAL_NAMES,
    CROSS_CHANNEL_CREDENTIALS,
    EMAIL_CREDENTIALS,
    SMS_CREDENTIALS,
    ConnectionSettings,
    has_credentials,
    timezone_setting,
    zone_from_config,
)
from tap_listrak.incremental.bookmarks import in_utc
from tap_listrak.incremental.refresh_policy import ActivityPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from listrak_api.routes import Api

IdOrName = int | str

MAX_PAGE_SIZE = 5000
APIS: tuple[Api, ...] = ("email", "sms", "cross_channel")


def _ids(title: str, description: str, *, names: bool = False) -> dict[str, Any]:
    kinds = ["integer", "string"] if names else ["integer"]
    return {"type": ["array", "null"], "items": {"type": kinds}, "title": title, "description": description}


PARTIAL = (
    " Streams that it narrows send no ACTIVATE_VERSION, so that loaders remove no rows that were read "
    "elsewhere."
)
"""A sentence for every setting that keeps streams from being read in full."""

TAP_SETTINGS: dict[str, dict[str, Any]] = {
    "start_date": {
        "type": ["string", "null"],
        "format": "date-time",
        "title": "Start date",
        "description": "Read what was sent, subscribed or unsubscribed from this time on (ISO 8601; UTC "
        "where no offset is given), for lists and streams that have no bookmark yet. Without a value "
        "everything is read. It may not lie in the future. With FULL_TABLE chosen for a stream that is read "
        "by date, it narrows the stream, as `end_date` does.",
    },
    "end_date": {
        "type": ["string", "null"],
        "format": "date-time",
        "title": "End date",
        "description": "Read up to this time only (ISO 8601; UTC where no offset is given). Without a value "
        "up to now, scheduled messages included." + PARTIAL,
    },
    **timezone_setting(
        "Records carry UTC. A wrong zone shifts the times that records show, and loses nothing. After a "
        "change run with `--full-refresh`: dates are part of some keys."
    ),
    "list_ids": _ids(
        "Lists", "Which lists to read, by id or by name. Without a value all of them." + PARTIAL, names=True
    ),
    "sender_code_ids": _ids(
        "Sender codes",
        "Which SMS sender codes to read, by id or by the code itself. Without a value all of them." + PARTIAL,
        names=True,
    ),
    "phone_list_ids": _ids(
        "Phone lists",
        "Which SMS phone lists to read, by id or by name. Without a value all of them." + PARTIAL,
        names=True,
    ),
    "message_ids": _ids(
        "Messages",
        "Read only these messages and their child records, by id: in full, in every run, whatever "
        "`start_date` says, and without changing bookmarks." + PARTIAL,
    ),
    "conversation_ids": _ids(
        "Conversations",
        "Read only these conversations and their child records, by id: in full, in every run, whatever "
        "`start_date` says, and without changing bookmarks." + PARTIAL,
    ),
    "conversation_message_ids": _ids(
        "Conversation messages",
        "Read only these messages of conversations and their child records, by id: in full, and without "
        "changing bookmarks." + PARTIAL,
    ),
    "link_ids": _ids(
        "Links",
        "Read only these links of the messages that `message_ids`, `conversation_ids` or "
        "`conversation_message_ids` choose, and their clickers." + PARTIAL,
    ),
    "profile_fields": {
        "type": ["string", "array", "null"],
        "items": {"type": ["integer", "string"]},
        "title": "Profile fields",
        "description": "Which profile field values `contacts` carry: `none`, `all`, or a list of names or "
        "ids. A name that occurs in several groups is written `Group.Field`. When the setting changes, "
        "contacts are read again from where their first reading began.",
        "default": "none",
    },
    "page_size": {
        "type": ["integer", "null"],
        "title": "Page size",
        "description": "Rows on a page, 1 to 5000 (Listrak's maximum).",
        "default": MAX_PAGE_SIZE,
        "minimum": 1,
        "maximum": MAX_PAGE_SIZE,
    },
    "window_days": {
        "type": ["integer", "null"],
        "title": "Window",
        "description": "Contacts and messages are read in windows of this many days, with a STATE message "
        "after each, so that a long first run can be interrupted without starting over.",
        "default": 90,
        "minimum": 1,
        "maximum": 36500,
    },
    "overlap_minutes": {
        "type": ["integer", "null"],
        "title": "Overlap",
        "description": "How many minutes before its bookmark a stream is read again: for rows that Listrak "
        "shows late, and because Listrak may take the dates of requests for another time zone than is meant. "
        "Less than a day is safe only for an account whose reading of dates is known (docs/certainty.md). "
        "Rows that are read twice have the same keys.",
        "default": 1440,
        "minimum": 0,
        "maximum": 525600,
    },
    "activity_window_days": {
        "type": ["integer", "null"],
        "title": "Activity window",
        "description": "How many days after its send date a message's activity is followed; use the "
        "attribution window of the account (Listrak's default is 30).",
        "default": 30,
        "minimum": 1,
        "maximum": 3650,
    },
    "activity_refresh": {
        "type": ["string", "null"],
        "enum": ["decaying", "every_run", None],
        "title": "Activity refresh",
        "description": "How often the reports of a message within its activity window are read in full, so "
        "that later clicks, bounces, unsubscribes and orders of contacts that were active already are found: "
        "`decaying` whenever the message's age passes one of `activity_refresh_days`, and in between what "
        "became active since the last run; `every_run` always.",
        "default": "decaying",
    },
    "activity_refresh_days": {
        "type": ["array", "null"],
        "items": {"type": "integer", "minimum": 1},
        "title": "Activity refresh ages",
        "description": "The ages in days at which a message's reports are read in full again. Ages above the "
        "activity window are ignored; the window's end always counts.",
        "default": [1, 3, 7, 14, 30],
    },
    "reconcile": {
        "type": ["string", "null"],
        "enum": ["warn", "fail", "off", None],
        "title": "Reconciliation",
        "description": "Whether activity of a message that was read in full is compared with the message's "
        "summary (recipients, bounces, unsubscribes). What comes short is read again three times within nine "
        "seconds. If it stays short, a line names the message and both numbers, and the bookmark of "
        "`message_activity` of that list stays before the message, so that the next run reads it in full "
        "again: `warn` goes on, `fail` ends the run with exit code 75 after everything was read, `off` "
        "compares nothing. It costs a request for each full read, or none where `message_summaries` is "
        "selected.",
        "default": "warn",
    },
    "include_test_messages": {
        "type": ["boolean", "null"],
        "title": "Test messages",
        "description": "Whether `messages` has test messages too.",
        "default": False,
    },
    "include_previous_versions": {
        "type": ["boolean", "null"],
        "title": "Previous versions",
        "description": "Whether `conversation_messages` has the messages of a conversation's previous "
        "versions too.",
        "default": False,
    },
    "include_phone_contact_details": {
        "type": ["boolean", "null"],
        "title": "Phone contact details",
        "description": "Whether `phone_list_subscriptions` and `phone_list_contact_details` are read where "
        "they are selected: that takes one request per phone number and stream, in every run.",
        "default": False,
    },
    "emit_activate_version_messages": {
        "type": ["boolean", "null"],
        "title": "ACTIVATE_VERSION messages",
        "description": "Whether streams that are read in full end with an ACTIVATE_VERSION message, by which "
        "loaders that know it mark or delete the rows that are no longer in Listrak.",
        "default": True,
    },
}

CONFIG_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        **EMAIL_CREDENTIALS,
        **SMS_CREDENTIALS,
        **CROSS_CHANNEL_CREDENTIALS,
        **TAP_SETTINGS,
        **PHONE_PATH_FORM,
        **CONNECTION_SETTINGS,
    },
    "additionalProperties": True,
}


@dataclass(frozen=True)
class Settings:
    """The checked values of the settings.

    Args: see the settings of the same names in `TAP_SETTINGS`. ``window``, ``overlap`` and ``policy`` combine
    ``window_days``, ``overlap_minutes`` and the settings ``activity_…``.
    """

    apis: tuple[Api, ...]
    start_date: datetime | None = None
    end_date: datetime | None = None
    list_ids: tuple[IdOrName, ...] = ()
    sender_code_ids: tuple[IdOrName, ...] = ()
    phone_list_ids: tuple[IdOrName, ...] = ()
    message_ids: frozenset[int] = frozenset()
    conversation_ids: frozenset[int] = frozenset()
    conversation_message_ids: frozenset[int] = frozenset()
    link_ids: frozenset[int] = frozenset()
    profile_fields: str | tuple[IdOrName, ...] = "none"
    page_size: int = MAX_PAGE_SIZE
    window: timedelta = timedelta(days=90)
    overlap: timedelta = timedelta(minutes=1440)
    policy: ActivityPolicy = field(default_factory=lambda: ActivityPolicy(timedelta(days=30)))
    reconcile: str = "warn"
    include_test_messages: bool = False
    include_previous_versions: bool = False
    max_concurrency: int = 8

    @property
    def reads_by_id(self) -> bool:
        """Whether messages or conversations are chosen by id. Such a run does not change the state."""
        return bool(self.message_ids or self.conversation_ids or self.conversation_message_ids)

    def chosen_ids(self, setting: str | None) -> frozenset[int]:
        """Return the ids that a setting chooses. Empty if it is not set, or has names instead of ids."""
        chosen = getattr(self, setting) if setting else ()
        return frozenset(one for one in chosen if isinstance(one, int))

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Settings:
        """Create the settings from a config that is valid by its JSON schema.

        Raises:
            ConfigurationError: A value is invalid in a way that the schema cannot express, or there are no
                credentials.
        """
        values: dict[str, Any] = {
            name: default if (value := config.get(name)) is None else value
            for name, default in ((name, text.get("default")) for name, text in TAP_SETTINGS.items())
        }
        start, end = (
            _date_time("start_date", values["start_date"]),
            _date_time("end_date", values["end_date"]),
        )
        if start is not None and end is not None and start >= end:
            message = f"start_date ({start:%Y-%m-%d %H:%M}) is not before end_date ({end:%Y-%m-%d %H:%M})"
            raise ConfigurationError(message, setting="start_date", hint="Swap them, or leave one out.")
        zone_from_config(config)
        _check_batches(config)
        apis = _apis(config)
        connections = [ConnectionSettings.from_config(config, api) for api in apis]
        return cls(
            apis=apis,
            start_date=start,
            end_date=end,
            list_ids=tuple(values["list_ids"] or ()),
            sender_code_ids=tuple(values["sender_code_ids"] or ()),
            phone_list_ids=tuple(values["phone_list_ids"] or ()),
            **_chosen(values),
            profile_fields=_profile_fields(values["profile_fields"]),
            page_size=values["page_size"],
            window=timedelta(days=values["window_days"]),
            overlap=timedelta(minutes=values["overlap_minutes"]),
            policy=ActivityPolicy(
                window=timedelta(days=values["activity_window_days"]),
                ages=tuple(timedelta(days=age) for age in values["activity_refresh_days"]),
                every_run=values["activity_refresh"] == "every_run",
            ),
            reconcile=values["reconcile"],
            include_test_messages=values["include_test_messages"],
            include_previous_versions=values["include_previous_versions"],
            max_concurrency=connections[0].max_concurrency,
        )


def _check_batches(config: Mapping[str, Any]) -> None:
    batches = config.get("batch_config") or {}
    if batches.get("encoding", {}).get("format") == "parquet" and find_spec("pyarrow") is None:
        message = "batch_config asks for Parquet files, which need the package pyarrow: it is not installed"
        hint = "Install singer-listrak[parquet], or set encoding.format to jsonl."
        raise ConfigurationError(message, setting="batch_config", hint=hint)


def _chosen(values: Mapping[str, Any]) -> dict[str, frozenset[int]]:
    """Return what is chosen by id.

    Raises:
        ConfigurationError: Links are chosen, but not their messages: all messages would have to be searched.
    """
    names = ("message_ids", "conversation_ids", "conversation_message_ids", "link_ids")
    chosen = {name: frozenset(values[name] or ()) for name in names}
    if chosen["link_ids"] and not any(chosen[name] for name in names[:-1]):
        hint = f"Set one of {', '.join(names[:-1])} too."
        message = "link_ids: nothing says which messages the links belong to"
        raise ConfigurationError(message, setting="link_ids", hint=hint)
    return chosen


def _apis(config: Mapping[str, Any]) -> tuple[Api, ...]:
    apis = tuple(api for api in APIS if has_credentials(config, api))
    if not apis:
        pairs = [" and ".join(CREDENTIAL_NAMES[api]) for api in APIS]
        message = f"no credentials: set {', or '.join(pairs)}"
        raise ConfigurationError(
            message,
            setting="client_id",
            hint="Create an API integration in Listrak under Integrations, and set the credentials it shows.",
        )
    return apis


def _date_time(name: str, value: object) -> datetime | None:
    if value is None:
        return None
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError:
        message = f"{name} is not a date or date-time"
        hint = f"Write {name} like 2026-01-31 or 2026-01-31T08:00:00Z."
        raise ConfigurationError(message, setting=name, hint=hint) from None
    return in_utc(instant)


def _profile_fields(value: object) -> str | tuple[IdOrName, ...]:
    if isinstance(value, list):
        return tuple(value)
    if value in {"none", "all"}:
        return str(value)
    message = "profile_fields must be none, all, or a list"
    hint = 'Write a single field as a list: ["Loyalty Tier"].'
    raise ConfigurationError(message, setting="profile_fields", hint=hint)
