"""Every row read is accounted for: read = accepted + unchanged + rejected + merged, per stream."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from singer_sdk import metrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from target_listrak.ledger import Epoch, Hold, Ledger
    from target_listrak.rejects import RejectsFile
    from target_listrak.values import BadValue

__all__ = ["Account", "Journal", "Row", "Rows", "closing_table"]


class Row(msgspec.Struct, gc=False):
    """One record on its way: its number in its stream (from 1), its epoch, and the line as it was read."""

    number: int
    epoch: Epoch
    line: bytes


class Rows(NamedTuple):
    """Records that follow each other in the input, between the same two STATE messages.

    Attributes:
        first: The number of the first one in its stream (from 1); the others' numbers follow.
        epoch: Their epoch.
        lines: The lines as they were read.
    """

    first: int
    epoch: Epoch
    lines: Sequence[bytes]

    def part(self, start: int, end: int) -> Rows:
        """Some of them, by their place from 0."""
        return Rows(self.first + start, self.epoch, self.lines[start:end])


class Account:
    """What became of one stream's rows.

    Attributes:
        stream: The incoming stream.
        destination: Kind and place, for people.
        read: Rows read so far.
        skipped: Whether `unmapped_streams: skip` or `reject` is what becomes of its rows.
    """

    def __init__(self, stream: str, destination: str, *, skipped: bool = False) -> None:
        self.stream = stream
        self.destination = destination
        self.skipped = skipped
        self.read = 0
        self.accepted = 0
        self.unchanged = 0
        self.rejected = 0
        self.merged = 0
        self.removed = 0
        self.reasons: Counter[str] = Counter()

    @property
    def settled(self) -> int:
        """Rows whose end is known."""
        return self.accepted + self.unchanged + self.rejected + self.merged

    @property
    def open(self) -> int:
        """Rows not confirmed: none after a run that went well."""
        return self.read - self.settled

    @property
    def reject_share(self) -> float:
        """Rejected rows among the settled ones, 0 to 1."""
        return self.rejected / self.settled if self.rejected else 0.0


class Journal:
    """Settles the rows of one stream: counts them, writes the rejected ones down, and lets STATE pass.

    Each row is settled exactly once, and only when Listrak has confirmed what became of it. Thread safe.

    Args:
        stream: The stream's name as it comes in.
        account: Where its rows are counted.
        ledger: Where STATE waits.
        rejects: Where rejected records go.
    """

    def __init__(self, stream: str, account: Account, ledger: Ledger, rejects: RejectsFile) -> None:
        self.account = account
        self._stream = stream
        self._ledger = ledger
        self._rejects = rejects
        self._lock = threading.Lock()

    def open(self, line: bytes) -> Row:
        """Count a row that was read; only the thread that reads the input does."""
        self.account.read += 1
        return Row(self.account.read, self._ledger.open(), line)

    def open_many(self, lines: Sequence[bytes]) -> Rows:
        """Count rows that were read one after the other; as `open`."""
        first = self.account.read + 1
        self.account.read += len(lines)
        return Rows(first, self._ledger.open(len(lines)), lines)

    def accept(self, row: Row) -> None:
        """Listrak took the row."""
        self.settle({row.epoch: 1}, accepted=1)

    def unchanged(self, row: Row) -> None:
        """It was already so."""
        self.settle({row.epoch: 1}, unchanged=1)

    def merge(self, row: Row) -> None:
        """A later row of the same contact took this one in."""
        self.settle({row.epoch: 1}, merged=1)

    def reject(self, row: Row, why: BadValue, *, merged_with: dict[str, object] | None = None) -> None:
        """The row was not accepted: write it to the rejects file with the reason.

        Args:
            row: The row.
            why: Code and reason; they hold nobody's data.
            merged_with: The whole record, where earlier ones of the same contact were merged into it.
        """
        self.note_reject(row.number, row.line, why, merged_with)
        self.settle({row.epoch: 1}, rejected=1)

    def note_reject(
        self, number: int, line: bytes, why: BadValue, merged_with: dict[str, object] | None = None
    ) -> None:
        """Write a rejected row down without settling it: for rows that are settled many at a time."""
        rejected = {
            "code": why.code,
            "reason": why.reason,
            "destination": self.account.destination,
            "row": number,
        }
        self._rejects.write(self._stream, line, rejected, merged_with)
        with self._lock:
            self.account.reasons[why.code] += 1

    def settle(
        self,
        epochs: Mapping[Epoch, int],
        *,
        accepted: int = 0,
        unchanged: int = 0,
        rejected: int = 0,
        merged: int = 0,
    ) -> None:
        """Count rows as settled, many at a time.

        Args:
            epochs: How many rows of which epoch.
            accepted: Rows that Listrak took.
            unchanged: Rows that said what was so already.
            rejected: Rows written down as rejected.
            merged: Rows that a later one took in.
        """
        with self._lock:
            self.account.accepted += accepted
            self.account.unchanged += unchanged
            self.account.rejected += rejected
            self.account.merged += merged
        self._ledger.settle_all(epochs)

    def hold(self) -> Hold:
        """Keep STATE back from here until the hold is released: for what is judged at the end of input."""
        return self._ledger.hold()


_COLUMNS = ("read", "accepted", "unchanged", "rejected", "merged", "not confirmed")


def closing_table(accounts: Iterable[Account]) -> list[str]:
    """The accounting as lines of text, one per stream, with a head, and beneath it why rows were rejected."""
    rows: list[tuple[str, ...]] = [("stream", "destination", *_COLUMNS)]
    notes: list[str] = []
    for account in accounts:
        figures = (
            account.read,
            account.accepted,
            account.unchanged,
            account.rejected,
            account.merged,
            account.open,
        )
        rows.append((account.stream, account.destination, *(f"{figure:,}" for figure in figures)))
        if account.removed:
            notes.append(f"{account.stream}: {account.removed:,} who left were removed")
        notes += [
            f"{account.stream}: {count:,} rejected: {code}" for code, count in account.reasons.most_common()
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


def log_metrics(account: Account) -> None:
    """Give the account's figures to the SDK's metrics log, one counter per outcome."""
    logger = metrics.get_metrics_logger()
    for outcome in ("accepted", "unchanged", "rejected", "merged"):
        tags = {metrics.Tag.STREAM: account.stream, "destination": account.destination, "outcome": outcome}
        metrics.log(
            logger, metrics.Point("counter", metrics.Metric.RECORD_COUNT, getattr(account, outcome), tags)
        )
