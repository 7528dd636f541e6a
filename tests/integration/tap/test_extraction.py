"""A complete extraction from the sandbox, and the run after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tap_runs import TWELVE_REPORTS

from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extract, Extraction


@pytest.fixture(scope="module")
def still() -> Iterator[RunningSandbox]:
    """A small account in which time stands still."""
    with running_sandbox(process=True) as running:
        running.set_clock(frozen=True)
        yield running


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


@pytest.fixture(scope="module")
def first(still: RunningSandbox, extract: Extract) -> tuple[Extraction, int]:
    """A first run of everything, and its number of requests."""
    still.forget_requests()
    extraction = extract(still)
    return extraction, still.requests()["total"]


def test_every_stream_has_the_keys_that_the_sandbox_expects(
    still: RunningSandbox, first: tuple[Extraction, int]
) -> None:
    extraction, _ = first
    expected = still.expected(as_told="true")
    assert extraction.keys.keys() <= expected.keys(), "the sandbox cannot say what is right for these streams"
    got = {stream: extraction.digest(stream) for stream in extraction.keys}
    assert got == {stream: expected[stream] for stream in got}
    assert all(got[stream]["count"] for stream in got)


def test_no_row_comes_twice(first: tuple[Extraction, int]) -> None:
    extraction, _ = first
    for stream in extraction.keys:
        assert len(extraction.merged(stream)) == len(extraction.records[stream]), stream


def test_each_stream_opens_once_and_closes_once(first: tuple[Extraction, int]) -> None:
    """The SDK writes a SCHEMA for each of thousands of contexts, and the version before the records."""
    extraction, _ = first
    for stream in extraction.keys:
        types = extraction.types(stream)
        assert types.count("SCHEMA") == 1
        assert types[0] == "SCHEMA"
        assert types.count("ACTIVATE_VERSION") <= 1
        if "ACTIVATE_VERSION" in types:
            assert types[-1] == "ACTIVATE_VERSION"
    versioned = {one["stream"] for one in extraction.messages if one["type"] == "ACTIVATE_VERSION"}
    assert "campaigns" in versioned
    assert versioned.isdisjoint({"contacts", "messages", "message_activity", "message_links"})


def test_the_state_holds_one_time_per_stream_and_list(
    still: RunningSandbox, first: tuple[Extraction, int]
) -> None:
    extraction, _ = first
    now = f"{still.now()[:19]}Z"
    bookmarks = extraction.state["bookmarks"]
    assert {"contacts", "messages", "message_activity", "conversation_message_activity"} <= bookmarks.keys()
    for stream, entry in bookmarks.items():
        assert entry.keys() == {"partitions"}, stream
        for part in entry["partitions"]:
            assert part.keys() <= {"context", "replication_key", "replication_key_value"}
            assert part["replication_key_value"] == now
    assert len(bookmarks["messages"]["partitions"]) == len(extraction.records["lists"])


def test_a_second_run_finds_nothing_new(
    still: RunningSandbox, extract: Extract, first: tuple[Extraction, int]
) -> None:
    before, requests = first
    still.forget_requests()
    again = extract(still, state=before.state)
    assert still.requests()["total"] <= requests / 7
    for stream in again.keys:
        assert again.merged(stream).items() <= before.merged(stream).items(), stream
    assert again.state == before.state


def test_a_second_run_of_the_reports_asks_for_a_tenth(
    still: RunningSandbox, extract: Extract, first: tuple[Extraction, int]
) -> None:
    streams = ["lists", "campaigns", *TWELVE_REPORTS]
    totals = []
    for state in ({}, first[0].state):
        still.forget_requests()
        extract(still, streams=streams, state=state)
        totals.append(still.requests()["total"])
    assert totals[1] <= totals[0] / 10


def test_the_output_is_the_same_for_any_concurrency(tiny: RunningSandbox, extract: Extract) -> None:
    tiny.forget_requests()
    alone = extract(tiny, max_concurrency=1)
    requests = tiny.requests()["by_route"]
    for workers in (4, 16):
        tiny.forget_requests()
        many = extract(tiny, max_concurrency=workers)
        assert many.without_times() == alone.without_times()
        assert tiny.requests()["by_route"] == requests


def test_small_pages_give_the_same_rows(tiny: RunningSandbox, extract: Extract) -> None:
    whole, paged = extract(tiny), extract(tiny, page_size=7, window_days=20)
    for stream in whole.keys:
        assert paged.merged(stream) == whole.merged(stream)
        assert len(paged.records[stream]) == len(whole.records[stream]), stream


def test_a_stream_selected_later_gets_its_history(tiny: RunningSandbox, extract: Extract) -> None:
    whole = extract(tiny, streams=["messages", "message_activity", "message_link_clickers"])
    early = extract(tiny, streams=["messages"])
    late = extract(tiny, streams=["messages", "message_link_clickers"], state=early.state)
    assert late.merged("message_link_clickers") == whole.merged("message_link_clickers")
    assert late.state["bookmarks"].keys() == {"messages", "message_link_clickers"}


def test_a_list_added_later_gets_its_history(tiny: RunningSandbox, extract: Extract) -> None:
    whole = extract(tiny, streams=["lists", "messages", "message_activity"])
    one, *others = [record["listId"] for record in whole.records["lists"]]
    early = extract(tiny, streams=["messages", "message_activity"], list_ids=[one])
    late = extract(tiny, streams=["messages", "message_activity"], state=early.state)
    for stream in ("messages", "message_activity"):
        got = {key for extraction in (early, late) for key in extraction.merged(stream)}
        assert got == whole.merged(stream).keys()
    assert others


def test_children_of_an_unselected_parent_are_read(tiny: RunningSandbox, extract: Extract) -> None:
    whole = extract(tiny, streams=["messages", "message_links", "message_link_clickers"])
    alone = extract(tiny, streams=["message_link_clickers"])
    assert alone.keys.keys() == {"message_link_clickers"}
    assert alone.merged("message_link_clickers") == whole.merged("message_link_clickers")
    assert alone.state["bookmarks"].keys() == {"message_link_clickers"}


def test_full_table_chosen_in_the_catalog_reads_whole_with_a_version(
    tiny: RunningSandbox, extract: Extract
) -> None:
    streams = ["messages", "message_activity"]
    before = extract(tiny, streams=streams)
    again = extract(tiny, streams=streams, state=before.state, methods={"message_activity": "FULL_TABLE"})
    assert again.merged("message_activity") == before.merged("message_activity")
    assert again.types("message_activity")[-1] == "ACTIVATE_VERSION"
    assert "ACTIVATE_VERSION" not in again.types("messages")
    quiet = extract(tiny, streams=["campaigns"], emit_activate_version_messages=False)
    assert "ACTIVATE_VERSION" not in quiet.types()


def test_start_and_end_date_bound_what_is_read(tiny: RunningSandbox, extract: Extract) -> None:
    whole = extract(tiny, streams=["messages", "contacts"])
    sent = sorted(record["sendDate"] for record in whole.records["messages"])
    start, end = f"{sent[len(sent) // 3][:19]}Z", f"{sent[2 * len(sent) // 3][:19]}Z"
    part = extract(tiny, streams=["messages", "contacts"], start_date=start, end_date=end)
    got = {record["sendDate"] for record in part.records["messages"]}
    assert got == {one for one in sent if start <= one <= end}
    assert {
        entry["replication_key_value"] for entry in part.state["bookmarks"]["messages"]["partitions"]
    } == {end}
    rest = extract(tiny, streams=["messages", "contacts"], start_date=start, state=part.state)
    got |= {record["sendDate"] for record in rest.records["messages"]}
    assert got == {one for one in sent if start <= one}


def test_chosen_messages_are_looked_up_and_move_no_bookmark(tiny: RunningSandbox, extract: Extract) -> None:
    streams = ["messages", "message_activity"]
    whole = extract(tiny, streams=streams)
    chosen = whole.records["messages"][0]["messageId"]
    for state in ({}, whole.state):
        some = extract(tiny, streams=streams, message_ids=[chosen], state=state)
        assert [record["messageId"] for record in some.records["messages"]] == [chosen]
        assert some.merged("message_activity") == {
            key: record
            for key, record in whole.merged("message_activity").items()
            if record["messageId"] == chosen
        }
        assert some.state == state
