"""One stream, several destinations: each keeps its own accounts, and STATE waits for all of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from target_runs import Runs, record, schema, state

NEWSLETTER, OTHER = 40137, 40274
VIP, FIRST_NAME = 1124, 1007
SCHEMA = schema("people", "email", "first_name", "phone", id={"type": "integer"})
LIST = {"kind": "email_list", "list": NEWSLETTER}
FIELDS = {"kind": "profile_fields", "list": NEWSLETTER, "fields": {"first_name": "First Name"}}
AUDIENCE = {"kind": "audience", "list": NEWSLETTER, "field": "VIP"}
NOBODY = {"kind": "audience", "list": OTHER, "field": "VIP"}


def people(count: int, **values: object) -> list[dict[str, Any]]:
    return [record("people", id=one, email=f"new{one}@example.org", **values) for one in range(count)]


def test_each_destination_has_its_own_accounts_and_rejects_and_state_waits_for_all(runs: Runs) -> None:
    runs.save(OTHER, "new1@example.org")
    rows = [*people(3, first_name="Ann"), record("people", id=9, email="none")]
    outcome = runs.good([SCHEMA, *rows, state({"at": 1})], {"people": [LIST, {**FIELDS, "list": OTHER}]})
    first, second = outcome.tallies["people[0]"], outcome.tallies["people[1]"]
    assert (first.read, first.accepted, first.rejected) == (4, 3, 1)
    assert (second.read, second.accepted, second.declined, second.rejected) == (4, 1, 2, 1)
    assert outcome.states == [{"at": 1}]
    written = [line["rejected"]["destination"] for line in outcome.rejects if line["type"] == "RECORD"]
    assert sorted(set(written)) == sorted({first.destination, second.destination})


@pytest.mark.parametrize("order", [1, -1])
def test_state_is_held_back_where_one_destination_fails(runs: Runs, order: int) -> None:
    fields = {**FIELDS, "list": OTHER, "max_declined_share": 0}
    outcome = runs.run([SCHEMA, *people(6, first_name="Ann"), state(1)], {"people": [LIST, fields][::order]})
    assert "max_declined_share" in str(outcome.error)
    assert outcome.states == []


def test_destinations_of_one_list_are_served_in_their_order_and_not_row_by_row(runs: Runs) -> None:
    """A contact that the first one adds is known when the second one sets its field: two imports in all."""
    before = len(runs.imports())
    outcome = runs.good([SCHEMA, *people(200, first_name="Ann"), state(1)], {"people": [LIST, AUDIENCE]})
    assert [one.accepted for one in outcome.tallies.values()] == [200, 200]
    assert len(runs.imports()) == before + 2
    assert runs.values(NEWSLETTER, "new7@example.org") == {VIP: "on", FIRST_NAME: "Ann"}


def test_full_batches_keep_the_order_of_the_destinations(runs: Runs) -> None:
    rows = people(100, first_name="Ann")
    outcome = runs.good([SCHEMA, *rows, *rows], {"people": [LIST, AUDIENCE, FIELDS]}, batch_size_rows=30)
    assert [one.accepted + one.merged for one in outcome.tallies.values()] == [200, 200, 200]


def test_email_and_sms_of_one_table(runs: Runs) -> None:
    sms = {"kind": "sms_list", "sender_code": 410, "phone_list": 7102}
    number = {"phone": "+12125550187"}
    rows = [record("people", id=1, email="new1@example.org", **number), record("people", id=2, email="new2@")]
    outcome = runs.good([SCHEMA, *rows], {"people": [LIST, sms]})
    first, second = outcome.tallies.values()
    assert (first.accepted, first.rejected) == (1, 1)
    assert (second.accepted, second.rejected) == (1, 1)


def test_a_rejected_record_goes_only_to_the_destination_that_rejected_it(runs: Runs) -> None:
    entry = {"people": [LIST, {**FIELDS, "list": OTHER}]}
    first = runs.good([SCHEMA, *people(2, first_name="Ann")], entry)
    for one in range(2):
        runs.save(OTHER, f"new{one}@example.org")
    lines = [json.dumps(line) for line in first.rejects]
    assert len(lines) == 3
    again = runs.good([line.encode() for line in lines], entry)
    assert [one.read for one in again.tallies.values()] == [0, 2]
    assert again.tallies["people[1]"].accepted == 2


def test_a_stream_map_is_applied_once_and_its_copies_have_destinations_of_their_own(runs: Runs) -> None:
    maps = {
        "people": {"first_name": "first_name.upper()"},
        "copies": {"__source__": "people", "email": "email"},
        "gone": None,
    }
    messages = [SCHEMA, schema("gone", "email"), *people(20, first_name="ann"), record("gone", email="x")]
    destinations = {"people": [LIST, AUDIENCE], "copies": {"kind": "email_list", "list": OTHER}}
    outcome = runs.good(messages, destinations, stream_maps=maps)
    assert {name: one.accepted for name, one in outcome.tallies.items()} == {
        "people[0]": 20,
        "people[1]": 20,
        "copies": 20,
    }
    assert runs.values(NEWSLETTER, "new3@example.org") == {VIP: "on", FIRST_NAME: "ANN"}


def test_one_unreadable_value_is_rejected_by_each_destination(runs: Runs) -> None:
    lines = [json.dumps(one).encode() for one in [SCHEMA, *people(30, first_name="Ann")]]
    lines[20] = lines[20].replace(b'"Ann"', b"NaN")
    outcome = runs.good(lines, {"people": [LIST, AUDIENCE]})
    assert [(one.accepted, one.rejected) for one in outcome.tallies.values()] == [(29, 1), (29, 1)]


def test_two_destinations_of_an_array_that_mirror_one_field_are_an_error(runs: Runs) -> None:
    both = [{**AUDIENCE, "mirror": True}, {**AUDIENCE, "list": "Newsletter"}]
    outcome = runs.run([SCHEMA, *people(1)], {"people": both})
    assert "destinations.people[0].mirror: destinations.people[1] fills the same profile field" in str(
        outcome.error
    )
