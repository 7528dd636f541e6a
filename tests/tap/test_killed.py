"""A first run that is killed again and again, and started again from the last STATE it wrote.

``LISTRAK_KILLS`` kills (30) in each of ``LISTRAK_KILL_SEEDS`` runs (1).
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from tap_runs import settings as config_for
from warehouse import Warehouse

from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.windows import WIDEST

if TYPE_CHECKING:
    from collections.abc import Iterator

KILLS = int(os.environ.get("LISTRAK_KILLS", "30"))
SEEDS = range(int(os.environ.get("LISTRAK_KILL_SEEDS", "1")))

WINDOW = timedelta(days=60)
"""Longer than the activity window: a shorter one would hide a STATE that comes too early."""
READ_AGAIN = WIDEST * WINDOW + timedelta(days=31, hours=1)
"""What may be read twice of a list: one window (wider after a silence), and before it what is not settled."""


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


def tap(folder: Path, sandbox: RunningSandbox, state: dict[str, object]) -> list[str]:
    config = config_for(sandbox, window_days=WINDOW.days)
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    (folder / "state.json").write_text(json.dumps(state), "utf-8")
    script = str(Path(sys.executable).with_name("tap-listrak"))
    return [script, "--config", str(folder / "config.json"), "--state", str(folder / "state.json")]


def run(command: list[str]) -> bytes:
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def run_and_kill(command: list[str], lines: int) -> bytes:
    """Give what a run wrote until it was killed: after so many lines, and whatever was in the pipe by
    then."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        read = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        return b"".join([*read, child.stdout.read()])


def read_twice(output: bytes, before: set[tuple[object, ...]]) -> dict[int, timedelta]:
    """Give for each list over how long a time messages lie that had been read before."""
    dates: dict[int, list[datetime]] = {}
    for line in output.splitlines():
        if line.startswith(b'{"type":"RECORD","stream":"messages"') and line.endswith(b"}"):
            record = msgspec.json.decode(line)["record"]
            if (record["listId"], record["messageId"]) in before:
                dates.setdefault(record["listId"], []).append(datetime.fromisoformat(record["sendDate"]))
    return {list_id: max(found) - min(found) for list_id, found in dates.items()}


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_at_random_points_and_resumed_nothing_is_lost(
    tiny: RunningSandbox, tmp_path: Path, seed: int
) -> None:
    whole = Warehouse()
    whole.load(run(tap(tmp_path, tiny, {})))

    draw = random.Random(seed)
    lines = sum(map(len, whole.tables.values()))
    read = Warehouse()
    for _ in range(KILLS):
        known = set(read.tables["messages"])
        output = run_and_kill(tap(tmp_path, tiny, read.state), draw.randrange(1, lines // 3))
        read.load(output)
        for list_id, time in read_twice(output, known).items():
            assert time <= READ_AGAIN, f"list {list_id}: {time} of messages were read again"
    known = set(read.tables["messages"])
    read.load(run(tap(tmp_path, tiny, read.state)))

    assert known, "no run got as far as a message"
    assert read.tables.keys() == whole.tables.keys()
    for stream, rows in whole.tables.items():
        assert read.tables[stream] == rows, f"{stream}: {len(rows.keys() - read.tables[stream].keys())} lost"
