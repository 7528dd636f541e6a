"""Converts values of settings that are text: from the environment, and from `meltano config set`.

The SDK and Meltano read an unknown boolean word as false, and fail with a stack trace at a text that is not a
number. Here every text is either converted or refused. The error names the setting and never the text, which
may be a secret in the wrong place.
"""

from __future__ import annotations

import ast
import json
import math
import re
import warnings
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NoReturn

from listrak_api.errors import ConfigurationError
from listrak_api.settings import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["BOOLEAN_WORDS", "coerced", "json_types", "kind_of"]

BOOLEAN_WORDS: Final[dict[str, bool]] = {
    "true": True,
    "false": False,
    "yes": True,
    "no": False,
    "on": True,
    "off": False,
    "1": True,
    "0": False,
}
"""The words for true and false, whatever their case: those that Meltano and the SDK know."""

_WHOLE = re.compile(r"[+-]?[0-9]+")
_KINDS: Final[dict[type, str]] = {
    type(None): "null",
    bool: "a boolean",
    int: "a whole number",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}
_MOST_DIGITS = 18


def kind_of(value: object) -> str:
    """Return the kind of a value, for error messages: `a string`."""
    return _KINDS.get(type(value), type(value).__name__)


def json_types(schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the JSON types that a schema allows, also below `anyOf` and `oneOf`, null left out."""
    types = schema.get("type", [])
    found = {types} if isinstance(types, str) else set(types)
    for alternative in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if isinstance(alternative, dict):
            found |= json_types(alternative)
    return frozenset(found - {"null"})


def coerced(value: Any, schema: Mapping[str, Any], place: str) -> Any:  # noqa: ANN401 - any JSON
    """Convert a text to the type of its setting.

    Blank text and the word `null` mean that nothing is set. Arrays and objects are written as JSON, and
    arrays of plain values also with commas (`40137,40274`). Values that are not text are returned as they
    are, except that a single number becomes an array if an array is expected.

    Args:
        value: The setting's value.
        schema: The setting's JSON schema.
        place: Its name in errors: `TAP_LISTRAK_LIST_IDS`, or `list_ids`.

    Returns:
        The value; None if nothing is set.

    Raises:
        ConfigurationError: The text is not a value of any of the schema's types.
    """
    types = json_types(schema)
    if isinstance(value, str):
        return _of_text(value, schema, types, place)
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        _refuse(place, "expected a number, got one that is not finite")
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and types == {"array"}:
        return [plain(value)]
    if isinstance(value, list) and "array" in types:
        return [_item(one, schema, place) for one in value]
    return plain(value)


def _of_text(text: str, schema: Mapping[str, Any], types: frozenset[str], place: str) -> Any:  # noqa: ANN401 - any JSON
    stripped = text.strip()
    if stripped in {"", "null"}:
        return None
    if "object" in types and stripped[0] == "{":
        return _structure(stripped, dict, place)
    if "array" in types and (stripped[0] == "[" or "," in stripped or "string" not in types):
        return _array(stripped, schema, place)
    return text if types <= {"string"} else _scalar(text, types, place)


def _scalar(text: str, types: frozenset[str], place: str) -> object:
    readers = [(name, read) for name, read in _READERS.items() if name in types]
    for _, read in readers:
        value = read(text.strip())
        if value is not None:
            return value
    if "string" in types:
        return text
    expected = [_EXPECTED[name] for name, _ in readers] + ["a JSON object"] * ("object" in types)
    return _refuse(place, f"expected {' or '.join(expected)}, got a string that is not one")


def _boolean(text: str) -> bool | None:
    return BOOLEAN_WORDS.get(text.casefold())


def _integer(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) and len(text) <= _MOST_DIGITS else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None


_READERS: dict[str, Callable[[str], object]] = {"boolean": _boolean, "integer": _integer, "number": _number}
_EXPECTED = {
    "boolean": f"a boolean ({', '.join(BOOLEAN_WORDS)})",
    "integer": "a whole number",
    "number": "a number",
}


def _array(text: str, schema: Mapping[str, Any], place: str) -> list[Any]:
    if text[0] == "[":
        items = _structure(text, list, place)
    elif text[0] in "{\"'":
        _refuse(place, f"expected an array, got a string that begins with {text[0]}", _ARRAY_HINT)
    else:
        items = [one.strip() for one in text.split(",")]
        if not all(items):
            _refuse(place, "expected values with a comma between them, got an empty one", _ARRAY_HINT)
        if json_types(schema.get("items", {})) & {"array", "object"}:
            _refuse(place, "expected a JSON array", _ARRAY_HINT)
    return [_item(one, schema, place) for one in items]


_ARRAY_HINT = "Write it as a JSON array ([40137, 40274]) or with commas (40137,40274), without more quotes."


def _item(value: Any, schema: Mapping[str, Any], place: str) -> Any:  # noqa: ANN401 - any JSON
    """Return an item of an array. Digits become a number, also if strings are allowed."""
    items = schema.get("items", {})
    if not isinstance(value, str) or not isinstance(items, dict):
        return plain(value)
    types = json_types(items)
    if "integer" in types and (number := _integer(value.strip())) is not None:
        return number
    if types and "string" not in types:
        _refuse(
            place, f"expected an array of {_PLURALS.get(next(iter(types)), 'values')}, got a string in it"
        )
    return value


_PLURALS = {"integer": "whole numbers", "number": "numbers", "boolean": "booleans", "object": "objects"}


def _structure(text: str, kind: type, place: str) -> Any:  # noqa: ANN401 - any JSON
    name = "array" if kind is list else "object"
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        # Meltano puts a list of its YAML file into the environment in Python's notation.
        value = _literal(text)
        if value is None:
            _refuse(place, f"expected a JSON {name}, got invalid JSON{_where(error)}")
    if not isinstance(value, kind):
        _refuse(place, f"expected a JSON {name}, got {kind_of(value)}")
    return value


def _literal(text: str) -> object:
    try:
        with warnings.catch_warnings(action="ignore"):
            value = ast.literal_eval(text)
        json.dumps(value, allow_nan=False)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return value


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is not a JSON number"
    raise ValueError(message)


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f" ({error.msg} at line {error.lineno}, column {error.colno})"
    return ""


def _refuse(place: str, what: str, hint: str = "") -> NoReturn:
    message = f"{place} is wrong: {what}"
    raise ConfigurationError(message, setting=place, hint=hint)
