"""examples/shards/run.py as docs/scale.md types it: a state for each shard; one that fails fails alone."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from documents import DOCS
from tap_runs import settings

from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = DOCS.parent
LOADER = """
import json, sys
with open("rows.jsonl", "a") as rows:
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "RECORD":
            rows.write(message["stream"] + "\\n")
        elif message["type"] == "STATE":
            print(json.dumps(message["value"]), flush=True)
"""


@pytest.fixture
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        running.set_clock(now="2026-06-20T12:00:00Z", frozen=True)
        yield running


@pytest.fixture
def folder(tiny: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shared = settings(tiny, max_retries=0)
    secrets = {name: shared.pop(name) for name in list(shared) if "client_" in name}
    for name, value in secrets.items():
        monkeypatch.setenv(f"TAP_LISTRAK_{name.upper()}", value)
    (tmp_path / "config.json").write_text(json.dumps(shared))
    (tmp_path / "load.py").write_text(LOADER)
    return tmp_path


def started(folder: Path) -> subprocess.Popen[str]:
    """Start the command of the page with the loader of this test."""
    page = (DOCS / "scale.md").read_text("utf-8")
    found = re.search(r"```sh\npython examples/shards/run.py (.*) -- ", page)
    assert found
    catalogs = ["--catalogs", str(ROOT / "catalogs")]
    command = [str(ROOT / "examples" / "shards" / "run.py"), *found[1].split(), *catalogs]
    programs = {"TAP_LISTRAK": str(Path(sys.executable).with_name("tap-listrak")), "PAUSE_SECONDS": "0"}
    return subprocess.Popen(
        [sys.executable, *command, "--", sys.executable, str(folder / "load.py")],
        cwd=folder,
        env=os.environ | programs,
        stdout=subprocess.PIPE,
        text=True,
    )


def run(folder: Path) -> tuple[int, str]:
    with started(folder) as child:
        out, _ = child.communicate(timeout=120)
        return child.returncode, out


def test_each_shard_goes_on_from_its_own_state_and_one_that_fails_fails_alone(
    tiny: RunningSandbox, folder: Path
) -> None:
    contacts = {"kind": "status", "status": 503, "route": "/List/{listId}/Contact", "ids": {"listId": 40274}}
    tiny.control("POST", "faults", [contacts])
    code, out = run(folder)
    assert code == 75
    assert out.count("list-40274: exit code 75") == 3
    assert "5 of 6 shards ended well" in out
    tiny.control("DELETE", "faults")
    first = len((folder / "rows.jsonl").read_text().splitlines())
    code, out = run(folder)
    assert (code, out.splitlines()[-1]) == (0, "6 of 6 shards ended well")
    states = {one.parent.name for one in folder.glob("shards/*/state.json")}
    assert {"list-40137", "list-40274", "sender-code-410"} <= states
    assert all(json.loads(one.read_text())["bookmarks"] for one in folder.glob("shards/list-*/state.json"))
    before = len((folder / "rows.jsonl").read_text().splitlines())
    assert before > first
    run(folder)
    again = (folder / "rows.jsonl").read_text().splitlines()[before:]
    assert "contacts" not in again
    assert not list(folder.glob("shards/*/config.json"))


def test_sigterm_ends_taps_and_loaders(tiny: RunningSandbox, folder: Path) -> None:
    tiny.settings(latency_ms=500)
    with started(folder) as child:
        until = time.monotonic() + 60
        while not list(folder.glob("shards/*/tap.log")):
            assert time.monotonic() < until
            time.sleep(0.05)
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=60)
    assert child.returncode in {1, 75}
