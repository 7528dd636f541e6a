"""Rows of a batch that are kept apart, also those of one contact: events, or values that are appended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_listrak.channels.email.buffer import Buffer, ContactKey, ExternalContact, Layout, Line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from target_listrak.tracking.tallies import Row, Rows

__all__ = ["EveryRow"]


class EveryRow(Buffer):
    """Rows that are not merged when they are added; `rows` has the latest one of each contact.

    An import has one row of a contact at most, so they take several imports (`rounds`); or they are merged
    when the addresses of all are known (`merge`).

    Args:
        clears: As for `Buffer`.

    Attributes:
        keys: The contact of each row.
    """

    def __init__(self, *, clears: bool = False) -> None:
        super().__init__(clears=clears)
        self.keys: list[ContactKey] = []

    def add(self, line: Line, row: Row) -> None:
        """Add a row."""
        if (new := line.new_key) is not None:
            self.moved[new] = line.key
        self.rows[line.key] = len(self.keys)
        self.keys.append(line.key)
        self.append(line, row)

    def add_many(self, keys: Sequence[str], layout: Layout, lines: Sequence[bytes], rows: Rows) -> None:
        """Add rows with the same columns."""
        first = len(self.keys)
        super().add_many(keys, layout, lines, rows)
        if len(self.keys) == first:  # all contacts were new, and the rows were added at once
            self.keys += keys

    def rename(self, index: int, key: str, address: str) -> None:
        """Replace a row's external id by the address that belongs to it."""
        super().rename(index, key, address)
        self.keys[index] = key

    def rows_of(self, keys: Collection[ContactKey]) -> Iterable[tuple[ContactKey, int]]:
        """Return some contacts' rows, each with its contact."""
        return ((key, index) for index, key in enumerate(self.keys) if key in keys)

    def keep_keys(self, keep: Sequence[int]) -> int:
        """Keep the contacts of some rows only, whose indices begin at 0 again; count the external ids."""
        self.keys = [self.keys[index] for index in keep]
        self.rows = {key: index for index, key in enumerate(self.keys)}
        return sum(isinstance(key, ExternalContact) for key in self.keys)

    def external_ids(self) -> dict[str, list[int]]:
        """Return the rows whose contact is named by its external id, by that id."""
        found: dict[str, list[int]] = {}
        if self.by_external_id:
            for index, key in enumerate(self.keys):
                if isinstance(key, ExternalContact):
                    found.setdefault(key.sent, []).append(index)
        return found

    def merge(self, indices: Sequence[int]) -> list[int]:
        """Merge the rows of each contact into its first one, in their order; return the rows that are left.

        Args:
            indices: The rows to send, in the order in which they came; their addresses are known.
        """
        self.rows = {}
        for index in indices:
            first = self.rows.setdefault(self.keys[index], index)
            if first != index:
                self.merge_line(first, self.layout(index), self.lines[index])
                self.sources.join(first, index)
                self.lines[index] = b""
        return list(self.rows.values())

    def rounds(self, indices: Sequence[int]) -> Iterator[list[int]]:
        """Return the rows of each import: the first one of each contact, then the second ones, and so on.

        Args:
            indices: The rows to send, in the order in which they came; their addresses are known.

        Side effect: `rows` has the contacts of the import that is next.
        """
        self.rows = {}
        count: dict[ContactKey, int] = {}
        parts: list[list[int]] = []
        for index in indices:
            key = self.keys[index]
            number = count[key] = count.get(key, -1) + 1
            if number == len(parts):
                parts.append([])
            parts[number].append(index)
        for part in parts:
            self.rows = {self.keys[index]: index for index in part}
            yield part
