"""Recorded (H, M): tokens, refusals and paging, and what each setting for another reading does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from sandbox_api import Api

    from listrak_sandbox.testing import RunningSandbox

LIST = "/List/40137"


def ask_token(sandbox: RunningSandbox, secret: str = "sandbox-email-secret") -> requests.Response:  # noqa: S107  the sandbox's own
    form = {"grant_type": "client_credentials", "client_id": "sandbox-email", "client_secret": secret}
    return requests.post(sandbox.auth_url, data=form, timeout=60)


def test_a_token_lasts_3599_seconds(tiny: RunningSandbox) -> None:
    """H."""
    assert ask_token(tiny).json()["expires_in"] == 3599


def test_a_refused_token_request_has_neither_status_nor_code(own: Api) -> None:
    """H: 400 ``{"error": "Invalid Credentials"}``; the other reading is the code of the specification."""
    refused = ask_token(own.sandbox, "wrong")
    assert (refused.status_code, refused.json()) == (400, {"error": "Invalid Credentials"})
    own.sandbox.settings(token_refusal="envelope")
    refused = ask_token(own.sandbox, "wrong")
    assert (refused.status_code, refused.json()["error"]) == (401, "ERROR_INVALID_CREDENTIALS")


def test_an_expired_token_is_denied_in_these_words(own: Api) -> None:
    """M."""
    own.sandbox.control("POST", "expire-tokens")
    answer = own.call("GET", "/List")
    assert answer.status_code == 401
    assert answer.json()["message"] == "Authorization was denied for this request."


def test_a_token_can_be_good_for_a_few_calls_only(own: Api) -> None:
    """X23: tokens die after a few dozen uses."""
    own.sandbox.settings(token_uses=3)
    own.session.headers["Authorization"] = f"Bearer {own.sandbox.token()}"
    assert [own.call("GET", "/List").status_code for _ in range(5)] == [200, 200, 200, 401, 401]


def test_no_answer_tells_about_a_limit_of_requests(email: Api) -> None:
    """H: no rate-limit headers and no ``Retry-After``."""
    for answer in (email.call("GET", "/List"), email.call("GET", "/List/1"), ask_token(email.sandbox)):
        assert set(answer.headers) == {"date", "content-type", "content-length"}


def test_unpaged_routes_lack_the_cursor_and_accept_cursor_and_count(email: Api) -> None:
    """H: List and Event."""
    for path in ("/List", f"{LIST}/Event"):
        whole = email.get(path)
        assert set(whole) == {"status", "data"}
        assert email.get(path, cursor="Start", count=1) == whole


@pytest.mark.parametrize(("form", "end"), [("null", None), ("empty", ""), ("absent", "nothing")])
def test_the_last_page_says_so(own: Api, form: str, end: str | None) -> None:
    """M: ``nextPageCursor`` is there and null at the end; ``""`` and its absence end as well."""
    path = f"{LIST}/Contact"
    everybody = list(own.rows(path))
    own.sandbox.settings(cursor_end=form)
    last = own.get(path, count=5000)
    assert last.get("nextPageCursor", "nothing") == end
    assert own.get(path, count=10)["nextPageCursor"]
    assert list(own.rows(path, count=50)) == everybody


def test_rows_carry_no_ids_of_their_parents(email: Api) -> None:
    """M: activity rows no messageId or listId, message rows no listId."""
    (message,) = email.get(f"{LIST}/Message", count=1)["data"]
    assert "listId" not in message
    activity = email.get(f"{LIST}/Message/{message['messageId']}/Activity")["data"]
    assert not {"listId", "messageId"} & set(activity[0])
    addresses = [row["emailAddress"] for row in activity]
    assert len(set(addresses)) == len(addresses), "one row per recipient"
    assert any(row["activityDate"] is None for row in activity)


def test_the_campaign_name_of_analytics_is_in_the_single_message_only(email: Api) -> None:
    """M."""
    rows = list(email.rows(f"{LIST}/Message"))
    assert not any("googleAnalyticsCampaignName" in row for row in rows)
    single = [email.get(f"{LIST}/Message/{row['messageId']}")["data"] for row in rows[:4]]
    assert any(one["googleAnalyticsCampaignName"] for one in single)


def test_conversation_messages_are_read_through_the_singular_paths(email: Api) -> None:
    """M: with ``includePreviousVersions=True``, and their activity with ``startDate`` and ``endDate``."""
    path = f"{LIST}/Conversation/1001/Message"
    current = email.get(path)["data"]
    both = email.get(path, includePreviousVersions="True")["data"]
    assert len(both) > len(current)
    dates = {"startDate": "2026-05-01T00:00:00Z", "endDate": "2026-06-01T00:00:00Z"}
    some = list(email.rows(f"{path}/{current[0]['messageId']}/Activity", **dates))
    assert 0 < len(some) < len(list(email.rows(f"{path}/{current[0]['messageId']}/Activity")))


@pytest.mark.parametrize(("dates", "found"), [("send", True), ("activity", False)])
def test_conversation_activity_goes_by_the_date_of_the_setting(own: Api, dates: str, found: bool) -> None:  # noqa: FBT001  a parameter
    """X5: by activity date recipients without activity are not found, unless no date is asked for."""
    own.sandbox.settings(conversation_dates=dates)
    path = f"{LIST}/Conversation/1001/Message/15000002/Activity"

    def quiet(**query: str) -> bool:
        return any(row["activityDate"] is None for row in own.rows(path, **query))

    assert quiet()
    assert quiet(startDate="2024-01-01") is found


SET_UPS: dict[str, dict[str, Any]] = {
    "/List": {"listName": "Fresh", "bounceHandling": "Standard", "bounceUnsubscribeCount": 3},
    f"{LIST}/SegmentationFieldGroup": {"segmentationFieldGroupName": "Fresh", "position": 9},
    f"{LIST}/SegmentationFieldGroup/101/SegmentationField": {
        "segmentationFieldName": "Fresh", "dataType": "Text", "maxLength": 20, "position": 9,
    },
    f"{LIST}/Event": {"eventName": "Fresh", "eventGroupId": 0, "status": "Active"},
    f"{LIST}/EventGroup": {"eventGroupName": "Fresh"},
}  # fmt: skip


@pytest.mark.parametrize("path", SET_UPS)
def test_a_set_up_write_whose_answer_is_lost_was_carried_out(own: Api, path: str) -> None:
    """T17. Repeated it is refused: the name is taken (H for events: ERROR_INVALID_PARAMETER)."""
    own.sandbox.control("POST", "faults", {"kind": "lost_answer", "count": 1, "method": "POST"})
    with pytest.raises(requests.ConnectionError):
        own.send("POST", path, SET_UPS[path])
    name = next(key for key in SET_UPS[path] if key.endswith("Name"))
    assert [row[name] for row in own.get(path)["data"]].count("Fresh") == 1
    assert own.send("POST", path, SET_UPS[path]) == (400, "ERROR_INVALID_PARAMETER")
    assert [row[name] for row in own.get(path)["data"]].count("Fresh") == 1


def test_an_event_group_of_0_is_none(own: Api) -> None:
    """H."""
    assert 0 in {row["eventGroupId"] for row in own.get(f"{LIST}/Event")["data"]}
    status, identifier = own.send("POST", f"{LIST}/Event", {"eventName": "Fresh", "eventGroupId": 0})
    assert status == 201
    assert own.get(f"{LIST}/Event/{identifier}")["data"]["eventGroupId"] == 0
    body = {"eventName": "Other", "eventGroupId": 424242}
    assert own.send("POST", f"{LIST}/Event", body) == (400, "ERROR_INVALID_PARAMETER")


def test_dates_of_contacts_have_whole_seconds_and_those_of_lists_two_decimals(own: Api) -> None:
    """H."""
    path = f"{LIST}/Contact"
    for row in own.rows(path, subscriptionState="Unsubscribed"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", row["unsubscribeDate"])
    for row in own.get("/List")["data"]:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d", row["createDate"])
    rows = {row["emailKey"]: row["subscribeDate"] for row in own.rows(path)}
    own.sandbox.settings(contact_date_decimals=7)
    for row in own.rows(path):
        seconds, _, decimals = row["subscribeDate"].partition(".")
        assert (seconds, len(decimals)) == (rows[row["emailKey"]], 7)
