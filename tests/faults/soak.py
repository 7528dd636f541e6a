"""Scheduled runs of tap and target, day after day, against a sandbox that changes and misbehaves.

    python tests/faults/soak.py --minutes 30

A day: the clock moves on, a source's new rows go to the target, then the tap reads. About half of the runs
are disturbed: some calls fail, all calls fail from some point on, or the run is killed. What must hold: a run
ends well, or with an error that a person can read, and the next one recovers; in the end the list is what the
source said, and what the tap has written in all its runs is what one whole reading gives; memory, open files,
requests of a quiet day and STATE do not grow.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

TESTS = Path(__file__).resolve().parent.parent
sys.path += [str(TESTS / one) for one in ("faults", "support") if str(TESTS / one) not in sys.path]

from plugin_runs import settings_for, without_data  # noqa: E402 - found by the line above
from target_runs import record, schema, state  # noqa: E402
from warehouse import Warehouse  # noqa: E402

from listrak_sandbox.testing import running_sandbox  # noqa: E402

if TYPE_CHECKING:
    from listrak_sandbox.testing import RunningSandbox

BEGIN = datetime(2024, 9, 1, 6, tzinfo=UTC)
"""In the past, so that the machine's clock is not behind the sandbox's; with two months of history."""
SETTLED = timedelta(days=31)
"""After so long, as much leaves the tap's window every day as comes into it."""
LIST = 40137
ADDRESSES, ROWS, STATE_EVERY = 200, 40, 10
HUNG_SECONDS = 240.0
LOOK_EVERY = 0.02
SHARE = 0.04

PASSING: list[dict[str, Any]] = [
    {"kind": "status", "status": 500, "share": SHARE},
    {"kind": "status", "status": 429, "retry_after": 0, "share": SHARE, "count": 3},
    {"kind": "status", "status": 503, "share": SHARE},
    {"kind": "reset", "share": SHARE},
    {"kind": "reset_during", "share": SHARE},
    {"kind": "cut_body", "share": SHARE},
    {"kind": "html", "share": SHARE},
    {"kind": "empty", "share": SHARE},
    {"kind": "stall", "seconds": 10.0, "count": 1, "after": 5},
    {"kind": "token_expired", "after": 5},
    {"kind": "duplicate_rows"},
    {"kind": "changed_rows"},
    {"kind": "lost_answer", "share": 0.3},
    {"kind": "refused_then_done", "share": 0.3},
    {"kind": "import_odd_status"},
]
"""What a run gets over."""
LASTING: list[dict[str, Any]] = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 400, "error": "ERROR_INVALID_PARAMETER", "method": "GET"},
    {"kind": "reset"},
    {"kind": "html"},
    {"kind": "token_refused", "route": "*/v1/*"},
    {"kind": "repeated_page"},
    {"kind": "import_fails"},
]
"""What ends a run that meets it, from some call on."""

ERRORS = frozenset({1, 65, 75})
"""Exit codes of runs that end with an error: settings, data, Listrak unavailable."""


@dataclass
class Ended:
    """How a process ended, and the most that it had of memory (megabytes) and open files."""

    code: int
    out: bytes
    errors: str
    memory: float
    files: int


def used(pid: int, what: str) -> float:
    """Give a process's memory in megabytes (0 where there is no /proc): VmRSS, or VmHWM, the most so far."""
    try:
        text = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return 0.0
    found = [line.split()[1] for line in text.splitlines() if line.startswith(f"{what}:")]
    return int(found[0]) / 1024 if found else 0.0


def open_files(pid: int) -> int:
    """Count the open files of a process, sockets among them; 0 where there is no /proc."""
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0


def watch(command: list[str], end: tuple[float, signal.Signals] | None) -> Ended:
    """Run a command, looking at it all the while; end it by a signal after some seconds, or when it hangs."""
    began, memory, files = time.monotonic(), 0.0, 0
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        with subprocess.Popen(command, stdout=out, stderr=errors, stdin=subprocess.DEVNULL) as child:
            while child.poll() is None:
                memory, files = max(memory, used(child.pid, "VmHWM")), max(files, open_files(child.pid))
                seconds = time.monotonic() - began
                if end is not None and seconds > end[0]:
                    child.send_signal(end[1])
                    end = None
                if seconds > HUNG_SECONDS:
                    child.kill()
                time.sleep(LOOK_EVERY)
        for file in (out, errors):
            file.seek(0)
        return Ended(child.returncode, out.read(), errors.read().decode(), memory, files)


@dataclass
class Source:
    """A source of rows for the target: people who come, change and leave.

    Attributes:
        rows: All rows so far: stream, address, name.
        confirmed: How many of them the last STATE of the target passed over.
    """

    draw: random.Random
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    confirmed: int = 0
    latest: dict[str, str] = field(default_factory=dict)

    def go_on(self) -> None:
        """Make a day's rows."""
        for _ in range(ROWS):
            address = f"soak{self.draw.randrange(ADDRESSES)}@example.org"
            leaves = address in self.latest and self.draw.random() < 0.25
            name = "" if leaves else f"Name {len(self.rows)}"
            self.rows.append(("leavers" if leaves else "people", address, name))
            self.latest[address] = name

    def messages(self) -> bytes:
        """Give what a tap would send from the last STATE on."""
        made = [schema("people", "email", "first_name"), schema("leavers", "email")]
        for number, (stream, address, name) in enumerate(self.rows[self.confirmed :], self.confirmed + 1):
            values = {"email": address, "first_name": name} if name else {"email": address}
            made.append(record(stream, **values))
            if number % STATE_EVERY == 0 or number == len(self.rows):
                made.append(state(number))
        return b"".join(json.dumps(one).encode() + b"\n" for one in made)


class Soak:
    """One sandbox, and the runs against it.

    Attributes:
        figures: By name, what was measured: the moment in the sandbox, and the figure.
        troubles: What should not have been, in words.
        counts: How the runs were disturbed, and how they ended.
    """

    def __init__(self, box: RunningSandbox, folder: Path, seed: int) -> None:
        self.box = box
        self.folder = folder
        self.draw = random.Random(seed)
        self.source = Source(random.Random(f"{seed} rows"))
        self.read = Warehouse()
        self.now = BEGIN
        self.figures: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
        self.troubles: list[str] = []
        self.counts: Counter[str] = Counter()

    def day(self, target: str, tap: str) -> None:
        """Let a day pass, and run the target, then the tap, each in its weather (see `weather`)."""
        self.now += timedelta(minutes=self.draw.randrange(6 * 60, 42 * 60))
        self.box.set_clock(now=self.now.isoformat(), frozen=True)
        # Purged imports would be in the table of the tap and not in the one of a run that begins today.
        self.box.settings(import_seconds=0.0, imports_kept_days=0)
        self.source.go_on()
        self._target(target)
        self._tap(tap)
        assert self.box.pid is not None
        self._note("sandbox: memory (MB)", used(self.box.pid, "VmRSS"))
        self._note("sandbox: open files", open_files(self.box.pid))

    def finish(self) -> None:
        """Run both without disturbance, and compare what there is with what there should be."""
        self.day("quiet", "quiet")
        if self.source.confirmed != len(self.source.rows):
            self.troubles.append("the last STATE of the target does not pass over all rows")
        self._compare_list()
        self._compare_tables()

    def weather(self) -> str:
        """Draw how a run is disturbed: not at all, by faults that it gets over, for good, or by its end."""
        return self.draw.choices(["quiet", "passing", "lasting", "killed"], [50, 28, 11, 11])[0]

    def _run(self, name: str, weather: str, command: list[str]) -> Ended:
        """Run a console script in some weather, and judge how it ended."""
        end = None
        faults: list[dict[str, Any]] = []
        if weather == "passing":
            faults = [{**one, "seed": self.draw.randrange(10**6)} for one in self.draw.sample(PASSING, 2)]
        elif weather == "lasting":
            faults = [{**self.draw.choice(LASTING), "after": self.draw.randrange(40)}]
        elif weather == "killed":
            end = (self.draw.uniform(0.6, 3.0), self.draw.choice([signal.SIGKILL, signal.SIGTERM]))
        if faults:
            self.box.control("POST", "faults", faults)
        self.box.forget_requests()
        ended = watch(command, end)
        self.counts["faults that struck"] += sum(one["hits"] for one in self.box.control("GET", "faults"))
        self.box.control("DELETE", "faults")
        self._judge(name, weather, ended, faults)
        if weather == "quiet":
            self._note(f"{name}: requests of a quiet run", self.box.requests(latest=0)["total"])
        if ended.code == 0:
            self._note(f"{name}: memory (MB)", ended.memory)
            self._note(f"{name}: open files", ended.files)
        return ended

    def _judge(self, name: str, weather: str, ended: Ended, faults: list[dict[str, Any]]) -> None:
        allowed = {0}
        if weather == "lasting":
            allowed |= ERRORS
        elif weather == "killed":
            allowed |= {-signal.SIGKILL, 128 + signal.SIGTERM, -signal.SIGTERM}
        stopped = dict.fromkeys(ERRORS, "stopped with an error")
        how = {0: "ended well", **stopped}.get(ended.code, "were ended by a signal")
        self.counts[f"runs that {how}"] += 1
        readable = "Traceback" not in ended.errors and (ended.code not in ERRORS or "ERROR" in ended.errors)
        if ended.code not in allowed or not readable:
            what = f"{name} at {self.now:%Y-%m-%d %H:%M}, {weather} {faults}: exit code {ended.code}"
            self.troubles.append(f"{what}\n{ended.errors[-1500:]}")

    def _note(self, name: str, figure: float) -> None:
        self.figures[name].append((self.now, figure))

    def _file(self, name: str, content: bytes) -> str:
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def _script(self, name: str, config: dict[str, Any], **files: bytes) -> list[str]:
        options = {"config": json.dumps(config).encode(), **files}
        command = [str(Path(sys.executable).with_name(name))]
        return command + [f"--{one}={self._file(f'{name}.{one}', text)}" for one, text in options.items()]

    def _target(self, weather: str) -> None:
        config = settings_for(
            self.box,
            destinations={
                "people": {"kind": "email_list", "list": LIST, "resubscribe": True},
                "leavers": {"kind": "email_unsubscribe", "list": LIST},
            },
            import_poll_seconds=0.05,
            request_timeout=3,
            max_retries=8,
            rejects_path=str(self.folder / "rejects.singer"),
        )
        if weather == "lasting":
            config["max_retries"] = 1
        command = self._script("target-listrak", config, input=self.source.messages())
        ended = self._run("target", weather, command)
        for line in ended.out.splitlines(keepends=True):
            if line.endswith(b"\n"):
                self.source.confirmed = int(line)

    def _tap_command(self, weather: str, state: dict[str, Any]) -> list[str]:
        config = {
            **without_data(settings_for(self.box)),
            "activity_refresh": "every_run",
            "window_days": 120,
            "request_timeout": 3,
            "max_retries": 1 if weather == "lasting" else 8,
        }
        files = {"state": json.dumps(state).encode()} if state else {}
        return self._script("tap-listrak", config, **files)

    def _tap(self, weather: str) -> None:
        ended = self._run("tap", weather, self._tap_command(weather, self.read.state))
        self.read.load(ended.out)
        self._note("tap: STATE (bytes)", len(json.dumps(self.read.state)))

    def _compare_list(self) -> None:
        """Every address is on the list, or off it, with the name that it was last given."""
        for address, name in self.source.latest.items():
            contact = self.box.control("GET", "contacts", listId=LIST, emailAddress=address)
            values = [one["value"] for one in contact["segmentationFieldValues"]]
            there = contact["subscriptionState"]
            if there != ("Subscribed" if name else "Unsubscribed") or (name and name not in values):
                self.troubles.append(f"{address} is {there} with {values}, not {name or 'unsubscribed'}")

    def _compare_tables(self) -> None:
        """What was read day by day is what one whole reading gives."""
        whole = Warehouse()
        ended = watch(self._tap_command("quiet", {}), None)
        whole.load(ended.out)
        if ended.code:
            self.troubles.append(f"the whole reading ended with exit code {ended.code}")
        for stream in sorted(whole.keys):
            found, there = self.read.tables[stream], whole.tables[stream]
            differ = [key for key in there.keys() & found.keys() if found[key] != there[key]]
            lost, extra = there.keys() - found.keys(), found.keys() - there.keys()
            if lost or extra or differ:
                what = f"{len(lost)} rows lost, {len(extra)} too many, {len(differ)} not up to date"
                self.troubles.append(f"{stream}: {what} of {len(there)}")

    def table(self) -> str:
        """Give the figures: medians of the first and the last third, and the most."""
        lines = [f"{'':34}{'first third':>12}{'last third':>12}{'most':>12}"]
        for name in sorted(self.figures):
            first, last, most = self._thirds(name)
            lines.append(f"{name:34}{first:12,.0f}{last:12,.0f}{most:12,.0f}")
        return "\n".join(lines)

    def check_growth(self) -> None:
        """Note as trouble what was larger in the last third than in the first."""
        for name in self.figures:
            # The sandbox keeps all that was written to it.
            factor, more = (1.5, 20.0) if name == "sandbox: memory (MB)" else (1.15, 6.0)
            first, last, _ = self._thirds(name)
            if last > first * factor + more:
                self.troubles.append(f"{name} grew from {first:,.0f} to {last:,.0f}")

    def _thirds(self, name: str) -> tuple[float, float, float]:
        """Medians of the first and last third and the most, once everything has been there for a while."""
        settled = [one for when, one in self.figures[name] if when > BEGIN + SETTLED]
        chosen = settled or [one for _, one in self.figures[name]]
        third = max(1, len(chosen) // 3)
        return statistics.median(chosen[:third]), statistics.median(chosen[-third:]), max(chosen)


def soak(minutes: float, days: int | None, seed: int) -> list[str]:
    """Run for some minutes, or some days of the sandbox's time; print what was measured.

    Returns:
        What should not have been, in words.
    """
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_sandbox(process=True, scale="tiny", seed=seed) as box,
    ):
        run = Soak(box, Path(folder), seed)
        run.day("quiet", "quiet")
        passed = 1
        while passed < days if days is not None else time.monotonic() - began < minutes * 60:
            run.day(run.weather(), run.weather())
            passed += 1
        run.finish()
        span = run.now - BEGIN
        if span > 2 * SETTLED:  # else there is nothing to compare
            run.check_growth()
    told = ", ".join(f"{count:,} {what}" for what, count in sorted(run.counts.items()))
    print(
        f"{(time.monotonic() - began) / 60:.1f} minutes, {span.days} days in the sandbox: {told}",
        run.table(),
        sep="\n",
    )
    for trouble in run.troubles:
        print(f"TROUBLE: {trouble}")
    return run.troubles


def main() -> int:
    """Read the command line; exit code 1 if something should not have been."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30.0, help="how long to go on (default 30)")
    parser.add_argument("--days", type=int, help="how many scheduled runs instead")
    parser.add_argument("--seed", type=int, default=1, help="draws the world, the rows and the faults")
    given = parser.parse_args()
    return 1 if soak(given.minutes, given.days, given.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
