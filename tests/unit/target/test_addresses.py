from __future__ import annotations

import pytest
from cells import EXAMPLES, Cell, address_cells
from hypothesis import example, given, settings
from hypothesis import strategies as st

from target_listrak.values.addresses import Address, comparison_key, parse, parse_many, parse_with_care
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.possible_keys import possible_addresses

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
@example("noemail@shop.com")
@example("none@NONE.com")
@example("none@shop.com")
def test_the_short_way_gives_the_answer_of_the_long_one(text: str) -> None:
    expected = parse_with_care(text.strip()) if text.strip() else parse(None)
    assert parse(text) == expected


@given(
    st.lists(
        st.one_of(
            LIKELY,
            address_cells.map(lambda cell: cell.text),
            st.emails(),
            st.text(max_size=3),
            st.none(),
            st.integers(),
        ),
        max_size=20,
    )
)
@example(["a@example.com", f"{'a' * 64}@example.com", f"{'a' * 65}@example.com", " b@example.com "])
@example(
    ["a@sub.local", "b@sub.local", "a@EXAMPLE.com", 'a"b@example.com', "a@b@example.com", "@example.com"]
)
def test_a_column_of_addresses_is_checked_as_each_by_itself(values: list[object]) -> None:
    alone: set[int] = set()
    sent, keys = parse_many(values + values, alone)  # the second time the domains are known
    for index, value in enumerate(values + values):
        address = parse(value)
        assert (index in alone) == isinstance(address, InvalidValue)
        assert (sent[index], keys[index]) == (("", "") if index in alone else address)


@pytest.mark.parametrize("local", ["none", "na", "nobody", "noemails", "notest", "test"])
def test_an_address_that_only_resembles_a_placeholder_is_one(local: str) -> None:
    assert parse(f"{local}@example.com") == Address(f"{local}@example.com", f"{local}@example.com")
    assert parse_many([f"{local}@example.com"] * 2, set())[0] == [f"{local}@example.com"] * 2


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
    "cell",
    [
        "\xa0ann@example.com\u3000",
        "mailto:ann@example.com",
        "MAILTO: ann@example.com",
        "Ann Lee <ann@example.com>",
        '"Lee, Ann" <ann@example.com>',
        "<ann@example.com>",
        "'ann@example.com'",
        '"ann@example.com"',
        '="ann@example.com"',
        "\uff41\uff4e\uff4e\uff20\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45\uff0e\uff43\uff4f\uff4d",
    ],
)
def test_what_certainly_is_no_part_of_an_address_is_removed(cell: str) -> None:
    assert parse(cell) == Address("ann@example.com", "ann@example.com")


@pytest.mark.parametrize(
    ("cell", "cause"),
    [
        ("jo@example.com\u200b", "an invisible character (U+200B) after the domain"),
        ("\ufeffjo@example.com", "an invisible character (U+FEFF) before the address"),
        ("jo\u00ad@example.com", "an invisible character (U+00AD) before the @ sign"),
        ("jo@exam\u200dple.com", "an invisible character (U+200D) in the domain"),
        ("jo\x00@example.com", "an invisible character (U+0000)"),
        ("jo", "no @ sign"),
        ("jo(at)example.com", "(at)"),
        ("jo@", "is missing"),
        ("@example.com", "is missing"),
        ("jo@example", "not a domain"),
        ("jo@exam_ple.com", "not a domain"),
        ("jo@example..com", "not a domain"),
        ("jo@@example.com", "two @ signs"),
        ("jo doe@example.com", "a blank"),
        ("jo\xa0doe@example.com", "a special blank"),
        ("jo@example.com, al@example.com", "more than one address"),
        ("al@example.org <jo@example.com>", "more than one address"),
        ("Jo <jo@example.com", "angle brackets"),
        ("jo@example.com,", "a comma"),
        ("jo@example.com;", "semicolon"),
        ("jo@example.com.", "ends in a dot"),
        ("'jo@example.com", "spreadsheets"),
        ("=jo@example.com", "spreadsheets"),
        ("jos?@example.com", "lost or masked"),
        ("j***@example.com", "lost or masked"),
        ("jo%2Bnews@example.com", "URL-encoded"),
        ("\ufb01n@example.com", "special form of a character (U+FB01)"),
        ("jo.@example.com", "part before the @ sign"),
        ("noemail@example.com", "a placeholder"),
        ("No-Email@example.com", "a placeholder"),
        ("none@none.com", "a placeholder"),
        ("Test@test.example.com", "a placeholder"),
        ("noemail@b\xfccher.example.com", "a placeholder"),
    ],
)
def test_what_is_doubtful_is_rejected_with_its_cause_and_without_the_value(cell: str, cause: str) -> None:
    answer = parse(cell)
    assert isinstance(answer, InvalidValue)
    assert answer.code == "bad_email_address"
    assert cause in answer.reason
    assert "example" not in answer.reason


@given(address_cells)
@settings(max_examples=EXAMPLES)
def test_a_cell_is_the_contact_that_was_meant_or_is_rejected(cell: Cell) -> None:
    answer, possible = parse(cell.text), possible_addresses(cell.text)
    if isinstance(answer, InvalidValue):
        assert answer.reason.partition(": ")[2] or answer.code == "no_email_address"
    else:
        assert parse(answer.sent) == answer
        if cell.meant:
            assert {answer.key} == cell.meant
    if possible is not None:
        assert cell.meant <= possible


@pytest.mark.parametrize("value", [None, "", "   "])
def test_no_address_is_said_so(value: object) -> None:
    assert parse(value) == InvalidValue("no_email_address", "the record has no email address")


@given(st.one_of(st.integers(), st.booleans(), st.lists(st.text()), st.dictionaries(st.text(), st.text())))
def test_what_is_no_text_is_refused(value: object) -> None:
    assert isinstance(parse(value), InvalidValue)


@given(st.text())
def test_whatever_listrak_returns_has_a_key(text: str) -> None:
    assert comparison_key(text) == comparison_key(text)
