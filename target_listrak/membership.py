"""Who was a member before a run, and who was seen in it: for unchanged rows and for mirroring.

Kept in a private temporary SQLite file, so that a million members take disk and not memory. It is never named
on disk and goes with the process.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Membership"]

_SEEN_AT_ONCE = 5_000
_TABLE = """
CREATE TABLE contact (
    key TEXT PRIMARY KEY,            -- as contacts are compared
    address TEXT NOT NULL,           -- as Listrak spells it
    was_on INTEGER NOT NULL,         -- before the run
    seen INTEGER NOT NULL DEFAULT 0, -- in the stream, rejected rows with a readable key included
    changed INTEGER NOT NULL DEFAULT 0 -- a change was sent in this run
) WITHOUT ROWID
"""


class Membership:
    """Members before the run, and what the stream said of them. For the thread that reads the input only."""

    def __init__(self) -> None:
        # "" is SQLite's private file that is deleted when closed; nothing here outlives the run.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute(_TABLE)
        self._db.execute("BEGIN")
        self._seen: list[tuple[str]] = []

    def add_members(self, members: Iterable[tuple[str, str]]) -> None:
        """Note who is a member now.

        Args:
            members: Key and address of each; one that is there already is left as it is.
        """
        self._db.executemany("INSERT OR IGNORE INTO contact (key, address, was_on) VALUES (?, ?, 1)", members)

    def was_on(self, key: str) -> bool | None:
        """Whether a contact was a member before the run; `None` once a change of it was sent."""
        row = self._db.execute("SELECT was_on, changed FROM contact WHERE key = ?", (key,)).fetchone()
        if row is None:
            return False
        return None if row[1] else bool(row[0])

    def note_seen(self, key: str) -> None:
        """Note that the stream has the contact: mirroring leaves it alone."""
        self._seen.append((key,))
        if len(self._seen) >= _SEEN_AT_ONCE:
            self._write_seen()

    def note_changed(self, key: str, address: str) -> None:
        """Note that a change of the contact was sent: rows after it are sent as well, whatever they say."""
        self._db.execute(
            "INSERT INTO contact (key, address, was_on, changed) VALUES (?, ?, 0, 1)"
            " ON CONFLICT (key) DO UPDATE SET changed = 1",
            (key, address),
        )

    @property
    def size(self) -> int:
        """The number of members before the run."""
        return int(self._db.execute("SELECT COUNT(*) FROM contact WHERE was_on").fetchone()[0])

    @property
    def left_count(self) -> int:
        """The number of members that the stream does not have."""
        self._write_seen()
        query = "SELECT COUNT(*) FROM contact WHERE was_on AND NOT seen AND NOT changed"
        return int(self._db.execute(query).fetchone()[0])

    def left(self) -> Iterator[tuple[str, str]]:
        """Key and address of each member that the stream does not have."""
        self._write_seen()
        query = "SELECT key, address FROM contact WHERE was_on AND NOT seen AND NOT changed"
        # Not by `yield from`: a run that ends midway would close the query after the database, an error.
        return self._db.execute(query)

    def close(self) -> None:
        """Let go of everything."""
        self._db.close()

    def _write_seen(self) -> None:
        self._db.executemany("UPDATE contact SET seen = 1 WHERE key = ?", self._seen)
        self._seen.clear()
