"""Contacts of the email API: both states and their dates, writes with every refusal, profile fields."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from sandbox_api import Api

LIST = "/List/40137"
CONTACTS = f"{LIST}/Contact"
FIRST_NAME, CITY, POINTS, WANTS_SMS, NOTES, LAST_ORDER = 1007, 1016, 1022, 1028, 1037, 1046


def later(text: str, **by: float) -> str:
    return (datetime.fromisoformat(text) + timedelta(**by)).isoformat()


def contacts(api: Api, state: str = "Subscribed", **query: object) -> list[dict[str, Any]]:
    return list(api.rows(CONTACTS, subscriptionState=state, **query))


def test_the_two_states_are_two_queries(email: Api) -> None:
    on, off = contacts(email), contacts(email, "Unsubscribed")
    assert len(on) > len(off) > 5
    assert {row["subscriptionState"] for row in on} == {"Subscribed"}
    assert {row["subscriptionState"] for row in off} == {"Unsubscribed"}
    assert all(row["unsubscribeDate"] for row in off)
    keys = [row["emailKey"] for row in on + off]
    assert len(set(keys)) == len(keys)
    assert email.get(CONTACTS)["data"] == on
    # Pending, banned and suppressed addresses are in neither.
    special = email.sandbox.control("GET", "contacts", listId=40137)["special"]
    assert set(special.values()) == {"Pending", "Banned", "Suppressed"}
    assert not set(special) & {row["emailAddress"] for row in on + off}


@pytest.mark.parametrize(("original", "end_included"), [("true", True), ("false", False)])
def test_start_is_included_and_end_only_with_the_original_date(
    email: Api,
    original: str,
    end_included: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    for state, column in (("Subscribed", "subscribeDate"), ("Unsubscribed", "unsubscribeDate")):
        dates = sorted(row[column] for row in contacts(email, state) if not row["resubscribeDate"])
        start, end = dates[1], dates[-2]
        query = {"startDate": start, "endDate": end, "useOriginalSubscribeDate": original}
        rows = contacts(email, state, **query)
        found = [row[column] for row in rows if not row["resubscribeDate"]]
        assert min(found) == start
        assert (end in found) is end_included
        assert max(found) == (end if end_included else dates[-3])


def test_a_resubscription_is_found_by_the_latest_date_only(email: Api) -> None:
    back = [row for row in contacts(email) if row["resubscribeDate"]]
    assert back
    for row in back[:5]:
        span = {"startDate": row["resubscribeDate"], "endDate": later(row["resubscribeDate"], milliseconds=1)}
        key = row["emailKey"]
        assert key in {one["emailKey"] for one in contacts(email, useOriginalSubscribeDate="false", **span)}
        assert key not in {one["emailKey"] for one in contacts(email, **span)}
        first = {"startDate": row["subscribeDate"], "endDate": row["subscribeDate"]}
        assert key in {one["emailKey"] for one in contacts(email, **first)}


@pytest.mark.parametrize("state", ["Subscribed", "Unsubscribed"])
@pytest.mark.parametrize("original", ["true", "false"])
def test_windows_side_by_side_hold_every_contact_once(email: Api, state: str, original: str) -> None:
    edges = [
        "2021-01-01",
        "2023-03-01T10:30:00",
        "2024-06-30",
        "2025-11-11T11:11:11.111",
        "2026-06-30T12:00:00",
    ]
    found: list[str] = []
    for start, end in pairwise(edges):
        rows = contacts(email, state, startDate=start, endDate=end, useOriginalSubscribeDate=original)
        found += [row["emailKey"] for row in rows]
    assert sorted(found) == sorted(row["emailKey"] for row in contacts(email, state))


def test_external_id_selects(email: Api) -> None:
    row = next(one for one in contacts(email) if one["externalContactID"])
    assert contacts(email, externalContactId=row["externalContactID"]) == [row]
    assert contacts(email, externalContactId="none such") == []


def test_values_come_for_the_fields_asked_for(email: Api) -> None:
    fields = [
        field
        for group in email.get(f"{LIST}/SegmentationFieldGroup")["data"]
        for field in email.get(
            f"{LIST}/SegmentationFieldGroup/{group['segmentationFieldGroupId']}/SegmentationField"
        )["data"]
    ]
    assert len(fields) > 30
    assert len({field["dataType"] for field in fields}) == 7
    names = [field["segmentationFieldName"] for field in fields]
    assert len(set(names)) < len(names), "a name occurs in two groups"
    assert all(row["segmentationFieldValues"] == [] for row in contacts(email))
    wanted = [field["segmentationFieldId"] for field in fields[:30]]
    rows = contacts(email, segmentationFieldIds=",".join(map(str, wanted)))
    given = [value["segmentationFieldId"] for row in rows for value in row["segmentationFieldValues"]]
    assert set(given) == set(wanted)
    assert len(given) == 30 * len(rows)
    assert any(value["value"] == "" for row in rows for value in row["segmentationFieldValues"])
    too_many = ",".join(str(field["segmentationFieldId"]) for field in fields[:31])
    answer = email.call("GET", CONTACTS, segmentationFieldIds=too_many).json()
    assert answer["error"] == "ERROR_TOO_MANY_SEGMENTATION_FIELDS"


def test_one_contact_by_address_or_key(email: Api) -> None:
    row = contacts(email)[8]
    assert email.get(f"{CONTACTS}/{quote(row['emailAddress'], safe='')}")["data"] == row
    assert email.get(f"{CONTACTS}/{row['emailAddress'].upper()}")["data"] == row
    assert email.get(f"{CONTACTS}/{row['emailKey']}")["data"] == row
    assert email.call("GET", f"{CONTACTS}/nobody%2Fever@example.com").status_code == 404
    assert email.call("GET", f"{CONTACTS}/{'0' * 26}").status_code == 404


def body(address: str, state: str | None = None, **values: Any) -> dict[str, Any]:  # noqa: ANN401  values of any type
    return {
        "emailAddress": address,
        "subscriptionState": state,
        "externalContactID": values.pop("external", None),
        "segmentationFieldValues": [
            {"segmentationFieldId": int(name[1:]), "value": value} for name, value in values.items()
        ],
    }


def post(api: Api, given: dict[str, Any], **query: object) -> tuple[int, str]:
    answer = api.call("POST", CONTACTS, given, **query)
    found = answer.json()
    return answer.status_code, found.get("error", "")


def stored(api: Api, address: str) -> dict[str, Any]:
    found = api.sandbox.control("GET", "contacts", listId=40137, emailAddress=address)
    found["values"] = {
        one["segmentationFieldId"]: one["value"] for one in found.get("segmentationFieldValues", [])
    }
    return dict(found)


def people(api: Api) -> dict[str, str]:
    """An address of each standing."""
    special = {
        state: one for one, state in api.sandbox.control("GET", "contacts", listId=40137)["special"].items()
    }
    return {
        "Subscribed": contacts(api)[0]["emailAddress"],
        "Unsubscribed": contacts(api, "Unsubscribed")[0]["emailAddress"],
        "Unknown": "nobody@example.com",
        **special,
    }


@pytest.mark.parametrize(
    ("who", "state", "query", "values", "code"),
    [
        ("Banned", None, {}, {}, "ERROR_BANNED_EMAIL_ADDRESS"),
        ("Suppressed", None, {}, {}, "ERROR_SUPPRESSED_EMAIL"),
        ("Pending", None, {}, {}, "ERROR_PENDING_EMAIL_ADDRESS"),
        ("Unsubscribed", None, {}, {}, "ERROR_UNSUBSCRIBED_EMAIL_ADDRESS"),
        ("Unsubscribed", "Subscribed", {}, {"f1007": "x"}, "ERROR_UNSUBSCRIBED_EMAIL_ADDRESS"),
        ("Unsubscribed", None, {"eventIds": "101"}, {}, "ERROR_UNSUBSCRIBED_EMAIL_ADDRESS"),
        ("Unsubscribed", "Unsubscribed", {}, {}, "ERROR_UNSUBSCRIBED_EMAIL_ADDRESS"),
        ("Unknown", "Unsubscribed", {}, {}, "ERROR_NOT_SUBSCRIBED_EMAIL_ADDRESS"),
        ("Subscribed", "Unsubscribed", {"eventIds": "101"}, {}, "ERROR_UNSUBSCRIBE_WITH_EVENTS"),
        ("Subscribed", "Unsubscribed", {}, {"f1007": "x"}, "ERROR_UNSUBSCRIBE_WITH_SEGMENTATION_DATA"),
        ("Subscribed", None, {"newEmailAddress": "@Banned"}, {}, "ERROR_BANNED_NEW_EMAIL_ADDRESS"),
        ("Subscribed", None, {"newEmailAddress": "@Suppressed"}, {}, "ERROR_SUPPRESSED_NEW_EMAIL"),
        ("Subscribed", None, {"newEmailAddress": "@Pending"}, {}, "ERROR_PENDING_NEW_EMAIL_ADDRESS"),
        (
            "Subscribed",
            None,
            {"newEmailAddress": "@Unsubscribed"},
            {},
            "ERROR_UNSUBSCRIBED_NEW_EMAIL_ADDRESS",
        ),
        ("Subscribed", None, {"newEmailAddress": "@Other"}, {}, "ERROR_SUBSCRIBED_NEW_EMAIL_ADDRESS"),
        (
            "Unsubscribed",
            None,
            {"newEmailAddress": "@Unknown"},
            {},
            "ERROR_CHANGE_ADDRESS_CONTACT_UNSUBSCRIBED",
        ),
        (
            "Subscribed",
            None,
            {"newEmailAddress": "@Unknown", "eventIds": "101"},
            {},
            "ERROR_CHANGE_ADDRESS_WITH_EVENTS",
        ),
        (
            "Subscribed",
            None,
            {"newEmailAddress": "@Unknown"},
            {"f1007": "x"},
            "ERROR_CHANGE_ADDRESS_WITH_SEGMENTATION_DATA",
        ),
        ("Unknown", None, {"newEmailAddress": "a@example.com"}, {}, "ERROR_UNABLE_TO_LOCATE_RESOURCE"),
        ("Subscribed", None, {"eventIds": "7"}, {}, "ERROR_INVALID_PARAMETER"),
        ("Subscribed", None, {"updateType": "Merge"}, {}, "ERROR_INVALID_PARAMETER"),
        ("Subscribed", "Asleep", {}, {}, "ERROR_INVALID_PARAMETER"),
        ("Subscribed", None, {}, {"f9": "x"}, "ERROR_INVALID_PARAMETER"),
        ("Subscribed", None, {}, {"f1022": "many"}, "ERROR_INVALID_PARAMETER"),
        ("Subscribed", None, {}, {"f1046": "2026-01-31"}, "ERROR_INVALID_PARAMETER"),
        ("Subscribed", None, {}, {"f1028": "perhaps"}, "ERROR_INVALID_PARAMETER"),
        ("Subscribed", None, {}, {"f1007": "x" * 51}, "ERROR_INVALID_PARAMETER"),
    ],
)
def test_every_refusal_and_nobody_is_touched(  # noqa: PLR0913, PLR0917  columns of the table
    email: Api, who: str, state: str | None, query: dict[str, str], values: dict[str, str], code: str
) -> None:
    known = {**people(email), "Other": contacts(email)[1]["emailAddress"]}
    query = {name: known[value[1:]] if value[0] == "@" else value for name, value in query.items()}
    before = email.sandbox.expected(streams="contacts")
    status, found = post(email, body(known[who], state, **values), **query)
    assert (status, found) == (404 if code == "ERROR_UNABLE_TO_LOCATE_RESOURCE" else 400, code)
    assert email.sandbox.expected(streams="contacts") == before
    assert email.sandbox.written()["email"] == []


def test_refusals_of_the_other_readings(own: Api) -> None:
    own.sandbox.settings(subscribe_subscribed="refused", subscribe_unsubscribed="updated")
    known = people(own)
    given = body(known["Subscribed"], "Subscribed")
    assert post(own, given) == (400, "ERROR_SUBSCRIBED_EMAIL_ADDRESS")
    assert post(own, given, overrideUnsubscribe="true") == (200, "")
    given = body(known["Unsubscribed"])
    assert post(own, given, eventIds="101") == (400, "ERROR_UPDATE_UNSUBSCRIBE_WITH_EVENTS")


@pytest.mark.parametrize(
    "address", ["", "plain", "a@b", "a b@example.com", "a@@example.com", "a@example.com,"]
)
def test_what_is_no_address_is_refused(email: Api, address: str) -> None:
    assert post(email, body(address)) == (400, "ERROR_INVALID_PARAMETER")


def test_values_must_be_given_if_only_as_an_empty_list(email: Api) -> None:
    assert post(email, {"emailAddress": "a@example.com"}) == (400, "ERROR_INVALID_PARAMETER")
    twice = body("a@example.com")
    twice["segmentationFieldValues"] = [{"segmentationFieldId": 1007, "value": value} for value in "ab"]
    assert post(email, twice) == (400, "ERROR_SEGMENTATION_FIELD_DEFINED_TWICE")


def test_a_new_contact_is_subscribed_now_and_found_by_date(own: Api) -> None:
    own.sandbox.set_clock(now="2026-07-01T09:00:00Z", frozen=True)
    given = body("New.Person@example.com", "Subscribed", f1007="Zoë", f1022="12.50", external="X-1")
    assert post(own, given, eventIds="101,102", subscribedByContact="true") == (201, "")
    found = contacts(own, startDate="2026-07-01T09:00:00", endDate="2026-07-01T09:00:00")
    assert [row["emailAddress"] for row in found] == ["New.Person@example.com"]
    contact = stored(own, "new.person@example.com")
    assert contact["subscribeDate"] == "2026-07-01T09:00:00.0000000"
    assert contact["subscribeMethod"] == "Web Form"
    assert contact["externalContactID"] == "X-1"
    assert contact["values"] == {FIRST_NAME: "Zoë", POINTS: "12.50"}
    assert contact["events"] == [101, 102]
    assert own.get(f"{CONTACTS}/{contact['emailKey']}")["data"]["emailAddress"] == "New.Person@example.com"


def test_double_opt_in_leaves_a_new_contact_pending(own: Api) -> None:
    before = own.sandbox.expected(streams="contacts")
    assert post(own, body("maybe@example.com"), sendDoubleOptIn="true") == (201, "")
    assert stored(own, "maybe@example.com")["subscriptionState"] == "Pending"
    assert own.sandbox.expected(streams="contacts") == before
    assert post(own, body("maybe@example.com")) == (400, "ERROR_PENDING_EMAIL_ADDRESS")
    assert own.call("GET", f"{CONTACTS}/maybe@example.com").status_code == 404


def test_unsubscribed_people_stay_so_unless_overridden(own: Api) -> None:
    address = people(own)["Unsubscribed"]
    own.sandbox.settings(subscribe_unsubscribed="updated")
    assert post(own, body(address, "Subscribed", f1007="New")) == (200, "")
    assert stored(own, address)["subscriptionState"] == "Unsubscribed"
    assert stored(own, address)["values"][FIRST_NAME] == "New"
    original = stored(own, address)["subscribeDate"]
    assert post(own, body(address), overrideUnsubscribe="true") == (200, "")
    contact = stored(own, address)
    assert (contact["subscriptionState"], contact["unsubscribeDate"]) == ("Subscribed", None)
    assert contact["subscribeDate"] == original
    span = {"startDate": contact["resubscribeDate"][:19], "useOriginalSubscribeDate": "false"}
    assert [row["emailAddress"] for row in contacts(own, **span)] == [address]


def test_unsubscribing_moves_a_contact_to_the_other_query(own: Api) -> None:
    row = contacts(own)[0]
    own.sandbox.set_clock(now="2026-06-30T12:00:01Z")
    assert post(own, body(row["emailAddress"], "Unsubscribed")) == (200, "")
    assert row["emailKey"] not in {one["emailKey"] for one in contacts(own)}
    assert row["emailKey"] in {
        one["emailKey"] for one in contacts(own, "Unsubscribed", startDate="2026-06-30T12:00:00")
    }


def test_a_new_address_keeps_the_contact_and_its_key(own: Api) -> None:
    row = contacts(own)[0]
    assert post(own, body(row["emailAddress"]), newEmailAddress="moved@example.com") == (200, "")
    moved = own.get(f"{CONTACTS}/moved@example.com")["data"]
    assert moved["emailKey"] == row["emailKey"]
    assert moved["subscribeDate"] == row["subscribeDate"]
    assert own.call("GET", f"{CONTACTS}/{row['emailAddress']}").status_code == 404


@pytest.mark.parametrize(
    ("update", "text", "number"),
    [
        ("Update", ("old", "new", "old"), "7"),
        ("Append", ("old", "oldnew", "old"), "7"),
        ("Overwrite", ("old", "new", None), "7"),
    ],
)
def test_kinds_of_update(own: Api, update: str, text: tuple[str | None, ...], number: str) -> None:
    for address, given in zip(("a", "b", "c"), (None, "new", ""), strict=True):
        email = f"{address}@example.com"
        post(own, body(email, f1037="old", f1022="5", f1016="kept"))
        values = {} if given is None else {"f1037": given, "f1022": "7"}
        assert post(own, body(email, **values), updateType=update) == (200, "")
        contact = stored(own, email)["values"]
        assert contact.get(NOTES) == text[("a", "b", "c").index(address)]
        assert contact[POINTS] == ("5" if given is None else number)
        assert contact[CITY] == "kept"


def test_switches_are_kept_as_on_and_off(own: Api) -> None:
    for given, kept in (("true", "on"), ("0", "off"), ("ON", "on")):
        post(own, body("switch@example.com", f1028=given))
        assert stored(own, "switch@example.com")["values"] == {WANTS_SMS: kept}


def test_profile_groups_and_fields_can_be_made_changed_and_deleted(own: Api) -> None:
    groups = f"{LIST}/SegmentationFieldGroup"
    status, group = own.send("POST", groups, {"segmentationFieldGroupName": "Audiences", "position": 9})
    assert status == 201
    assert own.send("POST", groups, {"segmentationFieldGroupName": "audiences", "position": 9})[0] == 400
    fields = f"{groups}/{group}/SegmentationField"
    new = {"segmentationFieldName": "VIP", "dataType": "CheckBox", "maxLength": 5, "position": 1}
    status, field = own.send("POST", fields, new)
    assert status == 201
    assert own.send("POST", fields, new) == (400, "ERROR_INVALID_PARAMETER")
    assert own.send("POST", fields, {**new, "segmentationFieldName": "x", "dataType": "Blob"})[0] == 400
    assert own.send("POST", fields, {**new, "segmentationFieldName": "x", "maxLength": 0})[0] == 400
    assert own.send("PUT", f"{fields}/{field}", {**new, "segmentationFieldName": "VIP 2"}) == (200, field)
    assert own.send("PUT", f"{fields}/{field}", {**new, "dataType": "Text"})[0] == 400
    assert own.get(f"{fields}/{field}")["data"]["segmentationFieldName"] == "VIP 2"
    post(own, body("member@example.com", **{f"f{field}": "on"}))
    assert stored(own, "member@example.com")["values"] == {int(field): "on"}
    assert own.send("DELETE", f"{groups}/{group}") == (400, "ERROR_RESOURCE_DEPENDENCY")
    assert own.send("DELETE", f"{fields}/{field}")[0] == 200
    assert stored(own, "member@example.com")["values"] == {}
    assert own.send("DELETE", f"{groups}/{group}")[0] == 200
    assert own.call("GET", fields).status_code == 404


def test_the_number_of_groups_and_fields_is_limited(own: Api) -> None:
    groups = f"{LIST}/SegmentationFieldGroup"
    own.sandbox.settings(profile_field_group_limit=len(own.get(groups)["data"]), profile_field_limit=1)
    new = {"segmentationFieldGroupName": "One more", "position": 9}
    assert own.send("POST", groups, new) == (400, "ERROR_SEGMENTATION_FIELD_GROUP_LIMIT_MET")
    field = {"segmentationFieldName": "more", "dataType": "Text", "maxLength": 5, "position": 1}
    assert own.send("POST", f"{groups}/101/SegmentationField", field) == (400, "ERROR_INVALID_PARAMETER")


def test_values_of_a_field_can_be_cleared_for_all_subscribed(own: Api) -> None:
    own.sandbox.settings(empty_values_listed=False)
    post(own, body("city@example.com", f1016="Bern"))
    off = [
        row
        for row in contacts(own, "Unsubscribed", segmentationFieldIds=CITY)
        if row["segmentationFieldValues"]
    ]
    answer = own.call("DELETE", f"{LIST}/SegmentationFieldGroup/101/SegmentationField/{CITY}/Values")
    assert answer.status_code == 202
    assert not any(row["segmentationFieldValues"] for row in contacts(own, segmentationFieldIds=CITY))
    assert contacts(own, "Unsubscribed", segmentationFieldIds=CITY)[0]["emailKey"]
    kept = [
        row
        for row in contacts(own, "Unsubscribed", segmentationFieldIds=CITY)
        if row["segmentationFieldValues"]
    ]
    assert kept == off
    path = f"{LIST}/ListImport/{answer.json()['resourceId']}/Status"
    assert own.get(path)["data"]["status"]


def test_a_list_can_be_made_and_used(own: Api) -> None:
    new = {"listName": "Fresh", "bounceHandling": "Standard", "bounceUnsubscribeCount": 3}
    status, identifier = own.send("POST", "/List", new)
    assert status == 201
    assert own.send("POST", "/List", new) == (400, "ERROR_INVALID_PARAMETER")
    assert own.send("POST", "/List", {**new, "listName": "x", "bounceHandling": "Soft"})[0] == 400
    assert own.get(f"/List/{identifier}")["data"]["listName"] == "Fresh"
    for path in (
        "Contact",
        "Message",
        "Conversation",
        "TransactionalMessage",
        "Campaign",
        "ListImport",
        "SplitTest",
    ):
        assert own.get(f"/List/{identifier}/{path}")["data"] == []
    assert own.call("POST", f"/List/{identifier}/Contact", body("first@example.com")).status_code == 201
    assert [row["emailAddress"] for row in own.rows(f"/List/{identifier}/Contact")] == ["first@example.com"]
    assert own.sandbox.expected(list_ids=identifier)["contacts"]["count"] == 1
