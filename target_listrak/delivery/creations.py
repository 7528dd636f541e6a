"""How many profile fields and events a run creates in Listrak (`create_missing`)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from listrak_api.errors import Cause, ListrakError
from target_listrak.values.characters import escaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run

__all__ = ["CreationLimitError", "Creations"]

_SHOWN = 5


class CreationLimitError(ListrakError):
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
        most = destination.option("max_created")
        with self._lock:
            if self._created + len(names) > most:
                raise self._error(destination, names, most)
            self._created += len(names)

    def _error(self, destination: Destination, names: Sequence[str], most: int) -> CreationLimitError:
        shown = ", ".join(map(escaped, names[:_SHOWN]))
        shown += f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        text = (
            f"{shown} would be created, and a run creates {most:,} at most. {self._created:,} were created "
            "before, none of these"
        )
        problem = destination.error("max_created", text)
        by_record = "event_from" in destination.options or "field_from" in destination.options
        else_do = (
            "look at the property that names them" if by_record else "name the properties to send in fields"
        )
        hint = f"If they are to be there, raise max_created. If not, {else_do}."
        return CreationLimitError(problem.message, hint=hint)
