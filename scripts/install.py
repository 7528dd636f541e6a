"""Sets up the project's environment, or installs Meltano plugins or dbt into environments of their own.

Used by the Makefile. Runs on a bare python3, so it imports nothing but the standard library:

    python3 scripts/install.py project .venv
    python3 scripts/install.py plugins .venv tap-listrak target-duckdb
    python3 scripts/install.py docs .venv .venv-docs
    python3 scripts/install.py models .venv .venv-models
    python3 scripts/install.py warehouses .venv .venv-warehouses
    python3 scripts/install.py dagster .venv .venv-dagster
    python3 scripts/install.py dashboard .venv .venv-dashboard

uv does the work where it can reach the package index, because it is several times faster. Where it cannot
(it does not read pip's configuration, so an index that only pip knows is one it does not know), pip does the
same with the same pinned versions.
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
PACKAGES = ["listrak_api", "listrak_singer", "tap_listrak", "target_listrak", "listrak_sandbox"]
COMPILED = {"UV_COMPILE_BYTECODE": "1"}
"""uv leaves compiling to the first import, which may not write it down (PYTHONDONTWRITEBYTECODE, containers):
then every start of every command compiles everything anew, and takes twice as long."""
PIP_ONLY = "pip-only"
"""A file of this name in the environment says that uv did not reach the index."""


def run(*command: object, **environment: str) -> str:
    """Run a command in the project's folder.

    Args:
        command: Program and arguments.
        environment: Variables on top of this process's own.

    Returns:
        Nothing if it ended well, else the end of what it printed.
    """
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=os.environ | environment,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return (done.stdout[-4000:] or f"exit code {done.returncode}") if done.returncode else ""


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


def stop(text: str, output: str = "") -> None:
    """End with what a command printed and a message a person can act on."""
    sys.exit(f"{output.rstrip()}\nSet-up stopped: {text}".lstrip())


def project(venv: Path) -> None:
    """Make the environment and install the project, its tools and Meltano into it, in pinned versions."""
    version = sys.version_info[:2]
    if not OLDEST <= version <= NEWEST:
        stop(
            f"python3 is {version[0]}.{version[1]}, this project needs 3.11 to 3.14. "
            "Name another one, such as `make PYTHON=python3.12 test`."
        )
    say(f"Setting up {venv.name} with the versions of constraints.txt …")
    python = venv / "bin" / "python"
    if not python.exists() and (trouble := run(sys.executable, "-m", "venv", "--clear", venv)):
        stop(
            "`python3 -m venv` failed. On Debian and Ubuntu it comes with the package python3-venv.", trouble
        )
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if trouble := run(*pip, "--constraint", "constraints.txt", "pip", "uv"):
        stop("pip cannot install from the package index.", trouble)
    if not run(python.with_name("uv"), "pip", "install", "--quiet", "--python", python, *WHAT, **COMPILED):
        (venv / PIP_ONLY).unlink(missing_ok=True)
    else:
        say("uv could not do it; pip goes on, which takes a minute or two longer …")
        (venv / PIP_ONLY).touch()
        if trouble := run(*pip, *WHAT):
            stop("pip could not install the project.", trouble)
    run(python, "-m", "compileall", "-q", *PACKAGES)  # installed as it lies here, so nobody else does


def plugins(venv: Path, names: list[str]) -> None:
    """Let Meltano install plugins, each into an environment of its own below .meltano.

    The project is this one, or that in the folder MELTANO_PROJECT_ROOT.
    """
    folder = os.environ.get("MELTANO_PROJECT_ROOT", ROOT)
    say(f"Installing Meltano plugins: {', '.join(names)} …")
    backends = ["virtualenv"] if (venv / PIP_ONLY).exists() else ["uv", "virtualenv"]
    trouble = ""
    for backend in backends:
        meltano = [venv / "bin" / "meltano", f"--cwd={folder}", "--log-level=warning", "install", *names]
        trouble = run(*meltano, MELTANO_VENV_BACKEND=backend, **COMPILED)
        if not trouble:
            return
    stop("`meltano install` failed.", trouble)


def tools(venv: Path, own: Path, what: list[str]) -> None:
    """Make an environment for tools whose requirements exclude the project's, in pinned versions.

    Args:
        venv: The project's environment, whose uv and pip do the work.
        own: The environment to make.
        what: What to install, as both take it.
    """
    say(f"Setting up {own.name} with pinned versions …")
    python = venv / "bin" / "python"
    if trouble := run(sys.executable, "-m", "venv", "--clear", "--without-pip", own):
        stop("`python3 -m venv` failed.", trouble)
    inside = ["--quiet", "--python", own / "bin" / "python"]
    if not run(python.with_name("uv"), "pip", "install", *inside, *what, **COMPILED):
        return
    if trouble := run(python, "-m", "pip", *inside[1:], "install", "--quiet", *what):
        stop(f"pip could not install what {own.name} needs.", trouble)


def main() -> None:
    """Do what the command line says."""
    began = time.monotonic()
    match sys.argv[1:]:
        case ["project", venv]:
            project(ROOT / venv)
        case ["plugins", venv, *names] if names:
            plugins(ROOT / venv, names)
        case ["docs", venv, own]:
            what = ["--group", "docs", "--constraint", "constraints-docs.txt"]
            tools(ROOT / venv, ROOT / own, what)
        case ["models" | "warehouses" as pins, venv, own]:
            tools(ROOT / venv, ROOT / own, ["--requirement", f"plugins/constraints/{pins}.txt"])
        case ["dagster" | "dashboard" as example, venv, own]:
            what = [f"--{kind}=examples/{example}/{kind}s.txt" for kind in ("requirement", "constraint")]
            tools(ROOT / venv, ROOT / own, what)
        case _:
            stop(f"unknown arguments {sys.argv[1:]}")
    say(f"… done in {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
