"""Runs that failed and are repeated: what acts each time it is loaded (events, `Append`) acts once."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from target_runs import Runs, record, schema, state

from listrak_api.errors import ConfigurationError

NEWSLETTER = 40137
START = "/List/{listId}/ListImport"
RESULTS = "/List/{listId}/ListImport/{importFileId}/Contact"
SCHEMA = schema("rows", "email", "id", "note")
WRONG = [record("rows", email=f"not an address {one}") for one in range(5)]


@pytest.fixture
def event(runs: Runs) -> int:
    events = runs.read(f"List/{NEWSLETTER}/Event")
    return int(next(one["eventId"] for one in events if one["status"] == "Active"))


def raised(runs: Runs) -> list[str]:
    return sorted(one["emailAddress"] for one in runs.sandbox.written()["events"])


def known(runs: Runs, count: int) -> list[str]:
    people = [f"a{number}@example.org" for number in range(count)]
    for one in people:
        runs.save(NEWSLETTER, one)
    return people


def to(event: int, **options: object) -> dict[str, Any]:
    return {"rows": {"kind": "email_events", "list": NEWSLETTER, "event": event, **options}}


def text_field(runs: Runs) -> int:
    """The id of a profile field of type text."""
    for group in runs.read(f"List/{NEWSLETTER}/SegmentationFieldGroup"):
        fields = runs.read(
            f"List/{NEWSLETTER}/SegmentationFieldGroup/{group['segmentationFieldGroupId']}/SegmentationField"
        )
        for one in fields:
            if one["dataType"] == "Text":
                return int(one["segmentationFieldId"])
    raise AssertionError


def test_a_run_that_failed_by_its_rejects_raises_no_event_twice_when_it_is_repeated(
    runs: Runs, event: int
) -> None:
    people = known(runs, 8)
    rows = [record("rows", email=one) for one in people]
    failed = runs.run([SCHEMA, *rows, *WRONG, state(1)], to(event), max_reject_share=0.1)
    assert failed.error is not None
    assert failed.states == []
    assert raised(runs) == people
    again = runs.good([SCHEMA, *rows, record("rows", email=people[0], note="new"), state(1)], to(event))
    assert again.figures == (9, 1, 8, 0, 0)
    assert again.tally.remarks == {"rows are in Listrak from a run that failed: they are not sent again": 8}
    assert raised(runs) == sorted([*people, people[0]])


def test_after_a_run_that_ended_well_the_same_record_is_a_new_event(runs: Runs, event: int) -> None:
    people = known(runs, 3)
    messages = [SCHEMA, *(record("rows", email=one) for one in people), state(1)]
    assert runs.good(messages, to(event)).tally.accepted == 3
    assert runs.good(messages, to(event)).tally.accepted == 3
    assert len(raised(runs)) == 6


def test_a_source_that_dies_after_its_last_state_has_its_rows_raised_once(runs: Runs, event: int) -> None:
    """The target ends well, but the source sends what followed its last STATE once more."""
    people = known(runs, 4)
    first, last = [[record("rows", email=one) for one in part] for part in (people[:2], people[2:])]
    runs.good([SCHEMA, *first, state(1), *last], to(event))
    again = runs.good([SCHEMA, *last, state(2)], to(event))
    assert again.figures == (2, 0, 2, 0, 0)
    assert raised(runs) == people


def test_a_record_that_comes_twice_in_a_failed_run_is_raised_twice_in_all(runs: Runs, event: int) -> None:
    (one,) = known(runs, 1)
    rows = [record("rows", email=one), record("rows", email=one)]
    runs.run([SCHEMA, *rows, *WRONG], to(event), max_reject_share=0.1)
    again = runs.good([SCHEMA, *rows, record("rows", email=one)], to(event))
    assert again.figures == (3, 1, 2, 0, 0)
    assert raised(runs) == [one] * 3


def test_what_listrak_did_not_take_in_a_failed_run_is_sent_by_the_next(runs: Runs, event: int) -> None:
    people = known(runs, 3)
    rows = [record("rows", email=one) for one in people]
    stranger = record("rows", email="stranger@example.org")
    outage = {"kind": "status", "route": START, "method": "POST", "status": 503, "count": 100}
    runs.sandbox.control("POST", "faults", [outage])
    assert runs.run([SCHEMA, *rows], to(event), max_retries=1).error is not None
    runs.sandbox.control("DELETE", "faults")
    runs.run([SCHEMA, stranger, *rows[:1], *WRONG], to(event), max_reject_share=0.1)
    assert raised(runs) == people[:1]
    runs.save(NEWSLETTER, "stranger@example.org")
    again = runs.good([SCHEMA, stranger, *rows, state(1)], to(event))
    assert again.figures == (4, 3, 1, 0, 0)
    assert raised(runs) == [*people, "stranger@example.org"]


def test_a_run_whose_results_never_came_is_looked_up_by_its_files(runs: Runs, event: int) -> None:
    people = known(runs, 3)
    rows = [record("rows", email=one) for one in people]
    outage = {"kind": "status", "route": RESULTS, "method": "GET", "status": 503, "count": 100}
    runs.sandbox.control("POST", "faults", [outage])
    assert runs.run([SCHEMA, *rows], to(event), max_retries=1).error is not None
    runs.sandbox.control("DELETE", "faults")
    assert raised(runs) == people
    assert runs.good([SCHEMA, *rows, state(1)], to(event)).figures == (3, 0, 3, 0, 0)
    assert raised(runs) == people


@pytest.mark.parametrize("kind", ["email_list", "email_unsubscribe"])
def test_event_ids_of_other_kinds_are_raised_once_as_well(runs: Runs, event: int, kind: str) -> None:
    people = known(runs, 3)
    rows = [record("rows", email=one) for one in people]
    entry = {"rows": {"kind": kind, "list": NEWSLETTER, "event_ids": [event]}}
    runs.run([SCHEMA, *rows, *WRONG], entry, max_reject_share=0.1)
    assert runs.good([SCHEMA, *rows], entry).figures == (3, 0, 3, 0, 0)
    assert raised(runs) == people


@pytest.mark.parametrize("call", [{"subscribed_by_contact": True}, {"double_opt_in": True}])
def test_events_that_are_raised_by_calls_are_raised_once_as_well(
    runs: Runs, event: int, call: dict[str, Any]
) -> None:
    people = known(runs, 3)
    rows = [record("rows", email=one) for one in people]
    entry = {"rows": {"kind": "email_list", "list": NEWSLETTER, "event_ids": [event], **call}}
    runs.run([SCHEMA, *rows, *WRONG], entry, max_reject_share=0.1)
    before = raised(runs)
    assert before == people
    assert runs.good([SCHEMA, *rows], entry).figures == (3, 0, 3, 0, 0)
    assert raised(runs) == before


def test_append_adds_a_value_once(runs: Runs) -> None:
    field = text_field(runs)
    (one,) = known(runs, 1)
    rows = [record("rows", email=one, note="green")]
    entry = {
        "rows": {
            "kind": "profile_fields",
            "list": NEWSLETTER,
            "update_type": "Append",
            "fields": {"note": field},
        }
    }
    runs.run([SCHEMA, *rows, *WRONG], entry, max_reject_share=0.1)
    value = runs.values(NEWSLETTER, one)[field]
    assert "green" in value
    assert runs.good([SCHEMA, *rows], entry).figures == (1, 0, 1, 0, 0)
    assert runs.values(NEWSLETTER, one)[field] == value
    runs.good([SCHEMA, *rows], entry)
    assert runs.values(NEWSLETTER, one)[field] != value


def test_the_notes_hold_no_address_and_are_empty_after_a_run_that_ended_well(runs: Runs, event: int) -> None:
    people = known(runs, 2)
    rows = [record("rows", email=one) for one in people]
    runs.run([SCHEMA, *rows, *WRONG], to(event), max_reject_share=0.1)
    path = runs.folder / "sent-rows.sqlite"
    assert path.stat().st_mode & 0o777 == 0o600
    assert not any(one.encode() in path.read_bytes() for one in people)
    runs.good([SCHEMA, *rows], to(event))
    with sqlite3.connect(path) as notes:
        assert notes.execute("SELECT count(*) FROM applied").fetchone() == (0,)


def test_a_dry_run_reads_the_notes_and_writes_none(runs: Runs, event: int) -> None:
    people = known(runs, 2)
    rows = [record("rows", email=one) for one in people]
    runs.good([SCHEMA, *rows], to(event), dry_run=True)
    assert not (runs.folder / "sent-rows.sqlite").exists()
    runs.run([SCHEMA, *rows, *WRONG], to(event), max_reject_share=0.1)
    for _ in range(2):
        assert runs.good([SCHEMA, *rows], to(event), dry_run=True).figures == (2, 0, 2, 0, 0)
    assert runs.good([SCHEMA, *rows], to(event)).figures == (2, 0, 2, 0, 0)


def test_notes_that_cannot_be_kept_are_an_error_before_the_first_record(runs: Runs, event: int) -> None:
    (runs.folder / "sent-rows.sqlite").write_bytes(b"no database" * 100)
    outcome = runs.run([SCHEMA, record("rows", email="a@example.org")], to(event))
    assert isinstance(outcome.error, ConfigurationError)
    assert outcome.error.setting == "sent_path"
    assert raised(runs) == []
