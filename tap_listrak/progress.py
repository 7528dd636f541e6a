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
        now = time.monotonic()
        if now - self._said >= self._seconds:
            where = ", ".join(f"{name} {value}" for name, value in partition.items())
            logger.info(
                "At %s%s: %d rows, %d requests, %.0f rows/s",
                stream,
                f" of {where}" if where else "",
                self._rows,
                self._requests(),
                (self._rows - self._rows_said) / (now - self._said),
            )
            self._said, self._rows_said = now, self._rows

    def finish(self) -> None:
        """Log the run's totals."""
        seconds = time.monotonic() - self._begun
        logger.info("Done: %d rows, %d requests, %.1f s", self._rows, self._requests(), seconds)
