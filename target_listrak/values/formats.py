"""Formats Singer values as the texts that Listrak's profile fields take.

A field's type and length are known before the first record is read. So its formatter is created once
(`formatter`) and then called for each value. For a value that does not fit it returns an `InvalidValue`: a
code for programs and a reason for people. The reason never has the value, as reasons are logged and values
are people's data.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import sys
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal

from target_listrak.values.dates import NO_DATES, as_date
from target_listrak.values.invalid_value import InvalidValue, too_long
from target_listrak.values.numbers import MAX_DECIMALS, MAX_DIGITS, as_decimal, as_number, plain
from target_listrak.values.reading import AS_LISTRAK, IDENTIFIER, Reading

__all__ = ["Formatter", "as_boolean", "as_identifier", "as_text", "formatter", "is_missing"]


Formatter = Callable[[object], "str | InvalidValue"]
"""Turns one value into the text to send; "" where there is no value (null, blank text, empty list)."""

_NUMBERS = Context(prec=MAX_DIGITS + MAX_DECIMALS)
_CENTS = Decimal("0.01")
_SMALL = 10**15
"""Whole numbers below this one are formatted by `str`: as by `Decimal`, and ten times as fast."""

# Neither CSV nor JSON forbids these, but one of them can break a whole import file on the other side.
_UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

_ISO_DATE_LENGTH = 10

_TRUE = frozenset({"on", "true", "t", "yes", "y", "1", "checked"})
_FALSE = frozenset({"off", "false", "f", "no", "n", "0", "unchecked"})

_NO_VALUES = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#ERROR!"}
    | {"#FIELD!", "#BLOCKED!", "#CONNECT!", "#GETTING_DATA", "#UNKNOWN!", "[object Object]"}
)
"""What spreadsheets and scripts write instead of a value. Such a text never overwrites a value."""


_BLANKS = " \t\r\n\xa0\u200b\u200c\u200d\u2060\ufeff"
"""White space and zero-width characters: a cell that has nothing else looks empty."""

_SPECIAL_BEGINNINGS = frozenset("#[ ='\u2019")
"""First characters of texts that may be blank, a program's placeholder, or a spreadsheet's form of a text."""

_MISREAD = re.compile("[\x80-\x9f]")
"""Control characters that nobody writes: quotes, dashes and the euro of windows-1252, read as Latin-1."""

_LOST = "\ufffd"
"""What a program writes in place of characters that it could not decode."""

_FORMULA = re.compile(r'\s*="((?:[^"]|"")*)"\s*')
"""How spreadsheet exports keep digits a text: `="02134"`."""
_MARKED = re.compile(r"\s*['\u2019](\d{3,}|\d{5}-\d{4})\s*", re.ASCII)
"""A spreadsheet's mark of a text before digits: `'02134`. Two digits can be a year, as in `'90`."""


def as_text(value: object) -> str | InvalidValue:
    """Format any value as text: numbers without exponent, dates in ISO form, lists joined by commas.

    The spreadsheet forms `="02134"` and `'02134` are undone.

    Args:
        value: The record's value; `None`, blank text and an empty list give "".

    Returns:
        The text, unstripped, or why there is none: an object, a list in a list, a control character,
        or characters that were lost.
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
    """Return whether a text can be sent as it is. The space is the only printable blank."""
    return text.isprintable() and text[:1] not in _SPECIAL_BEGINNINGS and _LOST not in text


def _sendable(text: str) -> str | InvalidValue:
    """Return the text; "" if it is blank; the reason if it is a placeholder or has a control character."""
    if match := _FORMULA.fullmatch(text):
        text = match[1].replace('""', '"')
    elif match := _MARKED.fullmatch(text):
        text = match[1]
    if text.strip() in _NO_VALUES:
        return InvalidValue(
            "no_value", "the text is what a program writes in place of a value it could not give"
        )
    if _UNSENDABLE.search(text):
        return InvalidValue("control_character", "the text holds a control character that cannot be sent")
    if _MISREAD.search(text):
        return InvalidValue(
            "lost_characters",
            "the text has a character from U+0080 to U+009F, as windows-1252 has that was read as Latin-1 "
            "(correct the encoding in the source)",
        )
    if _LOST in text:
        return InvalidValue(
            "lost_characters",
            "the text has U+FFFD, which a program writes in place of a character that it could not decode "
            "(correct the encoding in the source)",
        )
    return text if text.strip(_BLANKS) and not text.isspace() else ""


def _unusual_text(value: object) -> str | InvalidValue:
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return _joined(value)
    return InvalidValue("not_a_text", "expected a string, got an object")


def _joined(values: list[object] | tuple[object, ...]) -> str | InvalidValue:
    texts: list[str] = []
    for value in values:
        if isinstance(value, list | tuple):
            return InvalidValue("not_a_text", "expected a string, got a list of lists")
        text = as_text(value)
        if isinstance(text, InvalidValue):
            return text
        if text:
            texts.append(text)
    return ",".join(texts)


def as_boolean(value: object) -> bool | InvalidValue | None:
    """Read a boolean.

    Args:
        value: A boolean, 1 or 0, or a text such as `true`, `yes`, `on` and their opposites, in any case.

    Returns:
        The boolean, `None` if there is no value, or the reason why the value is not a boolean.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        number = as_decimal(value)
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
    return InvalidValue("not_a_boolean", "expected yes or no: true or false, 1 or 0, yes or no, on or off")


def _text(max_length: int | None, nulls: frozenset[str]) -> Formatter:
    limit = max_length or sys.maxsize

    def format_text(value: object) -> str | InvalidValue:
        if (
            type(value) is str
            and len(value) <= limit
            and value.isprintable()
            and value[:1] not in _SPECIAL_BEGINNINGS  # `_is_plain`, without a call for each value
            and _LOST not in value
        ):
            return "" if value in nulls else value
        text = as_text(value)
        if isinstance(text, InvalidValue):
            return text
        if text.strip() in nulls:
            return ""
        return text if len(text) <= limit else too_long(len(text), limit)

    return format_text


def _without_nulls(format_value: Formatter, nulls: frozenset[str]) -> Formatter:
    """Format a text that means null as "", unless it is a value of the field's type."""

    def format_or_null(value: object) -> str | InvalidValue:
        formatted = format_value(value)
        is_null = type(formatted) is InvalidValue and isinstance(value, str) and value.strip() in nulls
        return "" if is_null else formatted

    return format_or_null


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
            date = dt.date.fromisoformat(value)
        except ValueError:
            pass
        else:
            if value[4] == value[7] == "-" and date not in NO_DATES:
                return f"{value[5:7]}/{value[8:]}/{value[:4]}"
    found = as_date(value, reading)
    if found is None:
        return ""
    return found if isinstance(found, InvalidValue) else f"{found.month:02}/{found.day:02}/{found.year:04}"


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
    """Return the function that formats values for one profile field.

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
        A function from a value to the text to send, "" for no value, or an `InvalidValue`.
    """
    kind = data_type.lower()
    if kind == "numeric":
        typed = _number(max_length, cents=True, decimal_mark=reading.decimal_mark)
    elif kind == "number":
        typed = _number(max_length, cents=False, decimal_mark=reading.decimal_mark)
    elif kind == "date":
        typed = _date(reading)
    elif kind in {"checkbox", "radiobutton"}:
        typed = _on_off
    else:
        return _text(max_length, reading.null_values)
    return _without_nulls(typed, reading.null_values) if reading.null_values else typed


as_identifier: Formatter = formatter("Text", None, IDENTIFIER)
"""Formats an id as text; "" if there is none, also for texts such as `NULL`."""


def is_missing(value: object) -> bool:
    """Return whether a value that names something is missing: null, blank, or a text that means null.

    As for ids (`IDENTIFIER`), `NULL` and the like are never a name, whatever the settings say.
    """
    text = as_text(value)
    return isinstance(text, str) and (not text.strip() or text.strip() in IDENTIFIER.null_values)
