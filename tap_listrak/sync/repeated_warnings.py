"""Warnings that would be repeated for each message, list or number: one line at the end of the run."""

from __future__ import annotations

import logging
import threading

from listrak_singer.wording import enumerated

logger = logging.getLogger("tap-listrak")

_SHOWN = 10


class RepeatedWarnings:
    """Counts what happens to many things in one run. Safe from any thread."""

    def __init__(self) -> None:
        self._things: dict[str, dict[str, None]] = {}
        self._lock = threading.Lock()

    def add(self, text: str, thing: str) -> None:
        """Note that something happened.

        Args:
            text: What happened, with ``%d`` for the number of things and ``%s`` for their names.
            thing: What it happened to: an id, never an address or a number of a person.
        """
        with self._lock:
            self._things.setdefault(text, {})[thing] = None

    def log(self) -> None:
        """Log a line for each text, and forget them."""
        with self._lock:
            things, self._things = self._things, {}
        for text, names in things.items():
            logger.warning(text, len(names), enumerated(list(names), _SHOWN))
