"""The columns of Parquet files. Their types depend on the stream's schema, not on the values in a file.

date-time           timestamp, microseconds, UTC
integer             int64
number              decimal(38, 9): all numbers with decimals are amounts of money
boolean             bool
string              string
array, object       string with JSON text
several types       string; other values as JSON text
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping, Sequence

MONEY = pa.decimal128(38, 9)
INSTANT = pa.timestamp("us", tz="UTC")
_ROUNDED = Context(prec=38, rounding=ROUND_HALF_EVEN)
_SMALLEST = Decimal("1e-9")
_NUMBERS = {float, int, type(None)}
_LARGEST_INTEGER = 2**63


def arrow_schema(schema: Mapping[str, Any]) -> pa.Schema:
    """Return the columns of a stream.

    Args:
        schema: Its JSON schema.
    """
    return pa.schema([(name, _type(part)) for name, part in schema["properties"].items()])


def record_batch(records: Sequence[Any], schema: pa.Schema, misfits: Counter[str]) -> pa.RecordBatch:
    """Return records as columns.

    Args:
        records: Dicts, or structs that have all columns; one or more, all of one kind.
        schema: The columns. A missing value is null.
        misfits: Counts, by column, the values that do not fit the type; they become null.
    """
    columns = [_column(field, _values(records, field.name), misfits) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _type(part: Mapping[str, Any]) -> pa.DataType:
    kinds = part.get("type", [])
    names = {kinds} if isinstance(kinds, str) else set(kinds)
    names.discard("null")
    if names == {"string"} and part.get("format") == "date-time":
        return INSTANT
    simple = {"integer": pa.int64(), "number": MONEY, "boolean": pa.bool_()}
    return simple.get(names.pop(), pa.string()) if len(names) == 1 else pa.string()


def _values(records: Sequence[Any], name: str) -> list[Any]:
    if isinstance(records[0], dict):
        return [record.get(name) for record in records]
    return list(map(attrgetter(name), records))


def _column(field: pa.Field, values: list[Any], misfits: Counter[str]) -> pa.Array:
    try:
        if field.type == INSTANT:
            return pa.array(values, pa.string()).cast(INSTANT)
        if field.type != MONEY:
            return pa.array(values, field.type)
    except (pa.ArrowException, UnicodeEncodeError, OverflowError):
        pass  # a value is missing or of another type; to check that first takes a quarter longer
    if msgspec.UNSET in values:
        return _column(field, [None if value is msgspec.UNSET else value for value in values], misfits)
    if field.type == MONEY and set(map(type, values)) <= _NUMBERS:
        found = _amounts(values)
    else:
        found = pa.array(map(_CONVERSIONS[field.type], values), field.type)
    if lost := found.null_count - values.count(None):
        misfits[field.name] += lost
    return found


def _amounts(values: Sequence[float | None]) -> pa.Array:
    """Return amounts of money. Each distinct one is converted once, because they repeat."""
    places = {value: place for place, value in enumerate(dict.fromkeys(values))}
    indices = pa.array(map(places.__getitem__, values), pa.int32())
    return pa.array(map(_money, places), MONEY).take(indices)


def _money(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        amount = _ROUNDED.quantize(Decimal(repr(value) if isinstance(value, float) else value), _SMALLEST)
    except InvalidOperation:  # not a number, infinite, or too large
        return None
    return amount if amount.is_finite() else None


def _integer(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        number = int(value)
    except (ValueError, OverflowError):
        return None
    whole = isinstance(value, str) or number == value
    return number if whole and -_LARGEST_INTEGER <= number < _LARGEST_INTEGER else None


def _instant(value: object) -> datetime | None:
    try:
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(value: object) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
    return text.encode("utf-8", "replace").decode()


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


_CONVERSIONS: dict[pa.DataType, Callable[[Any], Any]] = {
    MONEY: _money,
    INSTANT: _instant,
    pa.int64(): _integer,
    pa.string(): _text,
    pa.bool_(): _boolean,
}
