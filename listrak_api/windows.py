"""Windows of time in which a long history is read: one after the other, so it can be interrupted, or at once.

Pure arithmetic: nothing here asks Listrak or reads a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

WIDEST = 4
"""How many times the configured width a window may have after doubling: a year with the default of 90 days.
A killed run has to repeat up to one window, so windows must not grow further."""

MARGIN = timedelta(seconds=1)
"""By how much a window overlaps the one before, because it is not documented for every collection whether
filters include their ends. A row in the overlap is read twice, and merges by its key. It cannot be assigned
to one window by its own date: Listrak may read the dates of requests in another zone than it writes dates."""

NOON = 12
"""The hour at which windows end (UTC). In no zone are clocks changed near this wall time. So the end of one
window and the beginning of the next are the same instant, in whatever zone Listrak reads them. Around a clock
change they would not be: read as US wall time, 02:59:59 and 03:00:01 can be an hour apart."""

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""The begin of the windows if neither a start date nor the list's creation is known. (The first window has no
lower end.)"""


@dataclass(frozen=True, slots=True)
class Window:
    """A range of time that is read as one unit. Once its rows are written, a bookmark may move to its end.

    Args:
        number: 0 for the first window, and so on: windows are read in this order.
        start: Rows from this time on (UTC); None means no lower end.
        end: Rows before this time (UTC); None means no upper end.
        width: Its width, which the following window's is derived from.
        last: Whether no window follows.
    """

    number: int
    start: datetime | None
    end: datetime | None
    width: timedelta
    last: bool = False

    @property
    def ask_from(self) -> datetime | None:
        """The start to put into a query (UTC), the margin included; None for no lower end."""
        return self.start if self.start is None or self.number == 0 else self.start - MARGIN


@dataclass(frozen=True, slots=True)
class Span:
    """All the time that a run reads of one collection, and how to cut it into windows.

    The windows of a span cover it exactly once: each begins where the one before ends. The last one ends at
    ``end_date``. Without that it has no upper end, because scheduled messages are in the future.

    Args:
        start: The earliest time to read (UTC); None means everything.
        until: The latest time that counts as past: the earlier of the run's start and ``end_date`` (UTC).
        end: ``end_date`` if one is set, else None: the last window's upper end.
        width: The configured width of a window (``window_days``).
        created: When the list was created, if known: nothing is older. The first window is extended to that
            time.
    """

    start: datetime | None
    until: datetime
    end: datetime | None
    width: timedelta
    created: datetime | None = None

    def first(self) -> Window | None:
        """Return the first window, or None where the span is empty (it starts after ``end_date``)."""
        if self.start is not None and self.end is not None and self.start >= self.end:
            return None
        base = max((instant for instant in (self.start, self.created) if instant is not None), default=EPOCH)
        return self._window(0, self.start, _noon(base + self.width), self.width)

    def after(self, window: Window, *, empty: bool) -> Window | None:
        """Return the window that follows, or None after the last one.

        Args:
            window: A window of this span.
            empty: Whether it had no rows. Then the next one is twice as wide (up to ``WIDEST`` times the
                width), so that an early start date costs few requests.
        """
        if window.last or window.end is None:
            return None
        width = min(window.width * 2, self.width * WIDEST) if empty else self.width
        return self._window(window.number + 1, window.end, window.end + width, width)

    def _window(self, number: int, start: datetime | None, end: datetime, width: timedelta) -> Window:
        last = end >= self.until
        return Window(number, start, self.end if last else end, width, last)


def divide(start: datetime, until: datetime, parts: int) -> list[Window]:
    """Divide all of time into windows that may be read in any order, or at once.

    Together they cover every instant, in whatever zone Listrak reads a query's dates. The first has no lower
    end, the last no upper end, and each begins where the one before ends.

    Args:
        start: The begin of the range that is divided equally (UTC). The first window has
            everything older too.
        until: The end of that range. The last window has everything younger too.
        parts: How many to make; fewer where they would be narrower than a day.
    """
    step = max((until - start) / parts, timedelta(days=1))
    ends = sorted({_noon(start + step * number) for number in range(1, parts)})
    bounds: list[datetime | None] = [None, *(one for one in ends if start < one < until), None]
    last = len(bounds) - 2
    return [
        Window(number, bounds[number], bounds[number + 1], step, last=number == last)
        for number in range(last + 1)
    ]


def divide_again(window: Window, until: datetime, parts: int) -> list[Window]:
    """Divide a window of `divide` into narrower ones that cover it.

    Args:
        window: The window.
        until: The latest time that counts as past (UTC).
        parts: How many to make.

    Returns:
        The narrower windows; only the given one where it cannot be divided.
    """
    start, end = window.start or EPOCH, window.end or until
    inner = [one.end for one in divide(start, end, parts) if one.end is not None]
    bounds = [window.start, *inner, window.end]
    # Numbers other than 0, so that windows with a start overlap the window before.
    return [
        Window(
            max(window.number, place),
            low,
            bounds[place + 1],
            (end - start) / parts,
            window.last and place == len(inner),
        )
        for place, low in enumerate(bounds[:-1])
    ]


def _noon(instant: datetime) -> datetime:
    """Return the last noon (UTC) before a time."""
    begun = instant - timedelta(hours=NOON)
    return begun.replace(hour=NOON, minute=0, second=0, microsecond=0)
