"""Rows of which each is sent, also those of one contact: events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_listrak.channels.email.buffer import Buffer, ContactKey, ExternalContact, Line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_listrak.tracking.tallies import Row

__all__ = ["EveryRow"]


class EveryRow(Buffer):
    """Rows that are not merged. An import has one row of a contact at most, so they take several imports.

    Attributes:
        keys: The contact of each row.
    """

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[ContactKey] = []

    def add(self, line: Line, row: Row) -> None:
        """Add a row."""
        self.rows.setdefault(line.key, len(self.keys))
        self.keys.append(line.key)
        self.append(line, row)

    def rename(self, index: int, key: str, address: str) -> None:
        """Replace a row's external id by the address that belongs to it."""
        super().rename(index, key, address)
        self.keys[index] = key

    def external_ids(self) -> dict[str, list[int]]:
        """Return the rows whose contact is named by its external id, by that id."""
        found: dict[str, list[int]] = {}
        if self.by_external_id:
            for index, key in enumerate(self.keys):
                if isinstance(key, ExternalContact):
                    found.setdefault(key.sent, []).append(index)
        return found

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
