"""What recordings (H) and production clients (M) show of what is written to Listrak: one test per fact.

The facts stand in the notes on Listrak's API, under "What recordings and production clients show".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sms_world import SmsWorld, new_numbers
from target_runs import record, schema

from target_listrak.channels.email.contacts import Contacts
from target_listrak.channels.email.import_results import Result, reason_of, result_of
from target_listrak.outcomes import Declined, Rejected

if TYPE_CHECKING:
    from target_runs import Outcome, Runs

NEWSLETTER = 40137
FIRST_NAME = 1007
NEW, KNOWN, GONE = "new@example.org", "known@example.org", "gone@example.org"
SCHEMA = schema("people", "email", "first_name")


def load(runs: Runs, kind: str, *addresses: str, name: str | None = "Neu", **options: object) -> Outcome:
    rows = [record("people", email=address, first_name=name) for address in addresses]
    return runs.good([SCHEMA, *rows], {"people": {"kind": kind, "list": "newsletter", **options}})


def subscribed(runs: Runs, address: str) -> bool:
    return (runs.contact(NEWSLETTER, address) or {}).get("subscriptionState") == "Subscribed"


@pytest.fixture
def people(runs: Runs) -> Runs:
    """One contact that is subscribed and one that unsubscribed; files are refused, so calls are made."""
    runs.save(NEWSLETTER, KNOWN)
    runs.save(NEWSLETTER, GONE)
    runs.unsubscribe(NEWSLETTER, GONE)
    runs.sandbox.settings(import_minimum_rows=100)
    return runs


# Contacts


@pytest.mark.parametrize("answer", ["address", "key"])
def test_H_a_contact_is_accepted_with_201_and_200_whatever_the_resource_id(people: Runs, answer: str) -> None:
    """Recorded: 201 for a new contact, 200 for a known one, and the address as resourceId."""
    people.sandbox.settings(contact_answer=answer)
    for address in (NEW, KNOWN):
        assert load(people, "email_list", address).figures == (1, 1, 0, 0, 0)
        assert subscribed(people, address)
        assert people.values(NEWSLETTER, address) == {FIRST_NAME: "Neu"}
    assert people.imports() == []


@pytest.mark.parametrize("rows", [1, 100], ids=["by call", "by import"])
def test_H_who_has_unsubscribed_is_declined_when_subscribing_and_unchanged_when_unsubscribing(
    people: Runs, rows: int
) -> None:
    """Recorded: ERROR_UNSUBSCRIBED_EMAIL_ADDRESS, which means another thing for each."""
    people.sandbox.settings(import_minimum_rows=rows)
    outcome = load(people, "email_list", GONE)
    assert (outcome.not_loaded, outcome.codes) == ((1, 0), ["previously_unsubscribed"])
    assert load(people, "email_unsubscribe", GONE, name=None).figures == (1, 0, 1, 0, 0)
    assert not subscribed(people, GONE)
    assert people.values(NEWSLETTER, GONE) == {}


def test_H_who_unsubscribes_between_the_look_and_the_call_is_declined_or_unchanged(
    people: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recorded: 400 ERROR_UNSUBSCRIBED_EMAIL_ADDRESS. The look shows the contact as it was before."""
    monkeypatch.setattr(Contacts, "read", lambda *_: {"subscriptionState": "Subscribed"})
    outcome = load(people, "email_list", GONE)
    assert (outcome.not_loaded, outcome.codes) == ((1, 0), ["previously_unsubscribed"])
    assert load(people, "email_unsubscribe", GONE, name=None).figures == (1, 0, 1, 0, 0)
    assert not subscribed(people, GONE)
    refused = people.sandbox.requests()["by_status"]["400"]
    assert refused == 4, "two files, which were too small, and two calls"


def test_H_resubscribing_is_fine_for_who_is_subscribed(people: Runs) -> None:
    """Recorded: 200 with overrideUnsubscribe for an address that is subscribed."""
    for address in (KNOWN, GONE, NEW):
        assert load(people, "email_list", address, resubscribe=True).figures == (1, 1, 0, 0, 0)
        assert subscribed(people, address)


def test_H_resubscribing_with_events_is_fine_for_who_is_subscribed(people: Runs) -> None:
    event = people.read(f"List/{NEWSLETTER}/Event")[0]["eventId"]
    outcome = load(people, "email_list", KNOWN, resubscribe=True, event_ids=[event])
    assert outcome.figures == (1, 1, 0, 0, 0)
    raised = people.sandbox.written()["events"]
    assert [(one["eventId"], one["emailAddress"]) for one in raised] == [(event, KNOWN)]


# Imports


def test_M_imports_have_names_of_their_own_and_no_default_values(runs: Runs) -> None:
    """Seen: `fileMappings` is an array without `defaultValue`, and names are unique by time."""
    for _ in range(2):
        load(runs, "email_list", NEW, KNOWN)
    made = runs.imports()
    assert len({one["importFileName"] for one in made}) == len(made) == 2
    for one in made:
        assert [column["fileColumnType"] for column in one["columns"]] == ["Email", "SegmentationField"]
        assert {column["defaultValue"] for column in one["columns"]} == {None}


@pytest.mark.parametrize("word", ["previously_unsubscribed", "updated"])
def test_M_who_is_unsubscribed_and_included_is_accepted_whatever_the_word(people: Runs, word: str) -> None:
    """Counted as previouslyUnsubscribed; the person stays unsubscribed."""
    people.sandbox.settings(include_unsubscribed_result=word, import_minimum_rows=1)
    outcome = load(people, "profile_fields", GONE, include_unsubscribed=True)
    assert outcome.figures == (1, 1, 0, 0, 0)
    assert people.values(NEWSLETTER, GONE) == {FIRST_NAME: "Neu"}
    assert not subscribed(people, GONE)


@pytest.mark.parametrize(
    ("word", "result"),
    [
        ("Processed", Result.DONE),
        ("Subscribed", Result.DONE),
        ("Already Subscribed", Result.ALREADY),
        ("Previously Unsubscribed", Result.PREVIOUSLY_UNSUBSCRIBED),
        ("Invalid", Result.BAD_ADDRESS),
        ("Banned", Result.BANNED),
        ("Suppressed", Result.SUPPRESSED),
    ],
)
def test_M_each_result_of_the_vendors_help_is_known_however_it_is_written(word: str, result: Result) -> None:
    for written in (word, word.replace(" ", ""), word.lower(), word.upper(), word.replace(" ", "_")):
        assert result_of(written) is result


def test_M_only_what_is_wrong_with_a_row_rejects_it() -> None:
    refused = (Result.PREVIOUSLY_UNSUBSCRIBED, Result.BANNED, Result.SUPPRESSED, Result.BAD_ADDRESS)
    kinds = {result: type(reason_of(result)) for result in refused}
    assert kinds == {**dict.fromkeys(refused, Declined), Result.BAD_ADDRESS: Rejected}
    assert [reason_of(one).code for one in refused] == [one.value for one in refused]


# Data API

ORDER = {"orderNumber": "A1", "email": "jo@example.org", "items": [{"sku": "S", "quantity": 1}]}


def orders(runs: Runs, *rows: dict[str, Any]) -> tuple[Outcome, dict[str, Any]]:
    names = dict.fromkeys(name for row in rows for name in row if name != "items")
    items = {"type": ["array", "null"], "items": {"type": "object"}}
    messages = [schema("s", *names, items=items), *(record("s", **row) for row in rows)]
    outcome = runs.good(messages, {"s": {"kind": "orders", "on_missing": "send"}})
    return outcome, dict(runs.sandbox.written()["data"]["Order"]["rows"])


@pytest.mark.parametrize("form", ["null", "text", "number"])
def test_H_a_resource_id_of_null_is_no_failure(runs: Runs, form: str) -> None:
    runs.sandbox.settings(data_resource_id=form)
    outcome, stored = orders(runs, ORDER)
    assert outcome.figures == (1, 1, 0, 0, 0)
    assert stored.keys() == {"A1"}


@pytest.mark.parametrize(
    "bad",
    [{"status": "Lost"}, {"orderNumber": ""}, {"orderNumber": None}, {"dateEntered": "soon"}],
    ids=str,
)
def test_H_a_bad_order_is_rejected_before_it_is_sent(runs: Runs, bad: dict[str, object]) -> None:
    """Recorded: the Data API answers 201 to it and drops it without a word."""
    outcome, stored = orders(runs, {**ORDER, "orderNumber": "B1", **bad}, ORDER)
    assert outcome.figures == (2, 1, 0, 1, 0)
    assert outcome.not_loaded == (0, 1)
    assert stored.keys() == {"A1"}
    assert runs.sandbox.written()["data"]["Order"]["dropped"] == []


def test_H_a_customer_without_a_number_or_address_is_rejected_before_it_is_sent(runs: Runs) -> None:
    """Recorded: an empty customer number got 201 too."""
    rows = [
        {"customerNumber": "", "firstName": "A"},
        {"customerNumber": "7", "firstName": "B"},
        {"customerNumber": " ", "firstName": "C", "email": None},
    ]
    messages = [
        schema("s", "customerNumber", "firstName", "email"),
        *(record("s", **row) for row in rows),
    ]
    outcome = runs.good(messages, {"s": {"kind": "customers"}})
    assert (outcome.not_loaded, set(outcome.codes)) == ((0, 2), {"missing_value"})
    assert runs.sandbox.written()["data"]["Customer"]["rows"].keys() == {"7"}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("2026-01-20T17:44:40Z", "2026-01-20T12:44:40"),
        ("2026-07-20T17:44:40Z", "2026-07-20T13:44:40"),
        ("2026-07-20T19:44:40+02:00", "2026-07-20T13:44:40"),
    ],
)
def test_M_dates_go_to_the_data_api_as_eastern_wall_time_without_an_offset(
    runs: Runs, given: str, sent: str
) -> None:
    _, stored = orders(runs, {**ORDER, "dateEntered": given})
    assert stored["A1"]["dateEntered"] == sent


# SMS


@pytest.mark.parametrize("word", ["Not Subscribed", "Unsubscribed"])
def test_M_who_has_left_is_not_subscribed_again_whatever_the_word(runs: Runs, word: str) -> None:
    """Seen: the state "Not Subscribed", with a blank."""
    runs.sandbox.settings(sms_unsubscribed_word=word)
    sms = SmsWorld(runs)
    number = sms.one()
    assert sms.load([{"phone": number}], "sms_unsubscribe").figures == (1, 1, 0, 0, 0)
    outcome = sms.load([{"phone": number}])
    assert (outcome.not_loaded, outcome.codes) == ((1, 0), ["previously_unsubscribed"])
    assert sms.load([{"phone": number}], "sms_unsubscribe").figures == (1, 0, 1, 0, 0)
    assert number not in sms.on()


@pytest.mark.parametrize("form", ["any", "e164", "national"])
@pytest.mark.parametrize("kind", ["sms_profiles", "sms_opt_out"])
def test_M_an_unknown_number_in_a_path_is_declined(runs: Runs, kind: str, form: str) -> None:
    """Seen: 404 ERROR_UNABLE_TO_LOCATE_RESOURCE. Nobody is created for it."""
    runs.sandbox.settings(sms_path_form=form)
    sms = SmsWorld(runs)
    (number,) = new_numbers(1)
    outcome = sms.load([{"phone": number, "first_name": "Neu"}], kind)
    assert (outcome.not_loaded, outcome.codes) == ((1, 0), ["unknown_number"])
    assert sms.stored(number) == {}
