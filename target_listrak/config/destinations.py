"""The setting `destinations`: which stream goes where, parsed and checked before a record is read.

A slip here would change what happens to people, so nothing is guessed: an unknown kind or member, a value of
the wrong type and a mode that a kind does not have are errors that name the place and what there is.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from listrak_api.errors import ConfigurationError
from listrak_api.settings import plain
from listrak_singer.names import did_you_mean, nearest
from target_listrak.config.destination_forms import entries, member_value, plain_fields
from target_listrak.values.deletions import delete_markers

__all__ = ["KINDS", "OPTIONS", "REQUIRED", "Destination", "Destinations", "Option"]


@dataclass(frozen=True)
class Option:
    """One member of a destination.

    Attributes:
        text: What it does, for people.
        types: The JSON types it may have.
        values: The values it may have; none named, any of its types.
        default: What holds where it is left out.
        names_property: Whether its value names a property of the stream's records. The name must be in the
            stream's SCHEMA.
    """

    text: str
    types: tuple[type, ...]
    values: tuple[object, ...] = ()
    default: object = None
    names_property: bool = False


def _property(text: str) -> Option:
    """A member that names a property of the stream's records."""
    return Option(text, (str,), names_property=True)


_NAME_OR_ID: Final = (str, int)

OPTIONS: Final[dict[str, Option]] = {
    "list": Option(
        "The List, by name or id. A number is an id; a text is a name first, then an id.", _NAME_OR_ID
    ),
    "list_from": _property(
        "The property that holds each record's List (name or id): the stream is split by it."
    ),
    "create_list": Option(
        "Make the list if there is none of that name: true, or an object of List properties such as "
        "`bounceHandling` and `fromEmail`.",
        (bool, dict),
        default=False,
    ),
    "email": _property("The property with the email address. Default: the one named like it."),
    "phone": _property("The property with the phone number. Default: the one named like it."),
    "external_id": _property("The property with the external contact id."),
    "new_email": _property("The property with a contact's new address: the contact is moved to it."),
    "fields": Option(
        "`auto`: properties go to the profile fields of the same name. Or an object from property to field "
        "(name, `Group.Field`, or id).",
        (str, dict),
        default="auto",
    ),
    "field_values": _property(
        "The property that holds an object from profile field id to value, as Segment sends it."
    ),
    "field_group": Option(
        "The profile field group: decides between fields of the same name, and takes new ones.", _NAME_OR_ID
    ),
    "field": Option(
        "The CheckBox profile field that tells who is in the audience, by name or id.", _NAME_OR_ID
    ),
    "member": _property("The boolean property that tells whether the record is a member."),
    "member_from": _property(
        "The property that holds the name of the boolean property (Segment's `computation_key`); instead of "
        "`member`."
    ),
    "create_missing": Option("Make profile fields (and the group) that are missing.", (bool,), default=False),
    "update_type": Option(
        "What happens to values that are there: Update replaces them, Append adds to them, Overwrite also "
        "clears. "
        "Listrak does not say whether Overwrite touches profile fields that the stream does not have.",
        (str,),
        ("Update", "Append", "Overwrite"),
        "Update",
    ),
    "null_handling": Option(
        "`keep`: null and empty text change nothing. `clear`: they clear the field. Absent never clears.",
        (str,),
        ("keep", "clear"),
    ),
    "on_bad_value": Option(
        "A value that does not fit its field rejects the row, is left out (`blank`), or ends the run "
        "(`fail`).",
        (str,),
        ("reject_row", "blank", "fail"),
        "reject_row",
    ),
    "mirror": Option(
        "Remove members whom no record of the run names: false; true, if an ACTIVATE_VERSION came after the "
        "stream's last record; `end_of_input`, if a STATE did. Where that sign is missing nobody is removed, "
        "and the run ends with an error.",
        (bool, str),
        (False, True, "end_of_input"),
        default=False,
    ),
    "mirror_without_state": Option(
        "With `mirror: end_of_input`: remove without a STATE, for a source that never sends one. You vouch "
        "that the source came to its end: one that dies looks the same.",
        (bool,),
        default=False,
    ),
    "max_removed_share": Option(
        "The most that mirroring may remove of the members before the run (0 to 1). Beyond it nobody is "
        "removed, and the run ends with an error.",
        (int, float),
        default=0.2,
    ),
    "resubscribe": Option(
        "Subscribe people again who had unsubscribed. You need their consent.", (bool,), default=False
    ),
    "double_opt_in": Option(
        "New contacts get Listrak's double opt-in message first. One call per contact.",
        (bool,),
        default=False,
    ),
    "include_unsubscribed": Option("Update unsubscribed contacts as well.", (bool,), default=False),
    "trigger_journeys": Option(
        "Let new subscribers enter the list's subscription journeys.", (bool,), default=False
    ),
    "event_ids": Option("Events (ids) to raise for each contact.", (list,), default=()),
    "allow_deletes": Option(
        "Records that their source marks as deleted unsubscribe, set `off` (audience) or mark the product "
        "review as deleted (reviews). Without it they are rejected. They never subscribe.",
        (bool,),
        default=False,
    ),
    "delete_markers": Option(
        "Further properties that mark a deletion, beside those of the run and the known ones: a list of "
        "properties with a date or boolean, or an object from property to the values that mean deleted.",
        (list, dict),
    ),
    "subscribed": _property(
        "The property that says whether the contact agreed. A record that says no is declined; so is one "
        "without a value. Default: `subscriptionState`, as Listrak writes it, where the stream has it; "
        "else what shops and CRMs call it (docs/safety.md), by which nobody is unsubscribed."
    ),
    "subscribed_values": Option(
        "The values of `subscribed` that mean yes, where it is not a boolean; all others mean no.",
        (list, str),
    ),
    "unsubscribe": Option(
        "Unsubscribe the contacts whose record says no (`subscribed`) instead of declining the record.",
        (bool,),
        default=False,
    ),
    "route": Option(
        "`import`: import files. `beta`: Listrak's beta route for profile fields, where the account has it.",
        (str,),
        ("import", "beta"),
        "import",
    ),
    "max_reject_share": Option(
        "The setting of that name, for this destination alone (0 to 1).", (int, float)
    ),
    "date_order": Option(
        "The setting of that name, for this destination alone.", (str,), ("mdy", "dmy", "ymd")
    ),
    "decimal_mark": Option("The setting of that name, for this destination alone.", (str,), (".", ",")),
    "on_missing": Option(
        "An order without date (dateEntered) or total (orderTotal), which Listrak would take and could not "
        "use, rejects the row, or ends the run (`fail`), or is sent (`send`: partial updates of orders).",
        (str,),
        ("reject_row", "fail", "send"),
        "reject_row",
    ),
    "max_declined_share": Option(
        "The setting of that name, for this destination alone (0 to 1).", (int, float)
    ),
    "sender_code": Option("The SMS sender code: its code or id.", _NAME_OR_ID),
    "phone_list": Option("The Phone List, by name or id.", _NAME_OR_ID),
}
"""Every member that a destination may have, beside `kind`."""

_LIST = ("list", "list_from", "create_list", "email")
_READING = ("date_order", "decimal_mark")
_FIELDS = (
    *_READING,
    "fields",
    "field_group",
    "create_missing",
    "update_type",
    "null_handling",
    "on_bad_value",
)
_MIRROR = ("mirror", "mirror_without_state", "max_removed_share", "allow_deletes")
_SMS_FIELDS = (*_READING, "email", "fields", "null_handling", "on_bad_value")
_RETAIL = (*_READING, "fields", "null_handling", "on_bad_value")
_SHARES = ("max_reject_share", "max_declined_share")
_CONSENT = ("subscribed", "subscribed_values", "unsubscribe")

_MEMBERS: Final[dict[str, tuple[str, ...]]] = {
    "email_list": (
        *_LIST,
        *_FIELDS,
        "external_id",
        "new_email",
        "resubscribe",
        "double_opt_in",
        "trigger_journeys",
        "event_ids",
        "allow_deletes",
        *_CONSENT,
    ),
    "email_unsubscribe": ("list", "list_from", "email"),
    "profile_fields": (
        "list",
        "list_from",
        "email",
        *_FIELDS,
        "external_id",
        "field_values",
        "member",
        "member_from",
        "include_unsubscribed",
        "route",
    ),
    "audience": (
        "list",
        "email",
        "field",
        "field_group",
        "create_missing",
        "member",
        "member_from",
        "include_unsubscribed",
        *_MIRROR,
    ),
    "sms_list": ("sender_code", "phone_list", "phone", *_SMS_FIELDS, "resubscribe", *_CONSENT, *_MIRROR),
    "sms_profiles": ("sender_code", "phone", *_SMS_FIELDS),
    "sms_unsubscribe": ("sender_code", "phone_list", "phone"),
    "sms_opt_out": ("sender_code", "phone"),
    "customers": _RETAIL,
    "orders": (*_RETAIL, "on_missing"),
    "products": _RETAIL,
    "reviews": (*_RETAIL, "allow_deletes"),
    "rating_summaries": _RETAIL,
}
KINDS: Final = {kind: (*members, "delete_markers", *_SHARES) for kind, members in _MEMBERS.items()}
"""The members that each kind of destination has."""

REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "audience": ("list", "field"),
    "sms_list": ("sender_code", "phone_list"),
    "sms_profiles": ("sender_code",),
    "sms_unsubscribe": ("sender_code", "phone_list"),
    "sms_opt_out": ("sender_code",),
}
"""The members that a destination of a kind cannot do without."""


_LIST_PROPERTIES: Final = (
    "bounceDomainAlias",
    "bounceHandling",
    "bounceUnsubscribeCount",
    "enableBrowserLink",
    "enableDoubleOptIn",
    "enableDynamicContent",
    "enableGoogleAnalytics",
    "enableInternationalization",
    "enableListHygiene",
    "enableListRemovalHeader",
    "enableListRemovalLink",
    "enableListrakAnalytics",
    "enableSpamScorePersonalization",
    "enableToNamePersonalization",
    "enableUniversalEmailKeySetting",
    "folderId",
    "fromEmail",
    "fromName",
    "googleTrackingDomains",
    "ipPoolId",
    "linkDomainAlias",
    "mediaDomainAlias",
)
"""What `create_list` may set of a new List: the resource's properties in Listrak's specification."""


def place(pattern: str, member: str = "") -> str:
    """A member's place in the settings, for error texts."""
    return f"destinations.{pattern}.{member}" if member else f"destinations.{pattern}"


@dataclass(frozen=True)
class Destination:
    """One entry of the setting `destinations`, checked.

    Attributes:
        pattern: The stream's name or pattern.
        kind: The kind of destination.
        options: The members that were given.
    """

    pattern: str
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def option(self, name: str) -> Any:  # noqa: ANN401 - the option's own type
        """A member's value, or its default."""
        return self.options.get(name, OPTIONS[name].default)

    @property
    def clears(self) -> bool:
        """Whether null and empty text clear a field: asked for, or implied by Overwrite."""
        return bool(self.option("null_handling") == "clear" or self.option("update_type") == "Overwrite")

    def error(self, member: str, message: str, hint: str = "") -> ConfigurationError:
        """An error about one member, naming it."""
        name = place(self.pattern, member)
        return ConfigurationError(f"{name}: {message}", setting=name, hint=hint)


class Destinations:
    """All destinations, and which one a stream has.

    Args:
        setting: The setting `destinations`.

    Raises:
        ConfigurationError: Something in it is wrong; the text names the entry and member.
    """

    def __init__(self, setting: object) -> None:
        if not isinstance(setting, Mapping):
            message = "destinations: an object from stream name (or pattern) to destination is needed"
            raise ConfigurationError(message, setting="destinations")
        self.all = [_parse(pattern, plain(entry)) for pattern, entry in entries(setting).items()]
        self._by_pattern = {destination.pattern: destination for destination in self.all}

    def for_stream(self, stream: str) -> Destination | None:
        """The destination of a stream: the one of exactly its name, else the longest pattern that fits."""
        if stream in self._by_pattern:
            return self._by_pattern[stream]
        fitting = [one for one in self.all if fnmatch.fnmatchcase(stream, one.pattern)]
        return max(fitting, key=lambda one: (len(one.pattern), one.pattern), default=None)


def _parse(pattern: str, entry: object) -> Destination:
    if not isinstance(entry, Mapping):
        name = place(pattern)
        hint = f'Such as {{"kind": "email_list", "list": "Newsletter"}}. Kinds: {", ".join(KINDS)}.'
        msg = f"{name}: an object with `kind` is needed"
        raise ConfigurationError(msg, setting=name, hint=hint)
    kind = _kind(pattern, entry)
    destination = Destination(pattern, kind, _options(pattern, kind, entry))
    for member, value in destination.options.items():
        _check_member(destination, member, value)
    _check_together(destination)
    return destination


def _kind(pattern: str, entry: Mapping[str, Any]) -> str:
    """The kind of an entry.

    Raises:
        ConfigurationError: There is none, or it is unknown.
    """
    kind = entry.get("kind")
    if isinstance(kind, str) and kind in KINDS:
        return kind
    name = place(pattern, "kind")
    if kind is not None:
        shown = repr(kind) if isinstance(kind, str) else _type_name(kind)
        hint = did_you_mean(str(kind), KINDS)
        raise ConfigurationError(f"{name}: {shown} is not a kind of destination", setting=name, hint=hint)
    # A name that means `kind` itself.
    for member in map(str, entry):
        if member not in OPTIONS and nearest(member, ("kind", *OPTIONS)) == "kind":
            wrong = place(pattern, member)
            raise ConfigurationError(f"{wrong}: unknown member", setting=wrong, hint="Did you mean 'kind'?")
    hint = f"Kinds: {', '.join(KINDS)}."
    if any(isinstance(value, Mapping) for value in entry.values()):
        hint += (
            r" A dot in a stream's name is written for Meltano with a backslash: destinations.shop\.vips.kind"
        )
    raise ConfigurationError(f"{name}: kind is missing", setting=name, hint=hint)


def _options(pattern: str, kind: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The members of an entry that are set, typed.

    Raises:
        ConfigurationError: The kind has no such member, or a text stands for no value of the member's types.
    """
    options = {}
    allowed = KINDS[kind]
    for member, given in ((str(name), value) for name, value in entry.items()):
        if member == "kind":
            continue
        if member not in allowed:
            text = f"a destination of kind {kind} has no such member"
            text = text if member in OPTIONS else f"unknown member; {text}"
            name = place(pattern, member)
            hint = did_you_mean(member, ("kind", *allowed))
            raise ConfigurationError(f"{name}: {text}", setting=name, hint=hint)
        value = member_value(OPTIONS[member], given, place(pattern, member))
        if value is not None:
            options[member] = plain_fields(value) if member == "fields" and isinstance(value, dict) else value
    return options


def _check_member(destination: Destination, member: str, value: object) -> None:
    option = OPTIONS[member]
    right_type = isinstance(value, option.types) and (bool in option.types or not isinstance(value, bool))
    if not right_type:
        needed = " or ".join(_TYPE_NAMES[kind] for kind in option.types)
        raise destination.error(member, f"{needed} is needed, and {_type_name(value)} was given")
    if option.values and not any(value == one and type(value) is type(one) for one in option.values):
        raise destination.error(member, f"{value!r} is not one of {', '.join(map(_shown, option.values))}")
    if isinstance(value, str) and not value.strip():
        raise destination.error(member, "the text is empty")
    if isinstance(value, int) and not isinstance(value, bool) and option.types == _NAME_OR_ID and value <= 0:
        raise destination.error(member, "an id is a positive whole number")


def _check_together(destination: Destination) -> None:
    """Check what single members cannot show: what is missing, and what contradicts."""
    kind, options, option = destination.kind, destination.options, destination.option
    for member in REQUIRED.get(kind, ()):
        if member not in options:
            raise destination.error(member, f"a destination of kind {kind} needs it", OPTIONS[member].text)
    if "list_from" in KINDS[kind] and ("list" in options) == ("list_from" in options):
        raise destination.error("list", "either `list` or `list_from` is needed, and not both")
    if option("create_list") and "list" not in options:
        raise destination.error(
            "create_list", "it works with `list` only: a slip in a record must not make a list"
        )
    if option("update_type") == "Overwrite" and options.get("null_handling") == "keep":
        raise destination.error(
            "null_handling", "Overwrite clears; `keep` contradicts it", "Use update_type Update."
        )
    if option("update_type") == "Append" and options.get("null_handling") == "clear":
        raise destination.error(
            "null_handling", "Append only adds; `clear` contradicts it", "Use update_type Update."
        )
    _check_shares(destination)
    _check_mirror(destination)
    if kind == "audience" and option("create_missing") and "field_group" not in options:
        raise destination.error("field_group", "create_missing needs to know the group of the new field")
    if "member" in options and "member_from" in options:
        raise destination.error("member_from", "either `member` or `member_from`, and not both")
    if option("route") == "beta":
        _check_beta(destination)
    _check_mirror(destination)
    _check_fields(destination)
    _check_new_list(destination)
    _check_events(destination)
    _check_consent(destination)


def _check_shares(destination: Destination) -> None:
    for member in ("max_removed_share", *_SHARES):
        if not 0 <= destination.options.get(member, 0) <= 1:
            raise destination.error(member, "expected a share from 0 to 1")


def _check_mirror(destination: Destination) -> None:
    if destination.option("mirror_without_state") and destination.option("mirror") is True:
        raise destination.error(
            "mirror_without_state",
            "`mirror: true` waits for an ACTIVATE_VERSION and not for a STATE",
            "Use `mirror: end_of_input`, or leave it out.",
        )


def _check_beta(destination: Destination) -> None:
    for member in ("external_id", "include_unsubscribed", "update_type", "null_handling"):
        if member in destination.options:
            raise destination.error(member, "the beta route does not have it", "Use `route: import`.")


def _check_fields(destination: Destination) -> None:
    fields = destination.option("fields")
    if isinstance(fields, str) and fields != "auto":
        raise destination.error("fields", f"`auto` or an object is needed, and {fields!r} was given")
    if isinstance(fields, Mapping):
        for name, goal in fields.items():
            good = isinstance(goal, str) or (
                isinstance(goal, int) and not isinstance(goal, bool) and goal > 0
            )
            if not good:
                raise destination.error(f"fields.{name}", "a field's name, `Group.Field` or id is needed")
        _check_goals(destination, fields)
    if "field_values" in destination.options and "fields" in destination.options:
        raise destination.error("field_values", "either `fields` or `field_values`, and not both")
    if destination.kind == "profile_fields" and "field_values" not in destination.options:
        for member in ("member", "member_from"):
            if member in destination.options:
                hint = "For a CheckBox that tells membership, use kind audience."
                raise destination.error(member, "it goes with `field_values`", hint)


def _check_new_list(destination: Destination) -> None:
    given = destination.option("create_list")
    for name in given if isinstance(given, Mapping) else ():
        if name not in _LIST_PROPERTIES:
            hint = did_you_mean(str(name), _LIST_PROPERTIES)
            raise destination.error(f"create_list.{name}", "a List has no such property", hint)


def _check_goals(destination: Destination, fields: Mapping[str, object]) -> None:
    by_goal: dict[str, list[str]] = {}
    for name, goal in fields.items():
        by_goal.setdefault(str(goal).casefold(), []).append(name)
    for names in by_goal.values():
        if len(names) > 1:
            text = f"the properties {', '.join(map(repr, names))} go to one field"
            raise destination.error(f"fields.{names[0]}", text, "Leave only one of them.")


def _check_events(destination: Destination) -> None:
    for event_id in destination.option("event_ids"):
        if not isinstance(event_id, int) or isinstance(event_id, bool) or event_id <= 0:
            raise destination.error("event_ids", "a list of event ids (positive whole numbers) is needed")


def _check_consent(destination: Destination) -> None:
    values = destination.options.get("subscribed_values")
    if values is not None and "subscribed" not in destination.options:
        raise destination.error("subscribed_values", "it goes with `subscribed`")
    many = [values] if isinstance(values, str) else values
    if values is not None and not (many and all(isinstance(one, str | int | float) for one in many)):
        raise destination.error("subscribed_values", "expected a value, or a list of values")
    try:
        delete_markers(destination.options.get("delete_markers"))
    except ValueError as error:
        raise destination.error("delete_markers", str(error)) from None


_TYPE_NAMES = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


def _type_name(value: object) -> str:
    return _TYPE_NAMES.get(type(value), type(value).__name__)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
