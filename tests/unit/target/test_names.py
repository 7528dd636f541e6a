"""Names and ids, and the words that Listrak uses for what became of contacts."""

from __future__ import annotations

from typing import NamedTuple

import hypothesis.strategies as st
import pytest
from hypothesis import given

from target_listrak.channels.email.import_results import Result, result_of, summary_text
from target_listrak.channels.email.mapping import name_or_id
from target_listrak.config.names import NameLookupError, find_by_name, folded
from target_listrak.config.property_names import property_like
from target_listrak.delivery.import_status import has_ended, has_failed


class Thing(NamedTuple):
    id: int
    name: str


THINGS = [
    Thing(1, "Main"),
    Thing(2, "main list"),
    Thing(3, "7"),
    Thing(7, "Other"),
    Thing(8, "Twice"),
    Thing(9, "Twice"),
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Main", 1),
        ("MAIN", 1),
        ("Main_List", 2),
        ("mainlist", 2),
        ("7", 3),
        (7, 7),
        ("1", 1),
        (" 8 ", 8),
        (9, 9),
    ],
)
def test_a_number_is_an_id_and_a_text_a_name_first(wanted: str | int, found: int) -> None:
    assert find_by_name(wanted, THINGS, "List").id == found


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("twice", ["2 Lists are called 'twice'", "8, 9"]),
        ("Mian", ["no List 'Mian'", "'Main' (1)"]),
        (4, ["no List 4"]),
        ("", ["no List ''"]),
        ("\u0661", ["no List"]),  # a digit, but not one that ids are written with
    ],
)
def test_what_is_not_there_or_there_twice_is_an_error_that_lists_what_there_is(
    wanted: str | int, words: list[str]
) -> None:
    with pytest.raises(NameLookupError) as caught:
        find_by_name(wanted, THINGS, "List")
    for word in words:
        assert word in str(caught.value)


def test_many_things_are_not_all_listed() -> None:
    things = [Thing(number, f"List {number}") for number in range(1, 500)]
    with pytest.raises(NameLookupError) as caught:
        find_by_name("Lsit 7", things, "List")
    assert "There are 499" in str(caught.value)
    assert len(str(caught.value)) < 2000


@given(
    st.lists(st.tuples(st.integers(1, 99), st.text(max_size=6)), max_size=8),
    st.integers(1, 99) | st.text(max_size=6),
)
def test_choosing_finds_what_was_meant_or_says_so(some: list[tuple[int, str]], wanted: str | int) -> None:
    things = [Thing(*one) for one in some]
    meant = [one for one in things if isinstance(wanted, str) and folded(one.name) == folded(wanted)]
    meant = meant or [one for one in things if str(one.id) == str(wanted).strip()]
    try:
        found = find_by_name(wanted, things, "List")
    except NameLookupError:
        assert len(meant) != 1
    else:
        assert found in meant


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5),
        ("5", "5"),
        ("Main", "Main"),
        (" ", None),
        (None, None),
        (True, None),
        ([1], None),
        ({}, None),
        ("\x00", None),
    ],
)
def test_what_a_record_may_name_a_list_by(value: object, expected: object) -> None:
    assert name_or_id(value) == expected


def test_the_property_for_the_address_is_found_by_its_name() -> None:
    schema = {"properties": {"id": {}, "e": {}, "Email_Address": {}, "mail": {}}}
    assert property_like(schema, ("email", "emailaddress")) == "Email_Address"
    assert property_like({"properties": {"\ufeffE-mail": {}, "mail": {}}}, ("email",)) == "\ufeffE-mail"
    assert property_like({}, ("email",)) is None


@pytest.mark.parametrize(
    ("word", "result"),
    [
        ("Subscribed", Result.DONE),
        ("Already Subscribed", Result.ALREADY),
        ("alreadySubscribed", Result.ALREADY),
        ("Previously_Unsubscribed", Result.PREVIOUSLY_UNSUBSCRIBED),
        ("Failed to write", Result.FAILED),
        ("Gelungen", Result.UNKNOWN_WORD),
        (None, Result.UNKNOWN_WORD),
        (7, Result.UNKNOWN_WORD),
    ],
)
def test_a_result_is_known_by_its_word_and_no_other_word_is_success(word: object, result: Result) -> None:
    assert result_of(word) is result


@given(st.text() | st.none() | st.integers())
def test_only_known_words_are_success(word: object) -> None:
    assert result_of(word) is not Result.DONE or str(word).lower().strip(" _-").isascii()


@pytest.mark.parametrize(
    ("status", "ended", "failed"),
    [
        ({"status": "Completed", "endDate": "2026-06-30T12:00:00"}, True, False),
        ({"status": "Completed", "endDate": None}, False, False),
        ({"status": "Queued", "endDate": "0001-01-01T00:00:00"}, False, False),
        ({"status": "Failed", "endDate": "2026-06-30T12:00:00"}, True, True),
        ({"status": "CompletedWithErrors", "endDate": None}, False, True),
        ({"status": "Canceled"}, False, True),
        ({}, False, False),
    ],
)
def test_finished_is_an_end_date_and_failed_is_a_word(
    status: dict[str, object],
    ended: bool,  # noqa: FBT001 - pytest fills it in
    failed: bool,  # noqa: FBT001 - pytest fills it in
) -> None:
    assert (has_ended(status), has_failed(status)) == (ended, failed)


def test_a_summary_names_what_is_not_zero() -> None:
    assert (
        summary_text({"subscribedCount": 1200, "bannedCount": 0, "processedCount": 1200})
        == "subscribed 1,200, processed 1,200"
    )
    assert summary_text({}) == "nothing"
