"""Reads numbers exactly, with the decimal mark that the settings name."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from target_listrak.values.invalid_value import InvalidValue

__all__ = ["MAX_DECIMALS", "MAX_DIGITS", "as_decimal", "as_number", "plain"]

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
MAX_DIGITS = 40
MAX_DECIMALS = 400  # a double's smallest magnitudes; longer fractions come from exponents such as 1e-9999
_GROUPED = {
    mark: re.compile(rf"[+-]?\d{{1,3}}(?:\{group}\d{{3}})+(?:\{mark}\d+)?", re.ASCII)
    for mark, group in (".,", ",.")
}


_NOT_A_NUMBER = InvalidValue("not_a_number", "expected a number: digits with at most one decimal point")
_WITH_COMMA = InvalidValue(
    "not_a_number",
    "expected a number: digits with at most one decimal point (set decimal_mark for commas, as in 1.234,50)",
)


def as_number(value: object, decimal_mark: str | None = None) -> Decimal | InvalidValue | None:
    """Read a number exactly; floats by their shortest decimal form.

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
    number = as_decimal(value)
    if number is None:
        return (
            _WITH_COMMA if isinstance(value, str) and "," in value and decimal_mark is None else _NOT_A_NUMBER
        )
    if not number:
        return Decimal(0)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or number.adjusted() >= MAX_DIGITS or exponent < -MAX_DECIMALS:
        return InvalidValue("number_too_large", f"the number has more than {MAX_DIGITS} digits")
    return number


_AMBIGUOUS_NUMBER = InvalidValue(
    "not_a_number", "a comma could divide thousands or be the decimal mark (set decimal_mark to say which)"
)


def _with_point(text: str, mark: str) -> str:
    """Return a number's text with a decimal point and without thousands separators; "?" if they are wrong."""
    group = "," if mark == "." else "."
    if group in text:
        if not _GROUPED[mark].fullmatch(text):
            return "?"
        text = text.replace(group, "")
    return text.replace(mark, ".")


def as_decimal(value: object) -> Decimal | None:
    """Read a number exactly, with a point for the decimal mark; `None` if it is not a finite number."""
    if isinstance(value, str):
        fits = len(value) <= MAX_DIGITS + MAX_DECIMALS and _NUMBER.fullmatch(value)
        return Decimal(value) if fits else None
    if isinstance(value, int):  # booleans too: a flag kept in a number is 1 or 0
        return Decimal(value) if value.bit_length() <= MAX_DIGITS * 4 else Decimal("Infinity")
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    return value if isinstance(value, Decimal) and value.is_finite() else None


def plain(number: Decimal | None) -> str:
    """Return a number's digits without exponent and without redundant zeros; "" for `None`."""
    if number is None:
        return ""
    if not number:  # also -0
        return "0"
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.removeprefix("+")
