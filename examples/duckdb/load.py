"""Loads the Parquet files of tap-listrak into DuckDB.

    tap-listrak --config config.json --state state.json | python load.py listrak.duckdb > new-state.json

Standard input is the tap's output with ``batch_config`` set to Parquet. Each stream is a table in which a row
is there once for each key. What lies before a STATE is one transaction; the STATE is printed once it is
committed, so a run that breaks off goes on from there. ACTIVATE_VERSION deletes the rows that a stream read
in full no longer has.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def name(identifier: str) -> str:
    """Quote a table's or column's name."""
    return '"' + identifier.replace('"', '""') + '"'


class Tables:
    """The tables of one database file.

    Args:
        path: The file; it is made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._db = duckdb.connect(str(path))
        self._keys: dict[str, Sequence[str]] = {}
        self._db.begin()

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
        table, keys = name(stream), ", ".join(map(name, self._keys[stream]))
        self._db.execute(
            "CREATE OR REPLACE TEMP TABLE incoming AS SELECT * EXCLUDE (file_row_number) "
            f"FROM read_parquet(?, file_row_number = true) "
            f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY file_row_number DESC) = 1",
            [str(file)],
        )
        self._db.execute(f"CREATE TABLE IF NOT EXISTS {table} AS FROM incoming LIMIT 0")
        there = {row[0] for row in self._db.execute(f"DESCRIBE {table}").fetchall()}
        for column, kind, *_ in self._db.execute("DESCRIBE incoming").fetchall():
            if column not in there:
                self._db.execute(f"ALTER TABLE {table} ADD COLUMN {name(column)} {kind}")
        self._db.execute(f"DELETE FROM {table} WHERE ({keys}) IN (SELECT ({keys}) FROM incoming)")
        self._db.execute(f"INSERT INTO {table} BY NAME FROM incoming")
        if versioned:
            seen = name(f"seen of {stream}")
            self._db.execute(f"CREATE TEMP TABLE IF NOT EXISTS {seen} AS SELECT {keys} FROM incoming LIMIT 0")
            self._db.execute(f"INSERT INTO {seen} SELECT {keys} FROM incoming")

    def activate(self, stream: str) -> None:
        """Delete the rows whose keys did not come in this run."""
        keys, seen = ", ".join(map(name, self._keys[stream])), name(f"seen of {stream}")
        self._db.execute(f"DELETE FROM {name(stream)} WHERE ({keys}) NOT IN (SELECT ({keys}) FROM {seen})")
        self._db.execute(f"DROP TABLE {seen}")

    def commit(self) -> None:
        """Keep what was loaded."""
        self._db.commit()
        self._db.begin()


def load(lines: Iterable[str | bytes], path: Path) -> Iterable[Any]:
    """Load a tap's output, and give each STATE when it holds.

    Args:
        lines: Singer messages.
        path: The database file.
    """
    tables = Tables(path)
    for line in lines:
        message = json.loads(line)
        match message["type"]:
            case "SCHEMA":
                tables.define(message["stream"], message["key_properties"])
            case "BATCH":
                for url in message["manifest"]:
                    file = Path(unquote(urlparse(url).path))
                    tables.load(message["stream"], file, versioned="version" in message)
            case "ACTIVATE_VERSION":
                tables.activate(message["stream"])
            case "STATE":
                tables.commit()
                yield message["value"]
            case other:
                sys.exit(f"{other} messages are not loaded: set batch_config to Parquet files.")


if __name__ == "__main__":
    for state in load(sys.stdin, Path(sys.argv[1])):
        print(json.dumps(state), flush=True)
