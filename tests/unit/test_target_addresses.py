from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from target_listrak.addresses import Address, comparison_key, parse, parse_many, parse_with_library
from target_listrak.values import BadValue

ATOMS = st.text("abcXYZ019_+-.'!#é", min_size=1, max_size=12)
LABELS = st.text("abcXYZ019-éüß", min_size=1, max_size=24)
ENDS = st.sampled_from(
    ["com", "COM", "co.uk", "test", "invalid", "local", "localhost", "onion", "arpa", "c", "x1", "bücher"]
)
LIKELY = st.builds(
    lambda local, labels, end: f"{local}@{'.'.join([*labels, end])}",
    ATOMS,
    st.lists(LABELS, max_size=5),
    ENDS,
)


@given(st.one_of(LIKELY, st.emails(), st.text()))
@example("a@b--c.com")
@example("a@xn--bcher-kva.com")
@example("a@ab--cd.com")
@example("a" * 64 + "@example.com")
@example("a" * 65 + "@example.com")
@example("a@" + ".".join(["abcdefghij" * 2] * 4) + ".com")
@example("a@sub.local")
@example("a@something.example.onion")
def test_the_short_way_gives_the_librarys_answer(text: str) -> None:
    expected = parse_with_library(text.strip()) if text.strip() else parse(None)
    assert parse(text) == expected


@given(st.lists(st.one_of(LIKELY, LIKELY, st.emails(), st.text(max_size=3), st.none(), st.integers())))
@example(["a@example.com", f"{'a' * 64}@example.com", f"{'a' * 65}@example.com", " b@example.com "])
@example(
    ["a@sub.local", "b@sub.local", "a@EXAMPLE.com", 'a"b@example.com', "a@b@example.com", "@example.com"]
)
def test_a_column_of_addresses_is_checked_as_each_by_itself(values: list[object]) -> None:
    alone: set[int] = set()
    sent, keys = parse_many(values + values, alone)  # the second time the domains are known
    for index, value in enumerate(values + values):
        address = parse(value)
        assert (index in alone) == isinstance(address, BadValue)
        assert (sent[index], keys[index]) == (("", "") if index in alone else address)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jo.Doe@Example.COM", "jo.doe@example.com"),
        (" jo@example.com ", "jo@example.com"),
        ("jo@bücher.example.com", "jo@xn--bcher-kva.example.com"),
        ("JOSÉ@example.com", "jose\u0301@example.com"),
    ],
)
def test_spellings_of_one_contact_have_one_key(one: str, other: str) -> None:
    first, second = parse(one), parse(other)
    assert isinstance(first, Address)
    assert isinstance(second, Address)
    assert first.key == second.key == comparison_key(other)
    assert first.sent == one.strip()


@pytest.mark.parametrize(
    "text",
    [
        "jo",
        "jo@",
        "@example.com",
        "jo@example",
        "jo@@example.com",
        "jo doe@example.com",
        "jo@example.com, al@example.com",
        "<jo@example.com>",
        "jo.@example.com",
        "jo@exam_ple.com",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    assert parse(text) == BadValue("bad_email_address", "not an email address")


@pytest.mark.parametrize("value", [None, "", "   "])
def test_no_address_is_said_so(value: object) -> None:
    assert parse(value) == BadValue("no_email_address", "the record has no email address")


@given(st.one_of(st.integers(), st.booleans(), st.lists(st.text()), st.dictionaries(st.text(), st.text())))
def test_what_is_no_text_is_refused(value: object) -> None:
    assert isinstance(parse(value), BadValue)


@given(st.text())
def test_whatever_listrak_returns_has_a_key(text: str) -> None:
    assert comparison_key(text) == comparison_key(text)
