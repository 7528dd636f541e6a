"""The rows of orders and order items that wait for each other: on disk, so that memory does not grow."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from listrak_api.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["JoinStore", "Part"]

_AT_ONCE: Final = 500
_BYTES_AT_ONCE: Final = 2_000_000
_TABLE: Final = """
CREATE TABLE part (
    seq INTEGER PRIMARY KEY,  -- as they came
    number BLOB NOT NULL,     -- the order number
    source INTEGER NOT NULL,
    row INTEGER NOT NULL,     -- 0 for the mark of a rejected row
    place TEXT,
    value BLOB NOT NULL,
    item BLOB NOT NULL,
    line BLOB NOT NULL
)
"""
_INSERT: Final = (
    "INSERT INTO part (number, source, row, place, value, item, line) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_SORTED: Final = "SELECT number, source, row, place, value, item, line FROM part ORDER BY number, seq"


class Part(NamedTuple):
    """One row of an order or of an order item.

    Attributes:
        source: The place of its loader among those that take part in the join.
        row: The row's number in its stream (from 1); 0 stands for a row that was rejected.
        place: What tells an item apart in its order; `None` where the row has no item, or it is not known.
        value: The row as the Data API takes it.
        item: The item that a flat row of an order describes.
        line: The line as it was read.
    """

    source: int
    row: int
    place: str | None
    value: dict[str, Any]
    item: dict[str, Any]
    line: bytes


class JoinStore:
    """A private temporary SQLite file of rows, read back order by order.

    It has no name and is gone when it is closed, or when the process ends. For one thread only.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[object, ...]] = []
        self._bytes = 0
        with _on_disk():
            self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            # Sorting must not use memory either, whatever the library was built for.
            for pragma in ("journal_mode = OFF", "synchronous = OFF", "temp_store = FILE"):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.execute(_TABLE)
            self._db.execute("BEGIN")

    def add(self, number: str, part: Part) -> None:
        """Keep a row.

        Args:
            number: Its order number.
            part: The row.

        Raises:
            ConfigurationError: The folder for temporary files has no room.
        """
        encode = msgspec.json.encode
        value, item = encode(part.value), encode(part.item)
        key = number.encode("utf-8", "surrogatepass")
        self._waiting.append((key, part.source, part.row, part.place, value, item, part.line))
        self._bytes += len(value) + len(item) + len(part.line)
        if len(self._waiting) >= _AT_ONCE or self._bytes >= _BYTES_AT_ONCE:
            self._write()

    def parts(self) -> Iterator[tuple[bytes, Part]]:
        """Return every row with its order number, encoded: by order, and in an order as they came.

        Raises:
            ConfigurationError: As `add`: sorting takes room, too.
        """
        self._write()
        decode = msgspec.json.decode
        with _on_disk():
            found = self._db.execute(_SORTED)
        while True:
            with _on_disk():
                rows = found.fetchmany(100)
            if not rows:
                return
            for number, source, row, place, value, item, line in rows:
                yield number, Part(source, row, place, decode(value), decode(item), line)

    def close(self) -> None:
        """Delete it."""
        self._waiting.clear()
        self._db.close()

    def _write(self) -> None:
        with _on_disk():
            self._db.executemany(
                _INSERT,
                self._waiting,
            )
        self._waiting.clear()
        self._bytes = 0


@contextlib.contextmanager
def _on_disk() -> Iterator[None]:
    """Say what a failure of the temporary file means.

    Raises:
        ConfigurationError: There was one.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        message = f"The temporary file in which orders wait for their items cannot be written: {error}"
        hint = "Make room there, or name another folder in the environment variable SQLITE_TMPDIR or TMPDIR."
        raise ConfigurationError(message, hint=hint) from error
