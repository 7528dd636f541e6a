"""`sms_profiles`, `sms_unsubscribe` and `sms_opt_out`: what changes, and who is never subscribed by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sms_world import CLUB, STOCK, SmsWorld, destination, messages, new_numbers

if TYPE_CHECKING:
    from target_runs import Runs


@pytest.fixture
def sms(runs: Runs) -> SmsWorld:
    return SmsWorld(runs)


def test_profiles_updates_known_numbers_whatever_their_state_and_changes_no_state(sms: SmsWorld) -> None:
    numbers = [
        sms.one(),
        sms.one("unsubscribed"),
        sms.one("unsubscribed", "opted_out"),
        sms.one("pending", phone_list=STOCK),
    ]
    before = [sms.stored(number) for number in numbers]
    rows = [{"phone": number, "first_name": "Neu", "loyalty_points": 4242} for number in numbers]
    assert sms.load(rows, "sms_profiles").figures == (4, 4, 0, 0, 0)
    for number, old in zip(numbers, before, strict=True):
        values = {**old["values"], "Loyalty Points": "4242"}
        new = sms.stored(number)
        assert new["values"] == values
        assert new["firstName"] == "Neu"
        for kept in (
            "lastName",
            "emailAddress",
            "birthday",
            "postalCode",
            "optedOut",
            "optOut",
            "phoneLists",
        ):
            assert new[kept] == old[kept]
    assert {call["operation"] for call in sms.calls()} == {"update"}


def test_profiles_never_creates_subscribes_or_opts_in(sms: SmsWorld) -> None:
    everybody = sms.everybody()
    unknown = new_numbers(12)
    out = sms.some(12, "unsubscribed", "opted_out")
    rows = [{"phone": number, "loyalty_points": 4242} for number in [*unknown, *out]]
    outcome = sms.load(rows, "sms_profiles")
    assert outcome.figures == (24, 12, 0, 12, 0)
    assert set(outcome.codes) == {"unknown_number"}
    after = sms.everybody()
    assert set(after) == set(everybody)
    for number, one in after.items():
        assert one["phoneLists"] == everybody[number]["phoneLists"]
        assert one["optOut"] == everybody[number]["optOut"]
        if number not in out:
            assert one == everybody[number]


def test_profiles_imports_what_it_can_and_writes_what_it_cannot_map_by_call(sms: SmsWorld) -> None:
    rows: list[dict[str, Any]] = [{"phone": one, "loyalty_points": 4242} for one in sms.some(20)]
    rows[3]["first_name"] = "By call"
    outcome = sms.load(rows, "sms_profiles")
    assert outcome.figures == (20, 20, 0, 0, 0)
    (made,) = sms.imports()
    assert len(made["rows"]) == 19
    (call,) = sms.calls()
    assert call["phoneNumber"] == rows[3]["phone"]
    assert sms.stored(rows[3]["phone"])["values"]["Loyalty Points"] == "4242"


def test_profiles_says_unchanged_where_nothing_differs(sms: SmsWorld) -> None:
    rows = [{"phone": one, "loyalty_points": 4242} for one in sms.some(20)]
    sms.load(rows, "sms_profiles")
    assert sms.load(rows, "sms_profiles").figures == (20, 0, 20, 0, 0)
    assert len(sms.imports()) == 1


def test_values_with_quotes_commas_and_line_ends_arrive_as_they_are(sms: SmsWorld) -> None:
    awkward = ['a"b', "a,b", "a\nb", "a'b", " ä ", "=1+1", "🐎", '""', "a;b", "\ttab", "x" * 60, "-", "0"]
    numbers = sms.some(len(awkward))
    rows = [{"phone": one, "favorite_store": value} for one, value in zip(numbers, awkward, strict=True)]
    outcome = sms.load(rows, "sms_profiles")
    assert outcome.figures == (len(awkward), len(awkward), 0, 0, 0)
    assert len(sms.imports()) == 1
    stored = [sms.stored(number)["values"]["Favorite Store"] for number in numbers]
    assert stored == awkward


def test_unsubscribe_takes_people_off_the_one_list_and_off_nothing_else(sms: SmsWorld) -> None:
    members = sms.some(5)
    before = sms.everybody()
    outcome = sms.load([{"phone": number} for number in members], "sms_unsubscribe")
    assert outcome.figures == (5, 5, 0, 0, 0)
    after = sms.everybody()
    for number, one in after.items():
        if number in members:
            assert sms.state(number) == "Unsubscribed"
            assert one["optOut"] is None
            others = [row for row in before[number]["phoneLists"] if row["phoneListId"] != CLUB]
            assert [row for row in one["phoneLists"] if row["phoneListId"] != CLUB] == others
        else:
            assert one == before[number]


def test_unsubscribe_leaves_those_who_are_not_on_the_list_as_they_are(sms: SmsWorld) -> None:
    numbers = [sms.one("unsubscribed"), *new_numbers(1), sms.one("never", phone_list=STOCK)]
    outcome = sms.load([{"phone": one} for one in numbers[:2]], "sms_unsubscribe")
    assert outcome.figures == (2, 0, 2, 0, 0)
    outcome = sms.load([{"phone": numbers[2]}], "sms_unsubscribe", phone_list=STOCK)
    assert outcome.figures == (1, 0, 1, 0, 0)
    pending = sms.one("pending", phone_list=STOCK)
    outcome = sms.load([{"phone": pending}], "sms_unsubscribe", phone_list=STOCK)
    assert outcome.codes == ["pending"]
    assert sms.touched() == set()


def test_opt_out_opts_out_and_keeps_every_value(sms: SmsWorld) -> None:
    members = sms.some(5)
    before = sms.everybody()
    outcome = sms.load([{"phone": number} for number in members], "sms_opt_out")
    assert outcome.figures == (5, 5, 0, 0, 0)
    after = sms.everybody()
    for number, one in after.items():
        if number in members:
            assert one["optedOut"]
            for kept in ("firstName", "lastName", "emailAddress", "birthday", "postalCode", "values"):
                assert one[kept] == before[number][kept]
        else:
            assert one == before[number]


def test_opt_out_of_who_is_out_is_unchanged_and_of_who_is_unknown_rejected(sms: SmsWorld) -> None:
    out, (unknown,) = sms.one("unsubscribed", "opted_out"), new_numbers(1)
    outcome = sms.load([{"phone": out}, {"phone": unknown}], "sms_opt_out")
    assert outcome.figures == (2, 0, 1, 1, 0)
    assert outcome.codes == ["unknown_number"]
    assert sms.touched() == set()


@pytest.mark.parametrize("kind", ["sms_profiles", "sms_unsubscribe", "sms_opt_out"])
def test_a_deleted_record_is_rejected_and_touches_nobody(sms: SmsWorld, kind: str) -> None:
    row = {"phone": sms.one(), "first_name": "X", "_sdc_deleted_at": "2026-06-30T00:00:00Z"}
    assert sms.load([row], kind).codes == ["deleted"]
    assert sms.touched() == set()


@pytest.mark.parametrize("kind", ["sms_profiles", "sms_unsubscribe", "sms_opt_out"])
def test_a_dry_run_writes_nothing(sms: SmsWorld, kind: str) -> None:
    rows = [{"phone": number, "loyalty_points": 4242} for number in sms.some(12)]
    outcome = sms.runs.good(messages(rows), destination(kind), dry_run=True)
    assert outcome.figures == (12, 12, 0, 0, 0)
    assert sms.touched() == set()
