"""Sends messages to people: each at most once, and no more of them than the destination allows."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from listrak_api.errors import (
    AuthenticationError,
    ConfigurationError,
    LostAnswerError,
    NotFoundError,
    RequestRefusedError,
    UnavailableError,
)
from target_listrak.delivery.claims import Claims
from target_listrak.delivery.limits import LimitError
from target_listrak.delivery.loader import attempt
from target_listrak.delivery.sent_record import key_of
from target_listrak.outcomes import ACCEPTED, Declined, Outcome, Rejected, RowRejected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_listrak.delivery.loader import Delivery
    from target_listrak.tracking.tallies import Row

__all__ = ["MessageLimitError", "Sender"]

_NOT_SENT = (AuthenticationError, ConfigurationError, NotFoundError, RequestRefusedError, UnavailableError)
"""Errors of the client after which a request was certainly not carried out."""
_UNKNOWN: Final = Declined(
    "unknown_outcome",
    "the message may have been sent: its answer was lost, or a run ended meanwhile. It is not sent again",
)


class MessageLimitError(LimitError):
    """A run would send more messages than `max_messages` allows. The message was not sent."""


class Sender:
    """Sends the messages of one stream. Side effect: **people get messages**.

    Args:
        delivery: Which stream goes where.
        place: Kind, list and message, by their ids. With the stream it identifies the destination's
            messages, in this run and in later ones.
        keys: The stream's key properties.

    Raises:
        ConfigurationError: The stream has no key, or the record of sent messages cannot be used.
    """

    def __init__(self, delivery: Delivery, place: str, keys: list[str]) -> None:
        run, stream, destination = delivery.run, delivery.stream, delivery.destination
        if not keys:
            text = f"stream {stream!r} has no key properties, by which a message is sent once only"
            raise destination.error("", text, "Give the stream a key in the source.")
        self._run = run
        self._destination = destination
        self._tracker = delivery.tracker
        self._keys = keys
        self._name = f"{run.config['api_url']} {place} {stream}"
        self._limit: int = destination.option("max_messages")
        self._claims = Claims(run, self._name, _UNKNOWN)
        self._lock = threading.Lock()
        self._counted = 0

    def key(self, record: Mapping[str, object]) -> str:
        """Return the key that identifies a record's message.

        Raises:
            RowRejected: A key property has no value.
        """
        key = key_of(record, self._keys)
        if key is None:
            names = ", ".join(self._keys)
            raise RowRejected(
                Rejected("missing_key", f"{names}: a message needs a value of each key property")
            )
        return key

    def submit(self, row: Row, key: str, send: Callable[[], Outcome]) -> None:
        """Send a message in a worker thread, unless it was sent before, and end its row.

        Args:
            row: The row.
            key: Its key.
            send: Makes the call: `ACCEPTED`, or why the message was not sent. Must not repeat it.
        """
        self._run.calls.submit(
            ("send", self._name, key), lambda: self._tracker.end(row, self._once(key, send)), len(row.line)
        )

    def close(self) -> None:
        """Close the record of sent messages."""
        self._claims.close()

    def _once(self, key: str, send: Callable[[], Outcome]) -> Outcome:
        known = self._claim(key)
        if known is not None:
            return known
        if self._run.dry_run:
            self._tracker.remark("messages would be sent")
            return ACCEPTED
        # After a signal or an unexpected error the claim stays: the message may have been sent.
        try:
            outcome = attempt(send)
        except LostAnswerError:
            self._run.logger.warning(
                "%s: the answer to a message was lost: it may have been sent, and is not sent again",
                self._destination.label,
            )
            outcome = _UNKNOWN
        except _NOT_SENT:
            self._uncount()
            self._claims.release(key)
            raise
        if outcome is not ACCEPTED and outcome is not _UNKNOWN:
            self._uncount()
        self._claims.end(key, outcome)
        return outcome

    def _claim(self, key: str) -> Outcome | None:
        """Note that a message is being sent; or return why it must not be.

        Raises:
            MessageLimitError: It would exceed `max_messages`.
        """
        with self._lock:
            known = self._claims.known(key)
            if known is not None:
                return known
            if self._counted >= self._limit:
                text = f"{self._limit:,} messages were sent in this run, and no more are allowed"
                hint = "If more of them are meant, increase max_messages, and run again."
                raise MessageLimitError(self._destination, "max_messages", text, hint)
            self._counted += 1
            return self._claims.claim(key)

    def _uncount(self) -> None:
        """Take a message that was certainly not sent off the count."""
        with self._lock:
            self._counted -= 1
