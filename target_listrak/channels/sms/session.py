"""What all destinations of one sender code share in a run."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Protocol

from target_listrak.channels.sms.simulation import SimulatedNumbers
from target_listrak.delivery.leavers import Leavers

if TYPE_CHECKING:
    from target_listrak.delivery.run import Run

__all__ = ["SenderCodeSession"]


class _Batches(Protocol):
    @property
    def stream(self) -> str:
        """The stream that it loads."""

    @property
    def position(self) -> int:
        """The place of its destination among those of the stream."""

    def holds(self, number: str) -> bool:
        """Return whether the open batch has a row of the number."""

    def forget(self, number: str, phone_list_id: int) -> None:
        """Withdraw a row that would subscribe a number to a Phone List from the batch."""

    def flush(self) -> None:
        """Submit the batch."""


class SenderCodeSession:
    """What all destinations of one sender code share: `run.session(SenderCodeSession, sender_code.id)`.

    Only the thread that reads the input adds loaders and flushes them.

    Attributes:
        simulated: The contacts as a dry run would leave them.
        leavers: Whom records take off Phone Lists, by list; `None` for the whole sender code.
    """

    def __init__(self, run: Run) -> None:
        del run
        self.simulated = SimulatedNumbers()
        self.leavers = Leavers()
        # Held weakly: a loader holds its run, and the run holds this.
        self._loaders: weakref.WeakSet[_Batches] = weakref.WeakSet()

    def add(self, loader: _Batches) -> None:
        """Note a loader that fills batches for the sender code."""
        self._loaders.add(loader)

    def flush_conflicting(self, loader: _Batches, number: str) -> None:
        """Submit the other loaders' batches that hold a number, before a later row of it is taken."""
        for other in self._loaders:
            # The destinations of one stream take the same rows: `flush_earlier` keeps their order.
            if other is not loader and other.stream != loader.stream and other.holds(number):
                other.flush()

    def flush_earlier(self, loader: _Batches) -> None:
        """Submit the batches of the stream's earlier destinations, before one of a later one is submitted."""
        due = [one for one in self._loaders if one.stream == loader.stream]
        for other in sorted(due, key=lambda one: one.position):
            if other.position < loader.position:
                other.flush()

    def forget(self, number: str, phone_list_id: int) -> None:
        """Withdraw rows that would subscribe a number to a Phone List from all batches."""
        for loader in self._loaders:
            loader.forget(number, phone_list_id)
