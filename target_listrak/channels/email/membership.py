"""The members of an audience or list before a run, and the contacts that the run names.

Kept in a private temporary SQLite file, so that a million members take disk space and no memory. The file has
no name and is deleted with the process.
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
    was INTEGER,                     -- before the run: 1 on, 0 off, NULL neither
    seen INTEGER NOT NULL DEFAULT 0, -- named by a row of the run, whatever the row's result
    changed INTEGER NOT NULL DEFAULT 0 -- a change was sent in this run
) WITHOUT ROWID
"""
_EXTERNAL = "CREATE TABLE external (id TEXT, key TEXT, PRIMARY KEY (id, key)) WITHOUT ROWID"


class Membership:
    """Members before the run, and contacts that the run names. Used by the reading thread only."""

    def __init__(self) -> None:
        # "" is SQLite's private file that is deleted when closed; nothing here outlives the run.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute(_TABLE)
        self._db.execute(_EXTERNAL)
        self._db.execute("BEGIN")
        self._seen: list[tuple[str]] = []

    def add(self, contacts: Iterable[tuple[str, str, bool]]) -> None:
        """Note who is a member now. Contacts without a value of the field need not be given.

        Args:
            contacts: Key and address of each, and whether it is on. Known contacts are not changed.
        """
        self._db.executemany("INSERT OR IGNORE INTO contact (key, address, was) VALUES (?, ?, ?)", contacts)

    def add_external_ids(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Note the external ids of contacts: id and key of each."""
        self._db.executemany("INSERT OR IGNORE INTO external (id, key) VALUES (?, ?)", pairs)

    def keys_of(self, external_id: str) -> list[str]:
        """Return the keys of the contacts that have an external id."""
        return [key for (key,) in self._db.execute("SELECT key FROM external WHERE id = ?", (external_id,))]

    def keep_without_external_id(self) -> int:
        """Note that a row may name any contact that has no external id; return how many members those are."""
        self._write_seen()
        query = "UPDATE contact SET seen = 1 WHERE was AND key NOT IN (SELECT key FROM external)"
        return self._db.execute(query).rowcount

    def address_of(self, key: str) -> str | None:
        """Return the address of a contact, as Listrak spells it."""
        row = self._db.execute("SELECT address FROM contact WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def says(self, key: str, *, on: bool) -> bool:
        """Return whether the field says this of a contact: it did before, and no change was sent since."""
        row = self._db.execute("SELECT was, changed FROM contact WHERE key = ?", (key,)).fetchone()
        return row is not None and not row[1] and row[0] is not None and bool(row[0]) is on

    def note_seen(self, key: str) -> None:
        """Note that a row names the contact: mirroring leaves it alone."""
        self._seen.append((key,))
        if len(self._seen) >= _SEEN_AT_ONCE:
            self._write_seen()

    def note_changed(self, key: str, address: str) -> None:
        """Note that a change of the contact was sent: later rows are then sent without a comparison."""
        self._db.execute(
            "INSERT INTO contact (key, address, was, changed) VALUES (?, ?, NULL, 1)"
            " ON CONFLICT (key) DO UPDATE SET changed = 1",
            (key, address),
        )

    @property
    def size(self) -> int:
        """The number of members before the run."""
        return int(self._db.execute("SELECT COUNT(*) FROM contact WHERE was").fetchone()[0])

    @property
    def missing_count(self) -> int:
        """The number of members whom no row names."""
        self._write_seen()
        query = "SELECT COUNT(*) FROM contact WHERE was AND NOT seen AND NOT changed"
        return int(self._db.execute(query).fetchone()[0])

    def missing(self) -> Iterator[tuple[str, str]]:
        """Return key and address of each member whom no row names."""
        self._write_seen()
        query = "SELECT key, address FROM contact WHERE was AND NOT seen AND NOT changed"
        # Not by `yield from`: a run that ends midway would close the query after the database, which fails.
        return self._db.execute(query)

    def close(self) -> None:
        """Delete it."""
        self._db.close()

    def _write_seen(self) -> None:
        self._db.executemany("UPDATE contact SET seen = 1 WHERE key = ?", self._seen)
        self._seen.clear()
