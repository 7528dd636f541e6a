"""World time: seconds in which something may happen, counted from two years before the clock's start.

Nothing in the world is dated between 11:00 and 18:00 UTC, so that runs made soon after the clock's start
(12:00) see a quiet world. World time leaves these seven hours out: a day has 61,200 seconds, and any
arithmetic on world time keeps out of them by itself. Rows visible at an instant are those before it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

DAY = 61_200
"""Seconds of world time in a day: 00:00 to 11:00 and 18:00 to 24:00."""

_QUIET_FROM = 39_600
_QUIET = 25_200
FIRST_DAY = date(2024, 6, 30)
START_TIME = 730 * DAY + _QUIET_FROM
"""World time at which the sandbox's clock starts: 2026-06-30, in the quiet hours."""

NO_DATE = "0001-01-01T00:00:00"
"""How Listrak writes a date that there is not, where it writes no null."""


@lru_cache(maxsize=20_000)
def day_text(day: int) -> str:
    """Write a day of the world as ``2026-06-30``."""
    return (FIRST_DAY + timedelta(days=day)).isoformat()


_MINUTES = [f"T{minute // 60:02}:{minute % 60:02}:" for minute in (*range(660), *range(1080, 1440))]
_SECONDS = [f"{second:02}" for second in range(60)]
_FRACTIONS = [f".{milli:03}0000" for milli in range(1000)]


def milliseconds(time: int) -> int:
    """Return the fraction of a second with which things at this world time are dated."""
    return time * 7919 % 1000


def minute_text(time: int) -> str:
    """Write world time without a fraction: ``2026-06-30T08:15:00``."""
    day, second = divmod(time, DAY)
    return f"{day_text(day)}{_MINUTES[second // 60]}{_SECONDS[second % 60]}"


def text(time: int) -> str:
    """Write world time with its fraction in seven decimals: ``2026-06-30T08:15:23.4370000``."""
    day, second = divmod(time, DAY)
    return f"{day_text(day)}{_MINUTES[second // 60]}{_SECONDS[second % 60]}{_FRACTIONS[time * 7919 % 1000]}"


def date_text(time: int) -> str:
    """Write the day of a world time as ``MM/DD/YYYY``, as profile fields hold dates."""
    return f"{FIRST_DAY + timedelta(days=time // DAY):%m/%d/%Y}"


def world_time(instant: datetime) -> int:
    """Convert an instant to world time: what is dated before it is less than this.

    During the quiet hours the result stands still.
    """
    return -(-position(instant) // 1000)


def position(instant: datetime) -> int:
    """Convert an instant to milliseconds of world time, for comparing with `stamp`.

    Inside the quiet hours it lies just before everything at their end; parts of a millisecond round up,
    so that a row is at or after an instant exactly when its stamp is not less than this.
    """
    instant = instant.astimezone(UTC)
    day = (instant.date() - FIRST_DAY).days
    midnight = datetime(instant.year, instant.month, instant.day, tzinfo=UTC)
    since = instant - midnight
    micro = since // timedelta(microseconds=1)
    milli = -(-micro // 1000)
    quiet_from, quiet_until = _QUIET_FROM * 1000, (_QUIET_FROM + _QUIET) * 1000
    if milli >= quiet_until:
        milli -= _QUIET * 1000
    elif milli > quiet_from:
        milli = quiet_from
    return day * DAY * 1000 + milli


def stamp(time: int) -> int:
    """Return the milliseconds of world time at which `text(time)` is dated."""
    return time * 1000 + time * 7919 % 1000


class Span:
    """A range of dates of a request, compared with stamps.

    Attributes:
        low: Smallest stamp in the range.
        high: First stamp beyond it.
    """

    __slots__ = ("high", "low")

    def __init__(self, start: datetime | None, end: datetime | None, *, end_included: bool = True) -> None:
        self.low = -(10**18) if start is None else position(start)
        if end is None:
            self.high = 10**18
        elif end_included and not _quiet(end):
            # Rows are dated in whole milliseconds: "up to and including" ends one millisecond later.
            self.high = (
                position(end + timedelta(milliseconds=1)) if end.microsecond % 1000 == 0 else position(end)
            )
        else:
            self.high = position(end)

    @property
    def everything(self) -> bool:
        """Whether no date was given at all."""
        return self.low == -(10**18) and self.high == 10**18

    def holds(self, time: int) -> bool:
        """Return whether what happens at this world time is inside (dated with its fraction)."""
        return self.low <= time * 1000 + time * 7919 % 1000 < self.high

    def holds_whole(self, time: int) -> bool:
        """Return whether what happens at this world time is inside (dated without a fraction)."""
        return self.low <= time * 1000 < self.high


def _quiet(instant: datetime) -> bool:
    clock = instant.astimezone(UTC)
    second = clock.hour * 3600 + clock.minute * 60 + clock.second
    return _QUIET_FROM <= second < _QUIET_FROM + _QUIET
