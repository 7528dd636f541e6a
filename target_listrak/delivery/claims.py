"""Messages and events of one stream, each sent at most once: by this run, and by all runs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from target_listrak.delivery.sent_record import SENT_FILE, Sent, SentRecord
from target_listrak.outcomes import ACCEPTED, UNCHANGED, Declined, Outcome
from target_listrak.tracking.local_files import local_path

if TYPE_CHECKING:
    from target_listrak.delivery.run import Run

__all__ = ["Claims", "SentMessages"]


class SentMessages:
    """The run's record of sent messages: `run.session(SentMessages)`. Opens the file when it is created."""

    def __init__(self, run: Run) -> None:
        path = local_path("sent_path", run.config["sent_path"], SENT_FILE, "The record of sent messages")
        self.record = SentRecord(path, read_only=run.dry_run)


class Claims:
    """Claims a message before it is sent, and notes its outcome. Thread safe.

    Side effect: writes the record of sent messages (`sent_path`), unless the run is dry.

    Args:
        run: The run.
        place: Address of the API, kind, list and message, by their ids, and the stream. It tells one
            destination's messages apart from another's, in this run and in later ones.
        unknown: The outcome of a message that may have been sent, and is not sent again.

    Raises:
        ConfigurationError: The record of sent messages cannot be used.
    """

    def __init__(self, run: Run, place: str, unknown: Declined) -> None:
        self._dry_run = run.dry_run
        self._place = place
        self._unknown = unknown
        self._record = run.session(SentMessages).record
        self._lock = threading.Lock()
        self._under_way: set[str] = set()

    def known(self, key: str) -> Outcome | None:
        """Return why a message must not be sent; `None` if it may be."""
        with self._lock:
            return self._known(key)

    def claim(self, key: str) -> Outcome | None:
        """Note that a message is being sent, and return `None`; or return why it must not be sent."""
        with self._lock:
            known = self._known(key)
            if known is None:
                if not self._dry_run:
                    self._record.claim(self._place, key)
                self._under_way.add(key)
            return known

    def end(self, key: str, outcome: Outcome) -> None:
        """Note the outcome of a message: unless it is accepted or unknown, the message may be sent later."""
        if outcome is ACCEPTED:
            self._end(key, Sent.SENT)
        elif outcome is self._unknown:
            self._end(key, Sent.UNKNOWN)
        else:
            self.release(key)

    def release(self, key: str) -> None:
        """Note that a message was certainly not sent."""
        self._end(key, None)

    def close(self) -> None:
        """Close the record of sent messages."""
        self._record.close()

    def _known(self, key: str) -> Outcome | None:
        if key in self._under_way:
            return UNCHANGED
        state = self._record.state(self._place, key)
        if state is None:
            return None
        return self._unknown if state is Sent.UNKNOWN else UNCHANGED

    def _end(self, key: str, state: Sent | None) -> None:
        with self._lock:
            if not self._dry_run:
                self._record.end(self._place, key, state)
            self._under_way.discard(key)
