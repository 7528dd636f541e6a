"""Rows of failed runs whose import is not to be repeated: it raises events, or appends to values.

The rows of a run that fails or is killed come again with the next run. Most imports can be repeated without
harm; one that raises events or appends to values acts each time. So its rows are noted on disk before its
file is sent. A later run leaves out what Listrak took. The notes of a stream are removed when a run of it has
ended well: the same row then means something new.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Final

import msgspec

from listrak_api import routes
from listrak_api.errors import ConfigurationError, NotFoundError
from target_listrak.delivery.import_status import has_failed
from target_listrak.delivery.sent_record import SENT_FILE
from target_listrak.outcomes import ACCEPTED, UNCHANGED, Declined, Outcome
from target_listrak.tracking.local_files import local_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from target_listrak.channels.email.buffer import Buffer
    from target_listrak.channels.email.import_files import Plan
    from target_listrak.channels.email.lists import EmailList
    from target_listrak.delivery.run import Run

__all__ = ["AppliedRows", "NotedImports", "forget_rows"]

_MAY_BE_APPLIED: Final = Declined(
    "unknown_outcome",
    "an earlier run ended while it was sent: its event may have been raised. It is not sent again",
)

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS applied (
    id INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,   -- address of the API, and stream
    place TEXT NOT NULL,    -- list, events and kind of import
    content BLOB NOT NULL,  -- SHA-256 of the record without _sdc_ properties: no address is stored
    run TEXT NOT NULL,      -- the latest run that had the row
    file TEXT,              -- the import file that it was sent in; NULL for a call
    done INTEGER NOT NULL DEFAULT 0 -- whether Listrak has confirmed it
)
"""
_INDEX: Final = "CREATE INDEX IF NOT EXISTS applied_content ON applied (stream, place, content)"


class AppliedRows:
    """The notes on disk: `run.session(AppliedRows)`. Thread safe.

    They are in a file of their own beside `sent_path`, which several runs may use at the same time. A dry run
    reads it if it is there, and writes nothing.

    Raises:
        ConfigurationError: The file cannot be used.
    """

    def __init__(self, run: Run) -> None:
        path = local_path("sent_path", run.config["sent_path"], SENT_FILE, "The record of sent rows")
        self._path = path.with_name(f"{path.stem}-rows{path.suffix}")
        self._run_id = run.id
        self._writes = not run.dry_run
        self._lock = threading.Lock()
        self._exists = self._writes or self._path.exists()
        if self._writes:
            with self._reporting():
                self._path.parent.mkdir(0o700, parents=True, exist_ok=True)
                self._path.touch(0o600, exist_ok=True)
            with self._connected() as db:
                db.execute(_TABLE)
                db.execute(_INDEX)

    def open_files(self, stream: str, place: str) -> list[str]:
        """Return the import files of earlier runs whose results are not known."""
        if not self._exists:
            return []
        query = (
            "SELECT DISTINCT file FROM applied"
            " WHERE stream = ? AND place = ? AND run <> ? AND NOT done AND file IS NOT NULL"
        )
        with self._connected() as db:
            return [file for (file,) in db.execute(query, (stream, place, self._run_id))]

    def earlier(
        self, stream: str, place: str, contents: Sequence[bytes], taken: Collection[str]
    ) -> list[Outcome | None]:
        """Return the outcomes of rows that earlier runs sent; `None` for the others.

        A note stands for one row: where a record comes twice, a second note is needed for the second one.

        Args:
            stream: The stream.
            place: List, events and kind of import.
            contents: Digests of the rows.
            taken: Import files whose results are not known, and that Listrak took.
        """
        if not self._exists:
            return [None] * len(contents)
        with self._connected() as db:
            query = "SELECT 1 FROM applied WHERE stream = ? AND place = ? AND run <> ? LIMIT 1"
            if db.execute(query, (stream, place, self._run_id)).fetchone() is None:
                return [None] * len(contents)
            used: set[int] = set()
            return [
                self._earlier(db, (stream, place, content, self._run_id), taken, used) for content in contents
            ]

    def _earlier(
        self, db: sqlite3.Connection, key: tuple[object, ...], taken: Collection[str], used: set[int]
    ) -> Outcome | None:
        query = (
            "SELECT id, file, done FROM applied WHERE stream = ? AND place = ? AND content = ? AND run <> ?"
            " ORDER BY done DESC, file IS NULL, id"
        )
        for number, file, done in db.execute(query, key).fetchall():
            if number in used or not (done or file is None or file in taken):
                continue
            used.add(number)
            if self._writes:
                db.execute("UPDATE applied SET run = ? WHERE id = ?", (self._run_id, number))
            return UNCHANGED if done or file is not None else _MAY_BE_APPLIED
        return None

    def note(self, stream: str, place: str, contents: Sequence[bytes], file: str | None) -> list[int]:
        """Note rows that are about to be sent; the notes are on disk when this returns. Return their ids."""
        statement = "INSERT INTO applied (stream, place, content, run, file) VALUES (?, ?, ?, ?, ?)"
        with self._connected() as db:
            return [
                int(db.execute(statement, (stream, place, content, self._run_id, file)).lastrowid or 0)
                for content in contents
            ]

    def settle(self, done: Collection[int], not_done: Collection[int]) -> None:
        """Note which rows Listrak has applied; remove the notes of those that it has not."""
        with self._connected() as db:
            db.executemany("UPDATE applied SET done = 1 WHERE id = ?", [(one,) for one in done])
            db.executemany("DELETE FROM applied WHERE id = ?", [(one,) for one in not_done])

    def forget(self, stream: str) -> None:
        """Remove the notes of a stream: a run of it has ended well."""
        if self._writes:
            with self._connected() as db:
                db.execute("DELETE FROM applied WHERE stream = ?", (stream,))

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
        self._stream = _stream_key(run, stream)
        events = ",".join(map(str, sorted(plan.event_ids)))
        self._place = f"{email_list.id} {plan.import_type} {plan.update_type} {events}"
        self._taken: dict[str, bool] = {}

    def earlier(self, buffer: Buffer, indices: Sequence[int]) -> dict[int, Outcome]:
        """Return the outcomes of rows that an earlier run sent and that Listrak took, or may have taken.

        Side effect: for rows whose run ended before Listrak confirmed them, the list's imports are read.
        """
        taken = [file for file in self._rows.open_files(self._stream, self._place) if self._was_taken(file)]
        contents = [_content(buffer, index) for index in indices]
        outcomes = self._rows.earlier(self._stream, self._place, contents, taken)
        return {
            index: outcome for index, outcome in zip(indices, outcomes, strict=True) if outcome is not None
        }

    def note(self, buffer: Buffer, indices: Sequence[int], file: str | None) -> dict[int, int]:
        """Note rows that are about to be sent.

        Args:
            buffer: Their batch.
            indices: The rows.
            file: The name of their import file; `None` for a call.

        Returns:
            From row to note.
        """
        if self._run.dry_run:
            return {}
        contents = [_content(buffer, index) for index in indices]
        ids = self._rows.note(self._stream, self._place, contents, file)
        return dict(zip(indices, ids, strict=True))

    def settle(self, noted: Mapping[int, int], outcomes: Mapping[int, Outcome]) -> None:
        """Note how rows went: those that were not accepted may be sent later."""
        done = {index for index in noted if outcomes.get(index) is ACCEPTED}
        self._rows.settle(
            [noted[index] for index in done], [one for index, one in noted.items() if index not in done]
        )

    def _was_taken(self, file: str) -> bool:
        """Return whether Listrak has an import of this file that has not failed."""
        if file not in self._taken:
            self._taken[file] = self._look(file)
        return self._taken[file]

    def _look(self, file: str) -> bool:
        client, ids = self._run.connection.client("email"), {"listId": self._list.id}
        for page in client.pages(routes.LIST_IMPORTS, ids):
            for row in page.rows:
                if row.get("importFileName") == file:
                    place = {**ids, "importFileId": row["importFileId"]}
                    try:
                        status = client.get(routes.LIST_IMPORT_STATUS, place)
                    except NotFoundError:  # it is so new that its status is not there yet
                        return True
                    return not (isinstance(status, dict) and has_failed(status))
        return False


def forget_rows(run: Run, stream: str) -> None:
    """Remove the notes on rows of a stream: a run of it has ended well."""
    run.session(AppliedRows).forget(_stream_key(run, stream))


def _stream_key(run: Run, stream: str) -> str:
    """Return what tells a stream apart from those of other accounts."""
    return f"{run.config['api_url']} {stream}"


def _content(buffer: Buffer, index: int) -> bytes:
    """Return a digest of a row's record as it came, without what extractors add to it (`_sdc_`)."""
    line, _ = buffer.sources.record(index)
    if not line:  # a member whom a mirror removes: no row of the input
        return hashlib.sha256(buffer.cells(index)[0].encode()).digest()
    record = msgspec.json.decode(line)["record"]
    told = {name: value for name, value in record.items() if not name.startswith("_sdc_")}
    return hashlib.sha256(msgspec.json.encode(told, order="deterministic")).digest()
