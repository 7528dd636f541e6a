"""Writes the pinned versions, names and versions only: each constraints*.txt and plugins/constraints/*.txt.

    make constraints

The project's environment and our own two plugins share constraints.txt. Every other plugin of meltano.yml
has a file of its own, because their requirements exclude each other (four versions of the SDK and two of
jsonschema among them), and so have dbt and the examples. One command for all, so that they never
drift apart.
"""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Any

import yaml
from uv import find_uv_bin

ROOT = Path(__file__).resolve().parent.parent
# One resolution for every Python we support and every platform; no addresses in the result.
COMPILE = [
    "pip",
    "compile",
    "--quiet",
    "--upgrade",
    "--universal",
    "--python-version=3.11",
    "--no-header",
    "--no-annotate",
]
# What `make models` and the tests of dbt_listrak run. Later versions of dbt-core 1.11 are not in every index.
MODELS = "dbt-core==1.11.16\ndbt-duckdb\ndbt-postgres\nsqlfluff\nsqlfluff-templater-dbt\n"
# What `make compile-models` runs.
WAREHOUSES = "dbt-core==1.11.16\ndbt-snowflake\ndbt-bigquery\n"


def compile_pins(output: Path, *arguments: str, requirements: str = "") -> None:
    """Resolve requirements and write the versions found.

    Args:
        output: File to write.
        arguments: Further arguments of ``uv pip compile``.
        requirements: Text that goes to its standard input.

    Raises:
        subprocess.CalledProcessError: The requirements exclude each other; uv has said which.
    """
    command = [find_uv_bin(), *COMPILE, *arguments, f"--output-file={output}"]
    subprocess.run(command, cwd=ROOT, input=requirements, text=True, check=True, stdout=subprocess.DEVNULL)


def foreign_plugins() -> dict[str, str]:
    """Give the constraints file and the requirement of each plugin that is not ours, from meltano.yml."""
    definition: dict[str, Any] = yaml.safe_load((ROOT / "meltano.yml").read_text("utf-8"))
    found = {}
    for plugins in definition["plugins"].values():
        for plugin in plugins:
            match shlex.split(plugin.get("pip_url", "")):
                case [requirement, *_, "-c", file] if not requirement.startswith("-"):
                    found[file] = requirement
    return found


def main() -> None:
    """Write all of them."""
    compile_pins(ROOT / "constraints.txt", "--all-extras", "--group=dev", "pyproject.toml")
    compile_pins(ROOT / "constraints-docs.txt", "--group=docs")
    dagster = ROOT / "examples" / "dagster"
    requirements = sorted(str(file.relative_to(ROOT)) for file in dagster.glob("requirements*.txt"))
    compile_pins(dagster / "constraints.txt", *requirements)
    for file, requirement in foreign_plugins().items():
        # The tests read what target-duckdb wrote, so both have to have the same DuckDB.
        shared = ["--constraints=constraints.txt"] if requirement.startswith("target-duckdb") else []
        compile_pins(ROOT / file, *shared, "-", requirements=requirement)
    # dbt reads what target-duckdb wrote, with the same DuckDB. Of the other pins it agrees with too few.
    versions = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    duckdb = next(line for line in versions if line.startswith("duckdb=="))
    pins = ROOT / "plugins" / "constraints" / "models.txt"
    compile_pins(pins, "-", requirements=f"{MODELS}{duckdb}\n")
    compile_pins(pins.with_name("warehouses.txt"), "-", requirements=WAREHOUSES)
    # The dashboard reads it as well.
    dashboard = ROOT / "examples" / "dashboard"
    needed = (dashboard / "requirements.txt").read_text("utf-8")
    compile_pins(dashboard / "constraints.txt", "-", requirements=f"{needed}{duckdb}\n")


if __name__ == "__main__":
    main()
