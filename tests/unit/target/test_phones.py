from __future__ import annotations

from decimal import Decimal

import phonenumbers
import pytest
from cells import EXAMPLES, Cell, phone_cells
from hypothesis import given, settings
from hypothesis import strategies as st

from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.phones import canonical, from_listrak, is_country, national_form
from target_listrak.values.possible_keys import possible_numbers

NANP = st.from_regex(r"(?!\d(\d)\1{8})[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True)


@pytest.mark.parametrize(
    "written",
    [
        "4155550100",
        "14155550100",
        "+14155550100",
        "+1 (415) 555-0100",
        "415.555.0100",
        "(415) 555\u20110100",
        "tel:+1-415-555-0100",
        " 415 555 0100 ",
        4155550100,
        4155550100.0,
        Decimal(14155550100),
        "4155550100.0",
        "4155550100.00",
        Decimal("4155550100.0"),
        "4.155550100E9",
        "4,155,550,100",
        "'4155550100",
        '="4155550100"',
        '"4155550100"',
        "4155550100,",
        "\uff14\uff11\uff15\uff15\uff15\uff15\uff10\uff11\uff10\uff10",
        "\u202a+1\xa0415\xa0555\xa00100\u202c",
        "\ufeff4155550100",
        "0014155550100",
        "01114155550100",
    ],
)
def test_T1_every_common_form_is_the_same_number(written: object) -> None:
    assert canonical(written) == "14155550100"


@pytest.mark.parametrize(
    ("written", "country", "digits"),
    [
        ("07700 900123", "GB", "447700900123"),
        ("447700900123", "GB", "447700900123"),
        ("7700900123", "GB", "447700900123"),
        ("0114 496 0100", "GB", "441144960100"),
        ("+44 7700 900123", "US", "447700900123"),
        ("0044 7700 900123", "US", "447700900123"),
        ("011 44 7700 900123", "US", "447700900123"),
        ("030/123456", "DE", "4930123456"),
        ("0044 7700 900123", "GB", "447700900123"),
        ("030 123456", "DE", "4930123456"),
        ("4930123456", "DE", "4930123456"),
        ("+49 30 123456", "US", "4930123456"),
        ("5555550100", "US", "15555550100"),
    ],
)
def test_numbers_of_other_countries(written: str, country: str, digits: str) -> None:
    assert canonical(written, country) == digits


@pytest.mark.parametrize(
    ("value", "country", "cause"),
    [
        ("41555501000", "US", "not a number of default_country"),  # 4155550100.0 without its point
        (41555501000, "US", "not a number of default_country"),
        ("447700900123", "US", "not a number of default_country"),
        ("555-555-5555", "US", "placeholder"),
        ("+1 222 222 2222", "US", "placeholder"),
        (9999999999, "US", "placeholder"),
        ("0919876543210", "IN", "two different numbers"),  # was 91 919876543210, which is nobody's
        ("061412345678", "AU", "two different numbers"),
        ("0155550100", "US", "too few or too many digits"),
        ("04155550100", "US", "too few or too many digits"),
        ("5550100", "US", "too few or too many digits"),
        ("12345", "US", "too few or too many digits"),
        ("1" * 300, "US", "too few or too many digits"),
        (10**30, "US", "too few or too many digits"),
        ("004155550100", "US", "two different numbers"),  # padded with zeros, or +41 55 555 0100
        ("+2095550113", "US", "without its country code"),  # Egypt
        ("4.15555E9", "US", "digits are lost"),
        ("4.1555501E9", "US", "digits are lost"),
        ("4.16E+09", "US", "digits are lost"),
        (Decimal("4.15555E9"), "US", "digits are lost"),
        ("4155550100 x12", "US", "extension"),
        ("4155550100 ext. 12", "US", "extension"),
        ("4155550100;ext=12", "US", "extension"),
        ("4155550100#12", "US", "extension"),
        ("call 4155550100", "US", "letters"),
        ("1-800-FLOWERS", "US", "letters"),
        ("415555O100", "US", "letters"),
        ("4155550100 or 4155550101", "US", "more than one number"),
        ("4155550100 4155550101", "US", "more than one number"),
        ("4155550100\n4155550101", "US", "more than one number"),
        ("4155550100/0101", "US", "more than one number"),
        ("030 123456/57", "DE", "more than one number"),
        ("4155550100\u00b2", "US", "characters"),
        ("+", "US", "characters"),
        (-4155550100, "US", "below zero"),
        ("-4155550100", "US", "below zero"),
        (4155550100.5, "US", "with decimals"),
        ("4155550100.5", "US", "with decimals"),
        (True, "US", "a string or a whole number"),
        (float("nan"), "US", "a string or a whole number"),
        (["4155550100"], "US", "a string or a whole number"),
        ("a@example.com", "US", "letters"),
    ],
)
def test_T1_what_is_doubtful_is_rejected_with_its_cause(value: object, country: str, cause: str) -> None:
    answer = canonical(value, country)
    assert isinstance(answer, InvalidValue)
    assert answer.code == "bad_phone_number"
    assert cause in answer.reason


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("4155550100", "14155550100"),
        ("14155550100", "14155550100"),
        ("447700900123", "447700900123"),
        ("4522345678", None),  # Denmark, or area code 452
    ],
)
def test_digits_of_other_countries_are_admitted_where_the_setting_says_so(
    written: str, digits: str | None
) -> None:
    answer = canonical(written, "US", international=True)
    assert answer == digits if digits else isinstance(answer, InvalidValue)


def _names_another_country(answer: str, cell: object) -> bool:
    """Tell whether a cell is a valid number of another country and says so with a plus sign.

    `+4522345678` is a number in Denmark, whatever else `4522345678` could be: the sign decides, and there is
    no other way to write that number.
    """
    number = phonenumbers.parse(f"+{answer}", None)
    plus = str(cell).translate({0xFF0B: "+"}).find("+") >= 0
    return plus and number.country_code != 1 and phonenumbers.is_valid_number(number)


@given(phone_cells)
@settings(max_examples=EXAMPLES)
def test_T1_a_cell_is_the_number_that_was_meant_or_is_rejected(cell: Cell) -> None:
    answer, possible = canonical(cell.text), possible_numbers(cell.text)
    assert possible is None or cell.meant <= possible
    if isinstance(answer, InvalidValue):
        assert answer.reason.partition(": ")[2] or answer.code == "no_phone_number"
    else:
        assert canonical(f"+{answer}") == answer
        if _names_another_country(answer, cell.text):
            return
        assert canonical(answer) == answer
        assert canonical(answer, international=True) == answer
        if cell.meant:
            assert {answer} == cell.meant


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), st.text("0123456789", max_size=15))
@settings(max_examples=EXAMPLES)
def test_T1_digits_alone_are_never_a_number_of_another_country(region: str, digits: str) -> None:
    answer = canonical(digits, region)
    prefixed = digits.startswith(("00", "011"))
    if isinstance(answer, str) and not prefixed:
        assert answer.startswith(str(phonenumbers.country_code_for_region(region)))
        ours = phonenumbers.parse(digits, region)
        assert phonenumbers.format_number(ours, phonenumbers.PhoneNumberFormat.E164) == f"+{answer}"


@pytest.mark.parametrize(
    ("digits", "country"),
    [
        ("0121000", "IL"),  # 012 is a prefix for calls abroad
        ("01480100", "IL"),  # so is 014, and no country has the code 801
        ("11000000000", "AG"),  # +1 1000000000, which nobody can have
        ("8201015", "KR"),  # +82 8201015, or +82 01015
        ("4901609879103", "DE"),  # +49 (0)160 9879103 without its signs, or +49 4901609879103
        ("08110111", "IM"),
    ],
)
def test_T1_digits_that_a_country_reads_otherwise_are_rejected(digits: str, country: str) -> None:
    """Found by the property test above: a prefix for calls abroad, or two places for the zero or the code."""
    assert isinstance(canonical(digits, country), InvalidValue)


def test_T1_a_plus_sign_before_a_national_number_makes_nobody_abroad_of_it() -> None:
    """Found by the property test: nobody in Egypt has +20 02000000."""
    assert isinstance(canonical("+2002000000", "US"), InvalidValue)
    assert canonical("+4522345678", "US") == "4522345678"


@pytest.mark.parametrize("value", [None, "", "  "])
def test_no_number_is_said_so(value: object) -> None:
    answer = canonical(value)
    assert isinstance(answer, InvalidValue)
    assert answer.code == "no_phone_number"


@given(NANP, st.sampled_from(["{}", "1{}", "+1{}", "+1 {}", "({:.3}) {:.0}"]))
def test_north_american_numbers_meet_in_one_form_and_come_back_from_either(number: str, form: str) -> None:
    written = f"({number[:3]}) {number[3:6]}-{number[6:]}" if "(" in form else form.format(number)
    digits = canonical(written, "US")
    assert digits == "1" + number
    assert canonical(digits, "US") == digits
    assert from_listrak(digits, "US") == digits
    assert from_listrak(number, "US") == digits
    assert national_form(digits) == number


@given(
    st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), st.text("0123456789", min_size=4, max_size=14)
)
def test_the_canonical_form_comes_back_from_listrak_as_itself(region: str, number: str) -> None:
    digits = canonical("+" + str(phonenumbers.country_code_for_region(region)) + number, region)
    if isinstance(digits, str):
        assert from_listrak("+" + digits, region) == digits
        if phonenumbers.country_code_for_region(region) != 1 or len(digits) != 10:
            assert from_listrak(digits, region) == digits


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans(), st.lists(st.integers())))
def test_anything_gives_digits_or_a_reason_without_the_value(value: object) -> None:
    answer = canonical(value)
    if isinstance(answer, InvalidValue):
        assert not any(character.isdigit() for character in answer.reason)
    else:
        assert answer.isascii()
        assert answer.isdigit()
        assert phonenumbers.is_possible_number(phonenumbers.parse("+" + answer, None))


@given(st.text())
def test_anything_that_listrak_returns_is_compared_without_failing(text: str) -> None:
    assert isinstance(from_listrak(text, "US"), str)


def test_countries_are_known_by_their_code() -> None:
    assert is_country("US")
    assert not is_country("us")
    assert not is_country("United States")


@pytest.mark.parametrize("value", [2147483647, "2147483647", "+1 214-748-3647", 4294967295])
def test_T1_the_largest_integer_of_a_column_is_nobodys_number(value: object) -> None:
    """MySQL stores it in place of every number that does not fit into INT."""
    assert isinstance(canonical(value), InvalidValue)


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), st.booleans())
def test_a_zero_before_a_country_code_makes_no_longer_number(country: str, international: bool) -> None:  # noqa: FBT001
    """Digits such as 0919876543210 became a number of 14 digits, which was subscribed."""
    example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    code = phonenumbers.country_code_for_region(country)
    if example is None or code == 1:
        return
    digits = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)[1:]
    number = canonical(f"0{digits}", country, international=international)
    if isinstance(number, str) and number != digits:
        assert phonenumbers.is_valid_number(phonenumbers.parse(f"+{number}"))
