"""Which request, if any, a message's reports need: decided from dates alone, so that the state stays small.

A message *settles* when its attribution window and a day of grace have passed. What hangs on it is then read
no more. Until then, what became active since the bookmark is read every run, and everything again whenever
the message's age passes one of the refresh ages, because counters, bounces and order totals of rows that were
active already change without changing any date that Listrak filters by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

GRACE = timedelta(days=1)
"""How long after the attribution window a message is still read: reports lag, and clocks differ."""


class Reading(Enum):
    """What to ask for."""

    NONE = "none"
    """Nothing: all of it has been read, and it changes no more."""
    SINCE = "since"
    """What happened since the bookmark."""
    WHOLE = "whole"
    """All of it."""


@dataclass(frozen=True, slots=True)
class ActivityPolicy:
    """How long messages are followed, and how often their reports are read whole.

    Args:
        window: The attribution window (``activity_window_days``).
        ages: The ages at which reports are read whole again (``activity_refresh_days``). Ages above the
            window are ignored; the window's end always counts.
        every_run: Read whole at every run (``activity_refresh: every_run``).
    """

    window: timedelta
    ages: tuple[timedelta, ...] = ()
    every_run: bool = False

    @property
    def lookback(self) -> timedelta:
        """How far before the bookmark messages are asked for, so that every unsettled one is among them."""
        return self.window + GRACE

    @property
    def refresh_ages(self) -> tuple[timedelta, ...]:
        """The ages that count, in order; the window's end is always the last."""
        return (*sorted(age for age in set(self.ages) if timedelta(0) < age < self.window), self.window)

    def settled(self, sent: datetime | None, since: datetime | None) -> bool:
        """Tell whether a message needs no more reading.

        Args:
            sent: When the message was sent (UTC); None if unknown, which never settles.
            since: Up to when everything has been read (UTC); None if nothing has.
        """
        return sent is not None and since is not None and sent + self.lookback <= since

    def report(self, sent: datetime | None, since: datetime | None, now: datetime) -> Reading:
        """Tell what to ask of a report whose rows change: activity, links, summaries.

        Args:
            sent: When the message was sent (UTC); None if unknown.
            since: Up to when everything has been read (UTC); None if nothing has.
            now: The run's start (UTC).

        Returns:
            ``WHOLE`` for a message sent since then, for an unsettled one that passed a refresh age between
            then and now, and for every unsettled one with ``every_run``; ``SINCE`` for the other unsettled
            ones; else ``NONE``.
        """
        if since is None or sent is None or sent >= since:
            return Reading.WHOLE
        if self.settled(sent, since):
            return Reading.NONE
        passed = any(since < sent + age <= now for age in self.refresh_ages)
        return Reading.WHOLE if passed or self.every_run else Reading.SINCE

    def events(self, sent: datetime | None, since: datetime | None) -> Reading:
        """Tell what to ask of a report whose rows never change once they are there: clickers.

        Args:
            sent: When the message was sent (UTC); None if unknown.
            since: Up to when everything has been read (UTC); None if nothing has.
        """
        if since is None or sent is None or sent >= since:
            return Reading.WHOLE
        return Reading.NONE if self.settled(sent, since) else Reading.SINCE

    def slices(self, since: datetime, now: datetime) -> list[tuple[datetime, datetime | None]]:
        """Return the stretches of send dates of which everything is due to be read.

        The decision of `report` for something that keeps sending: the sends since the bookmark, and those
        that passed a refresh age between the bookmark and now (with ``every_run`` all that have not settled).
        Here the sends of one day (UTC) pass an age together, at the end of that day: so a run an hour after
        the last one asks for one stretch, not for an hour at each age. The day of grace covers the
        difference.

        Args:
            since: Up to when everything has been read (UTC).
            now: The run's start (UTC).

        Returns:
            Start and end (None: no upper end) of each stretch, in order; they neither touch nor overlap.
        """
        if self.every_run:
            return [(since - self.lookback, None)]
        stretches: list[tuple[datetime, datetime | None]] = []
        passed = [(_day(since - age), _day(now - age)) for age in reversed(self.refresh_ages)]
        for start, end in (*((start, end) for start, end in passed if start < end), (since, None)):
            before = stretches[-1][1] if stretches else None
            if before is not None and start <= before:
                stretches[-1] = (stretches[-1][0], end and max(before, end))
            else:
                stretches.append((start, end))
        return stretches


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
