"""The SMS API of the sandbox, written to over HTTP: consent and its refusals, updates, imports."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from sandbox_api import Api

from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "/ShortCode/410"
CLUB, STOCK, WINE, HOLIDAY = 7101, 7102, 7103, 7104
NEW = "14155550123"
BAD = (400, "ERROR_INVALID_PARAMETER")


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sms(running: RunningSandbox) -> Api:
    running.reset()
    return Api(running, "sms")


def stored(sms: Api, number: str) -> dict[str, Any]:
    """What the sandbox holds about a number of the first sender code; nothing when it is unknown."""
    found = sms.sandbox.control("GET", "sms-contacts", senderCodeId=410, phoneNumber=number)
    return found[0] if found else {}


def somebody(sms: Api, state: str = "subscribed", standing: str = "ok", phone_list: int = CLUB) -> str:
    """The number of somebody in this state on a list of the first sender code."""
    found = sms.sandbox.control(
        "GET",
        "sms-contacts",
        senderCodeId=410,
        phoneListId=phone_list,
        state=state,
        standing=standing,
        limit=1,
    )
    return str(found[0]["phoneNumber"])


def states(sms: Api, number: str) -> dict[int, str]:
    return {row["phoneListId"]: row["subscriptionState"] for row in stored(sms, number)["phoneLists"]}


def create(sms: Api, phone_list: int = CLUB, **body: object) -> tuple[int, str]:
    return sms.send("POST", f"{CODE}/PhoneList/{phone_list}/Contact", {"phoneNumber": NEW, **body})


def subscribe(sms: Api, number: str, phone_list: int = CLUB) -> tuple[int, str]:
    return sms.send("POST", f"{CODE}/Contact/{number}/PhoneList/{phone_list}")


def unsubscribe(sms: Api, number: str, phone_list: int = CLUB) -> tuple[int, str]:
    return sms.send("DELETE", f"{CODE}/ContactUnsubscribe/{number}/PhoneList/{phone_list}")


def put(sms: Api, number: str, **body: object) -> tuple[int, str]:
    return sms.send("PUT", f"{CODE}/Contact", {"phoneNumber": number, **body})


def field_id(sms: Api, name: str) -> int:
    fields = sms.get(f"{CODE}/SegmentationField")["data"]
    return next(row["segmentationFieldId"] for row in fields if row["segmentationFieldName"] == name)


# Creating and subscribing.


def test_creating_subscribes_with_all_values(sms: Api) -> None:
    values = [{"segmentationFieldId": field_id(sms, "Loyalty Tier"), "value": "Gold"}]
    answer = create(
        sms,
        emailAddress="new@example.com",
        firstName="New",
        birthday="1990-02-03T00:00:00",
        segmentationFieldValues=values,
    )
    assert answer == (201, NEW)
    assert states(sms, NEW) == {CLUB: "Subscribed"}
    found = sms.get(f"{CODE}/Contact/{NEW}")["data"]
    assert found["subscribeDate"]
    assert found["unsubscribeDate"] is None
    assert {
        name: found[name] for name in ("emailAddress", "firstName", "lastName", "birthday", "postalCode")
    } == {
        "emailAddress": "new@example.com",
        "firstName": "New",
        "lastName": None,
        "birthday": "1990-02-03T00:00:00",
        "postalCode": None,
    }
    assert found["segmentationFieldValues"] == values
    assert NEW in {row["phoneNumber"] for row in sms.rows(f"{CODE}/PhoneList/{CLUB}/Contact")}


def test_a_known_number_is_not_created_again_in_either_form(sms: Api) -> None:
    assert create(sms)[0] == 201
    found = (400, "ERROR_PHONE_NUMBER_FOUND")
    assert create(sms) == found
    assert create(sms, phone_list=STOCK, phoneNumber=NEW[1:]) == found
    assert create(sms, phoneNumber=somebody(sms, standing="opted_out", state="unsubscribed")) == found


def test_subscribing_needs_a_known_number_that_is_not_subscribed(sms: Api) -> None:
    assert subscribe(sms, NEW) == (404, "ERROR_UNABLE_TO_LOCATE_RESOURCE")
    assert subscribe(sms, somebody(sms)) == (400, "ERROR_SUBSCRIBED_PHONE_NUMBER")
    left = somebody(sms, "unsubscribed")
    assert subscribe(sms, left)[0] == 201
    assert states(sms, left)[CLUB] == "Subscribed"
    assert subscribe(sms, left) == (400, "ERROR_SUBSCRIBED_PHONE_NUMBER")


def test_double_opt_in_and_age_gate_make_pending_contacts(sms: Api) -> None:
    assert create(sms, phone_list=STOCK)[0] == 201
    assert states(sms, NEW) == {STOCK: "Pending"}
    assert subscribe(sms, NEW, STOCK) == (400, "ERROR_PENDING_PHONE_NUMBER")
    assert unsubscribe(sms, NEW, STOCK) == (400, "ERROR_PHONE_NUMBER_NOT_SUBSCRIBED")
    sms.sandbox.settings(sms_unsubscribe_pending="pending")
    assert unsubscribe(sms, NEW, STOCK) == (400, "ERROR_PENDING_PHONE_NUMBER")
    assert subscribe(sms, NEW, WINE)[0] == 201
    rows = {row["phoneListId"]: row for row in sms.rows(f"{CODE}/Contact/{NEW}/PhoneList")}
    assert rows[STOCK]["pendingDoubleOptIn"]
    assert not rows[STOCK]["pendingAgeGate"]
    assert rows[WINE]["pendingAgeGate"]
    assert rows[WINE]["pendingDate"]
    assert rows[WINE]["subscribeDate"] is None
    assert NEW not in {row["phoneNumber"] for row in sms.rows(f"{CODE}/PhoneList/{STOCK}/Contact")}


@pytest.mark.parametrize(
    ("standing", "code"),
    [
        ("opted_out", "ERROR_PHONE_NUMBER_OPTED_OUT"),
        ("blocked", "ERROR_PHONE_NUMBER_BLOCKED"),
        ("banned", "ERROR_BANNED_PHONE_NUMBER"),
        ("suspended", "ERROR_PHONE_NUMBER_SUSPENDED"),
    ],
)
def test_who_must_not_be_subscribed_is_not(sms: Api, standing: str, code: str) -> None:
    number = somebody(sms, state="never", standing=standing, phone_list=STOCK)
    before = stored(sms, number)
    assert subscribe(sms, number, STOCK) == (400, code)
    assert stored(sms, number) == before


def test_refused_numbers_are_not_created_either(sms: Api) -> None:
    refused = sms.sandbox.control("GET", "sms-contacts", standing="refused")
    assert {one["why"] for one in refused} == {"banned", "blocked", "suspended"}
    for one in refused:
        status, code = create(sms, phoneNumber=one["phoneNumber"])
        assert status == 400
        assert one["why"].upper() in code
        assert not stored(sms, one["phoneNumber"])


def test_disabled_codes_and_inactive_lists_take_nothing(sms: Api) -> None:
    inactive = (400, "ERROR_LIST_INACTIVE")
    assert create(sms, phone_list=HOLIDAY) == inactive
    assert subscribe(sms, somebody(sms), HOLIDAY) == inactive
    assert unsubscribe(sms, somebody(sms, phone_list=HOLIDAY), HOLIDAY) == inactive
    disabled = (400, "ERROR_SENDER_CODE_DISABLED")
    assert sms.send("POST", "/ShortCode/430/PhoneList/7301/Contact", {"phoneNumber": NEW}) == disabled
    assert sms.send("PUT", "/ShortCode/430/Contact", {"phoneNumber": NEW}) == disabled


# Unsubscribing.


def test_unsubscribing_leaves_a_contact_opted_in(sms: Api) -> None:
    number = somebody(sms)
    assert unsubscribe(sms, number) == (200, "")
    assert states(sms, number)[CLUB] == "Unsubscribed"
    assert stored(sms, number)["optedOut"] is False
    assert unsubscribe(sms, number) == (400, "ERROR_PHONE_NUMBER_NOT_SUBSCRIBED")
    assert number not in {row["phoneNumber"] for row in sms.rows(f"{CODE}/PhoneList/{CLUB}/Contact")}
    assert unsubscribe(sms, NEW) == (404, "ERROR_UNABLE_TO_LOCATE_RESOURCE")


def test_what_the_api_did_to_somebody_stays_as_days_pass(sms: Api) -> None:
    number = somebody(sms)
    unsubscribe(sms, number)
    before = stored(sms, number)
    sms.sandbox.set_clock(advance_seconds=200 * 86_400)
    assert stored(sms, number) == before


# Updating.


def test_an_update_clears_system_values_left_out_and_keeps_profile_values(sms: Api) -> None:
    vip = [{"segmentationFieldId": field_id(sms, "VIP"), "value": "true"}]
    birthday = "1990-02-03T00:00:00"
    create(sms, firstName="New", lastName="Name", birthday=birthday, segmentationFieldValues=vip)
    assert put(sms, NEW, firstName="Newer") == (200, NEW)
    found = stored(sms, NEW)
    assert [found[name] for name in ("firstName", "lastName", "birthday")] == [
        "Newer",
        None,
        None,
    ]
    assert found["values"] == {"VIP": "on"}
    assert states(sms, NEW) == {CLUB: "Subscribed"}


def test_an_update_may_opt_out_and_never_in(sms: Api) -> None:
    number = somebody(sms)
    assert put(sms, number, optedOut=True)[0] == 200
    found = stored(sms, number)
    assert found["optOut"]["reason"] == "API"
    assert states(sms, number)[CLUB] == "Unsubscribed"
    assert put(sms, number, optedOut=False, firstName="Still")[0] == 200
    assert stored(sms, number)["optOut"] == found["optOut"]
    assert stored(sms, number)["firstName"] == "Still"
    assert number in {row["phoneNumber"] for row in sms.rows(f"{CODE}/OptOut")}


def test_an_update_needs_a_known_number_that_is_not_banned(sms: Api) -> None:
    assert put(sms, NEW) == (400, "ERROR_PHONE_NUMBER_NOT_FOUND")
    assert put(sms, somebody(sms, standing="banned")) == (400, "ERROR_BANNED_PHONE_NUMBER")
    assert put(sms, somebody(sms, standing="suspended"))[0] == 200


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"birthday": ""}, (400, "ERROR_BIRTHDAY_FIELD_NULL")),
        ({"birthday": "3 May"}, BAD),
        ({"emailAddress": "nobody"}, (400, "ERROR_INVALID_EMAIL_ADDRESS")),
        ({"phoneNumber": "+14155550123"}, (400, "ERROR_INVALID_PHONE_NUMBER")),
        ({"phoneNumber": None}, (400, "ERROR_INVALID_PHONE_NUMBER")),
        ({"firstName": 5}, BAD),
        ({"optedOut": True}, BAD),
    ],
)
def test_bad_system_values_are_refused(sms: Api, body: dict[str, object], answer: tuple[int, str]) -> None:
    assert create(sms, **body) == answer
    assert not stored(sms, NEW)


@pytest.mark.parametrize(
    ("field", "value", "answer"),
    [
        ("Loyalty Tier", "x" * 21, (400, "ERROR_SEGMENTATION_MAX_LENGTH")),
        ("Loyalty Points", "many", BAD),
        ("VIP", "perhaps", BAD),
        ("Anniversary", "2024-01-31", BAD),
        ("Anniversary", "02/30/2024", BAD),
        ("Legacy Segment", "x", (400, "ERROR_SEGMENTATION_FIELD_DISABLED")),
        ("Old Score", "1", (400, "ERROR_SEGMENTATION_FIELD_DISABLED")),
    ],
)
def test_bad_profile_values_are_refused(sms: Api, field: str, value: str, answer: tuple[int, str]) -> None:
    number = somebody(sms)
    before = stored(sms, number)
    values = [{"segmentationFieldId": field_id(sms, field), "value": value}]
    assert put(sms, number, segmentationFieldValues=values) == answer
    assert stored(sms, number) == before


def test_profile_values_apply_across_sender_codes_and_empty_ones_clear(sms: Api) -> None:
    numbers = {row["phoneNumber"] for row in sms.rows("/ShortCode/420/PhoneList/7201/Contact")}
    number = next(one for one in numbers if stored(sms, one).get("standing") == "ok")
    tier = field_id(sms, "Loyalty Tier")
    assert (
        put(sms, number, segmentationFieldValues=[{"segmentationFieldId": tier, "value": "Ünique"}])[0] == 200
    )
    other = sms.get(f"/ShortCode/420/Contact/{number}")["data"]["segmentationFieldValues"]
    assert {"segmentationFieldId": tier, "value": "Ünique"} in other
    assert put(sms, number, segmentationFieldValues=[{"segmentationFieldId": tier, "value": ""}])[0] == 200
    assert "Loyalty Tier" not in stored(sms, number)["values"]
    unknown = [{"segmentationFieldId": 1, "value": "x"}]
    assert put(sms, number, segmentationFieldValues=unknown) == (400, "ERROR_INVALID_SEGMENTATION_FIELD_ID")


def test_a_body_has_to_be_json_and_to_say_so(sms: Api) -> None:
    url = f"{sms.base}{CODE}/Contact"
    assert sms.session.put(url, data="{", headers={"Content-Type": "application/json"}).json()["error"] == (
        "ERROR_MALFORMED_REQUEST_BODY"
    )
    assert sms.session.put(url, data="{}").status_code == 415


# Imports.


def import_body(sms: Api, text: str, *fields: str, **changes: object) -> dict[str, object]:
    mappings = [{"fileColumnType": "Phone", "segmentationFieldId": 0, "fileColumn": 0}]
    mappings += [
        {
            "fileColumnType": "SegmentationField",
            "segmentationFieldId": field_id(sms, name),
            "fileColumn": column,
        }
        for column, name in enumerate(fields, 1)
    ]
    return {
        "fileName": "audience.csv",
        "fileStream": base64.b64encode(text.encode()).decode(),
        "importType": "UpdateSubscribers",
        "hasColumnNames": True,
        "textQualifier": '"',
        "fileMappings": mappings,
        **changes,
    }


def finished(sms: Api, import_id: str) -> dict[str, Any]:
    for _ in range(500):
        found = sms.get(f"{CODE}/ContactImport/{import_id}")["data"]
        if found["endDate"]:
            return dict(found)
        time.sleep(0.02)
    message = "The import did not end"
    raise AssertionError(message)


def test_an_import_updates_known_numbers_and_drops_unknown_ones_silently(sms: Api) -> None:
    one, two = somebody(sms), somebody(sms, standing="opted_out", state="unsubscribed")
    before = states(sms, two)
    text = f'phone,tier,spend\n{one},"Gold, ""plus""",12.50\n{two[1:]},Größe,\n{NEW},x,1\n12,x,1\n'
    status, import_id = sms.send(
        "POST", f"{CODE}/ContactImport", import_body(sms, text, "Loyalty Tier", "Total Spend")
    )
    assert status == 201
    first = sms.get(f"{CODE}/ContactImport/{import_id}")["data"]
    assert first["status"]
    assert first["fileName"] == "audience.csv"
    spend = stored(sms, two)["values"].get("Total Spend")
    assert finished(sms, import_id)["status"] == "Completed"
    assert stored(sms, one)["values"]["Loyalty Tier"] == 'Gold, "plus"'
    assert stored(sms, one)["values"]["Total Spend"] == "12.50"
    assert stored(sms, two)["values"]["Loyalty Tier"] == "Größe"
    assert stored(sms, two)["values"].get("Total Spend") == spend
    assert states(sms, two) == before
    assert not stored(sms, NEW)
    written = sms.sandbox.written()["sms"]["imports"][0]
    assert written["updated"] == [one, two]
    assert written["dropped"] == 2
    assert written["rows"][0] == [one, 'Gold, "plus"', "12.50"]
    front = requests.get(f"{sms.sandbox.url}/", timeout=30).text
    assert f'href="/sms-import/{import_id}"' in front
    assert "4 rows · 2 updated · 2 dropped" in front
    page = requests.get(f"{sms.sandbox.url}/sms-import/{import_id}", timeout=30).text
    assert ">Gold, &quot;plus&quot;</td>" in page
    assert requests.get(f"{sms.sandbox.url}/sms-import/1", timeout=30).status_code == 404


def test_an_import_takes_time_and_does_nothing_before_its_end(sms: Api) -> None:
    sms.sandbox.settings(import_seconds=3600)
    number = somebody(sms)
    before = stored(sms, number)
    _, import_id = sms.send(
        "POST", f"{CODE}/ContactImport", import_body(sms, f"p,t\n{number},New\n", "Loyalty Tier")
    )
    found = sms.get(f"{CODE}/ContactImport/{import_id}")["data"]
    assert (found["endDate"], found["smsSenderCodeId"]) == (None, 410)
    assert stored(sms, number) == before
    assert sms.send("GET", f"/ShortCode/420/ContactImport/{import_id}")[0] == 404


def test_default_values_and_blank_cells(sms: Api) -> None:
    number = somebody(sms)
    body = import_body(sms, f"{number},,\n", "Loyalty Tier", "Shoe Size", hasColumnNames=False)
    body["fileMappings"][1]["defaultValue"] = "Bronze"  # type: ignore[index]
    put(
        sms,
        number,
        segmentationFieldValues=[{"segmentationFieldId": field_id(sms, "Shoe Size"), "value": "42"}],
    )
    finished(sms, sms.send("POST", f"{CODE}/ContactImport", body)[1])
    assert stored(sms, number)["values"].items() >= {"Loyalty Tier": "Bronze", "Shoe Size": "42"}.items()
    sms.sandbox.settings(sms_import_blank_clears=True)
    finished(sms, sms.send("POST", f"{CODE}/ContactImport", body)[1])
    assert "Shoe Size" not in stored(sms, number)["values"]


def test_system_fields_can_be_imported_where_they_are_listed(sms: Api) -> None:
    number = somebody(sms)
    body = import_body(sms, f"p,b\n{number},5/17/1980\n")
    body["fileMappings"].append(  # type: ignore[attr-defined]
        {"fileColumnType": "SegmentationField", "segmentationFieldId": 4, "fileColumn": 1}
    )
    assert sms.send("POST", f"{CODE}/ContactImport", body) == (400, "ERROR_INVALID_SEGMENTATION_FIELD_ID")
    sms.sandbox.settings(sms_system_fields_listed=True)
    finished(sms, sms.send("POST", f"{CODE}/ContactImport", body)[1])
    assert stored(sms, number)["birthday"] == "1980-05-17T00:00:00"


@pytest.mark.parametrize(
    "changes",
    [
        {"importType": "AddSubscribers"},
        {"textQualifier": "|"},
        {"fileStream": "not base64!"},
        {"fileStream": base64.b64encode(b"\xff\xfe\x00").decode()},
        {"fileName": " "},
        {"fileMappings": []},
        {"fileMappings": [{"fileColumnType": "Phone", "segmentationFieldId": 9, "fileColumn": 0}]},
        {"fileMappings": [{"fileColumnType": "Email", "segmentationFieldId": 0, "fileColumn": 0}]},
        {"fileMappings": [{"fileColumnType": "Phone", "segmentationFieldId": 0, "fileColumn": -1}]},
        {"fileMappings": None},
        {"hasColumnNames": None},
    ],
)
def test_a_bad_import_is_refused(sms: Api, changes: dict[str, object]) -> None:
    body = import_body(sms, f"p\n{somebody(sms)}\n", **changes)
    assert sms.send("POST", f"{CODE}/ContactImport", body) == BAD
    assert sms.sandbox.written()["sms"]["imports"] == []


def test_a_disabled_field_cannot_be_imported(sms: Api) -> None:
    body = import_body(sms, "p,x\n1,2\n", "Legacy Segment")
    assert sms.send("POST", f"{CODE}/ContactImport", body) == (400, "ERROR_SEGMENTATION_FIELD_DISABLED")


def test_changes_are_told_in_order_and_forgotten_by_a_reset(sms: Api) -> None:
    create(sms, firstName="New")
    create(sms)
    unsubscribe(sms, NEW)
    subscribe(sms, NEW)
    put(sms, NEW)
    calls = sms.sandbox.written()["sms"]["calls"]
    assert [(one["operation"], one["phoneNumber"]) for one in calls] == [
        (operation, NEW) for operation in ("create", "unsubscribe", "subscribe", "update")
    ]
    assert calls[0]["body"] == {"phoneNumber": NEW, "firstName": "New"}
    sms.sandbox.reset()
    assert sms.sandbox.written()["sms"] == {"calls": [], "imports": []}
    assert not stored(sms, NEW)
