"""Whom one destination of a run takes off a list no other one subscribes, known to Listrak or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sms_world import CLUB, CODE, SmsWorld, new_numbers
from target_runs import record, schema, state

if TYPE_CHECKING:
    from target_runs import Runs

NEWSLETTER, OTHER = 40137, 40274
ADDRESS = "left@example.org"


def email(**customers: object) -> dict[str, Any]:
    return {
        "blocklist": {"kind": "email_unsubscribe", "list": NEWSLETTER},
        "customers": {"kind": "email_list", "list": NEWSLETTER, **customers},
    }


def both(rows: int = 1, key: str = "email", value: str = ADDRESS) -> list[Any]:
    others = [record("customers", **{key: f"other{one}@example.org"}) for one in range(rows - 1)]
    return [
        schema("blocklist", key),
        record("blocklist", **{key: value}),
        schema("customers", key),
        *others,
        record("customers", **{key: value}),
        state(1),
    ]


@pytest.mark.parametrize("rows", [1, 30])
@pytest.mark.parametrize("dry_run", [False, True])
def test_T19_who_is_on_a_blocklist_that_comes_first_is_not_subscribed(
    runs: Runs,
    rows: int,
    dry_run: bool,  # noqa: FBT001 - pytest fills it in
) -> None:
    outcome = runs.good(both(rows), email(), dry_run=dry_run)
    assert sorted(outcome.codes) == ["left_in_run", "unknown_contact"]
    assert outcome.tallies["customers"].accepted == rows - 1
    assert runs.contact(NEWSLETTER, ADDRESS) is None


def test_with_resubscribe_the_order_of_the_rows_decides(runs: Runs) -> None:
    runs.save(NEWSLETTER, ADDRESS)
    assert runs.good(both(), email(resubscribe=True)).codes == []
    assert (runs.contact(NEWSLETTER, ADDRESS) or {})["subscriptionState"] == "Subscribed"


def test_T19_an_audience_that_subscribes_does_not_either(runs: Runs) -> None:
    audience = {"kind": "audience", "field": "VIP", "subscribe": True}
    outcome = runs.good(both(), email(**audience))
    assert "left_in_run" in outcome.codes
    assert runs.contact(NEWSLETTER, ADDRESS) is None


def test_a_blocklist_that_comes_after_the_customers_is_warned_of(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, *rest = [both()[:2], both()[2:4], state(1)]
    runs.good([*second, *first, *rest], email())
    assert "blocklist takes people off 'Newsletter' after customers has subscribed people" in caplog.text
    assert (runs.contact(NEWSLETTER, ADDRESS) or {})["subscriptionState"] == "Unsubscribed"
    caplog.clear()
    runs.good(both(), email())
    assert "after customers has subscribed" not in caplog.text


def test_another_list_and_updates_are_not_concerned(runs: Runs) -> None:
    assert runs.good(both(), email(list=OTHER)).tallies["customers"].accepted == 1
    runs.save(NEWSLETTER, ADDRESS)
    fields = {"kind": "profile_fields", "fields": {"email": "Email copy"}, "create_missing": True}
    assert "left_in_run" not in runs.good(both(), email(**fields, field_group="Personal")).codes


def test_within_one_destination_the_latest_record_counts(runs: Runs) -> None:
    entry = {
        "people": {"kind": "email_list", "list": NEWSLETTER, "unsubscribe": True, "subscribed": "agrees"}
    }
    head = schema("people", "email", agrees={"type": "boolean"})
    rows = [record("people", email=ADDRESS, agrees=agrees) for agrees in (False, True)]
    assert runs.good([head, *rows], entry).tally.accepted == 1
    assert (runs.contact(NEWSLETTER, ADDRESS) or {})["subscriptionState"] == "Subscribed"


@pytest.mark.parametrize("kind", ["sms_unsubscribe", "sms_opt_out"])
@pytest.mark.parametrize("dry_run", [False, True])
def test_T19_a_number_on_a_blocklist_that_comes_first_is_not_subscribed(
    runs: Runs,
    kind: str,
    dry_run: bool,  # noqa: FBT001 - pytest fills it in
) -> None:
    (number,) = new_numbers(1)
    phone_list = {"phone_list": CLUB} if kind == "sms_unsubscribe" else {}
    entries = {
        "blocklist": {"kind": kind, "sender_code": CODE, **phone_list},
        "customers": {"kind": "sms_list", "sender_code": CODE, "phone_list": CLUB},
    }
    outcome = runs.good(both(key="phone", value=number), entries, dry_run=dry_run)
    assert outcome.tallies["customers"].declined == 1
    assert "left_in_run" in outcome.codes
    assert SmsWorld(runs).stored(number) == {}
