"""Rows on their way into an import file: one line of bytes each, one per contact.

A row waits as the line that the file will hold, and the record it came from lies in a temporary file, for the
rejects file. So a batch of 100,000 rows takes some 35 MB, whatever the records hold beside what is loaded.

Every cell is quoted and quotes in it are doubled, so commas, quotes and line ends survive. A row's *layout*
says which columns its line has. Under `null_handling: keep` that is all of them, and an empty cell changes
nothing (segmentationImportType Update). Where null clears, a line has the columns that the record carried,
and files are made by layout: an absent property must never be an empty cell that Listrak would take for
"clear this".
"""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import accumulate
from os import SEEK_END
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Final

import msgspec

from target_listrak.delivery.import_body import decode_line, encode_line
from target_listrak.tracking.tallies import Row
from target_listrak.values.addresses import comparison_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from target_listrak.tracking.state import Checkpoint
    from target_listrak.tracking.tallies import Rows

__all__ = [
    "EXTERNAL_ID",
    "EXTERNAL_KEY",
    "NEW_EMAIL",
    "Buffer",
    "ColumnId",
    "Layout",
]

ROW_BYTES: Final = 260
"""What a row takes beside its line: its key, its place in the index, number, checkpoint and offset."""

_SPOOL_IN_MEMORY: Final = 65_536
_SPOOLED_AT_ONCE: Final = 512
EXTERNAL_ID: Final = -1
"""The column of the external contact id, where field ids name the other columns."""
NEW_EMAIL: Final = -2
"""The column of a contact's new address. It is in no file: such rows are single calls."""

EXTERNAL_KEY: Final = "\0"
"""What the key of a contact begins with that is known by its external id only."""

ColumnId = int
"""A profile field's id, or one of the two above."""

Layout = tuple[ColumnId, ...]
"""The columns of a line after the address."""


class Buffer:
    """Rows that wait for their file: the last record of a contact wins, property by property.

    Args:
        clears: Whether an empty cell is a value (it clears), so that it replaces an earlier one.

    Attributes:
        rows: From the contact's key to its index.
        by_external_id: How many keys are external ids, whose contacts are not known yet.
        lines: The lines, by index.
        layouts: The layouts that occur, and `layout_of` the one of each row, by index.
        bytes: The size of all lines.
        withdrawn: Contacts whose rows up to here must not be sent, with the end of the records then.
    """

    def __init__(self, *, clears: bool = False) -> None:
        self.clears = clears
        self.rows: dict[str, int] = {}
        self.by_external_id = 0
        self.lines: list[bytes] = []
        self.layouts: list[Layout] = []
        self.layout_of = array("I")
        self.bytes = 0
        self._layout_ids: dict[Layout, int] = {}
        self._checkpoints: list[Checkpoint] = []
        self._numbers = array("Q")
        self._offsets = array("Q")
        self._lengths = array("I")
        self._merged: dict[int, list[tuple[Checkpoint, int, int]]] = {}
        self._spool = SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY)  # noqa: SIM115 - closed by close()
        self._pending: list[bytes] = []
        self._end = 0
        self._last_layout: Layout | None = None
        self._last_layout_id = 0
        self.withdrawn: dict[str, int] = {}

    def __len__(self) -> int:
        """The number of contacts."""
        return len(self.lines)

    @property
    def weight(self) -> int:
        """Memory it takes, in bytes."""
        return self.bytes + ROW_BYTES * len(self.lines)

    def add(self, key: str, layout: Layout, line: bytes, row: Row) -> None:
        """Take a row; if its contact is there already, merge the two.

        Args:
            key: The contact, as it is compared.
            layout: The line's columns.
            line: The file's line.
            row: The row.
        """
        count = len(self.lines)
        index = self.rows.setdefault(key, count)
        record = row.line
        self._pending.append(record)
        if len(self._pending) >= _SPOOLED_AT_ONCE:
            self._spool_pending()
        offset = self._end
        self._end = offset + len(record)
        if index != count:
            self._merge(index, layout, line)
            self._merged.setdefault(index, []).append(
                (self._checkpoints[index], self._offsets[index], self._lengths[index])
            )
            self._checkpoints[index] = row.checkpoint
            self._numbers[index] = row.number
            self._offsets[index] = offset
            self._lengths[index] = len(record)
            return
        self.lines.append(line)
        self.by_external_id += key.startswith(EXTERNAL_KEY)
        if layout is not self._last_layout:
            self._last_layout, self._last_layout_id = layout, self._layout_id(layout)
        self.layout_of.append(self._last_layout_id)
        self._checkpoints.append(row.checkpoint)
        self._numbers.append(row.number)
        self._offsets.append(offset)
        self._lengths.append(len(record))
        self.bytes += len(line)

    def may_hold(self, key: str) -> bool:
        """Whether a row may be of this contact: an external id and an address may be of the same one."""
        external = key.startswith(EXTERNAL_KEY)
        return key in self.rows or (len(self) > self.by_external_id if external else self.by_external_id > 0)

    def withdraw(self, keys: Iterable[str]) -> None:
        """Note that what was added of some contacts until now must not be sent.

        Args:
            keys: Keys of addresses, or external ids as keys.
        """
        moves = any(NEW_EMAIL in layout for layout in self.layouts)
        for key in keys:
            if key in self.rows or (self.lines and (moves or key.startswith(EXTERNAL_KEY))):
                self.withdrawn[key] = self._end

    def drop_withdrawn(self) -> Counter[Checkpoint]:
        """Remove the rows of contacts that were withdrawn and not added again.

        Returns:
            How many records of which checkpoint they stood for.
        """
        drop = self._withdrawn_rows()
        self.withdrawn.clear()
        dropped = self.count_checkpoints(drop)
        if not drop:
            return dropped
        keep = [index for index in range(len(self.lines)) if index not in drop]
        place = {old: new for new, old in enumerate(keep)}
        self.rows = {key: place[index] for key, index in self.rows.items() if index in place}
        self.by_external_id = sum(key.startswith(EXTERNAL_KEY) for key in self.rows)
        self.lines = [self.lines[index] for index in keep]
        self.bytes = sum(map(len, self.lines))
        self._checkpoints = [self._checkpoints[index] for index in keep]
        self.layout_of = array("I", map(self.layout_of.__getitem__, keep))
        self._numbers = array("Q", map(self._numbers.__getitem__, keep))
        self._offsets = array("Q", map(self._offsets.__getitem__, keep))
        self._lengths = array("I", map(self._lengths.__getitem__, keep))
        self._merged = {place[index]: earlier for index, earlier in self._merged.items() if index in place}
        return dropped

    def _withdrawn_rows(self) -> set[int]:
        """The rows of withdrawn contacts, found by address, new address or external id."""
        found = {self.rows[key]: end for key, end in self.withdrawn.items() if key in self.rows}
        drop = {index for index, end in found.items() if self._offsets[index] < end}
        moves = any(NEW_EMAIL in layout for layout in self.layouts)
        if moves or any(key.startswith(EXTERNAL_KEY) for key in self.withdrawn):
            for index in range(len(self.lines)):
                _, cells = self.cells(index)
                keys = (EXTERNAL_KEY + cells.get(EXTERNAL_ID, ""), comparison_key(cells.get(NEW_EMAIL, "")))
                if any(self._offsets[index] < self.withdrawn.get(key, 0) for key in keys):
                    drop.add(index)
        return drop

    def add_many(self, keys: Sequence[str], layout: Layout, lines: Sequence[bytes], rows: Rows) -> None:
        """Take rows that have the same columns; as `add`, one after the other.

        Args:
            keys: The contacts.
            layout: The lines' columns.
            lines: The file's lines.
            rows: The rows.
        """
        count = len(self.lines)
        fresh = dict(zip(keys, range(count, count + len(keys)), strict=True))
        if len(fresh) < len(keys) or not self.rows.keys().isdisjoint(fresh):
            for number, (key, line, record) in enumerate(zip(keys, lines, rows.lines, strict=True)):
                self.add(key, layout, line, Row(rows.first + number, rows.checkpoint, record))
            return
        self.rows |= fresh
        self.lines += lines
        self.layout_of.extend([self._layout_id(layout)] * len(keys))
        self._checkpoints += [rows.checkpoint] * len(keys)
        self._numbers.extend(range(rows.first, rows.first + len(keys)))
        self._pending += rows.lines
        lengths = list(map(len, rows.lines))
        self._offsets.extend(accumulate(lengths[:-1], initial=self._end))
        self._lengths.extend(lengths)
        self._end += sum(lengths)
        self.bytes += sum(map(len, lines))
        if len(self._pending) >= _SPOOLED_AT_ONCE:
            self._spool_pending()

    def index_of(self, address: str) -> int | None:
        """The row of a contact, by an address as Listrak returned it; None if it has none here."""
        # Nearly always the key is the address in lower case: looking that up costs a tenth of making it.
        index = self.rows.get(address.lower())
        return self.rows.get(comparison_key(address)) if index is None else index

    def indices_of(self, addresses: Iterable[str]) -> list[int | None]:
        """As `index_of`, for many."""
        rows = self.rows
        return [
            rows[key] if (key := address.lower()) in rows else self.index_of(address) for address in addresses
        ]

    def count_checkpoints(self, indices: Iterable[int]) -> Counter[Checkpoint]:
        """How many records of which checkpoint some rows stand for, those merged into them included."""
        indices = list(indices)
        checkpoints = Counter(map(self._checkpoints.__getitem__, indices))
        if self._merged:
            for index in indices:
                checkpoints.update(checkpoint for checkpoint, _, _ in self._merged.get(index, ()))
        return checkpoints

    def cells(self, index: int) -> tuple[str, dict[ColumnId, str]]:
        """A row's address, and its cells by column."""
        address, *cells = decode_line(self.lines[index])
        return address, dict(zip(self.layout(index), cells, strict=True))

    def layout(self, index: int) -> Layout:
        """A row's layout."""
        return self.layouts[self.layout_of[index]]

    def layouts_of(self, indices: Iterable[int]) -> list[Layout]:
        """The layouts that occur among some rows, each once, in the order in which they do."""
        if len(self.layouts) == 1:
            return self.layouts
        return [self.layouts[one] for one in dict.fromkeys(map(self.layout_of.__getitem__, indices))]

    def number(self, index: int) -> int:
        """A row's number in its stream (of its last record)."""
        return self._numbers[index]

    def checkpoints(self, index: int) -> list[Checkpoint]:
        """The checkpoints of a row's records, the last one's first."""
        return [self._checkpoints[index], *(checkpoint for checkpoint, _, _ in self._merged.get(index, ()))]

    def merged(self, index: int) -> int:
        """How many earlier records of the contact were merged into the row."""
        return len(self._merged.get(index, ()))

    def record(self, index: int) -> tuple[bytes, dict[str, object] | None]:
        """A row's input line; and the whole record, where earlier ones were merged into it."""
        last = self._read(self._offsets[index], self._lengths[index])
        if index not in self._merged:
            return last, None
        lines = [self._read(offset, length) for _, offset, length in self._merged[index]]
        whole: dict[str, object] = {}
        for line in (*lines, last):
            record = msgspec.json.decode(line)["record"]
            whole.update({name: value for name, value in record.items() if self.clears or value is not None})
            for name, value in record.items():
                whole.setdefault(name, value)
        return last, whole

    def rename(self, index: int, key: str, address: str) -> None:
        """Give a row the address that its external id stands for."""
        _, cells = self.cells(index)
        self.rows[key] = index
        self.replace(index, address, cells)

    def forget_lines(self, indices: Iterable[int]) -> None:
        """Release lines that were sent; the rows' records stay."""
        for index in indices:
            self.lines[index] = b""

    def close(self) -> None:
        """Delete the records."""
        self._spool.close()

    def __del__(self) -> None:
        """Delete the records of a batch that was never loaded, because the run ended early."""
        self.close()

    def replace(self, index: int, address: str, cells: dict[ColumnId, str]) -> None:
        """Give a row other cells."""
        line = encode_line([address, *cells.values()])
        self.bytes += len(line) - len(self.lines[index])
        self.lines[index] = line
        self.layout_of[index] = self._layout_id(tuple(cells))

    def _merge(self, index: int, layout: Layout, line: bytes) -> None:
        same = self.layouts[self.layout_of[index]] == layout
        if same and (self.clears or b'""' not in line):
            self.bytes += len(line) - len(self.lines[index])
            self.lines[index] = line
            return
        _, cells = self.cells(index)
        address, *new = decode_line(line)
        for column, cell in zip(layout, new, strict=True):
            if cell or self.clears:
                cells[column] = cell
            else:
                cells.setdefault(column, cell)
        self.replace(index, address, cells)

    def _layout_id(self, layout: Layout) -> int:
        found = self._layout_ids.get(layout)
        if found is None:
            found = self._layout_ids[layout] = len(self.layouts)
            self.layouts.append(layout)
        return found

    def _spool_pending(self) -> None:
        self._spool.seek(0, SEEK_END)
        self._spool.write(b"".join(self._pending))
        self._pending.clear()

    def _read(self, offset: int, length: int) -> bytes:
        if self._pending:
            self._spool_pending()
        self._spool.seek(offset)
        return self._spool.read(length)
