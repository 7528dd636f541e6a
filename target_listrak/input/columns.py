"""The fast path: consecutive RECORD lines of one stream are read by column, not one by one.

Taken one by one, each record would cost a dict, most of whose properties nobody reads, and many calls. Here
consecutive lines are decoded into structs that have only the wanted properties, and each property is handled
as a column. Rows that need more checks (a value that does not fit, a deletion, a missing key) take the slow
path. The order of rows stays, so the results are the same.
"""

from __future__ import annotations

from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from target_listrak.input.unreadable import repeated_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from target_listrak.input.row_signs import RowSigns

__all__ = ["Columns", "RecordCodec", "codec_of"]

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError)
_MAX_NAMES = 500
"""The most properties that a codec knows; records with more take the slow path."""
_record = attrgetter("record")
_version = attrgetter("version")
_rejected = attrgetter("rejected")  # b"" where a message has no such member

_Unread = msgspec.Raw | msgspec.UnsetType
"""A property that is not needed: skipped, not decoded."""


class _Names(msgspec.Struct):
    record: dict[str, msgspec.Raw]


_names_of = msgspec.json.Decoder(_Names).decode


class Columns(NamedTuple):
    """The wanted properties of consecutive records.

    Attributes:
        values: A column for each wanted property, in their order; `msgspec.UNSET` where a record lacks it.
        slow_path: The rows, from 0, that must be taken one by one.
    """

    values: list[list[Any]]
    slow_path: set[int]


class RecordCodec:
    """Decodes RECORD lines of one stream into columns.

    A property that is not in the SCHEMA may mark a deletion. So records with an unknown property are decoded
    with all their names first, until all names are known.

    Args:
        stream: The stream.
        wanted: The properties to read.
        keys: The stream's key properties: a record that lacks one has to be rejected.
        properties: The properties of the stream's schema.
        signs: Judges the records; `None` where nothing has to be judged.

    Raises:
        ValueError: msgspec does not accept a property's name (one with a quote in it, for example).
    """

    def __init__(
        self,
        stream: str,
        wanted: Sequence[str],
        keys: Sequence[str],
        properties: Iterable[str] = (),
        signs: RowSigns | None = None,
    ) -> None:
        self._stream = stream
        self._wanted_names = wanted
        self._key_names = [*keys, *(signs.required if signs is not None else ())]
        self._signs = signs
        self._names: dict[str, None] = dict.fromkeys([*properties, *wanted, *self._key_names])
        self._build()

    def _build(self) -> None:
        attributes = {name: f"p{number}" for number, name in enumerate(self._names)}
        watched = [name for name in self._names if self._signs is not None and self._signs.watches(name)]
        read = {*self._wanted_names, *self._key_names, *watched}
        record = msgspec.defstruct(
            "Record",
            [
                (attribute, Any if name in read else _Unread, msgspec.UNSET)
                for name, attribute in attributes.items()
            ],
            rename={attribute: name for name, attribute in attributes.items()},
            forbid_unknown_fields=True,
        )
        kind: Any = Literal["RECORD"]
        version: Any = int | None
        message = msgspec.defstruct(
            "Message",
            [
                ("type", kind),
                ("stream", Literal[self._stream]),
                ("record", record),
                ("version", version, None),
                ("rejected", msgspec.Raw, b""),
            ],
        )
        self._decode = msgspec.json.Decoder(message, float_hook=Decimal).decode
        self._wanted = [attrgetter(attributes[name]) for name in self._wanted_names]
        self._keys = [attrgetter(attributes[name]) for name in self._key_names]
        self._watched = [(name, attrgetter(attributes[name])) for name in watched]

    def columns(self, lines: Sequence[bytes], version: object) -> Columns | None:
        """Decode lines.

        Args:
            lines: One message each.
            version: The version that all of them must have.

        Returns:
            Their columns; None if a line is not a record of this stream and version, or is from a rejects
            file.
        """
        messages = self._messages(lines)
        if messages is None or set(map(_version, messages)) != {version}:
            return None
        if any(map(_rejected, messages)):
            return None
        try:
            slow_path = repeated_lines(lines)
        except _UNREADABLE:
            return None
        records = list(map(_record, messages))
        for key in self._keys:
            column = list(map(key, records))
            if msgspec.UNSET in column:
                slow_path.update(index for index, value in enumerate(column) if value is msgspec.UNSET)
        for name, read in self._watched:
            self._note_relevant(name, list(map(read, records)), slow_path)
        return Columns([list(map(read, records)) for read in self._wanted], slow_path)

    def _note_relevant(self, name: str, column: list[Any], slow_path: set[int]) -> None:
        """Add the rows in which a property's value has to be judged to the slow path."""
        assert self._signs is not None  # noqa: S101 - else nothing is watched; for the type checker
        is_plain: dict[tuple[type, object], bool] = {}
        for index, value in enumerate(column):
            if value is msgspec.UNSET:
                continue
            try:
                known = is_plain.get((type(value), value))
                if known is None:
                    known = is_plain[type(value), value] = self._signs.is_plain(name, value)
            except TypeError:  # a list or an object
                known = self._signs.is_plain(name, value)
            if not known:
                slow_path.add(index)

    def _messages(self, lines: Sequence[bytes]) -> list[Any] | None:
        try:
            return list(map(self._decode, lines))
        except msgspec.ValidationError:
            if not self._learn_names(lines):
                return None
        except _UNREADABLE:
            return None
        try:
            return list(map(self._decode, lines))
        except _UNREADABLE:
            return None

    def _learn_names(self, lines: Sequence[bytes]) -> bool:
        """Learn the properties that records have beyond the SCHEMA; return whether there were any."""
        try:
            records = [_names_of(line).record for line in lines]
        except _UNREADABLE:
            return False
        names = dict.fromkeys(name for record in records for name in record if name not in self._names)
        if not names or len(names) + len(self._names) > _MAX_NAMES:
            return False
        known, self._names = self._names, {**self._names, **names}
        try:
            self._build()
        except ValueError:
            self._names = known
            return False
        return True


def codec_of(
    stream: str,
    wanted: Sequence[str] | None,
    keys: Sequence[str],
    schema: Mapping[str, Any],
    signs: RowSigns,
) -> RecordCodec | None:
    """Create the codec for a stream; None if its records have to be taken one by one."""
    properties = schema.get("properties") or {}
    if wanted is None or len(properties) > _MAX_NAMES:
        return None
    try:
        return RecordCodec(stream, wanted, keys, properties, signs)
    except ValueError:
        return None
