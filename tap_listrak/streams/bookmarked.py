"""Streams with bookmarks: from when a run reads them, and when the bookmarks move."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE

from tap_listrak.incremental.bookmarks import Partition, partition_of
from tap_listrak.incremental.refresh_policy import ReadHistory
from tap_listrak.sync.context_stream import Context, ContextStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from listrak_api.windows import Window
    from tap_listrak.sync.steps import Rows, Step


class BookmarkedStream(ContextStream):
    """A stream whose bookmarks move with what is written of it and of its children."""

    partition_names: ClassVar[tuple[str, ...]] = ("listId",)
    """The ids that a bookmark belongs to."""
    incremental: ClassVar[bool] = False
    """Whether the stream keeps a bookmark. All others are read in full, with a version (see
    `sync.context_stream`)."""
    asks_back: ClassVar[bool] = False
    """Whether each run asks for everything that may have changed (`with_lookback`), not only for what is new
    since the bookmark."""

    @property
    def read_by_id(self) -> bool:
        """Whether only rows that were chosen by id are read: in full, regardless of dates and bookmarks."""
        return False

    @property
    def has_bookmark(self) -> bool:
        """Whether this run reads and writes a bookmark for the stream."""
        return self.replication_method != REPLICATION_FULL_TABLE and not self.read_by_id

    def partition(self, context: Mapping[str, Any]) -> Partition:
        """Return the partition that a context belongs to."""
        return partition_of(context, self.partition_names) or ()

    def since(self, context: Mapping[str, Any]) -> datetime | None:
        """Return from when to read in this run (UTC); None means everything."""
        bookmarks = self._tap.bookmarks
        if self.has_bookmark:
            return bookmarks.since(self.name, self.partition(context))
        return None if self.read_by_id else bookmarks.start_date

    def loses_by_empty(self, context: Mapping[str, Any]) -> bool:
        """Return whether rows would never be read that an answer in this context wrongly leaves out.

        That is so where a bookmark of this stream, or of one below it, passes them (`Bookmarks.would_pass`),
        and where a stream that could keep one is read without: its rows are read in this run or not at all.
        """
        bookmarks, lookback = self._tap.bookmarks, self._tap.settings.policy.lookback
        return any(
            not stream.has_bookmark
            or bookmarks.would_pass(
                stream.name, stream.partition(context), lookback if stream.asks_back else timedelta(0)
            )
            for stream in self.bookmarked_subtree()
            if stream.selected and stream.incremental
        )

    def ask_again(self, context: Context, step: Step, rows: Rows) -> Step | None:
        """Return the step that asks for an empty first page once more, or None where that is not needed.

        It is where rows would be lost for good (`loses_by_empty`), if the answer was empty by mistake.
        """
        if step.cursor is not None or not rows.is_empty or rows.parent_deleted or self.limited:
            return None
        answers = self._tap.empty_answers
        if step.attempt >= answers.attempts or not self.doubts_empty(context):
            return None
        return step.again(rows.came + answers.wait)

    def doubts_empty(self, context: Context) -> bool:
        """Return whether an empty answer in a context is asked for again; for subclasses that know better."""
        return self.parent_stream_type is not None and self.loses_by_empty(context)

    def read_history(self, context: Mapping[str, Any]) -> ReadHistory:
        """Return what earlier runs have read."""
        if not self.has_bookmark:
            return ReadHistory()
        return ReadHistory(self._tap.bookmarks.last(self.name, self.partition(context)), self.since(context))

    def earliest(self, context: Mapping[str, Any]) -> datetime | None:
        """Return the earliest `since` of this stream and its descendants, of those that are selected.

        So a stream that was selected later, or a list that was added later, is read from the beginning.
        """
        instants = [stream.since(context) for stream in self.bookmarked_subtree() if stream.selected]
        return None if None in instants else min(instant for instant in instants if instant is not None)

    def with_lookback(self, since: datetime | None) -> datetime | None:
        """Return a time to read from, moved back by as long as rows may change (`ActivityPolicy.lookback`).

        Never earlier than `start_date`. On a first run, which reads from `start_date` or everything, nothing
        is moved.

        Args:
            since: The time (UTC); None means everything.
        """
        settings = self._tap.settings
        if since is None or since == settings.start_date:
            return since
        start = since - settings.policy.lookback
        return start if settings.start_date is None else max(start, settings.start_date)

    def bookmarked_subtree(self) -> Iterator[BookmarkedStream]:
        """Return the streams of `subtree`, with their type."""
        return (stream for stream in self.subtree() if isinstance(stream, BookmarkedStream))

    def advance(self, context: Mapping[str, Any], until: datetime | None = None) -> None:
        """Move the bookmarks of the subtree for this context's partition: everything up to a time is written.

        Args:
            context: The context.
            until: Up to when, the run's own end by default.
        """
        for stream in self.bookmarked_subtree():
            if stream.selected and stream.has_bookmark:
                bookmarks, partition = self._tap.bookmarks, stream.partition(context)
                bookmarks.advance(stream.name, partition, until, replication_key=stream.replication_key)
                if until is None:
                    bookmarks.release(stream.name, partition)

    def hold(self, context: Mapping[str, Any], at: datetime | None, *, lasting: bool = False) -> bool:
        """Keep this run from moving the bookmark of this context's partition beyond a time.

        Args:
            context: The context.
            at: The time; None keeps it where it is.
            lasting: For as long as it takes. Otherwise not for longer than messages are followed, so that it
                moves on in the end.

        Returns:
            Whether the bookmark is held. A stream without a bookmark has none to hold.
        """
        longest = timedelta.max if lasting else self._tap.settings.policy.lookback
        return self.has_bookmark and self._tap.bookmarks.hold(
            self.name, self.partition(context), at, longest=longest
        )

    @property
    def advances_bookmarks(self) -> bool:
        """Whether a context is a whole partition. Then the bookmarks of the subtree move when it is done."""
        parent = self.parent_stream_type
        return parent is not None and parent.parent_stream_type is None

    def window_done(self, context: Context, window: Window, *, had_rows: bool) -> None:
        """Move the bookmarks to a window's end, now that all of it and of its children is written.

        A STATE is written only if there were rows: it is what makes a long first run resumable.
        """
        if window.last or window.end is None or not self.advances_bookmarks:
            return
        self.advance(context, window.end)
        if had_rows:
            self._tap.write_state()
