"""Answers without any list or sender code: nothing is removed by them, and a run that read nothing fails."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from listrak_api.errors import UnavailableError
from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.incremental.bookmarks import Bookmarks, format_bookmark
from tap_listrak.sync import empty_answers
from tap_listrak.sync.empty_answers import EmptyAnswers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extract, Extraction

STREAMS = ["lists", "campaigns", "folders", "sender_codes", "phone_lists"]


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    monkeypatch.setattr(empty_answers, "PAUSES", (0.0, 0.0, 0.0))
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


@pytest.mark.parametrize("streams", [STREAMS, ["lists"], ["campaigns"], ["contacts"]])
def test_an_account_that_shows_no_lists_is_an_error_and_removes_nothing(
    tiny: RunningSandbox, extract: Extract, streams: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It was a success with no rows, and every table was emptied by its ACTIVATE_VERSION."""
    tiny.control("POST", "faults", [{"kind": "empty_then_full", "route": "/List", "times": 99}])
    with pytest.raises(UnavailableError, match="no lists"):
        extract(tiny, streams=streams)
    assert "ACTIVATE_VERSION" not in capsys.readouterr().out


def test_lists_that_come_when_they_are_asked_for_again_are_all_there(
    tiny: RunningSandbox, extract: Extract
) -> None:
    whole = extract(tiny, streams=STREAMS)
    faults = [
        {"kind": "empty_then_full", "route": route, "times": 3} for route in ("/List", "GET /ShortCode")
    ]
    tiny.control("POST", "faults", faults)
    assert extract(tiny, streams=STREAMS).records == whole.records


def test_lists_and_sender_codes_that_settings_name_are_asked_for_again_too(
    tiny: RunningSandbox, extract: Extract
) -> None:
    """A list that was named, and an answer without any, ended as a wrong setting: not to be repeated."""
    whole = extract(tiny, streams=STREAMS)
    names = [one["listName"] for one in whole.records["lists"]]
    codes = [one["code"] for one in whole.records["sender_codes"]]
    faults = [empty_once("/List"), empty_once("GET /ShortCode")]
    tiny.control("POST", "faults", faults)
    run = extract(tiny, streams=STREAMS, list_ids=names, sender_code_ids=codes)
    assert run.merged("lists") == whole.merged("lists")
    tiny.control("DELETE", "faults")
    tiny.control("POST", "faults", [{**empty_once("/List"), "times": 99}])
    with pytest.raises(UnavailableError, match="no lists"):
        extract(tiny, streams=["lists"], list_ids=names)


@pytest.mark.parametrize("streams", [STREAMS, ["sender_codes"]])
def test_an_account_that_shows_no_sender_codes_keeps_the_rows_that_were_loaded(
    tiny: RunningSandbox, extract: Extract, streams: list[str]
) -> None:
    tiny.control("POST", "faults", [{"kind": "empty_then_full", "route": "/ShortCode", "times": 99}])
    run = extract(tiny, streams=streams)
    versioned = {one["stream"] for one in run.messages if one["type"] == "ACTIVATE_VERSION"}
    assert versioned == set(streams) - {"sender_codes", "phone_lists"}


@pytest.mark.parametrize("stream", ["conversations", "folders", "events", "sms_opt_outs"])
def test_a_stream_without_a_single_row_removes_none_of_those_that_were_loaded(
    tiny: RunningSandbox, extract: Extract, stream: str
) -> None:
    """An empty answer of status 200 was taken to mean that everything was deleted."""
    route = {"sms_opt_outs": "*/OptOut", "conversations": "*/Conversation", "folders": "*/Folder"}
    whole = extract(tiny, streams=[stream])
    assert whole.records[stream]
    assert "ACTIVATE_VERSION" in whole.types(stream)
    empty = {"kind": "empty_then_full", "route": route.get(stream, "*/Event"), "times": 99}
    tiny.control("POST", "faults", [empty])
    run = extract(tiny, streams=[stream])
    assert not run.records[stream]
    assert "ACTIVATE_VERSION" not in run.types(stream)


def test_imports_that_listrak_has_purged_stay_where_they_were_loaded(
    tiny: RunningSandbox, extract: Extract
) -> None:
    streams = ["list_imports", "list_import_statuses", "list_import_summaries", "list_import_contacts"]
    run = extract(tiny, streams=streams, methods=dict.fromkeys(streams, "FULL_TABLE"))
    for stream in streams:
        assert run.records[stream]
        assert "ACTIVATE_VERSION" not in run.types(stream)


WINDOWED = [
    "contacts",
    "messages",
    "message_activity",
    "message_links",
    "message_link_clickers",
    "conversations",
    "conversation_messages",
    "conversation_message_activity",
    "conversation_message_links",
    "conversation_message_link_clickers",
    "transactional_messages",
    "transactional_message_activity",
    "list_imports",
    "list_import_contacts",
    "split_tests",
    "split_test_messages",
]
DAY = "2026-06-29T12:00:00Z"


def empty_once(route: str = "*") -> dict[str, object]:
    return {"kind": "empty_then_full", "route": route, "times": 1}


def merged(*runs: Extraction) -> dict[str, dict[tuple[object, ...], dict[str, object]]]:
    return {stream: {k: v for run in runs for k, v in run.merged(stream).items()} for stream in WINDOWED}


@pytest.mark.parametrize(
    ("concurrency", "streams"), [(1, ["contacts", "message_link_clickers"]), (8, WINDOWED)]
)
def test_one_empty_window_of_contacts_in_a_first_run_lost_its_contacts_for_good(
    tiny: RunningSandbox,
    extract: Extract,
    caplog: pytest.LogCaptureFixture,
    concurrency: int,
    streams: list[str],
) -> None:
    """Five of 167 contacts were missing downstream for ever, with exit code 0 and no warning.

    Here every collection is empty when it is first asked for, with each query.
    """
    config = {"profile_fields": "all", "reconcile": "off", "max_concurrency": concurrency}
    whole = extract(tiny, streams=streams, **config)
    assert "had rows when they were asked for again" not in caplog.text
    tiny.control("POST", "faults", [empty_once()])
    run = extract(tiny, streams=streams, **config)
    assert merged(run) == merged(whole)
    assert run.state == whole.state
    assert (
        "answers of Listrak were empty and had rows when they were asked for again: contacts (" in caplog.text
    )


def test_a_week_after_the_last_run_an_empty_answer_lost_what_no_later_run_asked_for(
    tiny: RunningSandbox, extract: Extract
) -> None:
    now = datetime.fromisoformat(DAY)
    moments = [now - timedelta(days=8), now - timedelta(days=1), now]
    runs: list[Extraction] = []
    for number, moment in enumerate(moments):
        tiny.set_clock(now=moment.isoformat(), frozen=True)
        if number == 1:
            tiny.control("POST", "faults", [empty_once()])
        with time_machine.travel(moment, tick=True):
            runs.append(extract(tiny, streams=WINDOWED, state=runs[-1].state if runs else None))
        if number == 1:
            tiny.control("DELETE", "faults")
    with time_machine.travel(now, tick=True):
        whole = extract(tiny, streams=WINDOWED)
    lost = {one: whole.merged(one).keys() - merged(*runs)[one].keys() for one in WINDOWED}
    assert not any(lost.values()), lost


def test_the_requests_of_a_run_a_day_later_do_not_grow(
    tiny: RunningSandbox, extract: Extract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes empty then is asked for by the next run anyway."""
    now, state, again = datetime.fromisoformat(DAY), None, []
    monkeypatch.setattr(EmptyAnswers, "pause", lambda *_: again.append(1))
    for moment in (now - timedelta(days=1, minutes=50), now):
        again.clear()
        tiny.set_clock(now=moment.isoformat(), frozen=True)
        with time_machine.travel(moment, tick=True):
            run = extract(tiny, streams=WINDOWED, state=state)
        assert bool(again) == (state is None)
        state = run.state


@given(
    bookmark=st.none() | st.timedeltas(timedelta(0), timedelta(days=60)),
    overlap=st.timedeltas(timedelta(0), timedelta(days=10)),
    asked_back=st.sampled_from([timedelta(0), timedelta(days=31)]),
    next_run=st.timedeltas(timedelta(0), timedelta(days=60)),
)
def test_what_an_answer_leaves_out_is_asked_for_again_or_doubted(
    bookmark: timedelta | None, overlap: timedelta, asked_back: timedelta, next_run: timedelta
) -> None:
    """Not doubted means: the next run, whenever it comes, begins where this one's news begin, or earlier."""
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    last = None if bookmark is None else now - bookmark
    key = ("contacts", (("listId", 7),))
    state: Any = {"bookmarks": {}}
    if last is not None:
        part = {"context": {"listId": 7}, "replication_key_value": format_bookmark(last)}
        state["bookmarks"]["contacts"] = {"partitions": [part]}
    this = Bookmarks(state, started_at=now, overlap=overlap)
    doubted = this.would_pass(*key, asked_back)
    this.advance(*key, replication_key=None)
    following = Bookmarks(state, started_at=now + next_run, overlap=overlap).since(*key)
    assert following is not None
    if last is None:
        assert doubted
    elif not doubted:
        assert following - asked_back <= last + timedelta(hours=1, seconds=1)


class Paused:
    """A client that notes how long it is asked to wait."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        return False


def test_pages_are_asked_for_again_after_seconds_and_a_run_does_not_wait_for_ever() -> None:
    answers = EmptyAnswers.of({"api_url": "https://api.listrak.com"})
    assert answers.wait == empty_answers.WAIT
    assert EmptyAnswers.of({"api_url": "http://127.0.0.1:8080"}).wait == 0
    client: Any = Paused()
    for _ in range(1000):
        answers.pause(client, time.monotonic() + answers.wait)
    assert sum(client.pauses) == pytest.approx(empty_answers.LONGEST_WAIT, abs=answers.wait)
    answers.pause(client, time.monotonic() - 1)
    before = len(client.pauses)
    assert answers.attempts == 1
    answers.note("contacts")
    assert answers.attempts == 3
    answers.pause(client, time.monotonic() + answers.wait)
    assert len(client.pauses) == before + 1
