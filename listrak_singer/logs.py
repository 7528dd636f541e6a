"""Log filters: the SDK's own INFO lines move to DEBUG, and retries are summarised.

The SDK has no setting for this. Its lines are recognised by the file that logs them, so new ones move to
DEBUG as well. Warnings and errors are not changed. `tests/unit/singer/test_logs.py` checks what this relies
on.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import singer_sdk
from singer_sdk.logging import StructuredFormatter

from listrak_singer.environment import inside_meltano

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["RetryLogFilter", "SdkLogFilter", "quiet"]

_SDK_FOLDER = str(Path(singer_sdk.__file__).parent) + os.sep
_VERSION_FUNCTION = "print_version"
"""The SDK's function that logs the versions of plugin and SDK: that line stays at INFO."""
METRIC = "METRIC: %s"
REPEATED = frozenset(
    {
        "An unhandled error occurred while syncing '%s'",
        "Error initializing target sink '%s'",
        "Config validation failed",
    }
)
"""Errors of the SDK, by their text, that only repeat what the full error message says."""

RETRIES_LOGGED = 3
"""How many retries are logged one by one at the begin of a run."""
RETRY_SECONDS = 30.0
"""Seconds between two lines about retries after that."""


class SdkLogFilter(logging.Filter):
    """Moves INFO lines of the SDK to DEBUG. Metrics stay at INFO if the log is JSON, for programs.

    Args:
        handler: The handler that it is added to. A filter of a logger would not get the lines of its
            children.
    """

    def __init__(self, handler: logging.Handler) -> None:
        super().__init__()
        self._handler = handler

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is written. One that moves to DEBUG is DEBUG for other handlers too."""
        if not self._belongs_to_debug(record):
            return True
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        # The SDK sets the level of its metrics' logger to INFO, whatever the log's configuration says.
        loggers = (logging.getLogger(record.name), logging.root)
        return self._handler.level <= logging.DEBUG and any(
            one.isEnabledFor(logging.DEBUG) for one in loggers
        )

    def _belongs_to_debug(self, record: logging.LogRecord) -> bool:
        if record.msg in REPEATED:
            return True
        if record.levelno > logging.INFO or not record.pathname.startswith(_SDK_FOLDER):
            return False
        if record.msg == METRIC and self._read_by_programs():
            return False
        return record.funcName != _VERSION_FUNCTION

    def _read_by_programs(self) -> bool:
        """Return whether the final log is JSON. Meltano parses a JSON log and writes its own format."""
        if not isinstance(self._handler.formatter, StructuredFormatter):
            return False
        return not inside_meltano() or os.environ.get("MELTANO_CLI_LOG_FORMAT") == "json"


class RetryLogFilter(logging.Filter):
    """Passes the first retries, and then one every 30 seconds with the number of retries in between.

    Args:
        clock: Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._logged = self._left_out = 0
        self._last = clock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is written."""
        if "; retry %d of %d" not in str(record.msg):
            return True
        now = self._clock()
        if self._logged >= RETRIES_LOGGED and now - self._last < RETRY_SECONDS:
            self._left_out += 1
            return logging.getLogger(record.name).isEnabledFor(logging.DEBUG)
        self._logged, self._last = self._logged + 1, now
        if self._left_out:
            record.msg = f"{record.msg} ({self._left_out} other retries since the last one that was logged)"
            self._left_out = 0
        return True


@contextmanager
def quiet(retries: logging.Logger) -> Iterator[None]:
    """Move the SDK's lines to DEBUG and summarise retries, for as long as a run lasts.

    Enter it once the SDK has set up logging.

    Args:
        retries: The logger of the lines about retries.
    """
    places: list[tuple[logging.Filterer, logging.Filter]] = [
        (handler, SdkLogFilter(handler)) for handler in logging.root.handlers
    ]
    places.append((retries, RetryLogFilter()))
    for place, new in places:
        place.addFilter(new)
    try:
        yield
    finally:
        for place, new in places:
            place.removeFilter(new)
