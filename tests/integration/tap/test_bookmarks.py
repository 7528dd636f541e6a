"""Bookmarks: never ahead of what was read, never lost, and of one size."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listrak_api.errors import ConfigurationError
from tap_listrak.incremental.bookmarks import (
    Bookmarks,
    check_state,
    format_bookmark,
    parse_bookmark,
    partition_of,
)

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
LIST = (("listId", 7),)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(2001, 1, 1), datetime(2030, 1, 1), timezones=zones)  # noqa: DTZ001
past = st.integers(0, 10**8).map(lambda seconds: NOW - timedelta(seconds=seconds))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["bookmarks", "partitions", "context", "listId", "replication_key_value", "x"]),
            inner,
        )
    ),
    max_leaves=12,
)


def state_with(
    value: object, stream: str = "messages", context: dict[str, Any] | None = None
) -> dict[str, Any]:
    part = {"context": context or {"listId": 7}, "replication_key_value": value}
    return {"bookmarks": {stream: {"partitions": [part]}}}


@settings(deadline=None)
@given(moment=moments, other=moments)
def test_bookmarks_compare_as_text_and_never_run_ahead(moment: datetime, other: datetime) -> None:
    text = format_bookmark(moment)
    assert parse_bookmark(text, stream="x") <= moment
    assert moment - parse_bookmark(text, stream="x") < timedelta(seconds=1)
    if text < format_bookmark(other):
        assert moment < other


@settings(deadline=None)
@given(before=past, until=past, start=st.none() | past, end=st.none() | past, overlap=st.integers(0, 10_000))
def test_the_next_run_begins_where_everything_was_read(
    before: datetime, until: datetime, start: datetime | None, end: datetime | None, overlap: int
) -> None:
    state = state_with(format_bookmark(before))
    marks = Bookmarks(state, NOW, start, end, timedelta(minutes=overlap))
    since = marks.since("messages", LIST)
    assert since is not None
    assert since <= before or since == start
    marks.advance("messages", LIST, until, replication_key="sendDate")
    assert marks.since("messages", LIST) == since, "what a run has written does not change what it reads"
    value = parse_bookmark(
        state["bookmarks"]["messages"]["partitions"][0]["replication_key_value"], stream="x"
    )
    assert value >= parse_bookmark(format_bookmark(before), stream="x"), "a bookmark never moves back"
    assert value <= max(before, min(until, NOW, end or NOW))


def test_a_new_stream_or_list_begins_at_the_start_date() -> None:
    marks = Bookmarks(state_with("2026-06-01T00:00:00Z"), NOW, start_date=NOW - timedelta(days=99))
    assert marks.since("contacts", LIST) == NOW - timedelta(days=99)
    assert marks.since("messages", (("listId", 8),)) == NOW - timedelta(days=99)


def test_a_state_does_not_grow_with_runs() -> None:
    state: dict[str, Any] = {}
    sizes = set()
    for day in range(400):
        marks = Bookmarks(state, NOW + timedelta(days=day))
        for number in range(3):
            marks.advance("messages", (("listId", number),), replication_key="sendDate")
        sizes.add(len(json.dumps(state)))
    assert len(sizes) == 1


def test_a_bookmark_in_the_future_is_not_believed(caplog: pytest.LogCaptureFixture) -> None:
    marks = Bookmarks(state_with("2031-01-01T00:00:00Z"), NOW, overlap=timedelta(hours=1))
    assert marks.since("messages", LIST) == NOW - timedelta(hours=1)
    assert "future" in caplog.text


def test_a_state_copied_from_the_future_is_one_warning_per_stream(caplog: pytest.LogCaptureFixture) -> None:
    """An account of 300 lists logged 300 lines for each stream."""
    state: dict[str, Any] = {"bookmarks": {}}
    for stream in ("messages", "contacts"):
        state["bookmarks"][stream] = {
            "partitions": [
                {"context": {"listId": number}, "replication_key_value": "2031-01-01T00:00:00Z"}
                for number in range(30)
            ]
        }
    Bookmarks(state, NOW)
    assert [one.getMessage().split(" are in")[0] for one in caplog.records] == [
        "30 of the state's bookmarks of messages",
        "30 of the state's bookmarks of contacts",
    ]


@pytest.mark.parametrize(
    "value",
    ["2026-06-01", "2026-06-01T00:00:00", "2026-06-01 00:00:00+00:00", "2026-06-01T02:00:00.000000+02:00"],
)
def test_states_of_other_versions_are_read(value: str) -> None:
    state = state_with(value, context={"listId": "7"})
    check_state(state)
    assert Bookmarks(state, NOW).since("messages", LIST) == datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ([], "not an object"),
        ({"bookmarks": []}, "not an object"),
        ({"bookmarks": {"messages": 1}}, "'messages'"),
        ({"bookmarks": {"messages": {"partitions": {}}}}, "'messages'"),
        ({"bookmarks": {"messages": {"partitions": [{}]}}}, "'context'"),
        (state_with("soon"), "not a date"),
        ({"type": "STATE", "value": {"bookmarks": {}}}, "'value'"),
    ],
)
def test_a_state_that_cannot_be_used_is_refused_with_the_way_out(state: object, text: str) -> None:
    with pytest.raises(ConfigurationError, match=text) as caught:
        check_state(state)
    assert caught.value.setting == "state"
    assert caught.value.hint


@settings(deadline=None)
@given(state=json_values)
def test_no_state_breaks_the_tap(state: object) -> None:
    try:
        check_state(state)
    except ConfigurationError:
        return
    assert isinstance(state, dict)
    Bookmarks(state, NOW).since("messages", LIST)


@settings(deadline=None)
@given(
    numbers=st.dictionaries(
        st.sampled_from(["listId", "senderCodeId", "phoneListId"]), st.integers(), min_size=1
    )
)
def test_a_partition_is_the_same_in_any_order_and_type(numbers: dict[str, int]) -> None:
    mixed = {name: str(value) for name, value in reversed(numbers.items())}
    assert partition_of(mixed) == partition_of(numbers)


def test_a_run_that_is_cut_short_on_purpose_moves_nothing() -> None:
    state = state_with("2026-06-01T00:00:00Z")
    Bookmarks(state, NOW, frozen=True).advance("messages", LIST, replication_key="sendDate")
    assert state == state_with("2026-06-01T00:00:00Z")
