"""Sets up the project's environment, or installs Meltano plugins into environments of their own.

Used by the Makefile. Runs on a bare python3, so it imports nothing but the standard library:

    python3 scripts/install.py project .venv
    python3 scripts/install.py plugins .venv tap-listrak target-duckdb

uv does the work where it can reach the package index, because it is about ten times faster. Where it
cannot (it does not read pip's configuration, so an index that only pip knows is one it does not know),
pip does the same with the same pinned versions.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 14)
WHAT = ["--editable", ".[sandbox]", "--group", "dev", "--constraint", "constraints.txt"]


def run(*command: object, quiet: bool = False, **environment: str) -> bool:
    """Run a command in the project's folder.

    Args:
        command: Program and arguments.
        quiet: Keep what it prints, and show it only when it fails.
        environment: Variables on top of this process's own.

    Returns:
        Whether it ended well.
    """
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=os.environ | environment,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
    )
    if quiet and done.returncode and done.stdout:
        sys.stderr.write(done.stdout[-4000:])
    return done.returncode == 0


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


def stop(text: str) -> None:
    """End with a message a person can act on."""
    sys.exit(f"Set-up stopped: {text}")


def project(venv: Path) -> None:
    """Make the environment and install the project, its tools and Meltano into it, in pinned versions."""
    version = sys.version_info[:2]
    if not OLDEST <= version <= NEWEST:
        stop(
            f"python3 is {version[0]}.{version[1]}, this project needs 3.11 to 3.14. "
            "Name another one with `make PYTHON=python3.12 …`."
        )
    say(f"Setting up {venv} with the versions of constraints.txt …")
    python = venv / "bin" / "python"
    if not python.exists() and not run(sys.executable, "-m", "venv", "--clear", venv):
        stop("`python3 -m venv` failed. On Debian and Ubuntu it comes with the package python3-venv.")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not run(*pip, "--constraint", "constraints.txt", "pip", "uv", quiet=True):
        stop("pip cannot install from the package index; see its message above.")
    uv = [python.with_name("uv"), "pip", "install", "--quiet", "--python", python]
    if run(*uv, *WHAT, quiet=True):
        return
    say("uv cannot reach the package index; pip goes on, which takes a minute longer …")
    if not run(*pip, *WHAT, quiet=True):
        stop("pip could not install the project; see its message above.")


def plugins(venv: Path, names: list[str]) -> None:
    """Let Meltano install plugins, each into an environment of its own below .meltano."""
    say(f"Installing Meltano plugins: {', '.join(names)} …")
    meltano = [venv / "bin" / "meltano", "--log-level=warning", "install", *names]
    if run(*meltano, quiet=True) or run(*meltano, "--clean", quiet=True, MELTANO_VENV_BACKEND="virtualenv"):
        return
    stop("`meltano install` failed; see its message above.")


def main() -> None:
    """Do what the command line says."""
    began = time.monotonic()
    os.chdir(ROOT)
    match sys.argv[1:]:
        case ["project", venv]:
            project(ROOT / venv)
        case ["plugins", venv, *names] if names:
            plugins(ROOT / venv, names)
        case _:
            stop(f"unknown arguments {sys.argv[1:]}")
    say(f"… done in {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
