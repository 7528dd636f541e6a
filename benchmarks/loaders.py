"""Which loader: the same rows of the tap into each loader that is installed here, and as files."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from contextlib import contextmanager
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.jobs import CONNECTIONS, OURS, Contender, Job, parquet, tap_command
from benchmarks.prepared import Shape
from benchmarks.warehouse import DATABASE, duckdb_rows, piped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.jobs import Place
    from benchmarks.measure import Run

ROOT = Path(__file__).resolve().parent.parent
SHAPE = Shape(messages=20)
LOAD = [sys.executable, str(ROOT / "examples" / "bulk" / "load.py")]


@contextmanager
def job() -> Iterator[Job]:
    """Make the job, with a PostgreSQL server where one is installed.

    Yields:
        The job; the server is there while the block lasts. A loader that is not installed is left out.
    """
    with contextlib.ExitStack() as stack:
        contenders = [
            Contender(OURS, "tap-listrak alone, records to nobody", _alone, _nothing),
            Contender("files-duckdb", "Parquet files, load.py, DuckDB", _files(DATABASE), duckdb_rows),
            _loader("target-duckdb", "target-duckdb-whole", _duckdb_config, duckdb_rows),
            _loader("target-jsonl", "target-jsonl", _jsonl_config, _lines),
        ]
        if (server := stack.enter_context(_postgres())) is not None:
            files, records = server.make(), server.make()
            contenders += [
                Contender(
                    "files-postgres", "Parquet files, load.py, PostgreSQL", _files(files.tap_url), _in(files)
                ),
                _loader("target-postgres", "target-postgres", _postgres_config(records), _in(records)),
            ]
        rows = 1 + sum(SHAPE.counts().values())
        title = f"Loaders: {rows:,} rows of six streams, no latency, {CONNECTIONS} in flight"
        yield Job("loaders", title, asdict(SHAPE), rows, tuple(one for one in contenders if one is not None))


def _alone(place: Place) -> list[str]:
    return ["bash", "-c", f"{shlex.join(tap_command(place))} > /dev/null"]


def _files(into: str) -> Callable[[Place], list[str]]:
    return lambda place: piped(tap_command(place, **parquet(place)), [*LOAD, into])


def _loader(
    name: str,
    program: str,
    config: Callable[[Place], dict[str, Any]],
    count: Callable[[Run, Place], int | None],
) -> Contender | None:
    path = ROOT / ".meltano" / "loaders" / name / "venv" / "bin" / program
    if not path.exists():
        return None

    def command(place: Place) -> list[str]:
        settings = place.file("loader.json", config(place))
        return piped(tap_command(place), [str(path), "--config", settings])

    return Contender(name, f"records, {name}", command, count, slow=True)


def _duckdb_config(_place: Place) -> dict[str, Any]:
    return {"filepath": DATABASE, "default_target_schema": "main", "flush_all_streams": True}


def _jsonl_config(place: Place) -> dict[str, Any]:
    folder = place.folder / "lines"
    folder.mkdir()
    return {"destination_path": str(folder)}


def _postgres_config(server: Any) -> Callable[[Place], dict[str, Any]]:  # noqa: ANN401 - of the tests
    config = {
        "sqlalchemy_url": server.target_url,
        "default_target_schema": "listrak",
        "load_method": "upsert",
    }
    return lambda _place: config


@contextmanager
def _postgres() -> Iterator[Any]:
    """Run the tests' PostgreSQL server; gives None where there is none."""
    sys.path.append(str(ROOT / "tests" / "support"))
    server_module = import_module("postgres_server")  # not at the top: psycopg takes memory
    programs = server_module.server_programs()
    if programs is None:
        yield None
        return
    with server_module.running_server(programs) as server:
        yield server


def _in(server: Any) -> Callable[[Run, Place], int]:  # noqa: ANN401 - as above
    def count(_run: Run, _place: Place) -> int:
        tables = server.query(
            "select table_schema, table_name from information_schema.tables "
            "where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'"
        )
        rows = 0
        for schema, table in tables:
            rows += server.query(f'select count(*) from "{schema}"."{table}"')[0][0]  # noqa: S608 - names of ours
            server.query(f'drop table "{schema}"."{table}"')
        return rows

    return count


def _lines(_run: Run, place: Place) -> int:
    return sum(
        1 for path in (place.folder / "lines").glob("*.jsonl") for line in path.open() if json.loads(line)
    )


def _nothing(_run: Run, _place: Place) -> None:
    return None
