"""Rows become records: parents' ids, dates, and keys that are never missing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from listrak_api.errors import NotFoundError
from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.dates import NO_DATE, normalise
from tap_listrak.records import Preparer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extract

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
        (None, None),
        ("0001-01-01T00:00:00", None),
        ("2026-06-30T08:15:23", "2026-06-30T08:15:23Z"),
        ("2026-06-30T08:15:23.4370000", "2026-06-30T08:15:23.437000Z"),
        ("2026-06-30T08:15:23.1234567", "2026-06-30T08:15:23.123456Z"),
        ("2026-06-30T08:15:23.5-04:00", "2026-06-30T08:15:23.5-04:00"),
        ("2026-06-30T08:15:23-0400", "2026-06-30T08:15:23-04:00"),
        ("2026-06-30 08:15:23", "2026-06-30T08:15:23Z"),
        ("6/30/2026", "6/30/2026"),
    ],
)
def test_dates(sent: str | None, record: str | None) -> None:
    assert normalise(sent) == record


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
    assert "Deleted while it was being read" in caplog.text


def test_a_404_for_something_that_is_there_is_an_error(tiny: RunningSandbox, extract: Extract) -> None:
    """Taken for "gone", it would drop rows without a word and move the bookmark past them."""
    tiny.control("POST", "faults", not_found("/List/{listId}/Message/{messageId}/Summary"))
    with pytest.raises(NotFoundError):
        extract(tiny, streams=["messages", "message_summaries"])
