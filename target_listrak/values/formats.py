"""Singer values as the texts that Listrak's profile fields hold.

A field's type and length are known before the first record is read, so its formatter is made once
(`formatter`) and then called per value. What does not fit is an `InvalidValue`: a code for machines and a
reason for people. The reason never contains the value: values are people's data and reasons are logged.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from listrak_api.dates import to_wall_time
from listrak_api.settings import zone_from_config

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AS_LISTRAK",
    "Formatter",
    "InvalidValue",
    "Reading",
    "as_boolean",
    "as_date",
    "as_date_time",
    "as_number",
    "as_text",
    "formatter",
]


@dataclass(frozen=True, slots=True)
class InvalidValue:
    """Why a value cannot be what its field needs.

    Attributes:
        code: A stable word for the rejects file, such as `not_a_date`.
        reason: One sentence for a person. It names what is needed and never the value.
    """

    code: str
    reason: str


class Reading(NamedTuple):
    """How texts are read that could mean two things. The default is how Listrak itself writes.

    Attributes:
        date_order: `mdy`, `dmy`, or `ymd` (dates with the year last are rejected). Dates with the year first
            are always read.
        decimal_mark: `.` or `,`, the other one divides thousands; None takes a point for the decimal mark and
            rejects commas.
        zone: Whose wall time gives an instant's calendar day; None takes the day as it is written.
    """

    date_order: str = "mdy"
    decimal_mark: str | None = None
    zone: dt.tzinfo | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any], config: Mapping[str, Any]) -> Reading:
        """The reading that a destination's members, else the settings of the same names, ask for.

        Args:
            options: The members that the destination has.
            config: The settings.
        """
        order, mark = (options.get(name) or config.get(name) for name in ("date_order", "decimal_mark"))
        return cls(order or "mdy", mark, zone_from_config(config))


AS_LISTRAK = Reading()
"""How Listrak writes: what it returned is read so, whatever the settings say."""

Formatter = Callable[[object], "str | InvalidValue"]
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
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_TIME}", re.ASCII | re.IGNORECASE)
_GROUPED = {
    mark: re.compile(rf"[+-]?\d{{1,3}}(?:\{group}\d{{3}})+(?:\{mark}\d+)?", re.ASCII)
    for mark, group in (".,", ",.")
}
_ISO_DATE_LENGTH = 10
_NOON = 12

_TRUE = frozenset({"on", "true", "t", "yes", "y", "1", "checked"})
_FALSE = frozenset({"off", "false", "f", "no", "n", "0", "unchecked"})

_NO_VALUES = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#ERROR!"}
    | {"#FIELD!", "#BLOCKED!", "#CONNECT!", "#GETTING_DATA", "#UNKNOWN!", "[object Object]"}
)
"""What spreadsheets and scripts write in place of a value: it never replaces one that is there."""

_NO_DATE = dt.date(1, 1, 1)
"""What Listrak writes where there is no date and null is not allowed."""


_SPECIAL_BEGINNINGS = frozenset("#[ ")
"""How texts begin that may be blank, or what a program writes in place of a value."""


def as_text(value: object) -> str | InvalidValue:
    """Any value as text: numbers without exponent, dates in ISO form, lists of such joined by commas.

    Args:
        value: What a record holds; `None`, blank text and an empty list give "".

    Returns:
        The text, unstripped, or why there is none: an object, a list in a list, an unsendable character.
    """
    if isinstance(value, str):
        if _is_plain(value):
            return value
        return _sendable(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if type(value) is int and -_SMALL < value < _SMALL:
        return str(value)
    if isinstance(value, int | float | Decimal):
        number = as_number(value)
        return number if isinstance(number, InvalidValue) else plain(number)
    return "" if value is None else _unusual_text(value)


def _is_plain(text: str) -> bool:
    return (
        text.isprintable() and text[:1] not in _SPECIAL_BEGINNINGS
    )  # the only printable blank is one of them


def _sendable(text: str) -> str | InvalidValue:
    """A text that may be none: blank, written in place of a value, or with characters that break files."""
    if text.strip() in _NO_VALUES:
        return InvalidValue(
            "no_value", "the text is what a program writes in place of a value it could not give"
        )
    if _UNSENDABLE.search(text):
        return InvalidValue("control_character", "the text holds a control character that cannot be sent")
    return "" if text.isspace() else text


def _unusual_text(value: object) -> str | InvalidValue:
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return _joined(value)
    return InvalidValue("not_a_text", "expected a text, got an object")


def _joined(values: list[object] | tuple[object, ...]) -> str | InvalidValue:
    texts: list[str] = []
    for value in values:
        if isinstance(value, list | tuple):
            return InvalidValue("not_a_text", "expected a text, got a list of lists")
        text = as_text(value)
        if isinstance(text, InvalidValue):
            return text
        if text:
            texts.append(text)
    return ",".join(texts)


def as_number(value: object, decimal_mark: str | None = None) -> Decimal | InvalidValue | None:
    """A number, exactly; floats by their shortest decimal form.

    Args:
        value: A number, a boolean (1 or 0) or a text such as `"12.50"` or `"1e3"`.
        decimal_mark: See `Reading`. Without it `"1,200"` is rejected: it could be 1.2 or 1200.

    Returns:
        The number, `None` where there is no value, or why it is not a number.
    """
    if isinstance(value, str):
        value = value.strip()
        if decimal_mark is not None:
            value = _with_point(value, decimal_mark)
        elif "," in value and _GROUPED["."].fullmatch(value.replace(".", "")):
            return _AMBIGUOUS_NUMBER
    if value is None or value == "":
        return None
    number = _decimal(value)
    if number is None:
        return InvalidValue("not_a_number", "a number is needed: digits with at most one decimal point")
    if not number:
        return Decimal(0)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or number.adjusted() >= _MAX_DIGITS or exponent < -_MAX_DECIMALS:
        return InvalidValue("number_too_large", f"the number has more than {_MAX_DIGITS} digits")
    return number


_AMBIGUOUS_NUMBER = InvalidValue(
    "not_a_number", "a comma could divide thousands or be the decimal mark (set decimal_mark to say which)"
)


def _with_point(text: str, mark: str) -> str:
    """A number's text with a point for the decimal mark and without what divides thousands; "?" if wrong."""
    group = "," if mark == "." else "."
    if group in text:
        if not _GROUPED[mark].fullmatch(text):
            return "?"
        text = text.replace(group, "")
    return text.replace(mark, ".")


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


def as_date(value: object, reading: Reading = AS_LISTRAK) -> dt.date | InvalidValue | None:
    """The calendar date that a value names.

    A day that its source writes as exact midnight (of UTC, or of the offset that is there) is that day,
    everywhere. Any other instant is on the day that the clocks of `reading.zone` show, if there is one.

    Args:
        value: As for `as_date_time`.
        reading: How it is read.

    Returns:
        The date, `None` where there is none, or why not.
    """
    date_time = as_date_time(value, reading.date_order)
    if not isinstance(date_time, dt.datetime):
        return date_time
    if reading.zone is None or date_time.tzinfo is None or date_time.time() == dt.time():
        return date_time.date()
    try:
        return to_wall_time(date_time, reading.zone).date()
    except OverflowError:
        return InvalidValue("not_a_date", "the date is outside the years 1 to 9999 in the setting timezone")


def as_date_time(value: object, date_order: str = "mdy") -> dt.datetime | InvalidValue | None:
    """The date-time that a value names, aware where the value has an offset, else naive.

    Args:
        value: A date, a date-time, or a text: `2026-06-30`, `2026-06-30T10:00:00Z`, `6/30/2026 1:05 PM`.
        date_order: How dates are read whose year is last (`Reading`). Month comes before day by default, as
            Listrak itself writes dates. Day and month are never swapped to make a date possible.

    Returns:
        The date-time (midnight for a date), `None` where there is none (also for Listrak's own "no date",
        0001-01-01), or why not.
    """
    date_time: dt.datetime | None = None
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        date_time = _parsed_date_time(text, date_order)
    elif isinstance(value, dt.datetime):
        date_time = value
    elif isinstance(value, dt.date):
        date_time = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  a calendar date has no zone
    elif value is None:
        return None
    if date_time is None:
        return _NOT_A_DATE[date_order]
    return None if date_time.date() == _NO_DATE else date_time


_NOT_A_DATE = {
    order: InvalidValue("not_a_date", f"a date is needed: YYYY-MM-DD, with or without a time{form}")
    for order, form in (
        ("mdy", ", or MM/DD/YYYY (set date_order for days first)"),
        ("dmy", ", or DD/MM/YYYY as date_order says"),
        ("ymd", ", as date_order says"),
    )
}


def _parsed_date_time(text: str, date_order: str) -> dt.datetime | None:
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = match[1], match[3], match[4]
    elif (match := _YEAR_LAST.fullmatch(text)) and date_order != "ymd":
        month, day, year = match[1], match[3], match[4]
        if date_order == "dmy":
            month, day = day, month
        elif match[2] == ".":  # nobody writes months first with dots
            return None
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


def as_boolean(value: object) -> bool | InvalidValue | None:
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
    return InvalidValue("not_a_boolean", "a yes or no is needed: true or false, 1 or 0, yes or no, on or off")


def too_long(length: int, limit: int) -> InvalidValue:
    """The reason for a value of more characters than its field holds."""
    return InvalidValue("too_long", f"the value has {length} characters, and the field holds {limit}")


def _text(max_length: int | None) -> Formatter:
    if not max_length:
        return as_text

    def format_text(value: object) -> str | InvalidValue:
        if (
            type(value) is str
            and len(value) <= max_length
            and value.isprintable()
            and value[:1] not in _SPECIAL_BEGINNINGS  # `_is_plain`, without a call for each value
        ):
            return value
        text = as_text(value)
        if isinstance(text, InvalidValue) or len(text) <= max_length:
            return text
        return too_long(len(text), max_length)

    return format_text


def _with_cents(number: Decimal) -> str:
    rounded = number.quantize(_CENTS, ROUND_HALF_UP, _NUMBERS)
    return plain(rounded) if rounded == rounded.to_integral_value() else format(rounded, "f")


def _number(max_length: int | None, *, cents: bool, decimal_mark: str | None) -> Formatter:
    def format_number(value: object) -> str | InvalidValue:
        if type(value) is int and -_SMALL < value < _SMALL:
            text = str(value)
            return too_long(len(text), max_length) if max_length and len(text) > max_length else text
        number = as_number(value, decimal_mark)
        if isinstance(number, InvalidValue):
            return number
        text = _with_cents(number) if cents and number is not None else plain(number)
        return too_long(len(text), max_length) if max_length and len(text) > max_length else text

    return format_number


def _date(reading: Reading) -> Formatter:
    return lambda value: _formatted_date(value, reading)


def _formatted_date(value: object, reading: Reading) -> str | InvalidValue:
    if isinstance(value, str) and len(value) == _ISO_DATE_LENGTH and value.isascii():
        try:
            dt.date.fromisoformat(value)
        except ValueError:
            pass
        else:
            if value[4] == value[7] == "-" and value != _NO_DATE.isoformat():
                return f"{value[5:7]}/{value[8:]}/{value[:4]}"
    date = as_date(value, reading)
    if date is None:
        return ""
    return date if isinstance(date, InvalidValue) else f"{date.month:02}/{date.day:02}/{date.year:04}"


def _on_off(value: object) -> str | InvalidValue:
    if value is True:
        return "on"
    if value is False:
        return "off"
    answer = as_boolean(value)
    if answer is None:
        return ""
    return answer if isinstance(answer, InvalidValue) else ("on" if answer else "off")


@functools.lru_cache(maxsize=1024)
def formatter(data_type: str, max_length: int | None = None, reading: Reading = AS_LISTRAK) -> Formatter:
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
        max_length: The field's `maxLength`; none or 0 means no limit.
        reading: How dates and numbers are read that are texts.

    Returns:
        A function from a value to the text to send, "" for no value, or a `InvalidValue`.
    """
    kind = data_type.lower()
    if kind == "numeric":
        return _number(max_length, cents=True, decimal_mark=reading.decimal_mark)
    if kind == "number":
        return _number(max_length, cents=False, decimal_mark=reading.decimal_mark)
    if kind == "date":
        return _date(reading)
    if kind in {"checkbox", "radiobutton"}:
        return _on_off
    return _text(max_length)
