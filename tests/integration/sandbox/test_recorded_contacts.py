"""Recorded (H, M): contacts of the email API, and what each setting for another reading does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox_api import Api

CONTACTS = "/List/40137/Contact"
NEW = "new.person@example.com"
FIRST_NAME = 1007


def post(api: Api, address: str, state: str | None = "Subscribed", **query: object) -> tuple[int, str]:
    """Status, and the resourceId or the error code."""
    body = {"emailAddress": address, "subscriptionState": state, "segmentationFieldValues": None}
    answer = api.call("POST", CONTACTS, body, **query)
    found = answer.json()
    assert found["status"] == answer.status_code
    return answer.status_code, found.get("error") or found["resourceId"]


def seen(api: Api, address: str) -> dict[str, Any]:
    row: dict[str, Any] = api.get(f"{CONTACTS}/{address}")["data"]
    return row


def somebody(api: Api, state: str) -> str:
    return str(api.get(CONTACTS, subscriptionState=state, count=1)["data"][0]["emailAddress"])


def test_a_new_contact_is_201_and_a_known_one_200_and_the_resource_is_the_address(own: Api) -> None:
    """H, with ``segmentationFieldValues: null``; the other reading is 201 and the emailKey."""
    assert post(own, NEW) == (201, NEW)
    assert post(own, NEW) == (200, NEW)
    own.sandbox.settings(contact_answer="key")
    assert post(own, NEW) == (201, seen(own, NEW)["emailKey"])


def test_subscribing_an_unsubscribed_address_without_override_is_refused(own: Api) -> None:
    """H; the other reading writes its values and leaves it unsubscribed."""
    gone = somebody(own, "Unsubscribed")
    body = {"emailAddress": gone, "subscriptionState": "Subscribed", "segmentationFieldValues": []}
    answer = own.call("POST", CONTACTS, body)
    assert (answer.status_code, answer.json()["error"]) == (400, "ERROR_UNSUBSCRIBED_EMAIL_ADDRESS")
    assert "has already been unsubscribed" in answer.json()["message"]
    own.sandbox.settings(subscribe_unsubscribed="updated")
    assert post(own, gone) == (200, gone)
    assert seen(own, gone)["subscriptionState"] == "Unsubscribed"


def test_override_on_a_subscribed_address_is_200_with_events_too(own: Api) -> None:
    """H."""
    known = somebody(own, "Subscribed")
    before = seen(own, known)
    assert post(own, known, overrideUnsubscribe="true") == (200, known)
    assert post(own, known, overrideUnsubscribe="true", eventIds="101") == (200, known)
    assert seen(own, known) == before
    stored = own.sandbox.control("GET", "contacts", listId=40137, emailAddress=known)
    assert stored["events"] == [101]


def test_an_unsubscribed_contact_keeps_its_date_and_loses_its_method(own: Api) -> None:
    """H: subscribeMethod null and subscribeDate kept; changes by API are by "Administrator"."""
    known = somebody(own, "Subscribed")
    before = seen(own, known)
    assert (before["unsubscribeDate"], before["unsubscribeMethod"]) == (None, None)
    assert post(own, known, "Unsubscribed")[0] == 200
    after = seen(own, known)
    assert (after["subscribeMethod"], after["subscribeDate"]) == (None, before["subscribeDate"])
    assert after["unsubscribeDate"]
    assert after["unsubscribeMethod"] == "Administrator"
    assert post(own, known, overrideUnsubscribe="true")[0] == 200
    back = seen(own, known)
    assert (back["unsubscribeDate"], back["unsubscribeMethod"]) == (None, None)
    for row in own.rows(CONTACTS, subscriptionState="Unsubscribed"):
        assert row["subscribeDate"]
        assert row["subscribeMethod"] is None
    for row in own.rows(CONTACTS):
        assert (row["unsubscribeDate"], row["unsubscribeMethod"]) == (None, None)
        assert row["subscribeMethod"]


def test_the_method_can_be_read_otherwise(own: Api) -> None:
    own.sandbox.settings(contact_change_method="API", unsubscribed_keeps_method=True)
    assert post(own, NEW) == (201, NEW)
    assert seen(own, NEW)["subscribeMethod"] == "API"
    post(own, NEW, "Unsubscribed")
    assert (seen(own, NEW)["subscribeMethod"], seen(own, NEW)["unsubscribeMethod"]) == ("API", "API")


def test_an_email_key_has_26_hexadecimal_digits_in_upper_case(email: Api) -> None:
    """H."""
    for row in email.rows(CONTACTS):
        assert re.fullmatch("[0-9A-F]{26}", row["emailKey"])


def test_values_come_only_for_fields_asked_for_and_empty_ones_as_an_empty_text(own: Api) -> None:
    """H: without segmentationFieldIds ``[]``. M: empty values come as ``""``, or not at all."""
    post(own, NEW)
    assert seen(own, NEW)["segmentationFieldValues"] == []
    asked = own.get(f"{CONTACTS}/{NEW}", segmentationFieldIds=FIRST_NAME)["data"]["segmentationFieldValues"]
    assert [(one["segmentationFieldId"], one["value"]) for one in asked] == [(FIRST_NAME, "")]
    own.sandbox.settings(empty_values_listed=False)
    asked = own.get(f"{CONTACTS}/{NEW}", segmentationFieldIds=FIRST_NAME)["data"]["segmentationFieldValues"]
    assert asked == []


def test_values_of_date_fields_are_not_all_dates(email: Api) -> None:
    """M."""
    fields = [
        field
        for group in email.get("/List/40137/SegmentationFieldGroup")["data"]
        for field in email.get(
            f"/List/40137/SegmentationFieldGroup/{group['segmentationFieldGroupId']}/SegmentationField"
        )["data"]
        if field["dataType"] == "Date"
    ]
    wanted = ",".join(str(field["segmentationFieldId"]) for field in fields)
    values = {
        value["value"]
        for row in email.rows(CONTACTS, segmentationFieldIds=wanted)
        for value in row["segmentationFieldValues"]
    }
    assert any(re.fullmatch(r"\d\d/\d\d/\d{4}", value) for value in values)
    assert any(value and not re.match(r"\d", value) for value in values)


def test_an_unencoded_plus_in_the_path_works(own: Api) -> None:
    """H."""
    post(own, "ann+shop@example.com")
    for path in ("ann+shop@example.com", "ann%2Bshop@example.com"):
        answer = own.session.get(f"{own.base}{CONTACTS}/{path}", timeout=60)
        assert answer.json()["data"]["emailAddress"] == "ann+shop@example.com"
