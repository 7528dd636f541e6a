"""The forms in which Meltano passes the setting `destinations`.

Meltano reads every dot in a name as a level. `destinations.shop.vips.kind` becomes an object in an object,
also where the stream is called `shop.vips`. Meltano exports the setting with the levels joined again
(`{"shop.vips.kind": "email_list"}`). Values that were set with `meltano config set` arrive as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from listrak_api.errors import ConfigurationError
from listrak_singer.coercion import coerced

if TYPE_CHECKING:
    from target_listrak.config.destination_options import Option

__all__ = ["entries", "option_value", "plain_fields"]

_DOT: Final = re.compile(r"(?<!\\)\.")
_JSON_TYPES: Final[dict[type, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    dict: "object",
    list: "array",
}
_OBJECT_OPTIONS: Final = frozenset({"fields", "create_list", "delete_markers", "status_values"})
"""Options that are objects whose keys users choose: `kind` may be one of them."""


def entries(setting: Mapping[str, Any]) -> dict[str, object]:
    """Return the setting's entries by stream name or pattern, whatever their form.

    Example:
        >>> entries({"shop": {"vips": {"kind": "email_list", "list": 7}}})
        {'shop.vips': {'kind': 'email_list', 'list': 7}}

    Raises:
        ConfigurationError: Two entries have the same name.
    """
    found: dict[str, object] = {}
    for pattern, given in _nested(setting).items():
        place = f"destinations.{pattern}"
        kinds = "array" if isinstance(given, str) and given.lstrip().startswith("[") else "object"
        entry = coerced(given, {"type": kinds}, place) if isinstance(given, str) else given
        for name, value in _levels(pattern.replace(r"\.", "."), entry):
            if name in found:
                message = f"destinations.{name}: there are two entries of this name"
                raise ConfigurationError(message, setting=f"destinations.{name}", hint="Remove one of them.")
            found[name] = value
    return found


def option_value(option: Option, value: object, place: str) -> object:
    """Return an option's value, converted to its type if it is text; `None` if nothing is set.

    The text of an option that takes a name or id is not converted: digits are a name first, then an id.

    Raises:
        ConfigurationError: The text is not a value of one of the option's types.
    """
    if isinstance(value, str) and value.strip() == "null":
        return None
    if isinstance(value, str) and (not value.strip() or set(option.types) <= {str, int}):
        return value
    types = [_JSON_TYPES[kind] for kind in option.types]
    if not isinstance(value, str) and types != ["array"]:
        return value
    items = {"type": ["integer", "string"]} if place.endswith(".event_ids") else {}
    return coerced(value, {"type": types, "items": items}, place)


def plain_fields(fields: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Return `fields` with the levels joined that Meltano creates from dots: `{"address.city": "City"}`."""
    found: dict[str, Any] = {}
    for name, goal in fields.items():
        if isinstance(goal, Mapping):
            found |= plain_fields(goal, f"{path}{name}.")
        else:
            found[path + str(name)] = goal
    return found


def _nested(setting: Mapping[str, Any]) -> dict[str, Any]:
    """Return the setting with a level for each dot of names that stand for a single value."""
    found: dict[str, Any] = {}
    for name, value in setting.items():
        *levels, last = _DOT.split(str(name))
        is_json = isinstance(value, str) and value.lstrip().startswith("{") and last not in _OBJECT_OPTIONS
        if isinstance(value, Mapping) or is_json or not levels:
            found.setdefault(str(name), value)
            continue
        home = found
        for level in levels:
            inner = home.setdefault(level, {})
            if not isinstance(inner, dict):
                break
            home = inner
        else:
            home[last] = value
    return found


def _levels(name: str, entry: object) -> Iterator[tuple[str, object]]:
    """Yield the destinations in an entry, by name: its own, and those in the objects below it."""
    if not isinstance(entry, Mapping):
        yield name, entry
        return
    below = {
        str(part): value
        for part, value in entry.items()
        if part not in _OBJECT_OPTIONS and isinstance(value, Mapping) and _holds_kind(value)
    }
    own = {part: value for part, value in entry.items() if str(part) not in below}
    if own or not below:
        yield name, own
    for part, value in below.items():
        yield from _levels(f"{name}.{part}", value)


def _holds_kind(entry: Mapping[str, Any]) -> bool:
    return "kind" in entry or any(
        isinstance(value, Mapping) and _holds_kind(value) for value in entry.values()
    )
