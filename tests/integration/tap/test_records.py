"""Rows become records: parents' ids, dates, and keys that are never missing."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_api.dates import find_zone, parse
from listrak_api.errors import NotFoundError
from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.records.dates import LATEST, NO_DATE, UtcDates, UtcHours
from tap_listrak.records.preparer import Preparer
from tap_listrak.records.scalars import ScalarColumns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extract, Extraction

    from listrak_sandbox.envelope import Answer
    from listrak_sandbox.sandbox import Call

SCHEMA = {
    "properties": {
        "listId": {"type": ["integer"]},
        "linkId": {"type": ["integer"]},
        "emailAddress": {"type": ["string"]},
        "clickDate": {"type": ["string"], "format": "date-time"},
        "note": {"type": ["string", "null"]},
    }
}
KEYS = ("listId", "linkId", "emailAddress", "clickDate")


def prepare(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return Preparer("clicks", SCHEMA, KEYS).prepare(list(rows), {"listId": 7})


def test_parents_ids_win_over_what_the_row_says() -> None:
    (record,) = prepare(
        {"listId": None, "linkId": 3, "emailAddress": "a@b.example", "clickDate": "2026-01-02T03:04:05"}
    )
    assert record == {
        "listId": 7,
        "linkId": 3,
        "emailAddress": "a@b.example",
        "clickDate": "2026-01-02T03:04:05Z",
    }


def test_a_missing_key_gets_a_stand_in_that_tells_rows_apart(caplog: pytest.LogCaptureFixture) -> None:
    preparer = Preparer("clicks", SCHEMA, KEYS)
    rows = [{"note": "one"}, {"note": "two"}, {"note": "one"}, {"emailAddress": "", "linkId": 3}]
    records = preparer.prepare(rows, {"listId": 7})
    for record in records:
        assert all(record[key] is not None for key in KEYS)
        assert record["clickDate"] == NO_DATE
        assert record["emailAddress"].startswith("missing:")
    assert records[0]["linkId"] == 0
    assert records[3]["linkId"] == 3
    assert records[0] == records[2], "the same row has the same key whenever it is read"
    assert records[0]["emailAddress"] != records[1]["emailAddress"], "no row takes another one's place"
    with caplog.at_level(logging.WARNING):
        preparer.report()
        preparer.report()
    assert caplog.text.count("4 rows of clicks came without emailAddress") == 1
    assert caplog.text.count("3 rows of clicks came without linkId") == 1
    assert "one" not in caplog.text.replace("emailAddress", "")


@pytest.mark.parametrize(
    ("sent", "record"),
    [
        ("0001-01-01T00:00:00", None),
        ("2026-06-30T08:15:23", "2026-06-30T08:15:23Z"),
        ("2026-06-30T08:15:23.4370000", "2026-06-30T08:15:23.437000Z"),
        ("2026-06-30T08:15:23.1234567", "2026-06-30T08:15:23.123456Z"),
        ("2026-06-30T08:15:23.5-04:00", "2026-06-30T12:15:23.5Z"),
        ("2026-06-30T08:15:23-0400", "2026-06-30T12:15:23Z"),
        ("2026-06-30 08:15:23", "2026-06-30T08:15:23Z"),
        ("2026-06-30 08:15:23 ", "2026-06-30T08:15:23Z"),
        ("2026-06-30T08:15", "2026-06-30T08:15:00Z"),
        ("2026-06-30T08:15.5", "2026-06-30T08:15.5"),
        ("2026-06-30T08:15:23-04", "2026-06-30T12:15:23Z"),
        ("2026-06-30T08:15Z", "2026-06-30T08:15:00Z"),
        ("", None),
        (" ", None),
        ("6/30/2026", "6/30/2026"),
    ],
)
def test_dates(sent: str, record: str | None) -> None:
    assert UtcDates(UtcHours(UTC))[sent] == record


@pytest.mark.parametrize(
    ("sent", "record"),
    [
        ("0001-01-01T00:00:00", None),
        ("0001-01-01T00:00:00.0000000", None),
        ("2026-01-15T12:44:40", "2026-01-15T17:44:40Z"),
        ("2026-06-30T22:15:23.4370000", "2026-07-01T02:15:23.437000Z"),
        ("2026-06-30T22:15:23.43", "2026-07-01T02:15:23.43Z"),
        ("2026-06-30T08:15:23Z", "2026-06-30T08:15:23Z"),
        ("2026-06-30T08:15:23+02:00", "2026-06-30T06:15:23Z"),
        # The hour that occurs twice is its first instant; the one that does not occur has the old offset.
        ("2026-11-01T01:30:00", "2026-11-01T05:30:00Z"),
        ("2026-11-01T02:00:00", "2026-11-01T07:00:00Z"),
        ("2026-03-08T02:30:00", "2026-03-08T07:30:00Z"),
        ("9999-12-31T23:59:59.9999999", LATEST),
        ("2026-13-45T08:15:23", "2026-13-45T08:15:23"),
        ("2026-06-30", "2026-06-30"),
    ],
)
def test_dates_without_an_offset_are_wall_time_of_the_zone_and_become_utc(
    sent: str, record: str | None
) -> None:
    assert UtcDates(UtcHours(find_zone("America/New_York")))[sent] == record


@given(
    wall=st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 - wall time
    zone=st.sampled_from(["America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
    decimals=st.integers(0, 7),
)
def test_every_zone_and_form_gives_the_instant_that_the_rule_says(
    wall: datetime, zone: str, decimals: int
) -> None:
    fraction = f".{wall.microsecond:06}0"[: decimals + 1] if decimals else ""
    text = wall.isoformat(timespec="seconds") + fraction
    made = UtcDates(UtcHours(find_zone(zone)))[text]
    assert made is not None
    assert datetime.fromisoformat(made) == parse(text, find_zone(zone))


@pytest.fixture
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


def not_found(*routes: str) -> list[dict[str, Any]]:
    return [
        {"kind": "status", "status": 404, "error": "ERROR_UNABLE_TO_LOCATE_RESOURCE", "route": one}
        for one in routes
    ]


def test_a_message_deleted_meanwhile_stops_nothing(
    tiny: RunningSandbox, extract: Extract, caplog: pytest.LogCaptureFixture
) -> None:
    message = "/List/{listId}/Message/{messageId}"
    tiny.control("POST", "faults", not_found(f"{message}/Summary", message))
    run = extract(tiny, streams=["messages", "message_summaries", "message_links"])
    assert run.records["messages"]
    assert run.records["message_links"]
    assert not run.records["message_summaries"]
    assert "Deleted during the run" in caplog.text


@pytest.mark.parametrize(
    ("parent", "child", "stream"),
    [
        ("/SegmentationFieldGroup/{segmentationFieldGroupId}", "/SegmentationField", "profile_fields"),
        ("/PhoneList/{phoneListId}", "/Contact", "phone_list_contacts"),
        ("/ShortCode/{senderCodeId}", "/PhoneList", "phone_lists"),
    ],
)
def test_other_parents_deleted_meanwhile_stop_nothing_either(
    tiny: RunningSandbox, extract: Extract, parent: str, child: str, stream: str
) -> None:
    tiny.control("POST", "faults", not_found(f"*{parent}{child}", f"*{parent}"))
    run = extract(tiny, streams=[stream, "lists"])
    assert run.records["lists"]
    assert not run.records[stream]


@dataclass
class Changed:
    """Changes the data in the sandbox's answers, as one of its hooks."""

    kind: str

    async def before(self, _: Call) -> None:
        """Let every call pass."""

    async def after(self, call: Call, answer: Answer) -> Answer:
        """Change an answer."""
        path = str(call.scope["path"])
        if path.startswith(("/email", "/sms")) and answer.status == HTTPStatus.OK:
            envelope = msgspec.json.decode(answer.body)
            envelope["data"] = self._changed(envelope["data"])
            answer.body = msgspec.json.encode(envelope)
        return answer

    def _changed(self, value: object) -> object:
        if self.kind == "null":
            return [None, *value] if isinstance(value, list) else value
        return self._retyped(value)

    def _retyped(self, value: object) -> object:
        if isinstance(value, dict):
            return {name: self._retyped(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._retyped(one) for one in value]
        if isinstance(value, bool):
            return str(value).lower() if self.kind == "text" else int(value)
        if isinstance(value, int):
            return str(value) if self.kind == "text" else float(value)
        return value


@pytest.mark.parametrize("kind", ["text", "number", "null"])
def test_ids_as_text_truth_values_as_numbers_and_null_rows_are_read_as_what_they_are(
    tiny: RunningSandbox, extract: Extract, kind: str
) -> None:
    """Ids as text ended the run where they met those of the state; loaders refuse a type of their own."""

    streams = [
        "lists",
        "contacts",
        "messages",
        "message_activity",
        "profile_fields",
        "phone_lists",
        "sms_opt_outs",
        "phone_list_contacts",
    ]
    usual = extract(tiny, streams=streams, profile_fields="all")
    assert tiny.sandbox is not None
    tiny.sandbox.hooks.append(Changed(kind))
    odd = extract(tiny, streams=streams, profile_fields="all")
    assert odd.records == usual.records
    assert odd.state == usual.state
    again = extract(tiny, streams=streams, profile_fields="all", state=odd.state)
    assert again.state == odd.state


def test_an_enumeration_that_comes_as_a_number_is_a_text_where_the_schema_says_so(
    tiny: RunningSandbox, extract: Extract
) -> None:
    tiny.settings(enums_as_numbers=True)
    run = extract(tiny, streams=["sms_opt_outs"])
    assert {type(one["optOutReason"]) for one in run.records["sms_opt_outs"]} == {str}


@pytest.mark.parametrize(
    ("kind", "sent", "record"),
    [
        ("integer", "x7", "x7"),
        ("integer", " 7 ", 7),
        ("integer", "-7.00", -7),
        ("integer", 7.5, 7.5),
        ("integer", "", None),
        ("number", "7.5", 7.5),
        ("number", "7", 7),
        ("number", "1,5", "1,5"),
        ("number", " ", None),
        ("boolean", "True", True),
        ("boolean", 0, False),
        ("boolean", 2, 2),
        ("boolean", "maybe", "maybe"),
        ("string", True, "true"),
        ("string", 7, "7"),
        ("string", "", ""),
        ("string", ["a"], ["a"]),
    ],
)
def test_a_value_of_another_type_is_converted_where_nothing_is_lost(
    kind: str, sent: object, record: object
) -> None:
    row = {"value": sent}
    ScalarColumns({"properties": {"value": {"type": [kind, "null"]}}}).retype(row)
    assert row["value"] == record
    assert type(row["value"]) is type(record)


def last_read(run: Extraction, stream: str) -> set[str]:
    parts = run.state["bookmarks"].get(stream, {"partitions": []})["partitions"]
    return {one["replication_key_value"] for one in parts}


def test_what_seemed_deleted_and_is_there_again_was_not_passed_by_and_removed_nothing(
    tiny: RunningSandbox, extract: Extract
) -> None:
    """A list answered 404 for some minutes: contacts were lost and campaigns removed, with exit code 0."""
    streams = ["lists", "contacts", "campaigns", "messages", "message_activity"]
    tiny.set_clock(now="2026-06-10T12:00:00Z", frozen=True)
    first = extract(tiny, streams=streams)
    tiny.set_clock(now="2026-06-20T12:00:00Z", frozen=True)
    tiny.control(
        "POST", "faults", [{**one, "ids": {"listId": 40137}} for one in not_found("*/List/{listId}*")]
    )
    second = extract(tiny, streams=streams, state=first.state)
    removing = {one["stream"] for one in second.messages if one["type"] == "ACTIVATE_VERSION"}
    assert removing == {"lists"}
    for stream in ("contacts", "messages", "message_activity"):
        assert last_read(second, stream) == {"2026-06-10T12:00:00Z", "2026-06-20T12:00:00Z"}
    tiny.control("DELETE", "faults")
    tiny.set_clock(now="2026-06-30T12:00:00Z", frozen=True)
    third = extract(tiny, streams=streams, state=second.state)
    undisturbed = extract(tiny, streams=streams, state=first.state)
    for stream in ("contacts", "messages", "message_activity"):
        both = {**second.merged(stream), **third.merged(stream)}
        assert both.keys() >= undisturbed.merged(stream).keys()
        assert last_read(third, stream) == {"2026-06-30T12:00:00Z"}
    assert {one["stream"] for one in third.messages if one["type"] == "ACTIVATE_VERSION"} == {
        "lists",
        "campaigns",
    }


def test_the_404_of_a_gateway_is_no_deletion(tiny: RunningSandbox, extract: Extract) -> None:
    tiny.control("POST", "faults", [{"kind": "html", "status": 404, "route": "*/List/{listId}*"}])
    with pytest.raises(NotFoundError):
        extract(tiny, streams=["lists", "campaigns"])
    tiny.control("DELETE", "faults")
    first = extract(tiny, streams=["lists", "campaigns"])
    tiny.control(
        "POST",
        "faults",
        [
            {"kind": "short_answer", "rows": 1, "route": "*/List"},
            {"kind": "html", "status": 404, "route": "*/List/{listId}"},
        ],
    )
    second = extract(tiny, streams=["lists", "campaigns"], state=first.state)
    assert not [one for one in second.messages if one["type"] == "ACTIVATE_VERSION"]
    assert second.state["known_ids"] == first.state["known_ids"]


def test_a_404_for_something_that_is_there_is_an_error(tiny: RunningSandbox, extract: Extract) -> None:
    """Taken for "gone", it would drop rows without a word and move the bookmark past them."""
    tiny.control("POST", "faults", not_found("/List/{listId}/Message/{messageId}/Summary"))
    with pytest.raises(NotFoundError):
        extract(tiny, streams=["messages", "message_summaries"])
