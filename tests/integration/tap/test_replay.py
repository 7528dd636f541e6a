"""Two years in the life of an account, read day by day: what was read adds up to what is there.

How much is played is a setting, the same test at any size: ``LISTRAK_REPLAY_SEEDS`` worlds (20), each read at
``LISTRAK_REPLAY_RUNS`` random moments (5), and ``LISTRAK_REPLAY_DAYS`` days one by one (30) in one of them.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from tap_runs import settings as config_for
from warehouse import Warehouse

from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

SEEDS = range(1, 1 + int(os.environ.get("LISTRAK_REPLAY_SEEDS", "20")))
RUNS = int(os.environ.get("LISTRAK_REPLAY_RUNS", "5"))
DAYS = int(os.environ.get("LISTRAK_REPLAY_DAYS", "30"))

BEGIN, END = datetime(2024, 9, 1, tzinfo=UTC), datetime(2026, 6, 30, 12, tzinfo=UTC)
SETTLED = timedelta(days=31)
"""The activity window and its day of grace."""

FOLLOWED = {"message_activity": "sendDate", "transactional_message_activity": "sendDate"}
"""What the default settings follow by age: up to date once the window has passed, and complete before
that."""
BY_MESSAGE = {"message_links", "message_summaries", "message_details", "message_statuses"}
"""What is read whole with its message's ages."""


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        yield running


def begin(sandbox: RunningSandbox, seed: int) -> None:
    """Begin anew. Imports are kept: what has been purged would be in the runs of earlier days only."""
    sandbox.reset(seed=seed, scale="tiny")
    sandbox.settings(imports_kept_days=0)


def moments(seed: int) -> list[datetime]:
    """Random moments to run at: some a few hours apart, some months, the last one at the end."""
    draw = random.Random(seed)
    seconds = int((END - BEGIN).total_seconds())
    some = [BEGIN + timedelta(seconds=draw.randrange(seconds)) for _ in range(RUNS - 2)]
    near = draw.choice(some) + timedelta(hours=draw.randrange(1, 60))
    return [*sorted([*some, min(near, END - timedelta(hours=1))]), END]


@dataclass(frozen=True)
class Readings:
    """What was read of one world.

    Attributes:
        every_run: At all moments, with ``activity_refresh: every_run``.
        by_default: At all moments, with the default settings: the streams that depend on these.
        whole: By one run from nothing, at the last moment.
    """

    every_run: Warehouse
    by_default: Warehouse
    whole: Warehouse


def read_at_moments(sandbox: RunningSandbox, seed: int) -> Readings:
    """Read a world at its moments in both ways, and once more from nothing."""
    begin(sandbox, seed)
    read = Readings(
        Warehouse(),
        Warehouse(only=frozenset({"messages", "message_link_clickers", *FOLLOWED, *BY_MESSAGE})),
        Warehouse(),
    )
    for moment in moments(seed):
        sandbox.set_clock(now=moment.isoformat(), frozen=True)
        read.every_run.run(config_for(sandbox, activity_refresh="every_run", window_days=120))
        read.by_default.run(config_for(sandbox, window_days=120))
    read.whole.run(config_for(sandbox, window_days=120))
    return read


def assert_same(read: Warehouse, whole: Warehouse, streams: set[str]) -> None:
    for stream in sorted(streams):
        found, there = read.tables[stream], whole.tables[stream]
        assert found.keys() == there.keys(), (
            f"{stream}: {len(there.keys() - found.keys())} lost, {len(found.keys() - there.keys())} too many"
        )
        differ = [key for key in there if found[key] != there[key]]
        assert not differ, f"{stream}: {len(differ)} of {len(there)} rows are not up to date"


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_read_in_many_runs_equals_what_one_run_reads(tiny: RunningSandbox, seed: int) -> None:
    read = read_at_moments(tiny, seed)
    assert_same(read.every_run, read.whole, set(read.whole.keys))
    assert_settled_is_up_to_date(read.by_default, read.whole)


def assert_settled_is_up_to_date(read: Warehouse, whole: Warehouse) -> None:
    """With the default settings all is there, and up to date once the activity window has passed."""
    assert_same(read, whole, {"messages", "message_link_clickers"})
    for stream, date in FOLLOWED.items():
        found, there = read.tables[stream], whole.tables[stream]
        assert found.keys() == there.keys(), f"{stream}: not every recipient is there"
        for key, record in there.items():
            sent = datetime.fromisoformat(record[date])
            if sent + SETTLED <= END:
                assert found[key] == record, f"{stream}: sent {sent}, and not up to date"
            assert found[key]["activityDate"] == record["activityDate"], (
                f"{stream}: a first activity is missing"
            )
    sent_by_message = {key: record["sendDate"] for key, record in whole.tables["messages"].items()}
    for stream in BY_MESSAGE:
        found, there = read.tables[stream], whole.tables[stream]
        assert found.keys() == there.keys()
        for key, record in there.items():
            if datetime.fromisoformat(sent_by_message[key[:2]]) + SETTLED <= END:
                assert found[key] == record, f"{stream}: not up to date"


def test_read_day_by_day_the_state_does_not_grow_with_the_number_of_messages(tiny: RunningSandbox) -> None:
    begin(tiny, 1)
    read = Warehouse()
    sizes = []
    for day in range(DAYS + 1):
        tiny.set_clock(now=(END - timedelta(days=DAYS - day)).isoformat(), frozen=True)
        read.run(config_for(tiny))
        sizes.append((len(read.tables["messages"]), len(msgspec.json.encode(read.state))))
    whole = Warehouse()
    whole.run(config_for(tiny))
    assert {stream: set(rows) for stream, rows in read.tables.items()} == {
        stream: set(rows) for stream, rows in whole.tables.items()
    }
    assert sizes[-1][0] > sizes[0][0]
    assert sizes[-1][1] == sizes[0][1]
