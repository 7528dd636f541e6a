"""Cells read generously: whoever a cell could mean is in the answer, and None where that could be anybody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_listrak.values.addresses import Address, parse
from target_listrak.values.phones import canonical
from target_listrak.values.possible_keys import possible_addresses, possible_numbers

ADDRESSES = st.from_regex(r"[a-z]{2,8}(\.[a-z]{2,8})?@example\.(com|org)", fullmatch=True)
NUMBERS = st.from_regex(r"(?!\d(\d)\1{8})[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True)


@pytest.mark.parametrize(
    "cell",
    [
        "ann@example.com\u200b",
        "\ufeffAnn@Example.com",
        "ann\u00ad@example.com",
        "\xa0ann@example.com\u2003",
        "Ann Lee <ann@example.com>",
        '"Lee, Ann" <ann@example.com>',
        "<ann@example.com>",
        "'ann@example.com'",
        "mailto:ann@example.com?subject=x",
        "ann@example.com,",
        "ann@example.com.",
        "ann (at) example.com",
        "ann[at]example[dot]com",
        "\uff41\uff4e\uff4e\uff20example.com",
    ],
)
def test_T4_a_badly_written_address_protects_its_contact(cell: str) -> None:
    keys = possible_addresses(cell)
    assert keys is not None
    assert "ann@example.com" in keys


@pytest.mark.parametrize("between", [", ", ";", " / ", "\n", " and ", "|", " ", "\u200b"])
def test_T4_both_addresses_of_one_cell_are_protected(between: str) -> None:
    assert possible_addresses(f"ann@example.com{between}bob@example.org") == {
        "ann@example.com",
        "bob@example.org",
    }


@pytest.mark.parametrize(
    "cell",
    [
        None,
        "",
        "  ",
        "\u200b",
        7,
        ["ann@example.com"],
        "ann",
        "ann@@example.com",
        "ann@example",
        "jo doe@example.com",
        "ann.@example.com",
        "ann@example.com, bob",
        "see ann@example.com",
        "n/a",
        "x" * 1000,
    ],
)
def test_T4_an_address_that_cannot_be_read_may_be_anybody(cell: object) -> None:
    assert possible_addresses(cell) is None


@pytest.mark.parametrize(
    "cell",
    [
        "2095550113 x12",
        "(209) 555-0113 ext. 12",
        "2095550113;ext=12",
        "2095550113#12",
        "2095550113.0",
        2095550113.0,
        "20955501130",
        "'2095550113",
        '="2095550113"',
        "\u202a+1 209 555 0113\u202c",
        "\uff12\uff10\uff19\uff15\uff15\uff15\uff10\uff11\uff11\uff13",
        "Mobile: 209-555-0113",
        "209-555-0113 (home)",
        "2095550113 or 2095550114",
        "2095550113/2095550114",
        "2095550114 2095550113",
    ],
)
def test_T4_a_badly_written_number_protects_its_contact(cell: object) -> None:
    numbers = possible_numbers(cell)
    assert numbers is not None
    assert "12095550113" in numbers


def test_T4_digits_that_could_have_a_country_code_protect_each_reading() -> None:
    assert possible_numbers("447700900123") == {"447700900123"}
    assert possible_numbers("4930123456", "DE") == {"4930123456"}
    assert possible_numbers("030/123456", "DE") == {"4930123456"}


@pytest.mark.parametrize(
    "cell",
    [
        None,
        "",
        " ",
        "\u200b",
        True,
        [2095550113],
        {},
        "n/a",
        "1-800-FLOWERS",
        "415555O100",
        10**400,
        "2.09555E9",
        "2.09555E+09",
        "2095550113 and 0114",
        "2095550113/0114",
        float("nan"),
        float("inf"),
    ],
)
def test_T4_a_number_that_cannot_be_read_may_be_anybody(cell: object) -> None:
    assert possible_numbers(cell) is None


@given(st.one_of(ADDRESSES, st.emails(), st.text(), st.none(), st.integers()))
def test_whoever_would_be_loaded_is_among_those_that_are_protected(cell: object) -> None:
    address, keys = parse(cell), possible_addresses(cell)
    assert keys is None or keys
    if isinstance(address, Address):
        assert keys is not None
        assert address.key in keys


@given(
    st.one_of(NUMBERS, st.text("0123456789+ -.x", max_size=20), st.text(), st.floats(), st.integers()),
    st.sampled_from(["US", "DE", "GB", "CH"]),
)
def test_whichever_number_would_be_loaded_is_among_those_that_are_protected(
    cell: object, country: str
) -> None:
    number, numbers = canonical(cell, country), possible_numbers(cell, country)
    assert numbers is None or numbers
    if isinstance(number, str):
        assert numbers is not None
        assert number in numbers


@pytest.mark.parametrize("cell", ["8102000000 2002000000", "8102000000-2002000000"])
def test_two_numbers_that_could_be_one_long_number_are_protected_both(cell: str) -> None:
    """Found by the property test: +81 20000002002000000 fits Japan's own plan, but no number is so long."""
    numbers = possible_numbers(cell)
    assert numbers is None or numbers >= {"18102000000", "12002000000"}


def test_a_number_without_its_area_code_may_be_anybody_s() -> None:
    """Found by the property test: 270-0000 was read as +27 00000 only."""
    assert possible_numbers("270-0000") is None


def test_zeros_that_fill_a_cell_up_hide_nobody() -> None:
    """Found by the property test: `00` before ten digits was read as a call abroad only."""
    assert "12002000000" in (possible_numbers("002002000000") or ())
