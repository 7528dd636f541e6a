"""Singer values as the texts that Listrak's profile fields hold.

A field's type and length are known before the first record is read, so its formatter is made once
(`formatter`) and then called per value. What does not fit is a `BadValue`: a code for machines and a reason
for people. The reason never contains the value: values are people's data and reasons are logged.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

__all__ = ["BadValue", "Formatter", "as_boolean", "as_date", "as_moment", "as_number", "as_text", "formatter"]


@dataclass(frozen=True, slots=True)
class BadValue:
    """Why a value cannot be what its field needs.

    Attributes:
        code: A stable word for the rejects file, such as `not_a_date`.
        reason: One sentence for a person. It names what is needed and never the value.
    """

    code: str
    reason: str


Formatter = Callable[[object], "str | BadValue"]
"""Turns one value into the text to send; "" where there is no value (null, blank text, empty list)."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_MAX_DIGITS = 40
_MAX_DECIMALS = 400  # a double's smallest magnitudes; longer fractions come from exponents such as 1e-9999
_NUMBERS = Context(prec=_MAX_DIGITS + _MAX_DECIMALS)
_CENTS = Decimal("0.01")
_SMALL = 10**15
"""Whole numbers below it are their own text; `Decimal` comes to the same, ten times slower."""

# Neither CSV nor JSON forbids these, but one of them can break a whole import file on the other side.
_UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AP]M)?"
_ZONE = r"\s*(?:(Z|UTC|GMT)|([+-])(\d{2}):?(\d{2})?)?"
_TIME = rf"(?:(?:T|\s+){_CLOCK}{_ZONE})?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/])(\d{{1,2}})\2(\d{{1,2}}){_TIME}", re.ASCII | re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"(\d{{1,2}})([-/])(\d{{1,2}})\2(\d{{4}}){_TIME}", re.ASCII | re.IGNORECASE)
_ISO_DATE_LENGTH = 10
_NOON = 12

_TRUE = frozenset({"on", "true", "t", "yes", "y", "1", "checked"})
_FALSE = frozenset({"off", "false", "f", "no", "n", "0", "unchecked"})

_NO_DATE = dt.date(1, 1, 1)
"""What Listrak writes where there is no date and null is not allowed."""


def as_text(value: object) -> str | BadValue:
    """Any value as text: numbers without exponent, dates in ISO form, lists of such joined by commas.

    Args:
        value: What a record holds; `None`, blank text and an empty list give "".

    Returns:
        The text, unstripped, or why there is none: an object, a list in a list, an unsendable character.
    """
    if isinstance(value, str):
        if value.isprintable():
            return "" if value.isspace() else value
        return _sendable(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if type(value) is int and -_SMALL < value < _SMALL:
        return str(value)
    if isinstance(value, int | float | Decimal):
        number = as_number(value)
        return number if isinstance(number, BadValue) else plain(number)
    return "" if value is None else _unusual_text(value)


def _sendable(text: str) -> str | BadValue:
    if _UNSENDABLE.search(text):
        return BadValue("control_character", "the text holds a control character that cannot be sent")
    return "" if text.isspace() else text


def _unusual_text(value: object) -> str | BadValue:
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return _joined(value)
    return BadValue("not_a_text", "a text is needed, and an object was given")


def _joined(values: list[object] | tuple[object, ...]) -> str | BadValue:
    texts: list[str] = []
    for value in values:
        if isinstance(value, list | tuple):
            return BadValue("not_a_text", "a text is needed, and a list of lists was given")
        text = as_text(value)
        if isinstance(text, BadValue):
            return text
        if text:
            texts.append(text)
    return ",".join(texts)


def as_number(value: object) -> Decimal | BadValue | None:
    """A number, exactly; floats by their shortest decimal form, texts without thousands separators.

    Args:
        value: A number, a boolean (1 or 0) or a text such as `"12.50"` or `"1e3"`.

    Returns:
        The number, `None` where there is no value, or why it is no number.
    """
    if isinstance(value, str):
        value = value.strip()
    if value is None or value == "":
        return None
    number = _decimal(value)
    if number is None:
        return BadValue("not_a_number", "a number is needed: digits with at most one decimal point")
    if not number:
        return Decimal(0)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or number.adjusted() >= _MAX_DIGITS or exponent < -_MAX_DECIMALS:
        return BadValue("number_too_large", f"the number has more than {_MAX_DIGITS} digits")
    return number


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, str):
        fits = len(value) <= _MAX_DIGITS + _MAX_DECIMALS and _NUMBER.fullmatch(value)
        return Decimal(value) if fits else None
    if isinstance(value, int):  # booleans too: a flag kept in a number is 1 or 0
        return Decimal(value) if value.bit_length() <= _MAX_DIGITS * 4 else Decimal("Infinity")
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    return value if isinstance(value, Decimal) and value.is_finite() else None


def plain(number: Decimal | None) -> str:
    """A number's digits without exponent and without zeros that say nothing; "" for none."""
    if number is None:
        return ""
    if not number:  # also -0
        return "0"
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.removeprefix("+")


def as_date(value: object) -> dt.date | BadValue | None:
    """The calendar date that a value names, as it is written there: no time zone moves it.

    A birthday stored as midnight UTC is that day, everywhere.

    Args:
        value: As for `as_moment`.

    Returns:
        The date, `None` where there is none, or why not.
    """
    moment = as_moment(value)
    return moment.date() if isinstance(moment, dt.datetime) else moment


def as_moment(value: object) -> dt.datetime | BadValue | None:
    """The date-time that a value names, aware where the value has an offset, else naive.

    Month comes before day where the year is last, as Listrak itself writes dates.

    Args:
        value: A date, a date-time, or a text: `2026-06-30`, `2026-06-30T10:00:00Z`, `6/30/2026 1:05 PM`.

    Returns:
        The date-time (midnight for a date), `None` where there is none (also for Listrak's own "no date",
        0001-01-01), or why not.
    """
    moment: dt.datetime | None = None
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        moment = _parsed_moment(text)
    elif isinstance(value, dt.datetime):
        moment = value
    elif isinstance(value, dt.date):
        moment = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  a calendar date has no zone
    elif value is None:
        return None
    if moment is None:
        return BadValue("not_a_date", "a date is needed: YYYY-MM-DD, with or without a time, or MM/DD/YYYY")
    return None if moment.date() == _NO_DATE else moment


def _parsed_moment(text: str) -> dt.datetime | None:
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = match[1], match[3], match[4]
    elif match := _MONTH_FIRST.fullmatch(text):
        month, day, year = match[1], match[3], match[4]
    else:
        return None
    hour, minute, second, fraction, half = match.group(5, 6, 7, 8, 9)
    utc, sign, offset_hours, offset_minutes = match.group(10, 11, 12, 13)
    hours = int(hour or 0)
    try:
        if half:
            if not 1 <= hours <= _NOON:
                return None
            hours = hours % _NOON + (_NOON if half[0] in "Pp" else 0)
        zone: dt.tzinfo | None = dt.UTC if utc else None
        if sign:
            offset = dt.timedelta(hours=int(offset_hours), minutes=int(offset_minutes or 0))
            zone = dt.timezone(offset if sign == "+" else -offset)
        micros = int((fraction or "").ljust(6, "0")[:6])
        clock = dt.time(hours, int(minute or 0), int(second or 0), micros, zone)
        return dt.datetime.combine(dt.date(int(year), int(month), int(day)), clock)
    except ValueError:
        return None


def as_boolean(value: object) -> bool | BadValue | None:
    """A yes or a no.

    Args:
        value: A boolean, 1 or 0, or a text such as `true`, `yes`, `on` and their opposites, in any case.

    Returns:
        The boolean, `None` where there is no value, or why it is neither.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        number = _decimal(value)
        if number is not None and number in {Decimal(0), Decimal(1)}:
            return bool(number)
    elif isinstance(value, str):
        word = value.strip().lower()
        if not word:
            return None
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
    return BadValue("not_a_boolean", "a yes or no is needed: true or false, 1 or 0, yes or no, on or off")


def too_long(length: int, limit: int) -> BadValue:
    """The reason for a value of more characters than its field holds."""
    return BadValue("too_long", f"the value has {length} characters, and the field holds {limit}")


def _text(max_length: int | None) -> Formatter:
    if not max_length:
        return as_text

    def format_text(value: object) -> str | BadValue:
        if type(value) is str and len(value) <= max_length and value.isprintable() and not value.isspace():
            return value
        text = as_text(value)
        if isinstance(text, BadValue) or len(text) <= max_length:
            return text
        return too_long(len(text), max_length)

    return format_text


def _with_cents(number: Decimal) -> str:
    rounded = number.quantize(_CENTS, ROUND_HALF_UP, _NUMBERS)
    return plain(rounded) if rounded == rounded.to_integral_value() else format(rounded, "f")


def _number(max_length: int | None, *, cents: bool) -> Formatter:
    def format_number(value: object) -> str | BadValue:
        if type(value) is int and -_SMALL < value < _SMALL:
            text = str(value)
            return too_long(len(text), max_length) if max_length and len(text) > max_length else text
        number = as_number(value)
        if isinstance(number, BadValue):
            return number
        text = _with_cents(number) if cents and number is not None else plain(number)
        return too_long(len(text), max_length) if max_length and len(text) > max_length else text

    return format_number


def _date(value: object) -> str | BadValue:
    if isinstance(value, str) and len(value) == _ISO_DATE_LENGTH and value.isascii():
        try:
            dt.date.fromisoformat(value)
        except ValueError:
            pass
        else:
            if value[4] == value[7] == "-" and value != _NO_DATE.isoformat():
                return f"{value[5:7]}/{value[8:]}/{value[:4]}"
    date = as_date(value)
    if date is None:
        return ""
    return date if isinstance(date, BadValue) else f"{date.month:02}/{date.day:02}/{date.year:04}"


def _on_off(value: object) -> str | BadValue:
    if value is True:
        return "on"
    if value is False:
        return "off"
    answer = as_boolean(value)
    if answer is None:
        return ""
    return answer if isinstance(answer, BadValue) else ("on" if answer else "off")


@functools.lru_cache(maxsize=1024)
def formatter(data_type: str, max_length: int | None = None) -> Formatter:
    """The function that formats values for one profile field.

    | `dataType` (email, SMS) | text that is sent |
    |---|---|
    | Text, CommentArea, ContentBlock | as given; numbers without exponent, lists joined by commas |
    | Numeric (email) | digits with at most two decimals, rounded half up |
    | Number (SMS) | digits with as many decimals as were given |
    | Date | `MM/DD/YYYY` |
    | CheckBox, RadioButton, Checkbox | `on` or `off` |

    A type that is not in the table is treated as Text. The length limits texts and numbers, in characters;
    dates and on/off have a form of their own, which no limit can shorten.

    Args:
        data_type: The field's `dataType`, in any case.
        max_length: The field's `maxLength`; none or 0 is no limit.

    Returns:
        A function from a value to the text to send, "" for no value, or a `BadValue`.
    """
    kind = data_type.lower()
    if kind == "numeric":
        return _number(max_length, cents=True)
    if kind == "number":
        return _number(max_length, cents=False)
    if kind == "date":
        return _date
    if kind in {"checkbox", "radiobutton"}:
        return _on_off
    return _text(max_length)
