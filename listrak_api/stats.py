"""Counters of a client, for progress lines and closing reports."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Observation:
    """One attempt, for metrics. Holds no id and no value of anybody.

    Attributes:
        status: The HTTP status; 0 if no usable answer came.
        seconds: From the start of the attempt to its end, waiting for a free slot left out.
        bytes: Of the answer's body, decompressed.
        retry: Whether it repeated an earlier attempt.
        nul_characters: How many NUL characters were removed from the answer's texts.
    """

    status: int
    seconds: float
    bytes: int
    retry: bool
    nul_characters: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """What a client has done so far.

    Attributes:
        requests: Requests sent to the API, retries included, token requests left out.
        retries: Of these, the ones that repeated an earlier one.
        throttled: Answers 429: "too many requests".
        renewals: Tokens asked for, the first one included.
        bytes_received: Bytes of all bodies received, as decoded.
        bytes_sent: Bytes of all bodies sent.
    """

    requests: int = 0
    retries: int = 0
    throttled: int = 0
    renewals: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0


class Stats:
    """Counters that several threads add to. Read them by `snapshot`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(Counts.__slots__, 0)

    def add(self, **amounts: int) -> None:
        """Add to counters, by their names in `Counts`."""
        with self._lock:
            for name, amount in amounts.items():
                self._counts[name] += amount

    def snapshot(self) -> Counts:
        """Return all counters as they are at one instant."""
        with self._lock:
            return Counts(**self._counts)
