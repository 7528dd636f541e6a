"""Consent that is withdrawn later in the same run: the last record of a contact counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sms_world import SmsWorld, destination, new_numbers
from target_runs import record, schema, state

if TYPE_CHECKING:
    from target_runs import Runs

NEWSLETTER = 40137
YES = {"subscriptionState": "Subscribed"}
NO = {"subscriptionState": "Unsubscribed"}
REFUSALS: list[dict[str, Any]] = [
    NO,
    {"subscriptionState": "Pending"},
    {"subscriptionState": None},
    {"subscriptionState": "odd"},
    {"_sdc_deleted_at": "2026-06-30"},
    {"_sdc_deleted_at": "perhaps"},
    {"__op": "d", **YES},
]
PROPERTIES = ("email", "first_name", "subscriptionState", "_sdc_deleted_at", "__op", "id", "moved", "list")
ADDRESS = "a@example.org"


def to(**options: object) -> dict[str, Any]:
    return {"s": {"kind": "email_list", "list": NEWSLETTER, **options}}


def email_row(**values: object) -> dict[str, Any]:
    return record("s", **{"email": ADDRESS, **values})


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(("no", "many"), list(zip(REFUSALS, [0, 30] * 4, strict=False)), ids=str)
def test_an_address_whose_later_row_says_no_is_not_subscribed(
    runs: Runs,
    no: dict[str, Any],
    many: int,
    dry_run: bool,  # noqa: FBT001 - pytest fills it in
) -> None:
    others = [email_row(email=f"other{number}@example.org", **YES) for number in range(many)]
    rows = [email_row(**YES), email_row(first_name="A", **YES), *others, email_row(**no), state(1)]
    outcome = runs.good([schema("s", *PROPERTIES), *rows], to(), dry_run=dry_run)
    assert outcome.tally.merged == 2
    assert outcome.tally.accepted == many
    assert sum(outcome.not_loaded) == 1
    assert runs.contact(NEWSLETTER, ADDRESS) is None
    assert (runs.contact(NEWSLETTER, "other0@example.org") is None) is (dry_run or not many)


def test_a_later_yes_counts_again(runs: Runs) -> None:
    rows = [email_row(**YES), email_row(**NO), email_row(first_name="A", **YES)]
    outcome = runs.good([schema("s", *PROPERTIES), *rows], to())
    assert (outcome.tally.accepted, outcome.tally.merged, outcome.tally.declined) == (1, 1, 1)
    contact = runs.contact(NEWSLETTER, ADDRESS)
    assert contact is not None
    assert contact["subscriptionState"] == "Subscribed"


def test_a_past_version_of_a_row_withdraws_nothing(runs: Runs) -> None:
    rows = [email_row(**YES), email_row(**NO, _change_type="update_preimage")]
    assert runs.good([schema("s", *PROPERTIES, "_change_type"), *rows], to()).tally.accepted == 1


@pytest.mark.parametrize(
    ("yes", "no", "options"),
    [
        ({"id": "7"}, {"email": None, "id": "7", "__op": "d"}, {"external_id": "id"}),
        ({"id": "7"}, {"email": "typo@example.org", "id": "7", **NO}, {"external_id": "id"}),
        ({}, {"email": f"{ADDRESS}\u200b", **NO}, {}),
        ({"email": "old@example.org", "moved": ADDRESS}, NO, {"new_email": "moved"}),
    ],
    ids=["by external id", "another address", "an invisible character", "by its new address"],
)
def test_a_no_is_found_by_whatever_names_the_contact(
    runs: Runs, yes: dict[str, Any], no: dict[str, Any], options: dict[str, Any]
) -> None:
    outcome = runs.good([schema("s", *PROPERTIES), email_row(**yes), email_row(**no)], to(**options))
    assert outcome.tally.merged == 1
    assert runs.contact(NEWSLETTER, ADDRESS) is None


def test_a_row_that_lacks_its_key_and_says_no_holds_the_earlier_one_back(runs: Runs) -> None:
    head = schema("s", *PROPERTIES)
    head["key_properties"] = ["id"]
    outcome = runs.good([head, email_row(id=1, **YES), email_row(**NO)], to())
    assert (outcome.codes, outcome.tally.merged) == (["missing_key"], 1)
    assert runs.contact(NEWSLETTER, ADDRESS) is None


def test_a_no_of_one_stream_withdraws_the_yes_of_another_for_the_same_list(runs: Runs) -> None:
    kinds = {name: {"kind": "email_list", "list": NEWSLETTER} for name in ("one", "two")}
    heads = [schema(name, *PROPERTIES) for name in kinds]
    rows = [record("one", email=ADDRESS, **YES), record("two", email=ADDRESS, **NO)]
    outcome = runs.good([*heads, *rows], kinds)
    assert (outcome.tallies["one"].merged, outcome.tallies["two"].declined) == (1, 1)
    assert runs.contact(NEWSLETTER, ADDRESS) is None


def test_a_no_withdraws_the_yes_of_its_own_list_only(runs: Runs) -> None:
    kind = {"s": {"kind": "email_list", "list_from": "list"}}
    rows = [email_row(list=NEWSLETTER, **YES), email_row(list=40274, **NO)]
    runs.good([schema("s", *PROPERTIES), *rows], kind)
    assert runs.contact(NEWSLETTER, ADDRESS) is not None
    rows = [email_row(email="b@example.org", list=NEWSLETTER, **YES), email_row(email="b@example.org", **NO)]
    runs.good([schema("s", *PROPERTIES), *rows], kind)
    assert runs.contact(NEWSLETTER, "b@example.org") is None


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("no", REFUSALS, ids=str)
def test_a_number_whose_later_row_says_no_is_not_subscribed(
    runs: Runs,
    no: dict[str, Any],
    dry_run: bool,  # noqa: FBT001 - pytest fills it in
) -> None:
    sms = SmsWorld(runs)
    new, gone, other = *new_numbers(1), sms.one("unsubscribed"), new_numbers(2)[1]
    rows = [record("people", phone=number, **YES) for number in (new, gone, new, other)]
    rows += [record("people", phone=number, **no) for number in (new, gone)]
    head = schema("people", "phone", "subscriptionState", "_sdc_deleted_at", "__op")
    outcome = runs.good([head, *rows], destination("sms_list", resubscribe=True), dry_run=dry_run)
    assert outcome.tally.merged == 3
    assert outcome.tally.accepted == 1
    assert sum(outcome.not_loaded) == 2
    assert sms.state(new) is None
    assert sms.state(gone) == "Unsubscribed"
