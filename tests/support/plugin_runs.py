"""Runs the console scripts in this process, which is fast, and gives what a shell would see."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

from tap_listrak.tap import TapListrak
from target_listrak.target import TargetListrak

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from listrak_sandbox.testing import RunningSandbox

# `cli` sets up the logging when it is looked up: here, with the standard error of the run.
MAINS: dict[str, Callable[[], object]] = {
    "tap-listrak": lambda: TapListrak.cli(),  # noqa: PLW0108 - see above
    "target-listrak": lambda: TargetListrak.cli(),  # noqa: PLW0108 - see above
}


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        code: The exit code.
        out: Standard output.
        errors: Standard error.
    """

    code: int
    out: bytes
    errors: str

    @property
    def last_words(self) -> str:
        """The end of standard error, for assertions that fail."""
        return self.errors[-2000:]

    def stopped_cleanly(self) -> bool:
        """Whether it ended with an error that a person can read, and a line for programs that fits it."""
        if self.code not in (1, 65, 75) or "Traceback" in self.errors or "ERROR" not in self.errors:
            return False
        last = self.errors.splitlines()[-1].partition("retryable: ")[2]
        return last in ({"true"} if self.code == 75 else {"true", "false"} if self.code == 1 else {"false"})


@contextlib.contextmanager
def _process_wide_things_kept() -> Iterator[None]:
    """Put back what a program may change for itself, and a test run may not."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    signals = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    umask = os.umask(0o022)
    try:
        yield
    finally:
        root.handlers[:], root.level = handlers, level
        os.umask(umask)
        for one, handler in signals.items():
            signal.signal(one, handler)


def run(name: str, folder: Path, config: Mapping[str, Any], *arguments: str, **files: object) -> Ended:
    """Run a console script in this process.

    Args:
        name: Of the script.
        folder: Where its files go.
        config: Its settings.
        arguments: What else stands on the command line.
        files: Options that name a file, with what the file holds: bytes, or JSON.
    """
    options = [f"--config={_file(folder, 'config', config)}"]
    options += [f"--{option}={_file(folder, option, content)}" for option, content in files.items()]
    out, errors = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True), io.StringIO()
    code = 0
    with (
        _process_wide_things_kept(),
        mock.patch.object(sys, "argv", [name, *options, *arguments]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
    ):
        try:
            MAINS[name]()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except Exception as error:  # noqa: BLE001 - a console script would print the stack trace
            code = 1
            errors.write(f"Traceback: {error!r}")
    out.flush()
    return Ended(code, out.buffer.getvalue(), errors.getvalue())  # type: ignore[attr-defined]


def _file(folder: Path, name: str, content: object) -> Path:
    path = folder / f"{name}.in"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def settings_for(box: RunningSandbox, **more: object) -> dict[str, Any]:
    """Settings that point at a sandbox, with every credential."""
    credentials = {
        f"{prefix}{part}": f"sandbox-{kind}{suffix}"
        for prefix, kind in (("", "email"), ("sms_", "sms"), ("data_", "data"))
        for part, suffix in (("client_id", ""), ("client_secret", "-secret"))
    }
    return {**credentials, "api_url": box.url, "auth_url": box.auth_url, **more}


def without_data(config: dict[str, Any]) -> dict[str, Any]:
    """The same without what the tap does not know."""
    return {name: value for name, value in config.items() if not name.startswith("data_")}
