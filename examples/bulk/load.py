"""Loads the Parquet files of tap-listrak into DuckDB or PostgreSQL.

    tap-listrak --config config.json --state state.json | python load.py listrak.duckdb > new-state.json
    tap-listrak --config config.json | python load.py postgresql://user:password@host/database > state.json

Standard input is the tap's output with ``batch_config`` set to Parquet. Each stream is a table in which a row
is there once for each key. What lies before a STATE is one transaction; the STATE is printed once it is
committed, so a run that breaks off goes on from there. ACTIVATE_VERSION deletes the rows that a stream read
in full no longer has.

DuckDB needs the package duckdb; PostgreSQL needs psycopg and pyarrow, and reads the rows by COPY.
"""

from __future__ import annotations

import abc
import contextlib
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

INCOMING = "listrak_incoming"
"""The temporary table that holds the rows of one file."""


def name(identifier: str) -> str:
    """Quote a table's or column's name."""
    return '"' + identifier.replace('"', '""') + '"'


def names(identifiers: Iterable[str]) -> str:
    """Quote names, with commas between them."""
    return ", ".join(map(name, identifiers))


class Database(abc.ABC):
    """The tables of one database, and what was loaded since the last STATE."""

    def __init__(self) -> None:
        self._keys: dict[str, Sequence[str]] = {}

    def define(self, stream: str, keys: Sequence[str]) -> None:
        """Take note of a stream's key."""
        self._keys[stream] = keys

    def load(self, stream: str, file: Path, *, versioned: bool) -> None:
        """Put a file's rows into the stream's table, in place of those with the same key.

        Args:
            stream: The stream.
            file: The Parquet file.
            versioned: Whether an ACTIVATE_VERSION may follow: then the keys are remembered.
        """
        keys = self._keys[stream]
        self.merge(stream, keys, file)
        if versioned:
            seen, columns = name(f"seen of {stream}"), names(keys)
            rows = f"SELECT {columns} FROM {INCOMING}"
            self.execute(f"CREATE TEMP TABLE IF NOT EXISTS {seen} AS {rows} LIMIT 0")
            self.execute(f"INSERT INTO {seen} {rows}")

    def activate(self, stream: str) -> None:
        """Delete the rows whose keys did not come in this run."""
        table, seen = name(stream), name(f"seen of {stream}")
        same = " AND ".join(f"seen.{name(key)} = {table}.{name(key)}" for key in self._keys[stream])
        self.execute(f"DELETE FROM {table} WHERE NOT EXISTS (SELECT 1 FROM {seen} AS seen WHERE {same})")
        self.execute(f"DROP TABLE {seen}")

    @abc.abstractmethod
    def merge(self, stream: str, keys: Sequence[str], file: Path) -> None:
        """Put a file's rows into INCOMING, and from there into the stream's table."""

    @abc.abstractmethod
    def execute(self, statement: str) -> None:
        """Run a statement in the open transaction."""

    @abc.abstractmethod
    def commit(self) -> None:
        """Keep what was loaded, and begin another transaction."""

    @abc.abstractmethod
    def close(self) -> None:
        """Forget what was loaded since the last STATE, and disconnect."""


class DuckDB(Database):
    """The tables of one file of DuckDB.

    Args:
        path: The file; it is made when it is not there.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        import duckdb

        self._db = duckdb.connect(path)
        self._db.begin()

    def merge(self, stream: str, keys: Sequence[str], file: Path) -> None:
        """See the base class. DuckDB reads the file by itself."""
        table, key = name(stream), names(keys)
        self._db.execute(
            f"CREATE OR REPLACE TEMP TABLE {INCOMING} AS SELECT * EXCLUDE (file_row_number) "
            "FROM read_parquet(?, file_row_number = true) "
            f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY file_row_number DESC) = 1",
            [str(file)],
        )
        self.execute(f"CREATE TABLE IF NOT EXISTS {table} AS FROM {INCOMING} LIMIT 0")
        there = {row[0] for row in self._db.execute(f"DESCRIBE {table}").fetchall()}
        for column, kind, *_ in self._db.execute(f"DESCRIBE {INCOMING}").fetchall():
            if column not in there:
                self.execute(f"ALTER TABLE {table} ADD COLUMN {name(column)} {kind}")
        self.execute(f"DELETE FROM {table} WHERE ({key}) IN (SELECT ({key}) FROM {INCOMING})")
        self.execute(f"INSERT INTO {table} BY NAME FROM {INCOMING}")

    def execute(self, statement: str) -> None:
        """See the base class."""
        self._db.execute(statement)

    def commit(self) -> None:
        """See the base class."""
        self._db.commit()
        self._db.begin()

    def close(self) -> None:
        """See the base class."""
        self._db.close()


class PostgreSQL(Database):
    """The tables of one schema of PostgreSQL: that in which the user's new tables are made.

    Args:
        url: ``postgresql://user:password@host/database``.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        import psycopg

        self._db = psycopg.connect(url)

    def merge(self, stream: str, keys: Sequence[str], file: Path) -> None:
        """See the base class. The rows go to the server as CSV, by COPY."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(file) as content:
            columns = {one.name: _postgres_type(one.type) for one in content.schema_arrow}
            self._make(stream, keys, columns)
            with (
                self._db.cursor() as cursor,
                cursor.copy(f"COPY {INCOMING} ({names(columns)}) FROM STDIN (FORMAT csv)") as copy,
            ):
                for batch in content.iter_batches():
                    copy.write(_csv(batch))
        key, others = names(keys), [one for one in columns if one not in keys]
        values = ", ".join(f"{name(one)} = excluded.{name(one)}" for one in others)
        self.execute(
            f"INSERT INTO {name(stream)} ({names(columns)}) "
            f"SELECT DISTINCT ON ({key}) {names(columns)} FROM {INCOMING} ORDER BY {key}, listrak_row DESC "
            f"ON CONFLICT ({key}) DO " + (f"UPDATE SET {values}" if values else "NOTHING")
        )

    def _make(self, stream: str, keys: Sequence[str], columns: dict[str, str]) -> None:
        table, typed = name(stream), ", ".join(f"{name(one)} {kind}" for one, kind in columns.items())
        self.execute(f"CREATE TABLE IF NOT EXISTS {table} ({typed}, PRIMARY KEY ({names(keys)}))")
        for one, kind in columns.items():
            self.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name(one)} {kind}")
        self.execute(f"DROP TABLE IF EXISTS {INCOMING}")
        self.execute(
            f"CREATE TEMP TABLE {INCOMING} ({typed}, listrak_row bigint GENERATED ALWAYS AS IDENTITY)"
        )

    def execute(self, statement: str) -> None:
        """See the base class."""
        self._db.execute(statement.encode())

    def commit(self) -> None:
        """See the base class."""
        self._db.commit()

    def close(self) -> None:
        """See the base class."""
        self._db.close()


def _postgres_type(kind: pa.DataType) -> str:
    """Return the type of a column for one of a Parquet file (docs/bulk.md has the list)."""
    import pyarrow as pa

    if pa.types.is_decimal(kind):
        return f"numeric({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind):
        return "timestamptz"
    return {pa.int64(): "bigint", pa.bool_(): "boolean"}.get(kind, "text")


def _csv(batch: pa.RecordBatch) -> bytes:
    """Write rows as COPY reads them: texts in quotes, so that an empty one is not null."""
    from pyarrow import csv

    into = io.BytesIO()
    csv.write_csv(batch, into, csv.WriteOptions(include_header=False, quoting_style="needed"))
    return into.getvalue().replace(b"\0", b"")  # PostgreSQL holds no U+0000


def load(lines: Iterable[str | bytes], into: str) -> Iterable[Any]:
    """Load a tap's output, and give each STATE when it holds.

    Args:
        lines: Singer messages.
        into: A file of DuckDB, or the address of a PostgreSQL database.
    """
    postgres = into.startswith(("postgresql://", "postgres://"))
    with contextlib.closing(PostgreSQL(into) if postgres else DuckDB(into)) as database:
        for line in lines:
            message = json.loads(line)
            match message["type"]:
                case "SCHEMA":
                    database.define(message["stream"], message["key_properties"])
                case "BATCH":
                    for url in message["manifest"]:
                        file = Path(unquote(urlparse(url).path))
                        database.load(message["stream"], file, versioned="version" in message)
                case "ACTIVATE_VERSION":
                    database.activate(message["stream"])
                case "STATE":
                    database.commit()
                    yield message["value"]
                case other:
                    sys.exit(f"{other} messages are not loaded: set batch_config to Parquet files.")


if __name__ == "__main__":
    for state in load(sys.stdin, sys.argv[1]):
        print(json.dumps(state), flush=True)
