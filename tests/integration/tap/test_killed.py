"""A first run that is killed, or told to end, again and again, and resumed from the last STATE it wrote.

``LISTRAK_KILLS`` signals (46) are spread over ``PARTS`` tests, `seeds` draws when.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from seeds import SEED
from tap_runs import settings as config_for
from warehouse import Warehouse

from listrak_api.windows import WIDEST
from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

KILLS = int(os.environ.get("LISTRAK_KILLS", "46"))
PARTS = 4
EACH = -(-KILLS // PARTS)
AN_END = {signal.SIGKILL: -signal.SIGKILL, signal.SIGTERM: 128 + signal.SIGTERM}

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


@pytest.fixture(scope="module")
def whole(tiny: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """What an undisturbed run reads."""
    read = Warehouse()
    output, _ = run(tap(tmp_path_factory.mktemp("whole"), tiny, {}))
    read.load(output)
    return read


def run(command: list[str], how: signal.Signals | None = None, lines: int = 0) -> tuple[bytes, bool]:
    """Run the tap, and end it after so many lines.

    Returns:
        What it wrote until then, with whatever was in the pipe, and whether it came to its own end.
    """
    with tempfile.TemporaryFile() as errors:
        # Containers like to set it; a write that a signal interrupts then ends short.
        environment = os.environ | {"PYTHONUNBUFFERED": str(lines % 2 or "")}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=environment) as child:
            assert child.stdout is not None
            read = [child.stdout.readline() for _ in range(lines)]
            if how is not None:
                child.send_signal(how)
            output = b"".join([*read, child.stdout.read()])
        errors.seek(0)
        code, said = child.returncode, errors.read().decode()
    if code == -signal.SIGTERM:
        code = 0  # the run was over: an interpreter that is ending has no handlers any more
    if how is signal.SIGTERM and code:
        assert output.endswith(b"\n"), "a line was torn"
        assert "Stopped by SIGTERM" in said
    assert code in {0, AN_END.get(how, 0)}, said
    assert "Traceback" not in said
    return output, code == 0


def read_twice(output: bytes, before: set[tuple[object, ...]]) -> dict[int, timedelta]:
    """Give for each list over how long a time messages lie that had been read before."""
    dates: dict[int, list[datetime]] = {}
    for line in output.splitlines():
        if line.startswith(b'{"type":"RECORD","stream":"messages"') and line.endswith(b"}"):
            record = msgspec.json.decode(line)["record"]
            if (record["listId"], record["messageId"]) in before:
                dates.setdefault(record["listId"], []).append(datetime.fromisoformat(record["sendDate"]))
    return {list_id: max(found) - min(found) for list_id, found in dates.items()}


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_random_points_and_resumed_nothing_is_lost(
    tiny: RunningSandbox, whole: Warehouse, tmp_path: Path, part: int
) -> None:
    draw = random.Random(f"{SEED} {part}")
    lines = sum(map(len, whole.tables.values()))
    kills = furthest = 0
    while kills < EACH:  # when a run has come to its end, another one begins with nothing
        read = Warehouse()
        ended = False
        while not ended:
            known = set(read.tables["messages"])
            how = draw.choice(list(AN_END)) if kills < EACH else None
            output, ended = run(tap(tmp_path, tiny, read.state), how, draw.randrange(1, lines // 3))
            kills += not ended
            read.load(output)
            for list_id, time in read_twice(output, known).items():
                assert time <= READ_AGAIN, f"list {list_id}: {time} of messages were read again"
        furthest = max(furthest, len(known))
        assert read.tables.keys() == whole.tables.keys()
        for stream, rows in whole.tables.items():
            assert read.tables[stream] == rows, (
                f"{stream}: {len(rows.keys() - read.tables[stream].keys())} lost"
            )
    assert furthest, "no run got as far as a message"
