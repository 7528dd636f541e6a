"""A daily run asks for what is within the activity window, however long the history is."""

from __future__ import annotations

import re
from collections import Counter
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
DOCS = Path(__file__).parents[3] / "docs"
DOCUMENT = DOCS / "incremental.md"
YEARS = (1, 2, 4)
ROWS: dict[datetime, dict[str, int]] = {}
"""Rows of each stream after the first run, by its day."""

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
        if day == moment:
            ROWS[day] = {stream: len(rows) for stream, rows in read.tables.items()}
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


def small_collections(rows: Counter[str]) -> int:
    """Requests of every run that do not depend on messages: the first part of the formulas of sizing.md."""
    links = rows["conversation_message_links"] / max(rows["conversation_messages"], 1)
    return round(
        8
        + 10 * rows["lists"]
        + rows["profile_field_groups"]
        + 2 * rows["conversations"]
        + (4 + links) * rows["conversation_messages"]
        + 1
        + 4 * rows["sender_codes"]
        + 3 * rows["phone_lists"]
        + 1
        + rows["custom_event_configurations"]
    )


def first_run(rows: Counter[str], years: float) -> int:
    """The formula of sizing.md for a first run."""
    links = rows["message_links"] / rows["messages"]
    return round(
        small_collections(rows)
        + 25 * rows["lists"] * years
        + 10 * rows["lists"]
        + rows["split_tests"]
        + rows["saved_messages"]
        + 3 * rows["list_imports"]
        + rows["transactional_messages"]
        + (5 + links) * rows["messages"]
    )


def daily_run(rows: Counter[str], years: float) -> int:
    """The formula of sizing.md for a daily run."""
    links = rows["message_links"] / rows["messages"]
    a_day = rows["messages"] / (365 * years)
    return round(
        small_collections(rows)
        + 3 * rows["lists"]
        + rows["list_imports"]
        + 6 * rows["transactional_messages"]
        + 6 * a_day * (5 + links)
        + 30 * a_day * (2 + links)
    )


EXAMPLES = (
    # Lists, messages a day, recipients of each, contacts
    (1, 0.4, 50_000, 200_000),
    (20, 4.0, 50_000, 2_000_000),
    (200, 20.0, 20_000, 5_000_000),
)
"""The accounts of two years that sizing.md works out."""


def example(lists: int, a_day: float, recipients: int, contacts: int) -> tuple[int, int]:
    """The requests of a first and a daily run of an account that sizing.md shows."""
    messages = round(a_day * 730)
    more_pages = recipients // 5000 - 1
    rows = Counter(
        lists=lists,
        profile_field_groups=5 * lists,
        conversations=2 * lists,
        conversation_messages=8 * lists,
        conversation_message_links=40 * lists,
        list_imports=10 * lists,
        saved_messages=10 * lists,
        split_tests=lists,
        transactional_messages=2 * lists,
        messages=messages,
        message_links=10 * messages,
        sender_codes=2,
        phone_lists=10,
        custom_event_configurations=5,
    )
    first = first_run(rows, 2) + messages * more_pages + contacts // 5000
    return first, round(daily_run(rows, 2) + 6 * a_day * more_pages)


def test_the_examples_of_the_sizing_page_are_the_formulas() -> None:
    page = (DOCS / "sizing.md").read_text("utf-8")
    shown = re.findall(r"^\| \d+ lists?, .* \| ([\d,]+) \| .* \| ([\d,]+) \|", page, re.MULTILINE)
    for cells, account in zip(shown, EXAMPLES, strict=True):
        for cell, computed in zip(cells, example(*account), strict=True):
            assert int(cell.replace(",", "")) == pytest.approx(computed, rel=0.02)


def sizing_table(figures: dict[int, tuple[int, int, int]]) -> str:
    lines = [
        "| History | First run: formula | measured | Daily run: formula | measured |",
        "|---|---|---|---|---|",
    ]
    for years, (_, first, daily) in figures.items():
        rows = Counter(ROWS[OLDEST + timedelta(days=365 * years)])
        name = f"{years} year" + ("s" if years > 1 else "")
        cells = (first_run(rows, years), first, daily_run(rows, years), daily)
        lines.append(f"| {name} | " + " | ".join(f"{one:,}" for one in cells) + " |")
    return "\n".join(lines)


def test_the_formulas_of_the_sizing_page_hold(figures: dict[int, tuple[int, int, int]]) -> None:
    for years, (_, first, daily) in figures.items():
        rows = Counter(ROWS[OLDEST + timedelta(days=365 * years)])
        assert first_run(rows, years) == pytest.approx(first, rel=0.05)
        assert daily_run(rows, years) == pytest.approx(daily, rel=0.05)
    assert sizing_table(figures) in (DOCS / "sizing.md").read_text("utf-8")
