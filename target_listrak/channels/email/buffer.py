"""Rows that wait for an import file: a line of bytes each, one per contact.

A row is kept as the line of the future file. The record that it came from is kept in a temporary file, for
the rejects file. So a batch of 100,000 rows takes some 35 MB, whatever else the records hold.

Every cell is quoted and quotes in it are doubled, so commas, quotes and line ends survive. A row's *layout*
says which columns its line has. With `null_handling: keep` it has all of them, and an empty cell changes
nothing (segmentationImportType Update). If null clears, a line has the columns that the record has, and each
layout gets its own file: an absent property must never become an empty cell, which Listrak would clear.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from target_listrak.channels.email.row_sources import RowSources
from target_listrak.delivery.import_body import decode_line, encode_line
from target_listrak.tracking.tallies import Row
from target_listrak.values.addresses import comparison_key

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection, Iterable, Sequence

    from target_listrak.tracking.state import Checkpoint
    from target_listrak.tracking.tallies import Rows

__all__ = [
    "EXTERNAL_ID",
    "NEW_EMAIL",
    "Buffer",
    "ColumnId",
    "ContactKey",
    "ExternalContact",
    "Layout",
    "Line",
]

ROW_BYTES: Final = 260
"""Memory of a row beside its line: its key, its place in the index, number, checkpoint and offset."""

EXTERNAL_ID: Final = -1
"""The column of the external contact id, where field ids name the other columns."""
NEW_EMAIL: Final = -2
"""The column of a contact's new address. No file has it: such rows are single calls."""

ColumnId = int
"""A profile field's id, or one of the two above."""

Layout = tuple[ColumnId, ...]
"""The columns of a line after the address."""


@dataclass(frozen=True, slots=True)
class ExternalContact:
    """A contact whose external contact id is known, but not its address; used in place of an address.

    Attributes:
        sent: The external contact id.
    """

    sent: str

    @property
    def key(self) -> ExternalContact:
        """The key of the contact: itself."""
        return self


ContactKey = str | ExternalContact
"""What identifies a contact: an address as it is compared, or an external contact id."""


class Line(NamedTuple):
    """A row as the import file holds it.

    Attributes:
        key: The contact.
        layout: The columns after the address.
        text: The file's line, with its end.
        content: What tells the record from others, if its import must not be repeated (`content_of`).
    """

    key: ContactKey
    layout: Layout
    text: bytes
    content: bytes = b""

    @property
    def external_id(self) -> str:
        """The external contact id that the row has beside its address; "" if it has none."""
        if EXTERNAL_ID not in self.layout:
            return ""
        return decode_line(self.text)[1 + self.layout.index(EXTERNAL_ID)]

    @property
    def new_key(self) -> str | None:
        """The key of the contact's new address; None if it keeps the one that it has."""
        return comparison_key(decode_line(self.text)[1]) if self.layout[:1] == (NEW_EMAIL,) else None


class Buffer:
    """Rows that wait for their file. The last record of a contact wins, property by property.

    Args:
        clears: Whether an empty cell is a value (it clears), so that it replaces an earlier one.

    Attributes:
        rows: From the contact's key to its index.
        by_external_id: How many keys are external ids, whose addresses are not known yet.
        sources: Where the rows came from.
        lines: The lines, by index.
        layouts: The layouts that occur, and `layout_of` the one of each row, by index.
        bytes: The size of all lines.
        withdrawn: From contacts to `sources.end` when they were withdrawn: their rows before that must not
            be sent.
        moved: From the new addresses that rows give their contacts, as keys, to the contacts.
        contents: What tells the records of rows from others (`Line.content`), by index.
    """

    def __init__(self, *, clears: bool = False) -> None:
        self.clears = clears
        self.rows: dict[ContactKey, int] = {}
        self.sources = RowSources()
        self.by_external_id = 0
        self.lines: list[bytes] = []
        self.layouts: list[Layout] = []
        self.layout_of = array("I")
        self.bytes = 0
        self._layout_ids: dict[Layout, int] = {}
        self._last_layout: Layout | None = None
        self._last_layout_id = 0
        self.withdrawn: dict[ContactKey, int] = {}
        self.moved: dict[ContactKey, ContactKey] = {}
        self.contents: dict[int, bytes] = {}

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lines)

    @property
    def weight(self) -> int:
        """Memory it takes, in bytes."""
        return self.bytes + ROW_BYTES * len(self.lines)

    def add(self, line: Line, row: Row) -> None:
        """Add a row; if its contact has one already, merge the two.

        Args:
            line: The line of the file.
            row: The row.
        """
        if (new := line.new_key) is not None:
            self.moved[new] = line.key
        count = len(self.lines)
        index = self.rows.setdefault(line.key, count)
        if index == count:
            self.append(line, row)
        else:
            self.merge_line(index, line.layout, line.text)
            self.sources.merge(index, row)
            if line.content:
                self.contents[index] = line.content

    def append(self, line: Line, row: Row) -> None:
        """Add a row, whose contact is in `rows` already, without merging it."""
        key, layout, text, content = line
        if content:
            self.contents[len(self.lines)] = content
        self.lines.append(text)
        self.by_external_id += isinstance(key, ExternalContact)
        if layout is not self._last_layout:
            self._last_layout, self._last_layout_id = layout, self._layout_id(layout)
        self.layout_of.append(self._last_layout_id)
        self.sources.append(row)
        self.bytes += len(text)

    @property
    def changes_address(self) -> bool:
        """Whether a row gives its contact a new address."""
        return bool(self.moved)

    def must_follow(self, line: Line) -> bool:
        """Return whether a row must go into a later batch, as it changes an address of another row's contact.

        The changes of a batch are made side by side, and its other rows are loaded after them.
        """
        new = line.new_key
        if new is None:
            return False
        return line.key in self.moved or new in self.rows or self.moved.get(new, line.key) != line.key

    def may_hold(self, key: ContactKey) -> bool:
        """Return whether a row may be of this contact: an external id may belong to any address."""
        if key in self.rows or key in self.moved:
            return True
        external = isinstance(key, ExternalContact)
        return len(self) > self.by_external_id if external else self.by_external_id > 0

    def holds(self, line: Line) -> bool:
        """Return whether a row that is to be sent may be of the contact of a later row.

        With a new address it may be of any. A row with an external id alone is not of a row with another one.
        """
        if self.changes_address:
            return True
        key, index = line.key, self.rows.get(line.key)
        if index is not None and not self.sources.is_before(index, self.withdrawn.get(key, 0)):
            return True
        if isinstance(key, ExternalContact):
            return len(self) > self.by_external_id
        if not self.by_external_id:
            return False
        external = line.external_id
        return not external or ExternalContact(external) in self.rows

    def shares(self, keys: Collection[ContactKey]) -> bool:
        """Return whether rows may be of one of these contacts, which are named by their addresses."""
        return self.changes_address or self.by_external_id > 0 or not self.rows.keys().isdisjoint(keys)

    def withdraw(self, keys: Iterable[ContactKey]) -> None:
        """Note that the rows added so far of some contacts must not be sent.

        Args:
            keys: The contacts.
        """
        for key in keys:
            if key in self.rows or (
                self.lines and (self.changes_address or isinstance(key, ExternalContact))
            ):
                self.withdrawn[key] = self.sources.end

    def drop_withdrawn(self) -> Counter[Checkpoint]:
        """Remove the rows of contacts that were withdrawn and not added again.

        Returns:
            The number of their records, by checkpoint.
        """
        drop = self._withdrawn_rows()
        self.withdrawn.clear()
        dropped = self.sources.count_checkpoints(drop)
        if not drop:
            return dropped
        keep = [index for index in range(len(self.lines)) if index not in drop]
        self.by_external_id = self.keep_keys(keep)
        self.lines = [self.lines[index] for index in keep]
        self.bytes = sum(map(len, self.lines))
        self.layout_of = array("I", map(self.layout_of.__getitem__, keep))
        place = {old: new for new, old in enumerate(keep)}
        self.contents = {place[old]: one for old, one in self.contents.items() if old in place}
        self.sources.keep(keep)
        return dropped

    def _withdrawn_rows(self) -> set[int]:
        """Return the rows of withdrawn contacts, found by address, new address or external id."""
        drop = {
            index
            for key, index in self.rows_of(self.withdrawn.keys())
            if self.sources.is_before(index, self.withdrawn[key])
        }
        if self.changes_address or any(isinstance(key, ExternalContact) for key in self.withdrawn):
            for index in range(len(self.lines)):
                _, cells = self.cells(index)
                keys = (ExternalContact(cells.get(EXTERNAL_ID, "")), comparison_key(cells.get(NEW_EMAIL, "")))
                if any(self.sources.is_before(index, self.withdrawn.get(key, 0)) for key in keys):
                    drop.add(index)
        return drop

    def add_many(self, keys: Sequence[str], layout: Layout, lines: Sequence[bytes], rows: Rows) -> None:
        """Add rows with the same columns, as `add` does one after the other.

        Args:
            keys: The contacts.
            layout: The lines' columns.
            lines: The file's lines.
            rows: The rows.
        """
        count = len(self.lines)
        fresh: dict[ContactKey, int] = dict(zip(keys, range(count, count + len(keys)), strict=True))
        if len(fresh) < len(keys) or not self.rows.keys().isdisjoint(fresh):
            for number, (key, line, record) in enumerate(zip(keys, lines, rows.lines, strict=True)):
                self.add(Line(key, layout, line), Row(rows.first + number, rows.checkpoint, record))
            return
        self.rows |= fresh
        self.lines += lines
        self.layout_of.extend([self._layout_id(layout)] * len(keys))
        self.sources.append_many(rows)
        self.bytes += sum(map(len, lines))

    def rows_of(self, keys: Collection[ContactKey]) -> Iterable[tuple[ContactKey, int]]:
        """Return some contacts' rows, each with its contact: one for each at most."""
        return ((key, self.rows[key]) for key in keys if key in self.rows)

    def keep_keys(self, keep: Sequence[int]) -> int:
        """Keep the contacts of some rows only, whose indices begin at 0 again; count the external ids."""
        place = {old: new for new, old in enumerate(keep)}
        self.rows = {key: place[index] for key, index in self.rows.items() if index in place}
        return sum(isinstance(key, ExternalContact) for key in self.rows)

    def external_ids(self) -> dict[str, list[int]]:
        """Return the rows whose contact is named by its external id, by that id."""
        if not self.by_external_id:
            return {}
        return {key.sent: [index] for key, index in self.rows.items() if isinstance(key, ExternalContact)}

    def index_of(self, address: str) -> int | None:
        """Return the row of a contact, by an address as Listrak returned it; None if there is none."""
        # Nearly always the key is the address in lower case: that look-up costs a tenth of `comparison_key`.
        index = self.rows.get(address.lower())
        return self.rows.get(comparison_key(address)) if index is None else index

    def indices_of(self, addresses: Iterable[str]) -> list[int | None]:
        """Do what `index_of` does, for many."""
        addresses = list(addresses)
        found = list(map(self.rows.get, map(str.lower, addresses)))
        if None not in found:
            return found
        return [
            self.index_of(address) if index is None else index
            for address, index in zip(addresses, found, strict=True)
        ]

    def cells(self, index: int) -> tuple[str, dict[ColumnId, str]]:
        """Return a row's address, and its cells by column."""
        address, *cells = decode_line(self.lines[index])
        return address, dict(zip(self.layout(index), cells, strict=True))

    def layout(self, index: int) -> Layout:
        """Return a row's layout."""
        return self.layouts[self.layout_of[index]]

    def layouts_of(self, indices: Iterable[int]) -> list[Layout]:
        """Return the layouts of some rows, each once, in the order in which they first occur."""
        if len(self.layouts) == 1:
            return self.layouts
        return [self.layouts[one] for one in dict.fromkeys(map(self.layout_of.__getitem__, indices))]

    def rename(self, index: int, key: str, address: str) -> None:
        """Replace a row's external id by the address that belongs to it."""
        _, cells = self.cells(index)
        self.rows[key] = index
        self.replace(index, address, cells)

    def forget_lines(self, indices: Iterable[int]) -> None:
        """Release the memory of lines that were sent; the rows' records stay."""
        for index in indices:
            self.lines[index] = b""

    def close(self) -> None:
        """Delete the rows' input lines."""
        self.sources.close()

    def replace(self, index: int, address: str, cells: dict[ColumnId, str]) -> None:
        """Replace a row's address and cells."""
        line = encode_line([address, *cells.values()])
        self.bytes += len(line) - len(self.lines[index])
        self.lines[index] = line
        self.layout_of[index] = self._layout_id(tuple(cells))

    def merge_line(self, index: int, layout: Layout, line: bytes) -> None:
        """Merge a later line of a contact into its row, column by column."""
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
