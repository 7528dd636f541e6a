"""Objects that are gathered from the rows of a stream, and which orders were sent already."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_listrak.outcomes import Rejected
    from target_listrak.tracking.tallies import Row, RowTracker

__all__ = ["MOST_BYTES", "GatheredObject", "Key", "SentOrders", "weight_of"]

MOST_BYTES: Final = 8_000_000
"""The most that the objects of an array, or the rows of one joined order, take in memory."""

Key = tuple[str, ...]
"""What tells objects of a kind apart: names and values of the properties of its key."""


def weight_of(row: Row) -> int:
    """Return roughly the memory of a row and its object, in bytes."""
    return 400 + 2 * len(row.line)


@dataclass
class GatheredObject:
    """An object that is being gathered.

    Attributes:
        value: Its properties, but for the items of flat rows.
        items: The items of flat rows, each by what tells it apart.
        rows: Its rows: of flat rows all, each by its item's key; else the last one.
        said: What each of the rows says of the object itself.
        merged: Whether the last row took earlier ones in.
        broken: Why the object cannot be sent, whatever its other rows say.
        resumed: Whether earlier flat rows of it were sent: its rows alone would not be the order.
        joined: The items that joined it from a stream of their own; `None` where no row of such a stream did.
        item_rows: The rows of that stream.
    """

    value: dict[str, Any] = field(default_factory=dict)
    items: dict[object, dict[str, Any]] = field(default_factory=dict)
    rows: dict[object, Row] = field(default_factory=dict)
    said: dict[object, dict[str, Any]] = field(default_factory=dict)
    merged: bool = False
    broken: Rejected | None = None
    resumed: bool = False
    joined: list[dict[str, Any]] | None = None
    item_rows: list[tuple[RowTracker, Row]] = field(default_factory=list)

    @property
    def contradictions(self) -> list[str]:
        """The properties in which rows of the object contradict each other."""
        found: dict[str, object] = {}
        different: dict[str, None] = {}
        for value in self.said.values():
            _compare(value, "", found, different)
        return list(different)

    @property
    def whole(self) -> dict[str, object] | None:
        """What to write down should the object be rejected, where its last row alone does not say it."""
        return dict(self.value) if self.merged and not self.items else None


def _compare(
    value: Mapping[str, Any], path: str, found: dict[str, object], different: dict[str, None]
) -> None:
    """Note what a row says, and what differs from an earlier one. What it lacks says nothing."""
    for name, inner in value.items():
        place = path + name
        if isinstance(inner, dict):
            _compare(inner, f"{place}.", found, different)
        elif inner not in (None, ""):
            plain = inner.casefold() if isinstance(inner, str) else inner
            if found.setdefault(place, plain) != plain:
                different[place] = None


class SentOrders:
    """The numbers of orders that were sent, flat or with items: on disk, so that memory does not grow."""

    def __init__(self) -> None:
        self._db: sqlite3.Connection | None = None

    def add(self, keys: Iterable[Key]) -> None:
        """Note orders as sent."""
        numbers = [(key[-1],) for key in keys]
        if not numbers:
            return
        if self._db is None:
            # "" is SQLite's private temporary file, which is gone when closed.
            self._db = sqlite3.connect("", isolation_level=None)
            self._db.execute("PRAGMA journal_mode = OFF")
            self._db.execute("CREATE TABLE sent (key TEXT PRIMARY KEY) WITHOUT ROWID")
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR IGNORE INTO sent VALUES (?)", numbers)

    def has(self, key: Key) -> bool:
        """Return whether an order was sent."""
        if self._db is None:
            return False
        return self._db.execute("SELECT 1 FROM sent WHERE key = ?", (key[-1],)).fetchone() is not None

    def close(self) -> None:
        """Delete the numbers."""
        if self._db is not None:
            self._db.close()
