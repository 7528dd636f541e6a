"""Signals and standard input of the console script. Errors become exit codes in `listrak_singer.cli`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

from listrak_api.errors import ConfigurationError
from listrak_singer.cli import Terminated

if TYPE_CHECKING:
    import logging

__all__ = ["TargetTerminated", "check_standard_input"]


class _Ends(Protocol):
    def end_early(self, error: BaseException) -> None:
        """Wait for running jobs for a limited time, and log the row accounting."""


class TargetTerminated(Terminated):
    """SIGTERM or SIGINT came.

    Args:
        signum: The signal's number.
        target: The running target. It is ended by `end`, as the signal may arrive where no error is handled.
    """

    def __init__(self, signum: int, target: _Ends) -> None:
        super().__init__(signum)
        self._target = target

    def end(self) -> None:
        """Wait for running jobs for a limited time, and log the row accounting."""
        self._target.end_early(self)


def check_standard_input(logger: logging.Logger) -> None:
    """Check that standard input is open; warn if it is a terminal.

    Raises:
        ConfigurationError: Standard input is closed.
    """
    if sys.stdin is None:
        message = "standard input is closed: there is nothing to read"
        hint = "Pipe a tap's output into target-listrak, or name a file with --input."
        raise ConfigurationError(message, setting="input", hint=hint)
    if sys.stdin.isatty():
        logger.warning("Reading Singer messages from the terminal; Ctrl-D ends them")
