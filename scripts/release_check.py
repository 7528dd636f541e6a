"""Builds what a release consists of and tries it as its users get it.

    make release-check

Builds sdist and wheel, checks their metadata and contents, installs the wheel alone into a fresh environment,
asks both plugins there about themselves, discovers, extracts from the sandbox and loads into it. The sandbox
runs from this checkout's environment. Another interpreter: ``make release-check RELEASE_PYTHON=python3.13``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

from packaging.metadata import Metadata

import hatch_build
from listrak_sandbox.testing import RunningSandbox, running_sandbox
from scripts.install import COMPILED, PACKAGES

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = "https://example.com/singer-listrak"
"""Stands in for the repository's address where no workflow names it."""
NEWSLETTER = "Newsletter"


class ReleaseError(Exception):
    """Something that must not be released; the text says what."""


def run(*command: object, text: str = "", **environment: str) -> str:
    """Run a command and give its standard output.

    Args:
        command: Program and arguments.
        text: Its standard input.
        environment: Variables on top of this process's own.

    Raises:
        ReleaseError: It failed.
    """
    # The plugins of the environment under test, and no package of this checkout.
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=tempfile.gettempdir(),
        env=surroundings | environment,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"{command[0]} ended with {done.returncode}:\n{done.stderr[-3000:] or done.stdout[-3000:]}"
        raise ReleaseError(message)
    return done.stdout


def expect(truth: object, message: str) -> None:
    """Stop where something is not as it has to be.

    Raises:
        ReleaseError: It is not.
    """
    if not truth:
        raise ReleaseError(message)


def build(folder: Path) -> tuple[Path, Path]:
    """Build sdist and wheel.

    Args:
        folder: Where they go.

    Returns:
        The sdist and the wheel.
    """
    repository = os.environ.get(hatch_build.REPOSITORY_VARIABLE) or REPOSITORY
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)],
        cwd=ROOT,
        env=os.environ | {hatch_build.REPOSITORY_VARIABLE: repository},
        capture_output=True,
        text=True,
        check=False,
    )
    expect(done.returncode == 0, done.stderr)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


def check_metadata(wheel: Path) -> Metadata:
    """Check what an index reads.

    Args:
        wheel: The wheel.

    Returns:
        The metadata, each field valid by the standard.

    Raises:
        ReleaseError: A field is missing, or a link of the README leads nowhere outside of the repository.
        packaging.metadata.InvalidMetadata: A field breaks the standard.
    """
    with zipfile.ZipFile(wheel) as opened:
        name = next(one for one in opened.namelist() if one.endswith(".dist-info/METADATA"))
        metadata = Metadata.from_email(opened.read(name))
    for field in (
        "summary",
        "description",
        "keywords",
        "classifiers",
        "license_expression",
        "requires_python",
    ):
        expect(getattr(metadata, field), f"the metadata has no {field}")
    expect(
        set(metadata.project_urls or {}) >= {"Homepage", "Issues", "Changelog"}, "project URLs are missing"
    )
    expect(metadata.description_content_type == "text/markdown", "the README is not declared as Markdown")
    relative = re.findall(r"\]\((?!https?:|mailto:|#)[^)]+\)", metadata.description or "")
    expect(not relative, f"links of the README that an index cannot follow: {relative}")
    expect(
        metadata.version == metadata.version.__class__(hatch_build.version()), "the version is another one"
    )
    return metadata


def check_contents(sdist: Path, wheel: Path) -> None:
    """Check that the wheel holds the packages alone, and the sdist all it is built and tested from.

    Args:
        sdist: The sdist.
        wheel: The wheel.

    Raises:
        ReleaseError: A file too many, or one too few.
    """
    with zipfile.ZipFile(wheel) as opened:
        inside = {name for name in opened.namelist() if ".dist-info/" not in name}
    source = {
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    expect(inside == source, f"the wheel and the packages differ in {sorted(inside ^ source)[:5]}")
    expect({f"{package}/py.typed" for package in PACKAGES} <= inside, "a package is not marked as typed")
    with tarfile.open(sdist) as opened_sdist:
        names = {name.partition("/")[2] for name in opened_sdist.getnames()}
    needed = {"LICENSE", "CHANGELOG.md", "hatch_build.py", "constraints.txt", "tests/conftest.py"}
    expect(needed <= names, f"the sdist lacks {sorted(needed - names)}")
    odd = [name for name in names if name.startswith((".", "output/")) and name != ".gitignore"]
    expect(not odd, f"the sdist holds {odd}")


def install(wheel: Path, folder: Path, python: str) -> Path:
    """Install the wheel alone into a fresh environment, in the versions that this project is tested with.

    Args:
        wheel: The wheel.
        folder: Where the environment goes.
        python: Its interpreter.

    Returns:
        The folder of its programs.
    """
    what = ["--constraint", ROOT / "constraints.txt", wheel]
    programs = folder / "bin"
    uv = Path(sys.executable).with_name("uv")
    try:
        run(uv, "venv", "--quiet", "--python", python, folder)
        run(uv, "pip", "install", "--quiet", "--python", programs / "python", *what, **COMPILED)
    except (ReleaseError, OSError):  # as in scripts/install.py: pip may know an index that uv does not
        run(python, "-m", "venv", "--clear", folder)
        run(programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what)
    return programs


def check_plugins(programs: Path, version: str) -> None:
    """Ask both plugins about themselves, and the tap for its catalog.

    Args:
        programs: The folder of the environment's programs.
        version: What they must say.
    """
    for plugin in ("tap-listrak", "target-listrak"):
        about: dict[str, Any] = json.loads(run(programs / plugin, "--about", "--format=json"))
        expect(about["version"] == version, f"{plugin} calls itself {about['version']}")
        expect(about["settings"]["properties"], f"{plugin} knows no settings")
    streams = json.loads(run(programs / "tap-listrak", "--discover"))["streams"]
    expect(len(streams) > 40, "discovery found too few streams")  # noqa: PLR2004


def check_pipeline(programs: Path, folder: Path, sandbox: RunningSandbox) -> None:
    """Read from the sandbox and load into it.

    Args:
        programs: The folder of the environment's programs.
        folder: For the settings' files.
        sandbox: A running one.
    """
    access = {"client_id": "sandbox-email", "client_secret": "sandbox-email-secret"}
    access |= {"api_url": sandbox.url, "auth_url": sandbox.auth_url}
    (folder / "tap.json").write_text(json.dumps(access), "utf-8")
    catalog = ROOT / "catalogs" / "contacts.json"
    read = run(
        programs / "tap-listrak", f"--config={folder / 'tap.json'}", f"--catalog={catalog}"
    ).splitlines()
    rows = sum('"type":"RECORD"' in line and '"stream":"contacts"' in line for line in read)
    expected = sandbox.expected()["contacts"]["count"]
    expect(rows == expected, f"{rows} contacts read, and the sandbox has {expected}")
    settings = access | {
        "destinations": {"people": {"kind": "email_list", "list": NEWSLETTER}},
        "rejects_path": str(folder / "rejects.singer"),
        "import_poll_seconds": 0.5,
    }
    (folder / "target.json").write_text(json.dumps(settings), "utf-8")
    schema = {"properties": {"email": {"type": "string"}}}
    messages = [
        {"type": "SCHEMA", "stream": "people", "schema": schema, "key_properties": ["email"]},
        {"type": "RECORD", "stream": "people", "record": {"email": "ada@example.com"}},
    ]
    text = "".join(json.dumps(message) + "\n" for message in messages)
    run(programs / "target-listrak", f"--config={folder / 'target.json'}", text=text)
    sent = [one["rowCount"] for one in sandbox.written()["imports"]]
    expect(sent == [1], f"the sandbox got imports of {sent} rows, expected one of 1")


def main() -> int:
    """Build, check and try."""
    began = time.monotonic()
    python = sys.argv[1] if len(sys.argv) > 1 else sys.executable
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            sdist, wheel = build(folder)
            metadata = check_metadata(wheel)
            check_contents(sdist, wheel)
            print(f"{wheel.name}, {sdist.name}: metadata and contents are right.", flush=True)
            programs = install(wheel, folder / "fresh", python)
            check_plugins(programs, str(metadata.version))
            with running_sandbox(scale="tiny") as sandbox:
                check_pipeline(programs, folder, sandbox)
            version = run(
                programs / "python", "-c", "import platform; print(platform.python_version())"
            ).strip()
        except ReleaseError as error:
            print(f"Not fit for a release: {error}", file=sys.stderr)
            return 1
    seconds = time.monotonic() - began
    print(
        f"Installed alone on Python {version}: about, discovery, extraction and load work. {seconds:.0f} s."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
