"""Reports of the email API: filters mean what they say, and every figure fits every other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from sandbox_api import Api

LIST = "/List/40137"
WHOLE = f"{LIST}/Message/10000040"
"""The broadcast that went to the whole list."""


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix("Z"))


def shifted(text: str, **by: float) -> str:
    return (moment(text) + timedelta(**by)).isoformat()


@pytest.fixture(scope="module")
def activity(email: Api) -> list[dict[str, Any]]:
    return list(email.rows(f"{WHOLE}/Activity"))


def test_the_world_looks_like_an_account(email: Api) -> None:
    lists = email.get("/List")["data"]
    assert len(lists) > 1
    assert len({one["listName"] for one in lists}) == len(lists)
    sent = [row["messageStatus"] for row in email.rows(f"{LIST}/Message")]
    assert sent.count("Sent") > 40
    assert sent.count("Scheduled") >= 1
    subjects = " ".join(row["subject"] for row in email.rows(f"{LIST}/Message"))
    assert all(awkward in subjects for awkward in ('"', ",", "\n", "\\", "ö", "🎁"))


def test_recipients_without_activity_are_there_and_have_no_activity_date(
    activity: list[dict[str, Any]],
) -> None:
    idle = [row for row in activity if row["activityDate"] is None]
    assert len(idle) > len(activity) / 2
    flags = ("abuse", "bounce", "click", "open", "read", "unsubscribe")
    assert not any(row[flag] for row in idle for flag in flags)
    assert not any(row["clickCount"] or row["orderTotal"] for row in idle)


def test_flags_and_counters_fit(email: Api) -> None:
    for message in email.rows(f"{LIST}/Message"):
        for row in email.rows(f"{LIST}/Message/{message['messageId']}/Activity"):
            assert row["click"] == (row["clickCount"] > 0) == (row["visitDate"] is not None)
            assert row["bounce"] == (row["bounceReason"] is not None)
            assert not (row["bounce"] and row["open"])
            assert row["orderTotal"] == 0 or row["click"]
            assert row["activityDate"] is None or row["activityDate"] > row["sendDate"] == message["sendDate"]


@pytest.mark.parametrize("path", ["Message/10000040", "Conversation/1001/Message/15000002"])
def test_links_clickers_activity_and_summary_agree(email: Api, path: str) -> None:
    rows = list(email.rows(f"{LIST}/{path}/Activity"))
    links = list(email.rows(f"{LIST}/{path}/Link"))
    clicks: list[str] = []
    for link in links:
        clickers = list(email.rows(f"{LIST}/{path}/Link/{link['linkId']}/Clicker"))
        assert len(clickers) == link["clickCount"]
        assert email.get(f"{LIST}/{path}/Link/{link['linkId']}")["data"] == link
        clicks += [row["emailAddress"] for row in clickers]
    by_contact: dict[str, int] = {}
    for row in rows:
        by_contact[row["emailAddress"]] = by_contact.get(row["emailAddress"], 0) + row["clickCount"]
    assert {one: clicks.count(one) for one in clicks} == {one: n for one, n in by_contact.items() if n}
    summary = email.get(f"{LIST}/{path}/Summary")["data"]
    assert summary["sentCount"] == len(rows)
    assert summary["clickCount"] == len(clicks) > 0
    assert summary["openCount"] == sum(row["open"] for row in rows)
    assert summary["bounceCount"] == sum(row["bounce"] for row in rows)
    assert summary["unsubscribeCount"] == sum(row["unsubscribe"] for row in rows)
    assert summary["conversionCount"] == sum(row["orderTotal"] > 0 for row in rows)
    assert summary["revenue"] == pytest.approx(sum(row["orderTotal"] for row in rows))


def test_a_conversations_summary_is_the_sum_of_its_messages(email: Api) -> None:
    path = f"{LIST}/Conversation/1001"
    parts = [
        email.get(f"{path}/Message/{row['messageId']}/Summary")["data"]
        for row in email.rows(f"{path}/Message", includePreviousVersions="true")
    ]
    total = email.get(f"{path}/Summary")["data"]
    assert total["sentCount"] == sum(part["sentCount"] for part in parts)
    assert total["deliveredCount"] == total["sentCount"] - total["bounceCount"]


@pytest.mark.parametrize(
    ("kind", "flag"),
    [
        ("Open", "open"),
        ("Read", "read"),
        ("Click", "click"),
        ("Bounce", "bounce"),
        ("unsubscribe", "unsubscribe"),
    ],
)
def test_activity_type_selects(email: Api, activity: list[dict[str, Any]], kind: str, flag: str) -> None:
    assert list(email.rows(f"{WHOLE}/Activity", activityType=kind)) == [row for row in activity if row[flag]]


def test_an_unknown_activity_or_date_type_is_refused(email: Api) -> None:
    for query in ({"activityType": "Sneeze"}, {"dateType": "Open"}):
        assert email.send("GET", f"{WHOLE}/Activity?{next(iter(query))}={next(iter(query.values()))}") == (
            400,
            "ERROR_INVALID_PARAMETER",
        )


def test_email_address_selects_one_row_without_regard_to_case(
    email: Api, activity: list[dict[str, Any]]
) -> None:
    address = activity[3]["emailAddress"]
    assert list(email.rows(f"{WHOLE}/Activity", emailAddress=address.upper())) == [activity[3]]
    assert list(email.rows(f"{WHOLE}/Activity", emailAddress="nobody@example.com")) == []


def test_date_type_activity_leaves_out_the_idle_and_both_ends_are_included(
    email: Api, activity: list[dict[str, Any]]
) -> None:
    dates = sorted(row["activityDate"] for row in activity if row["activityDate"])
    start, end = dates[2], dates[-3]
    found = list(email.rows(f"{WHOLE}/Activity", dateType="Activity", startDate=start, endDate=end))
    assert sorted(row["activityDate"] for row in found) == dates[2:-2]
    later = shifted(start, milliseconds=1)
    assert start not in {
        row["activityDate"] for row in email.rows(f"{WHOLE}/Activity", dateType="Activity", startDate=later)
    }


def test_date_type_send_is_the_default_and_keeps_the_idle(email: Api, activity: list[dict[str, Any]]) -> None:
    sent = activity[0]["sendDate"]
    assert list(email.rows(f"{WHOLE}/Activity", startDate=sent, endDate=sent)) == activity
    assert list(email.rows(f"{WHOLE}/Activity", startDate=shifted(sent, seconds=1))) == []
    assert list(email.rows(f"{WHOLE}/Activity", endDate=shifted(sent, seconds=-1), dateType="send")) == []


@given(st.integers(0, 10_000), st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_any_span_of_send_dates_gives_exactly_the_rows_in_it(email: Api, one: int, two: int) -> None:
    path = f"{LIST}/Conversation/1001/Message/15000002/Activity"
    rows = list(email.rows(path))
    start, end = rows[one % len(rows)]["sendDate"], rows[two % len(rows)]["sendDate"]
    inside = [row for row in rows if start <= row["sendDate"] <= end]
    assert list(email.rows(path, startDate=start, endDate=end)) == inside


def test_test_messages_come_only_when_asked_for(email: Api) -> None:
    usual = {row["messageId"] for row in email.rows(f"{LIST}/Message")}
    everything = {row["messageId"] for row in email.rows(f"{LIST}/Message", includeTestMessages="true")}
    tests = everything - usual
    assert usual < everything
    for identifier in tests:
        assert email.get(f"{LIST}/Message/{identifier}/Status")["data"]["type"] == "Test"


def test_messages_are_filtered_by_send_date(email: Api) -> None:
    rows = list(email.rows(f"{LIST}/Message"))
    start, end = rows[5]["sendDate"], rows[20]["sendDate"]
    assert list(email.rows(f"{LIST}/Message", startDate=start, endDate=end)) == rows[5:21]
    assert list(email.rows(f"{LIST}/Message", startDate="2031-01-01")) == []
    # Scheduled messages lie ahead: found without an upper end.
    ahead = list(email.rows(f"{LIST}/Message", startDate="2026-06-30T12:00:00"))
    assert {row["messageStatus"] for row in ahead} == {"Scheduled"}


def test_previous_versions_come_only_when_asked_for(email: Api) -> None:
    path = f"{LIST}/Conversation/1001/Message"
    usual = [row["messageId"] for row in email.rows(path)]
    everything = [row["messageId"] for row in email.rows(path, includePreviousVersions="true")]
    assert set(usual) < set(everything)
    for identifier in everything:
        assert email.get(f"{path}/{identifier}")["data"]["messageId"] == identifier


def test_a_contact_occurs_more_than_once_where_sending_goes_on(email: Api) -> None:
    for path in (f"{LIST}/Conversation/1001/Message/15000002", f"{LIST}/TransactionalMessage/1500"):
        rows = list(email.rows(f"{path}/Activity"))
        assert len({row["emailAddress"] for row in rows}) < len(rows)
        assert len({(row["emailAddress"], row["sendDate"], row.get("resendKey")) for row in rows}) == len(
            rows
        )
    keys = [row["resendKey"] for row in rows]
    assert len(set(keys)) == len(keys)


def test_clickers_are_filtered_by_click_date(email: Api) -> None:
    link = next(email.rows(f"{WHOLE}/Link"))
    path = f"{WHOLE}/Link/{link['linkId']}/Clicker"
    rows = list(email.rows(path))
    dates = sorted(row["clickDate"] for row in rows)
    found = email.rows(path, startDate=dates[1], endDate=dates[-2])
    assert sorted(row["clickDate"] for row in found) == dates[1:-1]
    assert list(email.rows(path, count=1)) == rows


def test_scheduled_messages_have_no_activity_and_say_no_date(email: Api) -> None:
    ahead = next(row for row in email.rows(f"{LIST}/Message") if row["messageStatus"] == "Scheduled")
    path = f"{LIST}/Message/{ahead['messageId']}"
    assert email.get(f"{path}/Activity")["data"] == []
    status = email.get(f"{path}/Status")["data"]
    assert (status["sendCount"], status["startDate"]) == (0, "0001-01-01T00:00:00")
    assert sum(link["clickCount"] for link in email.rows(f"{path}/Link")) == 0
    assert email.get(f"{path}/Summary")["data"]["sentCount"] == 0


def test_who_unsubscribes_through_a_message_is_unsubscribed_then(email: Api) -> None:
    seen = 0
    for message in email.rows(f"{LIST}/Message"):
        path = f"{LIST}/Message/{message['messageId']}/Activity"
        for row in email.rows(path, activityType="Unsubscribe"):
            contact = email.get(f"{LIST}/Contact/{row['emailAddress']}")["data"]
            seen += 1
            left = contact["unsubscribeDate"] or contact["resubscribeDate"]
            assert left > row["sendDate"]
    assert seen


def test_split_tests_name_real_messages(email: Api) -> None:
    known = {row["messageId"] for row in email.rows(f"{LIST}/Message", includeTestMessages="true")}
    tests = list(email.rows(f"{LIST}/SplitTest"))
    assert tests
    for test in tests:
        assert email.get(f"{LIST}/SplitTest/{test['splitTestId']}")["data"] == test
        messages = email.get(f"{LIST}/SplitTest/{test['splitTestId']}/Message")["data"]
        assert [row["messageType"] for row in messages] == ["Group", "Group", "Remainder"]
        if test["endDate"]:
            assert {row["messageId"] for row in messages} <= known


def test_small_collections_and_their_members_agree(email: Api) -> None:
    for path, name in (
        ("/Folder", "folderId"),
        ("/Content", "contentId"),
        (f"{LIST}/Campaign", "campaignId"),
        (f"{LIST}/Event", "eventId"),
        (f"{LIST}/EventGroup", "eventGroupId"),
        (f"{LIST}/SegmentationFieldGroup", "segmentationFieldGroupId"),
        (f"{LIST}/TransactionalMessage", "transactionalMessageId"),
        (f"{LIST}/Conversation", "conversationId"),
    ):
        rows = email.get(path)["data"]
        assert rows
        for row in rows:
            assert email.get(f"{path}/{row[name]}")["data"] == row
    for path in ("/IpPool", "/ContentFolder", f"{LIST}/SavedAudience"):
        assert email.get(path)["data"]
    for row in email.get(f"{LIST}/SavedMessage")["data"]:
        detail = email.get(f"{LIST}/SavedMessage/{row['savedMessageId']}")["data"]
        assert row.items() <= detail.items()


def test_past_imports_add_up(email: Api) -> None:
    imports = list(email.rows(f"{LIST}/ListImport"))
    assert len(imports) > 2
    for one in imports:
        path = f"{LIST}/ListImport/{one['importFileId']}"
        assert email.get(path)["data"] == one
        assert email.get(f"{path}/Status")["data"]["endDate"] > one["importDate"]
        rows = list(email.rows(f"{path}/Contact"))
        summary = email.get(f"{path}/Summary")["data"]
        assert len(summary) == 10
        assert summary["processedCount"] == len(rows) == sum(summary.values()) - len(rows)
    dates = [one["importDate"] for one in imports]
    assert list(email.rows(f"{LIST}/ListImport", startDate=dates[0], endDate=dates[1])) == imports[:2]
    assert list(email.rows(f"{LIST}/ListImport", count=2)) == imports
