"""Nothing is sent twice, and nothing is lost, when Listrak's answers are."""

from __future__ import annotations

from typing import Any

import pytest
from target_runs import Runs, record, schema, state

from listrak_api.errors import ListrakError

NEWSLETTER = 40137
FIRST_NAME, NOTES = 1007, 1037
SCHEMA = schema("people", "email", "first_name", "notes")
START = "/List/{listId}/ListImport"
SAVE = "/List/{listId}/Contact"


def people(count: int) -> list[dict[str, Any]]:
    return [record("people", email=f"p{number}@example.org", notes="+") for number in range(count)]


def faults(runs: Runs, *some: dict[str, Any]) -> None:
    runs.sandbox.control("POST", "faults", list(some))


def to_list(**options: object) -> dict[str, Any]:
    return {"people": {"kind": "email_list", "list": NEWSLETTER, **options}}


def test_an_import_whose_answer_was_lost_is_found_by_its_name_and_not_sent_again(runs: Runs) -> None:
    runs.save(NEWSLETTER, "p0@example.org", {NOTES: "a"})
    faults(runs, {"kind": "lost_answer", "route": START, "method": "POST", "count": 1})
    outcome = runs.good([SCHEMA, *people(3), state(1)], to_list(update_type="Append"))
    assert outcome.tally.accepted == 3
    assert outcome.states == [1]
    assert len(runs.imports()) == 1
    assert runs.values(NEWSLETTER, "p0@example.org") == {NOTES: "a+"}


def test_an_import_that_never_arrived_is_sent_again(runs: Runs) -> None:
    faults(runs, {"kind": "reset", "route": START, "method": "POST", "count": 1})
    outcome = runs.good([SCHEMA, *people(3), state(1)], to_list())
    assert outcome.tally.accepted == 3
    assert len(runs.imports()) == 1


def test_an_import_that_is_never_answered_ends_the_run_with_nothing_confirmed(runs: Runs) -> None:
    faults(runs, {"kind": "reset", "route": START, "method": "POST"})
    outcome = runs.run([SCHEMA, *people(3), state(1)], to_list())
    assert isinstance(outcome.error, ListrakError)
    assert outcome.states == []
    assert outcome.tally.open == 3


def test_a_call_whose_answer_was_lost_is_repeated_where_twice_is_the_same_as_once(runs: Runs) -> None:
    runs.save(NEWSLETTER, "a@example.org")
    runs.unsubscribe(NEWSLETTER, "a@example.org")
    messages = [SCHEMA, record("people", email="a@example.org", first_name="A"), state(1)]
    faults(runs, {"kind": "lost_answer", "route": SAVE, "method": "POST", "count": 1})
    outcome = runs.good(messages, to_list(resubscribe=True))
    assert outcome.tally.accepted == 1
    assert outcome.states == [1]
    assert (runs.contact(NEWSLETTER, "a@example.org") or {})["subscriptionState"] == "Subscribed"


def test_a_change_of_address_whose_answer_was_lost_is_found_carried_out_by_the_next_run(runs: Runs) -> None:
    runs.save(NEWSLETTER, "old@example.org", {FIRST_NAME: "kept"})
    faults(runs, {"kind": "lost_answer", "route": SAVE, "method": "POST", "count": 1})
    messages = [
        schema("people", "email", "new", "notes"),
        record("people", email="old@example.org", new="new@example.org", notes="n"),
        state(1),
    ]
    outcome = runs.run(messages, to_list(new_email="new"))
    assert outcome.error is not None
    assert outcome.states == []
    outcome = runs.good(messages, to_list(new_email="new"))
    assert outcome.states == [1]
    assert runs.contact(NEWSLETTER, "old@example.org") is None
    assert runs.values(NEWSLETTER, "new@example.org") == {FIRST_NAME: "kept", NOTES: "n"}


@pytest.mark.parametrize("kind", ["import_stalls", "import_fails"])
def test_what_an_import_did_not_confirm_is_loaded_by_the_next_run(runs: Runs, kind: str) -> None:
    faults(runs, {"kind": kind, "count": 1})
    messages = [SCHEMA, *people(4), state(1)]
    assert runs.run(messages, to_list(), import_timeout=0.3).states == []
    # A stalled import may still go on: the next run waits for it, unless it is told not to look.
    outcome = runs.good(messages, to_list(), wait_for_imports=0)
    assert outcome.states == [1]
    assert outcome.tally.accepted == 4


CREATE_LIST, CREATE_GROUP = "/List", "/List/{listId}/SegmentationFieldGroup"
CREATE_FIELD = CREATE_GROUP + "/{segmentationFieldGroupId}/SegmentationField"


@pytest.mark.parametrize("kind", ["lost_answer", "reset"])
@pytest.mark.parametrize("route", [CREATE_GROUP, CREATE_FIELD])
def test_T17_a_group_or_field_whose_answer_was_lost_is_looked_up_by_name_and_adopted(
    runs: Runs, route: str, kind: str
) -> None:
    runs.save(NEWSLETTER, "p0@example.org")
    faults(runs, {"kind": kind, "route": route, "method": "POST", "count": 2})
    options = {"kind": "audience", "list": NEWSLETTER, "field_group": "Audiences", "field": "Big spenders"}
    outcome = runs.good([SCHEMA, *people(1), state(1)], {"people": {**options, "create_missing": True}})
    assert outcome.states == [1]
    groups = runs.read(f"List/{NEWSLETTER}/SegmentationFieldGroup")
    ours = [
        one["segmentationFieldGroupId"] for one in groups if one["segmentationFieldGroupName"] == "Audiences"
    ]
    assert len(ours) == 1
    fields = runs.read(f"List/{NEWSLETTER}/SegmentationFieldGroup/{ours[0]}/SegmentationField")
    assert [one["segmentationFieldName"] for one in fields] == ["Big spenders"]
    assert runs.values(NEWSLETTER, "p0@example.org") == {fields[0]["segmentationFieldId"]: "on"}


@pytest.mark.parametrize("kind", ["lost_answer", "reset"])
def test_T17_a_list_whose_answer_was_lost_is_created_once(runs: Runs, kind: str) -> None:
    faults(runs, {"kind": kind, "route": CREATE_LIST, "method": "POST", "count": 2})
    outcome = runs.good([SCHEMA, *people(1), state(1)], to_list(list="Autumn guests", create_list=True))
    assert outcome.tally.accepted == 1
    assert [one["listName"] for one in runs.read("List")].count("Autumn guests") == 1


def test_T17_what_is_never_answered_and_never_created_ends_the_run_before_a_row_is_sent(runs: Runs) -> None:
    faults(runs, {"kind": "reset", "route": CREATE_GROUP, "method": "POST"})
    options = {"kind": "audience", "list": NEWSLETTER, "field_group": "Audiences", "field": "Big spenders"}
    outcome = runs.run([SCHEMA, *people(1), state(1)], {"people": {**options, "create_missing": True}})
    assert isinstance(outcome.error, ListrakError)
    assert outcome.states == []
    assert runs.imports() == []
