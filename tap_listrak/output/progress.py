"""Says every few seconds where a long run is."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

logger = logging.getLogger("tap-listrak")

SECONDS = 5.0


class Progress:
    """Counts rows and logs a line now and then.

    Args:
        requests: Tells how many requests have been made so far.
        seconds: How often a line is logged, at most.
    """

    def __init__(self, requests: Callable[[], int], seconds: float = SECONDS) -> None:
        self._requests = requests
        self._seconds = seconds
        self._begun = self._said = time.monotonic()
        self._rows = 0
        self._rows_said = 0

    def rows(self, stream: str, partition: Mapping[str, object], count: int) -> None:
        """Note that rows of a stream were written.

        Args:
            stream: The stream's name.
            partition: The list (or sender code) that they belong to.
            count: How many.
        """
        self._rows += count
        if time.monotonic() - self._said >= self._seconds:
            where = ", ".join(f"{name} {value}" for name, value in partition.items())
            self.say(f"At {stream}{f' of {where}' if where else ''}")

    def say(self, where: str) -> None:
        """Log where the run is: rows and requests since its beginning, and the pace since the last line.

        Args:
            where: How the line begins.
        """
        now = time.monotonic()
        pace = (self._rows - self._rows_said) / max(now - self._said, 0.001)
        seconds = now - self._begun
        logger.info(
            "%s: %d rows, %d requests, %.0f s, %.0f rows/s",
            where,
            self._rows,
            self._requests(),
            seconds,
            pace,
        )
        self._said, self._rows_said = now, self._rows
