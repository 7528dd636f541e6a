"""Events of a list: the kind `email_events`, and `event_ids` of other kinds, by name or id."""

from __future__ import annotations

from typing import Any

import pytest
from target_runs import Runs, record, schema, state

from listrak_api.errors import ConfigurationError
from target_listrak.tracking.tallies import closing_table

NEWSLETTER, OTHER = 40137, 40274
START = "/List/{listId}/ListImport"
SCHEMA = schema("rows", "email", "id", "event", "list")


@pytest.fixture
def events(runs: Runs) -> list[dict[str, Any]]:
    return [one for one in runs.read(f"List/{NEWSLETTER}/Event") if one["status"] == "Active"]


def to(**options: object) -> dict[str, Any]:
    return {"rows": {"kind": "email_events", "list": NEWSLETTER, **options}}


def raised(runs: Runs) -> list[tuple[int, str]]:
    return sorted((one["eventId"], one["emailAddress"]) for one in runs.sandbox.written()["events"])


def refuse_imports(runs: Runs) -> None:
    """Refuse every import, as Listrak may refuse one of a single contact."""
    answer = {"status": 400, "error": "ERROR_INVALID_PARAMETER"}
    fault = {"kind": "status", "route": START, "method": "POST", **answer}
    runs.sandbox.control("POST", "faults", [fault])


def known(runs: Runs, count: int = 2) -> list[str]:
    people = [f"a{number}@example.org" for number in range(count)]
    for number, one in enumerate(people):
        runs.save(NEWSLETTER, one, externalContactID=f"E{number}")
    return people


@pytest.mark.parametrize("by", ["eventName", "eventId"])
@pytest.mark.parametrize("member", ["event", "event_from"])
def test_an_event_by_name_or_id_is_raised_on_known_contacts(
    runs: Runs, events: list[dict[str, Any]], by: str, member: str
) -> None:
    people = known(runs)
    runs.save(NEWSLETTER, "left@example.org")
    runs.unsubscribe(NEWSLETTER, "left@example.org")
    wanted = events[0][by]
    options = {"event": wanted} if member == "event" else {"event_from": "event"}
    everybody = [*people, "left@example.org", "stranger@example.org"]
    rows = [record("rows", email=one, event=wanted) for one in everybody]
    head = schema("rows", "email", event={"type": ["string", "integer"]})
    outcome = runs.good([head, *rows, state(1)], to(**options))
    assert outcome.figures == (4, 2, 0, 2, 0)
    assert sorted(outcome.codes) == ["previously_unsubscribed", "unknown_contact"]
    assert raised(runs) == [(events[0]["eventId"], one) for one in people]
    assert runs.contact(NEWSLETTER, "stranger@example.org") is None
    assert (runs.contact(NEWSLETTER, "left@example.org") or {})["subscriptionState"] == "Unsubscribed"


def test_each_record_raises_its_event_also_twice_for_one_contact(
    runs: Runs, events: list[dict[str, Any]]
) -> None:
    people = known(runs)
    first, second = events[0], events[1]
    said = [(people[0], first), (people[0], second), (people[1], first), (people[0], first)]
    rows = [record("rows", email=email, event=one["eventName"]) for email, one in said]
    outcome = runs.good([SCHEMA, *rows], to(event_from="event"))
    assert outcome.figures == (4, 4, 0, 0, 0)
    assert raised(runs) == sorted((one["eventId"], email) for email, one in said)


def test_contacts_are_found_by_external_id(runs: Runs, events: list[dict[str, Any]]) -> None:
    people = known(runs)
    name = events[0]["eventName"]
    rows = [record("rows", id="E0"), record("rows", email=people[1]), record("rows", id="E9"), record("rows")]
    # Another record of the contact that E0 is, by its address: an event of its own.
    rows.append(record("rows", email=people[0]))
    outcome = runs.good([SCHEMA, *rows], to(event=name, external_id="id"))
    assert sorted(outcome.codes) == ["no_external_id", "unknown_contact"]
    assert [email for _, email in raised(runs)] == [people[0], people[0], people[1]]


def test_a_missing_event_is_created_only_where_that_is_allowed(runs: Runs) -> None:
    people = known(runs, 1)
    outcome = runs.run([SCHEMA, record("rows", email=people[0])], to(event="Brand new"))
    assert isinstance(outcome.error, ConfigurationError)
    assert "destinations.rows.event: there is no event 'Brand new' in list 'Newsletter'" in str(outcome.error)
    assert "There is:" in str(outcome.error)
    outcome = runs.good([SCHEMA, record("rows", email=people[0])], to(event="Brand new", create_missing=True))
    assert outcome.tally.accepted == 1
    made = [one for one in runs.read(f"List/{NEWSLETTER}/Event") if one["eventName"] == "Brand new"]
    assert [one["status"] for one in made] == ["Active"]
    assert raised(runs) == [(made[0]["eventId"], people[0])]


@pytest.mark.parametrize("create", [True, False])
def test_a_record_whose_event_is_missing_or_none_is_rejected(
    runs: Runs,
    events: list[dict[str, Any]],
    create: bool,  # noqa: FBT001 - a parameter
) -> None:
    people = known(runs, 1)
    head = schema("rows", "email", event={})
    values = [events[0]["eventName"], "Brand new", None, "", True, ["x"], 424242]
    rows = [record("rows", email=people[0], event=one) for one in values]
    outcome = runs.good([head, *rows], to(event_from="event", create_missing=create))
    wrong = ["no_event"] * 4 + ["unknown_event"]
    assert sorted(outcome.codes) == (wrong if create else [*wrong, "unknown_event"])
    assert len(raised(runs)) == (2 if create else 1)


def test_a_blocked_event_is_an_error(runs: Runs) -> None:
    runs._session.post(
        f"{runs.sandbox.url}/email/v1/List/{NEWSLETTER}/Event",
        json={"eventName": "Stopped", "status": "Blocked"},
        headers={"Authorization": f"Bearer {runs.sandbox.token()}"},
        timeout=30,
    ).raise_for_status()
    outcome = runs.run([SCHEMA, record("rows", email="a@example.org")], to(event="Stopped"))
    assert "destinations.rows.event: the event 'Stopped' of list 'Newsletter' is blocked" in str(
        outcome.error
    )


def test_lists_by_record_have_events_of_their_own(runs: Runs) -> None:
    people = known(runs, 1)
    runs.save(OTHER, people[0])
    rows = [record("rows", email=people[0], list=one) for one in ("Newsletter", str(OTHER))]
    entry = {"kind": "email_events", "list_from": "list", "event": "Brand new", "create_missing": True}
    outcome = runs.good([SCHEMA, *rows], {"rows": entry})
    assert outcome.tally.accepted == 2
    assert len({one for one, _ in raised(runs)}) == 2


def test_the_dry_run_keeps_the_same_accounts_and_raises_nothing(runs: Runs) -> None:
    people = [*known(runs), "stranger@example.org"]
    rows = [SCHEMA, *(record("rows", email=one, event="Brand new") for one in people)]
    dry = runs.good(rows, to(event_from="event", create_missing=True), dry_run=True)
    assert raised(runs) == []
    assert dry.figures == runs.good(rows, to(event_from="event", create_missing=True)).figures


def test_a_lost_answer_raises_no_event_twice(runs: Runs, events: list[dict[str, Any]]) -> None:
    people = known(runs, 20)
    fault = {"kind": "lost_answer", "route": START, "method": "POST", "count": 1}
    runs.sandbox.control("POST", "faults", [fault])
    rows = [record("rows", email=one) for one in people]
    runs.good([SCHEMA, *rows, state(1)], to(event=events[0]["eventId"]))
    assert [email for _, email in raised(runs)] == sorted(people)


def test_one_contact_alone_gets_its_event_by_a_call(runs: Runs, events: list[dict[str, Any]]) -> None:
    """Where Listrak refuses an import of one contact."""
    people = known(runs, 1)
    refuse_imports(runs)
    outcome = runs.good([SCHEMA, record("rows", email=people[0])], to(event=events[0]["eventId"]))
    assert outcome.tally.accepted == 1
    assert [email for _, email in raised(runs)] == people


# Events of other kinds


@pytest.mark.parametrize("kind", ["email_list", "email_unsubscribe"])
def test_event_ids_take_names_and_ids(runs: Runs, events: list[dict[str, Any]], kind: str) -> None:
    people = known(runs)
    wanted = [events[0]["eventName"].upper(), events[1]["eventId"], events[0]["eventId"]]
    entry = {"rows": {"kind": kind, "list": NEWSLETTER, "event_ids": wanted}}
    outcome = runs.good([SCHEMA, *(record("rows", email=one) for one in people)], entry)
    assert outcome.tally.accepted == 2
    ids = sorted([events[0]["eventId"], events[1]["eventId"]])
    assert raised(runs) == [(one, email) for one in ids for email in people]


@pytest.mark.parametrize("kind", ["email_list", "email_unsubscribe"])
def test_an_unknown_event_is_an_error_that_lists_what_there_is(
    runs: Runs, events: list[dict[str, Any]], kind: str
) -> None:
    people = known(runs, 1)
    entry = {"rows": {"kind": kind, "list": NEWSLETTER, "event_ids": ["nothing"]}}
    outcome = runs.run([SCHEMA, record("rows", email=people[0])], entry)
    assert isinstance(outcome.error, ConfigurationError)
    assert "destinations.rows.event_ids: there is no event" in str(outcome.error)
    assert repr(events[0]["eventName"]) in str(outcome.error)


def test_the_report_says_where_an_event_could_not_be_raised(runs: Runs, events: list[dict[str, Any]]) -> None:
    """One contact alone, and Listrak refuses the import: the call that unsubscribes takes no event."""
    people = known(runs, 1)
    refuse_imports(runs)
    entry = {"kind": "email_unsubscribe", "list": NEWSLETTER, "event_ids": [events[0]["eventId"]]}
    outcome = runs.good([SCHEMA, record("rows", email=people[0])], {"rows": entry})
    assert outcome.tally.accepted == 1
    assert raised(runs) == []
    (line,) = [one for one in closing_table(outcome.tallies.values()) if "no event was raised" in one]
    assert line.startswith("rows: 1 unsubscribed by a call")


def test_subscribed_by_contact_is_said_in_a_call_for_each_contact(runs: Runs) -> None:
    entry = {"rows": {"kind": "email_list", "list": NEWSLETTER, "subscribed_by_contact": True}}
    before = len(runs.imports())
    outcome = runs.good([SCHEMA, *(record("rows", email=f"new{one}@example.org") for one in range(3))], entry)
    assert outcome.tally.accepted == 3
    assert len(runs.imports()) == before
    calls = [one for one in runs.sandbox.written()["email"] if one["route"].endswith("/Contact")]
    assert [one["query"].get("subscribedByContact") for one in calls] == ["true"] * 3
