"""The command line: a user's mistake ends in one or two lines that say what to do, never in a stack trace."""

from __future__ import annotations

import errno
import logging
import os
import signal
import sqlite3
import sys
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from singer_sdk.exceptions import (
    ConfigValidationError,
    MapExpressionError,
    RecordsWithoutSchemaException,
    StreamMapConfigError,
)
from singer_sdk.plugin_base import SingerCommand
from singer_sdk.singerlib.exceptions import InvalidInputLine

from listrak_api.errors import ListrakError
from listrak_api.masking import install_masking
from listrak_singer.exit_codes import ExitCode, ending_of, retryable_line
from listrak_singer.files import InputFile, TextFile
from listrak_singer.logs import quiet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

_WRITING_ONLY = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})

__all__ = ["ListrakCommand", "Terminated", "error_lines", "only_one_more_signal"]


class Terminated(BaseException):
    """The process received SIGTERM or SIGINT.

    Args:
        signum: The signal's number.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(f"ended by signal {signum}")
        self.signum = signum

    def end(self) -> None:
        """Finish the run before the process ends; for subclasses."""


def only_one_more_signal() -> None:
    """Ignore further SIGTERMs, and let a second Ctrl-C end the process at once.

    Meltano forwards a signal that the whole process group has received already. The second one must not
    interrupt the end of the run.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class _ReaderClosed(Exception):  # noqa: N818 - passes an error through click
    def __init__(self, error: BrokenPipeError) -> None:
        super().__init__(error)
        self.error = error


@contextmanager
def _preserve_broken_pipe() -> Iterator[None]:
    """Raise a broken pipe as another exception: click would end the process without a message."""
    try:
        yield
    except BrokenPipeError as error:
        raise _ReaderClosed(error) from error


class ListrakCommand(SingerCommand):
    """The SDK's command, with readable error messages and defined exit codes."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - click's signature
        """Run the command; exit codes: `listrak_singer.exit_codes`. New files are for their owner only."""
        os.umask(0o077)
        install_masking(logging.getLogger())
        with quiet(logging.getLogger("listrak_api")):
            try:
                return super().main(*args, **kwargs)
            except Terminated as terminated:
                self._end(terminated)
                self._say(f"The run was {terminated}; what is not confirmed will be sent again")
                sys.exit(128 + terminated.signum)
            except SystemExit as end:
                if end.code in {ExitCode.SETTINGS, ExitCode.COMMAND_LINE}:  # click's or the SDK's, both final
                    self._say(retryable_line(retryable=False))
                raise
            except _ReaderClosed as closed:
                self._fail(closed.error)
            except Exception as error:  # noqa: BLE001 - raised again if it is a programming error
                self._fail(error)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:  # noqa: ANN401 - click's signature
        """Parse the options. The SDK runs --discover and --test here."""
        with _preserve_broken_pipe():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run the plugin."""
        with _preserve_broken_pipe():
            return super().invoke(ctx)

    def _fail(self, error: Exception) -> NoReturn:
        """Log an error and whether it is retryable, and exit. A programming error is raised again."""
        lines, ending = error_lines(error), ending_of(error)
        self._say(*(lines or ()), retryable_line(retryable=ending.retryable))
        if lines is None:
            raise error
        self._exit(ending.code)

    def _end(self, terminated: Terminated) -> None:
        try:
            terminated.end()
        except Exception as error:
            lines = error_lines(error)
            if lines is None:
                raise
            self._say(*lines)

    def _say(self, *lines: str) -> None:
        for line in lines:
            self.logger.error("%s", line)

    @staticmethod
    def _exit(code: ExitCode) -> NoReturn:
        # Python flushes standard output at exit, and prints another error if it is closed.
        try:
            if sys.stdout is not None:
                sys.stdout.flush()
        except (OSError, ValueError):
            sys.stdout = None
        sys.exit(code)

    @classmethod
    def like(cls, command: click.Command, logger: logging.Logger) -> ListrakCommand:
        """Create the command from the SDK's own, with this project's types of file options."""
        for param in command.params:
            if isinstance(param.type, click.File):
                is_input = param.name == "file_input"
                param.type = InputFile() if is_input else TextFile(str(param.name))
        return cls(
            name=command.name,
            callback=command.callback,
            context_settings=command.context_settings,
            params=command.params,
            help=command.help,
            logger=logger,
        )


def error_lines(error: BaseException) -> list[str] | None:
    """Return the message of an error, line by line; None if it is a programming error."""
    if isinstance(error, MapExpressionError | StreamMapConfigError):
        return [f"The setting stream_maps is wrong: {error}"]
    if isinstance(error, ListrakError | InvalidInputLine | RecordsWithoutSchemaException):
        return str(error).splitlines()
    if isinstance(error, ConfigValidationError):
        return list(error.errors)
    line = _system_line(error)
    return None if line is None else [line]


def _system_line(error: BaseException) -> str | None:
    if isinstance(error, BrokenPipeError):
        return (
            "The program that reads standard output has closed it: nothing more can be written. "
            "See its own log."
        )
    if isinstance(error, sqlite3.OperationalError):
        return f"The temporary folder ({tempfile.gettempdir()}) cannot be written to: {error}"
    if isinstance(error, OSError) and error.errno is not None:
        where = error.filename or (
            "standard output" if error.errno in _WRITING_ONLY else "standard input or output"
        )
        return f"{error.strerror}: {where}"
    return None
