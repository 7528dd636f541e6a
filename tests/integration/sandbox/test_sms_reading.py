"""The SMS API of the sandbox, read over HTTP: what there is, paging, dates, both opt-out states."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import pytest
from sandbox_api import Api

from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CLUB, STOCK, WINE, HOLIDAY = (f"/ShortCode/410/PhoneList/{number}" for number in (7101, 7102, 7103, 7104))


@pytest.fixture
def sms(sandbox: RunningSandbox) -> Api:
    return Api(sandbox, "sms")


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def own(running: RunningSandbox) -> Api:
    """A sandbox whose settings and clock the test may change."""
    running.reset()
    return Api(running, "sms")


def digest(keys: Iterable[tuple[object, ...]]) -> dict[str, object]:
    texts = ["\x1f".join(map(str, key)) for key in keys]
    total = sum(int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) for text in texts)
    return {"count": len(texts), "digest": f"{total % 2**64:016x}"}


def extraction(sms: Api) -> dict[str, dict[str, object]]:
    """Everything the SMS streams hold, read as a client does."""
    keys: dict[str, list[tuple[object, ...]]] = {
        name: []
        for name in (
            "sender_codes", "phone_lists", "phone_list_contacts", "sms_opt_outs", "sms_profile_fields",
            "sms_transactional_messages",
        )
    }  # fmt: skip
    for code in sms.rows("/ShortCode"):
        code_id = code["shortCodeId"]
        path = f"/ShortCode/{code_id}"
        keys["sender_codes"].append((code_id,))
        keys["sms_opt_outs"] += [
            (code_id, row["phoneNumber"]) for row in sms.rows(f"{path}/OptOut", count=50)
        ]
        keys["sms_profile_fields"] += [
            (code_id, row["segmentationFieldId"]) for row in sms.rows(f"{path}/SegmentationField")
        ]
        lists = [
            row for status in ("active", "inactive") for row in sms.rows(f"{path}/PhoneList", status=status)
        ]
        for one in lists:
            list_id = one["phoneListId"]
            keys["phone_lists"].append((code_id, list_id))
            for opted_out in ("false", "true"):
                keys["phone_list_contacts"] += [
                    (code_id, list_id, row["phoneNumber"])
                    for row in sms.rows(f"{path}/PhoneList/{list_id}/Contact", optedOut=opted_out, count=300)
                ]
            keys["sms_transactional_messages"] += [
                (code_id, list_id, row["transactionalMessageId"])
                for row in sms.rows(f"{path}/PhoneList/{list_id}/TransactionalMessage")
            ]
    return {name: digest(found) for name, found in keys.items()}


def test_a_complete_extraction_is_what_the_control_route_expects(sms: Api) -> None:
    found = extraction(sms)
    expected = sms.sandbox.expected()
    assert found == {name: expected[name] for name in found}
    assert all(one["count"] for one in found.values())


def test_the_world_evolves_with_the_clock_and_expectations_follow(own: Api) -> None:
    before = extraction(own)
    own.sandbox.set_clock(advance_seconds=60 * 86_400)
    after = extraction(own)
    expected = own.sandbox.expected()
    assert after == {name: expected[name] for name in after}
    assert before["phone_list_contacts"] != after["phone_list_contacts"]
    assert after["sms_opt_outs"]["count"] > before["sms_opt_outs"]["count"]  # type: ignore[operator]


def test_the_same_seed_gives_the_same_world_and_another_seed_another(own: Api) -> None:
    first = list(own.rows(f"{CLUB}/Contact"))
    own.sandbox.reset(seed=2)
    assert list(own.rows(f"{CLUB}/Contact")) != first
    own.sandbox.reset(seed=1)
    assert list(own.rows(f"{CLUB}/Contact")) == first


def test_expectations_can_be_narrowed_to_streams_codes_and_lists(sandbox: RunningSandbox) -> None:
    found = sandbox.expected(
        streams="phone_lists,sender_codes", sender_code_ids="410", phone_list_ids="7101,7104"
    )
    assert {name: one["count"] for name, one in found.items()} == {"phone_lists": 2, "sender_codes": 1}


def test_phone_lists_are_told_apart_by_status(sms: Api) -> None:
    def names(**query: object) -> list[int]:
        return [row["phoneListId"] for row in sms.get("/ShortCode/410/PhoneList", **query)["data"]]

    assert names() == names(status="Active") == [7101, 7102, 7103]
    assert names(status="inactive") == [7104]
    assert sms.send("GET", "/ShortCode/410/PhoneList?status=all") == (400, "ERROR_INVALID_PARAMETER")


def test_unpaged_looking_collections_are_paged(sms: Api) -> None:
    first = sms.get("/ShortCode/410/PhoneList", count=2)
    second = sms.get("/ShortCode/410/PhoneList", count=2, cursor=first["nextPageCursor"])
    assert [row["phoneListId"] for row in first["data"] + second["data"]] == [7101, 7102, 7103]
    assert second["nextPageCursor"] is None
    row = next(sms.rows(f"{STOCK}/Contact"))
    path = f"/ShortCode/410/Contact/{row['phoneNumber']}/PhoneList"
    pages = sms.get(path, count=1)
    assert pages["nextPageCursor"]
    assert len(list(sms.rows(path, count=1))) >= 2


def test_a_cursor_of_another_query_and_a_bad_count_are_refused(sms: Api) -> None:
    cursor = sms.get(f"{CLUB}/Contact", count=10)["nextPageCursor"]
    bad = (400, "ERROR_INVALID_PARAMETER")
    assert sms.send("GET", f"{CLUB}/Contact?count=10&optedOut=true&cursor={cursor}") == bad
    assert sms.send("GET", f"{CLUB}/Contact?count=5001") == bad
    assert sms.send("GET", f"{CLUB}/Contact?optedOut=maybe") == bad
    assert sms.send("GET", f"{CLUB}/Contact?startSubscribeDate=yesterday") == bad


def test_a_list_has_contacts_opted_in_and_opted_out(sms: Api) -> None:
    inside = {row["phoneNumber"]: row["optedOut"] for row in sms.rows(f"{CLUB}/Contact")}
    outside = {row["phoneNumber"]: row["optedOut"] for row in sms.rows(f"{CLUB}/Contact", optedOut="true")}
    assert set(inside.values()) == {False}
    assert set(outside.values()) == {True}
    assert not inside.keys() & outside.keys()
    opted_out = {row["phoneNumber"] for row in sms.rows("/ShortCode/410/OptOut")}
    assert outside.keys() <= opted_out


def test_subscribe_dates_filter_rows_that_do_not_carry_them(sms: Api) -> None:
    everybody = {row["phoneNumber"] for row in sms.rows(f"{CLUB}/Contact")}
    path = f"{CLUB}/Contact"
    early = {row["phoneNumber"] for row in sms.rows(path, endSubscribeDate="2025-06-30T00:00:00")}
    late = {row["phoneNumber"] for row in sms.rows(path, startSubscribeDate="2025-06-30T00:00:00Z")}
    assert early
    assert late
    assert early | late == everybody
    assert not early & late
    number = next(iter(late))
    subscriptions = sms.rows(f"/ShortCode/410/Contact/{number}/PhoneList")
    date = next(row["subscribeDate"] for row in subscriptions if row["phoneListId"] == 7101)
    exactly = {row["phoneNumber"] for row in sms.rows(path, startSubscribeDate=date, endSubscribeDate=date)}
    assert number in exactly


def test_opt_outs_are_filtered_by_their_date_both_ends_inside(sms: Api) -> None:
    rows = sorted(sms.rows("/ShortCode/410/OptOut"), key=lambda row: row["optOutDate"])
    dates = [row["optOutDate"] for row in rows]
    low, high = dates[10], dates[20]
    found = list(sms.rows("/ShortCode/410/OptOut", startDate=low, endDate=high))
    assert sorted(row["optOutDate"] for row in found) == dates[10:21]
    assert {row["optOutReason"] for row in rows} >= {"Campaign", "API", "DeliveryFailure"}


def test_enumerations_may_come_as_numbers(own: Api) -> None:
    words = [row["optOutReason"] for row in own.rows("/ShortCode/410/OptOut")]
    own.sandbox.settings(enums_as_numbers=True)
    numbers = [row["optOutReason"] for row in own.rows("/ShortCode/410/OptOut")]
    assert {type(number) for number in numbers} == {int}
    assert len(set(zip(words, numbers, strict=True))) == len(set(words)) == len(set(numbers))


def test_numbers_come_in_the_form_the_setting_says_and_go_in_in_both(own: Api) -> None:
    rows = list(own.rows(f"{CLUB}/Contact"))
    own.sandbox.settings(sms_phone_form="national", sms_path_form="any")
    short = list(own.rows(f"{CLUB}/Contact"))
    assert all(
        one["phoneNumber"] == other["phoneNumber"].removeprefix("1")
        for one, other in zip(short, rows, strict=True)
    )
    assert {len(row["phoneNumber"]) for row in rows} == {11, 12}
    assert {len(row["phoneNumber"]) for row in short} == {10, 12}
    for number in (rows[0]["phoneNumber"], short[0]["phoneNumber"]):
        assert own.get(f"/ShortCode/410/Contact/{number}")["data"]["phoneNumber"] == short[0]["phoneNumber"]


@pytest.mark.parametrize(
    "text", ["+12015550100", "(201)5550100", "5550100", "01234567890", "١٢٠١٥٥٥٠١٠٠", "1115550100"]
)
def test_what_is_no_number_is_unknown_in_a_path_and_refused_in_a_body(sms: Api, text: str) -> None:
    assert sms.send("GET", f"/ShortCode/410/Contact/{text}") == (404, "ERROR_UNABLE_TO_LOCATE_RESOURCE")
    create = sms.send("POST", f"{CLUB}/Contact", {"phoneNumber": text})
    assert create == (400, "ERROR_INVALID_PHONE_NUMBER")


def test_a_single_phone_list_comes_in_the_shape_the_setting_says(own: Api) -> None:
    lists, message = CLUB, "/ShortCode/420/PhoneList/7202/TransactionalMessage/88101"
    assert own.get(lists)["data"]["phoneListId"] == 7101
    assert own.get(message)["data"]["transactionalMessageId"] == 88101
    own.sandbox.settings(sms_single_form="bare")
    assert own.get(lists)["phoneListId"] == 7101
    assert own.get(message)["transactionalMessageId"] == 88101
    own.sandbox.settings(sms_single_form="example")
    assert own.get(lists)["data"][0]["phoneListId"] == 7101


def test_system_fields_are_listed_when_the_setting_says_so(own: Api) -> None:
    def names() -> list[str]:
        return [row["segmentationFieldName"] for row in own.get("/ShortCode/410/SegmentationField")["data"]]

    assert not {"First Name", "Birthday"} & set(names())
    own.sandbox.settings(sms_system_fields_listed=True)
    assert names()[:5] == ["First Name", "Last Name", "Email Address", "Birthday", "Postal Code"]
    assert own.get("/ShortCode/410/SegmentationField/4")["data"]["dataType"] == "Date"


def test_profile_fields_of_every_type_and_state(sms: Api) -> None:
    fields = sms.get("/ShortCode/410/SegmentationField")["data"]
    assert {row["dataType"] for row in fields} == {"Text", "Number", "Checkbox", "Date"}
    assert {row["statusFlag"] for row in fields} == {"Active", "Disabled", "Purged"}
    assert fields == sms.get("/ShortCode/420/SegmentationField")["data"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/ShortCode/411", "ERROR_UNABLE_TO_LOCATE_RESOURCE"),
        ("/ShortCode/410/PhoneList/1", "ERROR_UNABLE_TO_LOCATE_RESOURCE"),
        ("/ShortCode/410/Contact/18295550100", "ERROR_UNABLE_TO_LOCATE_RESOURCE"),
        ("/ShortCode/410/SegmentationField/1", "ERROR_UNABLE_TO_LOCATE_RESOURCE"),
        ("/ShortCode/410/ContactImport/1", "ERROR_UNABLE_TO_LOCATE_RESOURCE"),
        ("/ShortCode/420/PhoneList/7202/TransactionalMessage/1", "ERROR_TRANSACTIONAL_MESSAGE_NOT_FOUND"),
        ("/ShortCode/410/Nothing", "ERROR_UNKNOWN_ROUTE"),
    ],
)
def test_what_is_not_there(sms: Api, path: str, code: str) -> None:
    assert sms.send("GET", path) == (404, code)


def test_a_list_of_another_sender_code_is_named_as_such(sms: Api) -> None:
    assert sms.send("GET", "/ShortCode/410/PhoneList/7201/Contact") == (400, "ERROR_INVALID_LIST_ID")


def test_ids_that_are_no_integers_are_refused(sms: Api) -> None:
    assert sms.send("GET", "/ShortCode/abc/PhoneList") == (400, "ERROR_INVALID_PARAMETER")


def test_another_integrations_token_is_refused(sandbox: RunningSandbox) -> None:
    sms = Api(sandbox, "sms")
    sms.session.headers["Authorization"] = f"Bearer {sandbox.token('email')}"
    assert sms.send("GET", "/ShortCode") == (401, "ERROR_UNAUTHORIZED")


def test_below_a_disabled_code_and_an_inactive_list_nothing_is_read_when_the_setting_says_so(
    own: Api,
) -> None:
    own.sandbox.settings(sms_inactive_readable=False)
    assert own.get("/ShortCode/430")["data"]["shortCodeId"] == 430
    assert own.send("GET", "/ShortCode/430/PhoneList") == (400, "ERROR_SENDER_CODE_DISABLED")
    assert own.send("GET", "/ShortCode/430/OptOut") == (400, "ERROR_SENDER_CODE_DISABLED")
    assert own.get(HOLIDAY)
    assert own.send("GET", f"{HOLIDAY}/Contact") == (400, "ERROR_LIST_INACTIVE")
    assert own.sandbox.expected()["phone_lists"]["count"] == 6


def test_those_who_left_a_list_are_listed_when_the_setting_says_so(own: Api) -> None:
    left = own.sandbox.control(
        "GET", "sms-contacts", senderCodeId=410, phoneListId=7101, state="unsubscribed", standing="ok"
    )
    gone = left[0]["phoneNumber"]

    def listed() -> set[str]:
        return {row["phoneNumber"] for row in own.rows(f"{CLUB}/Contact")}

    assert gone not in listed()
    own.sandbox.settings(sms_left_contacts_listed=True)
    assert gone in listed()
