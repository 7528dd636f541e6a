"""The whole way of a first load: from Listrak to tables in DuckDB, by files, by loaders, and by dlt."""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.environments import python_of
from benchmarks.jobs import (
    CONNECTIONS,
    FANOUT,
    LATENCY_MS,
    OURS,
    Contender,
    Job,
    parquet,
    tap_command,
    textbook_tap,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.jobs import Place
    from benchmarks.measure import Run
    from benchmarks.prepared import Shape

ROOT = Path(__file__).resolve().parent.parent
LOADER = ROOT / ".meltano" / "loaders" / "target-duckdb" / "venv" / "bin" / "target-duckdb-whole"
"""Installed by `make demo`, in the version that this project is tested with."""
DATABASE = "listrak.duckdb"


def piped(*commands: list[str]) -> list[str]:
    """Make one command of several: each reads what the one before it writes, and one that fails fails all."""
    return ["bash", "-c", "set -o pipefail; " + " | ".join(map(shlex.join, commands))]


def _by_files(place: Place) -> list[str]:
    load = [sys.executable, str(ROOT / "examples" / "bulk" / "load.py"), DATABASE]
    return piped(tap_command(place, **parquet(place)), load)


def _by_loader(tap: Callable[[Place], list[str]]) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        config = {"filepath": DATABASE, "default_target_schema": "main", "flush_all_streams": True}
        return piped(tap(place), [str(LOADER), "--config", place.file("loader.json", config)])

    return command


def _by_dlt(place: Place) -> list[str]:
    script = str(ROOT / "benchmarks" / "alternatives" / "dlt_source.py")
    urls = [place.url, f"{place.url}/OAuth2/Token"]
    return [str(python_of("dlt")), script, *urls, str(CONNECTIONS), "dlt", DATABASE]


_COUNT = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as database:
    tables = database.execute("SELECT table_schema, table_name FROM information_schema.tables").fetchall()
    names = [f'"{schema}"."{table}"' for schema, table in tables if not table.startswith("_dlt")]
    print(sum(len(database.table(name)) for name in names))
"""


def duckdb_rows(run: Run, place: Place) -> int:
    """Count the rows of all tables in a contender's DuckDB file.

    In a process of its own: the peak memory of later contenders counts from that of this one.
    """
    del run
    command = [sys.executable, "-c", _COUNT, str(place.folder / DATABASE)]
    return int(subprocess.check_output(command))


def job(shape: Shape = FANOUT) -> Job:
    """Make the fan-out job, with tables in DuckDB at its end."""
    title = (
        f"Fan-out into DuckDB tables: the rows of the first job; {LATENCY_MS:.0f} ms latency, "
        f"{CONNECTIONS} in flight"
    )
    contenders = (
        Contender(OURS, "tap-listrak, Parquet files, examples/bulk/load.py", _by_files, duckdb_rows),
        Contender("loader", "tap-listrak, target-duckdb", _by_loader(tap_command), duckdb_rows, slow=True),
        Contender("dlt-run", "dlt REST source, whole run", _by_dlt, duckdb_rows, "dlt", slow=True),
        Contender(
            "textbook-loader",
            "textbook SDK tap, target-duckdb",
            _by_loader(textbook_tap),
            duckdb_rows,
            "singer-sdk",
            slow=True,
        ),
    )
    options = {**asdict(shape), "latency_ms": LATENCY_MS}
    return Job("warehouse", title, options, 1 + sum(shape.counts().values()), contenders)
