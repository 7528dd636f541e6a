"""Limits how many people the records of one destination may take off their lists in a run.

A source that breaks (a view without its WHERE, a table that was emptied and captured as deletions, a consent
column that became false) names everybody. Mirrors have a limit of their own (`max_removed_share`).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from target_listrak.delivery.limits import LimitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run

__all__ = ["RemovalLimitError", "Removals"]


class RemovalLimitError(LimitError):
    """Records would remove more people than `max_removed` allows. Nobody of the batch was removed."""


class Removals:
    """The people whom the records of one destination removed in this run. Thread safe.

    One for each destination: `run.session(Removals, destination.label)`.
    """

    def __init__(self, run: Run) -> None:
        del run
        self._lock = threading.Lock()
        self._removed = 0

    def allow(self, destination: Destination, rows: int, count: Callable[[], int]) -> None:
        """Check the limit before a batch is sent.

        Args:
            destination: The destination.
            rows: How many rows of the batch would remove somebody.
            count: Counts how many of them are members now, by asking Listrak. Only called if `rows` are too
                many: most people that a source names may have left long ago.

        Raises:
            RemovalLimitError: More people would be removed than `max_removed` allows.
        """
        limit = destination.option("max_removed")
        if self._removed + rows <= limit:
            return
        members = count()
        if self._removed + members <= limit:
            return
        text = (
            f"records of this run would remove {self._removed + members:,} people or more, and no more than"
            f" {limit:,} are allowed. {self._removed:,} were removed before. Nobody else was removed"
        )
        hint = "If all of them are meant, increase max_removed for one run. If not, fix the source."
        raise RemovalLimitError(destination, "max_removed", text, hint)

    def add(self, people: int) -> None:
        """Count people who were removed."""
        with self._lock:
            self._removed += people
