"""Values of another JSON type than a stream's schema says, where it is plain what is meant.

Listrak's enumerations come as numbers in places where its specification says text, and other services of this
kind write ids as text or as 7.0. A loader that checks records against their SCHEMA ends at the first of them,
and an id as text is another one than the same id in the state.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_WHOLE = re.compile(r"[+-]?\d+(?:\.0*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?", re.ASCII)
_TRUTHS: Final = {"true": True, "false": False, "1": True, "0": False}


class ScalarColumns:
    """The columns of a schema that hold one number, text or truth value, and arrays of objects with such.

    Args:
        schema: A JSON schema of an object.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._columns = tuple(
            (name, *_KINDS[kind])
            for name, part in schema["properties"].items()
            if (kind := _kind(part)) is not None
        )
        self._nested = tuple(
            (name, ScalarColumns(items))
            for name, part in schema["properties"].items()
            if (items := part.get("items") or {}).get("properties")
        )

    def retype(self, row: dict[str, Any]) -> None:
        """Give the values of a row the types of their columns, in place.

        What cannot be converted without loss stays as it is. A blank text where a number or truth value
        belongs is null.

        Args:
            row: The row.
        """
        for name, types, convert in self._columns:
            value = row.get(name)
            if value is not None and type(value) not in types:
                row[name] = convert(value)
        for name, columns in self._nested:
            for one in row.get(name) or ():
                if isinstance(one, dict):
                    columns.retype(one)


def _kind(part: Mapping[str, Any]) -> str | None:
    types = part.get("type", [])
    scalar = {types} if isinstance(types, str) else set(types)
    kinds = scalar - {"null"}
    return kinds.pop() if len(kinds) == 1 and kinds <= _KINDS.keys() else None


def _integer(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        text = value.strip()
        return int(text.partition(".")[0]) if _WHOLE.fullmatch(text) else _unless_blank(value)
    return value


def _number(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        text = value.strip()
        if _WHOLE.fullmatch(text):
            return _integer(text)
        return float(text) if _NUMBER.fullmatch(text) else _unless_blank(value)
    return value


def _boolean(value: Any) -> Any:  # noqa: ANN401 - any JSON
    return _TRUTHS.get(str(value).strip().lower(), _unless_blank(value))


def _unless_blank(value: Any) -> Any:  # noqa: ANN401 - any JSON
    return None if isinstance(value, str) and not value.strip() else value


def _text(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


_KINDS: Final[dict[str, tuple[frozenset[type], Callable[[Any], Any]]]] = {
    "integer": (frozenset({int}), _integer),
    "number": (frozenset({int, float}), _number),
    "boolean": (frozenset({bool}), _boolean),
    "string": (frozenset({str}), _text),
}
