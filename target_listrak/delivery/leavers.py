"""The people whom records of a run take off a list: no other destination of the run subscribes them.

A table of people who left may come before the table of customers, and name somebody whom Listrak does not
know yet. Listrak cannot unsubscribe that person, and would not remember it.
"""

from __future__ import annotations

import threading
from array import array
from typing import TYPE_CHECKING, Any, Final

from target_listrak.outcomes import Declined

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

__all__ = ["LEFT_IN_RUN", "TOO_LATE", "Leavers"]

LEFT_IN_RUN: Final = Declined(
    "left_in_run",
    "a record of another destination takes this person off the list in the same run, so nobody is subscribed",
)


TOO_LATE: Final = (
    "%s takes people off %r after %s has subscribed people to it in this run: who is in both was subscribed "
    "for a moment. Let its stream come first; many extractors send tables in the order of their names"
)
"""A warning: the destination that removes, the list, the destination that subscribes."""


class Leavers:
    """The people whom records take off lists in this run, by list and destination. Thread safe.

    They are kept as hashes of eight bytes each, because a suppression table holds everybody who ever left.

    Attributes:
        needed: Whether any destination of the channel subscribes people; else nothing is kept.
    """

    def __init__(self) -> None:
        self.needed = False
        self._lock = threading.Lock()
        self._left: dict[Hashable, list[tuple[str, array[int]]]] = {}
        self._subscribing: dict[Hashable, dict[str, None]] = {}

    def note(self, place: Hashable, label: str, keys: Iterable[Hashable]) -> str | None:
        """Note people whom records of a destination take off a list.

        Args:
            place: The list.
            label: The destination.
            keys: The people.

        Returns:
            The label of another destination that has subscribed people to the list before; `None` if there is
            none.
        """
        if not self.needed:
            return None
        with self._lock:
            self._left.setdefault(place, []).append((label, array("q", map(hash, keys))))
            return next((other for other in self._subscribing.get(place, ()) if other != label), None)

    def among(self, place: Hashable, label: str, keys: Mapping[Any, int]) -> list[int]:
        """Return which people other destinations took off a list; the others are about to be subscribed.

        Args:
            place: The list.
            label: The destination that would subscribe them.
            keys: The people, each with a number.

        Returns:
            Their numbers.
        """
        with self._lock:
            self._subscribing.setdefault(place, {})[label] = None
            by_others = [hashes for other, hashes in self._left.get(place, ()) if other != label]
        if not by_others:
            return []
        numbers = {hash(key): number for key, number in keys.items()}
        return sorted({numbers[left] for hashes in by_others for left in hashes if left in numbers})
