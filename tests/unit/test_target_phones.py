from __future__ import annotations

from decimal import Decimal

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_listrak.phones import canonical, from_listrak, is_country, national_form
from target_listrak.values import BadValue

NANP = st.from_regex(r"[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True)


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
    ],
)
def test_every_common_form_is_the_same_number(written: object) -> None:
    assert canonical(written) == "14155550100"


@pytest.mark.parametrize(
    ("written", "country", "digits"),
    [
        ("07700 900123", "GB", "447700900123"),
        ("447700900123", "GB", "447700900123"),
        ("447700900123", "US", "447700900123"),
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
    "value",
    [
        "12345",
        "call 4155550100",
        "4155550100 x12",
        "1-800-FLOWERS",
        "4155550100 or 4155550101",
        "+",
        True,
        -4155550100,
        4155550100.5,
        float("nan"),
        float("inf"),
        ["4155550100"],
        "1" * 300,
        "a@example.com",
    ],
)
def test_what_is_no_phone_number_is_refused(value: object) -> None:
    assert canonical(value) == BadValue("bad_phone_number", "not a possible phone number")


@pytest.mark.parametrize("value", [None, "", "  "])
def test_no_number_is_said_so(value: object) -> None:
    answer = canonical(value)
    assert isinstance(answer, BadValue)
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
    if isinstance(answer, BadValue):
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
