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

TOOLS = ["_sdc_extracted_at", "_airbyte_extracted_at", "_fivetran_synced", "_dlt_load_id", "__ts_ms"]


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


def notes(runs: Runs) -> tuple[int, int]:
    """How many rows are noted, and how many imports whose results are not known."""
    with sqlite3.connect(runs.folder / "sent-rows.sqlite") as file:
        (rows,) = file.execute("SELECT count(*) FROM row").fetchone()
        (sending,) = file.execute("SELECT count(*) FROM sending").fetchone()
    return rows, sending


def to(event: int, **options: object) -> dict[str, Any]:
    return {"rows": {"kind": "email_events", "list": NEWSLETTER, "event": event, **options}}


def text_fields(runs: Runs) -> list[int]:
    """The ids of the list's profile fields of type text."""
    found = []
    for group in runs.read(f"List/{NEWSLETTER}/SegmentationFieldGroup"):
        place = f"List/{NEWSLETTER}/SegmentationFieldGroup/{group['segmentationFieldGroupId']}"
        fields = runs.read(f"{place}/SegmentationField")
        found += [int(one["segmentationFieldId"]) for one in fields if one["dataType"] == "Text"]
    return found


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
    text = "the same as a record of an earlier run: it raises no event and appends nothing again"
    assert again.tally.remarks == {text: 8}
    assert raised(runs) == sorted([*people, people[0]])


def test_a_record_that_comes_again_raises_no_second_event(runs: Runs, event: int) -> None:
    """Extractors send the last row of an incremental run once more, and full loads send everything again."""
    people = known(runs, 3)
    rows = [record("rows", email=one, note="June") for one in people]
    assert runs.good([SCHEMA, *rows, state(1)], to(event)).tally.accepted == 3
    later = record("rows", email=people[0], note="July", **dict.fromkeys(TOOLS, "2026-07-01"))
    again = runs.good([SCHEMA, *rows, later, state(2)], to(event))
    assert again.figures == (4, 1, 3, 0, 0)
    assert raised(runs) == sorted([*people, people[0]])
    once_more = record("rows", email=people[0], note="July", **dict.fromkeys(TOOLS, "2026-07-02"))
    assert runs.good([SCHEMA, once_more], to(event)).figures == (1, 0, 1, 0, 0)


def test_repeat_events_raises_them_in_each_run(runs: Runs, event: int) -> None:
    people = known(runs, 3)
    messages = [SCHEMA, *(record("rows", email=one) for one in people), state(1)]
    for _ in range(2):
        assert runs.good(messages, to(event, repeat_events=True)).tally.accepted == 3
    assert len(raised(runs)) == 6
    assert not (runs.folder / "sent-rows.sqlite").exists()


def test_another_stream_list_or_event_is_another_event(runs: Runs, event: int) -> None:
    (one,) = known(runs, 1)
    second = next(
        row["eventId"]
        for row in runs.read(f"List/{NEWSLETTER}/Event")
        if row["status"] == "Active" and row["eventId"] != event
    )
    runs.good([SCHEMA, record("rows", email=one)], to(event))
    assert runs.good([SCHEMA, record("rows", email=one)], to(second)).tally.accepted == 1
    other = {"others": to(event)["rows"]}
    head = schema("others", "email", "id", "note")
    assert runs.good([head, record("others", email=one)], other).tallies["others"].accepted == 1


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
    assert notes(runs) == (4, 0)


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
    assert notes(runs) == (3, 0)


@pytest.mark.parametrize("kind", ["email_list", "email_unsubscribe"])
def test_event_ids_of_other_kinds_are_raised_once_and_the_rest_is_loaded_again(
    runs: Runs, event: int, kind: str
) -> None:
    people = known(runs, 3)
    rows = [record("rows", email=one) for one in people]
    entry = {"rows": {"kind": kind, "list": NEWSLETTER, "event_ids": [event]}}
    runs.run([SCHEMA, *rows, *WRONG], entry, max_reject_share=0.1)
    state_after = (runs.contact(NEWSLETTER, people[0]) or {})["subscriptionState"]
    before = len(runs.imports())
    assert runs.good([SCHEMA, *rows], entry).closes()
    assert len(runs.imports()) == before + 1
    assert (runs.contact(NEWSLETTER, people[0]) or {})["subscriptionState"] == state_after
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
    assert runs.good([SCHEMA, *rows], entry).closes()
    assert raised(runs) == before


def test_append_adds_a_value_once(runs: Runs) -> None:
    field, other = text_fields(runs)[:2]
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
    more = {"rows": {**entry["rows"], "fields": {"note": field, "id": other}}}
    assert runs.good([SCHEMA, record("rows", email=one, note="green", id="E1")], more).tally.accepted == 1


def test_the_notes_hold_no_address_and_little_else(runs: Runs, event: int) -> None:
    people = known(runs, 2)
    rows = [record("rows", email=one) for one in people]
    runs.good([SCHEMA, *rows], to(event))
    path = runs.folder / "sent-rows.sqlite"
    assert path.stat().st_mode & 0o777 == 0o600
    assert not any(one.encode() in path.read_bytes() for one in people)
    with sqlite3.connect(path) as notes:
        assert notes.execute("SELECT count(*), count(sending) FROM row").fetchone() == (2, 0)
        assert notes.execute("SELECT count(*) FROM sending").fetchone() == (0,)


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
