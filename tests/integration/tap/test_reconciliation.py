"""Activity that was read whole is compared with the summary: an answer that came short is not the last word.

Seen in production: an answer of status 200 without rows that is full when it is asked for again.
"""

from __future__ import annotations

import io
import logging
import os
import random
import re
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from seeds import SEED
from tap_runs import catalog, extract_from, settings

from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.incremental.bookmarks import Bookmarks
from tap_listrak.sync import reconciliation
from tap_listrak.sync.reconciliation import Counts, ReconciliationError
from tap_listrak.tap import TapListrak

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_runs import Extraction

    from listrak_sandbox.envelope import Answer
    from listrak_sandbox.sandbox import Call
    from tests.conftest import Script

WORLDS = int(os.environ.get("LISTRAK_RECONCILIATION_WORLDS", "3"))
STREAMS = ("message_activity",)
BOTH = ("message_activity", "message_summaries")
ACTIVITY = re.compile(r"/email/v1/List/(\d+)/Message/(\d+)/Activity")
SUMMARY = re.compile(r"/email/v1/List/(\d+)/Message/(\d+)/Summary")

Rows = list[dict[str, Any]]


@dataclass
class Answers:
    """Changes answers of the sandbox, as one of its hooks.

    Attributes:
        change: Changes a message's rows of activity.
        times: How often it does so for each message; without end if None.
        only: The messages it does so for; all if None.
        summary: Changes a summary.
        asked: How often whole activity was asked for, by message.
        summaries: How many summaries were asked for.
    """

    change: Callable[[Rows], Rows] = lambda rows: rows
    times: int | None = None
    only: set[int] | None = None
    summary: Callable[[dict[str, Any]], dict[str, Any]] = lambda row: row
    asked: Counter[int] = field(default_factory=Counter)
    summaries: int = 0

    async def before(self, _: Call) -> None:
        """Let every call pass."""

    async def after(self, call: Call, answer: Answer) -> Answer:
        """Change an answer."""
        path = str(call.scope["path"])
        if SUMMARY.fullmatch(path):
            self.summaries += 1
            self._rewrite(answer, self.summary)
        found = ACTIVITY.fullmatch(path)
        if found is None or call.query.get("dateType") == "Activity":
            return answer
        message = int(found[2])
        self.asked[message] += 1
        if (self.only is None or message in self.only) and (
            self.times is None or self.asked[message] <= self.times
        ):
            self._rewrite(answer, self.change)
        return answer

    @staticmethod
    def _rewrite(answer: Answer, change: Callable[[Any], Any]) -> None:
        envelope = msgspec.json.decode(answer.body)
        envelope["data"] = change(envelope["data"])
        answer.body = msgspec.json.encode(envelope)


@pytest.fixture(scope="module")
def box() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        running.set_clock(now=running.now(), frozen=True)
        yield running


@pytest.fixture
def answers(box: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    assert box.sandbox is not None
    monkeypatch.setattr(reconciliation, "PAUSES", (0.0, 0.0, 0.0))
    hook = Answers()
    box.sandbox.hooks.append(hook)
    yield hook
    box.sandbox.hooks.remove(hook)


@pytest.fixture(scope="module")
def whole(box: RunningSandbox) -> Extraction:
    """An undisturbed run."""
    return extract_from(box, streams=(*BOTH, "messages"))


def busiest(whole: Extraction) -> dict[str, Any]:
    """The summary of the message with most recipients."""
    return max(whole.records["message_summaries"], key=lambda row: int(row["sentCount"]))


def bookmarks(done: Extraction, stream: str = "message_activity") -> dict[int, str]:
    parts = done.state["bookmarks"][stream]["partitions"]
    return {part["context"]["listId"]: part["replication_key_value"] for part in parts}


def lines(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    said = [one for one in caplog.records if one.levelno == level and one.name == "tap-listrak"]
    return [one.getMessage() for one in said if "its activity has" in one.getMessage()]


def closing(caplog: pytest.LogCaptureFixture) -> str:
    (line,) = [one.getMessage() for one in caplog.records if "Reconciliation:" in one.getMessage()]
    return line


SHORT: list[Callable[[Rows], Rows]] = [
    lambda _: [],
    lambda rows: rows[: len(rows) // 2],
    lambda rows: rows[1:],
    lambda rows: [{**row, "bounce": False} for row in rows],
    lambda rows: [{**row, "unsubscribe": None} for row in rows],
]


def test_what_is_complete_agrees_and_is_read_once(
    box: RunningSandbox, answers: Answers, whole: Extraction, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tap-listrak")
    done = extract_from(box, streams=STREAMS)
    assert done.digest("message_activity") == whole.digest("message_activity")
    count = len(answers.asked)
    assert count > 10
    assert set(answers.asked.values()) == {1}
    assert closing(caplog) == (
        f"Reconciliation: the activity of {count} of {count} messages agrees with the summaries"
    )
    assert answers.summaries == count


def test_a_summary_that_is_read_anyway_is_not_asked_for_again(box: RunningSandbox, answers: Answers) -> None:
    counts = {}
    for reconcile in ("warn", "off"):
        box.forget_requests()
        extract_from(box, streams=BOTH, reconcile=reconcile)
        counts[reconcile] = box.requests()["total"]
    assert counts["warn"] == counts["off"]
    assert answers.summaries


def test_off_asks_for_nothing_and_compares_nothing(
    box: RunningSandbox, answers: Answers, caplog: pytest.LogCaptureFixture
) -> None:
    answers.change = lambda _: []
    done = extract_from(box, streams=STREAMS, reconcile="off")
    assert (answers.summaries, lines(caplog)) == (0, [])
    # Not because of the summary: what comes empty in a first run is asked for twice, whatever it is.
    assert set(answers.asked.values()) == {2}
    assert len(set(bookmarks(done).values())) == 1


@pytest.mark.parametrize("change", SHORT[:3])
@pytest.mark.parametrize("times", [1, 3])
def test_M_an_answer_that_is_full_when_it_is_asked_for_again_is_asked_for_again(
    box: RunningSandbox, answers: Answers, whole: Extraction, times: int, change: Callable[[Rows], Rows]
) -> None:
    answers.change, answers.times = change, times
    answers.only = {row["messageId"] for row in whole.records["message_summaries"] if row["sentCount"] > 1}
    done = extract_from(box, streams=STREAMS)
    assert done.digest("message_activity") == whole.digest("message_activity")
    assert {answers.asked[message] for message in answers.only} == {times + 1}
    assert bookmarks(done) == bookmarks(whole)


@pytest.mark.parametrize(
    "fault",
    [{"kind": "empty_then_full", "times": 2}, {"kind": "short_answer", "rows": 2, "count": 40, "after": 1}],
)
def test_the_sandboxs_own_short_answers_are_made_up_for(
    box: RunningSandbox, whole: Extraction, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciliation, "PAUSES", (0.0, 0.0, 0.0))
    box.control("POST", "faults", [{"route": "/List/{listId}/Message/{messageId}/Activity", **fault}])
    try:
        done = extract_from(box, streams=STREAMS)
    finally:
        box.control("DELETE", "faults")
    assert done.digest("message_activity") == whole.digest("message_activity")
    assert bookmarks(done) == bookmarks(whole)


@pytest.mark.parametrize("change", SHORT)
def test_an_answer_that_stays_short_is_reported_and_the_next_run_gets_the_rest(
    box: RunningSandbox, answers: Answers, whole: Extraction, change: Callable[[Rows], Rows],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    chosen = max(
        whole.records["message_summaries"],
        key=lambda row: min(row["sentCount"], row["bounceCount"], row["unsubscribeCount"]),
    )
    message, list_id = chosen["messageId"], chosen["listId"]
    answers.change, answers.only = change, {message}
    first = extract_from(box, streams=BOTH)
    assert answers.asked[message] == 1 + 3
    (line,) = lines(caplog)
    assert line.startswith(f"Message {message} of list {list_id}: its activity has ")
    assert f"its summary {chosen['sentCount']}, {chosen['bounceCount']} and" in line
    assert "@" not in line
    (sent,) = {row["sendDate"] for row in whole.records["messages"] if row["messageId"] == message}
    held = bookmarks(first)
    assert held.pop(list_id) == f"{sent[:19]}Z"
    assert held == {name: at for name, at in bookmarks(whole).items() if name != list_id}
    assert bookmarks(first, "message_summaries") == bookmarks(whole, "message_summaries")

    answers.only = set()
    second = extract_from(box, streams=BOTH, state=first.state)
    assert answers.asked[message] == 1 + 3 + 1
    table = {**first.merged("message_activity"), **second.merged("message_activity")}
    assert table == whole.merged("message_activity")
    assert bookmarks(second) == bookmarks(whole)
    assert "held_since" not in str(second.state)


def test_a_long_first_run_never_passes_what_came_short_in_an_early_window(
    box: RunningSandbox, answers: Answers, whole: Extraction
) -> None:
    sent = {row["messageId"]: row["sendDate"] for row in whole.records["messages"]}
    some = [row for row in whole.records["message_summaries"] if row["sentCount"] > 1]
    early = min(some, key=lambda row: str(sent[row["messageId"]]))
    answers.change, answers.only = (lambda _: []), {early["messageId"]}
    done = extract_from(box, streams=BOTH, window_days=40)
    states = [one["value"] for one in done.messages if one["type"] == "STATE"]
    assert len(states) > 3
    for state in states:
        for part in state["bookmarks"].get("message_activity", {}).get("partitions", []):
            if part["context"]["listId"] == early["listId"]:
                assert part["replication_key_value"] <= sent[early["messageId"]]


def test_fail_ends_the_run_with_exit_code_75_after_everything_was_read(
    box: RunningSandbox, answers: Answers, whole: Extraction, script: Script
) -> None:
    chosen = busiest(whole)
    answers.change, answers.only = (lambda rows: rows[1:]), {chosen["messageId"]}
    done = script("tap-listrak", config=settings(box, reconcile="fail", list_ids=[chosen["listId"]]))
    assert done.returncode == 75
    assert done.stderr.splitlines()[-1].endswith("retryable: true")
    assert "Traceback" not in done.stderr
    assert f"Message {chosen['messageId']} of list" in done.stderr
    assert "1 came short" in done.stderr
    assert "@" not in done.stderr
    last = msgspec.json.decode(done.stdout.splitlines()[-1])
    assert last["type"] == "STATE"
    assert last["value"]["bookmarks"]["message_summaries"]["partitions"]


def test_summaries_that_never_agree_cost_a_bounded_number_of_requests(
    box: RunningSandbox, answers: Answers, caplog: pytest.LogCaptureFixture
) -> None:
    """Should Listrak's summaries count something else, the tap must not read everything four times."""
    answers.summary = lambda row: {**row, "sentCount": row["sentCount"] + 1}
    extract_from(box, streams=BOTH)
    again = answers.asked.total() - len(answers.asked)
    assert 0 < again <= 20 * 3
    assert len(lines(caplog)) == 20
    assert "came short" in closing(caplog)


def test_a_bookmark_is_not_held_for_ever(
    box: RunningSandbox, answers: Answers, whole: Extraction, caplog: pytest.LogCaptureFixture
) -> None:
    chosen = busiest(whole)
    answers.change, answers.only = (lambda _: []), {chosen["messageId"]}
    first = extract_from(box, streams=STREAMS)
    (part,) = [
        one
        for one in first.state["bookmarks"]["message_activity"]["partitions"]
        if one["context"]["listId"] == chosen["listId"]
    ]
    part["held_since"] = "2020-01-01T00:00:00Z"
    second = extract_from(box, streams=STREAMS, state=first.state)
    assert bookmarks(second) == bookmarks(whole)
    assert lines(caplog)[-1].endswith("It is not read again for this reason")


def test_chosen_messages_are_compared_without_touching_bookmarks(
    box: RunningSandbox, answers: Answers, whole: Extraction, caplog: pytest.LogCaptureFixture
) -> None:
    message = busiest(whole)["messageId"]
    answers.change, answers.only = (lambda rows: rows[1:]), {message}
    with pytest.raises(ReconciliationError):
        extract_from(box, streams=STREAMS, message_ids=[message], reconcile="fail")
    assert lines(caplog)[0].endswith("It is not read again for this reason")


@pytest.mark.parametrize(
    "config",
    [
        {"stream_maps": {"message_activity": {"emailAddress": "md5(emailAddress)"}}, "stream_map_config": {}},
        {"stream_maps": {"message_activity": {"__filter__": "bounce"}}},
        {"page_size": 3},
        {"max_concurrency": 1},
    ],
)
def test_rows_are_counted_as_listrak_sent_them_however_they_are_written(
    box: RunningSandbox, answers: Answers, config: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    extract_from(box, streams=STREAMS, **config)
    assert answers.summaries
    assert lines(caplog) == []


@pytest.mark.parametrize("column", ["bounce", "unsubscribe"])
def test_a_column_that_is_deselected_is_counted_all_the_same(
    box: RunningSandbox, answers: Answers, caplog: pytest.LogCaptureFixture, column: str
) -> None:
    """Every message with a bounce came "short", was read in full in each run, and failed with `fail`."""
    config = settings(box, reconcile="fail")
    run_tap(config, without(catalog(config, STREAMS), "message_activity", column))
    assert answers.summaries
    assert lines(caplog) == []


def test_a_short_answer_is_noticed_where_the_summarys_column_is_deselected(
    box: RunningSandbox, answers: Answers, whole: Extraction, caplog: pytest.LogCaptureFixture
) -> None:
    answers.change, answers.only = (lambda rows: rows[1:]), {busiest(whole)["messageId"]}
    config = settings(box)
    run_tap(config, without(catalog(config, BOTH), "message_summaries", "sentCount"))
    assert len(lines(caplog)) == 1


def without(chosen: dict[str, Any], stream: str, column: str) -> dict[str, Any]:
    """A catalog with one column less."""
    entry = next(one for one in chosen["streams"] if one["tap_stream_id"] == stream)
    part = next(one for one in entry["metadata"] if one["breadcrumb"] == ["properties", column])
    part["metadata"]["selected"] = False
    return chosen


def run_tap(config: dict[str, Any], chosen: dict[str, Any]) -> None:
    with redirect_stdout(io.TextIOWrapper(io.BytesIO(), encoding="utf-8")):
        TapListrak(config=config, catalog=chosen).sync_all()


@pytest.mark.parametrize("world", range(SEED, SEED + WORLDS))
def test_whatever_comes_short_for_however_long_the_union_of_the_runs_is_whole(
    box: RunningSandbox, answers: Answers, whole: Extraction, world: int
) -> None:
    draw = random.Random(world)
    messages = [row["messageId"] for row in whole.records["message_summaries"]]
    answers.only = set(draw.sample(messages, draw.randint(1, len(messages))))
    answers.change = draw.choice(SHORT)
    answers.times = draw.randint(1, 9)
    table: dict[tuple[Any, ...], dict[str, Any]] = {}
    state: dict[str, Any] = {}
    for _ in range(4):
        done = extract_from(
            box, streams=draw.choice([STREAMS, BOTH]), state=state, window_days=draw.choice([40, 90])
        )
        table |= done.merged("message_activity")
        state = done.state
        if answers.asked and all(answers.asked[one] > answers.times for one in answers.only):
            break
        answers.times -= 3
    assert table.keys() == whole.merged("message_activity").keys()


@pytest.mark.parametrize(
    ("rows", "summary", "short"),
    [
        ((10, 1, 1), (10, 1, 1), False),
        ((11, 2, 2), (10, 1, 1), False),
        ((9, 1, 1), (10, 1, 1), True),
        ((10, 0, 1), (10, 1, 1), True),
        ((10, 1, 0), (10, 1, 1), True),
        ((0, 0, 0), (0, 0, 0), False),
    ],
)
def test_less_is_short_and_more_is_not(
    rows: tuple[int, int, int], summary: tuple[int, int, int], *, short: bool
) -> None:
    assert Counts(*rows).short_of(Counts(*summary)) is short


@pytest.mark.parametrize("row", [{}, {"sentCount": None}, {"sentCount": "many", "bounceCount": [1]}])
def test_a_summary_without_numbers_asks_for_nothing(row: dict[str, Any]) -> None:
    assert Counts.of_summary(row) == Counts()


def test_a_hold_without_a_time_or_a_bookmark_leaves_none() -> None:
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415 - only here

    state: dict[str, Any] = {}
    marks = Bookmarks(state, started_at=datetime(2026, 6, 30, tzinfo=UTC))
    assert marks.hold("message_activity", (("listId", 7),), None, longest=timedelta(days=31))
    marks.advance("message_activity", (("listId", 7),), replication_key=None)
    assert "replication_key_value" not in str(state)
