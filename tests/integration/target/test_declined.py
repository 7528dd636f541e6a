"""Declined is not rejected: what Listrak or consent declines is counted apart, and fails no run."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from sms_world import STOCK, SmsWorld, destination, messages
from target_runs import record, schema, state

from listrak_api.errors import RequestRefusedError
from target_listrak.channels.email.contacts import Contacts
from target_listrak.config.destination import Destination
from target_listrak.outcomes import ACCEPTED, UNCHANGED, Declined, Outcome, Rejected
from target_listrak.tracking.shares import RejectShareError

if TYPE_CHECKING:
    from target_runs import Runs

NEWSLETTER = 40137
POINTS = 1022
SCHEMA = schema("people", "email", "first_name", points={"type": ["integer", "null"]})


def to(kind: str, **options: object) -> dict[str, Any]:
    return {"people": {"kind": kind, "list": NEWSLETTER, **options}}


def people(*addresses: str, **values: object) -> list[dict[str, Any]]:
    return [record("people", email=address, **values) for address in addresses]


def test_T6_a_contact_that_unsubscribed_long_ago_fails_no_run_and_state_moves(runs: Runs) -> None:
    runs.save(NEWSLETTER, "gone@example.org")
    runs.unsubscribe(NEWSLETTER, "gone@example.org")
    rows = [SCHEMA, *people("gone@example.org"), state(1)]
    outcome = runs.good(rows, to("email_list"), max_reject_share=0.2)
    assert outcome.not_loaded == (1, 0)
    assert outcome.codes == ["previously_unsubscribed"]
    assert outcome.states == [1]


def test_T6_members_of_an_audience_who_are_not_on_the_list_fail_no_run(runs: Runs) -> None:
    on = [f"a{number}@example.org" for number in range(85)]
    for address in on:
        runs.save(NEWSLETTER, address)
    audience = to("audience", field="VIP", field_group="Marketing", create_missing=True)
    rows = [SCHEMA, *people(*on, *(f"stranger{number}@example.org" for number in range(40))), state(1)]
    outcome = runs.good(rows, audience, max_reject_share=0.2)
    assert outcome.not_loaded == (40, 0)
    assert set(outcome.codes) == {"unknown_contact"}
    assert outcome.states == [1]


@pytest.mark.parametrize("kind", ["profile_fields", "email_unsubscribe"])
def test_T6_people_who_are_not_on_the_list_are_declined_where_only_known_ones_are_changed(
    runs: Runs, kind: str
) -> None:
    addresses = [f"stranger{number}@example.org" for number in range(6)]
    outcome = runs.good([SCHEMA, *people(*addresses, points=1), state(1)], to(kind), max_reject_share=0.2)
    assert outcome.not_loaded == (6, 0)
    assert outcome.states == [1]


def test_T6_numbers_that_may_not_be_texted_fail_no_run(runs: Runs) -> None:
    sms = SmsWorld(runs)
    rows = [
        {"phone": sms.one("unsubscribed")},
        {"phone": sms.one("unsubscribed", "opted_out")},
        *({"phone": number} for number in sms.some(4, "unsubscribed")[1:]),
    ]
    outcome = runs.good([*messages(rows), state(1)], destination("sms_list"), max_reject_share=0.2)
    assert outcome.not_loaded == (5, 0)
    assert set(outcome.codes) == {"previously_unsubscribed", "opted_out"}
    assert outcome.states == [1]
    pending = [{"phone": sms.one("pending", phone_list=STOCK)}] * 1
    for kind in ("sms_list", "sms_unsubscribe"):
        outcome = runs.good(messages(pending), destination(kind, phone_list=STOCK))
        assert outcome.not_loaded == (1, 0), kind
        assert outcome.codes == ["pending"]


def test_what_is_wrong_still_counts_beside_what_is_declined(runs: Runs) -> None:
    strangers = people(*(f"stranger{number}@example.org" for number in range(20)), points=1)
    rows = [SCHEMA, *strangers, *people(*["no address"] * 6), state(1)]
    outcome = runs.run(rows, to("profile_fields"), max_reject_share=0.2)
    assert isinstance(outcome.error, RejectShareError)
    assert "max_reject_share" in str(outcome.error)
    assert outcome.not_loaded == (20, 6)
    assert outcome.states == []


@pytest.mark.parametrize("own", [False, True])
def test_a_limit_for_declined_rows_can_be_set_for_the_run_or_a_destination(
    runs: Runs,
    own: bool,  # noqa: FBT001 - pytest fills it in
) -> None:
    rows = [SCHEMA, *people(*(f"stranger{number}@example.org" for number in range(5)), points=1), state(1)]
    limit = {"max_declined_share": 0.5}
    kind = to("profile_fields", **(limit if own else {}))
    outcome = runs.run(rows, kind, **({} if own else limit))
    assert isinstance(outcome.error, RejectShareError)
    assert "max_declined_share" in str(outcome.error)
    assert "5 of 5 declined" in str(outcome.error)
    assert outcome.states == []
    assert runs.good(rows, to("profile_fields", max_declined_share=1), **limit).states == [1]


def test_declined_rows_are_kept_with_their_reason_and_can_be_sent_again(runs: Runs) -> None:
    rows = [SCHEMA, *people("stranger@example.org", "no address", points=7)]
    outcome = runs.good(rows, to("profile_fields"))
    written = [line["rejected"] for line in outcome.rejects if line["type"] == "RECORD"]
    assert {one["outcome"]: one["code"] for one in written} == {
        "declined": "unknown_contact",
        "rejected": "bad_email_address",
    }
    assert all(one["reason"] for one in written)
    runs.save(NEWSLETTER, "stranger@example.org")
    again = runs.good(list(outcome.rejects), to("profile_fields"))
    assert again.figures == (2, 1, 0, 1, 0)
    assert runs.values(NEWSLETTER, "stranger@example.org") == {POINTS: "7"}


def test_T18_who_is_unsubscribed_and_to_be_updated_all_the_same_is_accepted(runs: Runs) -> None:
    """Counted as previouslyUnsubscribed; without the setting the same word means "not applied"."""
    addresses = [f"gone{number}@example.org" for number in range(3)]
    for address in addresses:
        runs.save(NEWSLETTER, address)
        runs.unsubscribe(NEWSLETTER, address)
    rows = [SCHEMA, *people(*addresses, points=5)]
    without = runs.good(rows, to("profile_fields"))
    assert without.not_loaded == (3, 0)
    assert set(without.codes) == {"previously_unsubscribed"}
    assert runs.values(NEWSLETTER, addresses[0]) == {}
    outcome = runs.good(rows, to("profile_fields", include_unsubscribed=True))
    assert outcome.figures == (3, 3, 0, 0, 0)
    for address in addresses:
        assert runs.values(NEWSLETTER, address) == {POINTS: "5"}
        assert (runs.contact(NEWSLETTER, address) or {})["subscriptionState"] == "Unsubscribed"


CODES = [
    ("ERROR_SUBSCRIBED_EMAIL_ADDRESS", "Subscribed", "unchanged"),
    ("ERROR_UNSUBSCRIBED_EMAIL_ADDRESS", "Subscribed", "previously_unsubscribed"),
    ("ERROR_UNSUBSCRIBED_EMAIL_ADDRESS", "Unsubscribed", "unchanged"),
    ("ERROR_UPDATE_UNSUBSCRIBE_WITH_EVENTS", "Subscribed", "previously_unsubscribed"),
    ("ERROR_CHANGE_ADDRESS_CONTACT_UNSUBSCRIBED", None, "previously_unsubscribed"),
    ("ERROR_UNSUBSCRIBED_NEW_EMAIL_ADDRESS", None, "previously_unsubscribed"),
    ("ERROR_SUBSCRIBED_NEW_EMAIL_ADDRESS", None, "address_taken"),
    ("ERROR_NOT_SUBSCRIBED_EMAIL_ADDRESS", "Unsubscribed", "unknown_contact"),
    ("ERROR_BANNED_EMAIL_ADDRESS", "Subscribed", "banned"),
    ("ERROR_BANNED_NEW_EMAIL_ADDRESS", None, "banned"),
    ("ERROR_SUPPRESSED_EMAIL", "Subscribed", "suppressed"),
    ("ERROR_SUPPRESSED_NEW_EMAIL", None, "suppressed"),
    ("ERROR_PENDING_EMAIL_ADDRESS", "Subscribed", "pending"),
    ("ERROR_PENDING_NEW_EMAIL_ADDRESS", None, "pending"),
    ("ERROR_INVALID_PARAMETER", "Subscribed", "rejected"),
    ("ERROR_UNSUBSCRIBE_WITH_SEGMENTATION_DATA", "Unsubscribed", "rejected"),
]


@pytest.mark.parametrize(("code", "state_", "expected"), CODES)
def test_a_code_of_listrak_means_what_it_means_for_the_state_that_was_asked_for(
    code: str, state_: str | None, expected: str
) -> None:
    """The same code is "already so" when unsubscribing and "declined" when subscribing."""

    class Client:
        def send(self, *_: object, **__: object) -> None:
            raise RequestRefusedError(code, status=400, code=code, message="")

    class Connection:
        def client(self, _: str) -> Client:
            return Client()

    class Run:
        dry_run = False
        connection = Connection()

    contacts = Contacts(Run(), type("L", (), {"id": 1})(), Destination("p", "email_list", {}))  # type: ignore[arg-type]
    outcome: Outcome = contacts._save("a@example.org", {}, {}, state=state_)
    found = {ACCEPTED: "accepted", UNCHANGED: "unchanged"}.get(outcome)  # type: ignore[call-overload]
    if isinstance(outcome, Declined):
        found = outcome.code
    elif isinstance(outcome, Rejected):
        found = "rejected"
    assert found == expected


def test_the_accounting_always_adds_up(runs: Runs) -> None:
    runs.save(NEWSLETTER, "here@example.org")
    rows = people("here@example.org", "HERE@example.org", "stranger@example.org", "no address", points=3)
    outcome = runs.good([SCHEMA, *itertools.chain(rows, rows)], to("profile_fields"))
    one = outcome.tally
    assert one.read == 8 == one.accepted + one.unchanged + one.declined + one.rejected + one.merged
    assert (one.declined, one.rejected) == (1, 2)
