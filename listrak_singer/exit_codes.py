"""How a run ends after an error: the exit code, and whether it is retryable (docs/reliability.md)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from singer_sdk.exceptions import (
    ConfigValidationError,
    MapExpressionError,
    RecordsWithoutSchemaException,
    StreamMapConfigError,
)
from singer_sdk.singerlib.exceptions import InvalidInputLine

from listrak_api.errors import Cause, ListrakError

__all__ = ["Ending", "ExitCode", "ending_of", "retryable_line"]


class ExitCode(IntEnum):
    """Exit codes after an error; the numbers of data and unavailability are those of ``sysexits.h``."""

    SETTINGS = 1
    """Settings, credentials, this machine or a closed pipe. Also any unexpected error."""
    COMMAND_LINE = 2
    """An unknown option, or a file that does not exist (click's exit code)."""
    DATA = 65
    """The input, or what Listrak refuses of it (EX_DATAERR)."""
    UNAVAILABLE = 75
    """Listrak could not be reached or did not finish in time (EX_TEMPFAIL)."""


@dataclass(frozen=True)
class Ending:
    """How a run ends.

    Attributes:
        code: The exit code.
        retryable: Whether the same run can succeed when it is repeated unchanged.
    """

    code: ExitCode
    retryable: bool


_CODES = {
    Cause.SETTINGS: ExitCode.SETTINGS,
    Cause.DATA: ExitCode.DATA,
    Cause.UNAVAILABLE: ExitCode.UNAVAILABLE,
}


def ending_of(error: BaseException) -> Ending:
    """Return how a run ends after an error. An unknown error is not retryable: it would occur again.

    Args:
        error: What was raised.
    """
    if isinstance(error, BrokenPipeError):
        # The program at the other end of the pipe has ended. Its own exit code says whether that is final.
        return Ending(ExitCode.SETTINGS, retryable=True)
    if isinstance(error, ListrakError):
        return Ending(_CODES[error.cause], retryable=error.cause is Cause.UNAVAILABLE)
    if isinstance(error, ConfigValidationError | MapExpressionError | StreamMapConfigError):
        return Ending(ExitCode.SETTINGS, retryable=False)
    if isinstance(error, InvalidInputLine | RecordsWithoutSchemaException):
        return Ending(ExitCode.DATA, retryable=False)
    return Ending(ExitCode.SETTINGS, retryable=False)


def retryable_line(*, retryable: bool) -> str:
    """Return the last log line of a run that failed, for programs: ``retryable: true`` or ``false``."""
    return f"retryable: {str(retryable).lower()}"
