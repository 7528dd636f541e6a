"""Reads keys: order numbers, SKUs, customer numbers, external ids. All spellings of a key give the same text.

A spreadsheet that saves a long number with an exponent (`4.50123E+11`) loses digits: different keys become
one text. A column of numbers with gaps is often written with decimals (`1001.0`): one key becomes two texts.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from target_listrak.values.characters import without_invisible
from target_listrak.values.formats import as_identifier
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.numbers import as_decimal

__all__ = ["as_key", "is_no_customer"]

# Programs write one digit before the point, spreadsheets up to three. Without a fraction, the exponent
# has a sign. `12E5` and `90E-15` do not match: no program writes numbers so, and they can be SKUs.
_EXPONENT: Final = re.compile(r"[+-]?(?:\d{1,3}[.,]\d+[eE][+-]?\d{1,3}|\d[eE][+-]\d{1,3})", re.ASCII)
_WHOLE_DECIMAL: Final = re.compile(r"([1-9]\d*|0)\.0", re.ASCII)
_DECIMAL_ZEROS: Final = re.compile(r"[+-]?\d+[.]0+", re.ASCII)
_FORMULA: Final = re.compile(r'="([^"]*)"')
_MARKED: Final = re.compile(r"['\u2019](\d+)", re.ASCII)
_ZEROS: Final = re.compile(r"[0\s{}-]*0[0\s{}-]*", re.ASCII)
_MAX_EXPONENT: Final = 40
_EXACT: Final = 2**53
"""Whole numbers up to this one are exact in a float. A larger one with a point may have lost digits."""

_NO_CUSTOMERS: Final = frozenset({"-1", "guest", "anonymous", "unknown", "none"})
"""What shops write, apart from 0, as the number of a customer without an account."""

_LOST_DIGITS: Final = InvalidValue(
    "bad_key",
    "it is a number with an exponent, or too large for a float, and digits are lost: different keys look the "
    "same (format the column as text, or as whole numbers, in the spreadsheet or the source)",
)
_BOOLEAN: Final = InvalidValue("bad_key", "expected a key, got true or false")
_LIST: Final = InvalidValue("bad_key", "expected one key, got a list")
_FRACTION: Final = InvalidValue(
    "bad_key", "expected a key, got a number with decimals, which can have lost zeros (send it as text)"
)
_AMBIGUOUS_DECIMALS: Final = InvalidValue(
    "bad_key",
    "it ends with decimals that are zero, and whether they belong to the key is not known (leave them out)",
)


def as_key(value: object) -> str | InvalidValue:
    """Read a key as text: one key has one spelling, whatever program wrote it.

    Example: 1001, 1001.0, `"1001.0"`, `" 1001 "`, `'="1001"'` and `"1.001E3"` are all `"1001"`, and
    `"4.50123E+11"` is rejected.

    Args:
        value: The record's value. Texts keep their case and leading zeros.

    Returns:
        The key; "" if there is none (null, blank, a text such as `NULL`); or the reason why it is not
        certain.
    """
    if type(value) is str and value.isalnum():
        return as_identifier(value)  # the form of most keys: nothing can be around it, or lost from it
    if isinstance(value, bool):
        return _BOOLEAN
    if isinstance(value, list | tuple) and value:
        return as_key(value[0]) if len(value) == 1 else _LIST
    if isinstance(value, float | Decimal):
        return _from_number(value)
    text = as_identifier(value)
    return text if isinstance(text, InvalidValue) else _from_text(text)


def is_no_customer(key: str) -> bool:
    """Return whether a customer number means a guest: 0, only zeros, -1, `guest` and the like."""
    return bool(_ZEROS.fullmatch(key)) or key.casefold() in _NO_CUSTOMERS


def _from_number(value: float | Decimal) -> str | InvalidValue:
    number = as_decimal(value)
    exponent = None if number is None else number.as_tuple().exponent
    if number is None or not isinstance(exponent, int):
        return InvalidValue("not_a_number", "expected a key, got something that is not a number")
    if number and (exponent > 0 or abs(number) >= _EXACT):
        return _LOST_DIGITS
    return str(int(number)) if number == number.to_integral_value() else _FRACTION


def _from_text(text: str) -> str | InvalidValue:
    key = without_invisible(text).strip()
    for wrapped in (_FORMULA, _MARKED):
        if match := wrapped.fullmatch(key):
            key = match[1].strip()
    if match := _WHOLE_DECIMAL.fullmatch(key):
        return match[1]
    if _DECIMAL_ZEROS.fullmatch(key):
        return _AMBIGUOUS_DECIMALS
    if not _EXPONENT.fullmatch(key):
        return key
    number = Decimal(key.replace(",", "."))
    exponent = number.as_tuple().exponent
    is_written = isinstance(exponent, int) and -_MAX_EXPONENT < exponent <= 0
    whole = is_written and number == number.to_integral_value()
    return str(int(number)) if whole else _LOST_DIGITS
