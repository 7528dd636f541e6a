"""Checks of destinations: each option, the options of a destination together, all destinations together."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from listrak_singer.suggestions import did_you_mean
from target_listrak.config.destination import ANY_PROPERTY, place
from target_listrak.config.destination_options import NAME_OR_ID, OPTIONS
from target_listrak.config.kind_options import OPTIONS_BY_KIND, REQUIRED, SHARES
from target_listrak.config.names import folded
from target_listrak.values.deletions import delete_markers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_listrak.config.destination import Destination

__all__ = ["check_all", "check_array", "check_option", "check_together", "type_name"]

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
"""Properties of a new List that `create_list` may set, as Listrak's specification names them."""

_MAX_EVENTS_PER_REQUEST: Final = 1000
_COUNTED_LIMITS: Final = {
    "max_messages": "messages",
    "max_events": "events",
    "max_created": "fields or events",
    "max_forgotten": "people",
    "max_removed": "people",
}


def check_option(destination: Destination, name: str, value: object) -> None:
    """Check the type of one option's value, and whether it is one of the allowed values.

    Raises:
        ConfigurationError: The value is wrong; the text names the option.
    """
    option = OPTIONS[name]
    right_type = isinstance(value, option.types) and (bool in option.types or not isinstance(value, bool))
    if not right_type:
        needed = " or ".join(_TYPE_NAMES[kind] for kind in option.types)
        raise destination.error(name, f"expected {needed}, got {type_name(value)}")
    if option.values and not any(
        value == allowed and type(value) is type(allowed) for allowed in option.values
    ):
        raise destination.error(name, f"{value!r} is not one of {', '.join(map(_shown, option.values))}")
    if isinstance(value, str) and not value.strip():
        raise destination.error(name, "the text is empty")
    if isinstance(value, int) and not isinstance(value, bool) and option.types == NAME_OR_ID and value <= 0:
        raise destination.error(name, "an id is a positive whole number")


def check_together(destination: Destination) -> None:
    """Check the options of a destination together: options that are missing, or that contradict each other.

    Raises:
        ConfigurationError: An option is missing or contradicts another one; the text names it.
    """
    kind, options, option = destination.kind, destination.options, destination.option
    for name in REQUIRED.get(kind, ()):
        if name not in options:
            raise destination.error(name, f"a destination of kind {kind} needs it", OPTIONS[name].text)
    if "list_from" in OPTIONS_BY_KIND[kind] and ("list" in options) == ("list_from" in options):
        raise destination.error("list", "expected either `list` or `list_from`, not both")
    _check_sending(destination)
    _check_update(destination)
    _check_shares(destination)
    if kind == "audience":
        _check_audience(destination)
    if "member" in options and "member_from" in options:
        raise destination.error("member_from", "expected either `member` or `member_from`, not both")
    if option("route") == "beta":
        _check_beta(destination)
    _check_mirror(destination)
    _check_fields(destination)
    _check_new_list(destination)
    _check_events(destination)
    _check_consent(destination)


def _check_sending(destination: Destination) -> None:
    if "allow_sending" in OPTIONS_BY_KIND[destination.kind] and not destination.option("allow_sending"):
        text = "messages would go out to people, and it is not true"
        raise destination.error("allow_sending", text, "Set it to true if that is what you want.")
    if "allow_forget" in OPTIONS_BY_KIND[destination.kind] and not destination.option("allow_forget"):
        text = "Listrak would erase people for good, and it is not true"
        raise destination.error("allow_forget", text, "Set it to true if that is what you want.")
    if destination.option("max_wait_seconds") < 0:
        raise destination.error("max_wait_seconds", "expected a number of seconds, 0 or more")
    for name, what in _COUNTED_LIMITS.items():
        if destination.option(name) < 0:
            raise destination.error(name, f"expected a number of {what}, 0 or more")
    if not 1 <= destination.option("events_per_request") <= _MAX_EVENTS_PER_REQUEST:
        text = f"expected a number of events, 1 to {_MAX_EVENTS_PER_REQUEST}"
        raise destination.error("events_per_request", text)


def check_array(destinations: Sequence[Destination]) -> None:
    """Check the destinations of one stream together.

    Raises:
        ConfigurationError: One of them removes the people whom another one loads, or two are equal.
    """
    for number, destination in enumerate(destinations):
        for other in destinations[:number]:
            if (destination.kind, destination.options) == (other.kind, other.options):
                raise destination.error("", f"it is the same as {place(other.label)}", "Remove one of them.")
        places = _REMOVES_FROM.get(destination.kind, {})
        for other in destinations:
            names = places.get(other.kind, ())
            if names and all(_same(destination, other, name) for name in names):
                text = f"it removes the people whom {place(other.label)} loads"
                raise destination.error(
                    "kind", text, "Use `subscribed` with `unsubscribe`, or another stream."
                )


def check_all(entries: Iterable[Sequence[Destination]]) -> None:
    """Check the entries of the setting together.

    Args:
        entries: The destinations of each entry.

    Raises:
        ConfigurationError: There are order items and no orders, or a stream goes to several of them.
    """
    entries = list(entries)
    destinations = [destination for entry in entries for destination in entry]
    items = [destination for destination in destinations if destination.kind == "order_items"]
    if not items:
        return
    if not any(destination.kind == "orders" for destination in destinations):
        hint = "Add a destination of kind orders for the stream of the orders."
        raise items[0].error("kind", "items are joined to orders, and no destination is of kind orders", hint)
    for kind in ("orders", "order_items"):
        for entry in entries:
            alike = [destination for destination in entry if destination.kind == kind]
            if len(alike) > 1:
                text = f"with order items, a stream can go to one destination of kind {kind} only"
                raise alike[1].error("kind", text, f"{place(alike[0].label)} is one already.")


_REMOVES_FROM: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "email_unsubscribe": {"email_list": ("list", "list_from")},
    "sms_unsubscribe": {"sms_list": ("sender_code", "phone_list")},
    "sms_opt_out": {"sms_list": ("sender_code",)},
}
"""Kinds that remove people, the kinds that load them, and the options that name the place of both."""


def _same(destination: Destination, other: Destination, name: str) -> bool:
    """Return whether two destinations have the same value of an option, whatever its spelling."""
    return folded(str(destination.option(name))) == folded(str(other.option(name)))


def _check_update(destination: Destination) -> None:
    options, option = destination.options, destination.option
    if option("create_list") and "list" not in options:
        raise destination.error(
            "create_list", "it works with `list` only: a misspelt name in a record must not create a list"
        )
    if option("update_type") == "Overwrite" and options.get("null_handling") == "keep":
        raise destination.error(
            "null_handling", "Overwrite clears; `keep` contradicts it", "Use update_type Update."
        )
    if option("update_type") == "Append" and options.get("null_handling") == "clear":
        raise destination.error(
            "null_handling", "Append only adds; `clear` contradicts it", "Use update_type Update."
        )


def _check_audience(destination: Destination) -> None:
    options, option = destination.options, destination.option
    if ("field" in options) == ("field_from" in options):
        raise destination.error("field", "expected either `field` or `field_from`, not both")
    if option("subscribe") and "include_unsubscribed" in options:
        hint = "Use two destinations: one that subscribes, one that includes the unsubscribed."
        raise destination.error("include_unsubscribed", "with `subscribe` the unsubscribed stay so", hint)
    if "subscribed" in options and not option("subscribe"):
        raise destination.error("subscribed", "it works only with `subscribe: true`")
    if option("create_missing") and "field_group" not in options:
        raise destination.error("field_group", "create_missing needs to know the group of the new field")


def _check_shares(destination: Destination) -> None:
    for name in ("max_removed_share", *SHARES):
        if not 0 <= destination.options.get(name, 0) <= 1:
            raise destination.error(name, "expected a share from 0 to 1")


def _check_mirror(destination: Destination) -> None:
    if destination.option("mirror_without_state") and destination.option("mirror") is True:
        raise destination.error(
            "mirror_without_state",
            "`mirror: true` waits for an ACTIVATE_VERSION and not for a STATE",
            "Use `mirror: end_of_input`, or leave it out.",
        )
    streams = destination.options.get("mirror_streams", ())
    if streams and not destination.option("mirror"):
        raise destination.error("mirror_streams", "nothing is mirrored", "Set `mirror`, or leave it out.")
    for stream in streams:
        if not isinstance(stream, str) or not fnmatch.fnmatchcase(stream, destination.pattern):
            text = f"{stream!r} is not a stream that the entry {destination.pattern!r} takes"
            raise destination.error("mirror_streams", text)


def _check_beta(destination: Destination) -> None:
    for name in ("external_id", "include_unsubscribed", "update_type", "null_handling"):
        if name in destination.options:
            raise destination.error(name, "the beta route does not have it", "Use `route: import`.")


def _check_fields(destination: Destination) -> None:
    fields = destination.option("fields")
    if isinstance(fields, str) and fields != "auto":
        raise destination.error("fields", f"expected `auto` or an object, got {fields!r}")
    if isinstance(fields, Mapping):
        if fields.get(ANY_PROPERTY, "auto") != "auto":
            text = f'"{ANY_PROPERTY}" stands for all other properties, and can only be `auto`'
            raise destination.error(f"fields.{ANY_PROPERTY}", text)
        for name, goal in destination.field_goals.items():
            is_id = isinstance(goal, int) and not isinstance(goal, bool) and goal > 0
            if not isinstance(goal, str) and not is_id:
                raise destination.error(f"fields.{name}", "expected a field's name, `Group.Field` or id")
        _check_goals(destination, destination.field_goals)
    if "field_values" in destination.options and "fields" in destination.options:
        raise destination.error("field_values", "expected either `fields` or `field_values`, not both")
    if destination.kind == "profile_fields" and "field_values" not in destination.options:
        for name in ("member", "member_from"):
            if name in destination.options:
                hint = "For a CheckBox field that says who is a member, use kind audience."
                raise destination.error(name, "it works only with `field_values`", hint)


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


_EVENT_KINDS: Final = ("email_events", "custom_events")


def _check_events(destination: Destination) -> None:
    for event in destination.option("event_ids"):
        is_id = isinstance(event, int) and not isinstance(event, bool) and event > 0
        if not is_id and not (isinstance(event, str) and event.strip()):
            text = "expected a list of events: names, or ids (positive whole numbers)"
            raise destination.error("event_ids", text)
    options = destination.options
    for name, needed in (("event_date", "max_age_days"), ("max_age_days", "event_date")):
        if name in options and needed not in options:
            raise destination.error(needed, f"`{name}` needs it", OPTIONS[needed].text)
    if options.get("max_age_days", 0) < 0:
        raise destination.error("max_age_days", "expected a number of days, 0 or more")
    if destination.kind in _EVENT_KINDS and ("event" in options) == ("event_from" in options):
        raise destination.error("event", "expected either `event` or `event_from`, not both")


def _check_consent(destination: Destination) -> None:
    values = destination.options.get("subscribed_values")
    if values is not None and "subscribed" not in destination.options:
        raise destination.error("subscribed_values", "it works only with `subscribed`")
    many = [values] if isinstance(values, str) else values
    if values is not None and not (many and all(isinstance(value, str | int | float) for value in many)):
        raise destination.error("subscribed_values", "expected a value, or a list of values")
    try:
        delete_markers(destination.options.get("delete_markers"))
    except ValueError as error:
        raise destination.error("delete_markers", str(error)) from None


_TYPE_NAMES = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


def type_name(value: object) -> str:
    """Return the name of a value's JSON type for error messages, such as `a list`."""
    return _TYPE_NAMES.get(type(value), type(value).__name__)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
