"""The audit of pinned versions: what it says, whatever the source of advisories says."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from scripts import audit

if TYPE_CHECKING:
    import pytest

SAFE = {"name": "msgspec", "version": "0.20.0", "vulns": []}
HOLE = {"id": "PYSEC-2026-1", "fix_versions": ["2.33"], "aliases": ["CVE-2026-1"]}
BROKEN = {"name": "requests", "version": "2.32.0", "vulns": [HOLE]}
SKIPPED = {"name": "msgspec", "skip_reason": "Dependency not found"}


def answer(monkeypatch: pytest.MonkeyPatch, *texts: str) -> list[list[str]]:
    """Let pip-audit print these in turn; gives the commands as they are run."""
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401 - any options
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, texts[len(asked) - 1], "")

    monkeypatch.setattr(audit.subprocess, "run", run)
    return asked


def told(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages})


def test_a_vulnerability_fails_and_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = answer(monkeypatch, told(SAFE, BROKEN, SKIPPED))
    assert audit.main() == 1
    assert "requests 2.32.0: PYSEC-2026-1, fixed in 2.33" in capsys.readouterr().out
    assert len(asked) == 1


def test_one_that_is_accepted_does_not_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "ACCEPTED", {"CVE-2026-1": "nothing here unpacks what it downloads"})
    answer(monkeypatch, told(SAFE, BROKEN))
    assert audit.main() == 0
    assert "No known vulnerability in 2 packages" in capsys.readouterr().out


def test_a_source_that_knows_no_package_is_none_and_the_next_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where an index has no advisories, pip-audit skips every package and calls that a success."""
    asked = answer(monkeypatch, told(SKIPPED), told(BROKEN))
    assert audit.main() == 1
    assert [any("osv" in part for part in command) for command in asked] == [False, True]
    assert "PYSEC-2026-1" in capsys.readouterr().out


def test_without_any_source_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(monkeypatch, told(SKIPPED), "")
    assert audit.main() == 0
    assert "SKIPPED: no source of advisories can be reached" in capsys.readouterr().out


def test_each_vulnerability_that_is_accepted_has_a_reason() -> None:
    assert all(reason.strip() for reason in audit.ACCEPTED.values())
