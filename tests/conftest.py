"""What tests of several folders share: a running sandbox, settings that point at it, the console scripts."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from hypothesis import HealthCheck, settings

from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytest_plugins = ["leak_scan", "pytester"]

ROOT = Path(__file__).resolve().parent.parent
TIME_LIMIT = 240

# How fast the machine is at the moment says nothing about the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


class Script(Protocol):
    """Runs a console script of this project and gives what it printed."""

    def __call__(
        self, name: str, *arguments: str, config: Mapping[str, Any] | None = None, text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run it.

        Args:
            name: Of the console script, such as ``tap-listrak``.
            arguments: What follows the name.
            config: Settings; they go into a file that ``--config`` names.
            text: Standard input; nothing by default.
        """


@pytest.fixture(autouse=True)
def state_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a folder of its own for the target's default files: they outlive a run on purpose."""
    folder = tmp_path_factory.getbasetemp() / f"state-{secrets.token_hex(8)}"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    """A small sandbox that many tests read from. A test that changes anything takes `fresh_sandbox`."""
    with running_sandbox() as running:
        yield running


@pytest.fixture
def fresh_sandbox() -> Iterator[RunningSandbox]:
    """A small sandbox of this test's own."""
    with running_sandbox() as running:
        yield running


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Console scripts as a user runs them."""

    def run(
        name: str, *arguments: str, config: Mapping[str, Any] | None = None, text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name(name))]
        if config is not None:
            file = tmp_path / f"{name}.config.json"
            file.write_text(json.dumps(config), "utf-8")
            command.append(f"--config={file}")
        return subprocess.run(
            [*command, *arguments],
            cwd=tmp_path,
            input=text or "",
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT,
            check=False,
        )

    return run
