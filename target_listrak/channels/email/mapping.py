"""From a record to a line of an import file: prepared once for a schema, then applied to each record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from target_listrak.channels.email.buffer import EXTERNAL_ID, NEW_EMAIL, ColumnId, ExternalContact, Layout
from target_listrak.delivery.import_body import encode_line
from target_listrak.outcomes import Rejected, RowRejected
from target_listrak.values.addresses import Address, parse
from target_listrak.values.formats import Formatter, as_boolean, as_text, formatter, is_missing
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.keys import as_key
from target_listrak.values.reading import AS_LISTRAK
from target_listrak.values.row_faults import RowFaults

if TYPE_CHECKING:
    from target_listrak.channels.email.field_matching import Column
    from target_listrak.channels.email.profile_fields import ProfileField
    from target_listrak.outcomes import Fault
    from target_listrak.values.reading import Reading

__all__ = ["FieldValuesMapping", "Mapper", "RowMapping"]

USE_AUDIENCE_KEY: Final = "useAudienceKey"
"""What Segment sends for a field whose value is the membership itself."""

_SAME_IF_EQUAL = frozenset({str, int, type(None), msgspec.UnsetType})
"""Equal values of these types have equal cells; a boolean may equal a number."""
_MOST_CELLS = 10_000
"""So many different values of a property are remembered: more are taken for a sign that few repeat."""
_LONGEST_KEPT = 200

Mapper = Callable[[Mapping[str, Any], Address | ExternalContact], tuple[Layout, bytes]]
"""Creates a record's layout and line; raises `RowRejected`."""


class RowMapping:
    """Creates lines with the columns of a schema.

    Args:
        columns: Properties and their fields.
        external_id: The property with the external contact id, if it is a column.
        new_email: The property with the new address, if any.
        clears: Whether null and empty text clear; then a line has the columns that the record has.
        on_bad_value: The setting.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        external_id: str | None = None,
        new_email: str | None = None,
        clears: bool = False,
        on_bad_value: str = "reject_row",
    ) -> None:
        self._cells: list[tuple[str, Formatter, ColumnId]] = [
            (one.property, one.format, one.field.id) for one in columns
        ]
        self._external_id = external_id
        self._new_email = new_email
        self._clears = clears
        self._row_faults = RowFaults(on_bad_value)
        ids = tuple(column for _, _, column in self._cells)
        self._layout: Layout = (EXTERNAL_ID, *ids) if external_id else ids
        self._external_format = as_key
        formats = [one for _, one, _ in self._cells]
        self._known = [_KnownCells(one) for one in ([as_key, *formats] if external_id else formats)]

    def __call__(self, record: Mapping[str, Any], address: Address | ExternalContact) -> tuple[Layout, bytes]:
        """Return the record's layout and line.

        Raises:
            RowRejected: A value does not fit, and the setting says so.
            InvalidValueError: A value does not fit, and the setting ends the run.
        """
        if self._clears:
            layout, cells = self._present(record)
        else:
            layout, cells = self._layout, self._all(record)
        new_address = None if self._new_email is None else self._new_address(record, address)
        self._row_faults.check()
        if new_address:
            return (NEW_EMAIL, *layout), encode_line([address.sent, new_address, *cells])
        return layout, encode_line([address.sent, *cells])

    def faults(self, record: Mapping[str, Any]) -> list[Fault]:
        """Return the faults of a record's values, for a row that is also rejected for another reason."""
        if not self._row_faults.rejects:
            return []
        self._present(record)
        if self._new_email is not None:
            self._new_address(record, Address("", ""))
        return self._row_faults.gathered()

    @property
    def properties(self) -> tuple[str, ...] | None:
        """The properties that `lines` wants as columns; None where a record must be seen as a whole."""
        if self._new_email is not None:
            return None
        external = (self._external_id,) if self._external_id else ()
        return (*external, *(name for name, _, _ in self._cells))

    def lines(
        self, addresses: Sequence[str], columns: Sequence[Sequence[object]], slow_path: set[int]
    ) -> tuple[Layout, list[bytes]]:
        """Return the layout and lines of many records: the same as calls with each of them.

        Args:
            addresses: The addresses to send.
            columns: The values of `properties`.
            slow_path: The indices of rows that must be mapped one by one are added; their lines here are
                void.
        """
        if self._clears:
            for column in columns:
                _note(slow_path, column, msgspec.UNSET)
        cells = [_column(values, one, slow_path) for values, one in zip(columns, self._known, strict=True)]
        if self._clears and self._external_id:
            _note(slow_path, cells[0], "")
        texts = map('","'.join, zip(*map(_escaped, (addresses, *cells)), strict=True))
        return self._layout, [f'"{text}"\n'.encode() for text in texts]

    def _all(self, record: Mapping[str, Any]) -> list[str]:
        """Return a cell for every column, empty if there is no value."""
        cells = [self._external(record)] if self._external_id else []
        for name, format_value, _ in self._cells:
            value = record.get(name)
            if value is None:
                cells.append("")
                continue
            cell = format_value(value)
            if isinstance(cell, InvalidValue):
                self._row_faults.treat(name, cell)
                cell = ""
            cells.append(cell)
        return cells

    def _present(self, record: Mapping[str, Any]) -> tuple[Layout, list[str]]:
        """Return cells for the columns that the record has; empty for null."""
        columns: list[ColumnId] = []
        cells: list[str] = []
        external = self._external(record) if self._external_id else ""
        if external:
            columns.append(EXTERNAL_ID)
            cells.append(external)
        for name, format_value, column in self._cells:
            if name not in record:
                continue
            cell = format_value(record[name])
            if isinstance(cell, InvalidValue):
                self._row_faults.treat(name, cell)
                continue
            columns.append(column)
            cells.append(cell)
        layout = tuple(columns)
        return (self._layout if layout == self._layout else layout), cells

    def _external(self, record: Mapping[str, Any]) -> str:
        name = str(self._external_id)
        cell = self._external_format(record.get(name))
        if isinstance(cell, InvalidValue):
            self._row_faults.reject(name, cell, "bad_value")
            return ""
        return cell

    def _new_address(self, record: Mapping[str, Any], address: Address | ExternalContact) -> str | None:
        value = record.get(str(self._new_email))
        if is_missing(value):
            return None
        new = parse(value)
        if isinstance(new, InvalidValue):
            self._row_faults.reject(str(self._new_email), new)
            return None
        return new.sent if new.key != address.key else None


class _KnownCells(dict[Any, "str | InvalidValue"]):
    """The cells of a property's values: most properties have few values, each of which is formatted once.

    Args:
        format_value: Formats a value that is neither null nor missing.
    """

    def __init__(self, format_value: Formatter) -> None:
        super().__init__({None: "", msgspec.UNSET: ""})
        self.format = format_value

    def __missing__(self, value: str | int) -> str | InvalidValue:
        cell = self.format(value)
        if isinstance(value, int) or len(value) <= _LONGEST_KEPT:
            self[value] = cell
        return cell


def _column(values: Sequence[object], known: _KnownCells, slow_path: set[int]) -> list[str]:
    """Return the cells of a column, empty without a value; rows that do not fit are added to `slow_path`."""
    cells: list[str | InvalidValue]
    if len(known) < _MOST_CELLS and _SAME_IF_EQUAL.issuperset(map(type, values)):
        cells = list(map(known.__getitem__, values))
    else:
        cells = ["" if value is None or value is msgspec.UNSET else known.format(value) for value in values]
    if InvalidValue in set(map(type, cells)):
        for index, cell in enumerate(cells):
            if isinstance(cell, InvalidValue):
                slow_path.add(index)
                cells[index] = ""
    return cells  # type: ignore[return-value] # no InvalidValue is left


def _escaped(cells: Sequence[str]) -> Sequence[str]:
    return [cell.replace('"', '""') for cell in cells] if '"' in "".join(cells) else cells


def _note(slow_path: set[int], column: Sequence[object], wanted: object) -> None:
    if wanted in column:
        slow_path.update(index for index, value in enumerate(column) if value == wanted)


class FieldValuesMapping:
    """Creates lines from an object of field id to value, as Segment sends it.

    The value `useAudienceKey` stands for `on` or `off`, by the boolean property `member`. Ids that are not
    positive whole numbers are left out, as Segment's own action does, and reported.

    Args:
        name: The property with the object.
        fields: The list's fields, by id.
        member: The boolean property.
        on_bad_value: The setting.
        report: Called with each id that is left out.
        reading: How dates and numbers are read.
    """

    def __init__(  # noqa: PLR0913 - the parts of one thing
        self,
        name: str,
        fields: Mapping[int, ProfileField],
        *,
        member: str | None,
        on_bad_value: str,
        report: Callable[[str], None],
        reading: Reading = AS_LISTRAK,
    ) -> None:
        self._name = name
        self._member = member
        self._row_faults = RowFaults(on_bad_value)
        self._report = report
        self._fields = fields
        self._formats = {one.id: formatter(one.data_type, one.max_length, reading) for one in fields.values()}

    def __call__(self, record: Mapping[str, Any], address: Address | ExternalContact) -> tuple[Layout, bytes]:
        """Return the record's layout and line.

        Raises:
            RowRejected: The value is not an object, holds nothing that can be sent, or a value does not fit.
        """
        values = record.get(self._name)
        if not isinstance(values, Mapping):
            raise RowRejected(
                Rejected("no_field_values", f"{self._name}: an object from field id to value is needed")
            )
        columns: list[ColumnId] = []
        cells: list[str] = []
        for key, value in values.items():
            if not (key.isascii() and key.isdigit() and int(key) > 0):
                self._report(key)
                continue
            cell = self._cell(int(key), value, record)
            if cell:
                columns.append(int(key))
                cells.append(cell)
        self._row_faults.check()
        if not columns:
            raise RowRejected(Rejected("no_field_values", f"{self._name}: no value that can be sent"))
        return tuple(columns), encode_line([address.sent, *cells])

    def _cell(self, column: int, value: object, record: Mapping[str, Any]) -> str:
        name = f"{self._name}.{column}"
        if column not in self._formats:
            self._row_faults.treat(
                name, InvalidValue("unknown_field", "the list has no profile field of this id")
            )
            return ""
        if value == USE_AUDIENCE_KEY:
            member = as_boolean(record.get(self._member)) if self._member else None
            if not isinstance(member, bool):
                self._row_faults.treat(
                    name, InvalidValue("not_a_boolean", "`member` must tell whether the contact is one")
                )
                return ""
            value = "on" if member else "off"
            cell: str | InvalidValue = value
        else:
            cell = self._formats[column](value)
        if isinstance(cell, InvalidValue):
            self._row_faults.treat(name, cell)
            return ""
        return cell


def name_or_id(value: object) -> str | int | None:
    """Return a record's value that names a list or an event: a text or a whole number; else `None`."""
    if isinstance(value, bool) or is_missing(value):
        return None
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    if isinstance(value, int):
        return value
    text = as_text(value) if isinstance(value, str) else ""
    return text if isinstance(text, str) and text.strip() else None
