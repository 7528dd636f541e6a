"""Runs a command: how long it took, how much memory it needed at most, how many records came out."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_RECORD = re.compile(rb'\{"type":\s*"RECORD",\s*"stream":\s*"([^"]+)"')
_KILOBYTE = 1 if sys.platform == "darwin" else 1024
"""What `ru_maxrss` counts in."""


class RunFailedError(Exception):
    """A contender ended badly; the text holds the end of what it said."""


@dataclass(frozen=True)
class Run:
    """One run of a command.

    Attributes:
        seconds: From its start to its end.
        cpu: Processor seconds, its own and the system's for it.
        peak: Largest resident memory, bytes.
        output: File with its standard output.
    """

    seconds: float
    cpu: float
    peak: int
    output: Path


def run(command: Sequence[str], folder: Path, source: Path | None = None) -> Run:
    """Run a command to its end.

    Args:
        command: Program and arguments.
        folder: Takes its output, and is its working directory.
        source: File for its standard input.

    Raises:
        RunFailedError: It ended with an error.
    """
    output, errors = folder / "output", folder / "errors"
    with contextlib.ExitStack() as stack:
        stdin = stack.enter_context(source.open("rb")) if source else subprocess.DEVNULL
        stdout = stack.enter_context(output.open("wb"))
        stderr = stack.enter_context(errors.open("wb"))
        began = time.perf_counter()
        child = subprocess.Popen(command, cwd=folder, stdin=stdin, stdout=stdout, stderr=stderr)
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            child.wait()
            raise
        seconds = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        last = errors.read_text("utf-8", "replace")[-2000:]
        message = f"{command[0]} ended with {child.returncode}:\n{last}"
        raise RunFailedError(message)
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _KILOBYTE, output)


def records(output: Path) -> dict[str, int]:
    """Count the records of a Singer output by stream, those in the files of BATCH messages included."""
    found: Counter[str] = Counter()
    with output.open("rb") as lines:
        for line in lines:
            match = _RECORD.match(line)
            if match:
                found[match[1].decode()] += 1
            elif line.startswith((b'{"type":"BATCH"', b'{"type": "BATCH"')):
                message = json.loads(line)
                found[message["stream"]] += sum(map(_lines_of, message["manifest"]))
    # Some contenders need a stream per path; what follows the double underscore is the path's id.
    whole: Counter[str] = Counter()
    for stream, count in found.items():
        whole[stream.partition("__")[0]] += count
    return dict(whole)


def _lines_of(url: str) -> int:
    path = Path(unquote(urlsplit(url).path))
    if path.suffix == ".parquet":
        # In a process of its own: a child's peak memory counts from that of the process that starts it.
        count = "import sys, pyarrow.parquet as p; print(p.read_metadata(sys.argv[1]).num_rows)"
        return int(subprocess.check_output([sys.executable, "-c", count, str(path)]))
    with gzip.open(path) as lines:
        return sum(1 for _ in lines)


def lines(output: Path) -> int:
    """Count the lines of a file."""
    with output.open("rb") as file:
        return sum(1 for _ in file)


@contextlib.contextmanager
def stand_in(**options: float) -> Iterator[str]:
    """Run the stand-in as a process of its own while the block lasts.

    Args:
        options: Its options by name: ``messages``, ``recipients``, ``links``, ``clickers``, ``latency_ms``.

    Yields:
        Its address, ``http://127.0.0.1:PORT``.

    Raises:
        RunFailedError: It did not start.
    """
    command = [sys.executable, "-m", "benchmarks.server"]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", f"{value:g}" if isinstance(value, float) else str(value)]
    root = Path(__file__).resolve().parent.parent
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            port = child.stdout.readline().strip() if child.stdout else ""
            if not port:
                message = "the stand-in did not start"
                raise RunFailedError(message)
            yield f"http://127.0.0.1:{port}"
        finally:
            child.terminate()
            child.wait()


def written(url: str) -> dict[str, int]:
    """Ask the stand-in how much was written since the last time."""
    with urlopen(f"{url}/_written", timeout=120) as answer:  # noqa: S310  always http to this machine
        found: dict[str, int] = json.load(answer)
    return found
