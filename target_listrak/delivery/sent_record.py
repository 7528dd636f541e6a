"""The record of sent messages on disk: no message is sent twice, neither after a crash nor by a second run.

A message is claimed before it is sent, and marked as sent after Listrak took it. A claim that a crash leaves
behind means that the message may have been sent: its outcome is unknown, and it is never sent again.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
from enum import Enum
from typing import TYPE_CHECKING, Final

import msgspec

from listrak_api.errors import ConfigurationError
from target_listrak.values.formats import as_identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["SENT_FILE", "Sent", "SentRecord", "key_of"]

SENT_FILE: Final = "target-listrak-sent.sqlite"
"""The name of the file where `sent_path` is not set."""

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS message (
    destination TEXT NOT NULL, -- API, kind, list, message and stream
    key TEXT NOT NULL,         -- SHA-256 of the record's key: no address is stored
    state TEXT NOT NULL,       -- claimed, sent or unknown
    at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (destination, key)
) WITHOUT ROWID
"""


class Sent(Enum):
    """What is known of a message."""

    SENT = "sent"
    UNKNOWN = "unknown"


def key_of(record: Mapping[str, object], names: Sequence[str]) -> str | None:
    """Return the key of a record's message: a digest of its key properties; `None` if one has no value.

    A number and its text give the same key, so that a change of a property's type does not send everything
    again. Texts that differ in case give different keys, and `NULL` is no value.
    """
    parts = []
    for name in names:
        value = record.get(name)
        text = "" if isinstance(value, list | dict) else as_identifier(value)
        if not isinstance(text, str) or not text.strip():
            return None
        parts.append(text.strip())
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


class SentRecord:
    """The file of the setting `sent_path`. Thread safe; only one run at a time can open it.

    Args:
        path: The file.
        read_only: Whether nothing is written, for a dry run; then the file need not exist.

    Raises:
        ConfigurationError: The file cannot be opened, or another run has opened it.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        if read_only and not path.exists():
            return
        with self._reporting():
            if not read_only:
                path.parent.mkdir(0o700, parents=True, exist_ok=True)
                path.touch(0o600, exist_ok=True)
            uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
            self._db = sqlite3.connect(
                uri, uri=True, timeout=1.0, isolation_level=None, check_same_thread=False
            )
            if read_only:
                return
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("BEGIN EXCLUSIVE")
            self._db.execute(_TABLE)
            self._db.execute("COMMIT")

    def state(self, destination: str, key: str) -> Sent | None:
        """Return what is known of a message; `None` if it was never claimed. A claim counts as unknown."""
        with self._lock, self._reporting():
            if self._db is None:
                return None
            query = "SELECT state FROM message WHERE destination = ? AND key = ?"
            row = self._db.execute(query, (destination, key)).fetchone()
        if row is None:
            return None
        return Sent.SENT if row[0] == Sent.SENT.value else Sent.UNKNOWN

    def claim(self, destination: str, key: str) -> None:
        """Note that a message is about to be sent. The note is on disk when this returns."""
        query = "INSERT INTO message (destination, key, state) VALUES (?, ?, 'claimed')"
        self._write(query, (destination, key))

    def end(self, destination: str, key: str, state: Sent | None) -> None:
        """Note the outcome of a message.

        Args:
            destination: The destination.
            key: The message's key.
            state: Sent, or unknown; `None` if it was certainly not sent, so that it may be sent later.
        """
        if state is None:
            self._write("DELETE FROM message WHERE destination = ? AND key = ?", (destination, key))
            return
        query = "UPDATE message SET state = ? WHERE destination = ? AND key = ?"
        self._write(query, (state.value, destination, key))

    def close(self) -> None:
        """Close the file; then another run can open it."""
        with self._lock:
            db, self._db = self._db, None
            if db is not None:
                db.close()

    def _write(self, query: str, values: tuple[str, ...]) -> None:
        with self._lock, self._reporting():
            if self._db is None:
                message = "the record of sent messages is closed"
                raise sqlite3.OperationalError(message)
            self._db.execute(query, values)

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        """Turn errors of SQLite and of the file system into one that names the setting."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            locked = "locked" in str(error)
            cause = "another run uses it" if locked else f"{type(error).__name__}: {error}"
            message = f"The record of sent messages (setting sent_path) cannot be used: {cause}: {self._path}"
            hint = (
                "Wait until the other run has ended."
                if locked
                else "Name a file in a folder you may write to."
            )
            raise ConfigurationError(message, setting="sent_path", hint=hint) from error
