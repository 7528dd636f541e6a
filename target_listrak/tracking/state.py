"""Which STATE may be passed on: the latest one whose rows, and all rows before it, are confirmed.

The SDK writes STATE when it drains all sinks: every five minutes, or at the end of the input. A failure in
the third batch would then lose the STATE of the two batches before it, and a STATE that arrives while a batch
is being filled would be written before its rows are confirmed. So the target keeps STATE here, and the SDK
never gets it (see `TargetListrak._process_state_message`).

The rows between two STATE messages belong to one *checkpoint*. A row is *confirmed* when its result is known
for good. A checkpoint is confirmed when it is closed (its STATE has arrived) and as many rows have been
confirmed as were opened. Checkpoints leave the queue only in their order.
"""

from __future__ import annotations

import threading
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Checkpoint", "Hold", "StateTracker"]

_MAX_CHECKPOINTS = 1024
"""How many unconfirmed STATE messages are kept. If there are more, checkpoints are merged in pairs."""


class Checkpoint:
    """The rows between two STATE messages. Created and read by `StateTracker` only."""

    __slots__ = ("confirmed", "holds", "merged_into", "opened", "state")

    def __init__(self) -> None:
        self.opened = 0
        self.holds = 0
        self.confirmed = 0
        self.state: bytes | None = None
        self.merged_into: Checkpoint | None = None


class Hold:
    """Holds back every STATE that arrives after it, like an unconfirmed row, until it is released."""

    def __init__(self, state_tracker: StateTracker, checkpoint: Checkpoint) -> None:
        self._state_tracker = state_tracker
        self._checkpoint: Checkpoint | None = checkpoint

    def release(self) -> None:
        """Let STATE pass. A second call does nothing."""
        checkpoint, self._checkpoint = self._checkpoint, None
        if checkpoint is not None:
            self._state_tracker.confirm(checkpoint)


class StateTracker:
    """Counts rows in and out, and writes each STATE as soon as everything before it is confirmed.

    Rows are opened, and STATE is given, by the one thread that reads the input; rows are confirmed by any
    thread.

    Args:
        write: Writes one STATE value (JSON, without line end) for the next in the pipe.
        may_write: Asked before a STATE is written. While it returns False the STATE waits, and a later one
            may replace it.

    Attributes:
        received: STATE messages that came.
        covered: Number of rows before the latest STATE that was passed on.
    """

    def __init__(self, write: Callable[[bytes], None], may_write: Callable[[], bool] = lambda: True) -> None:
        self._write = write
        self._may_write = may_write
        self._lock = threading.RLock()
        self._checkpoints: deque[Checkpoint] = deque()
        self._current = Checkpoint()
        self._ready: bytes | None = None
        self._written: bytes | None = None
        self.received = 0
        self.covered = 0
        self._confirmed = 0

    def open(self, count: int = 1) -> Checkpoint:
        """Count rows that were read; return their checkpoint, which `confirm` takes."""
        self._current.opened += count
        return self._current

    def hold(self) -> Hold:
        """Keep back every STATE that arrives from now on, until the hold is released."""
        self._current.holds += 1
        return Hold(self, self.open())

    def state(self, value: bytes) -> None:
        """Take a STATE message. It is passed on as soon as all rows before it are confirmed.

        Args:
            value: The message's value as JSON.
        """
        with self._lock:
            self.received += 1
            closed, self._current = self._current, Checkpoint()
            closed.state = value
            self._checkpoints.append(closed)
            if len(self._checkpoints) > _MAX_CHECKPOINTS:
                self._merge_pairs()
            self._advance()

    def confirm(self, checkpoint: Checkpoint, count: int = 1) -> None:
        """Count rows of one checkpoint as confirmed."""
        self.confirm_all({checkpoint: count})

    def confirm_all(self, counts: Mapping[Checkpoint, int]) -> None:
        """Count rows as confirmed, and pass on the STATE that is confirmed by that.

        Args:
            counts: Number of rows by checkpoint.
        """
        with self._lock:
            for given, count in counts.items():
                checkpoint = given
                while checkpoint.merged_into is not None:
                    checkpoint = checkpoint.merged_into
                checkpoint.confirmed += count
            self._advance()

    def _advance(self) -> None:
        while self._checkpoints and self._checkpoints[0].confirmed == self._checkpoints[0].opened:
            checkpoint = self._checkpoints.popleft()
            self._ready = checkpoint.state
            self._confirmed += checkpoint.opened - checkpoint.holds
        if self._ready is None or not self._may_write():
            return
        if self._ready != self._written:  # as in the SDK, an unchanged STATE is not repeated
            self._write(self._ready)
            self._written = self._ready
        self._ready = None
        self.covered = self._confirmed

    def _merge_pairs(self) -> None:
        """Merge checkpoints in pairs, so that a STATE after every row cannot fill the memory."""
        checkpoints = list(self._checkpoints)
        kept = deque(checkpoints[1::2])
        if len(checkpoints) % 2:
            kept.append(checkpoints[-1])
        for earlier, later in list(pairwise(checkpoints))[::2]:
            earlier.merged_into = later
            later.opened += earlier.opened
            later.confirmed += earlier.confirmed
            later.holds += earlier.holds
            earlier.state = None
        self._checkpoints = kept
