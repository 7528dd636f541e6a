"""The request log: counts by route and status, the largest number in flight, the latest requests."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LATEST = 500
"""How many requests are kept one by one."""


@dataclass
class RequestLog:
    """Counts every request to an API or to the token endpoint; control routes are not logged.

    It holds templates only: no address or number that a path or query carried.
    """

    by_route: Counter[str] = field(default_factory=Counter)
    by_status: Counter[int] = field(default_factory=Counter)
    unknown_parameters: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    max_in_flight: int = 0
    latest: deque[dict[str, object]] = field(default_factory=lambda: deque(maxlen=LATEST))
    resets: int = 0

    def begin(self) -> int:
        """Note that a request arrived; return what to pass to `end`."""
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        return self.resets

    def end(  # noqa: PLR0913  one entry of the log
        self,
        begun: int,
        name: str,
        status: int,
        *,
        seconds: float,
        at: str,
        unknown: Iterable[str],
        size: int,
    ) -> None:
        """Note how a request ended. One that began before the last reset is not counted.

        Args:
            begun: What `begin` returned.
            name: The route's name: method and whole template.
            status: HTTP status; 0 when no answer was sent (a connection broken on purpose).
            seconds: Real time between arrival and the end of the answer.
            at: Sandbox time of its arrival, ISO 8601.
            unknown: Names of query parameters that the route does not know.
            size: Bytes of the answer's body.
        """
        self.in_flight -= 1
        if begun != self.resets:
            return
        self.by_route[name] += 1
        self.by_status[status] += 1
        unknown = list(unknown)
        self.unknown_parameters.update(f"{name} ?{parameter}" for parameter in unknown)
        self.latest.append(
            {
                "at": at,
                "route": name,
                "status": status,
                "milliseconds": round(seconds * 1000, 2),
                "bytes": size,
                "unknown_parameters": unknown,
            }
        )

    def reset(self) -> None:
        """Forget everything. Requests that are in flight are not counted when they end."""
        self.resets += 1
        self.by_route.clear()
        self.by_status.clear()
        self.unknown_parameters.clear()
        self.latest.clear()
        self.max_in_flight = self.in_flight

    def summary(self, latest: int = 50) -> dict[str, object]:
        """Return ``{total, by_route, by_status, unknown_parameters, in_flight, max_in_flight, latest}``."""
        return {
            "total": self.by_route.total(),
            "by_route": dict(sorted(self.by_route.items())),
            "by_status": {str(status): count for status, count in sorted(self.by_status.items())},
            "unknown_parameters": dict(sorted(self.unknown_parameters.items())),
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "latest": list(self.latest)[-latest:][::-1] if latest else [],
        }
