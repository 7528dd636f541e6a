"""The report at the end of a run: a table of the streams, and their bookmarks."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tap_listrak.incremental.bookmarks import format_bookmark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tap_listrak.incremental.bookmarks import Partition
    from tap_listrak.output.metrics import RunCounter, RunTimer

logger = logging.getLogger("tap-listrak")

SHOWN = 12
"""How many streams have a line of their own: those that took the most time."""

BEHIND_SHOWN = 5
"""How many of the bookmarks that did not reach the end of the run are named."""

LOOK_UPS = "(look-ups)"
"""The name under which requests are counted that no stream has made."""


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of one stream.

    Args:
        stream: Its name.
        rows: Records written.
        requests: Requests, retries included.
        retries: Of these, the repeated ones.
        seconds: Time for its own pages, from waiting for them to writing them.
    """

    stream: str
    rows: int
    requests: int
    retries: int
    seconds: float

    def __str__(self) -> str:
        """Return a line of the table."""
        return f"{self.stream:<36}{self.rows:>12,}{self.requests:>10,}{self.retries:>9,}{self.seconds:>9.1f}"


class CountedStream(Protocol):
    """A stream with its measurements."""

    name: str
    counter: RunCounter
    timer: RunTimer

    @property
    def active_children(self) -> Sequence[CountedStream]:
        """The children that are read in this run."""


class RequestCounts:
    """Counts requests by the stream that they are made for. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current = threading.local()
        self.begun = time.monotonic()
        self.requests: Counter[str] = Counter()
        self.retries: Counter[str] = Counter()
        self.nul_characters: Counter[str] = Counter()

    @contextmanager
    def of(self, stream: str) -> Iterator[None]:
        """Count the requests of this thread for a stream."""
        self._current.stream = stream
        try:
            yield
        finally:
            self._current.stream = LOOK_UPS

    def count(self, _route: object, observation: Any) -> None:  # noqa: ANN401 - see `Client.observer`
        """Count a request."""
        stream = getattr(self._current, "stream", LOOK_UPS)
        with self._lock:
            self.requests[stream] += 1
            self.retries[stream] += bool(observation.retry)
            if observation.nul_characters:
                self.nul_characters[stream] += observation.nul_characters

    def log_nul_characters(self) -> None:
        """Log how many NUL characters were removed, if any were."""
        if self.nul_characters:
            counts = [f"{name} ({count})" for name, count in sorted(self.nul_characters.items())]
            logger.warning(
                "%d NUL characters were removed from Listrak's texts: databases cannot store them. %s",
                self.nul_characters.total(),
                ", ".join(counts),
            )


def table(streams: Iterable[CountedStream], counted: RequestCounts) -> list[str]:
    """Return the closing table, line by line.

    Args:
        streams: The streams that were read, parents among them.
        counted: The run's requests.
    """
    lines = [
        Line(
            stream.name,
            stream.counter.total,
            counted.requests[stream.name],
            counted.retries[stream.name],
            max(stream.timer.elapsed() - sum(child.timer.elapsed() for child in stream.active_children), 0.0),
        )
        for stream in streams
    ]
    if counted.requests[LOOK_UPS]:
        lines.append(Line(LOOK_UPS, 0, counted.requests[LOOK_UPS], counted.retries[LOOK_UPS], 0.0))
    lines.sort(key=lambda line: (line.seconds, line.rows), reverse=True)
    shown, others = lines[:SHOWN], sorted(lines[SHOWN:], key=lambda line: line.stream)
    head = f"{'stream':<36}{'rows':>12}{'requests':>10}{'retries':>9}{'seconds':>9}"
    result = [head, *map(str, shown)]
    if others:
        result.append(str(_sum(f"{len(others)} others", others)))
    total = _sum("total", lines)
    result.append(
        str(Line("total", total.rows, total.requests, total.retries, time.monotonic() - counted.begun))
    )
    if others:
        result.append("Rows of the others: " + ", ".join(f"{one.stream} {one.rows:,}" for one in others))
    return result


def bookmarks_line(
    streams: Iterable[str], moved: Mapping[tuple[str, Partition], datetime], until: datetime
) -> str | None:
    """Return a sentence about the bookmarks that moved; None if no stream that was read has any.

    Args:
        streams: The streams of the run that have bookmarks.
        moved: The bookmarks that moved, with their new times.
        until: Up to when the run has read: the time of a bookmark whose list was read completely.
    """
    names = set(streams)
    if not names:
        return None
    if not moved:
        return "No bookmark moved"
    reached = [stream for (stream, _), at in moved.items() if at == until]
    behind = sorted((stream, partition, at) for (stream, partition), at in moved.items() if at != until)
    parts = []
    if reached:
        parts.append(f"{len(reached):,} in {len(set(reached)):,} streams moved to {format_bookmark(until)}")
    parts += [
        f"{stream} {' '.join(f'{name} {value}' for name, value in partition)} only to {format_bookmark(at)}"
        for stream, partition, at in behind[:BEHIND_SHOWN]
    ]
    if len(behind) > BEHIND_SHOWN:
        parts.append(f"{len(behind) - BEHIND_SHOWN:,} others less far")
    if still := sorted(names - {stream for stream, _ in moved}):
        parts.append(f"not moved: {', '.join(still)}")
    return f"Bookmarks: {'; '.join(parts)}"


def _sum(name: str, lines: list[Line]) -> Line:
    return Line(
        name,
        sum(line.rows for line in lines),
        sum(line.requests for line in lines),
        sum(line.retries for line in lines),
        sum(line.seconds for line in lines),
    )
