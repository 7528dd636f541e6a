"""Answers that come short though not empty: nothing is removed by them, and nothing is lost."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extract, Extraction

EMAIL = ["lists", "campaigns", "contacts", "message_activity", "messages", "conversations", "folders"]
SMS = ["sender_codes", "phone_lists", "phone_list_contacts", "folders"]


@pytest.fixture
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


def versioned(run: Extraction) -> set[str]:
    return {one["stream"] for one in run.messages if one["type"] == "ACTIVATE_VERSION"}


def fault(kind: str, route: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - any parameter
    return {"kind": kind, "route": route, **parameters}


@pytest.mark.parametrize(
    ("route", "streams"),
    [
        ("/List", EMAIL),
        ("/List", ["lists"]),
        ("/List", ["campaigns"]),
        ("/ShortCode", SMS),
        ("/ShortCode", ["phone_list_contacts"]),
        ("*/PhoneList", SMS),
        ("*/PhoneList", ["phone_list_contacts"]),
    ],
)
def test_one_list_of_several_that_is_left_out_is_read_all_the_same_and_nothing_is_removed(
    tiny: RunningSandbox, extract: Extract, caplog: pytest.LogCaptureFixture, route: str, streams: list[str]
) -> None:
    """One list was missing in an answer of status 200: loaders deleted its rows and all below."""
    whole = extract(tiny, streams=streams)
    again = extract(tiny, streams=streams, state=whole.state)
    assert "omitted" not in caplog.text
    tiny.control("POST", "faults", [fault("short_answer", route, rows=1)])
    short = extract(tiny, streams=streams, state=whole.state)
    for stream in streams:
        assert short.merged(stream).keys() == again.merged(stream).keys(), stream
    # Where phone lists are left out, the sender codes above them were read in full.
    untouched = {"folders"} | ({"sender_codes"} if route == "*/PhoneList" else set())
    assert versioned(short) == versioned(again) & untouched
    assert short.state == again.state
    assert "omitted" in caplog.text


def test_a_list_that_was_deleted_is_asked_for_once_and_then_forgotten(
    tiny: RunningSandbox, extract: Extract, caplog: pytest.LogCaptureFixture
) -> None:
    whole = extract(tiny, streams=["lists", "campaigns"])
    assert whole.state["known_ids"]["lists"]
    state = {**whole.state, "known_ids": {"lists": [*whole.state["known_ids"]["lists"], [424242]]}}
    run = extract(tiny, streams=["lists", "campaigns"], state=state)
    assert versioned(run) == {"lists", "campaigns"}
    assert run.state == whole.state
    assert "omitted" not in caplog.text


def test_bookmarks_of_a_list_that_was_deleted_leave_the_state(tiny: RunningSandbox, extract: Extract) -> None:
    """They stayed for ever: the state grew with every list that was made and deleted."""
    streams = ["contacts", "messages", "message_activity"]
    whole = extract(tiny, streams=streams)
    state = copy.deepcopy(whole.state)
    state["known_ids"]["lists"].append([424242])
    for entry in state["bookmarks"].values():
        entry["partitions"].append({**entry["partitions"][0], "context": {"listId": 424242}})
    assert "424242" in json.dumps(state["bookmarks"]["contacts"])
    run = extract(tiny, streams=streams, state=state)
    assert run.state == whole.state


FEW, MANY = "lists", "phone_list_contacts"


def test_more_than_half_of_a_stream_gone_at_once_removes_rows_in_the_second_run_only(
    tiny: RunningSandbox, extract: Extract, caplog: pytest.LogCaptureFixture
) -> None:
    """Campaigns, conversations and folders that came short emptied the tables downstream."""
    whole = extract(tiny, streams=[FEW, MANY])
    count = len(whole.records[MANY])
    assert whole.state["row_counts"] == {FEW: len(whole.records[FEW]), MANY: count}
    larger = {**whole.state, "row_counts": {FEW: 10, MANY: 2 * count + 1}}

    short = extract(tiny, streams=[FEW, MANY], state=larger)
    assert versioned(short) == {FEW}
    assert f"{MANY} had {2 * count + 1} rows in the last run and has {count} now" in caplog.text
    assert short.state == whole.state
    caplog.clear()

    assert versioned(extract(tiny, streams=[FEW, MANY], state=short.state)) == {FEW, MANY}
    half = {**whole.state, "row_counts": {MANY: 2 * count}}
    assert versioned(extract(tiny, streams=[MANY], state=half)) == {MANY}
    assert "in the last run" not in caplog.text


def test_a_run_that_reads_a_part_leaves_the_number_of_rows_as_it_was(
    tiny: RunningSandbox, extract: Extract
) -> None:
    whole = extract(tiny, streams=["lists", "campaigns"])
    first = whole.records["lists"][0]["listId"]
    narrow = extract(tiny, streams=["lists", "campaigns"], state=whole.state, list_ids=[first])
    assert narrow.state["row_counts"] == whole.state["row_counts"]


@pytest.mark.parametrize("counts", [None, [], "x", {"lists": "x"}, {"lists": True}])
def test_a_state_with_odd_row_counts_reads_all_the_same(
    tiny: RunningSandbox, extract: Extract, counts: object
) -> None:
    run = extract(tiny, streams=["lists"], state={"bookmarks": {}, "row_counts": counts})
    assert versioned(run) == {"lists"}
    assert run.state["row_counts"] == {"lists": len(run.records["lists"])}


def test_a_state_of_an_earlier_version_knows_the_lists_of_its_bookmarks(
    tiny: RunningSandbox, extract: Extract
) -> None:
    whole = extract(tiny, streams=EMAIL)
    state = {"bookmarks": whole.state["bookmarks"]}
    tiny.control("POST", "faults", [fault("short_answer", "/List", rows=1)])
    run = extract(tiny, streams=EMAIL, state=state)
    assert versioned(run) == {"folders"}
    assert run.state["row_counts"] == {"folders": len(run.records["folders"])}
    assert {**run.state, "row_counts": whole.state["row_counts"]} == whole.state


def test_ids_of_a_run_that_chooses_lists_are_added_to_those_that_are_known(
    tiny: RunningSandbox, extract: Extract
) -> None:
    whole = extract(tiny, streams=["lists"])
    first = whole.records["lists"][0]["listId"]
    narrow = extract(tiny, streams=["lists"], state=whole.state, list_ids=[first])
    assert narrow.state["known_ids"] == whole.state["known_ids"]


@pytest.mark.parametrize("known", [None, [], "x", {"lists": 3}, {"lists": [7, ["a"], [None], [1, 2]]}])
def test_a_state_with_odd_known_ids_reads_all_the_same(
    tiny: RunningSandbox, extract: Extract, known: object
) -> None:
    run = extract(tiny, streams=["lists"], state={"bookmarks": {}, "known_ids": known})
    assert versioned(run) == {"lists"}
    assert run.state["known_ids"]["lists"] == [[row["listId"]] for row in run.records["lists"]]


PARENTS: list[tuple[str, str, str, list[str]]] = [
    ("/List", "listId", "lists", ["campaigns", "events"]),
    ("*/Message", "messageId", "messages", ["message_activity", "message_link_clickers"]),
    (
        "*/Conversation",
        "conversationId",
        "conversations",
        ["conversation_messages", "conversation_summaries"],
    ),
    ("/ShortCode", "shortCodeId", "sender_codes", ["phone_lists", "sms_opt_outs"]),
    ("*/PhoneList", "phoneListId", "phone_lists", ["phone_list_contacts"]),
]


@pytest.mark.parametrize("case", PARENTS, ids=[case[2] for case in PARENTS])
def test_a_parent_without_its_id_counts_as_partly_read(
    tiny: RunningSandbox,
    extract: Extract,
    caplog: pytest.LogCaptureFixture,
    case: tuple[str, str, str, list[str]],
) -> None:
    """Its children were not read, bookmarks moved on all the same, and loaders removed what was there."""
    route, property_, parent, children = case
    whole = extract(tiny, streams=children)
    rule = {"kind": "null_property", "route": route, "property": property_, "every": 1000}
    tiny.control("POST", "faults", [rule])
    part = extract(tiny, streams=children)
    assert not versioned(part) & set(children)
    assert f"of {parent} came without " in caplog.text
    assert "their child records were not read" in caplog.text
    tiny.control("DELETE", "faults")
    following = extract(tiny, streams=children, state=part.state)
    for stream in children:
        assert whole.merged(stream).keys() == (part.merged(stream) | following.merged(stream)).keys(), stream
