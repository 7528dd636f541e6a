"""`max_removed`: a source that breaks and names everybody removes nobody."""

from __future__ import annotations

from typing import Any

import pytest
from sms_world import CLUB, CODE, SmsWorld
from target_runs import Runs, record, schema, state

from listrak_api.errors import ConfigurationError
from target_listrak.delivery.removals import RemovalLimitError

NEWSLETTER = 40137
EMAIL_KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "email_unsubscribe": ({}, {}),
    "email_list, deleted": ({"kind": "email_list", "allow_deletes": True}, {"_sdc_deleted_at": "2026-06-01"}),
    "email_list, no consent": (
        {"kind": "email_list", "subscribed": "agrees", "unsubscribe": True},
        {"agrees": False},
    ),
}
SMS_KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "sms_unsubscribe": ({"phone_list": CLUB}, {}),
    "sms_opt_out": ({}, {}),
    "sms_list, deleted": (
        {"kind": "sms_list", "phone_list": CLUB, "allow_deletes": True},
        {"_sdc_deleted_at": "2026-06-01"},
    ),
    "sms_list, no consent": (
        {"kind": "sms_list", "phone_list": CLUB, "subscribed": "agrees", "unsubscribe": True},
        {"agrees": False},
    ),
}
SCHEMA = schema("rows", "email", "phone", "_sdc_deleted_at", agrees={"type": ["boolean", "null"]})


def subscribed(runs: Runs) -> list[str]:
    rows = runs.read(f"List/{NEWSLETTER}/Contact")
    return [one["emailAddress"] for one in rows if one["subscriptionState"] == "Subscribed"]


@pytest.mark.parametrize("kind", EMAIL_KINDS)
def test_T2_a_source_that_names_everybody_unsubscribes_nobody(runs: Runs, kind: str) -> None:
    everybody = subscribed(runs)[:50]
    options, says = EMAIL_KINDS[kind]
    entry = {"kind": kind, "list": NEWSLETTER, **options}
    rows = [record("rows", email=one, **says) for one in everybody]
    most = len(everybody) - 1
    stopped = runs.run([SCHEMA, *rows, state(1)], {"rows": {**entry, "max_removed": most}})
    assert isinstance(stopped.error, RemovalLimitError)
    assert "destinations.rows.max_removed" in str(stopped.error)
    assert "would remove 50 people" in str(stopped.error)
    assert stopped.states == []
    assert subscribed(runs)[:50] == everybody
    allowed = runs.good([SCHEMA, *rows, state(1)], {"rows": {**entry, "max_removed": len(everybody)}})
    assert allowed.tally.accepted == len(everybody)
    assert not set(subscribed(runs)).intersection(everybody)


@pytest.mark.parametrize("kind", SMS_KINDS)
def test_T2_a_source_that_names_everybody_removes_no_number(runs: Runs, kind: str) -> None:
    world = SmsWorld(runs)
    everybody = world.some(6)
    options, says = SMS_KINDS[kind]
    entry = {"kind": kind, "sender_code": CODE, **options}
    rows = [record("rows", phone=one, **says) for one in everybody]
    before = world.on()
    stopped = runs.run([SCHEMA, *rows, state(1)], {"rows": {**entry, "max_removed": 5}})
    assert isinstance(stopped.error, RemovalLimitError)
    assert stopped.states == []
    assert world.on() == before
    allowed = runs.good([SCHEMA, *rows, state(1)], {"rows": {**entry, "max_removed": 6}})
    assert allowed.tally.accepted == 6


def test_who_left_long_ago_does_not_count(runs: Runs) -> None:
    """A table of everybody who ever left comes in full every day: only those who leave now are counted."""
    everybody = subscribed(runs)[:6]
    entry = {"kind": "email_unsubscribe", "list": NEWSLETTER}
    rows = [record("rows", email=one) for one in everybody]
    strangers = [record("rows", email=f"stranger{one}@example.org") for one in range(5)]
    runs.good([SCHEMA, *rows[:4]], {"rows": entry})
    again = runs.good([SCHEMA, *rows, *strangers], {"rows": {**entry, "max_removed": 2}})
    assert again.figures == (11, 2, 4, 5, 0)
    world = SmsWorld(runs)
    numbers = [record("rows", phone=one) for one in (*world.some(2), *world.some(3, "unsubscribed"))]
    entry = {"kind": "sms_unsubscribe", "sender_code": CODE, "phone_list": CLUB}
    again = runs.good([SCHEMA, *numbers], {"rows": {**entry, "max_removed": 2}})
    assert (again.tally.accepted, again.tally.unchanged) == (2, 3)


def test_the_batches_of_a_run_count_together(runs: Runs) -> None:
    everybody = subscribed(runs)[:6]
    entry = {"kind": "email_unsubscribe", "list": NEWSLETTER, "max_removed": 5}
    rows = [record("rows", email=one) for one in everybody]
    stopped = runs.run([SCHEMA, *rows], {"rows": entry}, batch_size_rows=2)
    assert isinstance(stopped.error, RemovalLimitError)
    assert "4 were removed before" in str(stopped.error)
    assert len(set(subscribed(runs)).intersection(everybody)) == 2


def test_a_dry_run_stops_as_the_real_one_would(runs: Runs) -> None:
    rows = [record("rows", email=one) for one in subscribed(runs)[:3]]
    entry = {"kind": "email_unsubscribe", "list": NEWSLETTER, "max_removed": 2}
    stopped = runs.run([SCHEMA, *rows], {"rows": entry}, dry_run=True)
    assert isinstance(stopped.error, RemovalLimitError)
    entry = {"kind": "sms_opt_out", "sender_code": CODE, "max_removed": 2}
    numbers = [record("rows", phone=one) for one in SmsWorld(runs).some(3)]
    assert isinstance(runs.run([SCHEMA, *numbers], {"rows": entry}, dry_run=True).error, RemovalLimitError)


def test_a_number_below_zero_is_an_error(runs: Runs) -> None:
    outcome = runs.run(
        [SCHEMA], {"rows": {"kind": "email_unsubscribe", "list": NEWSLETTER, "max_removed": -1}}
    )
    assert isinstance(outcome.error, ConfigurationError)
    assert "destinations.rows.max_removed: expected a number of people, 0 or more" in str(outcome.error)
