"""Phone numbers: read in any common form, compared by what they mean, sent in one form.

Numbers need to be *possible*, not proven valid: carriers open new ranges faster than any table knows, and
Listrak is the judge of what it can reach.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber

from target_listrak.values import BadValue

__all__ = ["canonical", "from_listrak", "is_country", "national_form"]

_NANP: Final = 1
"""The country code of the North American plan, whose national numbers all have ten digits."""
_NATIONAL_DIGITS: Final = 10

# Only what people write between digits; phonenumbers alone would find a number inside any sentence.
_WRITTEN = re.compile(r"(?:tel:)?\s*\+?[\d\s().\-\u2010-\u2015/\xa0]+", re.IGNORECASE)
_NOT_DIGIT = re.compile(r"\D")

_MISSING = BadValue("no_phone_number", "the record has no phone number")
_BAD = BadValue("bad_phone_number", "not a possible phone number")


def is_country(code: str) -> bool:
    """Whether a text is a two-letter country code (ISO 3166-1) that phone numbers are known for."""
    return code in phonenumbers.SUPPORTED_REGIONS


def canonical(value: object, default_country: str = "US") -> str | BadValue:
    """The digits of a number with its country code and without `+`, as Listrak takes them.

    Two values are the same number exactly when their canonical forms are equal.

    Args:
        value: What a record holds: text in any common form, or an integer.
        default_country: Two-letter country of numbers that name none.

    Returns:
        Digits such as `14155550100`, or why the value is no phone number (the number is not repeated there).
    """
    if isinstance(value, str):
        return _canonical(value, default_country)
    if value is None:
        return _MISSING
    if isinstance(value, int) and not isinstance(value, bool):
        return _canonical(str(value), default_country) if 0 < value < 10**20 else _BAD
    if isinstance(value, float | Decimal) and 0 < value < 10**20 and value == int(value):
        return _canonical(str(int(value)), default_country)
    return _BAD


@functools.lru_cache(maxsize=100_000)
def _canonical(text: str, default_country: str) -> str | BadValue:
    text = text.strip()
    if not text:
        return _MISSING
    if not _WRITTEN.fullmatch(text):
        return _BAD
    national = _parsed(text, default_country)
    if "+" in text:
        return _digits(national) if national else _BAD
    # Digits alone may already begin with the country code. Where the length alone decides (North America) it
    # does; elsewhere a reading that is valid is better than one that is only possible.
    digits = _NOT_DIGIT.sub("", text)
    international = None if digits.startswith("0") else _parsed("+" + digits, None)
    readings = [number for number in (national, international) if number]
    if not readings:
        return _BAD
    if national and national.country_code == _NANP:
        return _digits(national)
    valid = [number for number in readings if phonenumbers.is_valid_number(number)]
    return _digits((valid or readings)[0])


def _parsed(text: str, country: str | None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, country)
        # A number such as +43 0000000 loses a zero with every reading: nobody has it, and it equals nothing.
        stable = phonenumbers.parse("+" + _digits(number), None)
    except NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) and _digits(stable) == _digits(number) else None


def _digits(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]


@functools.lru_cache(maxsize=100_000)
def from_listrak(text: str, sender_country: str = "US") -> str:
    """The canonical form of a number as Listrak returns it: ten national digits, or with the country code.

    Args:
        text: `phoneNumber` of an answer.
        sender_country: The sender code's `country`, for numbers without a country code.

    Returns:
        Digits with the country code. A text that is no number gives its digits, and so equals only itself.
    """
    digits = _NOT_DIGIT.sub("", text)
    nanp = phonenumbers.country_code_for_region(sender_country) == _NANP
    if "+" not in text and nanp and len(digits) == _NATIONAL_DIGITS:
        return f"{_NANP}{digits}"
    number = None if digits.startswith("0") else _parsed("+" + digits, None)
    if number:
        return _digits(number)
    answer = canonical(text, sender_country)
    return digits if isinstance(answer, BadValue) else answer


def national_form(canonical_digits: str) -> str:
    """The digits without the country code: the other form in which Listrak is seen to keep numbers."""
    number = _parsed("+" + canonical_digits, None)
    return phonenumbers.national_significant_number(number) if number else canonical_digits
