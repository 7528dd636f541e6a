"""Looks the pinned versions up where vulnerabilities are made known.

    make audit

Two sources are asked in turn, until one knows the packages. Where none can be reached that is said, and is no
failure; a known vulnerability is one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("pypi", "osv")
ACCEPTED: dict[str, str] = {}
"""Ids of vulnerabilities that do not matter here, with the reason why."""


def ask(source: str) -> list[dict[str, Any]]:
    """Ask a source about all pinned versions.

    Args:
        source: pip-audit's name for it.

    Returns:
        The packages that it knows: ``name``, ``version`` and ``vulns``. None where it cannot be reached: then
        pip-audit fails, or skips every package, and calls that a success.
    """
    options = ["--requirement=constraints.txt", "--disable-pip", "--no-deps", "--format=json", "--timeout=5"]
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", f"--vulnerability-service={source}", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        told = json.loads(done.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        return []
    return [one for one in told if "skip_reason" not in one]


def judge(known: list[dict[str, Any]]) -> tuple[int, str]:
    """Say what was found.

    Args:
        known: What `ask` returned.

    Returns:
        The exit code, and the words for it.
    """
    if not known:
        return 0, "SKIPPED: no source of advisories can be reached from here; the versions were not audited."
    found = [
        f"{package['name']} {package['version']}: {one['id']}, fixed in {' '.join(one['fix_versions'])}"
        for package in known
        for one in package["vulns"]
        if not {one["id"], *one.get("aliases", [])} & ACCEPTED.keys()
    ]
    if not found:
        return 0, f"No known vulnerability in {len(known)} packages."
    hint = (
        "Raise them with `make constraints`; what does not matter here goes into scripts/audit.py, with why."
    )
    return 1, "\n".join([*found, hint])


def main() -> int:
    """Ask, and say what was found."""
    known: list[dict[str, Any]] = []
    for source in SOURCES:
        known = known or ask(source)
    code, words = judge(known)
    print(f"Audit: {words}")
    return code


if __name__ == "__main__":
    sys.exit(main())
