"""The sandbox's own clock: it starts on a fixed day, runs in real time, and can be set, moved and frozen."""

from __future__ import annotations

import re
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

START = datetime(2026, 6, 30, 12, 0, 0, tzinfo=UTC)
"""The time of every sandbox's clock when it starts. The world is generated relative to this instant."""

_MONTH_FIRST = re.compile(r"\d\d-\d\d-(\d{4}|\d\d)", re.ASCII)


class Clock:
    """The clock of sandbox time (UTC). Safe to read from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._base = START
        self._since = time.monotonic()
        self._frozen = False

    @property
    def frozen(self) -> bool:
        """Whether the clock is stopped."""
        return self._frozen

    def now(self) -> datetime:
        """Return sandbox time as an aware UTC datetime."""
        with self._lock:
            return self._now()

    def _now(self) -> datetime:
        if self._frozen:
            return self._base
        return self._base + timedelta(seconds=time.monotonic() - self._since)

    def set(
        self, *, now: datetime | None = None, frozen: bool | None = None, advance_seconds: float = 0.0
    ) -> datetime:
        """Move the clock: first to `now`, then on by `advance_seconds`, then freeze it or let it run.

        Returns:
            The time after the change.
        """
        with self._lock:
            self._base = (self._now() if now is None else now) + timedelta(seconds=advance_seconds)
            self._since = time.monotonic()
            if frozen is not None:
                self._frozen = frozen
            return self._base

    def reset(self) -> None:
        """Set the clock to `START`, and let it run."""
        self.set(now=START, frozen=False)


def http_date(instant: datetime) -> str:
    """Write a UTC instant as the HTTP ``Date`` header wants it."""
    return format_datetime(instant, usegmt=True)


def parse_wall_time(text: str) -> datetime:
    """Read a date or date-time as it is written: aware if it has an offset, else naive.

    Accepts ISO 8601 with ``Z`` or an offset and any number of decimals, ``MM-DD-YYYY`` and ``MM-DD-YY``.

    Raises:
        ValueError: `text` is neither.
    """
    text = text.strip()
    if _MONTH_FIRST.fullmatch(text):
        month, day, year = text.split("-")
        return datetime.strptime(f"{month}-{day}-{year}", f"%m-%d-%{'Y' if len(year) > 2 else 'y'}")  # noqa: DTZ007, PLR2004  the caller knows the zone; two digits or four
    # A plus sign that was not percent-encoded arrives as a space.
    return datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)


def parse_instant(text: str) -> datetime:
    """Read a date or date-time (see `parse_wall_time`) as UTC; without an offset it is UTC already.

    Raises:
        ValueError: `text` is neither.
    """
    instant = parse_wall_time(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def text_of(instant: datetime) -> str:
    """Write a UTC instant the way most of Listrak's answers do: no offset, seven decimals if any."""
    naive = instant.astimezone(UTC).replace(tzinfo=None)
    text = naive.isoformat(timespec="microseconds" if naive.microsecond else "seconds")
    return f"{text}0" if naive.microsecond else text
