"""The files of docs/bulk.md, loaded by its example: the same rows as RECORD messages, typed, by key."""

from __future__ import annotations

import importlib.util
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from documents import DOCS, example
from tap_runs import extract_from, settings
from warehouse import Warehouse

from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXAMPLE = DOCS.parent / "examples" / "bulk" / "load.py"
STREAMS = frozenset({"lists", "contacts", "messages", "message_activity", "phone_list_contacts"})


@pytest.fixture
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        running.set_clock(now="2026-06-20T12:00:00Z", frozen=True)
        yield running


@pytest.fixture
def load() -> Any:  # noqa: ANN401 - a function of a file that is no module
    spec = importlib.util.spec_from_file_location("load", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load


def duckdb_query(path: str, statement: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(path, read_only=True) as database:
        return database.execute(statement).fetchall()


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_files_are_loaded_by_key_over_days_as_records_would_be(
    tiny: RunningSandbox,
    load: Any,  # noqa: ANN401 - see the fixture
    tmp_path: Path,
    kind: str,
    request: pytest.FixtureRequest,
) -> None:
    records, state = Warehouse(only=STREAMS), None
    batches = example("parquet", "bulk.md")["batch_config"]
    batches["storage"]["root"] = (tmp_path / "files").as_uri()
    into, query = str(tmp_path / "listrak.duckdb"), partial(duckdb_query, str(tmp_path / "listrak.duckdb"))
    if kind == "postgres":
        database = request.getfixturevalue("database")
        into, query = database.tap_url, database.query
    for _ in range(3):
        records.run(settings(tiny))
        written = extract_from(tiny, streams=STREAMS, state=state, batch_config=batches)
        *_, state = load(written.lines, into)
        assert state == records.state
        tiny.set_clock(advance_seconds=86_400 * 4)

    for stream, rows in records.tables.items():
        keys = ", ".join(f'"{name}"' for name in records.keys[stream])
        found = query(f"SELECT {keys} FROM {stream}")  # noqa: S608 - names of ours
        assert sorted(found, key=repr) == sorted(rows, key=repr), stream
    types = dict(
        query(
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_name = 'message_activity'"
        )
    )
    expected = {"activityDate": "TIMESTAMP WITH TIME ZONE", "messageId": "BIGINT", "emailAddress": "VARCHAR"}
    if kind == "postgres":
        expected["emailAddress"] = "TEXT"
    assert {name: types[name].upper() for name in expected} == expected
    numbers = types["orderTotal"].upper()
    assert numbers == ("NUMERIC" if kind == "postgres" else "DECIMAL(38,9)")


def test_records_are_no_files(load: Any, tmp_path: Path) -> None:  # noqa: ANN401 - see the fixture
    line = json.dumps({"type": "RECORD", "stream": "lists", "record": {}})
    with pytest.raises(SystemExit, match="set batch_config to Parquet files"):
        list(load([line], str(tmp_path / "x.duckdb")))
