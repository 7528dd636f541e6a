"""What keeps a first full load from raising an event, or sending a message, for each record of all years."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from target_runs import Outcome, Runs, record, schema, state

from target_listrak.config.destination_options import OPTIONS
from target_listrak.delivery.event_limit import EventLimitError
from target_listrak.tracking.tallies import closing_table

if TYPE_CHECKING:
    from collections.abc import Callable

NEWSLETTER = 40137
HEAD = schema("orders", "email", "phone", "at", id={}, keys=("id",))
PEOPLE = 8


class Events:
    """A kind that raises events: how it is set, and what it raised."""

    def __init__(self, runs: Runs, kind: str) -> None:
        self.runs, self.kind = runs, kind
        event = next(one for one in runs.read(f"List/{NEWSLETTER}/Event") if one["status"] == "Active")
        place: dict[str, Any] = {
            "custom_events": {"event": "Cart Abandoned", "events_per_request": 2},
            "email_events": {"list": NEWSLETTER, "event": event["eventId"]},
            "email_list": {"list": NEWSLETTER, "event_ids": [event["eventId"]]},
            "email_unsubscribe": {"list": NEWSLETTER, "event_ids": [event["eventId"]]},
        }[kind]
        self.entry = {"kind": kind, **place}
        for number in range(PEOPLE):
            runs.save(NEWSLETTER, f"buyer{number}@example.org")

    def run(self, messages: list[Any], *, dry_run: bool = False, **options: object) -> Outcome:
        return self.runs.run(messages, {"orders": {**self.entry, **options}}, dry_run=dry_run)

    def raised(self) -> int:
        written = self.runs.sandbox.written()
        if self.kind == "custom_events":
            return len(written["custom_events"]["posted"])
        return len(written["events"])


def order(number: int, **values: object) -> dict[str, Any]:
    return record("orders", id=number, email=f"buyer{number}@example.org", **values)


def orders(*numbers: int) -> list[dict[str, Any]]:
    return [HEAD, *map(order, numbers), state(1)]


@pytest.mark.parametrize("kind", ["email_events", "email_list", "custom_events"])
def test_a_first_load_of_all_years_raises_no_more_events_than_max_events(runs: Runs, kind: str) -> None:
    events = Events(runs, kind)
    for dry_run in (True, False):
        outcome = events.run(orders(*range(6)), max_events=5, dry_run=dry_run)
        assert isinstance(outcome.error, EventLimitError)
        assert "destinations.orders.max_events" in str(outcome.error)
        assert "max_age_days" in str(outcome.error) or kind == "email_list"
        assert outcome.states == []
    # An import is sent whole or not at all; of requests those before the limit went.
    assert events.raised() == (4 if kind == "custom_events" else 0)
    assert events.run(orders(*range(6)), max_events=6).error is None
    assert events.raised() == 6


@pytest.mark.parametrize("kind", ["email_events", "email_list", "custom_events"])
def test_records_that_come_again_do_not_count(runs: Runs, kind: str) -> None:
    """A source that sends its whole table each day raises the events of the new records only."""
    events = Events(runs, kind)
    assert events.run(orders(*range(6)), max_events=6).error is None
    outcome = events.run(orders(*range(8)), max_events=2)
    assert outcome.error is None
    assert outcome.states == [1]
    assert events.raised() == 8


def test_records_of_strangers_do_not_count_in_later_imports(runs: Runs) -> None:
    events = Events(runs, "email_events")
    rows = [HEAD, *(order(number) for number in (90, 91, 92, 0, 1, 2)), state(1)]
    destinations = {"orders": {**events.entry, "max_events": 3}}
    outcome = runs.good(rows, destinations, batch_size_rows=3)
    assert (outcome.tally.accepted, outcome.tally.declined) == (3, 3)


def test_whoever_leaves_is_unsubscribed_however_many_events_that_raises(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = Events(runs, "email_unsubscribe")
    monkeypatch.setitem(OPTIONS, "max_events", replace(OPTIONS["max_events"], default=0))
    assert events.run(orders(*range(6))).tally.accepted == events.raised() == 6


def test_the_limit_holds_without_being_set() -> None:
    assert OPTIONS["max_events"].default == 10_000


# Old records

NOW = dt.datetime.now(dt.UTC)
DATES: list[tuple[str | None, str]] = [
    (NOW.isoformat(), ""),
    ((NOW - dt.timedelta(days=3)).date().isoformat(), ""),
    ((NOW + dt.timedelta(hours=20)).isoformat(), ""),
    ((NOW - dt.timedelta(days=5)).isoformat(), "too_old"),
    ("2019-03-01", "too_old"),
    ((NOW + dt.timedelta(days=3)).isoformat(), "in_the_future"),
    ("2031-01-01", "in_the_future"),
    (None, "no_date"),
    ("NULL", "no_date"),
    ("yesterday", "not_a_date"),
]


def message(runs: Runs, channel: str) -> dict[str, Any]:
    if channel == "email":
        rows = runs.read(f"List/{NEWSLETTER}/TransactionalMessage")
        place: dict[str, Any] = {"kind": "transactional_message", "list": NEWSLETTER}
        return {**place, "message": rows[0]["transactionalMessageId"], "allow_sending": True}
    answer = runs._session.get(
        f"{runs.sandbox.url}/sms/v1/ShortCode/410/PhoneList/7101/TransactionalMessage",
        headers={"Authorization": f"Bearer {runs.sandbox.token('sms')}"},
        timeout=30,
    )
    place = {"kind": "sms_transactional_message", "sender_code": 410, "phone_list": 7101}
    found = answer.json()["data"][0]["transactionalMessageId"]
    return {**place, "message": found, "allow_sending": True}


_ENTRIES: dict[str, Callable[[Runs], dict[str, Any]]] = {
    "custom_events": lambda runs: Events(runs, "custom_events").entry,
    "email_events": lambda runs: Events(runs, "email_events").entry,
    "transactional_message": lambda runs: message(runs, "email"),
    "sms_transactional_message": lambda runs: message(runs, "sms"),
}


@pytest.mark.parametrize("kind", _ENTRIES)
def test_records_older_than_max_age_days_are_declined(runs: Runs, kind: str) -> None:
    entry = {**_ENTRIES[kind](runs), "event_date": "at", "max_age_days": 3}
    rows = [
        record(
            "orders", id=number, email=f"buyer{number % 3}@example.org", phone=f"12165553{number:03}", at=at
        )
        for number, (at, _) in enumerate(DATES)
    ]
    outcome = runs.good([HEAD, *rows, state(1)], {"orders": entry})
    assert outcome.codes == [code for _, code in DATES if code]
    assert outcome.not_loaded == (4, 3)
    assert outcome.tally.accepted == 3
    assert outcome.states == [1]


@pytest.mark.parametrize("options", [{"event_date": "at"}, {"max_age_days": 3}])
def test_a_date_and_an_age_go_together(runs: Runs, options: dict[str, Any]) -> None:
    outcome = Events(runs, "email_events").run(orders(1), **options)
    assert "event_date" in str(outcome.error)
    assert "max_age_days" in str(outcome.error)


def test_a_dry_run_counts_the_events(runs: Runs) -> None:
    outcome = Events(runs, "email_events").run(orders(1, 2), dry_run=True)
    assert any("2 events would be raised" in line for line in closing_table(outcome.tallies.values()))
