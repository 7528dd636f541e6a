"""Where the rows of a batch came from: number, checkpoint, and the input line, in a temporary file.

Rows are identified by their index in the batch. Records that were merged into a row are kept as well: they
are counted with it, and written to the rejects file with it.
"""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import accumulate
from os import SEEK_END
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from target_listrak.tracking.state import Checkpoint
    from target_listrak.tracking.tallies import Row, Rows

__all__ = ["RowSources"]

_SPOOL_IN_MEMORY: Final = 65_536
_SPOOLED_AT_ONCE: Final = 512


class RowSources:
    """The sources of a batch's rows.

    Attributes:
        end: The position after the last record that was added: it distinguishes earlier rows from later ones.
    """

    def __init__(self) -> None:
        self.end = 0
        self._checkpoints: list[Checkpoint] = []
        self._numbers = array("Q")
        self._offsets = array("Q")
        self._lengths = array("I")
        self._merged: dict[int, list[tuple[Checkpoint, int, int]]] = {}
        self._spool = SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY)  # noqa: SIM115 - closed by close()
        self._pending: list[bytes] = []

    def append(self, row: Row) -> None:
        """Add the source of the next row."""
        self._checkpoints.append(row.checkpoint)
        self._numbers.append(row.number)
        self._offsets.append(self._store(row.line))
        self._lengths.append(len(row.line))

    def append_many(self, rows: Rows) -> None:
        """Add the sources of the next rows."""
        count = len(rows.lines)
        self._checkpoints += [rows.checkpoint] * count
        self._numbers.extend(range(rows.first, rows.first + count))
        self._pending += rows.lines
        lengths = list(map(len, rows.lines))
        self._offsets.extend(accumulate(lengths[:-1], initial=self.end))
        self._lengths.extend(lengths)
        self.end += sum(lengths)
        if len(self._pending) >= _SPOOLED_AT_ONCE:
            self._spool_pending()

    def merge(self, index: int, row: Row) -> None:
        """Make a later record the source of a row; the earlier one counts as merged into it."""
        self._merged.setdefault(index, []).append(
            (self._checkpoints[index], self._offsets[index], self._lengths[index])
        )
        self._checkpoints[index] = row.checkpoint
        self._numbers[index] = row.number
        self._offsets[index] = self._store(row.line)
        self._lengths[index] = len(row.line)

    def join(self, index: int, later: int) -> None:
        """Make the record of a later row, which ends, the source of an earlier one, as `merge` does."""
        self._merged.setdefault(index, []).append(
            (self._checkpoints[index], self._offsets[index], self._lengths[index])
        )
        self._checkpoints[index] = self._checkpoints[later]
        self._numbers[index] = self._numbers[later]
        self._offsets[index] = self._offsets[later]
        self._lengths[index] = self._lengths[later]

    def keep(self, indices: Sequence[int]) -> None:
        """Keep the sources of some rows only; their indices begin at 0 again."""
        place = {old: new for new, old in enumerate(indices)}
        self._checkpoints = [self._checkpoints[index] for index in indices]
        self._numbers = array("Q", map(self._numbers.__getitem__, indices))
        self._offsets = array("Q", map(self._offsets.__getitem__, indices))
        self._lengths = array("I", map(self._lengths.__getitem__, indices))
        self._merged = {place[index]: earlier for index, earlier in self._merged.items() if index in place}

    def is_before(self, index: int, end: int) -> bool:
        """Return whether a row's last record was added before `end` had a certain value."""
        return self._offsets[index] < end

    def number(self, index: int) -> int:
        """Return a row's number in its stream: that of its last record."""
        return self._numbers[index]

    def checkpoints(self, index: int) -> list[Checkpoint]:
        """Return the checkpoints of a row's records, the last one's first."""
        return [self._checkpoints[index], *(checkpoint for checkpoint, _, _ in self._merged.get(index, ()))]

    def count_checkpoints(self, indices: Iterable[int]) -> Counter[Checkpoint]:
        """Count the records of rows by checkpoint, including those that were merged into them."""
        indices = list(indices)
        checkpoints = Counter(map(self._checkpoints.__getitem__, indices))
        if self._merged:
            for index in indices:
                checkpoints.update(checkpoint for checkpoint, _, _ in self._merged.get(index, ()))
        return checkpoints

    def merged(self, index: int) -> int:
        """Count the earlier records of the contact that were merged into a row."""
        return len(self._merged.get(index, ()))

    def record(self, index: int, *, clears: bool = False) -> tuple[bytes, dict[str, object] | None]:
        """Return a row's input line; and the merged record, if earlier ones were merged into it.

        Args:
            index: The row.
            clears: Whether null in a later record replaces a value of an earlier one.
        """
        last = self._read(self._offsets[index], self._lengths[index])
        if index not in self._merged:
            return last, None
        lines = [self._read(offset, length) for _, offset, length in self._merged[index]]
        merged: dict[str, object] = {}
        for line in (*lines, last):
            record = msgspec.json.decode(line)["record"]
            merged.update({name: value for name, value in record.items() if clears or value is not None})
            for name, value in record.items():
                merged.setdefault(name, value)
        return last, merged

    def close(self) -> None:
        """Delete the input lines."""
        self._spool.close()

    def __del__(self) -> None:
        """Delete the input lines of a batch that was never loaded, because the run ended early."""
        self.close()

    def _store(self, line: bytes) -> int:
        """Store an input line; return its position."""
        self._pending.append(line)
        if len(self._pending) >= _SPOOLED_AT_ONCE:
            self._spool_pending()
        offset = self.end
        self.end = offset + len(line)
        return offset

    def _spool_pending(self) -> None:
        self._spool.seek(0, SEEK_END)
        self._spool.write(b"".join(self._pending))
        self._pending.clear()

    def _read(self, offset: int, length: int) -> bytes:
        if self._pending:
            self._spool_pending()
        self._spool.seek(offset)
        return self._spool.read(length)
