"""Checks that the properties that a destination names are in the stream's SCHEMA.

Without the check, a misspelt name would be a property that no record has. Nothing would be loaded from it,
and no message would say so.
"""

from __future__ import annotations

import re
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

__all__ = [
    "EMAIL_NAMES",
    "PHONE_NAMES",
    "check_property_names",
    "delimiter_hint",
    "nothing_to_write",
    "property_like",
]

EMAIL_NAMES: Final = ("email", "emailaddress")
"""Usual names of a property with an email address, as `folded` returns them, the best first."""

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
"""Usual names of a property with a phone number, as `folded` returns them, the best first."""

_UNNAMED: Final = re.compile(r"col_?\d+|column_?\d+|unnamed.*|_\d+", re.IGNORECASE)
"""What extractors call columns without a name in the header."""


def property_like(schema: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """Return the property of a stream with the first of some folded names that there is; `None` if none."""
    properties = {folded(name): name for name in reversed(list(schema.get("properties") or {}))}
    return next((properties[name] for name in names if name in properties), None)


def check_property_names(destination: Destination, stream: str, schema: Mapping[str, Any]) -> None:
    """Check that a stream has the properties that its destination names.

    Names may be spelled as `property_paths` reads them. A path into nested objects is followed as far as the
    SCHEMA declares their properties. A SCHEMA that declares no properties at all says nothing, so nothing is
    checked.

    Raises:
        ConfigurationError: A property is missing; the text lists the properties of the stream.
    """
    properties = schema.get("properties")
    if not properties:
        return
    known = set(properties)
    for option, name in _named(destination):
        if _is_declared(name, properties):
            continue
        near = nearest(name, known)
        known_names = f"It has: {', '.join(map(escaped, properties))}."
        text = f"stream {escaped(stream)!r} has no property {escaped(name)!r}"
        hint = known_names if near is None else f"Did you mean {escaped(near)!r}? {known_names}"
        if option.startswith("fields.") and _is_reversed(destination, known):
            hint = f"`fields` goes from property to field, not the other way round. {known_names}"
        raise destination.error(option, text, hint)


def _is_declared(name: str, properties: Mapping[str, Any]) -> bool:
    """Return whether a SCHEMA has a property, or may have it in an object whose properties it leaves open."""
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


def _is_reversed(destination: Destination, known: set[str]) -> bool:
    """Return whether a goal in `fields` is the name of a property: perhaps property and field are swapped."""
    return any(goal in known for goal in destination.field_goals.values())


def delimiter_hint(properties: Iterable[str]) -> str:
    """Return what may be wrong where columns have no names of their own: the delimiter is not the file's."""
    if any(_UNNAMED.fullmatch(name) for name in properties):
        return " If the source is a file, set the delimiter of its columns in the extractor."
    return ""


def nothing_to_write(destination: Destination, stream: str, properties: Iterable[str]) -> ConfigurationError:
    """Return the error for a stream none of whose properties goes to a field."""
    names = ", ".join(escaped(name) for name in properties) or "none"
    text = f"nothing can be written: no property of stream {escaped(stream)!r} matches a field"
    return destination.error("fields", text, f"It has: {names}. Name each property's field in `fields`.")
