"""What a dry run would have changed of SMS contacts, so that its row accounting equals that of a real run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_listrak.channels.sms.standing import State

__all__ = ["SimulatedNumbers"]


class SimulatedNumbers:
    """Contacts of one sender code as a dry run would leave them. Thread safe.

    Only what would have been changed is here; everything else is read from Listrak.
    """

    def __init__(self) -> None:
        self._contacts: dict[str, dict[str, Any]] = {}
        self._states: dict[tuple[str, int], State] = {}
        self._lock = threading.Lock()

    def contact(self, number: str) -> dict[str, Any] | None:
        """Return a contact that would have been changed; `None` for others."""
        with self._lock:
            found = self._contacts.get(number)
            return None if found is None else dict(found)

    def state(self, number: str, list_id: int) -> State | None:
        """Return the state that a number would have on a list; `None` if nothing would have been changed."""
        with self._lock:
            return self._states.get((number, list_id))

    def is_new(self, number: str) -> bool:
        """Return whether the number would have been created in this run, and so is on no other list."""
        with self._lock:
            return self._contacts.get(number, {}).get("_created") is True

    def create(self, number: str, body: Mapping[str, Any]) -> None:
        """Note a contact that would have been created."""
        with self._lock:
            self._contacts[number] = {"optedOut": False, **body, "_created": True}

    def update(self, number: str, body: Mapping[str, Any]) -> None:
        """Note the values that a contact would have."""
        with self._lock:
            created = self._contacts.get(number, {}).get("_created", False)
            self._contacts[number] = {**body, "_created": created}

    def stand(self, number: str, list_id: int, state: State) -> None:
        """Note the state that a number would have on a list."""
        with self._lock:
            self._states[number, list_id] = state
