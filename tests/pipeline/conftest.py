"""A Meltano project of each test's own, with the plugins that `make test` installed, and PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_project import Project
from postgres_server import Database, running_server, server_programs

from listrak_sandbox.testing import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    """A Meltano project of this test's own, with a tiny sandbox or one of the scale a parameter names."""
    folder = tmp_path / "project"
    folder.mkdir()
    with running_sandbox(scale=getattr(request, "param", "tiny")) as sandbox:
        yield Project(folder, sandbox)


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
