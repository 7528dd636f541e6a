"""Rows that must not be loaded twice, as their import does more each time: it raises events, or appends.

A record comes again when its run failed or was killed, on every incremental run (most extractors send the
last row once more), and with every full load. Most imports can be repeated without harm. The rows of those
that cannot are noted on disk before their file is sent; a record that is the same in all its properties then
raises no event, and appends no value, a second time.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from listrak_api import routes
from listrak_api.errors import ConfigurationError, NotFoundError
from target_listrak.channels.email.session import EmailSession
from target_listrak.delivery.import_status import has_ended, has_failed
from target_listrak.delivery.lookups import pages_of
from target_listrak.delivery.sent_record import SENT_FILE
from target_listrak.outcomes import ACCEPTED, UNCHANGED, Declined, Outcome
from target_listrak.tracking.local_files import local_path
from target_listrak.values.metadata_names import is_metadata

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from target_listrak.channels.email.buffer import Buffer
    from target_listrak.channels.email.import_files import Plan
    from target_listrak.channels.email.lists import EmailList
    from target_listrak.delivery.run import Run

__all__ = ["AppliedRows", "NotedImports", "Notes", "content_of"]

_MAY_BE_APPLIED: Final = Declined(
    "unknown_outcome",
    "an earlier run ended while it was sent: its event may have been raised. It is not sent again",
)

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS run (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS sending (
    id INTEGER PRIMARY KEY, -- an import or a call whose results are not known
    run TEXT NOT NULL,
    place TEXT NOT NULL,
    file TEXT               -- NULL for a call
);
CREATE TABLE IF NOT EXISTS row (
    key BLOB PRIMARY KEY,
    run INTEGER NOT NULL,   -- the latest one that had the row
    sending INTEGER         -- NULL once Listrak has applied the row
) WITHOUT ROWID;
"""
_KEY_BYTES: Final = 16
# Fractions as they were written, as records have them.
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


class Notes(NamedTuple):
    """Notes on rows that are being sent.

    Attributes:
        sending: The id of their import or call.
        keys: From row of the batch to its key in the file.
    """

    sending: int
    keys: Mapping[int, bytes]


class AppliedRows:
    """The notes on disk: `run.session(AppliedRows)`. Thread safe.

    They are in a file of their own beside `sent_path`, which several runs may use at the same time. It holds
    digests, and no address. A dry run reads it if it is there, and writes nothing.

    Raises:
        ConfigurationError: The file cannot be used.
    """

    def __init__(self, run: Run) -> None:
        path = local_path("sent_path", run.config["sent_path"], SENT_FILE, "The record of sent rows")
        self._path = path.with_name(f"{path.stem}-rows{path.suffix}")
        self._writes = not run.dry_run
        self._lock = threading.Lock()
        self._exists = self._writes or self._path.exists()
        self._run_name = run.id
        self._run = 0
        self._dry: set[bytes] = set()
        if self._writes:
            with self._reporting():
                self._path.parent.mkdir(0o700, parents=True, exist_ok=True)
                self._path.touch(0o600, exist_ok=True)
            with self._connected() as db:
                db.executescript(_TABLES)
                self._run = int(db.execute("INSERT INTO run (name) VALUES (?)", (run.id,)).lastrowid or 0)

    def open_files(self, place: str) -> dict[int, str]:
        """Return the import files of earlier runs whose results are not known, by id."""
        if not self._exists:
            return {}
        query = "SELECT id, file FROM sending WHERE place = ? AND run <> ? AND file IS NOT NULL"
        with self._connected() as db:
            return dict(db.execute(query, (place, self._run_name)).fetchall())

    def resolve(self, sending: int, *, taken: bool) -> None:
        """Note whether Listrak took an import whose results were not known; not in a dry run."""
        if self._writes:
            change = "UPDATE row SET sending = NULL" if taken else "DELETE FROM row"
            with self._connected() as db:
                db.execute(f"{change} WHERE sending = ?", (sending,))
                db.execute("DELETE FROM sending WHERE id = ?", (sending,))

    def earlier(self, contents: Sequence[bytes], taken: Mapping[int, bool]) -> list[Outcome | None]:
        """Return the outcomes of rows that earlier runs sent; `None` for the others.

        A note stands for one row: where a record comes twice in a run, the second one needs a second note.

        Args:
            contents: Digests of the rows and their place.
            taken: Of each import whose results are not known, whether Listrak took it.
        """
        if not self._exists:
            return [None] * len(contents)
        with self._connected() as db:
            return [self._earlier(db, content, taken) for content in contents]

    def _earlier(self, db: sqlite3.Connection, content: bytes, taken: Mapping[int, bool]) -> Outcome | None:
        key, found = self._first_of_others(db, content)
        if found is None:
            return None
        _, sending = found
        if sending is not None and taken.get(sending) is False:
            return None
        if self._writes:
            db.execute("UPDATE row SET run = ? WHERE key = ?", (self._run, key))
        else:
            self._dry.add(key)
        return UNCHANGED if sending is None or sending in taken else _MAY_BE_APPLIED

    def note(self, place: str, contents: Mapping[int, bytes], file: str | None) -> Notes:
        """Note rows that are about to be sent. The notes are on disk when this returns.

        Args:
            place: Where they go.
            contents: Digests of the rows and their place, by row.
            file: The name of their import file; `None` for a call.
        """
        with self._connected() as db:
            statement = "INSERT INTO sending (run, place, file) VALUES (?, ?, ?)"
            sending = int(db.execute(statement, (self._run_name, place, file)).lastrowid or 0)
            keys = {}
            for index, content in contents.items():
                key, _ = self._first_of_others(db, content)
                db.execute("INSERT OR REPLACE INTO row VALUES (?, ?, ?)", (key, self._run, sending))
                keys[index] = key
        return Notes(sending, keys)

    def settle(self, notes: Notes, done: Collection[int]) -> None:
        """Note which rows Listrak has applied; remove the notes of those that it has not."""
        with self._connected() as db:
            for index, key in notes.keys.items():
                if index in done:
                    db.execute("UPDATE row SET sending = NULL WHERE key = ?", (key,))
                else:
                    db.execute("DELETE FROM row WHERE key = ?", (key,))
            db.execute("DELETE FROM sending WHERE id = ?", (notes.sending,))

    def _first_of_others(
        self, db: sqlite3.Connection, content: bytes
    ) -> tuple[bytes, tuple[int, int | None] | None]:
        """Return the first key of a content that is not this run's, and its note if there is one."""
        number = 0
        while True:
            digest = hashlib.sha256(content + number.to_bytes(4))
            key = digest.digest()[:_KEY_BYTES]
            found = db.execute("SELECT run, sending FROM row WHERE key = ?", (key,)).fetchone()
            if found is None or (found[0] != self._run and key not in self._dry):
                return key, found
            number += 1

    @contextlib.contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction."""
        mode = "rw" if self._writes else "ro"
        name = f"{self._path.absolute().as_uri()}?mode={mode}"
        with self._lock, self._reporting(), closing(sqlite3.connect(name, uri=True, timeout=60)) as db:
            db.execute("PRAGMA synchronous = FULL")
            with db:
                yield db

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            message = (
                f"The record of sent rows (beside sent_path) cannot be used: {type(error).__name__}: "
                f"{error}: {self._path}"
            )
            hint = "Let sent_path name a file in a folder you may write to."
            raise ConfigurationError(message, setting="sent_path", hint=hint) from error


def content_of(record: Mapping[str, Any]) -> bytes:
    """Return a digest of what a record says: without what extractors add, and without what is empty.

    So a new column without values does not make a record another one.
    """
    told = {
        name: value
        for name, value in record.items()
        if not is_metadata(name) and not (value is None or (isinstance(value, str) and not value.strip()))
    }
    return hashlib.sha256(_encode(told)).digest()


class NotedImports:
    """The imports of one stream, list and plan whose rows are noted. Thread safe.

    Args:
        run: The run.
        stream: The stream.
        email_list: The list.
        plan: What the imports do.
    """

    def __init__(self, run: Run, stream: str, email_list: EmailList, plan: Plan) -> None:
        self._run = run
        self._rows = run.session(AppliedRows)
        self._list = email_list
        self._plan = plan
        what = f"events {sorted(plan.event_ids)}" if plan.event_ids else plan.update_type
        self._place = f"{run.config['api_url']} {email_list.id} {what} {stream}"
        self._taken: dict[int, bool] = {}

    def earlier(self, buffer: Buffer, indices: Sequence[int]) -> dict[int, Outcome]:
        """Return the outcomes of rows that an earlier run sent and that Listrak took, or may have taken.

        Side effect: where a run ended before Listrak had confirmed its rows, the list's imports are read.
        """
        for sending, file in self._rows.open_files(self._place).items():
            if sending not in self._taken:
                self._taken[sending] = self._was_taken(file)
                self._rows.resolve(sending, taken=self._taken[sending])
        contents = [self._content(buffer, index) for index in indices]
        outcomes = self._rows.earlier(contents, self._taken)
        return {
            index: outcome for index, outcome in zip(indices, outcomes, strict=True) if outcome is not None
        }

    def note(self, buffer: Buffer, indices: Sequence[int], file: str | None) -> Notes | None:
        """Note rows that are about to be sent; not in a dry run.

        Args:
            buffer: Their batch.
            indices: The rows.
            file: The name of their import file; `None` for a call.
        """
        if self._run.dry_run:
            return None
        contents = {index: self._content(buffer, index) for index in indices}
        return self._rows.note(self._place, contents, file)

    def settle(self, notes: Notes | None, outcomes: Mapping[int, Outcome]) -> None:
        """Note how rows went: those that were not accepted may be sent later."""
        if notes is not None:
            self._rows.settle(notes, {index for index in notes.keys if outcomes.get(index) is ACCEPTED})

    def _content(self, buffer: Buffer, index: int) -> bytes:
        """Return a digest of a row's place and its record, after stream maps."""
        content = buffer.contents.get(index)
        if content is None:
            line, _ = buffer.sources.record(index)
            content = content_of(_decode(line)["record"])
        # Where values are appended: other columns, as after a change of `fields`, are new values.
        columns = () if self._plan.event_ids else buffer.layout(index)
        return hashlib.sha256(_encode([self._place, columns, content.hex()])).digest()

    def _was_taken(self, file: str) -> bool:
        """Return whether Listrak has an import of this file that has not failed.

        One that is running is waited for. With `wait_for_imports: 0` it is taken for one that never ends.
        """
        self._run.session(EmailSession).other_imports.wait(self._list)
        client, ids = self._run.connection.client("email"), {"listId": self._list.id}
        for page in pages_of(self._run.connection, "email", routes.LIST_IMPORTS, ids):
            for row in page.rows:
                if row.get("importFileName") == file:
                    place = {**ids, "importFileId": row["importFileId"]}
                    try:
                        status = client.get(routes.LIST_IMPORT_STATUS, place)
                    except NotFoundError:  # it is so new that its status is not there yet
                        return True
                    if not isinstance(status, dict) or has_failed(status):
                        return not isinstance(status, dict)
                    return has_ended(status) or bool(self._run.config["wait_for_imports"])
        return False
