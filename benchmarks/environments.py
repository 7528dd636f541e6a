"""Environments of the alternatives: each has its own, with pinned versions, installed by pip."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).resolve().parent
PINS = HERE / "pins"
FOLDER = HERE.parent / ".venv-benchmarks"
NAMES = ("tap-rest-api-msdk", "dlt", "singer-sdk", "bare-client")


class SetUpError(Exception):
    """An environment cannot be made; the text is for the person who runs the benchmarks."""


def python_of(name: str) -> Path:
    """Give the interpreter of an environment."""
    return FOLDER / name / "bin" / "python"


def version_of(name: str, package: str) -> str:
    """Give the pinned version of a package."""
    for line in (PINS / f"{name}.txt").read_text("utf-8").splitlines():
        found, _, version = line.partition("==")
        if found.lower() == package.lower():
            return version
    return "?"


def install(name: str) -> None:
    """Make an environment, unless it is there with the versions that are pinned now.

    Raises:
        SetUpError: pip cannot install from the package index.
    """
    pins = PINS / f"{name}.txt"
    mark = FOLDER / name / ".pins"
    wanted = sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    if mark.exists() and mark.read_text("utf-8") == wanted:
        return
    print(f"Installing {name} into an environment of its own …", flush=True)
    _run([sys.executable, "-m", "venv", "--clear", str(FOLDER / name)], name)
    pip = [str(python_of(name)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--no-deps", "--requirement", str(pins)], name)
    mark.write_text(wanted, "utf-8")


def _run(command: list[str], name: str) -> None:
    done = subprocess.run(
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        message = f"{name} cannot be installed, so nothing is compared with it:\n{done.stdout[-1500:]}"
        raise SetUpError(message)
