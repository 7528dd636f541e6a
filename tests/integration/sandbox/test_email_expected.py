"""What the sandbox expects of a complete extraction is what one gets; the world moves only with its clock."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from sandbox_api import Api

from listrak_sandbox.testing import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DAY = 86_400
Rows = dict[str, dict[tuple[str, ...], dict[str, Any]]]

KEYS = {
    "lists": "listId",
    "campaigns": "listId campaignId",
    "folders": "folderId",
    "ip_pools": "ipPoolId",
    "profile_field_groups": "listId segmentationFieldGroupId",
    "profile_fields": "listId segmentationFieldGroupId segmentationFieldId",
    "contacts": "listId emailKey",
    "messages": "listId messageId",
    "message_details": "listId messageId",
    "message_statuses": "listId messageId",
    "message_activity": "listId messageId emailAddress",
    "message_links": "listId messageId linkId",
    "message_link_clickers": "listId messageId linkId emailAddress clickDate",
    "message_summaries": "listId messageId",
    "conversations": "listId conversationId",
    "conversation_messages": "listId conversationId messageId",
    "conversation_message_activity": "listId conversationId conversationMessageId emailAddress sendDate",
    "conversation_message_links": "listId conversationId conversationMessageId linkId",
    "conversation_message_link_clickers": (
        "listId conversationId conversationMessageId linkId emailAddress clickDate"
    ),
    "conversation_message_details": "listId conversationId conversationMessageId",
    "conversation_message_summaries": "listId conversationId conversationMessageId",
    "conversation_summaries": "listId conversationId",
    "transactional_messages": "listId transactionalMessageId",
    "transactional_message_activity": "listId transactionalMessageId emailAddress sendDate resendKey",
    "split_tests": "listId splitTestId",
    "split_test_messages": "listId splitTestId messageId",
    "saved_audiences": "listId savedAudienceId",
    "saved_messages": "listId savedMessageId",
    "saved_message_details": "listId savedMessageId",
    "events": "listId eventId",
    "event_groups": "listId eventGroupId",
    "list_imports": "listId importFileId",
    "list_import_statuses": "listId importFileId",
    "list_import_summaries": "listId importFileId",
    "list_import_contacts": "listId importFileId emailAddress",
    "content": "contentId",
    "content_folders": "contentFolderId",
}


class Extraction:
    """A plain, complete reading of everything, kept by stream and key."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.rows: Rows = defaultdict(dict)
        self.counts: dict[str, int] = defaultdict(int)

    def take(self, stream: str, rows: Iterable[dict[str, Any]], **parents: int) -> Iterator[dict[str, Any]]:
        for row in rows:
            record = {**row, **parents}
            self.rows[stream][tuple(str(record[name]) for name in KEYS[stream].split())] = record
            self.counts[stream] += 1
            yield record

    def note(self, stream: str, path: str, **parents: int) -> None:
        data = self.api.get(path)["data"]
        for _ in self.take(stream, data if isinstance(data, list) else [data], **parents):
            pass

    def drain(self, stream: str, path: str, parents: dict[str, int], **query: object) -> None:
        for _ in self.take(stream, self.api.rows(path, **query), **parents):
            pass

    def read(self) -> Extraction:
        for stream, path in (
            ("folders", "/Folder"),
            ("ip_pools", "/IpPool"),
            ("content", "/Content"),
            ("content_folders", "/ContentFolder"),
        ):
            self.note(stream, path)
        for one in self.take("lists", self.api.get("/List")["data"]):
            self.read_list(f"/List/{one['listId']}", one["listId"])
        return self

    def read_list(self, base: str, number: int) -> None:
        of = {"listId": number}
        for stream, name in (
            ("campaigns", "Campaign"),
            ("saved_audiences", "SavedAudience"),
            ("events", "Event"),
            ("event_groups", "EventGroup"),
        ):
            self.note(stream, f"{base}/{name}", **of)
        for one in self.take("saved_messages", self.api.get(f"{base}/SavedMessage")["data"], **of):
            self.note("saved_message_details", f"{base}/SavedMessage/{one['savedMessageId']}", **of)
        for state in ("Subscribed", "Unsubscribed"):
            self.drain("contacts", f"{base}/Contact", of, subscriptionState=state)
        groups = self.api.get(f"{base}/SegmentationFieldGroup")["data"]
        for group in self.take("profile_field_groups", groups, **of):
            identifier = group["segmentationFieldGroupId"]
            self.note("profile_fields", f"{base}/SegmentationFieldGroup/{identifier}/SegmentationField", **of)
        for message in self.take("messages", self.api.rows(f"{base}/Message"), **of):
            path, ids = f"{base}/Message/{message['messageId']}", {**of, "messageId": message["messageId"]}
            self.note("message_details", path, **ids)
            self.note("message_statuses", f"{path}/Status", **ids)
            self.read_message("message", path, ids)
        self.read_conversations(base, of)
        for one in self.take(
            "transactional_messages", self.api.get(f"{base}/TransactionalMessage")["data"], **of
        ):
            identifier = one["transactionalMessageId"]
            ids = {**of, "transactionalMessageId": identifier}
            path = f"{base}/TransactionalMessage/{identifier}/Activity"
            self.drain("transactional_message_activity", path, ids)
        for one in self.take("split_tests", self.api.rows(f"{base}/SplitTest"), **of):
            ids = {**of, "splitTestId": one["splitTestId"]}
            self.note("split_test_messages", f"{base}/SplitTest/{one['splitTestId']}/Message", **ids)
        for one in self.take("list_imports", self.api.rows(f"{base}/ListImport"), **of):
            path, ids = (
                f"{base}/ListImport/{one['importFileId']}",
                {**of, "importFileId": one["importFileId"]},
            )
            self.note("list_import_statuses", f"{path}/Status", **ids)
            self.note("list_import_summaries", f"{path}/Summary", **ids)
            self.drain("list_import_contacts", f"{path}/Contact", ids)

    def read_conversations(self, base: str, of: dict[str, int]) -> None:
        for one in self.take("conversations", self.api.get(f"{base}/Conversation")["data"], **of):
            path, ids = (
                f"{base}/Conversation/{one['conversationId']}",
                {**of, "conversationId": one["conversationId"]},
            )
            self.note("conversation_summaries", f"{path}/Summary", **ids)
            for message in self.take("conversation_messages", self.api.rows(f"{path}/Message"), **ids):
                identifier = message["messageId"]
                below = {**ids, "conversationMessageId": identifier}
                self.note("conversation_message_details", f"{path}/Message/{identifier}", **below)
                self.read_message("conversation_message", f"{path}/Message/{identifier}", below)

    def read_message(self, prefix: str, path: str, ids: dict[str, int]) -> None:
        self.note(
            "message_summaries" if prefix == "message" else f"{prefix}_summaries", f"{path}/Summary", **ids
        )
        self.drain(f"{prefix}_activity", f"{path}/Activity", ids)
        for link in self.take(f"{prefix}_links", self.api.rows(f"{path}/Link"), **ids):
            below = {**ids, "linkId": link["linkId"]}
            self.drain(f"{prefix}_link_clickers", f"{path}/Link/{link['linkId']}/Clicker", below)

    def digests(self) -> dict[str, dict[str, object]]:
        found = {}
        for stream in KEYS:
            hashes = (
                hashlib.blake2b("\x1f".join(key).encode(), digest_size=8).digest()
                for key in self.rows[stream]
            )
            total = sum(map(int.from_bytes, hashes)) % 2**64
            found[stream] = {"count": self.counts[stream], "digest": f"{total:016x}"}
        return found


def email_streams(api: Api) -> dict[str, dict[str, Any]]:
    return {name: value for name, value in api.sandbox.expected().items() if name in KEYS}


def test_a_complete_reading_is_what_is_expected_for_every_stream(email: Api) -> None:
    assert Extraction(email).read().digests() == email_streams(email)


def test_also_after_writes_and_days(own: Api) -> None:
    contact = {"emailAddress": "new.one@example.com", "segmentationFieldValues": []}
    own.send("POST", "/List/40137/Contact", contact)
    leaver = next(own.rows("/List/40137/Contact"))["emailAddress"]
    own.send(
        "POST",
        "/List/40137/Contact",
        {**contact, "emailAddress": leaver, "subscriptionState": "Unsubscribed"},
    )
    own.send("POST", "/List", {"listName": "Fresh", "bounceHandling": "None", "bounceUnsubscribeCount": 1})
    before = email_streams(own)
    own.sandbox.set_clock(advance_seconds=40 * DAY)
    assert email_streams(own) != before
    assert Extraction(own).read().digests() == email_streams(own)


def test_streams_and_lists_can_be_chosen(email: Api) -> None:
    everything = email.sandbox.expected()
    assert email.sandbox.expected(streams="contacts,messages").keys() == {"contacts", "messages"}
    parts = [
        email.sandbox.expected(list_ids=number, streams="contacts")["contacts"] for number in (40137, 40274)
    ]
    assert sum(part["count"] for part in parts) == everything["contacts"]["count"]
    total = sum(int(part["digest"], 16) for part in parts) % 2**64
    assert f"{total:016x}" == everything["contacts"]["digest"]
    tests = email.sandbox.expected(streams="messages", include_test_messages="true")["messages"]
    assert tests["count"] > everything["messages"]["count"]
    name = "conversation_messages"
    previous = email.sandbox.expected(streams=name, include_previous_versions="true")[name]
    assert previous["count"] > everything[name]["count"]
    with pytest.raises(RuntimeError, match="Unknown streams: nope"):
        email.sandbox.expected(streams="nope")


def test_the_same_seed_gives_the_same_world_and_another_seed_another(email: Api) -> None:
    with running_sandbox(scale="tiny") as running:
        running.settings(answer_time_zone=email.sandbox.settings()["answer_time_zone"])
        api = Api(running, "email")
        assert Extraction(api).read().rows == Extraction(email).read().rows
        running.reset(seed=2)
        assert running.expected()["message_activity"] != email.sandbox.expected()["message_activity"]
        api.session.close()


def test_the_world_is_quiet_after_the_start_and_lively_overnight(own: Api) -> None:
    before = own.sandbox.expected()
    own.sandbox.set_clock(now="2026-06-30T17:59:59Z", frozen=True)
    assert own.sandbox.expected() == before
    own.sandbox.set_clock(now="2026-07-01T11:00:00Z")
    after = own.sandbox.expected()
    for stream in ("conversation_message_activity", "transactional_message_activity"):
        assert after[stream]["count"] > before[stream]["count"]


def everything_dated(rows: Rows) -> Iterator[str]:
    for stream in rows.values():
        for row in stream.values():
            for name, value in row.items():
                if name.lower().endswith("date") and isinstance(value, str) and not value.startswith("0001"):
                    yield value


def test_nothing_is_dated_in_the_quiet_hours_and_only_plans_lie_ahead(email: Api) -> None:
    extraction = Extraction(email).read()
    hours = {int(date[11:13]) for date in everything_dated(extraction.rows)}
    assert hours
    assert not hours & set(range(11, 18))
    now = email.sandbox.now()[:19]
    for stream in ("message_activity", "contacts", "message_link_clickers", "transactional_message_activity"):
        assert max(everything_dated({stream: extraction.rows[stream]})) < now


@pytest.mark.parametrize("seed", [1, 2])
def test_days_one_by_one_or_all_at_once_lead_to_the_same_world(own: Api, seed: int) -> None:
    own.sandbox.reset(seed=seed)
    own.sandbox.set_clock(now="2026-06-30T12:00:00Z", frozen=True)
    for _ in range(12):
        own.sandbox.set_clock(advance_seconds=2.9 * DAY)
        own.sandbox.expected()
    stepped, now = Extraction(own).read().rows, own.sandbox.now()
    own.sandbox.reset(seed=seed)
    own.sandbox.set_clock(now=now, frozen=True)
    assert Extraction(own).read().rows == stepped


def test_what_was_seen_stays_and_counters_only_grow(own: Api) -> None:
    own.sandbox.settings(imports_kept_days=0)
    own.sandbox.set_clock(now="2026-06-30T12:00:00Z", frozen=True)
    earlier = Extraction(own).read().rows
    grown: set[str] = set()
    for _ in range(4):
        own.sandbox.set_clock(advance_seconds=10 * DAY)
        later = Extraction(own).read().rows
        for stream, rows in earlier.items():
            assert rows.keys() <= later[stream].keys(), stream
        for stream in ("message_activity", "conversation_message_activity", "transactional_message_activity"):
            for key, row in earlier[stream].items():
                grown |= changes(row, later[stream][key])
        earlier = later
    assert grown >= {"activityDate", "open", "read", "click", "clickCount", "orderTotal"}


def changes(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Check that an activity row only grew, and tell what did."""
    found = {name for name in before if before[name] != after[name]}
    assert before["activityDate"] is None or "activityDate" not in found
    for name in found:
        assert not before[name] or after[name] > before[name], name
    assert not found & {"emailAddress", "sendDate", "externalContactID"}
    return found


def test_everything_that_happens_to_an_account_happens_in_two_months(own: Api) -> None:
    own.sandbox.settings(imports_kept_days=0)
    own.sandbox.set_clock(now="2026-06-30T12:00:00Z", frozen=True)
    before = Extraction(own).read().rows
    own.sandbox.set_clock(advance_seconds=62 * DAY)
    after = Extraction(own).read().rows
    for stream in (
        "messages", "message_activity", "message_link_clickers", "contacts", "conversations",
        "conversation_messages", "conversation_message_activity", "transactional_message_activity",
        "list_imports", "list_import_contacts",
    ):  # fmt: skip
        assert len(after[stream]) > len(before[stream]), stream
    moves = {
        (before["contacts"][key]["subscriptionState"], row["subscriptionState"])
        for key, row in after["contacts"].items()
        if key in before["contacts"]
    }
    assert ("Subscribed", "Unsubscribed") in moves
    statuses = {
        (before["messages"][key]["messageStatus"], after["messages"][key]["messageStatus"])
        for key in before["messages"]
    }
    assert ("Scheduled", "Sent") in statuses
    expired = {
        (before["conversations"][key]["status"], after["conversations"][key]["status"])
        for key in before["conversations"]
    }
    assert ("Active", "Expired") in expired


def test_people_resubscribe_as_time_goes_by(own: Api) -> None:
    own.sandbox.reset(scale="small")
    own.sandbox.set_clock(now="2026-07-30T12:00:00Z", frozen=True)
    back = list(
        own.rows("/List/40137/Contact", startDate="2026-06-30T12:00:00", useOriginalSubscribeDate="false")
    )
    assert any(row["resubscribeDate"] for row in back)
    assert any(row["resubscribeDate"] is None for row in back)
