"""Keys as text: one spelling for each key, and never one for two."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_listrak.values.characters import without_invisible
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.keys import as_key, is_no_customer

NUMBERS = st.integers(min_value=0, max_value=2**53 - 1)


@given(NUMBERS)
def test_every_form_in_which_programs_write_a_whole_number_is_that_number(number: int) -> None:
    digits = str(number)
    forms = [
        number,
        Decimal(number),
        Decimal(f"{number}.0"),
        digits,
        f"{digits}.0",
        f" {digits}\t",
        f'="{digits}"',
    ]
    assert {as_key(form) for form in forms} == {digits}


@given(st.integers(min_value=10**6, max_value=10**30), st.integers(min_value=1, max_value=5))
def test_a_number_that_lost_digits_is_never_a_key(number: int, decimals: int) -> None:
    for form in (
        f"{number:.{decimals}E}",
        f"{number:.{decimals}e}",
        f"{number:.{decimals}E}".replace(".", ","),
    ):
        assert isinstance(as_key(form), InvalidValue)
        if "." in form:
            assert isinstance(as_key(Decimal(form)), InvalidValue)


@given(st.integers(min_value=10, max_value=2**53 - 1))
def test_an_exponent_is_undone_only_if_every_digit_is_written(number: int) -> None:
    digits = str(number)
    assert as_key(f"{digits[0]}.{digits[1:]}E+{len(digits) - 1:02}") == digits


@given(st.text(), st.text())
def test_two_texts_are_one_key_only_if_they_differ_in_what_cannot_belong_to_it(one: str, other: str) -> None:
    keys = as_key(one), as_key(other)
    if isinstance(keys[0], str) and keys[0] and keys[0] == keys[1]:
        assert keys[0] in without_invisible(one)
        assert keys[0] in without_invisible(other)


@given(st.text() | NUMBERS | st.decimals(allow_nan=True) | st.floats())
def test_a_key_is_read_the_same_again(value: object) -> None:
    key = as_key(value)
    if isinstance(key, str):
        assert as_key(key) == key


@pytest.mark.parametrize("value", [None, "", " ", "\ufeff", "NULL", "n/a", [], "\\N"])
def test_no_value_is_no_key(value: object) -> None:
    assert as_key(value) == ""


@pytest.mark.parametrize(
    "value", [True, float("nan"), Decimal("NaN"), ["a", "b"], {"id": 1}, "#N/A", "a\x00b"]
)
def test_what_cannot_be_a_key_says_why(value: object) -> None:
    key = as_key(value)
    assert isinstance(key, InvalidValue)
    assert key.reason


def test_guests_are_told_from_customers() -> None:
    guests = ["0", "000", "-1", "0000-0000", "{00000000-0000-0000-0000-000000000000}", "Guest"]
    assert all(map(is_no_customer, guests))
    assert not any(map(is_no_customer, ["10", "007", "1", "C0", "guest 7", "-"]))
