"""The pace of requests of all threads: slower after a 429, then gradually faster again."""

from __future__ import annotations

import threading
import time
from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING

from listrak_api.shared_rate import SharedLimiter, rate_of, shared_limiter_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrate_limiter import Limiter

    from listrak_api.settings import ConnectionSettings

_RECOVERY_SECONDS = 10.0
_SLOWEST = 0.25
_UNOBSERVED = 0.05
_FASTEST = 0.001
_MEMORY = 64


class Pace:
    """Spaces out the starts of requests after a 429.

    At full speed nothing is spaced: the number of requests in flight is the only limit. A 429 halves the
    rate at which requests were starting; from there it doubles every 10 seconds until it no longer matters.
    The rate does not fall below four requests a second: each request that gets another 429 also waits
    longer by itself.

    Args:
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._starts: deque[float] = deque(maxlen=_MEMORY)
        self._interval = 0.0
        self._slowed_at = float("-inf")
        self._next_start = float("-inf")

    def reserve(self) -> float:
        """Reserve the next instant at which a request may start.

        Returns:
            Seconds to wait until then; 0 at full speed.
        """
        with self._lock:
            now = self._clock()
            start = max(now, self._next_start)
            self._next_start = start + self._interval_at(start)
            self._starts.append(start)
            return start - now

    def slow_down(self, started: float, retry_after: float | None = None) -> None:
        """Slow all threads down after a 429.

        Args:
            started: When the request started, by the clock. If that was before the last slowdown, it says
                nothing about the present rate, which then stays as it is.
            retry_after: Seconds without any request, as `RetryPolicy.pause_asked` limits them; None for none.
        """
        with self._lock:
            now = self._clock()
            if retry_after:
                self._next_start = max(self._next_start, now + retry_after)
            if started < self._slowed_at:
                return
            self._interval = min(_SLOWEST, max(2 * self._observed_interval(now), _FASTEST))
            self._slowed_at = now
            self._next_start = max(self._next_start, now + self._interval)

    def interval(self) -> float:
        """Return the present distance between two starts in seconds; 0 at full speed."""
        with self._lock:
            return self._interval_at(self._clock())

    def _interval_at(self, instant: float) -> float:
        if not self._interval:
            return 0.0
        interval: float = self._interval * 0.5 ** ((instant - self._slowed_at) / _RECOVERY_SECONDS)
        return interval if interval > _FASTEST else 0.0

    def _observed_interval(self, now: float) -> float:
        """Return the mean distance of the last starts, within the last second if there were enough."""
        recent = [start for start in self._starts if now - 1.0 <= start <= now]
        if len(recent) > 1 and now > recent[0]:
            return (now - recent[0]) / len(recent)
        return self._interval_at(now) or _UNOBSERVED


@lru_cache(maxsize=32)
def limiter_for(api_url: str, requests_per_second: float) -> Limiter:  # noqa: ARG001 - a part of the cache's key
    """Return the hard limit on requests to one Listrak, shared by all clients of this process.

    Args:
        api_url: The address of Listrak's API.
        requests_per_second: The limit; below 1, or with a fraction, the requests are spaced evenly.
    """
    # Imported here: it takes as long as all of this package, and hardly anybody sets a limit.
    from pyrate_limiter import Limiter  # noqa: PLC0415

    return Limiter(rate_of(requests_per_second), buffer_ms=5)


def limiter_of(settings: ConnectionSettings) -> Limiter | SharedLimiter | None:
    """Return the hard limit that settings ask for: of this process or, by `rate_limit_url`, of several.

    Raises:
        ConfigurationError: The store that `rate_limit_url` names cannot be reached.
    """
    rate = settings.requests_per_second
    if not rate:
        return None
    if not settings.rate_limit_url:
        return limiter_for(settings.api_url, rate)
    return shared_limiter_for(settings.rate_limit_url, settings.api_url, settings.client_id, rate)
