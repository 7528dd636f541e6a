"""Phone numbers: read in the forms that people and spreadsheets write, compared by value, sent in one form.

A number has to be *possible*, not valid: carriers open new ranges before the tables of `phonenumbers` have
them, and Listrak decides which numbers it can reach. But digits alone are never read as a number of another
country, and a cell that could mean more than one number is rejected, because an SMS to a wrong number reaches
a stranger.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal, InvalidOperation
from typing import Final

import phonenumbers
from phonenumbers import CountryCodeSource, NumberParseException, PhoneNumber, ValidationResult

from target_listrak.values.characters import without_invisible
from target_listrak.values.invalid_value import InvalidValue

__all__ = ["MOST_DIGITS", "canonical", "from_listrak", "is_country", "national_form", "plain_cell"]

_NANP: Final = 1
"""The country code of the North American plan, whose national numbers all have ten digits."""
_NATIONAL_DIGITS: Final = 10
_MIN_DIGITS: Final = 7
_MAX_LENGTH: Final = 80
MOST_DIGITS: Final = 15
"""The most digits of an international number (E.164), whatever a country's own plan allows."""

# Only characters that people write between digits: `phonenumbers` would find a number inside any sentence.
_WRITTEN = re.compile(r"\(?\+?[\d(][\d\s().\-\u2010-\u2015\u2212/]*")
_NOT_DIGIT = re.compile(r"\D")
_FORMULA = re.compile(r'=\s*"+([^"]*)"+')
_QUOTED = re.compile(r"""(["'])(.*)\1""")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_WHOLE_DECIMAL = re.compile(r"(\+?\d+)[.,]0+")
_THOUSANDS = re.compile(r"(\d{1,3}(?:,\d{3}){3})(?:\.0+)?")
_DECIMALS = re.compile(r"\d{7,}\.\d+")
_EXPONENT = re.compile(r"[+-]?\d+(?:[.,]\d*)?[eE][+-]?\d{1,3}")
_EXTENSION = re.compile(r"(?:x|ext|extension|#|;ext=|poste|durchwahl)[\s.:=]*\d+\s*$", re.IGNORECASE)
_REPEATED_DIGIT = re.compile(r"\d*?(\d)\1{8}")
"""Numbers such as 555-555-5555, which shops fill in if a person gave no number."""
_LARGEST_INTEGERS = frozenset({"12147483647", "14294967295", "2147483647", "4294967295"})
"""The values that databases store instead of a number that is too large for a column of four bytes."""
_NANP_FIRST = re.compile(r"[2-9]\d\d[2-9]\d{6}")

_MISSING = InvalidValue("no_phone_number", "the record has no phone number")


def _bad(cause: str) -> InvalidValue:
    return InvalidValue("bad_phone_number", f"not a possible phone number: {cause}")


_TYPE = _bad("expected a string or a whole number")
_NOT_WHOLE = _bad("a number below zero, or with decimals")
_LOST_DIGITS = _bad("it is written with an exponent, and digits are lost (format the column as text)")
_LETTERS = _bad("it holds letters")
_HAS_EXTENSION = _bad("it has an extension, and an SMS cannot reach one")
_TWO = _bad("the cell holds more than one number")
_BAD_CHARACTERS = _bad("it contains characters that are not part of a phone number")
_LENGTH = _bad("it has too few or too many digits, or a country code that does not exist")
_FOREIGN = _bad(
    "its digits are not a number of default_country (write numbers of other countries with + and the "
    "country code)"
)
_HAS_PREFIX = _bad(
    "its digits begin as a call abroad does in default_country (write it with + and country code)"
)
_DOUBTFUL = _bad("it could be two different numbers (write it with + and country code)")
_PLACEHOLDER = _bad("one digit repeated is a placeholder, filled in where a person gave no number")
_LARGEST = _bad("it is the largest integer of a database column, stored in place of a larger number")
_NO_COUNTRY = _bad("it begins with + and looks like a number without its country code")


def is_country(code: str) -> bool:
    """Return whether a text is a two-letter country code (ISO 3166-1) whose phone numbers are known."""
    return code in phonenumbers.SUPPORTED_REGIONS


def canonical(
    value: object, default_country: str = "US", *, international: bool = False
) -> str | InvalidValue:
    """Return the digits of a number with its country code and without `+`, as Listrak takes them.

    Two values are the same number exactly when their canonical forms are equal. Digits without `+`, `00` or
    (in North America) `011` are a number of `default_country`: national, or with that country's own code if
    only that reading is a valid number. All else is rejected with its cause: another country's digits, an
    extension, letters, two numbers, an exponent that lost digits.

    What spreadsheets do is undone: `4155550100.0`, `4,155,550,100`, `'4155550100`, `="4155550100"`,
    full-width digits, invisible characters.

    Args:
        value: The record's value: text, or a whole number.
        default_country: Two-letter country code of numbers that are written without one.
        international: Whether digits alone may also be a number of another country with its country code
            (the setting `phone_digits`); if both readings are valid numbers the value is rejected.

    Returns:
        Digits such as `14155550100`, or why the value is not a phone number (without the number itself).
    """
    if value is None:
        return _MISSING
    if isinstance(value, str):
        return _canonical(value, default_country, international)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return _TYPE
    if not 0 < value < 10**20:
        return _NOT_WHOLE if value <= 0 else _LENGTH if value > 0 else _TYPE  # the last is NaN
    text = format(value, ".1f") if isinstance(value, float) and value == int(value) else str(value)
    return _canonical(text, default_country, international)


@functools.lru_cache(maxsize=100_000)
def _canonical(cell: str, default_country: str, international: bool) -> str | InvalidValue:  # noqa: FBT001 - cached
    text = plain_cell(cell)
    number = _number(text, default_country, international=international) if text else _MISSING
    if number in _LARGEST_INTEGERS:
        return _LARGEST
    return _PLACEHOLDER if isinstance(number, str) and _REPEATED_DIGIT.fullmatch(number) else number


def _number(text: str, default_country: str, *, international: bool) -> str | InvalidValue:
    """Read a text that holds one number and nothing else."""
    if len(text) > _MAX_LENGTH or not _WRITTEN.fullmatch(text) or _DECIMALS.fullmatch(text):
        return _cause_of(text)
    if len(_number_parts(text)) > 1:
        return _TWO
    if "+" in text:
        return _with_plus(text, default_country)
    digits = _NOT_DIGIT.sub("", text)
    nanp = phonenumbers.country_code_for_region(default_country) == _NANP
    prefixed = digits.startswith("00") or (nanp and digits.startswith("011"))
    if prefixed:
        return _with_prefix(digits, default_country, nanp=nanp)
    return _without_prefix(text, digits, default_country, international=international)


def plain_cell(cell: str) -> str:
    """Return a cell's text without the characters that spreadsheets and copying add to a number.

    Example: `'="4155550100"'`, `"'4155550100"` and `"4155550100.0"` all give `"4155550100"`. An ambiguous
    cell is not changed.
    """
    text = cell
    if not text.isascii():
        text = text.translate(_FULL_WIDTH)
        text = "".join(str(int(char)) if char.isdecimal() else char for char in text)
    text = without_invisible(text).strip()
    if match := _FORMULA.fullmatch(text) or _QUOTED.fullmatch(text):
        text = match[match.lastindex or 1].strip()
    text = text.removeprefix("'").removeprefix("\u2019").rstrip(",;. \t").lstrip()
    if text[:4].lower() == "tel:":
        text = text[4:].strip()
    if match := _WHOLE_DECIMAL.fullmatch(text):
        return match[1]
    if match := _THOUSANDS.fullmatch(text):
        return match[1].replace(",", "")
    if _EXPONENT.fullmatch(text):
        return _without_exponent(text)
    return text


def _without_exponent(text: str) -> str:
    """Return the digits of a number with an exponent (`4.155550100E9`); the text if digits are lost."""
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return text
    exponent = number.as_tuple().exponent
    whole = (
        isinstance(exponent, int) and -_MAX_LENGTH < exponent <= 0 and number == number.to_integral_value()
    )
    return str(int(number)) if whole and number > 0 else text


def _cause_of(text: str) -> InvalidValue:
    """Return why a text is not a phone number."""
    if len(text) > _MAX_LENGTH:
        return _LENGTH
    if _EXPONENT.fullmatch(text):
        return _LOST_DIGITS
    if _EXTENSION.search(text) and len(_NOT_DIGIT.sub("", text)) > _MIN_DIGITS:
        return _HAS_EXTENSION
    if len([part for part in re.split(r"[^\d\s().+-]+", text) if _is_long(part)]) > 1:
        return _TWO
    if any(character.isalpha() for character in text):
        return _LETTERS
    return _NOT_WHOLE if re.fullmatch(r"-?\s*[\d.]+", text) else _BAD_CHARACTERS


def _number_parts(text: str) -> list[str]:
    """Return the numbers in a text of digits: `030/123456` is one, `4155550100/0101` are two."""
    before, slash, _ = text.partition("/")
    parts = text.split("/") if slash and (_is_long(before) or text.count("/") > 1) else [text]
    lines = [line for part in parts for line in part.splitlines() if line.strip()]
    blocks = [part for part in text.split() if _is_long(part)]
    return lines if len(lines) > 1 else blocks


def _is_long(text: str) -> bool:
    return len(_NOT_DIGIT.sub("", text)) >= _MIN_DIGITS


def _with_plus(text: str, default_country: str) -> str | InvalidValue:
    """Read a number that is written with its country code."""
    number = _parsed(text, None)
    if number is None:
        return _LENGTH
    own = phonenumbers.country_code_for_region(default_country)
    if number.country_code != own and not phonenumbers.is_valid_number(number):
        # A plus sign before a national number: +2095550113 would be a number in Egypt.
        if own == _NANP and _NANP_FIRST.fullmatch(_NOT_DIGIT.sub("", text)):
            return _NO_COUNTRY
        national = _parsed(text.replace("+", ""), default_country)
        if national and national.country_code == own and phonenumbers.is_valid_number(national):
            return _NO_COUNTRY
    return _digits(number)


def _with_prefix(digits: str, default_country: str, *, nanp: bool) -> str | InvalidValue:
    """Read a number that begins with an international prefix. In North America `00` can also be padding."""
    prefix = "00" if digits.startswith("00") else "011"
    rest = digits.removeprefix(prefix)
    if nanp and prefix == "00" and _NANP_FIRST.fullmatch(rest):
        return _DOUBTFUL
    number = _parsed(digits, default_country) if prefix == "00" and not nanp else None
    if number is None or number.country_code_source == CountryCodeSource.FROM_DEFAULT_COUNTRY:
        number = _parsed("+" + rest, None)
    return _digits(number) if number else _LENGTH


def _without_prefix(
    text: str, digits: str, default_country: str, *, international: bool
) -> str | InvalidValue:
    """Read digits without a prefix: a number of the default country, if they can mean only one number."""
    own = phonenumbers.country_code_for_region(default_country)
    if own == _NANP and not international:  # ten digits, or eleven with the country code: no library needed
        ten = digits.removeprefix("1")
        if _NANP_FIRST.fullmatch(ten):
            return f"1{ten}"
    usual = _usual_reading(digits, default_country)
    if usual is None:
        return _HAS_PREFIX if _parsed("+" + digits, None) else _LENGTH
    national = _national(text, digits, default_country)
    readings = {_digits(national): national} if national else {}
    if (digits.startswith(str(own)) or international) and not digits.startswith("0"):
        number = _parsed("+" + digits, None)
        if number:
            readings[_digits(number)] = number
    if len(readings) > 1:
        # Ten digits in the North American form are never read as a number of another country.
        readings = {
            digits_read: number
            for digits_read, number in readings.items()
            if phonenumbers.is_valid_number(number) or (own == _NANP and number is national)
        }
        if len(readings) != 1:
            return _DOUBTFUL
    if national and not phonenumbers.is_valid_number(national) and _has_two_prefixes(digits, own):
        return _DOUBTFUL
    if not readings:
        return _FOREIGN if _parsed("+" + digits, None) else _LENGTH
    answer, number = next(iter(readings.items()))
    # If the rules of the country give another number, the digits could be another person's number.
    return answer if number.country_code != own or answer == _digits(usual) else _DOUBTFUL


def _has_two_prefixes(digits: str, own: int) -> bool:
    """Return whether zeros come before a number with its country code: 0919876543210 in India."""
    rest = digits.lstrip("0")
    number = _parsed("+" + rest, None) if rest != digits and rest.startswith(str(own)) else None
    return number is not None and number.country_code == own and phonenumbers.is_valid_number(number)


def _national(text: str, digits: str, country: str) -> PhoneNumber | None:
    """Return the number that digits mean in a country, if they are written without a country code."""
    own = phonenumbers.country_code_for_region(country)
    number = _parsed(text, country)
    if number is None or number.country_code_source != CountryCodeSource.FROM_DEFAULT_COUNTRY:
        number = _parsed(f"+{own}{digits}", None)
    if number is None or number.country_code != own:
        return None
    if own == _NANP and not _NANP_FIRST.fullmatch(phonenumbers.national_significant_number(number)):
        return None
    return number


def _usual_reading(digits: str, country: str) -> PhoneNumber | None:
    """Return the number that digits mean by the rules of a country, whether it is possible or not.

    Returns:
        None if they begin with the country's international prefix, such as 012 in Israel, or are too few.
    """
    try:
        number = phonenumbers.parse(digits, country, keep_raw_input=True)
    except NumberParseException:
        return None
    return None if number.country_code_source == CountryCodeSource.FROM_NUMBER_WITH_IDD else number


def _parsed(text: str, country: str | None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, country, keep_raw_input=True)
        # A number such as +43 0000000 loses a zero each time it is parsed, so it has no canonical form.
        stable = phonenumbers.parse("+" + _digits(number), None)
    except NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    digits = _digits(number)
    return number if possible and len(digits) <= MOST_DIGITS and _digits(stable) == digits else None


def _digits(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]


@functools.lru_cache(maxsize=100_000)
def from_listrak(text: str, sender_country: str = "US") -> str:
    """Return the canonical form of a number that Listrak returned: ten national digits, or with country code.

    Unlike the digits of a record, these may begin with any country code.

    Args:
        text: `phoneNumber` of an answer.
        sender_country: The sender code's `country`, for numbers without a country code.

    Returns:
        Digits with the country code. For a text that is not a number, its digits, which equal no number.
    """
    digits = _NOT_DIGIT.sub("", text)
    nanp = phonenumbers.country_code_for_region(sender_country) == _NANP
    if "+" not in text and nanp and len(digits) == _NATIONAL_DIGITS:
        return f"{_NANP}{digits}"
    number = None if digits.startswith("0") else _parsed("+" + digits, None)
    if number:
        return _digits(number)
    answer = canonical(text, sender_country)
    return digits if isinstance(answer, InvalidValue) else answer


def national_form(canonical_digits: str) -> str:
    """Return the digits without the country code: the other form in which Listrak stores numbers."""
    number = _parsed("+" + canonical_digits, None)
    return phonenumbers.national_significant_number(number) if number else canonical_digits
