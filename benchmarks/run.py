"""Runs the jobs side by side and writes the tables of ratios: ``python -m benchmarks.run``.

The contenders of a job take turns, so that a slow minute of the machine meets all of them. Compare ratios of
one run, never seconds of two.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import jobs, lag, loaders, measure, quiet, shards, warehouse
from benchmarks.environments import SetUpError, install, version_of
from benchmarks.results import JobResult, Measured, MemoryResult, machine, put

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.jobs import Contender, Job

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
NAMES = (
    "fanout",
    "stream",
    "batch",
    "warehouse",
    "target",
    "sms",
    "members",
    "shards",
    "rate",
    "memory",
    "startup",
    "loaders",
    "quiet",
    "lag",
)
MEMORY_ROWS = (500_000, 1_000_000, 2_000_000)
STARTUP_RUNS = 7
QUIET_RUNS = 5


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


class Bench:
    """One run of the benchmarks.

    Args:
        folder: Scratch folder.
        repetitions: How often each contender runs.
        slow: How often the slow ones run.
        only: Names of the contenders to run beside ours; empty for all.
        other: The folder of the programs of another revision that takes part in each of our jobs.
    """

    def __init__(
        self, folder: Path, repetitions: int, slow: int, only: Sequence[str] = (), other: Path | None = None
    ) -> None:
        self.folder = folder
        self.repetitions = repetitions
        self.slow = slow
        self.only = only
        self.other = other
        self._missing: dict[str, str] = {}

    def prepare(self, chosen: Sequence[Job]) -> None:
        """Install what is needed, and look which streams the tap has."""
        contenders = [one for job in chosen for one in self._wanted(job)]
        for environment in sorted({one.environment for one in contenders if one.environment}):
            try:
                install(environment)
            except SetUpError as error:
                self._missing[environment] = str(error)
                say(str(error))
        for programs in filter(None, (jobs.BIN, self.other)):
            tap = [str(programs / "tap-listrak"), "--discover"]
            found = subprocess.run(tap, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
            (self.folder / jobs.catalog_name(programs)).write_bytes(found.stdout)

    def job(self, job: Job, repetitions: int | None = None) -> JobResult:
        """Run a job: its contenders take turns."""
        job = jobs.against(job, self.other) if self.other else job
        say(f"\n{job.title}")
        times = self.repetitions if repetitions is None else repetitions
        measured = {one.name: Measured(one.name, one.label) for one in self._wanted(job)}
        source = None
        if job.source is not None:
            source = self.folder / "input.singer"
            job.source(source)
        with measure.stand_in(**job.options) as url:
            for turn in range(times):
                for one in self._wanted(job):
                    if not measured[one.name].problem and (not one.slow or turn < self.slow):
                        self._turn(job, one, measured[one.name], url, source)
        return JobResult(job.name, job.title, job.expected, list(measured.values()))

    def memory(self) -> list[MemoryResult]:
        """Measure the peak memory of tap and target over more and more rows."""
        tap, target = MemoryResult("tap-listrak"), MemoryResult("target-listrak")
        files = MemoryResult("tap-listrak, Parquet files")
        for rows in MEMORY_ROWS:
            as_files = jobs.batch(rows)
            in_parquet = [one for one in as_files.contenders if one.name == "parquet"]
            as_files = replace(as_files, contenders=tuple(replace(one, name=jobs.OURS) for one in in_parquet))
            for result, job in ((tap, jobs.stream(rows)), (files, as_files), (target, jobs.target(rows))):
                if result.problem:
                    continue
                alone = replace(job, title=f"Memory: {job.title}", contenders=job.contenders[:1])
                found = self.job(alone, 1).ours
                result.problem = found.problem
                result.peaks[rows] = max(found.peaks, default=0)
        return [tap, files, target]

    def startup(self) -> list[JobResult]:
        """Measure how long the plugins take to answer --version and --about."""
        return [
            self.job(jobs.startup(plugin, option), STARTUP_RUNS)
            for plugin in ("tap", "target")
            for option in ("--version", "--about")
        ]

    def quiet(self) -> JobResult:
        """Measure a scheduled run on a day without changes."""
        with quiet.job(self._folder("meltano")) as job:
            return self.job(job, QUIET_RUNS)

    def loaders(self) -> JobResult:
        """Measure the loaders."""
        with loaders.job() as job:
            return self.job(job)

    def lag(self) -> JobResult:
        """Measure the target on a slow Listrak."""
        with lag.job(self._folder("lag")) as job:
            return self.job(job, 1)

    def _folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        return folder

    def _wanted(self, job: Job) -> list[Contender]:
        always = (jobs.OURS, jobs.EARLIER)
        return [one for one in job.contenders if not self.only or one.name in (*self.only, *always)]

    def _turn(self, job: Job, one: Contender, into: Measured, url: str, source: Path | None) -> None:
        if one.environment in self._missing:
            into.problem = "could not be installed"
            return
        folder = self.folder / f"{one.name}-work"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        place = jobs.Place(url, folder, source)
        try:
            run = measure.run(one.command(place), folder, source)
            count = one.count(run, place)
        except measure.RunFailedError as error:
            say(f"  {one.label}: {error}")
            into.problem = "failed"
            return
        if one.name == "dlt":
            alone = json.loads(run.output.read_text("utf-8").splitlines()[-1])["extract_seconds"]
            into.label = f"dlt REST source, extract step ({run.seconds - alone:.1f} s of it starting dlt)"
        elif one.name == jobs.STAND_IN and job.source is not None:
            measure.written(url)
        shutil.rmtree(folder, ignore_errors=True)
        if job.expected is not None and count is not None and count != job.expected:
            into.problem = f"does not count: {count:,} records, not {job.expected:,}"
            say(f"  {one.label}: {into.problem}")
            return
        into.seconds.append(run.seconds)
        into.cpu.append(run.cpu)
        into.peaks.append(run.peak)
        say(f"  {one.label}: {run.seconds:.2f} s, {run.cpu:.2f} s processor, {run.peak / 1e6:.0f} MB")


def page_text(
    results: Sequence[JobResult], memory: Sequence[MemoryResult], minutes: float, load: float
) -> str:
    """Write the generated part of docs/performance.md."""
    versions = ", ".join(
        f"{package} {version_of(environment, package)}"
        for environment, package in (
            ("singer-sdk", "singer-sdk"),
            ("tap-rest-api-msdk", "tap-rest-api-msdk"),
            ("dlt", "dlt"),
            ("bare-client", "aiohttp"),
        )
    )
    parts = [f"Measured on {machine(load)}, in one run of {minutes:.0f} minutes, with {versions}."]
    parts += [result.table() for result in results]
    if memory:
        parts.append("**Peak memory**\n\n" + memory[0].head() + "\n" + "\n".join(one.row() for one in memory))
    return "\n\n".join(parts)


def main() -> int:
    """Read the command line, measure, and print or write the tables.

    Returns:
        The exit code: 1 if one of our own runs failed.
    """
    parser = argparse.ArgumentParser(
        prog="benchmarks", description="Measure tap and target against what people would use instead."
    )
    parser.add_argument(
        "jobs", nargs="*", metavar="JOB", help=f"which jobs: {', '.join(NAMES)} (default: all)"
    )
    parser.add_argument("--repetitions", type=int, default=3, help="runs of each contender (default: 3)")
    parser.add_argument("--slow-repetitions", type=int, default=1, help="runs of the slow ones (default: 1)")
    parser.add_argument(
        "--only", default="", help="contenders beside ours, by comma: bare,dlt,textbook,msdk,…"
    )
    parser.add_argument(
        "--against",
        type=Path,
        metavar="CHECKOUT",
        help="a checkout of another revision, with its environment in .venv, to be measured beside this one",
    )
    parser.add_argument(
        "--write", action="store_true", help=f"write the tables into {PAGE.relative_to(ROOT)}"
    )
    options = parser.parse_args()
    unknown = sorted(set(options.jobs) - set(NAMES))
    if unknown:
        parser.error(f"unknown jobs {', '.join(unknown)}; there are {', '.join(NAMES)}")
    other = options.against.resolve() / ".venv" / "bin" if options.against else None
    if other and not (other / "tap-listrak").exists():
        parser.error(f"no tap-listrak in {other}: run `make demo` or `make test` there first")
    chosen = options.jobs or list(NAMES)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda found, _: sys.exit(128 + found))  # so that no contender is left behind
    began, load = time.monotonic(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="listrak-benchmarks-") as name:
        only = [one for one in options.only.split(",") if one]
        bench = Bench(Path(name), options.repetitions, options.slow_repetitions, only, other)
        makers: dict[str, Callable[[], Job]] = {
            "fanout": jobs.fanout,
            "stream": jobs.stream,
            "batch": jobs.batch,
            "warehouse": warehouse.job,
            "target": jobs.target,
            "sms": jobs.sms,
            "members": jobs.members,
            "shards": shards.side_by_side,
            "rate": shards.shared_rate,
        }
        todo = [make() for key, make in makers.items() if key in chosen]
        bench.prepare(todo)
        results = [bench.job(job) for job in todo]
        if "startup" in chosen:
            results += bench.startup()
        memory = bench.memory() if "memory" in chosen else []
        # These bring libraries into this process, from whose memory that of later contenders would count.
        if "quiet" in chosen:
            results.append(bench.quiet())
        if "lag" in chosen:
            results.append(bench.lag())
        if "loaders" in chosen:
            results.append(bench.loaders())
    text = page_text(results, memory, (time.monotonic() - began) / 60, load)
    say(f"\n{text}")
    if options.write:
        put(PAGE, text)
        say(f"\nWritten into {PAGE.relative_to(ROOT)}.")
    return int(any(result.ours.problem for result in results) or any(one.problem for one in memory))


if __name__ == "__main__":
    sys.exit(main())
