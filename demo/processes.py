"""Starts what the demo consists of, a sandbox and `meltano run`, and ends it whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from demo.report import progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 10


class DemoError(Exception):
    """Something that ends the demo; the text is for the person who runs it."""


class Sandbox:
    """The running sandbox, seen through its control routes.

    Args:
        url: ``http://127.0.0.1:PORT``.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, path: str) -> Any:  # noqa: ANN401  any JSON
        """Read a control route.

        Args:
            path: Below ``/_sandbox/``, with its query.
        """
        with urlopen(f"{self.url}/_sandbox/{path}", timeout=120) as answer:  # noqa: S310  always http to this machine
            return json.load(answer)

    def request_count(self) -> int:
        """Tell how many API requests it has answered so far."""
        return int(self.ask("requests?latest=0")["total"])


@contextlib.contextmanager
def ended(command: list[str], **options: Any) -> Iterator[subprocess.Popen[str]]:  # noqa: ANN401  Popen's own
    """Run a command; when the block is left, for whatever reason, the command has ended."""
    options = {"cwd": ROOT, "text": True, "stdin": subprocess.DEVNULL, **options}
    with subprocess.Popen(command, **options) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                child.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(PATIENCE_SECONDS)
                child.kill()


@contextlib.contextmanager
def running_sandbox(scale: str = "small") -> Iterator[Sandbox]:
    """Run a sandbox on a free port, as a process of its own.

    Args:
        scale: How large its world is.

    Raises:
        DemoError: It did not start.
    """
    command = [str(BIN / "listrak-sandbox"), "--port=0", f"--scale={scale}"]
    with ended(command, stdout=subprocess.PIPE, start_new_session=True) as child:
        line = child.stdout.readline() if child.stdout else ""
        words = [word for word in line.split() if word.startswith("http://")]
        if not words:
            message = "the sandbox did not start"
            raise DemoError(message)
        yield Sandbox(words[0])


def end_on_signals() -> None:
    """Make SIGTERM and SIGHUP end the demo as Ctrl-C does, so that nothing stays behind."""

    def stop(number: int, _: object) -> None:
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def meltano_run(sandbox: Sandbox, log: Path, settings: Mapping[str, str], *plugins: str) -> tuple[float, int]:
    """Run plugins by ``meltano run`` in the environment `sandbox`, showing how far it is.

    Args:
        sandbox: Whose requests are counted.
        log: File that takes all the run prints.
        settings: Environment variables, which go before what meltano.yml says.
        plugins: Names, in order.

    Returns:
        Seconds it took, and how many requests it sent.

    Raises:
        DemoError: The run failed; the last lines of its log are in the text.
    """
    command = [str(BIN / "meltano"), "--environment=sandbox", "run", *plugins]
    before, began = sandbox.request_count(), time.monotonic()
    with log.open("w", encoding="utf-8") as file:
        environment = os.environ | dict(settings) | {"NO_COLOR": "1"}
        with ended(command, env=environment, stdout=file, stderr=subprocess.STDOUT) as child:
            while child.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(LOOK_SECONDS)
                progress(time.monotonic() - began, sandbox.request_count() - before)
            progress()
    if child.returncode:
        last = "".join(f"    {line}\n" for line in log.read_text("utf-8").splitlines()[-15:])
        message = f"`meltano run {' '.join(plugins)}` failed. The end of {log.relative_to(ROOT)}:\n{last}"
        raise DemoError(message)
    return time.monotonic() - began, sandbox.request_count() - before
