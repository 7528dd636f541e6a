"""A Meltano project of each test's own, with the plugins that `make test` installed, and PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_project import Project
from postgres_server import Database, running_server, server_programs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from listrak_sandbox.testing import RunningSandbox


@pytest.fixture
def project(tmp_path: Path, fresh_sandbox: RunningSandbox) -> Project:
    """A Meltano project of this test's own, with a sandbox of its own."""
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder, fresh_sandbox)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Database]:
    """A PostgreSQL server of this session's own."""
    programs = server_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server here (package postgresql): nothing that needs one was tested")
    with running_server(programs) as database:
        yield database


@pytest.fixture
def database(postgres: Database) -> Database:
    """An empty database on the server."""
    return postgres.make()
