"""Whether the properties that a destination names are in the stream's SCHEMA.

A misspelt name would be a property that no record has: it would not be loaded, and no message would say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from listrak_singer.suggestions import nearest
from target_listrak.config.destination_options import OPTIONS
from target_listrak.config.names import folded
from target_listrak.values.characters import escaped
from target_listrak.values.deletions import delete_markers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from listrak_api.errors import ConfigurationError
    from target_listrak.config.destination import Destination

__all__ = ["EMAIL_NAMES", "PHONE_NAMES", "check_property_names", "nothing_to_write", "property_like"]

EMAIL_NAMES: Final = ("email", "emailaddress")
"""What an email address is called, case, blanks and underscores aside, the best first."""

PHONE_NAMES: Final = (
    "phonenumber",
    "phone",
    "mobilephone",
    "mobilephonenumber",
    "mobilenumber",
    "mobile",
    "cellphone",
    "cell",
    "smsphone",
    "smsnumber",
    "sms",
)
"""What a phone number is called, likewise."""


def property_like(schema: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """Return the first property called like one of some names; case, blanks and underscores do not count."""
    properties = {folded(name): name for name in reversed(list(schema.get("properties") or {}))}
    return next((properties[name] for name in names if name in properties), None)


def check_property_names(destination: Destination, stream: str, schema: Mapping[str, Any]) -> None:
    """Check that a stream has the properties that its destination names.

    Names may be spelled as `property_paths` reads them. A path into nested objects is followed as far as the
    SCHEMA declares their properties. A SCHEMA that declares no properties at all says nothing, so nothing is
    checked.

    Raises:
        ConfigurationError: It has not; the text lists the properties that it has.
    """
    properties = schema.get("properties")
    if not properties:
        return
    known = set(properties)
    for option, name in _named(destination):
        if _is_declared(name, properties):
            continue
        near = nearest(name, known)
        there = f"It has: {', '.join(escaped(one) for one in properties)}."
        text = f"stream {escaped(stream)!r} has no property {escaped(name)!r}"
        hint = there if near is None else f"Did you mean {escaped(near)!r}? {there}"
        if option.startswith("fields.") and _is_turned_round(destination, known):
            hint = f"`fields` goes from property to field, not the other way round. {there}"
        raise destination.error(option, text, hint)


def _is_declared(name: str, properties: Mapping[str, Any]) -> bool:
    if name in properties or folded(name) in map(folded, properties):
        return True
    parts = name.split(".")
    for end in range(1, len(parts)):
        inner = properties.get(".".join(parts[:end]))
        if inner is None:
            continue
        declared = inner.get("properties") if isinstance(inner, dict) else None
        if not declared or _is_declared(".".join(parts[end:]), declared):
            return True
    return False


def _named(destination: Destination) -> Iterator[tuple[str, str]]:
    """Yield each option that names a property, and the name."""
    for option, value in destination.options.items():
        if OPTIONS[option].names_property:
            yield option, str(value)
    for name in delete_markers(destination.options.get("delete_markers")):
        yield "delete_markers", name
    for name in destination.options.get("delete_markers", ()):
        # A marker that is misspelt would let deleted records subscribe.
        if isinstance(name, str):
            yield "delete_markers", name
    if "fields" in destination.options:
        for name in destination.field_goals:
            yield f"fields.{name}", name


def _is_turned_round(destination: Destination, known: set[str]) -> bool:
    return any(goal in known for goal in destination.field_goals.values())


def nothing_to_write(destination: Destination, stream: str, properties: Iterable[str]) -> ConfigurationError:
    """Return the error for a stream of which no property goes anywhere."""
    names = ", ".join(escaped(name) for name in properties) or "none"
    text = f"nothing can be written: no property of stream {escaped(stream)!r} matches a field"
    return destination.error("fields", text, f"It has: {names}. Name each property's field in `fields`.")
