"""The SDK's metrics, once per stream instead of once per context.

The SDK creates a counter and a timer for every context of a stream, and logs both at its end. With thousands
of messages that would be thousands of lines. Here a stream has one of each for the whole run.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from singer_sdk import metrics

if TYPE_CHECKING:
    from types import TracebackType

LOG_SECONDS = 10.0
"""How often a stream's record count is logged while it grows."""


class RunCounter(metrics.Counter):
    """Counts a stream's records over all its contexts; logs every few seconds and at the end of the run.

    Args:
        stream: The stream's name.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(metrics.Metric.RECORD_COUNT, {metrics.Tag.STREAM: stream}, log_interval=LOG_SECONDS)
        self.total = 0

    def __enter__(self) -> Self:
        """Do nothing at the begin of a context: the count goes on."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Do nothing at the end of a context: the count goes on."""

    def with_context(self, value: Any) -> None:  # noqa: ANN401 - the SDK's signature
        """Ignore the context: the count is for the stream."""

    def increment(self, value: int = 1) -> None:
        """Count records."""
        self.total += value
        super().increment(value)

    def finish(self) -> None:
        """Log what has been counted since the last line, if anything."""
        self.exit()


class RunTimer(metrics.Timer):
    """Adds up the time that a stream's contexts take, its children's included.

    Args:
        stream: The stream's name.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(metrics.Metric.SYNC_DURATION, {metrics.Tag.STREAM: stream})
        self._spent = 0.0
        self._failed = False

    def __enter__(self) -> Self:
        """Begin a context."""
        self.start_time = time.time()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """End a context."""
        self._spent += time.time() - self.start_time
        self._failed = self._failed or (exc_type is not None and exc_type is not GeneratorExit)

    def with_context(self, value: Any) -> None:  # noqa: ANN401 - the SDK's signature
        """Ignore the context: the time is for the stream."""

    def elapsed(self) -> float:
        """Return the seconds spent so far."""
        return self._spent

    def finish(self) -> None:
        """Log the time spent."""
        self.tags[metrics.Tag.STATUS] = metrics.Status.FAILED if self._failed else metrics.Status.SUCCEEDED
        metrics.log(self.logger, metrics.Point("timer", self.metric, self.elapsed(), self.tags))
