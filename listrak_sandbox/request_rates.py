"""How many requests an integration may make in a second; what comes faster is answered 429."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RequestRates"]


class RequestRates:
    """Counts the requests of each integration in a sliding window: of a second, or longer for rates below 1.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._admitted: dict[str, deque[float]] = defaultdict(deque)

    def admit(self, integration: str, requests_per_second: float) -> bool:
        """Decide about one request, and count it if it is admitted.

        Args:
            integration: The integration's name.
            requests_per_second: Its limit; 0 for no limit.
        """
        if not requests_per_second:
            return True
        limit = max(1, int(requests_per_second))
        window = limit / requests_per_second
        now, admitted = self._clock(), self._admitted[integration]
        while admitted and admitted[0] <= now - window:
            admitted.popleft()
        if len(admitted) >= limit:
            return False
        admitted.append(now)
        return True
