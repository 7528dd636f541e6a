"""One extraction for all tests of the dbt package: a first run of the tap, and ten days with a run each."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from models_project import Models, load_duckdb, tap_output
from postgres_server import Database, running_server, server_programs
from tap_runs import settings

from listrak_sandbox.testing import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = 86_400


@dataclass(frozen=True)
class Extracted:
    """What the tap wrote.

    Attributes:
        first: Singer messages of the first run.
        later: Singer messages of ten more runs, one a day.
    """

    first: bytes
    later: bytes


@pytest.fixture(scope="session")
def extracted() -> Extracted:
    with running_sandbox(scale="tiny") as sandbox:
        config = settings(
            sandbox,
            profile_fields="all",
            include_phone_contact_details=True,
            # A conversation's report counts the sends of earlier versions of its messages.
            include_previous_versions=True,
            # A message's report and its activity are read in the same run.
            activity_refresh="every_run",
        )
        first, state = tap_output(config, {})
        config["include_phone_contact_details"] = False  # one request per contact, and nothing to see
        later = []
        for _ in range(10):
            sandbox.set_clock(advance_seconds=DAY)
            output, state = tap_output(config, state)
            later.append(output)
    return Extracted(first, b"".join(later))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def target() -> Iterator[Path]:
    make = ["mktemp", "--directory", "/tmp/dbt-XXXXXX"]  # noqa: S108 - mktemp makes it safely
    place = Path(subprocess.check_output(make, text=True).strip())
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="session")
def after_ten_days(extracted: Extracted, folder: Path, target: Path) -> Models:
    """DuckDB after the first run and `dbt build`, ten days, and `dbt build` again."""
    models = Models(folder, target / "duckdb", folder / "listrak.duckdb")
    load_duckdb(models.file, extracted.first, folder)
    models.dbt("build")
    load_duckdb(models.file, extracted.later, folder)
    models.dbt("build")
    return models


@pytest.fixture(scope="session")
def postgres() -> Iterator[Database]:
    programs = server_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server here (package postgresql): nothing that needs one was tested")
    with running_server(programs) as database:
        yield database
