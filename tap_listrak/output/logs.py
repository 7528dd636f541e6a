"""What a run says at INFO: a few lines a person can use. What the SDK says of itself is there at DEBUG."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SDK = frozenset(
    {
        "Added '%s' as child stream to '%s'",
        "Skipping deselected stream '%s'.",
        "Skipping parse of env var settings...",
        "Beginning sync of '%s' in %s mode",
        "Tap has custom mapper. Using %d provided map(s).",
        # The error itself follows, told in full by whoever handles it.
        "An unhandled error occurred while syncing '%s'",
    }
)
"""The SDK's lines that go to DEBUG, by their texts as they stand in its code."""

RETRIES_TOLD = 3
"""So many retries of a run are told one by one, the first ones."""
RETRY_SECONDS = 30.0
"""How often one is told after that."""


class SdkLogFilter(logging.Filter):
    """Moves the SDK's lines about itself to DEBUG."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is written."""
        if record.msg not in _SDK:
            return True
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return logging.getLogger(record.name).isEnabledFor(logging.DEBUG)


class RetryLogFilter(logging.Filter):
    """Tells the first retries one by one, and then one now and then, with how many there were in between.

    Args:
        clock: Tells the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._told = self._left_out = 0
        self._last = clock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is written."""
        if "; retry %d of %d" not in str(record.msg):
            return True
        now = self._clock()
        if self._told >= RETRIES_TOLD and now - self._last < RETRY_SECONDS:
            self._left_out += 1
            return logging.getLogger(record.name).isEnabledFor(logging.DEBUG)
        self._told, self._last = self._told + 1, now
        if self._left_out:
            record.msg = f"{record.msg} ({self._left_out} other retries since the last one that was logged)"
            self._left_out = 0
        return True


SDK_LOG_FILTER = SdkLogFilter()


def tell_few_retries(logger: logging.Logger) -> None:
    """Begin a run's `RetryLogFilter` on a logger, in the place of an earlier run's in the same process."""
    for earlier in [one for one in logger.filters if isinstance(one, RetryLogFilter)]:
        logger.removeFilter(earlier)
    logger.addFilter(RetryLogFilter())
