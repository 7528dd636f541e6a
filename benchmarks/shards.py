"""Several processes at once: shards side by side, and one rate that they share."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from benchmarks import measure
from benchmarks.jobs import CONNECTIONS, LATENCY_MS, OURS, Contender, Job, tap_command
from benchmarks.prepared import Shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.jobs import Place

PROCESSES = 4
RATE = 200
SHARD = Shape(messages=40)
SMALL = Shape(messages=40, recipients=100)


def side_by_side() -> Job:
    """Make the job of two shards of one size, at once and one after the other."""
    contenders = (
        Contender(OURS, "both at once", _several(2, " & "), _rows),
        Contender("in-turn", "one after the other", _several(2, " && "), _rows),
    )
    title = (
        f"Two shards, each {SHARD.messages} messages of {SHARD.recipients:,} activity rows; "
        f"{LATENCY_MS:.0f} ms latency, {CONNECTIONS} in flight each"
    )
    expected = 2 * (1 + sum(SHARD.counts().values()))
    return Job("shards", title, {"messages": SHARD.messages, "latency_ms": LATENCY_MS}, expected, contenders)


def shared_rate() -> Job:
    """Make the job of four processes that share a rate, against the same four one after the other."""
    contenders = (
        Contender(OURS, f"{PROCESSES} processes at once, rate_limit_url (SQLite)", _limited(" & "), _rows),
        Contender(
            "in-turn", "the same, one after the other, each with all of the rate", _limited(" && "), _rows
        ),
    )
    title = (
        f"{PROCESSES} processes that read {SMALL.messages} messages each, {RATE} requests a second for all"
    )
    options = {"messages": SMALL.messages, "recipients": SMALL.recipients}
    expected = PROCESSES * (1 + sum(SMALL.counts().values()))
    return Job("rate", title, options, expected, contenders)


def _several(number: int, between: str, **settings: object) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        one = shlex.join(tap_command(place, **settings))
        runs = between.join(f"{one} > rows-{index} 2> log-{index}" for index in range(number))
        return ["bash", "-ec", f"{runs}; wait; cat {' '.join(f'rows-{index}' for index in range(number))}"]

    return command


def _limited(between: str) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        url = f"sqlite:///{place.folder / 'rate.sqlite'}"
        return _several(PROCESSES, between, requests_per_second=RATE, rate_limit_url=url)(place)

    return command


def _rows(run: measure.Run, place: Place) -> int:
    del place
    return sum(measure.records(run.output).values())
