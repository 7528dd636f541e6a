"""What is read in part: no loader deletes by it, no slip in a setting goes unnoticed, no date is ignored."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tap_runs import extract_from
from warehouse import Warehouse

from listrak_api.errors import ConfigurationError
from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.incremental.backfill import Backfill, digest
from tap_listrak.output.writer import Output
from tap_listrak.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tap_runs import Extract, Extraction

ALL = [stream.name for stream in STREAMS if stream.selected_by_default]
BY_DATE = ["contacts", "messages", "message_activity", "conversation_message_activity", "list_imports"]
AFTER_2025 = "2025-12-31T12"


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


@pytest.fixture(scope="module")
def whole(tiny: RunningSandbox, extract: Extract) -> Extraction:
    return extract(tiny)


def versioned(extraction: Extraction) -> set[str]:
    return {one["stream"] for one in extraction.messages if one["type"] == "ACTIVATE_VERSION"}


def some(whole: Extraction, stream: str, key: str) -> int:
    return int(whole.records[stream][0][key])


NARROWED: list[tuple[str, str, str, set[str]]] = [
    ("list_ids", "lists", "listId", {"lists", "campaigns", "conversations", "conversation_message_links"}),
    (
        "conversation_ids",
        "conversations",
        "conversationId",
        {"conversations", "conversation_messages", "conversation_summaries"},
    ),
    ("sender_code_ids", "sender_codes", "senderCodeId", {"sender_codes", "phone_lists", "sms_opt_outs"}),
    ("phone_list_ids", "phone_lists", "phoneListId", {"phone_lists", "phone_list_contacts"}),
]


@pytest.mark.parametrize("case", NARROWED, ids=[case[0] for case in NARROWED])
def test_X1_a_run_that_reads_some_rows_lets_no_loader_delete_the_others(
    tiny: RunningSandbox,
    extract: Extract,
    whole: Extraction,
    caplog: pytest.LogCaptureFixture,
    case: tuple[str, str, str, set[str]],
) -> None:
    setting, source, key, held_back = case
    caplog.set_level("INFO")
    narrow = extract(tiny, **{setting: [some(whole, source, key)]})
    assert held_back <= versioned(whole)
    assert not held_back & versioned(narrow)
    assert "folders" in versioned(narrow), "what the setting does not touch is read whole"
    said = [record.message for record in caplog.records if "ACTIVATE_VERSION" in record.message]
    assert len(said) == 1
    assert setting in said[0]


def test_X1_ids_of_messages_and_dates_narrow_streams_that_are_read_whole_by_the_catalog(
    tiny: RunningSandbox, extract: Extract, whole: Extraction
) -> None:
    full = dict.fromkeys(BY_DATE, "FULL_TABLE")
    # Listrak purges imports by itself: they are never removed downstream.
    assert versioned(extract(tiny, streams=BY_DATE, methods=full)) == set(BY_DATE) - {"list_imports"}
    assert not versioned(extract(tiny, streams=BY_DATE, methods=full, start_date="2026-01-01"))
    ended = extract(
        tiny,
        streams=[*BY_DATE, "split_tests", "sms_opt_outs", "phone_list_contacts", "lists"],
        methods=full,
        end_date="2026-01-01",
    )
    assert versioned(ended) == {"lists"}
    one = [some(whole, "messages", "messageId")]
    chosen = extract(tiny, streams=BY_DATE, methods=full, message_ids=one)
    assert versioned(chosen) == set(BY_DATE) - {"list_imports", "messages", "message_activity"}


def test_X1_a_stream_map_that_filters_holds_back_its_stream_and_the_children(
    tiny: RunningSandbox, extract: Extract, whole: Extraction
) -> None:
    conversation = some(whole, "conversations", "conversationId")
    maps = {
        "conversations": {"__filter__": f"conversationId == {conversation}"},
        "sender_codes": None,
        "campaigns": {"campaignName": "campaignName.lower()"},
    }
    filtered = versioned(extract(tiny, stream_maps=maps))
    assert filtered & {"conversations", "conversation_messages", "sender_codes"} == set()
    # A parent that is mapped away as a whole is read for its children.
    assert {"campaigns", "lists", "phone_lists", "sms_opt_outs"} <= filtered


def test_X1_a_sender_code_that_listrak_refuses_to_show_is_not_deleted(extract: Extract) -> None:
    """Nothing of a disabled sender code can be read: that does not mean that there is nothing."""
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        before = versioned(extract(running, streams=["sender_codes", "phone_list_contacts", "phone_lists"]))
        running.settings(sms_inactive_readable=False)
        after = versioned(extract(running, streams=["sender_codes", "phone_list_contacts", "phone_lists"]))
    assert before == {"sender_codes", "phone_lists", "phone_list_contacts"}
    assert "phone_list_contacts" not in after
    assert "sender_codes" in after


def last(extraction: Extraction) -> dict[str, Any]:
    return extraction.messages[-1]


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"list_ids": [40137]},
        {"message_ids": [10000001], "list_ids": [40137]},
        {"stream_maps": {"__else__": "__NULL__"}},
    ],
)
def test_X2_the_last_message_is_a_state_that_covers_everything_changed_or_not(
    tiny: RunningSandbox, extract: Extract, whole: Extraction, config: dict[str, Any]
) -> None:
    if "message_ids" in config:
        config = config | {"message_ids": [some(whole, "messages", "messageId")]}
        config |= {"list_ids": [whole.records["messages"][0]["listId"]]}
    for state in ({}, whole.state):
        run = extract(tiny, state=state, **config)
        assert last(run)["type"] == "STATE"
        assert last(run)["value"] == run.state


def test_X2_with_batch_messages_too(
    tiny: RunningSandbox, extract: Extract, whole: Extraction, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("batches")
    config = {"encoding": {"format": "jsonl"}, "storage": {"root": folder.as_uri()}, "batch_size": 50}
    run = extract(tiny, state=whole.state, streams=["lists", "campaigns", "contacts"], batch_config=config)
    assert "BATCH" in run.types()
    assert last(run)["type"] == "STATE"
    assert last(run)["value"]["bookmarks"].keys() >= {"contacts"}


@pytest.mark.parametrize("batched", [False, True])
def test_X2_after_an_error_the_last_message_is_the_state_of_what_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, batched: bool
) -> None:
    """A classic target gives back no state at all if records follow it, and everything is read again."""
    written: list[bytes] = []
    monkeypatch.setattr(
        Output, "flush", lambda self: (written.append(b"".join(self._pending)), self._pending.clear())
    )
    config: dict[str, Any] = {"window_days": 60}
    if batched:
        storage = {"root": tmp_path.as_uri()}
        config["batch_config"] = {"encoding": {"format": "jsonl"}, "storage": storage, "batch_size": 7}
    with running_sandbox(scale="tiny") as running:
        running.set_clock(frozen=True)
        running.settings(integrations={"email": {"areas": ["List", "Contact", "Message"]}})
        with pytest.raises(Exception, match="Report"):
            extract_from(running, streams=["lists", "contacts", "messages", "message_activity"], **config)
    messages = [json.loads(line) for line in b"".join(written).splitlines()]
    assert messages[-1]["type"] == "STATE"
    assert ("BATCH" if batched else "RECORD") in {one["type"] for one in messages}
    marks = messages[-1]["value"]["bookmarks"]
    ends = {
        stream: [part["replication_key_value"] for part in entry["partitions"]]
        for stream, entry in marks.items()
    }
    assert len(ends["contacts"]) == 1, "one list's contacts had been read"
    if not batched:
        assert ends["message_activity"] < ends["contacts"], "and some of its messages"


DATED = {
    "message_link_clickers": "clickDate",
    "conversation_message_link_clickers": "clickDate",
    "conversation_message_activity": "sendDate",
    "transactional_message_activity": "sendDate",
    "message_activity": "sendDate",
    "contacts": "subscribeDate",
    "sms_opt_outs": "optOutDate",
    "split_tests": "startDate",
}


def test_X3_nothing_after_end_date_is_read(tiny: RunningSandbox, extract: Extract, whole: Extraction) -> None:
    ended = extract(tiny, end_date="2025-12-31T00:00:00Z")
    for stream, date in DATED.items():
        dates = [record[date] for record in ended.records[stream] if record[date]]
        assert dates or not whole.records[stream], stream
        assert max(dates, default="") < AFTER_2025, stream
        assert len(dates) < len(whole.records[stream]) or stream in {"sms_opt_outs", "split_tests"}, stream


def test_X3_what_end_date_leaves_out_comes_with_the_next_run(tiny: RunningSandbox, whole: Extraction) -> None:
    read = Warehouse()
    for end in ("2025-06-01T00:00:00Z", "2026-01-01T00:00:00Z", None):
        config = {"end_date": end} if end else {}
        read.load(b"".join(line + b"\n" for line in _lines(tiny, read.state, **config)))
    for stream in whole.keys:
        assert read.tables[stream].keys() == whole.merged(stream).keys(), stream


def _lines(tiny: RunningSandbox, state: dict[str, Any], **config: Any) -> list[bytes]:  # noqa: ANN401
    return extract_from(tiny, state=state, **config).lines


@pytest.mark.parametrize("filtered_by", ["send", "activity"])
def test_X5_recipients_without_activity_are_in_a_first_run_however_listrak_filters(
    extract: Extract, filtered_by: str
) -> None:
    start, end = "2025-06-01T00:00:00Z", "2026-03-01T00:00:00Z"
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        every = extract(running, streams=["conversation_message_activity"])
        running.settings(conversation_dates=filtered_by)
        since = extract(running, streams=["conversation_message_activity"], start_date=start)
        between = extract(running, streams=["conversation_message_activity"], start_date=start, end_date=end)
        again = extract(running, streams=["conversation_message_activity"], state=since.state)
    rows = every.merged("conversation_message_activity")
    expected = {key for key in rows if key[-1] >= start}
    assert any(rows[key]["activityDate"] is None for key in expected)
    assert since.merged("conversation_message_activity").keys() == expected
    assert between.merged("conversation_message_activity").keys() == {
        key for key in expected if key[-1] <= end
    }
    assert again.merged("conversation_message_activity").keys() <= rows.keys()


@pytest.mark.parametrize(
    ("setting", "stream"),
    [
        ("message_ids", "message_link_clickers"),
        ("conversation_ids", "conversation_summaries"),
        ("list_ids", "events"),
        ("sender_code_ids", "sms_opt_outs"),
        ("phone_list_ids", "phone_list_contacts"),
    ],
)
def test_X6_an_id_that_does_not_exist_is_an_error_before_anything_is_written(
    tiny: RunningSandbox, capsys: pytest.CaptureFixture[str], setting: str, stream: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"424242") as caught:
        extract_from(tiny, streams=["folders", stream], **{setting: [424242]})
    assert caught.value.setting == setting
    assert "There are: " in str(caught.value)
    assert len(str(caught.value)) < 2000
    assert not capsys.readouterr().out


def test_X12_a_start_date_in_the_future_is_an_error_and_no_bookmark_moves(
    tiny: RunningSandbox, extract: Extract, whole: Extraction, capsys: pytest.CaptureFixture[str]
) -> None:
    ahead = (datetime.fromisoformat(tiny.now()).replace(tzinfo=UTC) + timedelta(days=2)).isoformat()
    for state in ({}, whole.state):
        with pytest.raises(ConfigurationError, match="future") as caught:
            extract(tiny, streams=["contacts"], state=state, start_date=ahead)
        assert caught.value.setting == "start_date"
        assert not capsys.readouterr().out


def test_X15_chosen_messages_and_conversations_know_no_start_date(
    tiny: RunningSandbox, extract: Extract, whole: Extraction
) -> None:
    oldest = min(whole.records["messages"], key=lambda record: record["sendDate"])
    streams = ["messages", "message_activity", "message_link_clickers", "message_summaries"]
    chosen = extract(tiny, streams=streams, message_ids=[oldest["messageId"]], start_date="2026-06-01")
    assert [record["messageId"] for record in chosen.records["messages"]] == [oldest["messageId"]]
    for stream in streams:
        rows = {
            key: row for key, row in whole.merged(stream).items() if row["messageId"] == oldest["messageId"]
        }
        assert rows
        assert chosen.merged(stream) == rows, stream
    conversation = some(whole, "conversations", "conversationId")
    streams = ["conversation_message_activity", "conversation_message_link_clickers"]
    chosen = extract(tiny, streams=streams, conversation_ids=[conversation], start_date="2026-06-01")
    for stream in streams:
        rows = {
            key: row for key, row in whole.merged(stream).items() if row["conversationId"] == conversation
        }
        assert chosen.merged(stream) == rows, stream


def test_X20_contacts_are_read_again_when_profile_fields_are_switched_on(
    tiny: RunningSandbox, extract: Extract, whole: Extraction
) -> None:
    full = extract(tiny, streams=["contacts"], profile_fields="all")
    first = extract(tiny, streams=["contacts"])
    on = extract(tiny, streams=["contacts"], profile_fields="all", state=first.state, start_date="2026-06-01")
    assert on.merged("contacts") == full.merged("contacts")
    quiet = extract(tiny, streams=["contacts"], profile_fields="all", state=on.state)
    assert len(quiet.records["contacts"]) < len(whole.records["contacts"]) / 2
    other = extract(tiny, streams=["contacts"], profile_fields=["Points"], state=on.state)
    assert other.merged("contacts").keys() == full.merged("contacts").keys()
    off = extract(tiny, streams=["contacts"], state=on.state)
    assert len(off.records["contacts"]) < len(whole.records["contacts"]) / 2
    assert abs(len(json.dumps(other.state)) - len(json.dumps(on.state))) < 10


def test_X20_a_second_reading_goes_as_far_back_as_the_first_and_can_be_interrupted() -> None:
    now = datetime(2026, 6, 30, 12, tzinfo=UTC)
    start = now - timedelta(days=100)
    first = Backfill(None, None, {}, start)
    assert not first.due
    remembered = {name: value for name, value in first.progress(None, now).items() if value is not None}
    assert remembered == {"read_from": "2026-03-22T12:00:00Z"}

    setting = digest("all")
    again = Backfill(setting, now, remembered, start_date=now - timedelta(days=1))
    assert again.due
    assert again.since(timedelta(0)) == start
    reached = now - timedelta(days=50)
    remembered |= again.progress(reached, now)
    resumed = Backfill(setting, now, remembered, None)
    assert resumed.due
    assert resumed.since(timedelta(hours=1)) == reached - timedelta(hours=1)
    assert Backfill(digest(("City",)), now, remembered, None).since(timedelta(hours=1)) == start
    # Up to an `end_date` before the bookmark is not all of it.
    assert resumed.progress(None, reached)["read_again_until"] == "2026-05-11T12:00:00Z"
    done = {name: value for name, value in resumed.progress(None, now).items() if value is not None}
    assert not Backfill(setting, now, remembered | done, None).due
    assert digest(("City", 7)) == digest((7, " city "))
