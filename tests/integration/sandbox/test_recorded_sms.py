"""Recorded (M): the SMS API, and what each setting for another reading does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sandbox_api import Api

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE, CLUB = "/ShortCode/410", 7101
TEN, ELEVEN = "4155550123", "14155550123"
UNKNOWN = (404, "ERROR_UNABLE_TO_LOCATE_RESOURCE")
PENDING = (400, "ERROR_PENDING_PHONE_NUMBER")
NOT_SUBSCRIBED = (400, "ERROR_PHONE_NUMBER_NOT_SUBSCRIBED")


@pytest.fixture
def sms(own: Api) -> Iterator[Api]:
    api = Api(own.sandbox, "sms")
    yield api
    api.session.close()


def create(api: Api, number: str = TEN) -> tuple[int, str]:
    return api.send("POST", f"{CODE}/PhoneList/{CLUB}/Contact", {"phoneNumber": number})


def subscribe(api: Api, number: str = ELEVEN) -> tuple[int, str]:
    return api.send("POST", f"{CODE}/Contact/{number}/PhoneList/{CLUB}")


def unsubscribe(api: Api, number: str = ELEVEN) -> tuple[int, str]:
    return api.send("DELETE", f"{CODE}/ContactUnsubscribe/{number}/PhoneList/{CLUB}")


def read(api: Api, number: str) -> int:
    return api.call("GET", f"{CODE}/Contact/{number}").status_code


def state(api: Api) -> str:
    rows = api.rows(f"{CODE}/Contact/{ELEVEN}/PhoneList")
    return next(str(row["subscriptionState"]) for row in rows if row["phoneListId"] == CLUB)


def test_bodies_take_ten_digits_and_paths_take_eleven(sms: Api) -> None:
    """M. Another form in the path is an unknown number, whoever owns it."""
    assert create(sms)[0] == 201
    assert read(sms, ELEVEN) == 200
    for path in (TEN, f"+{ELEVEN}", f"%2B{ELEVEN}", "415-555-0123"):
        assert sms.send("GET", f"{CODE}/Contact/{path}") == UNKNOWN
        assert subscribe(sms, path) == unsubscribe(sms, path) == UNKNOWN


@pytest.mark.parametrize(
    ("form", "ten", "eleven"), [("e164", 404, 200), ("national", 200, 404), ("any", 200, 200)]
)
def test_the_form_in_paths_is_a_setting(sms: Api, form: str, ten: int, eleven: int) -> None:
    create(sms)
    sms.sandbox.settings(sms_path_form=form)
    assert (read(sms, TEN), read(sms, ELEVEN)) == (ten, eleven)


@pytest.mark.parametrize(("form", "taken"), [("any", {TEN, ELEVEN}), ("e164", {ELEVEN}), ("national", {TEN})])
def test_the_form_in_bodies_is_a_setting_of_its_own(sms: Api, form: str, taken: set[str]) -> None:
    sms.sandbox.settings(sms_body_form=form)
    for number in (TEN, ELEVEN):
        answer = sms.send("PUT", f"{CODE}/Contact", {"phoneNumber": number})
        code = "ERROR_PHONE_NUMBER_NOT_FOUND" if number in taken else "ERROR_INVALID_PHONE_NUMBER"
        assert answer == (400, code)


@pytest.mark.parametrize(("form", "number"), [("e164", ELEVEN), ("national", TEN)])
def test_the_form_in_answers_is_a_third(sms: Api, form: str, number: str) -> None:
    sms.sandbox.settings(sms_phone_form=form)
    assert create(sms) == (201, number)
    assert sms.get(f"{CODE}/Contact/{ELEVEN}")["data"]["phoneNumber"] == number


def test_with_double_opt_in_a_new_number_is_pending(sms: Api) -> None:
    """M: create or subscribe again, ERROR_PENDING_PHONE_NUMBER; unsubscribe, …_NOT_SUBSCRIBED."""
    sms.sandbox.settings(sms_double_opt_in={str(CLUB): True})
    assert create(sms)[0] == 201
    assert state(sms) == "Pending"
    assert create(sms) == subscribe(sms) == PENDING
    assert unsubscribe(sms) == NOT_SUBSCRIBED
    assert state(sms) == "Pending"
    assert sms.get(f"{CODE}/PhoneList/{CLUB}")["data"]["requireDoubleOptIn"]
    sms.sandbox.settings(sms_unsubscribe_pending="pending")
    assert unsubscribe(sms) == PENDING


def test_double_opt_in_can_be_switched_off_for_a_list(sms: Api) -> None:
    path = f"{CODE}/PhoneList/7102"
    assert sms.get(path)["data"]["requireDoubleOptIn"]
    sms.sandbox.settings(sms_double_opt_in={"7102": False})
    assert not sms.get(path)["data"]["requireDoubleOptIn"]
    assert sms.send("POST", f"{path}/Contact", {"phoneNumber": TEN})[0] == 201
    (row,) = sms.get(f"{CODE}/Contact/{ELEVEN}/PhoneList")["data"]
    assert row["subscriptionState"] == "Subscribed"


def test_who_is_not_on_the_list_is_not_subscribed(sms: Api) -> None:
    """M: also the state of who has left, with a blank."""
    assert create(sms)[0] == 201
    other = f"{CODE}/ContactUnsubscribe/{ELEVEN}/PhoneList/7103"
    assert sms.send("DELETE", other) == NOT_SUBSCRIBED
    assert unsubscribe(sms)[0] == 200
    assert unsubscribe(sms) == NOT_SUBSCRIBED
    assert state(sms) == "Not Subscribed"
    sms.sandbox.settings(sms_unsubscribed_word="Unsubscribed")
    assert state(sms) == "Unsubscribed"


def test_a_single_phone_list_is_enveloped(sms: Api) -> None:
    """M."""
    answer = sms.get(f"{CODE}/PhoneList/{CLUB}")
    assert set(answer) == {"status", "data"}
    assert answer["data"]["phoneListId"] == CLUB


@pytest.mark.parametrize("value", [{"7101": "yes"}, {"7101": None}])
def test_double_opt_in_is_true_or_false(sms: Api, value: object) -> None:
    with pytest.raises(RuntimeError, match="ERROR_INVALID_PARAMETER"):
        sms.sandbox.settings(sms_double_opt_in=value)
