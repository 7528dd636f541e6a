"""Row accounting: read = accepted + unchanged + declined + rejected + merged, per stream."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from singer_sdk import metrics

from target_listrak.outcomes import Declined, Loaded, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from target_listrak.outcomes import NotLoaded, Outcome
    from target_listrak.tracking.rejects import RejectsFile
    from target_listrak.tracking.state import Checkpoint, Hold, StateTracker

__all__ = ["HANDFUL", "Row", "RowTracker", "Rows", "Tally", "closing_table", "log_metrics"]

HANDFUL: Final = 5
"""With fewer declined or rejected rows than this, no share ends a run."""


class Row(msgspec.Struct, gc=False):
    """One record that was read: its number in its stream (from 1), its checkpoint, and its line as read."""

    number: int
    checkpoint: Checkpoint
    line: bytes


class Rows(NamedTuple):
    """Records that follow each other in the input, between the same two STATE messages.

    Attributes:
        first: The number of the first one in its stream (from 1); the others' numbers follow.
        checkpoint: Their checkpoint.
        lines: The lines as they were read.
    """

    first: int
    checkpoint: Checkpoint
    lines: Sequence[bytes]

    def part(self, start: int, end: int) -> Rows:
        """Return some of them, by index from 0."""
        return Rows(self.first + start, self.checkpoint, self.lines[start:end])


class Results(NamedTuple):
    """Numbers of rows by result.

    Attributes:
        accepted: Rows that Listrak took.
        unchanged: Rows that Listrak holds already, and rows of a stream that `unmapped_streams: skip` leaves
            out.
        declined: Rows that are right and were not loaded.
        rejected: Rows that are wrong.
        merged: Rows that a later one of the same contact replaces.
    """

    accepted: int = 0
    unchanged: int = 0
    declined: int = 0
    rejected: int = 0
    merged: int = 0


class Tally:
    """Counts the results of one stream's rows at one destination.

    Attributes:
        stream: The incoming stream.
        destination: Kind and, for example, list, as the report shows them.
        title: A name for the report that is unique in the run.
        read: Rows read so far.
        skipped: Whether the stream has no destination, so that `unmapped_streams` decides about its rows.
        reasons: Declined and rejected rows, by (`declined` or `rejected`, code).
        removed: Members that mirroring removed.
        remarks: Further remarks about rows for the report, counted.
        max_reject_share: The largest share of rejected rows (0 to 1), of the destination or of the run.
        max_declined_share: The same for declined rows; `None` means no limit.
    """

    def __init__(
        self, stream: str, destination: str, *, skipped: bool = False, several: bool = False
    ) -> None:
        self.stream = stream
        self.destination = destination
        self.title = f"{stream} ({destination})" if several else stream
        self.skipped = skipped
        self.read = 0
        self.accepted = 0
        self.unchanged = 0
        self.declined = 0
        self.rejected = 0
        self.merged = 0
        self.removed = 0
        self.reasons: Counter[tuple[str, str]] = Counter()
        self.remarks: Counter[str] = Counter()
        self.max_reject_share: float | None = None
        self.max_declined_share: float | None = None

    def add(self, results: Results) -> None:
        """Count rows whose result is known now."""
        self.accepted += results.accepted
        self.unchanged += results.unchanged
        self.declined += results.declined
        self.rejected += results.rejected
        self.merged += results.merged

    @property
    def confirmed(self) -> int:
        """Rows whose result is known."""
        return self.accepted + self.unchanged + self.declined + self.rejected + self.merged

    @property
    def open(self) -> int:
        """Rows that are not confirmed: none after a successful run."""
        return self.read - self.confirmed

    @property
    def over_reject_share(self) -> bool:
        """Whether more rows are rejected so far than `max_reject_share` allows."""
        return self._over(self.rejected, self.max_reject_share)

    @property
    def over_declined_share(self) -> bool:
        """Whether more rows are declined so far than `max_declined_share` allows."""
        return self._over(self.declined, self.max_declined_share)

    def _over(self, rows: int, limit: float | None) -> bool:
        """Return whether rows are too large a share of the confirmed ones. A limit of 0 allows none."""
        if limit is None or self.skipped or not rows:
            return False
        return limit == 0 or (rows >= HANDFUL and rows > limit * self.confirmed)


class RowTracker:
    """Records the result of each row of one stream: in the tally, in the rejects file, and for STATE.

    Each row is confirmed exactly once, when its result is known for good. Thread safe.

    Args:
        stream: The incoming stream's name.
        tally: Counts the results.
        state_tracker: Holds STATE back until its rows are confirmed.
        rejects: The file of declined and rejected records.
    """

    def __init__(self, stream: str, tally: Tally, state_tracker: StateTracker, rejects: RejectsFile) -> None:
        self.tally = tally
        self._stream = stream
        self._state_tracker = state_tracker
        self._rejects = rejects
        self._lock = threading.Lock()

    def open(self, line: bytes) -> Row:
        """Count a row that was read. Only the thread that reads the input calls this."""
        self.tally.read += 1
        return Row(self.tally.read, self._state_tracker.open(), line)

    def open_many(self, lines: Sequence[bytes]) -> Rows:
        """Count rows that were read one after the other, as `open` does."""
        first = self.tally.read + 1
        self.tally.read += len(lines)
        return Rows(first, self._state_tracker.open(len(lines)), lines)

    def set_aside(self, row: Row) -> None:
        """Release the checkpoint of a row that waits on disk and has no result yet.

        An earlier `hold` keeps STATE back for it, so checkpoints do not grow with the rows that wait.
        """
        self._state_tracker.confirm(row.checkpoint)

    def take_up(self, number: int, line: bytes) -> Row:
        """Return a row that was set aside, to be ended. Only the thread that reads the input calls this.

        Args:
            number: The row's number in its stream.
            line: The line as it was read.
        """
        return Row(number, self._state_tracker.open(), line)

    def merge(self, row: Row) -> None:
        """Confirm a row that a later row of the same contact replaces."""
        self.confirm({row.checkpoint: 1}, Results(merged=1))

    def end(self, row: Row, outcome: Outcome, *, merged_with: dict[str, object] | None = None) -> None:
        """Confirm a row; one that is declined or rejected is written to the rejects file.

        Args:
            row: The row.
            outcome: Its result.
            merged_with: The whole record, where earlier ones of the same contact were merged into it.
        """
        if isinstance(outcome, Loaded):
            accepted = outcome is Loaded.ACCEPTED
            self.confirm({row.checkpoint: 1}, Results(accepted=int(accepted), unchanged=int(not accepted)))
            return
        self.write_down(row.number, row.line, outcome, merged_with)
        declined = isinstance(outcome, Declined)
        self.confirm({row.checkpoint: 1}, Results(declined=int(declined), rejected=int(not declined)))

    def remark(self, text: str, count: int = 1) -> None:
        """Count rows for a remark in the report, beside their results."""
        with self._lock:
            self.tally.remarks[text] += count

    def write_down(
        self, number: int, line: bytes, outcome: NotLoaded, merged_with: dict[str, object] | None = None
    ) -> None:
        """Write a row that was not loaded to the rejects file, without confirming it.

        Args:
            number: The row's number in its stream.
            line: The line as it was read.
            outcome: Why it was not loaded.
            merged_with: The whole record, where earlier ones of the same contact were merged into it.
        """
        word = "declined" if isinstance(outcome, Declined) else "rejected"
        member: dict[str, object] = {
            "outcome": word,
            "code": outcome.code,
            "reason": outcome.reason,
            "destination": self.tally.destination,
            "row": number,
        }
        if isinstance(outcome, Rejected) and outcome.faults:
            member["faults"] = [fault._asdict() for fault in outcome.faults]
        self._rejects.write(self._stream, line, member, merged_with)
        with self._lock:
            self.tally.reasons[word, outcome.code] += 1

    def confirm(self, checkpoints: Mapping[Checkpoint, int], results: Results) -> None:
        """Count rows as confirmed, many at a time.

        Args:
            checkpoints: How many rows of which checkpoint.
            results: The same rows by result; those declined or rejected are in the rejects file already.
        """
        with self._lock:
            self.tally.add(results)
        self._state_tracker.confirm_all(checkpoints)

    def hold(self) -> Hold:
        """Keep back every later STATE until the hold is released: for rows that wait for the input's end."""
        return self._state_tracker.hold()


def closing_table(tallies: Iterable[Tally]) -> list[str]:
    """Return the row accounting as lines of text: headings, one line per tally, then remarks and reasons."""
    rows: list[tuple[str, ...]] = [("stream", "destination", "read", *Results._fields, "not confirmed")]
    notes: list[str] = []
    for tally in tallies:
        figures = (tally.read, *(getattr(tally, result) for result in Results._fields), tally.open)
        rows.append((tally.stream, tally.destination, *(f"{figure:,}" for figure in figures)))
        if tally.removed:
            notes.append(f"{tally.title}: {tally.removed:,} members removed")
        notes += [f"{tally.title}: {count:,} {text}" for text, count in tally.remarks.items()]
        notes += [
            f"{tally.title}: {count:,} {result}: {code}"
            for (result, code), count in sorted(
                tally.reasons.items(), key=lambda item: (item[0][0], -item[1], item[0][1])
            )
        ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)  # noqa: PLR2004 - the two columns of names
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return lines + notes


def log_metrics(tally: Tally) -> None:
    """Log the tally's figures as the SDK's metrics, one counter per result."""
    logger = metrics.get_metrics_logger()
    for outcome in Results._fields:
        tags = {metrics.Tag.STREAM: tally.stream, "destination": tally.destination, "outcome": outcome}
        metrics.log(
            logger, metrics.Point("counter", metrics.Metric.RECORD_COUNT, getattr(tally, outcome), tags)
        )
