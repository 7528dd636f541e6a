"""Whatever zone an account has, however it reads the dates of requests: nothing is lost, times are true.

Each case is a world, a zone, a reading, a clock change and a distance between runs. How many are played is a
setting, the same test at any size: ``LISTRAK_ZONES_CASES`` random ones (3) beside the fixed ones, each with
``LISTRAK_ZONES_RUNS`` runs (5).
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tap_runs import settings as config_for
from warehouse import Record, Warehouse

from listrak_api.dates import find_zone, from_wall_time, to_wall_time
from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = int(os.environ.get("LISTRAK_ZONES_CASES", "3"))
RUNS = int(os.environ.get("LISTRAK_ZONES_RUNS", "5"))

ZONES = ("America/New_York", "America/Los_Angeles", "UTC")
READINGS = ("offset_honoured", "offset_dropped", "read_as_utc")
CHANGES = (datetime(2025, 11, 2, 6, tzinfo=UTC), datetime(2025, 3, 9, 7, tzinfo=UTC))
"""When the clocks of New York were set back, and forward."""
GAPS = (timedelta(minutes=10), timedelta(hours=1), timedelta(days=1), timedelta(days=30))
STREAMS = frozenset(
    {
        "contacts",
        "messages",
        "message_activity",
        "message_link_clickers",
        "conversation_message_activity",
        "conversation_message_link_clickers",
        "transactional_message_activity",
        "list_imports",
        "list_import_contacts",
        "split_test_messages",
    }
)
"""What is read by date, or stops being read by date."""


@dataclass(frozen=True)
class Case:
    """An account, and how it is read.

    Args:
        seed: The world's.
        zone: The account's zone.
        reading: What it takes the dates of requests for.
        change: The clock change that the runs lie around.
        gap: Between two runs.
        timezone: The tap's setting; the account's zone if it is right.
    """

    seed: int
    zone: str
    reading: str
    change: datetime
    gap: timedelta
    timezone: str

    def moments(self) -> list[datetime]:
        """When the tap runs: around the clock change, in the same distance."""
        first = self.change - self.gap * (RUNS / 2) + timedelta(minutes=7)
        return [first + self.gap * number for number in range(RUNS)]


def drawn(number: int) -> Case:
    draw = random.Random(number)
    zone = draw.choice(ZONES)
    return Case(
        seed=number,
        zone=zone,
        reading=draw.choice(READINGS),
        change=draw.choice(CHANGES),
        gap=draw.choice(GAPS),
        timezone=zone if draw.random() < 0.6 else draw.choice(ZONES),
    )


FIXED = (
    Case(1, "America/New_York", "offset_dropped", CHANGES[0], timedelta(hours=1), "America/New_York"),
    Case(2, "America/New_York", "offset_dropped", CHANGES[1], timedelta(days=1), "America/New_York"),
    Case(3, "America/Los_Angeles", "offset_dropped", CHANGES[0], timedelta(days=1), "UTC"),
)


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        yield running


def play(sandbox: RunningSandbox, case: Case) -> tuple[Warehouse, Warehouse, Warehouse]:
    """Run at each moment, then once from nothing, then once as an account in UTC would be read exactly."""
    sandbox.reset(seed=case.seed, scale="tiny")
    # Imports are kept: what has been purged would be in the runs of earlier days only.
    sandbox.settings(answer_time_zone=case.zone, query_dates=case.reading, imports_kept_days=0)
    read, whole, exact = (Warehouse(only=STREAMS) for _ in range(3))
    # Windows that are longer than the runs are apart, and many of them in the first run.
    config = {"timezone": case.timezone, "window_days": 40}
    for moment in case.moments():
        sandbox.set_clock(now=moment.isoformat(), frozen=True)
        read.run(config_for(sandbox, **config))
    whole.run(config_for(sandbox, **config))
    sandbox.settings(answer_time_zone="UTC", query_dates="offset_honoured")
    exact.run(config_for(sandbox, timezone="UTC"))
    return read, whole, exact


def as_shown(instant: str, case: Case) -> str:
    """What a record says of an instant: of two with one wall time the first; shifted if the zone is wrong."""
    if instant.startswith("0001"):
        return instant
    moment = datetime.fromisoformat(instant)
    shown = from_wall_time(to_wall_time(moment, find_zone(case.zone)), find_zone(case.timezone))
    return (
        shown.replace(tzinfo=None).isoformat(timespec="microseconds" if "." in instant else "seconds") + "Z"
    )


def dated(record: Record, case: Case | None = None) -> Record:
    """A record, its dates as a case shows them."""
    return {
        name: as_shown(value, case)
        if case and isinstance(value, str) and value[10:11] == "T" and value[-1:] == "Z"
        else value
        for name, value in record.items()
    }


@pytest.mark.parametrize("case", [*FIXED, *map(drawn, range(1, CASES + 1))], ids=str)
def test_all_runs_together_have_what_one_has_and_its_times_are_true(tiny: RunningSandbox, case: Case) -> None:
    read, whole, exact = play(tiny, case)
    for stream in sorted(STREAMS):
        found, there = read.tables[stream], whole.tables[stream]
        lost, many = len(there.keys() - found.keys()), len(found.keys() - there.keys())
        assert (lost, many) == (0, 0), f"{stream}: {lost} lost, {many} too many"
        assert there, f"{stream} shows nothing"
    for stream in sorted(STREAMS):
        keys = exact.keys[stream]
        shown = [dated(record, case) for record in exact.tables[stream].values()]
        there = whole.tables[stream]
        assert {tuple(one[name] for name in keys) for one in shown} >= there.keys(), stream
        for one in shown:
            record = there.get(tuple(one[name] for name in keys))
            # Of a message that a wrong zone lets appear to be scheduled nothing is asked for yet.
            assert record == one or case.timezone != case.zone or stream == "contacts", stream
