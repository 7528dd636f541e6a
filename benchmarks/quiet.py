"""A scheduled `meltano run` on a day without changes, beside the run of an empty tap and an empty target.

Both run in one Meltano project, on the sandbox, after a first run of each: what is measured is Meltano's own
start, the plugins' starts, discovery, and the requests that show that nothing has changed.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from benchmarks.jobs import OURS, Contender, Job
from listrak_sandbox.testing import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.jobs import Place
    from benchmarks.measure import Run

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
EMPTY = Path(__file__).resolve().parent / "alternatives" / "empty_plugins.py"
PAIRS = (
    (OURS, "tap-listrak", "target-empty"),
    ("empty", "tap-empty", "target-empty"),
    ("target", "tap-empty", "target-listrak"),
)


@contextmanager
def job(folder: Path) -> Iterator[Job]:
    """Make a Meltano project in which each pair has run once.

    Args:
        folder: An empty folder for it.

    Yields:
        The job; its project and the sandbox are there while the block lasts.
    """
    with running_sandbox(process=True, scale="tiny") as sandbox:
        sandbox.set_clock(frozen=True)
        address = {"api_url": sandbox.url, "auth_url": sandbox.auth_url}
        (folder / "meltano.yml").write_text(yaml.safe_dump(_project(folder, address)), "utf-8")
        for _, *pair in PAIRS:
            subprocess.run(
                _command(folder, pair),
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        contenders = tuple(
            Contender(name, ", ".join(pair), _runs(folder, pair), _nothing) for name, *pair in PAIRS
        )
        yield Job(
            "quiet",
            "A quiet day of a small account (172 requests, 475 rows), under Meltano",
            {},
            None,
            contenders,
        )


def _project(folder: Path, address: dict[str, str]) -> dict[str, Any]:
    accounts = {
        f"{prefix}client_{part}": f"sandbox-{api}{end}"
        for prefix, api in (("", "email"), ("sms_", "sms"))
        for part, end in (("id", ""), ("secret", "-secret"))
    }
    tap = _plugin("tap-listrak", address | accounts)
    target = _plugin("target-listrak", address | accounts | {"destinations": {"nothing": _LIST}})
    return {
        "project_id": "quiet",
        "default_environment": "dev",
        "environments": [{"name": "dev"}],
        "send_anonymous_usage_stats": False,
        "plugins": {
            "extractors": [tap, _empty(folder, "tap", ["catalog", "discover", "state"])],
            "loaders": [target, _empty(folder, "target", [])],
        },
    }


_LIST = {"kind": "email_list", "list": "Newsletter"}


def _plugin(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return this project's definition of a plugin, with the program of this environment."""
    entry: dict[str, Any] = yaml.safe_load((ROOT / "plugins" / f"{name}.yml").read_text("utf-8"))
    entry.pop("pip_url", None)
    entry.pop("plugin_type", None)
    return {**entry, "executable": str(BIN / name), "config": config}


def _empty(folder: Path, kind: str, capabilities: list[str]) -> dict[str, Any]:
    program = folder / f"{kind}-empty"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{EMPTY}" {kind} "$@"\n', "utf-8")
    program.chmod(0o755)
    name = f"{kind}-empty"
    return {
        "name": name,
        "namespace": f"{kind}_empty",
        "executable": str(program),
        "capabilities": capabilities,
    }


def _command(folder: Path, pair: list[str]) -> list[str]:
    return ["env", f"MELTANO_PROJECT_ROOT={folder}", str(BIN / "meltano"), "run", *pair]


def _runs(folder: Path, pair: list[str]) -> Any:  # noqa: ANN401 - as a contender's command
    return lambda _place: _command(folder, pair)


def _nothing(_run: Run, _place: Place) -> None:
    return None
