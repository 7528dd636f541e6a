"""What was measured, and the tables that are made of it."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

MEGABYTE = 1_000_000
_BEGIN = "<!-- make bench writes from here … -->"
_END = "<!-- … to here -->"


@dataclass
class Measured:
    """All runs of one contender.

    Args:
        name: Short name within the job.
        label: What the table calls it.
        seconds: Wall time of each run.
        peaks: Peak memory of each run, bytes.
        problem: Why nothing was measured, or why it does not count.
    """

    name: str
    label: str
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    problem: str = ""


@dataclass(frozen=True)
class Ratio:
    """How many times as long one took as another: of the medians, and the range over all pairs of runs."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        """Write it as ``12.3 (11.8 to 13.0)``."""
        if f"{self.low:.2f}" == f"{self.high:.2f}":
            return f"{self.median:.2f}"
        digits = 2 if self.median < 10 else 1  # noqa: PLR2004 - three figures are enough
        return f"{self.median:.{digits}f} ({self.low:.{digits}f} to {self.high:.{digits}f})"


def ratio(one: list[float], other: list[float]) -> Ratio:
    """Compare two series of times."""
    return Ratio(median(one) / median(other), min(one) / max(other), max(one) / min(other))


@dataclass
class JobResult:
    """A job's runs; the first contender is ours."""

    name: str
    title: str
    expected: int | None
    contenders: list[Measured]

    @property
    def ours(self) -> Measured:
        """Our own runs."""
        return self.contenders[0]

    def table(self) -> str:
        """Write it as a Markdown table."""
        lines = [
            f"**{self.title}**",
            "",
            "| | time, ours = 1 | seconds in this run | processor seconds | peak memory | runs |",
            "|---|---|---|---|---|---|",
        ]
        lines += [self._row(one) for one in self.contenders]
        return "\n".join(lines)

    def _row(self, one: Measured) -> str:
        if one.problem or not self.ours.seconds:
            return f"| {one.label} | {one.problem or 'ours was not measured'} | | | | |"
        own = one is self.ours
        times = "1" if own else str(ratio(one.seconds, self.ours.seconds))
        peak = f"{max(one.peaks) / MEGABYTE:.0f} MB" if any(one.peaks) else ""
        cpu = f"{median(one.cpu):.1f}" if any(one.cpu) else ""
        return f"| {one.label} | {times} | {median(one.seconds):.2f} | {cpu} | {peak} | {len(one.seconds)} |"


@dataclass
class MemoryResult:
    """Peak memory by the number of rows."""

    plugin: str
    peaks: dict[int, int] = field(default_factory=dict)
    problem: str = ""

    def row(self) -> str:
        """Write it as a row of a Markdown table."""
        if self.problem:
            return f"| {self.plugin} | {self.problem} | | | |"
        cells = [f"{peak / MEGABYTE:.0f} MB" for peak in self.peaks.values()]
        growth = list(self.peaks.values())[-1] / next(iter(self.peaks.values()))
        return f"| {self.plugin} | {' | '.join(cells)} | {growth:.2f} |"

    def head(self) -> str:
        """Write the table's head."""
        titles = " | ".join(f"{rows / 1_000_000:g} million rows" for rows in self.peaks)
        return f"| | {titles} | growth |\n|---|{'---|' * (len(self.peaks) + 1)}"


def machine(load: float) -> str:
    """Describe the machine, without its name.

    Args:
        load: Its load average before the first run: what else it was doing.
    """
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return (
        f"{os.cpu_count()} cores ({model}), {platform.system()}, Python {platform.python_version()}, "
        f"{datetime.now(UTC):%Y-%m-%d}, load average {load:.1f} before the first run"
    )


def put(path: Path, text: str) -> None:
    """Put a text between the marks of a page; what people wrote around them stays."""
    page = path.read_text("utf-8")
    head, begin, rest = page.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not begin or not end:
        message = f"{path.name} lacks the marks {_BEGIN} and {_END}"
        raise ValueError(message)
    path.write_text(f"{head}{begin}\n\n{text.strip()}\n\n{end}{tail}", "utf-8")
