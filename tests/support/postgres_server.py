"""A PostgreSQL server that the tests start and stop, from the programs that the system has."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator


class Database:
    """One database of a server on this machine.

    Args:
        port: Where the server listens, on loopback only.
        name: The database.
    """

    def __init__(self, port: int, name: str) -> None:
        self.port = port
        self.name = name
        place = f"test:test@127.0.0.1:{port}/{name}"
        # The two plugins bring different drivers.
        self.tap_url = f"postgresql://{place}"
        self.target_url = f"postgresql+psycopg://{place}"

    def query(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement and give its rows, if it has any."""
        connection = psycopg.connect(self.tap_url, autocommit=True)
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(text.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def make(self) -> Database:
        """Make another, empty database on the same server."""
        name = f"test_{uuid.uuid4().hex}"
        self.query(f"create database {name}")
        return Database(self.port, name)


def server_programs() -> Path | None:
    """Find the folder of the server's programs; None where there is no server."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "postgres").exists()), None)


def _other_user() -> tuple[list[str], str | None]:
    """Give what to put before a command so that it does not run as root, which PostgreSQL refuses."""
    if os.geteuid():
        return [], None
    try:
        name = pwd.getpwnam("postgres").pw_name
    except KeyError:
        name = "nobody"
    return ["setpriv", f"--reuid={name}", "--clear-groups"], name


@contextlib.contextmanager
def running_server(programs: Path) -> Iterator[Database]:
    """Start a server of our own, which listens on a free port of loopback, and stop it at the end."""
    before, user = _other_user()
    # Not below pytest's folder: a socket's path has to be short, and another user has to get there. Not in
    # the folder that is looked through for leaks either: what is here is the server's own.
    make = ["mktemp", "--directory", "/tmp/postgres-XXXXXX"]  # noqa: S108 - mktemp makes it safely
    folder = Path(subprocess.check_output(make, text=True).strip())
    if user:
        shutil.chown(folder, user)
    data = folder / "data"

    def run(*command: object) -> None:
        subprocess.run([*before, *map(str, command)], check=True, stdout=subprocess.DEVNULL, cwd="/")

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    try:
        run(programs / "initdb", "-D", data, "-U", "test", "--auth=trust", "--no-sync", "-E", "UTF8")
        run(programs / "pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-w", "start")
        try:
            yield Database(port, "postgres")
        finally:
            run(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
