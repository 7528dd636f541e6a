"""A daily run asks for what is within the activity window, however long the history is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import time_machine
from tap_runs import settings as config_for
from warehouse import Warehouse

from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST = datetime(2024, 6, 30, 12, tzinfo=UTC)
"""When the sandbox's accounts sent their first messages."""
DOCUMENT = Path(__file__).parents[3] / "docs" / "incremental.md"
YEARS = (1, 2, 4)

# The clock is set to days on which the SDK no longer supports today's Python.
pytestmark = pytest.mark.filterwarnings("ignore:Python 3")


@pytest.fixture(scope="module")
def figures() -> Iterator[dict[int, tuple[int, int, int]]]:
    """Messages there are, requests of the first run, and of a run a day later, by years of history."""
    with running_sandbox(scale="tiny") as sandbox:
        yield {years: measure(sandbox, OLDEST + timedelta(days=365 * years)) for years in YEARS}


def measure(sandbox: RunningSandbox, day: datetime) -> tuple[int, int, int]:
    sandbox.reset(seed=1, scale="tiny")
    read, counts = Warehouse(), []
    for moment in (day, day + timedelta(days=1)):
        sandbox.set_clock(now=moment.isoformat(), frozen=True)
        sandbox.forget_requests()
        # The tap takes the earlier of its own clock and Listrak's, and some of these days are yet to come.
        with time_machine.travel(moment, tick=True):
            read.run(config_for(sandbox))
        counts.append(int(sandbox.requests()["total"]))
    return len(read.tables["messages"]), *counts  # type: ignore[return-value]


def table(figures: dict[int, tuple[int, int, int]]) -> str:
    lines = ["| History | Messages | Requests of the first run | Requests a day later |", "|---|---|---|---|"]
    for years, row in figures.items():
        name = f"{years} year" + ("s" if years > 1 else "")
        lines.append(f"| {name} | " + " | ".join(f"{one:,}" for one in row) + " |")
    return "\n".join(lines)


def test_the_requests_of_a_daily_run_do_not_grow_with_the_history(
    figures: dict[int, tuple[int, int, int]],
) -> None:
    first = [row[1] for row in figures.values()]
    daily = [row[2] for row in figures.values()]
    assert first[-1] > 2 * first[0]
    assert max(daily) < 1.2 * min(daily)


def test_the_document_shows_these_figures(figures: dict[int, tuple[int, int, int]]) -> None:
    assert table(figures) in DOCUMENT.read_text("utf-8")
