"""Recorded: bodies take ten digits, paths eleven only. Whatever the forms are, everybody is one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sms_world import CLUB, STOCK, SmsWorld, new_numbers

if TYPE_CHECKING:
    from target_runs import Runs

FORMS = ("e164", "national")


@pytest.fixture
def sms(runs: Runs) -> SmsWorld:
    return SmsWorld(runs)


@pytest.mark.parametrize("answers", FORMS)
@pytest.mark.parametrize("bodies", FORMS)
@pytest.mark.parametrize("paths", FORMS)
def test_known_numbers_are_found_and_nobody_is_created_twice(
    sms: SmsWorld, paths: str, bodies: str, answers: str
) -> None:
    subscribed, left, new = sms.some(3), sms.some(2, "unsubscribed"), new_numbers(3)
    before = set(sms.everybody())
    sms.runs.sandbox.settings(sms_path_form=paths, sms_body_form=bodies, sms_phone_form=answers)
    try:
        rows = [{"phone": number, "first_name": "Neu"} for number in (*new, *subscribed, *left)]
        outcome = sms.load(rows)
        assert outcome.not_loaded == (2, 0)
        assert set(outcome.codes) == {"previously_unsubscribed"}
        profiles = sms.load([{"phone": one, "loyalty_points": 7} for one in subscribed], "sms_profiles")
        assert profiles.figures == (3, 3, 0, 0, 0)
        assert sms.load([{"phone": subscribed[0]}], "sms_unsubscribe").figures == (1, 1, 0, 0, 0)
        assert sms.load([{"phone": subscribed[1]}], "sms_opt_out").figures == (1, 1, 0, 0, 0)
    finally:  # what is stored is looked at with the numbers as the sandbox gave them first
        sms.runs.sandbox.settings(sms_path_form="any", sms_body_form="any", sms_phone_form="e164")
    assert set(sms.everybody()) == before | set(new)
    assert [sms.state(number) for number in new] == ["Subscribed"] * 3
    assert sms.state(subscribed[0]) != "Subscribed"
    assert sms.stored(subscribed[1])["optedOut"]
    assert sms.stored(subscribed[2])["values"]["Loyalty Points"] == "7"
    assert sms.stored(subscribed[2])["firstName"] == "Neu"


def test_a_form_that_is_set_is_the_only_one_that_is_asked_for(sms: SmsWorld) -> None:
    sms.runs.sandbox.settings(sms_path_form="national")
    numbers = sms.some(2)
    rows = [{"phone": number} for number in numbers]
    wrong = sms.load(rows, "sms_unsubscribe", settings={"phone_path_form": "international"})
    assert wrong.figures == (2, 0, 2, 0, 0)  # nobody of that number is known, so nobody is on the list
    assert {sms.state(number) for number in numbers} == {"Subscribed"}
    right = sms.load(rows, "sms_unsubscribe", settings={"phone_path_form": "national"})
    assert right.figures == (2, 2, 0, 0, 0)


def test_with_double_opt_in_people_are_asked_once_and_left_alone_until_they_answer(sms: SmsWorld) -> None:
    sms.runs.sandbox.settings(sms_double_opt_in={str(CLUB): True})
    (number,) = new_numbers(1)
    assert sms.load([{"phone": number}]).figures == (1, 1, 0, 0, 0)
    assert str(sms.state(number)).lower().startswith("pending")
    for kind in ("sms_list", "sms_unsubscribe"):
        outcome = sms.load([{"phone": number}], kind)
        assert outcome.not_loaded == (1, 0)
        assert outcome.codes == ["pending"]
    assert str(sms.state(number)).lower().startswith("pending")
    waiting = sms.one("pending", phone_list=STOCK)
    assert sms.load([{"phone": waiting}], "sms_unsubscribe", phone_list=STOCK).codes == ["pending"]
