"""Serves the dashboard on this machine only: `make dashboard`.

    python -m examples.dashboard.serve [--database FILE] [--port PORT]

Takes the database of `make models`, and makes it first if there is none. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from demo import models
from demo.processes import ROOT, DemoError, end_on_signals, ended

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
STREAMLIT = ROOT / ".venv-dashboard" / "bin" / "streamlit"
PORT = 8991
SECONDS = 60
"""How long it may take to start."""


def has_marts(database: Path) -> bool:
    """Tell whether a DuckDB file holds what `dbt build` makes last."""
    if not database.exists():
        return False
    with duckdb.connect(str(database), read_only=True) as opened:
        query = "select count(*) from information_schema.tables where table_schema = ? and table_name = ?"
        found = opened.execute(query, [models.SCHEMA, "listrak__row_accounting"]).fetchone()
    return bool(found and found[0])


def free_port(wanted: int) -> int:
    """Return the port, or another one if it is in use."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", wanted))
        except OSError:
            return free_port(0)
        return int(tried.getsockname()[1])


def answers(url: str) -> bool:
    """Tell whether something on this machine answers."""
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - always http to this machine
            return True
    except OSError:
        return False


@contextlib.contextmanager
def serving(database: Path, port: int = 0, schema: str = models.SCHEMA) -> Iterator[str]:
    """Run Streamlit until the block is left; gives the page's address.

    Args:
        database: A DuckDB file with the marts.
        port: The port wanted; 0 and a port in use mean any that is free.
        schema: Where the marts are.

    Raises:
        DemoError: It did not start.
    """
    port = free_port(port)
    names = {"LISTRAK_DASHBOARD_DATABASE": str(database.resolve()), "LISTRAK_DASHBOARD_SCHEMA": schema}
    command = [str(STREAMLIT), "run", "app.py", f"--server.port={port}"]
    options = {"cwd": HERE, "env": os.environ | names, "stdout": subprocess.DEVNULL}
    with ended(command, **options) as child:
        url, latest = f"http://127.0.0.1:{port}", time.monotonic() + SECONDS
        while not answers(f"{url}/_stcore/health"):
            if child.poll() is not None or time.monotonic() > latest:
                raise DemoError(f"Streamlit did not start on port {port}; what it printed says why")
            time.sleep(0.1)
        yield url
        if child.poll() is not None:
            raise DemoError("Streamlit ended by itself; what it printed says why")


def main() -> int:
    """Run it; the exit code is 1 if there is nothing to show."""
    parser = argparse.ArgumentParser(description="Serves the dashboard on this machine only.")
    parser.add_argument(
        "--database", type=Path, help="DuckDB file with the marts (default: that of make models)"
    )
    parser.add_argument("--port", type=int, default=PORT, help="default: %(default)s, or any if it is in use")
    given = parser.parse_args()
    end_on_signals()
    places = [given.database] if given.database else [models.DEMO, models.FOLDER / "listrak.duckdb"]
    database = next((place for place in places if has_marts(place)), None)
    if database is None and given.database:
        print(
            f"{given.database} has no marts in the schema {models.SCHEMA}: run `dbt build` on it.",
            file=sys.stderr,
        )
        return 1
    if database is None:
        if models.main():
            return 1
        database = next(place for place in places if has_marts(place))
    try:
        with serving(database, given.port) as url:
            print(f"\nDashboard on {database}: {url}\nCtrl-C ends it.", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                while True:
                    time.sleep(3600)
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
