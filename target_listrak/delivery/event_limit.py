"""Limits how many events a run raises: an event may start a journey, which sends messages to people."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from target_listrak.config.kind_options import OPTIONS_BY_KIND
from target_listrak.delivery.limits import LimitError

if TYPE_CHECKING:
    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run

__all__ = ["EventLimit", "EventLimitError"]


class EventLimitError(LimitError):
    """A run would raise more events than `max_events` allows. None of the batch or request was raised."""


class EventLimit:
    """The events that one destination raised in this run. Thread safe.

    One for each destination: `run.session(EventLimit, destination.label)`.
    """

    def __init__(self, run: Run) -> None:
        del run
        self._lock = threading.Lock()
        self._raised = 0

    def claim(self, destination: Destination, count: int) -> None:
        """Count events that are about to be raised by one import or request.

        Args:
            destination: The destination.
            count: How many records raise an event with it.

        Raises:
            EventLimitError: They would exceed `max_events`. They must not be raised, and are not counted.
        """
        with self._lock:
            if self._raised + count > destination.option("max_events"):
                raise self._error(destination, count)
            self._raised += count

    def give_back(self, count: int) -> None:
        """Note that some of the events were not raised: their records were declined or rejected."""
        with self._lock:
            self._raised -= count

    def _error(self, destination: Destination, count: int) -> EventLimitError:
        text = (
            f"{count:,} records would raise an event each, and no more than "
            f"{destination.option('max_events'):,} in a run are allowed. {self._raised:,} events were raised "
            "before. These records raised none"
        )
        hint = "If all of them are meant, increase max_events, and run again."
        if "max_age_days" in OPTIONS_BY_KIND[destination.kind] and "event_date" not in destination.options:
            hint += " To leave out old records, set event_date and max_age_days."
        return EventLimitError(destination, "max_events", text, hint)
