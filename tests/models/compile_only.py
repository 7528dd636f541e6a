"""Compiles the dbt package for a warehouse that is not there.

    python tests/models/compile_only.py snowflake FOLDER

`make compile-models` runs it by the Python of an environment that has the adapters. Nothing connects: what an
adapter looks up is answered here. That shows that the SQL can be made, and no more; it is not run. No test
starts it, because the adapters are large.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).resolve().parent.parent.parent / "dbt_listrak"
NOBODY = {"account": "none", "user": "none", "password": "none", "warehouse": "none"}
PROFILES: dict[str, dict[str, str]] = {
    "snowflake": {"type": "snowflake", "database": "raw", "schema": "listrak", **NOBODY},
    "bigquery": {
        "type": "bigquery",
        "method": "oauth-secrets",
        "token": "none",
        "project": "raw",
        "dataset": "l",
    },
}


def relation(self: Any, database: str, schema: str, identifier: str) -> object:  # noqa: ANN401 - an adapter
    """Say that a table is there, so that incremental models compile as in a second run."""
    return self.Relation.create(database=database, schema=schema, identifier=identifier, type="table")


def main(adapter: str, folder: str) -> int:
    """Compile every model into a folder; the exit code is 1 if one cannot be."""
    folder = str(Path(folder).resolve())  # dbt takes another one as relative to the project
    profile = {"dbt_listrak": {"target": adapter, "outputs": {adapter: PROFILES[adapter]}}}
    Path(folder).mkdir(parents=True, exist_ok=True)
    (Path(folder) / "profiles.yml").write_text(json.dumps(profile), "utf-8")
    relation._is_available_ = True  # type: ignore[attr-defined]
    importlib.import_module(f"dbt.adapters.{adapter}").Plugin.adapter.get_relation = relation
    options = ["--no-populate-cache", "--no-introspect", "--quiet", "--vars={listrak_assume_columns: true}"]
    options += [f"--project-dir={PROJECT}", f"--profiles-dir={folder}"]
    options += [f"--target-path={folder}/target", f"--log-path={folder}"]
    success = dbtRunner().invoke(["compile", *options]).success
    files = list(Path(folder, "target", "compiled").rglob("*.sql"))
    print(f"{adapter}: {len(files)} models and tests compiled into {folder}; nothing was run")
    return not success


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
