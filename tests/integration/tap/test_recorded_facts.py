"""What recordings (H) and production clients (M) show of what is read from Listrak: one test per fact.

The facts stand in the notes on Listrak's API, under "What recordings and production clients show".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import requests

from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extract, Extraction

LIST = 40137
READ_ONCE = [
    "lists",
    "events",
    "contacts",
    "messages",
    "message_details",
    "message_activity",
    "conversation_messages",
]


@pytest.fixture(scope="module")
def box() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


@pytest.fixture
def own(box: RunningSandbox) -> Iterator[RunningSandbox]:
    """The sandbox, which is as before when the test has ended."""
    yield box
    box.reset(scale="tiny")
    box.set_clock(frozen=True)


@pytest.fixture(scope="module")
def whole(box: RunningSandbox, extract: Extract) -> Extraction:
    box.reset(scale="tiny")
    box.set_clock(frozen=True)
    return extract(box, streams=READ_ONCE, profile_fields="all")


@pytest.mark.parametrize(
    ("wall_time", "instant"),
    [("2026-01-20T12:44:40", "2026-01-20T17:44:40Z"), ("2026-07-20T13:44:40", "2026-07-20T17:44:40Z")],
)
def test_H_eastern_wall_time_is_read_as_the_instant_it_was(
    own: RunningSandbox, extract: Extract, wall_time: str, instant: str
) -> None:
    """Recorded: an unsubscribe that was answered at 17:44:40 GMT in January reads back as 12:44:40."""
    own.set_clock(now=instant, frozen=True)
    seen = subscribe(own, "ann@example.com")
    assert seen["subscribeDate"] == wall_time
    run = extract(own, streams=["contacts"])
    (ann,) = (one for one in run.records["contacts"] if one["emailAddress"] == "ann@example.com")
    assert ann["subscribeDate"] == instant


def subscribe(box: RunningSandbox, address: str) -> dict[str, object]:
    """Subscribe somebody, and give the contact as the API answers it."""
    path = f"{box.url}/email/v1/List/{LIST}/Contact"
    token = {"Authorization": f"Bearer {box.token()}"}
    body = {"emailAddress": address, "subscriptionState": "Subscribed", "segmentationFieldValues": []}
    assert requests.post(path, json=body, headers=token, timeout=30).status_code == 201
    return dict(requests.get(f"{path}/{address}", headers=token, timeout=30).json()["data"])


def test_H_fractions_of_any_length_are_the_same_instants(
    own: RunningSandbox, extract: Extract, whole: Extraction
) -> None:
    """Recorded: contact dates have none, a list's createDate two decimals; message activity shows seven."""
    assert all(re.fullmatch(r".{19}\.\d\dZ", one["createDate"]) for one in whole.records["lists"])
    assert all(re.fullmatch(r".{19}Z", one["subscribeDate"]) for one in whole.records["contacts"])
    for stream in ("message_activity", "contacts"):
        assert all(
            re.fullmatch(r".{19}(\.\d{1,6})?Z", value)
            for one in whole.records[stream]
            for name, value in one.items()
            if name.endswith("Date") and value
        )
    own.settings(contact_date_decimals=7)
    run = extract(own, streams=["contacts"])
    seconds = {key: one["subscribeDate"][:19] for key, one in whole.merged("contacts").items()}
    assert {key: one["subscribeDate"][:19] for key, one in run.merged("contacts").items()} == seconds
    assert all(re.fullmatch(r".{19}(\.\d{1,6})?Z", one["subscribeDate"]) for one in run.records["contacts"])
    again = extract(own, streams=["contacts"], state=run.state)
    assert len(again.records["contacts"]) < len(run.records["contacts"])


def test_H_unsubscribed_contacts_keep_their_date_and_have_no_method(whole: Extraction) -> None:
    contacts = whole.records["contacts"]
    left = [one for one in contacts if one["subscriptionState"] == "Unsubscribed"]
    there = [one for one in contacts if one["subscriptionState"] == "Subscribed"]
    assert left
    assert there
    for one in left:
        assert one["subscribeMethod"] is None
        assert one["subscribeDate"]
        assert one["unsubscribeDate"]
    for one in there:
        assert (one["unsubscribeDate"], one["unsubscribeMethod"]) == (None, None)
        assert one["subscribeMethod"]


def test_H_an_email_key_is_a_key_as_it_came(whole: Extraction) -> None:
    keys = [one["emailKey"] for one in whole.records["contacts"]]
    assert all(re.fullmatch("[0-9A-F]{26}", key) for key in keys)


def test_H_without_fields_there_are_no_values_and_M_empty_ones_are_empty_texts(
    own: RunningSandbox, extract: Extract, whole: Extraction
) -> None:
    plain = extract(own, streams=["contacts"], profile_fields="none").records["contacts"]
    assert plain
    assert all(one["segmentationFieldValues"] == [] for one in plain)
    empty = [
        value["value"]
        for one in whole.records["contacts"]
        for value in one["segmentationFieldValues"]
        if not value["value"]
    ]
    assert empty
    assert set(empty) == {""}
    own.settings(empty_values_listed=False)
    listed = extract(own, streams=["contacts"], profile_fields="all").records["contacts"]
    assert all(value["value"] for one in listed for value in one["segmentationFieldValues"])
    assert len(listed) == len(whole.records["contacts"])


def test_M_values_of_date_fields_that_are_no_dates_stay_texts(whole: Extraction) -> None:
    values = [
        one["profileFields"][name]
        for one in whole.records["contacts"]
        for name in ("Birthday", "Last Order")
        if one["profileFields"].get(name)
    ]
    dates = [value for value in values if re.fullmatch(r"\d{4}-\d\d-\d\d", value)]
    assert dates
    assert set(values) - set(dates) == {"n/a"}


def test_M_activity_without_dates_is_read_and_rows_get_the_ids_of_their_parents(whole: Extraction) -> None:
    """Rows of activity carry no messageId or listId, rows of messages no listId."""
    messages = whole.merged("messages")
    assert messages
    assert {list_id for list_id, _ in messages} == {one["listId"] for one in whole.records["lists"]}
    rows = whole.records["message_activity"]
    assert {(one["listId"], one["messageId"]) for one in rows} <= messages.keys()
    assert len(whole.merged("message_activity")) == len(rows), "one row per message and recipient"
    quiet = [one for one in rows if one["activityDate"] is None and one["visitDate"] is None]
    assert quiet
    assert all(one["emailAddress"] for one in quiet)


def test_M_the_campaign_name_of_analytics_is_in_message_details_only(whole: Extraction) -> None:
    assert not any("googleAnalyticsCampaignName" in one for one in whole.records["messages"])
    details = whole.records["message_details"]
    assert len(details) == len(whole.records["messages"])
    assert any(one["googleAnalyticsCampaignName"] for one in details)


def test_H_an_event_group_of_0_is_read_as_it_came(whole: Extraction) -> None:
    assert 0 in {one["eventGroupId"] for one in whole.records["events"]}


def test_M_previous_versions_of_conversation_messages_are_read_where_that_is_set(
    own: RunningSandbox, extract: Extract, whole: Extraction
) -> None:
    run = extract(own, streams=["conversation_messages"], include_previous_versions=True)
    assert run.merged("conversation_messages").keys() > whole.merged("conversation_messages").keys()


def test_M_imports_that_were_purged_after_30_days_are_neither_an_error_nor_removed(
    own: RunningSandbox, extract: Extract
) -> None:
    streams = ["list_imports", "list_import_statuses", "list_import_summaries", "list_import_contacts"]
    first = extract(own, streams=streams)
    own.set_clock(advance_seconds=31 * 86_400, frozen=True)
    later = extract(own, streams=streams, state=first.state)
    for stream in streams:
        assert first.records[stream]
        assert later.records[stream]
        assert not first.merged(stream).keys() & later.merged(stream).keys()
        assert "ACTIVATE_VERSION" not in later.types(stream)
