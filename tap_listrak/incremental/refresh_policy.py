"""What a run reads of a message's activity, links and summaries: nothing, what is new, or everything.

The decision depends on dates only, so that the state stays small.

A message *settles* when its attribution window and a day of grace have passed. From then on its child records
are no longer read. Until then, every run reads what became active since the bookmark. It reads everything
again whenever the message's age passes one of the refresh ages, because counters, bounces and order totals of
rows that were active before change without a change of any date that Listrak filters by.

A full read can also be forced from outside: if a message's activity has fewer rows than its summary says,
`sync.reconciliation` holds the bookmark at the message, so that the message is new to the next run.

Two times decide, both UTC. *last* is the bookmark, where the next run continues exactly. Settling and refresh
ages are compared with it, so that each is due once. *since* is the bookmark less the overlap. Whether a
message is new is compared with that, because a message's own date may be hours off: its zone is a setting,
and Listrak may show it late.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

GRACE = timedelta(days=1)
"""How long after its attribution window a message is still read: reports lag, clocks and zones differ."""


HALF_DAY = timedelta(hours=12)


class ReadScope(Enum):
    """What to ask for."""

    NONE = "none"
    """Nothing: all of it has been read, and it no longer changes."""
    SINCE = "since"
    """What happened since the bookmark."""
    ALL = "all"
    """All of it."""


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """What earlier runs have read of a stream and partition.

    Args:
        last: The bookmark: the time up to which everything has been read (UTC); None if nothing has.
        since: The time from which things count as new: the bookmark less the overlap, or ``start_date`` if
            that is later (UTC); None only if ``last`` is.
    """

    last: datetime | None = None
    since: datetime | None = None

    def is_new(self, sent: datetime | None) -> bool:
        """Return whether something may have been sent since the last run; without a date it may have been."""
        return sent is None or self.since is None or sent >= self.since


@dataclass(frozen=True, slots=True)
class ActivityPolicy:
    """How long messages are followed, and how often their reports are read in full.

    Args:
        window: The attribution window (``activity_window_days``).
        ages: The ages at which reports are read in full again (``activity_refresh_days``). Ages above the
            window are ignored; the window's end always counts.
        every_run: Read everything in every run (``activity_refresh: every_run``).
    """

    window: timedelta
    ages: tuple[timedelta, ...] = ()
    every_run: bool = False

    @property
    def lookback(self) -> timedelta:
        """How far before the bookmark messages are asked for, so that all unsettled ones are included."""
        return self.window + GRACE

    @property
    def refresh_ages(self) -> tuple[timedelta, ...]:
        """The ages that count, in order; the window's end is always the last."""
        return (*sorted(age for age in set(self.ages) if timedelta(0) < age < self.window), self.window)

    def settled(self, sent: datetime | None, last: datetime | None) -> bool:
        """Return whether a message is settled: it needs no further reading.

        Args:
            sent: When the message was sent (UTC); None if unknown, which never settles.
            last: Up to when everything has been read (UTC); None if nothing has.
        """
        return sent is not None and last is not None and sent + self.lookback <= last

    def report_scope(self, sent: datetime | None, history: ReadHistory, now: datetime) -> ReadScope:
        """Return what to read of a report whose rows change: activity, links, summaries.

        Args:
            sent: When the message was sent (UTC); None if unknown.
            history: What earlier runs have read.
            now: The run's start (UTC).

        Returns:
            ``ALL`` for a message sent since the last run, for an unsettled one that passed a refresh age
            between then and now, and for every unsettled one with ``every_run``; ``SINCE`` for the other
            unsettled ones; else ``NONE``.
        """
        if history.last is None or history.is_new(sent):
            return ReadScope.ALL
        if sent is None or self.settled(sent, history.last):
            return ReadScope.NONE
        passed = any(history.last < sent + age <= now for age in self.refresh_ages)
        return ReadScope.ALL if passed or self.every_run else ReadScope.SINCE

    def event_scope(self, sent: datetime | None, history: ReadHistory) -> ReadScope:
        """Return what to read of a report whose rows never change: clickers.

        Args:
            sent: When the message was sent (UTC); None if unknown.
            history: What earlier runs have read.
        """
        if history.last is None or history.is_new(sent):
            return ReadScope.ALL
        return ReadScope.NONE if self.settled(sent, history.last) else ReadScope.SINCE

    def slices(
        self, since: datetime, last: datetime, now: datetime
    ) -> list[tuple[datetime, datetime | None]]:
        """Return the ranges of send dates whose activity is due to be read in full.

        This is the decision of `report_scope` for a message that keeps sending: the sends since the bookmark
        less the overlap, and those that passed a refresh age between the bookmark and now. With ``every_run``
        that is everything that has not settled.

        Here the sends of half a day pass an age together, half a day after the youngest of them. So a run an
        hour after the last one reads one range, not an hour at each age. And the sends have reached the age
        also if Listrak reads the ends of the range as wall time west of Greenwich. The day of grace covers
        the difference.

        Args:
            since: From when on sends count as new: the bookmark less the overlap (UTC).
            last: Up to when everything has been read: the bookmark (UTC).
            now: The run's start (UTC).

        Returns:
            Start and end (None: no upper end) of each range, in order. They neither touch nor overlap.
        """
        if self.every_run:
            return [(since - self.lookback, None)]
        ranges: list[tuple[datetime, datetime | None]] = []
        passed = [
            (_half_day(last - age - HALF_DAY), _half_day(now - age - HALF_DAY))
            for age in reversed(self.refresh_ages)
        ]
        for start, end in (*((start, end) for start, end in passed if start < end), (since, None)):
            before = ranges[-1][1] if ranges else None
            if before is not None and start <= before:
                ranges[-1] = (ranges[-1][0], end and max(before, end))
            else:
                ranges.append((start, end))
        return ranges


def _half_day(instant: datetime) -> datetime:
    """Return the last 06:00 or 18:00 (UTC) before a time: in no zone are clocks changed near that.

    So the end of one run's range and the begin of the next one's are the same instant, in whatever zone
    Listrak reads them.
    """
    begun = (instant - timedelta(hours=6)).replace(minute=0, second=0, microsecond=0)
    return begun.replace(hour=begun.hour // 12 * 12) + timedelta(hours=6)
