"""A Meltano project that a test has to itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from listrak_sandbox.testing import RunningSandbox

ROOT = Path(__file__).resolve().parent.parent.parent
MELTANO = Path(sys.executable).with_name("meltano")
TIME_LIMIT = 240


class Project:
    """A copy of this repository's Meltano project in a folder of its own, on the plugins installed here.

    Several `meltano run` at once in one project get in each other's way, and a test leaves nothing behind.

    Args:
        folder: An empty folder.
        sandbox: The Listrak that both plugins talk to.
    """

    def __init__(self, folder: Path, sandbox: RunningSandbox) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.definition = yaml.safe_load((ROOT / "meltano.yml").read_text("utf-8"))
        self.environment = {
            "MELTANO_PROJECT_ROOT": str(folder),
            "MELTANO_CLI_LOG_FORMAT": "uncolored",
            "TAP_LISTRAK_API_URL": sandbox.url,
            "TAP_LISTRAK_AUTH_URL": sandbox.auth_url,
            "TARGET_LISTRAK_API_URL": sandbox.url,
            "TARGET_LISTRAK_AUTH_URL": sandbox.auth_url,
            "TARGET_LISTRAK_REJECTS_PATH": str(folder / "rejects.singer"),
        }
        for name in ("catalogs", "demo"):
            (folder / name).symlink_to(ROOT / name)
        (folder / "output").mkdir()
        for kind, plugins in self.definition["plugins"].items():
            for plugin in plugins:
                installed = ROOT / ".meltano" / kind / plugin["name"] / "venv"
                if not (installed / "bin" / "python").exists():
                    pytest.fail(f"{plugin['name']} is not installed; `make test` does that")
                linked = folder / ".meltano" / kind / plugin["name"]
                linked.mkdir(parents=True)
                (linked / "venv").symlink_to(installed)

    def configure(self, plugin: str, **config: object) -> None:
        """Set a plugin's config as a user would in meltano.yml."""
        plugins = [one for some in self.definition["plugins"].values() for one in some]
        entry = next(one for one in plugins if one["name"] == plugin)
        entry.setdefault("config", {}).update(config)

    def set_extras(self, plugin: str, **extras: object) -> None:
        """Set a plugin's extras (``select``, ``catalog``, ``metadata``) as a user would in meltano.yml."""
        entry = next(one for one in self.definition["plugins"]["extractors"] if one["name"] == plugin)
        entry.update(extras)

    def meltano(self, *arguments: str, expect: int = 0) -> str:
        """Run Meltano and give all it printed.

        Args:
            arguments: What follows ``meltano``.
            expect: The exit code there has to be.
        """
        self._write()
        done = subprocess.run(
            [str(MELTANO), *arguments],
            cwd=self.folder,
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIME_LIMIT,
            check=False,
        )
        assert done.returncode == expect, done.stdout
        return done.stdout

    def begin(self, *arguments: str, output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start Meltano as the head of a process group of its own, and give it while it runs.

        Args:
            arguments: What follows ``meltano``.
            output: A file that takes all it prints; a pipe that nobody reads would hold it up.
        """
        self._write()
        return subprocess.Popen(
            [str(MELTANO), *arguments],
            cwd=self.folder,
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _write(self) -> None:
        (self.folder / "meltano.yml").write_text(yaml.safe_dump(self.definition, sort_keys=False), "utf-8")

    def run(self, *plugins: str, expect: int = 0) -> int:
        """Run plugins by ``meltano run`` and tell how many requests that took."""
        self.sandbox.forget_requests()
        # Without the option Meltano 4.4 would install anew, into the environments that all tests share.
        self.meltano("run", "--no-install", *plugins, expect=expect)
        return int(self.sandbox.requests()["total"])
