"""How many people the records of one destination may take off their lists in a run.

A source that breaks (a view without its WHERE, a table that was emptied and captured as deletions, a consent
column that became false) names everybody. Mirrors have a limit of their own (`max_removed_share`).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from listrak_api.errors import ListrakError

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run

__all__ = ["RemovalLimitError", "Removals"]


class RemovalLimitError(ListrakError):
    """Records would remove more people than `max_removed` allows; those of the batch were not removed."""


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
        most = destination.option("max_removed")
        if self._removed + rows <= most:
            return
        would = count()
        if self._removed + would <= most:
            return
        text = (
            f"records of this run would remove {self._removed + would:,} people or more, and no more than"
            f" {most:,} are allowed. {self._removed:,} were removed before, none of the others"
        )
        problem = destination.error("max_removed", text)
        hint = "If they are to be removed, raise max_removed for one run. If not, fix the source."
        raise RemovalLimitError(problem.message, hint=hint)

    def add(self, people: int) -> None:
        """Count people who were removed."""
        with self._lock:
            self._removed += people
