"""One property's value as Listrak's Data API takes it: texts, numbers, dates, addresses, choices."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from listrak_api.dates import to_wall_time
from target_listrak.channels.retail.spellings import plain_name
from target_listrak.channels.retail.statuses import STATUS_WORDS, status_word
from target_listrak.values.addresses import parse
from target_listrak.values.dates import as_date, as_date_time
from target_listrak.values.formats import as_boolean, formatter
from target_listrak.values.invalid_value import InvalidValue, too_long
from target_listrak.values.keys import as_key, is_no_customer
from target_listrak.values.numbers import as_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

    from target_listrak.channels.retail.models import Property
    from target_listrak.values.reading import Reading

__all__ = ["InvalidField", "date_time", "scalar"]

_EMAIL_LENGTH: Final = 100
_MAX_WHOLE: Final = 2**31
_MAX_AMOUNT: Final = 10**15
"""No amount of money is larger, and up to it a double holds cents."""
_EPOCHS: Final = frozenset({dt.date(1970, 1, 1), dt.date(1900, 1, 1)})
"""What programs write for no date: seconds 0, and SQL Server's date of an empty text."""
_NO_STATUSES: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class InvalidField:
    """A property whose value Listrak would not take.

    Attributes:
        path: The API's name, such as `billingAddress.city` or `items[2].sku`.
        bad: Why.
        needed: Whether the object cannot be sent without it.
    """

    path: str
    bad: InvalidValue
    needed: bool = False


def is_null_text(value: object, reading: Reading) -> bool:
    """Return whether a value is a text that means null."""
    return isinstance(value, str) and value.strip() in reading.null_values


def date_time(value: object, reading: Reading, zone: ZoneInfo) -> object:
    """Read a date-time as wall time of the zone, without an offset; one without an offset is that already.

    Exact midnight UTC is a calendar day that a source wrote as a date-time: no time zone moves it.
    """
    date_time = as_date_time(value, reading.date_order)
    if not isinstance(date_time, dt.datetime):
        return None if is_null_text(value, reading) else date_time
    if _is_epoch(date_time):
        return None
    if date_time.tzinfo is not None and not date_time.utcoffset() and date_time.time() == dt.time():
        return date_time.replace(tzinfo=None).isoformat()
    try:
        return to_wall_time(date_time, zone).isoformat()
    except OverflowError:
        return InvalidValue(
            "not_a_date", f"the date is outside the years 1 to 9999 in the time zone {zone.key}"
        )


def _is_epoch(date_time: dt.datetime) -> bool:
    """Return whether a time is what a program writes for none: no order is as old, but people are."""
    utc = date_time.astimezone(dt.UTC) if date_time.utcoffset() else date_time
    return utc.date() in _EPOCHS and utc.time() == dt.time()


def _day(value: object, reading: Reading) -> object:
    """Read a calendar date, which no time zone changes."""
    date = as_date(value, reading._replace(zone=None))
    return f"{date.isoformat()}T00:00:00" if isinstance(date, dt.date) else date


def _quantity(value: object, reading: Reading) -> Decimal | InvalidValue | None:
    """Read an amount or a count: true is none of them."""
    if isinstance(value, bool):
        return InvalidValue("not_a_number", "expected a number, got true or false")
    number = as_number(value, reading.decimal_mark)
    if isinstance(number, Decimal) and abs(number) >= _MAX_AMOUNT:
        return InvalidValue("number_too_large", "expected a number below 10^15")
    return number


def _number(value: object, reading: Reading) -> object:
    number = _quantity(value, reading)
    if number is None or isinstance(number, InvalidValue):
        return number
    return int(number) if number == number.to_integral_value() else float(number)


def _whole(value: object, reading: Reading) -> object:
    number = _quantity(value, reading)
    if number is None or isinstance(number, InvalidValue):
        return number
    if number != number.to_integral_value():
        return InvalidValue("not_a_whole_number", "expected a whole number")
    if not -_MAX_WHOLE <= number < _MAX_WHOLE:
        return InvalidValue("number_too_large", "expected a whole number of 32 bits")
    return int(number)


def _email(value: object) -> object:
    """Read an address; Listrak would take any text, and report nothing."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    address = parse(value)
    if isinstance(address, InvalidValue):
        return address
    limit = _EMAIL_LENGTH
    return address.sent if len(address.sent) <= limit else too_long(len(address.sent), limit)


def _key(value: object, kind: Property, nulls: frozenset[str]) -> object:
    """Read a key; the customer number of a guest is none."""
    key = as_key(value)
    if isinstance(key, InvalidValue):
        return None if isinstance(value, str) and value.strip() in nulls else key
    if key in nulls or (kind.is_customer and is_no_customer(key)):
        return None
    limit = kind.max_length
    return key if limit is None or len(key) <= limit else too_long(len(key), limit)


def _choice_word(value: object) -> str:
    return plain_name(value) if isinstance(value, str) else "?"


def _choice(kind: Property, statuses: Mapping[str, str]) -> Callable[[object], object]:
    names = {plain_name(choice): choice for choice in kind.choices}
    reason = f"expected one of: {', '.join(kind.choices)}"
    if kind.is_status:
        names = {**STATUS_WORDS, **names, **statuses}
        reason += " (the option status_values says which of them a word of the source is)"
    as_word = status_word if kind.is_status else _choice_word

    def format_choice(value: object) -> object:
        if value is None:
            return None
        name = as_word(value)
        if not name:
            return None
        return names.get(name) or InvalidValue("not_a_choice", reason)

    return format_choice


_SCALARS: Final[dict[str, Callable[..., object]]] = {
    "whole": _whole,
    "number": _number,
    "yes_no": lambda value, reading: as_boolean(value),  # noqa: ARG005 - called as the others are
    "day": _day,
}


def scalar(
    kind: Property, reading: Reading, statuses: Mapping[str, str] = _NO_STATUSES
) -> Callable[[object], object]:
    """Give the function that makes one property's value: `None` for no value, or an `InvalidValue`.

    Args:
        kind: The property.
        reading: How dates and numbers are read that are texts.
        statuses: The source's own words for the status of an order.
    """
    if kind.is_key:
        return functools.partial(_key, kind=kind, nulls=reading.null_values)
    if kind.type == "text" and not kind.is_email:
        return formatter("Text", kind.max_length, reading)
    convert: Callable[[object], object]
    if kind.is_email:
        convert = _email
    elif kind.type == "one_of":
        convert = _choice(kind, statuses)
    else:
        convert = functools.partial(_SCALARS[kind.type], reading=reading)

    def convert_or_null(value: object) -> object:
        converted = convert(value)
        is_null = type(converted) is InvalidValue and is_null_text(value, reading)
        return None if is_null else converted

    return convert_or_null
