"""The dbt package in `dbt_listrak/`, run by the dbt that `make test` installed, on tables of real loaders."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import yaml

from tap_listrak.tap import TapListrak

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "dbt_listrak"
PROGRAMS = ROOT / ".venv-models" / "bin"
TIME_LIMIT = 240
VARIABLES: dict[str, Any] = {
    "listrak_figures_severity": "error",
    "listrak_profile_fields": {"first_name": "First Name"},
}


def tap_output(config: dict[str, Any], state: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """Run the tap in this process; gives what it wrote and the last STATE."""
    output = io.BytesIO()
    text = io.TextIOWrapper(output, encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(text):
        TapListrak(config=dict(config), state=state or None).sync_all()
    lines = output.getvalue().splitlines()
    states = [json.loads(line)["value"] for line in lines if line.startswith(b'{"type":"STATE"')]
    return output.getvalue(), states[-1]


def _load(name: str, config: dict[str, Any], messages: bytes, folder: Path) -> None:
    """Run a loader that `make test` installed."""
    file = folder / f"{name}.config.json"
    file.write_text(json.dumps(config), "utf-8")
    program = ROOT / ".meltano" / "loaders" / name / "venv" / "bin"
    executable = program / ("target-duckdb-whole" if name == "target-duckdb" else name)
    done = subprocess.run(
        [str(executable), f"--config={file}"],
        input=messages,
        capture_output=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:].decode()


def load_duckdb(file: Path, messages: bytes, folder: Path) -> None:
    """Load Singer messages into a DuckDB file by target-duckdb."""
    _load("target-duckdb", {"filepath": str(file), "default_target_schema": "tap_listrak"}, messages, folder)


def load_postgres(url: str, messages: bytes, folder: Path) -> None:
    """Load Singer messages into PostgreSQL by target-postgres, as meltano.yml sets it."""
    definition = yaml.safe_load((ROOT / "meltano.yml").read_text("utf-8"))
    loader = next(one for one in definition["plugins"]["loaders"] if one["name"] == "target-postgres")
    config = {**loader["config"], "sqlalchemy_url": url, "default_target_schema": "tap_listrak"}
    _load("target-postgres", config, messages, folder)


class Models:
    """The package as a project of its own.

    Args:
        folder: Where the loader and dbt may write.
        target: Where dbt keeps what it parsed and compiled. Not where files are looked through for leaks:
            in its own format, names of tests look like addresses.
        file: A DuckDB file; the one that another target reads is not used.
        environment: More of the variables that profiles.yml reads.
    """

    def __init__(self, folder: Path, target: Path, file: Path, **environment: str) -> None:
        self.folder = folder
        self.target = target
        self.file = file
        self.environment = {"LISTRAK_MODELS_DUCKDB": str(file), **environment}

    def dbt(self, *arguments: str, expect: int = 0, schema: str = "analytics", **variables: object) -> str:
        """Run dbt; gives what it printed.

        Args:
            arguments: What follows ``dbt``.
            expect: Its exit code.
            schema: Where the models go.
            variables: Variables of the package beside those of all tests.
        """
        command = [PROGRAMS / "dbt", "--no-use-colors", *arguments, f"--project-dir={PACKAGE}"]
        command += [f"--profiles-dir={PACKAGE}", f"--vars={json.dumps(VARIABLES | variables)}"]
        command += [f"--target-path={self.target}", f"--log-path={self.folder / 'logs'}"]
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            env=os.environ | self.environment | {"LISTRAK_MODELS_SCHEMA": schema},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT,
            check=False,
        )
        assert done.returncode == expect, done.stdout[-5000:] + done.stderr[-2000:]
        return done.stdout

    def query(self, text: str) -> list[tuple[Any, ...]]:
        """Run a statement on the DuckDB file, and give its rows."""
        with duckdb.connect(str(self.file)) as database:
            return database.execute(text).fetchall()

    def results(self) -> list[str]:
        """Return the status of each model and test of the last run."""
        found = json.loads((self.target / "run_results.json").read_text("utf-8"))["results"]
        return [one["status"] for one in found]

    def nodes(self) -> list[dict[str, Any]]:
        """Return what dbt knows of each model and test of the package."""
        return list(json.loads((self.target / "manifest.json").read_text("utf-8"))["nodes"].values())

    def marts(self) -> list[str]:
        """Return the names of the marts."""
        return sorted(
            node["name"]
            for node in self.nodes()
            if node["resource_type"] == "model" and node["fqn"][1] == "marts"
        )
