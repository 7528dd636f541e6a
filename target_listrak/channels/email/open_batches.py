"""The open batches, by list: the order of each contact's rows is kept, and memory is bounded.

Two streams may go to one list: subscribers and profile values, or additions and removals. A contact's rows
must reach Listrak in the order in which they were read. Within a batch they are merged.

The batches of one destination and list are in the order in which they were opened, and are sent in that
order where they share a contact (`Chain`). A row that cannot be merged into its contact's earlier row, as one
adds and the other removes, goes into a later batch of the chain. So there are about as many imports as one
contact has rows that cannot be merged, however many contacts come again.

Between two streams the batch that holds the earlier row is closed, and so sent, before the later row goes
into another.

The destinations of one stream take the same rows. Their batches of one list need not be closed because of
each other for every row: it is enough that those of an earlier destination are sent before those of a later
one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection

    from target_listrak.channels.email.buffer import Buffer, ContactKey, Line
    from target_listrak.channels.email.import_files import Plan

__all__ = ["Chain", "OpenBatch", "OpenBatches"]

_MOST_MEMORY = 64_000_000
_LOOK_EVERY = 2_000
_MOST_IN_CHAIN: Final = 50


class OpenBatch(Protocol):
    """A batch that is being filled: its list, stream, place among the stream's destinations, and rows."""

    list_id: int
    stream: str
    position: int
    plan: Plan
    buffer: Buffer

    def withdraw(self, keys: Collection[ContactKey]) -> None:
        """Withdraw the rows so far that would subscribe some contacts."""

    def seal(self) -> None:
        """Close it and submit it."""


B = TypeVar("B", bound=OpenBatch)


class Chain(list[B]):
    """The open batches of one destination, list and topic, the earliest first."""

    __slots__ = ()

    def find(self, plan: Plan, line: Line) -> B | None:
        """Return the batch for a row: the earliest one that keeps the order of its contact's rows.

        Args:
            plan: What the row's import does.
            line: The row.

        Returns:
            The batch; `None` if a new one must be opened.
        """
        found = None
        for batch in reversed(self):
            if batch.buffer.must_follow(line):
                break
            if batch.plan == plan:
                found = batch
            if batch.buffer.holds(line):
                break
        return found

    def first(self, plan: Plan) -> B | None:
        """Return the earliest batch of a plan, for contacts without an earlier row."""
        return next((batch for batch in self if batch.plan == plan), None)

    def only(self, batch: B, keys: Collection[ContactKey]) -> bool:
        """Return whether no other batch may hold one of these contacts, which are named by addresses."""
        return len(self) == 1 or not any(one.buffer.shares(keys) for one in self if one is not batch)

    def make_room(self) -> None:
        """Submit the earliest batch if there are many: each keeps records in a file, and files are few."""
        if len(self) >= _MOST_IN_CHAIN:
            self[0].seal()

    def flush_before(self, batch: B) -> None:
        """Submit the earlier batches that share a contact with one that is to be submitted."""
        for other in self[: self.index(batch)]:
            buffers = other.buffer, batch.buffer
            alone = not any(one.by_external_id or one.changes_address for one in buffers)
            if other in self and not (alone and buffers[0].rows.keys().isdisjoint(buffers[1].rows.keys())):
                other.seal()


class OpenBatches:
    """All open batches. Used by the thread that reads the input only."""

    def __init__(self) -> None:
        self._by_list: dict[int, list[OpenBatch]] = {}
        self._until_look = _LOOK_EVERY

    def open(self, batch: OpenBatch) -> None:
        """Note a batch that is being filled from now on."""
        self._by_list.setdefault(batch.list_id, []).append(batch)

    def closed(self, batch: OpenBatch) -> None:
        """Note that a batch was submitted."""
        self._by_list[batch.list_id].remove(batch)

    def flush_earlier(self, batch: OpenBatch) -> None:
        """Submit the batches of the stream's earlier destinations before one of a later one is submitted."""
        others = self._by_list[batch.list_id]
        if len(others) > 1:
            due = [one for one in others if one.stream == batch.stream and one.position < batch.position]
            for other in sorted(due, key=lambda one: one.position):
                self._seal(other)

    def flush_conflicting(self, batch: OpenBatch, key: ContactKey) -> None:
        """Submit other streams' batches that hold this contact, before a later row of it is taken."""
        others = self._by_list[batch.list_id]
        if len(others) > 1:
            for other in [one for one in others if one.stream != batch.stream and one.buffer.may_hold(key)]:
                self._seal(other)

    def flush_conflicting_many(self, batch: OpenBatch, keys: Collection[str]) -> None:
        """Do what `flush_conflicting` does, for many contacts."""
        others = self._by_list[batch.list_id]
        if len(others) > 1:
            for other in [one for one in others if one.stream != batch.stream]:
                if other.buffer.by_external_id or not other.buffer.rows.keys().isdisjoint(keys):
                    self._seal(other)

    def _seal(self, batch: OpenBatch) -> None:
        """Submit a batch, unless it was submitted already because another one had to wait for it."""
        if batch in self._by_list[batch.list_id]:
            batch.seal()

    def withdraw(self, list_id: int, keys: Collection[ContactKey]) -> None:
        """Withdraw rows that would subscribe some contacts from a list's batches: a later row says no."""
        for batch in list(self._by_list.get(list_id, ())):
            batch.withdraw(keys)

    def bound_memory(self, rows: int = 1) -> None:
        """Submit the largest batches if all take too much memory. Checks every 2,000 rows.

        Args:
            rows: The number of rows that were added.
        """
        self._until_look -= rows
        if self._until_look <= 0:
            self._until_look = _LOOK_EVERY
            self._shrink()

    def _shrink(self) -> None:
        batches = sorted(
            (one for some in self._by_list.values() for one in some), key=lambda one: one.buffer.weight
        )
        total = sum(one.buffer.weight for one in batches)
        while total > _MOST_MEMORY and batches:
            largest = batches.pop()
            total -= largest.buffer.weight
            self._seal(largest)
