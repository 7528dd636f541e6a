"""Parent rows without an id: their child records cannot be requested, so the child streams are incomplete."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tap_listrak.records.dates import parse_record_date

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_listrak.sync.context_stream import ContextStream

logger = logging.getLogger("tap-listrak")


def mark_unread(stream: ContextStream, context: Mapping[str, Any], *, lasting: bool = False) -> None:
    """Note that a context of a stream could not be read, nor what is below it.

    Args:
        stream: The stream; bookmarks stay before the context, for it and those below, and none of them sends
            ACTIVATE_VERSION in this run.
        context: The context's ids, and when what they belong to was sent, if that is known.
        lasting: Keep bookmarks there for as long as it takes.
    """
    for one in stream.subtree():
        one.partially_read = True
        if one.selected:
            one.hold(context, parse_record_date(context.get("_sent")), lasting=lasting)


class ParentsWithoutId:
    """Counts a stream's rows without an id. Used by the thread that writes.

    Args:
        stream: The stream.
    """

    def __init__(self, stream: ContextStream) -> None:
        self._stream = stream
        self._count = 0

    def add(self, child_context: Mapping[str, Any]) -> None:
        """Count a row. Mark the streams below as partially read, and hold their bookmarks at the row.

        Args:
            child_context: The row's ids, one of them a placeholder, and when it was sent.
        """
        if not self._stream.active_children:
            return
        self._count += 1
        for child in self._stream.active_children:
            mark_unread(child, child_context)

    def report(self) -> None:
        """Log how many rows were counted since the last report."""
        count, self._count = self._count, 0
        if count:
            logger.warning(
                "%d rows of %s came without their id: their child records were not read. Bookmarks stay "
                "before them, so that the next run asks again, and no ACTIVATE_VERSION is sent for what is "
                "below %s",
                count,
                self._stream.name,
                self._stream.name,
            )
