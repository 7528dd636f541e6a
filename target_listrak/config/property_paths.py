"""Finds the properties that a destination names, whatever their spelling, also inside nested objects.

A name in the settings means the first of these that the stream has:

1. the property of exactly that name;
2. the property whose name is equal as `names.folded` compares names;
3. if the name has dots, a path into nested objects (`context.traits.email`).

The value is put into the record under the name in the settings. Loaders need not know where it was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from target_listrak.config.destination_options import OPTIONS
from target_listrak.config.names import folded
from target_listrak.values.characters import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_listrak.config.destination import Destination

__all__ = ["MEMBERSHIP", "PropertyPaths", "value_at"]

MEMBERSHIP: Final = "membership (named by member_from)"
"""The property under which a record has the membership that its `member_from` property names."""

_CONTAINERS: Final = ("properties", "traits")
"""The objects in which Segment's events hold properties of a person."""
_ABSENT: Final = object()

_Path = tuple[str, ...]


class PropertyPaths:
    """The properties that a destination names, in the records of a stream.

    Args:
        destination: The destination.
        schema: The stream's schema.

    Attributes:
        schema: The schema, with the named properties under their names in the settings.

    Raises:
        ConfigurationError: More than one property differs from a name in spelling only.
    """

    def __init__(self, destination: Destination, schema: dict[str, Any]) -> None:
        properties: dict[str, Any] = dict(schema.get("properties") or {})
        self._paths: dict[str, _Path] = {}
        for option, name in _named(destination):
            if name not in properties:
                alike = [known for known in properties if folded(known) == folded(name)]
                if len(alike) > 1:
                    text = f"{len(alike)} properties differ from {escaped(name)!r} in spelling only"
                    raise destination.error(option, text, f"Write one of {', '.join(map(escaped, alike))}.")
                path = (alike[0],) if alike else _nested(name, properties)
                if path:
                    self._paths[name] = path
        for name, path in self._paths.items():
            if len(path) == 1:
                properties[name] = properties.pop(path[0], {})
            else:
                properties[name] = _schema_at(path, schema)
        member_from = destination.options.get("member_from")
        self._member_from = None if member_from is None else str(member_from)
        self._member_place = self._paths.get(self._member_from or "", (self._member_from or "",))[:-1]
        if self._member_from is not None:
            properties[MEMBERSHIP] = {}
        self.schema = {**schema, "properties": properties} if properties else schema

    def columns(self, wanted: Sequence[str] | None, judged: Sequence[str] = ()) -> Sequence[str] | None:
        """Return the properties of the input to read as columns; `None` if records are taken one by one.

        Args:
            wanted: The properties that the loader reads, under their names in the settings.
            judged: Properties of deletions and consent that the settings name: they must not be in objects.
        """
        if wanted is None or self._member_from is not None or any(name in self._paths for name in judged):
            return None
        paths = [self._paths.get(name, (name,)) for name in wanted]
        return [path[0] for path in paths] if all(len(path) == 1 for path in paths) else None

    def expand(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record with the named properties under their names in the settings."""
        if not self._paths and self._member_from is None:
            return record
        expanded = dict(record)
        for name, path in self._paths.items():
            value = value_at(record, path)
            if value is not _ABSENT and name not in record:
                expanded[name] = value
        if self._member_from is not None:
            self._add_membership(record, expanded)
        return expanded

    def _add_membership(self, record: dict[str, Any], expanded: dict[str, Any]) -> None:
        """Add the value of the property whose name is in the property `member_from`.

        It is looked for beside that property, at the top of the record, and in Segment's objects. If it is
        found more than once, all values must be equal.
        """
        name = expanded.get(str(self._member_from))
        if not isinstance(name, str) or not name:
            return
        places = dict.fromkeys((self._member_place, (), *((container,) for container in _CONTAINERS)))
        values = [value_at(record, (*place, name)) for place in places]
        found = [value for value in values if value is not _ABSENT and value is not None]
        if found and all(value == found[0] and type(value) is type(found[0]) for value in found):
            expanded[MEMBERSHIP] = found[0]


def _named(destination: Destination) -> Iterator[tuple[str, str]]:
    for option, value in destination.options.items():
        if OPTIONS[option].names_property:
            yield option, str(value)
    for option in ("fields", "delete_markers"):
        names = destination.options.get(option)
        if isinstance(names, Mapping | list):
            yield from ((f"{option}.{name}", str(name)) for name in names)


def _nested(name: str, properties: Mapping[str, Any]) -> _Path | None:
    """Return the path that a name with dots means; a property may have dots in its own name."""
    first, dot, _ = name.partition(".")
    while dot:
        if first in properties:
            rest = name[len(first) + 1 :]
            inner = _properties_of(properties[first])
            deeper = (rest,) if rest in inner else _nested(rest, inner)
            return (first, *(deeper or rest.split(".")))
        more, dot, _ = name[len(first) + 1 :].partition(".")
        first = f"{first}.{more}" if dot else first
    return None


def _properties_of(schema: object) -> Mapping[str, Any]:
    found = schema.get("properties") if isinstance(schema, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _schema_at(path: _Path, schema: object) -> object:
    for name in path:
        schema = _properties_of(schema).get(name, {})
    return schema


def value_at(record: object, path: _Path) -> object:
    """Return the value at a path in nested objects, which may be JSON text; `_ABSENT` if there is none."""
    for name in path:
        if isinstance(record, str) and record.startswith("{"):  # an object as JSON text
            try:
                record = msgspec.json.decode(record)
            except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
                return _ABSENT
        if not isinstance(record, Mapping) or name not in record:
            return _ABSENT
        record = record[name]
    return record
