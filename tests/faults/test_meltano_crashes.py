"""A whole `meltano run` killed, or told to end, at random, and run again by Meltano from its own state.

``LISTRAK_MELTANO_CRASHES`` crashes (8) are spread over both directions and both signals, and in each over
whom they meet; `seeds` draws when.
"""

from __future__ import annotations

import contextlib
import csv
import functools
import os
import random
import signal
import sqlite3
import tempfile
import time
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import psutil
import pytest
from crashes import SIGNALS, answered, begin_anew, early, left_behind
from meltano_project import Project
from seeds import SEED
from target_cells import COLUMNS, People

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from listrak_sandbox.testing import RunningSandbox

pytestmark = pytest.mark.pipeline

CRASHES = int(os.environ.get("LISTRAK_MELTANO_CRASHES", "8"))
EACH = -(-CRASHES // 4)
WHOM = ("everything", "meltano", "tap", "target")
"""Everything, as when a container ends; a single process, as when the system has run out of memory."""
LATENCY_MS = 5
END_SECONDS = 60
"""A test that waits longer for an end has found something that hangs."""
KINDS = ("email_list", "profile_fields", "sms_list", "sms_profiles", "orders")


def tables(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    """Give every row of every table that was loaded."""
    with duckdb.connect(str(project.folder / "output" / "listrak.duckdb"), read_only=True) as opened:
        # Beside the schema lie tables that the loader was filling when it was killed.
        names = opened.execute(
            "select table_name from duckdb_tables() where schema_name = 'tap_listrak'"
        ).fetchall()
        rows = {name: opened.execute(f'select * from tap_listrak."{name}"').fetchall() for (name,) in names}  # noqa: S608
    return {name: sorted(some, key=repr) for name, some in rows.items()}


def read_listrak(project: Project) -> None:
    """Let the extractor write many STATE messages, and the loader pass them on as it goes."""
    project.configure("tap-listrak", window_days=45, start_date="2026-01-01")
    project.configure("target-duckdb", batch_size_rows=300)


def fill_listrak(project: Project) -> None:
    """Let several kinds of destination be loaded from files, in small steps."""
    people = People.of(project.sandbox)
    files = []
    for kind in KINDS:
        rows = COLUMNS[kind].rows(people)
        names = list(dict.fromkeys(name for row in rows for name in row))
        path = project.folder / f"{kind}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
        form = {"format": "csv", "delimiter": ",", "quote_char": '"', "drop_empty": False}
        files.append({"path": str(path), "table_name": kind, "primary_keys": names[:1], **form})
    project.configure("tap-spreadsheets", files=files)
    del project.definition["environments"][0]["config"]["plugins"]["loaders"][0]["config"]["destinations"]
    project.configure(
        "target-listrak",
        destinations={kind: COLUMNS[kind].destination for kind in KINDS},
        batch_size_rows=3,
        import_poll_seconds=0.02,
        max_reject_share=1,
    )


@dataclass(frozen=True)
class Direction:
    """A pipeline.

    Attributes:
        plugins: Extractor and loader.
        prepare: Sets up a project for it.
        result: What a run leaves.
        asks: Which of the two talks to Listrak.
    """

    plugins: tuple[str, str]
    prepare: Callable[[Project], None]
    result: Callable[[Project], object]
    asks: str

    def begin_anew(self, box: RunningSandbox, folder: Path) -> Project:
        """Make a project and an account that nothing was done with yet."""
        begin_anew(box, LATENCY_MS)
        folder.mkdir()
        project = Project(folder, box)
        self.prepare(project)
        return project


DIRECTIONS = {
    "out": Direction(("tap-listrak", "target-duckdb"), read_listrak, tables, "tap"),
    "in": Direction(
        ("tap-spreadsheets", "target-listrak"), fill_listrak, lambda one: left_behind(one.sandbox), "target"
    ),
}


def group(leader: int) -> list[psutil.Process]:
    """Give the processes of a group that live; those that nobody has buried yet do not."""
    found = []
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(one.pid) == leader and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
    return found


def plugin(leader: int, name: str) -> psutil.Process | None:
    """Give the process of a plugin, if it runs."""
    for one in group(leader):
        with contextlib.suppress(psutil.Error):
            # The interpreter, and the script that it runs.
            if any(Path(part).name.startswith(name) for part in one.cmdline()[:2]):
                return one
    return None


@dataclass(frozen=True)
class Crash:
    """One signal.

    Attributes:
        how: The signal.
        whom: Who gets it.
        moment: After how many requests.
    """

    how: signal.Signals
    whom: str
    moment: int

    def strike(self, project: Project, pipeline: Direction, meltano: subprocess.Popen[bytes]) -> bool:
        """Wait for the moment and send the signal; tell whether it met a living process."""
        single = self.whom in {"tap", "target"}
        name = pipeline.plugins[self.whom == "target"]
        # Files are read within a moment, while the loader has not asked for anything yet.
        at_once = self.whom == "tap" != pipeline.asks
        while meltano.poll() is None:
            if at_once or answered(project.sandbox) >= self.moment:
                met = plugin(meltano.pid, name) if single else psutil.Process(meltano.pid)
                with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                    if self.whom == "everything":
                        os.killpg(meltano.pid, self.how)
                        return True
                    if met is not None:
                        met.send_signal(self.how)
                        return True
            time.sleep(0.02)
        return False


def run(
    project: Project, pipeline: Direction, crash: Crash | None = None, *options: str
) -> tuple[int, bool, str]:
    """Run the pipeline by Meltano.

    Returns:
        The exit code, whether a signal met anybody, and what was printed.
    """
    project.sandbox.forget_requests()
    with tempfile.TemporaryFile() as output:
        # Without the option Meltano would install anew, into the environments that all tests share.
        arguments = ("run", "--no-install", *options, *pipeline.plugins)
        with project.begin(*arguments, output=output) as meltano:
            met = crash is not None and crash.strike(project, pipeline, meltano)
            code = meltano.wait(END_SECONDS)
        deadline = time.monotonic() + END_SECONDS
        while left := group(meltano.pid):
            assert time.monotonic() < deadline, f"{left} outlived Meltano"
            time.sleep(0.02)
        output.seek(0)
        return code, met, output.read().decode()


def five_minutes_later(project: Project) -> int:
    """Let the last sign of life of a run that was killed be old; tell how many such runs there are."""
    opened = sqlite3.connect(project.folder / ".meltano" / "meltano.db")
    with contextlib.closing(opened), opened:
        old = "update runs set last_heartbeat_at = '2020-01-01 00:00:00.000000' where state = 'RUNNING'"
        return opened.execute(old).rowcount


@functools.cache
def undisturbed(box: RunningSandbox, direction: str) -> tuple[object, int]:
    """Give what a run leaves that nothing happens to, and how many requests it takes."""
    pipeline = DIRECTIONS[direction]
    with tempfile.TemporaryDirectory() as folder:
        project = pipeline.begin_anew(box, Path(folder) / "project")
        code, _, printed = run(project, pipeline)
        assert code == 0, printed
        requests = answered(box)
        return pipeline.result(project), requests


@pytest.mark.parametrize("how", SIGNALS)
@pytest.mark.parametrize(
    "direction",
    [pytest.param(name, marks=pytest.mark.xdist_group(f"crashes of meltano, {name}")) for name in DIRECTIONS],
)
def test_a_meltano_run_that_crashes_again_and_again_ends_as_one_that_does_not(
    box: RunningSandbox, tmp_path: Path, direction: str, how: signal.Signals
) -> None:
    pipeline = DIRECTIONS[direction]
    expected, requests = undisturbed(box, direction)
    draw = random.Random(f"{SEED} {direction} {how}")
    # With few crashes a direction meets everybody all the same: half of them by each signal.
    first = EACH * ((list(DIRECTIONS).index(direction) + SIGNALS.index(how)) % 2)
    whom = list(islice(cycle(WHOM), first, first + EACH))
    draw.shuffle(whom)
    projects = 0
    while whom:  # when a run has come to its end, the next one begins with nothing
        projects += 1
        project = pipeline.begin_anew(box, tmp_path / f"project-{projects}")
        options: tuple[str, ...] = ()
        met = True
        while met:
            crash = Crash(how, whom[-1], early(draw, requests)) if whom else None
            code, met, printed = run(project, pipeline, crash, *options)
            ours = [line for line in printed.splitlines() if "-listrak " in line]
            assert not any("Traceback" in line for line in ours), printed
            if crash is not None and met:
                whom.pop()
                if how is signal.SIGTERM and crash.whom == "target" == pipeline.asks and code:
                    assert any("not confirmed" in line for line in ours), printed
                if how is signal.SIGKILL and crash.whom in {"everything", "meltano"}:
                    # Meltano takes the run that was killed for a running one: wait, or force from now on.
                    options = draw.choice([("--force",), ()])
                    if not options:
                        five_minutes_later(project)
        assert code == 0, printed
        assert pipeline.result(project) == expected


@pytest.mark.xdist_group("crashes of meltano, in")
def test_a_run_that_was_killed_holds_the_next_one_back_until_it_is_stale(
    box: RunningSandbox, tmp_path: Path
) -> None:
    pipeline = DIRECTIONS["in"]
    project = pipeline.begin_anew(box, tmp_path / "project")
    assert run(project, pipeline, Crash(signal.SIGKILL, "everything", 1))[1]
    code, _, printed = run(project, pipeline)
    assert code == 1
    assert "already running" in printed
    assert "--force" in printed
    assert answered(box) == 0
    assert five_minutes_later(project) == 1
    code, _, printed = run(project, pipeline)
    assert code == 0, printed
