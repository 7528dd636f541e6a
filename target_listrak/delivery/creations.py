"""Limits how many profile fields and events a run creates in Listrak (`create_missing`)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from listrak_api.errors import Cause
from target_listrak.delivery.limits import LimitError
from target_listrak.values.characters import escaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run

__all__ = ["CreationLimitError", "Creations"]

_SHOWN = 5


class CreationLimitError(LimitError):
    """A run would create more fields or events than `max_created` allows."""

    cause = Cause.SETTINGS


class Creations:
    """What one destination creates in this run. Thread safe.

    One for each destination: `run.session(Creations, destination.label)`.
    """

    def __init__(self, run: Run) -> None:
        del run
        self._lock = threading.Lock()
        self._created = 0

    def allow(self, destination: Destination, names: Sequence[str]) -> None:
        """Count what is about to be created.

        Args:
            destination: The destination.
            names: The names of the fields or events. None is created if this raises an error.

        Raises:
            CreationLimitError: It would exceed `max_created`.
        """
        limit = destination.option("max_created")
        with self._lock:
            if self._created + len(names) > limit:
                raise self._error(destination, names, limit)
            self._created += len(names)

    def _error(self, destination: Destination, names: Sequence[str], limit: int) -> CreationLimitError:
        shown = ", ".join(map(escaped, names[:_SHOWN]))
        shown += f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        text = (
            f"{shown} would be created, and a run creates {limit:,} at most. {self._created:,} were created "
            "before, none of these"
        )
        by_record = "event_from" in destination.options or "field_from" in destination.options
        if by_record:
            alternative = "correct the property that names them"
        else:
            alternative = "name the properties to send in fields"
        hint = f"If all of them are meant, increase max_created. If not, {alternative}."
        return CreationLimitError(destination, "max_created", text, hint)
