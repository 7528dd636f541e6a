"""Contacts whose address was changed in a run: later rows by the old address may mean them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from target_listrak.values.addresses import comparison_key

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Moves"]


class Moves:
    """The new addresses of contacts, by list: `run.session(EmailSession).moves`. Thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moved: dict[tuple[int, str], dict[str, str]] = {}

    def note(self, place: tuple[int, str], old: str, new: str) -> None:
        """Note that a contact of a list has another address now.

        Args:
            place: The list's id and name.
            old: The address that it had.
            new: The address that it has.
        """
        with self._lock:
            moved = self._moved.setdefault(place, {})
            moved.pop(comparison_key(new), None)  # it may have had that address before
            moved[comparison_key(old)] = new

    def forget(self, place: tuple[int, str], keys: Iterable[object]) -> None:
        """Note that addresses of a list belong to contacts again, by their keys."""
        with self._lock:
            moved = self._moved.get(place)
            if moved:
                for key in moved.keys() & set(keys):
                    del moved[str(key)]

    def among(self, place: tuple[int, str], keys: Iterable[object]) -> dict[str, str]:
        """Return the present addresses of the contacts that had some addresses before, by their keys."""
        with self._lock:
            moved = self._moved.get(place)
            if not moved:
                return {}
            found = {}
            for key in moved.keys() & set(keys):
                address = moved[str(key)]
                while (later := moved.get(comparison_key(address))) is not None:
                    address = later
                found[str(key)] = address
            return found
