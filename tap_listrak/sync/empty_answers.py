"""What to do when an answer comes without rows, with status 200, and means that there are none.

Empty answers that were full when they were asked for again have been seen in production. Nothing shows that
such an answer is wrong, so where rows would be lost by it, the same is asked for again:

- The lists and sender codes of an account: everything else depends on them. An answer without any would
  make a run that reads nothing a success, and loaders would remove everything by the ACTIVATE_VERSION
  messages at its end.
- The first page of whatever a bookmark would pass (`streams.bookmarked` `loses_by_empty`): a window of
  contacts, the conversations of a list, the clickers of a link. In runs that follow each other more closely
  than the overlap no bookmark passes what the next run does not ask for, so they make no request more.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from listrak_api.errors import UnavailableError
from listrak_api.settings import is_loopback
from listrak_singer.wording import enumerated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from singer_sdk import Stream

    from listrak_api.client import Client
    from listrak_api.routes import Api
    from tap_listrak.clients import Clients
    from tap_listrak.records.row import Row
    from tap_listrak.sync.steps import Request, Rows

PAUSES = (1.0, 3.0, 5.0)
"""Seconds before lists or sender codes that came empty are asked for again."""

WAIT = 3.0
"""Seconds after which any other page that came empty is asked for again."""

LONGEST_WAIT = 60.0
"""Seconds that requests wait for this, all together, as long as no answer has shown that it is worth it."""

_ATTEMPTS, _ATTEMPTS_AFTER_A_FIND = 1, 3
_SHOWN = 10
_INDISPENSABLE: dict[str, Api] = {"lists": "email", "sender_codes": "sms"}
"""The collections that everything else depends on, and their APIs."""

logger = logging.getLogger("tap-listrak")


class EmptyAnswers:
    """When a page that came empty is asked for again, in one run. Safe from any thread.

    Once: nearly all empty answers are right. From the first one on that had rows the second time, three
    times.

    Args:
        wait: Seconds between the empty answer and the next request for the same.

    Attributes:
        wait: As given.
    """

    def __init__(self, wait: float) -> None:
        self.wait = wait
        self._waited = 0.0
        self._found: Counter[str] = Counter()
        self._lock = threading.Lock()

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Create it for a tap's settings.

        A service on this machine is a simulated one: its answers do not change by waiting.
        """
        host = urlsplit(str(config.get("api_url") or "")).hostname or ""
        return cls(0.0 if is_loopback(host) else WAIT)

    @property
    def attempts(self) -> int:
        """How often a page that came empty is asked for again."""
        return _ATTEMPTS_AFTER_A_FIND if self._found else _ATTEMPTS

    def pause(self, client: Client, until: float) -> None:
        """Wait, unless that has taken too long in this run for nothing.

        Args:
            client: Ends the waiting when it is closed.
            until: Until when (monotonic seconds).
        """
        seconds = until - time.monotonic()
        if seconds <= 0:
            return
        with self._lock:
            if not self._found and self._waited >= LONGEST_WAIT:
                return
            self._waited += seconds
        client.pause(seconds)

    def ask_again(self, client: Client, what: str, read: Callable[[], list[Row]]) -> list[Row]:
        """Read again, at once in the caller's thread, what came empty.

        Args:
            client: Ends the waiting when it is closed.
            what: What came empty, for the log.
            read: Reads it.

        Returns:
            The rows; none if there are none still.
        """
        attempts = 0
        while attempts < self.attempts:
            attempts += 1
            self.pause(client, time.monotonic() + self.wait)
            if rows := read():
                self.note(what)
                return rows
        return []

    def note(self, stream: str) -> None:
        """Note that a page had rows after it had come empty."""
        with self._lock:
            self._found[stream] += 1

    def log_result(self) -> None:
        """Log how many pages came empty by mistake, if any did."""
        if self._found:
            logger.warning(
                "%d answers of Listrak were empty and had rows when they were asked for again: %s",
                self._found.total(),
                enumerated([f"{name} ({count})" for name, count in sorted(self._found.items())], _SHOWN),
            )


def send_again_if_empty(clients: Clients, stream: Stream, request: Request, rows: Rows) -> Rows:
    """Repeat the request for the first page of lists or sender codes if the page is empty.

    Args:
        clients: The client of each API.
        stream: A root stream. The page of any other stream is returned as it is.
        request: The request.
        rows: Its page.

    Returns:
        The page. It may be empty for sender codes only. Then no stream below them sends ACTIVATE_VERSION.

    Raises:
        UnavailableError: There are no lists.
    """
    api = _INDISPENSABLE.get(stream.name)
    if api is None or not rows.is_empty:
        return rows
    client = clients.client(api)
    for seconds in PAUSES:
        if client.pause(seconds):
            break
        rows = request.send(clients, None)
        if not rows.is_empty:
            return rows
    if stream.name == "lists":
        raise no_lists()
    logger.warning("Listrak returned no %s; rows that were loaded before are kept", stream.name)
    _partially_read(stream)
    return rows


def no_lists() -> UnavailableError:
    """Return the error for an account that shows no list."""
    message = "Listrak returned no lists, several times in a row"
    hint = "Every account has at least one: run it again later, and check the integration in Listrak."
    return UnavailableError(message, hint=hint, status=200)


def _partially_read(stream: Stream) -> None:
    stream.partially_read = True  # type: ignore[attr-defined]  # all streams are of this package
    for child in stream.child_streams:
        _partially_read(child)
