"""Answers of status 200 without rows, which are full when they are asked for again, do no harm.

One such answer to the profile field groups subscribed everybody without any value, and STATE was passed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sms_world import WINE, SmsWorld
from target_runs import record, schema, state

from listrak_api.errors import ConfigurationError

if TYPE_CHECKING:
    from target_runs import Outcome, Runs

NEWSLETTER, FIRST_NAME, VIP = 40137, 1007, 1124
LIST: dict[str, Any] = {"list": "Newsletter"}
CLUB: dict[str, Any] = {"sender_code": "48291", "phone_list": "VIP Texts"}
MIRROR: dict[str, Any] = {"mirror": "end_of_input", "max_removed_share": 1}
ROUTES = {
    "lists": "/List",
    "groups": "/List/{listId}/SegmentationFieldGroup",
    "fields": "/List/{listId}/SegmentationFieldGroup/{segmentationFieldGroupId}/SegmentationField",
}


def empty(runs: Runs, times: int, **route: str) -> None:
    runs.sandbox.control("POST", "faults", [{"kind": "empty_then_full", "times": times, **route}])


def load(runs: Runs, rows: list[dict[str, Any]], options: dict[str, Any]) -> Outcome:
    names = dict.fromkeys(name for row in rows for name in row)
    head = schema("s", **{name: {} for name in names}, keys=("id",) if "id" in names else ())
    return runs.run([head, *(record("s", **row) for row in rows), state(1)], {"s": options})


@pytest.mark.parametrize("route", ROUTES)
def test_an_empty_answer_loads_nobody_without_values_and_makes_nothing_twice(runs: Runs, route: str) -> None:
    empty(runs, 3, route=ROUTES[route])
    makes = {"create_list": True, "create_missing": True, "field_group": "Customer"}
    rows = [{"email": "w1@example.org", "first_name": "N", "vip": True}]
    outcome = load(runs, rows, {"kind": "email_list", **LIST, **makes})
    assert outcome.error is None
    assert outcome.states == [1]
    assert runs.values(NEWSLETTER, "w1@example.org") == {FIRST_NAME: "N", VIP: "on"}
    runs.sandbox.control("DELETE", "faults")
    assert [one["listName"] for one in runs.read("List")].count("Newsletter") == 1


def people(runs: Runs) -> dict[str, tuple[list[dict[str, Any]], dict[str, Any]]]:
    """The rows and options of destinations of every kind that looks something up."""
    runs.save(NEWSLETTER, "known@example.org", externalContactID="77")
    on = SmsWorld(runs).some(2)
    off = SmsWorld(runs).one("unsubscribed")
    wine = sorted(SmsWorld(runs).on(WINE))
    person = {"email": "known@example.org", "first_name": "N"}
    return {
        "email_list": ([person], {"kind": "email_list", **LIST}),
        "profile_fields": (
            [{"id": "77", "first_name": "N"}],
            {"kind": "profile_fields", "external_id": "id"},
        ),
        "audience": ([person], {"kind": "audience", "field": "VIP", **MIRROR}),
        "email_mirror": ([person], {"kind": "email_list", **MIRROR}),
        "email_events": ([person], {"kind": "email_events", "event": "Ordered", "create_missing": True}),
        "event_by_id": ([{"id": "77"}], {"kind": "email_events", "event": "Ordered", "external_id": "id"}),
        "beta": ([person], {"kind": "profile_fields", "route": "beta"}),
        "transactional_message": (
            [{"id": "1", **person}],
            {"kind": "transactional_message", "message": "Order confirmation", "allow_sending": True},
        ),
        "sms_list": (
            [{"phone": one, "loyalty_tier": "Gold"} for one in (*on, off)],
            {"kind": "sms_list", **CLUB},
        ),
        "sms_mirror": (
            [{"phone": one} for one in wine[3:]],
            {"kind": "sms_list", **CLUB, **MIRROR, "phone_list": WINE},
        ),
        "sms_profiles": (
            [{"phone": one, "loyalty_tier": "Gold"} for one in on],
            {"kind": "sms_profiles", "sender_code": "48291"},
        ),
        "sms_opt_out": ([{"phone": one} for one in on], {"kind": "sms_opt_out", "sender_code": "48291"}),
        "custom_events": (
            [{"id": "1", "email": "known@example.org", "cart_value": 5}],
            {"kind": "custom_events", "event": "Cart Abandoned"},
        ),
    }


def done(runs: Runs) -> tuple[object, ...]:
    """What was written to Listrak."""
    written = runs.sandbox.written()
    calls = [one["operation"] for one in written["sms"]["calls"]]
    events = runs.read(f"List/{NEWSLETTER}/Event")
    posted = len(written["custom_events"]["posted"])
    return [one["rows"] for one in written["imports"]], calls, posted, len(events)


KINDS = (
    "email_list", "profile_fields", "audience", "email_mirror", "email_events", "event_by_id", "beta",
    "transactional_message", "sms_list", "sms_mirror", "sms_profiles", "sms_opt_out", "custom_events",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_whose_look_ups_all_come_empty_at_first_does_what_it_does_without(
    runs: Runs, kind: str
) -> None:
    ended = []
    for times in (0, 1):
        if times:
            runs.sandbox.reset()
        runs.sandbox.settings(import_seconds=0.0, beta_seconds=0.0)
        rows, options = people(runs)[kind]
        if "sender_code" not in options and kind != "custom_events":
            options = {**LIST, **options}
        if times:
            empty(runs, times, route="GET *")
        for file in runs.folder.glob("sent*"):
            file.unlink()
        outcome = load(runs, rows, options)
        runs.sandbox.control("DELETE", "faults")
        assert outcome.error is None
        ended.append((outcome.figures, outcome.codes, *done(runs)))
    assert ended[0] == ended[1]


def test_an_account_that_has_no_list_is_told_so(runs: Runs) -> None:
    empty(runs, 99, route="/List")
    outcome = load(runs, [{"email": "w1@example.org"}], {"kind": "email_list", **LIST})
    assert isinstance(outcome.error, ConfigurationError)
    assert "there is no List 'Newsletter'" in str(outcome.error)
    assert outcome.states == []
