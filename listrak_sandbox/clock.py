"""The sandbox's own clock: it starts on a fixed day, runs in real time, and can be set, moved and frozen."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

START = datetime(2026, 6, 30, 12, 0, 0, tzinfo=UTC)
"""Where every sandbox's clock stands when it starts. The world is generated relative to this moment."""


class Clock:
    """A clock that tells sandbox time (UTC). Safe to read from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._base = START
        self._since = time.monotonic()
        self._frozen = False

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._frozen

    def now(self) -> datetime:
        """Tell sandbox time as an aware UTC datetime."""
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
            What the clock tells afterwards.
        """
        with self._lock:
            self._base = (self._now() if now is None else now) + timedelta(seconds=advance_seconds)
            self._since = time.monotonic()
            if frozen is not None:
                self._frozen = frozen
            return self._base

    def reset(self) -> None:
        """Stand at `START` again and run."""
        self.set(now=START, frozen=False)


def http_date(moment: datetime) -> str:
    """Write a UTC moment as the HTTP ``Date`` header wants it."""
    return format_datetime(moment, usegmt=True)


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 date or date-time; without an offset it is UTC.

    Accepts the ``Z`` suffix and more than six decimals of a second, as Listrak sends them.

    Raises:
        ValueError: `text` is no ISO 8601 date or date-time.
    """
    moment = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def text_of(moment: datetime) -> str:
    """Write a UTC moment the way most of Listrak's answers do: no offset, seven decimals if any."""
    naive = moment.astimezone(UTC).replace(tzinfo=None)
    text = naive.isoformat(timespec="microseconds" if naive.microsecond else "seconds")
    return f"{text}0" if naive.microsecond else text
