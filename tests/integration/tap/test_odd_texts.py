"""Odd dates, and characters that no database stores, are counted."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tap_runs import extract_from

from listrak_api.answers import without_nul
from listrak_api.dates import find_zone
from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.records.pages import PageCodec
from tap_listrak.records.preparer import Preparer

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = {
    "properties": {
        "id": {"type": ["integer"]},
        "born": {"type": ["string", "null"], "format": "date-time"},
        "sent": {"type": ["string", "null"], "format": "date-time"},
    }
}
ZONES = ("UTC", "America/New_York", "Asia/Tokyo", "Pacific/Kiritimati", "Asia/Kathmandu")


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


def both(zone: str, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """The records of some rows, the same on the fast path and on the slow one."""
    preparer = Preparer("people", SCHEMA, ("id",), lambda: find_zone(zone))
    slow = preparer.prepare(rows, {})
    fast = PageCodec(preparer, SCHEMA).rows(json.dumps(rows).encode(), {})
    assert fast is not None
    assert [{name: getattr(one, name) for name in SCHEMA["properties"]} for one in fast] == slow
    preparer.report()
    return slow


def test_dates_in_an_unknown_form_went_out_as_text_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    rows = [{"id": 1, "born": "in July", "sent": "soon"}, {"id": 2, "born": "2026-02-30", "sent": None}]
    with caplog.at_level(logging.WARNING):
        records = both("UTC", *rows, {"id": 3, "born": "2026-02-03T00:00:00", "sent": "2026-02-03T01:02:03"})
    assert [(one["born"], one["sent"]) for one in records[:2]] == [("in July", "soon"), ("2026-02-30", None)]
    # Each twice: on the fast path, and on the slow one.
    assert "4 values of born in people are not dates" in caplog.text
    assert "2 values of sent in people are not dates" in caplog.text
    assert "July" not in caplog.text


@pytest.mark.parametrize("stream", ["phone_list_contacts", "messages"])
def test_a_run_says_how_many_dates_have_an_unknown_form(
    tiny: RunningSandbox, stream: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = {"messages": "sendDate"}.get(stream, "birthday")
    route = {"messages": "*/Message"}.get(stream, "*/PhoneList/{phoneListId}/Contact")
    fault = {"kind": "odd_property", "route": route, "property": name, "value": "soon", "every": 1000}
    tiny.control("POST", "faults", [fault])
    try:
        run = extract_from(tiny, streams=[stream])
    finally:
        tiny.control("DELETE", "faults")
    count = sum(one[name] == "soon" for one in run.records[stream])
    assert count
    assert f"{count} values of {name} in {stream} are not dates" in caplog.text


@given(text=st.text(st.sampled_from('ab\\\0"u0'), max_size=12))
def test_only_nul_characters_are_removed(text: str) -> None:
    body, count = without_nul(json.dumps({"a": text}).encode())
    assert json.loads(body) == {"a": text.replace("\0", "")}
    assert count == text.count("\0")


@pytest.mark.parametrize("streams", [["messages"], ["messages", "message_summaries"], ["message_activity"]])
def test_one_nul_character_ended_the_load_into_postgresql(
    tiny: RunningSandbox, streams: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """It went out as it came, and the database refused the batch that it was in."""
    name, route = {"message_activity": ("bounceReason", "*/Message/{messageId}/Activity")}.get(
        streams[0], ("subject", "*/Message")
    )
    value = "odd\0 text"
    fault = {"kind": "odd_property", "route": route, "property": name, "value": value, "every": 1000}
    tiny.control("POST", "faults", [fault])
    try:
        run = extract_from(tiny, streams=streams, reconcile="off")
    finally:
        tiny.control("DELETE", "faults")
    count = sum(one[name] == "odd text" for one in run.records[streams[0]])
    assert count
    assert not any(b"\\u0000" in line for line in run.lines)
    assert "NUL characters were removed from Listrak's texts" in caplog.text
    assert f"{streams[0]} (" in caplog.text


def test_times_are_still_times() -> None:
    (record,) = both("Asia/Tokyo", {"id": 1, "born": None, "sent": "2026-07-09T00:00:00"})
    assert datetime.fromisoformat(record["sent"]) == datetime(2026, 7, 8, 15, tzinfo=UTC)
