"""Whether an incoming stream is complete: the signs that mirroring waits for.

A source that crashes closes the pipe just as one that ends. Only a source that reached the end of a stream
sends a message after the stream's last record: ACTIVATE_VERSION, or a STATE. Such a message is a *sign* that
the stream is complete.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["StreamEnd", "streams_in"]

NO_RECORD: Final = object()
"""The version before the first record; None is the version of a record without one."""


class StreamEnd:
    """What came after the last record of one incoming stream (before stream maps).

    SCHEMA, RECORD (also one that a stream map leaves out) and BATCH messages show that the stream goes on,
    and cancel the signs that came before them.

    Args:
        stream: The stream's name, as it came in.

    Attributes:
        version: The version of the stream's last record; `NO_RECORD` before the first one.
        has_sign: Whether a sign has come since the last message of the stream. `note_record` need not be
            called for each record: only after a sign, and when the version changes.
        stated: Whether any STATE has come since the stream began.
    """

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.version: object = NO_RECORD
        self.has_sign = False
        self.stated = False
        self._versions: set[object] = set()
        self._activated = False
        self._covered = False
        self._unfinished = False

    @property
    def empty(self) -> bool:
        """Whether the stream has no records."""
        return self.version is NO_RECORD

    def cancel_signs(self) -> None:
        """Discard the signs so far: a SCHEMA, a BATCH or further records of the same version came."""
        self.has_sign = self._activated = self._covered = self._unfinished = False

    def note_record(self, version: object) -> None:
        """Note a record, which may have another version than the last one, and discard the signs so far."""
        self.cancel_signs()
        self.version = version
        self._versions.add(version)

    def note_activation(self, version: object) -> None:
        """Note an ACTIVATE_VERSION. It counts if all records so far were of that version."""
        self.has_sign = True
        self._activated = self._versions <= {version}

    def note_state(self, value: object) -> None:
        """Note a STATE. It counts unless its value says that the stream is still being read.

        Args:
            value: The message's value. Taps name the stream that is being read in `currently_syncing`;
                those of the SDK keep `progress_markers` in a stream's bookmark until it is finished.
        """
        self.has_sign = self.stated = True
        self._unfinished = _still_reading(value, self.stream)
        self._covered = not self._unfinished

    def missing_sign(self, mirror: object, *, without_state: bool) -> str | None:
        """Return which sign is missing for the stream to count as complete.

        Args:
            mirror: The option `mirror`: true or `end_of_input`.
            without_state: The option `mirror_without_state`.

        Returns:
            What did not come, for people; `None` if the stream is complete.
        """
        if mirror is True:
            # Sources may send ACTIVATE_VERSION before the records. If there are no records, it may have been
            # sent at the beginning or at the end, so a STATE has to follow as well.
            if self._activated and (self._versions or self._covered):
                return None
            if self._activated:
                return f"stream {self.stream!r} has no records, and no STATE came after its ACTIVATE_VERSION"
            return (
                f"no ACTIVATE_VERSION for the version of its records came after the last record of"
                f" stream {self.stream!r}"
            )
        if without_state or self._covered:
            return None
        if self._unfinished:
            return f"the last STATE says that stream {self.stream!r} was still being read"
        return f"no STATE came after the last record of stream {self.stream!r}"


def streams_in(state: object) -> set[str]:
    """Return the streams that a STATE's value names: with a bookmark, or as the one that is being read."""
    if not isinstance(state, dict):
        return set()
    bookmarks = state.get("bookmarks")
    names = [*(bookmarks if isinstance(bookmarks, dict) else ()), state.get("currently_syncing")]
    return {name for name in names if isinstance(name, str)}


def _still_reading(value: object, stream: str) -> bool:
    """Return whether a STATE says that a stream is not finished."""
    if not isinstance(value, dict):
        return False
    if value.get("currently_syncing") == stream:
        return True
    bookmarks = value.get("bookmarks")
    bookmark = bookmarks.get(stream) if isinstance(bookmarks, dict) else None
    if not isinstance(bookmark, dict):
        return False
    partitions: Any = bookmark.get("partitions")
    parts = [bookmark, *(partitions if isinstance(partitions, list) else ())]
    return any(isinstance(part, dict) and part.get("progress_markers") for part in parts)
