"""Finds all contacts that a cell could mean, so that a mirror removes nobody because of a badly written cell.

Loading reads cells strictly (`addresses.parse`, `phones.canonical`) and rejects ambiguous ones. For removals
the opposite is needed: a rejected cell means somebody, and everybody whom it *could* mean must stay. These
functions return all contacts that a cell could mean, or `None` if it could mean anybody. Then nobody may be
removed.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException

from target_listrak.values.addresses import parse
from target_listrak.values.characters import plain_form, without_invisible
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.phones import MOST_DIGITS, canonical, plain_cell

__all__ = ["possible_addresses", "possible_numbers"]

_MAX_LENGTH: Final = 500
"""Longer cells are texts, not keys."""

_AT: Final = re.compile(r"\s*[(\[{<]\s*at\s*[)\]}>]\s*", re.IGNORECASE)
_DOT: Final = re.compile(r"\s*[(\[{<]\s*dot\s*[)\]}>]\s*", re.IGNORECASE)
_QUOTED_NAME: Final = re.compile(r'"[^"<>]*"\s*(?=<)')
_NAMED: Final = re.compile(r"[^<>@]*<([^<>]*)>[^<>@]*")
_BETWEEN_ADDRESSES: Final = re.compile(r"[,;|\n\r\t]|/| and | or |(?<=\.[a-z]{3}) (?=\S+@)", re.IGNORECASE)
_AROUND_ADDRESS: Final = " \t\r\n\"'`\u00b4\u2018\u2019\u201c\u201d\u00ab\u00bb()[]{}<>.,;:!?*|\\/="

_EXTENSION: Final = re.compile(
    r"[\s,;(]*(?:ext(?:ension|n|\.)?|x|#|;\s*ext)[\s.:=]*(\d{1,7})[\s).]*$", re.IGNORECASE
)
_URI_EXTENSION: Final = re.compile(r";\s*(?=ext)", re.IGNORECASE)
_LABEL: Final = re.compile(
    r"\b(?:tel|phone|telephone|mobile|mob|cell|home|work|office|fax|call|sms|number|no|nr|[mhcwtpof])\b[\s.:]*",
    re.IGNORECASE,
)
_BETWEEN_NUMBERS: Final = re.compile(r"[,;/|&\n\r\t\\]|\band\b|\bor\b", re.IGNORECASE)
_DECIMALS: Final = re.compile(r"(?<=\d)[.,]0+$")
_EXPONENT: Final = re.compile(r"\d[eE]\s*[+-]?\s*\d")
_NOT_DIGIT: Final = re.compile(r"\D")
_LONG_GROUP: Final = re.compile(r"\d{7,}")
_MIN_DIGITS: Final = 7


def possible_addresses(cell: object) -> frozenset[str] | None:
    """Return the contacts that a cell could mean, as keys of `addresses.parse`.

    Args:
        cell: The record's value. It may have invisible characters, a name, `mailto:`, quotes, commas, `(at)`
            and more than one address.

    Returns:
        Keys, at least one; None if the cell could mean anybody: it is empty, missing, not a text, or holds
        something that is not an address.
    """
    if not isinstance(cell, str) or len(cell) > _MAX_LENGTH:
        return None
    keys: set[str] = set()
    strict = parse(cell)
    if not isinstance(strict, InvalidValue):
        keys.add(strict.key)
    plain, spaced = plain_form(cell), plain_form(without_invisible(cell, " "))
    readings = [_addresses(text) for text in dict.fromkeys((plain, without_invisible(cell), spaced))]
    if not keys and not any(readings):
        return None
    return frozenset(keys.union(*filter(None, readings)))


def _addresses(text: str) -> set[str] | None:
    """Return the addresses in a text without invisible characters; None if a part of it is not one."""
    text = _QUOTED_NAME.sub("", _DOT.sub(".", _AT.sub("@", text)))
    keys: set[str] = set()
    for part in _BETWEEN_ADDRESSES.split(text):
        candidate = _undressed(part)
        if not candidate:
            continue
        address = parse(candidate)
        if isinstance(address, InvalidValue):
            return None
        keys.add(address.key)
    return keys or None


def _undressed(part: str) -> str:
    """Return a text without what is written around an address: a name and brackets, quotes, `mailto:`."""
    text = part.strip(_AROUND_ADDRESS.replace("<", "").replace(">", ""))
    if match := _NAMED.fullmatch(text):
        text = match[1]
    text = text.strip(_AROUND_ADDRESS)
    if text.lower().startswith("mailto:"):
        text = text[len("mailto:") :].partition("?")[0]
    return text.strip(_AROUND_ADDRESS)


def possible_numbers(cell: object, default_country: str = "US") -> frozenset[str] | None:
    """Return the numbers that a cell could mean, in the form of `phones.canonical`.

    Args:
        cell: The record's value. The result has the number without its extension, each of several numbers,
            and every reading of digits that may or may not have a country code.
        default_country: Two-letter country code of numbers that are written without one.

    Returns:
        Digits with country code, at least one number; None if the cell could mean anybody: it is empty,
        missing, has letters, has lost digits, or is not a number.
    """
    if isinstance(cell, bool) or not isinstance(cell, str | int | float | Decimal):
        return None
    if isinstance(cell, int) and cell.bit_length() > 200:  # noqa: PLR2004 - no phone number; str() would be slow
        return None
    text = str(cell)
    if len(text) > _MAX_LENGTH:
        return None
    strict = canonical(cell, default_country)
    numbers: set[str] = set() if isinstance(strict, InvalidValue) else {strict}
    texts = dict.fromkeys((plain_cell(text), plain_cell(without_invisible(text, " "))))
    readings = [_numbers(plain, default_country) for plain in texts]
    if not numbers and not any(readings):
        return None
    return frozenset(numbers.union(*filter(None, readings)))


def _numbers(text: str, country: str) -> set[str] | None:
    """Return the numbers in a text; None if a part of it is not one."""
    numbers: set[str] = set()
    text = text.lstrip("=").strip(" \t\r\n'\"`\u00b4\u2018\u2019\u201c\u201d<>[]{}")
    if _EXPONENT.search(text):
        return None  # digits are lost
    parts = [part for part in map(str.strip, _BETWEEN_NUMBERS.split(_URI_EXTENSION.sub(" ", text))) if part]
    if len(parts) == 1 and (whole := _readings(text, country)):
        groups = _LONG_GROUP.findall(text)
        several = [_readings(group, country) for group in groups] if len(groups) > 1 else []
        # "5550100 5550101" could be one long number or two. If one of the two is unreadable, it could be
        # anybody's.
        return whole.union(*filter(None, several)) if all(several) else None
    for part in parts:
        pieces = [part] if _readings(part, country) else part.split()
        for piece in pieces:
            found = _readings(piece, country)
            if found is None:
                # "030/123456" is one number with a slash; of "4155550100/0101" the second is unreadable.
                whole_number = None if re.search(r"[^\W\d_]", text) else _possible(text, country)
                return {whole_number} if whole_number else None
            numbers |= found
    return numbers or None


def _readings(text: str, country: str) -> set[str] | None:
    """Return the numbers that a text could mean; None if it is not a number."""
    text = text.strip().removeprefix("tel:")
    main = _EXTENSION.sub("", text)
    numbers: set[str] = set()
    for variant in dict.fromkeys((text, main, _DECIMALS.sub("", text), _DECIMALS.sub("", main))):
        bare = _LABEL.sub("", variant).strip(" .:,;-()'\"")
        if any(character.isalpha() for character in bare):
            continue
        digits = _NOT_DIGIT.sub("", bare)
        if len(digits) < _MIN_DIGITS:
            continue
        if "+" not in bare and _lacks_area(digits, country):
            return None
        if digits.endswith("0") and digits == bare == text:  # a decimal zero whose point was lost
            numbers.update(filter(None, [_possible(digits[:-1], country)]))
        forms = [
            (bare, country),
            ("+" + digits.removeprefix("011").lstrip("0"), None),
            (digits, country),
            (digits.lstrip("0"), country),  # zeros that only fill a cell up
        ]
        numbers.update(number for form, region in forms if (number := _possible(form, region)))
    return numbers or None


def _lacks_area(digits: str, country: str) -> bool:
    """Return whether digits are a number without its area code, which could be anybody's."""
    try:
        number = phonenumbers.parse(digits, country)
    except NumberParseException:
        return False
    reason = phonenumbers.is_possible_number_with_reason(number)
    return bool(reason == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY)


def _possible(text: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
    return digits if len(digits) <= MOST_DIGITS else None
