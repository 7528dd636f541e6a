"""Logs the progress of a long run every few seconds."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

logger = logging.getLogger("tap-listrak")

SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Place:
    """How far a parent stream has got: the record whose children are being read.

    Args:
        number: The record's number on its page, from 1.
        count: Records on that page.
        more: Whether pages of the same window follow.
        until: The end of that window (UTC), unless it is the last one.
        title: The record's name, if it has one.
    """

    number: int
    count: int
    more: bool = False
    until: datetime | None = None
    title: str | None = None

    def __str__(self) -> str:
        """Return the place for a line: ``120 of 437``, ``120 of 437 or more up to 2025-06-30``."""
        return f"{self.number:,} of {self.count:,}{' or more' if self.more else ''}{_up_to(self.until)}"


class Progress:
    """Counts rows and logs a line every few seconds.

    Args:
        requests: Returns how many requests have been made so far.
        seconds: How often a line is logged, at most.
        clock: Returns the time in seconds.
    """

    def __init__(
        self,
        requests: Callable[[], int],
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._requests = requests
        self._seconds = seconds
        self._clock = clock
        self._begun = self._logged = clock()
        self._rows = 0
        self._rows_logged = 0
        self._places: dict[str, Place] = {}

    def reached(self, stream: str, place: Place) -> None:
        """Note the present record of a parent stream, whose children are read next."""
        self._places[stream] = place

    def rows(
        self,
        stream: str,
        partition: Mapping[str, object],
        count: int,
        ancestors: Sequence[str] = (),
        until: datetime | None = None,
    ) -> None:
        """Note that rows of a stream were written.

        Args:
            stream: The stream's name.
            partition: The list (or sender code) that they belong to.
            count: How many.
            ancestors: The streams above it, from the top.
            until: The end of the window that they belong to (UTC), unless it is the last one.
        """
        self._rows += count
        if self._clock() - self._logged < self._seconds:
            return
        places = {name: self._places[name] for name in ancestors if name in self._places}
        where = ", ".join(f"{name} {value}" for name, value in partition.items())
        title = next((place.title for place in places.values() if place.title), None)
        line = f"At {stream}"
        if where:
            line += f" of {where}" + (f" ({title})" if title else "")
        self._log(line + _up_to(until), ", ".join(f"{name} {place}" for name, place in places.items()))

    def _log(self, where: str, left: str) -> None:
        now = self._clock()
        pace = (self._rows - self._rows_logged) / max(now - self._logged, 0.001)
        logger.info(
            "%s: %s rows, %s requests, %.0f s; now %s rows/s%s",
            where,
            f"{self._rows:,}",
            f"{self._requests():,}",
            now - self._begun,
            f"{pace:,.0f}",
            f"; {left}" if left else "",
        )
        self._logged, self._rows_logged = now, self._rows


def _up_to(until: datetime | None) -> str:
    return "" if until is None else f" up to {until:%Y-%m-%d}"
