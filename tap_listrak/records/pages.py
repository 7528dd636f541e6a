"""The fast path: a page of rows is decoded, prepared by column and encoded as RECORD lines.

It is used if neither the catalog nor stream maps change records, and only for pages whose rows are valid by
the schema. All other pages go through the SDK, record by record. Both ways write the same bytes, except for
timestamps.
"""

from __future__ import annotations

from collections import deque
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.contrib.msgspec import enc_hook
from singer_sdk.mapper import SameRecordTransform

from tap_listrak.records.preparer import is_missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from singer_sdk import Stream

    from tap_listrak.records.preparer import Preparer

_TYPES: dict[str, Any] = {
    "integer": int,
    # A number without decimals stays as it is written.
    "number": int | float,
    "string": str,
    "boolean": bool,
    "null": None,
}


_WITHOUT_DATE: dict[Any, Any] = {None: None, msgspec.UNSET: msgspec.UNSET}


class RecordLine(msgspec.Struct, gc=False):
    """A RECORD message, its members in the SDK's order."""

    type: str
    stream: str
    record: Any
    version: int | msgspec.UnsetType
    time_extracted: datetime


# Configured like the SDK's own writer, so that both write the same.
_encoder = msgspec.json.Encoder(enc_hook=enc_hook, decimal_format="number")


def encode(records: Sequence[object], stream: str, version: int | None, extracted: datetime) -> bytes:
    """Return RECORD lines.

    Args:
        records: Dicts or structs.
        stream: The stream's name.
        version: The stream's version, if it has one.
        extracted: When the page came.
    """
    number = msgspec.UNSET if version is None else version
    lines = [RecordLine("RECORD", stream, record, number, extracted) for record in records]
    return _encoder.encode_lines(lines)


def lines(records: Sequence[object]) -> bytes:
    """Return records as JSON lines, as BATCH files hold them.

    Args:
        records: Dicts or structs.
    """
    return _encoder.encode_lines(records)


class PageCodec:
    """Decodes the pages of one stream into rows of its schema, and prepares them.

    Args:
        preparer: Prepares the stream's records; says which columns are dates and keys.
        schema: The stream's schema.
    """

    def __init__(self, preparer: Preparer, schema: Mapping[str, Any]) -> None:
        self._preparer = preparer
        self._schema = schema["properties"]
        self._tolerates = False
        self._row = self._type(strict=True)
        self._decoder: msgspec.json.Decoder[list[Any]] = msgspec.json.Decoder(self._row)

    def rows(self, raw: msgspec.Raw | bytes, ids: Mapping[str, Any]) -> list[Any] | None:
        """Return a page's rows, prepared as records.

        Args:
            raw: The JSON array of rows.
            ids: The parents' ids.

        Returns:
            The records, as structs; None if a row is invalid by the schema. Members that the schema does not
            have make a row invalid the first time, so that the SDK can log them.
        """
        try:
            rows = self._decoder.decode(raw)
        except msgspec.ValidationError:
            self._tolerate()
            return None
        self._prepare(rows, tuple(item for item in ids.items() if item[0] in self._schema))
        return rows

    def converted(self, records: Sequence[Mapping[str, Any]]) -> list[Any] | None:
        """Return prepared records as structs; None as for `rows`."""
        try:
            return list(msgspec.convert(records, self._row))
        except msgspec.ValidationError:
            self._tolerate()
            return None

    def _tolerate(self) -> None:
        if not self._tolerates:
            self._tolerates = True
            self._row = self._type(strict=False)
            self._decoder = msgspec.json.Decoder(self._row)

    def _type(self, *, strict: bool) -> Any:  # noqa: ANN401 - a type
        fields = [(name, _type(part), msgspec.UNSET) for name, part in self._schema.items()]
        row: Any = msgspec.defstruct("Row", fields, forbid_unknown_fields=strict, gc=False)
        return list[row]

    def _prepare(self, rows: list[Any], ids: tuple[tuple[str, Any], ...]) -> None:
        """Prepare structs as `Preparer.prepare` does, by column unless a row lacks a part of its key."""
        # Built-in iterators only: a Python-level loop over the values takes half as long again.
        texts: dict[str, Any] = dict(self._preparer.date_texts())
        for of_column in texts.values():
            of_column.update(_WITHOUT_DATE)
        columns: dict[str, list[Any]] = {
            name: list(map(of_column.__getitem__, map(attrgetter(name), rows)))
            for name, of_column in texts.items()
        }
        for key in self._preparer.own_keys(ids):
            if not all(columns.get(key) or map(attrgetter(key), rows)):
                self._prepare_each(rows, ids)
                return
        for name, value in ids:
            _set(rows, name, repeat(value))
        for name, column in columns.items():
            _set(rows, name, column)
        self._preparer.count_unknown(texts, columns.__getitem__)

    def _prepare_each(self, rows: list[Any], ids: tuple[tuple[str, Any], ...]) -> None:
        """Prepare row by row: a placeholder depends on all values of its row."""
        texts, keys = self._preparer.date_texts(), self._preparer.own_keys(ids)
        for row in rows:
            lacking: list[str] = []
            for key in keys:
                if is_missing(getattr(row, key)):
                    lacking.append(key)  # noqa: PERF401 - rare; a comprehension would build a list for each row
            content = _content(row) if lacking else {}
            for name, value in ids:
                setattr(row, name, value)
            for name, of_column in texts.items():
                value = getattr(row, name)
                if value is not None and value is not msgspec.UNSET:
                    setattr(row, name, of_column[value])
                    if name in keys and name not in lacking and getattr(row, name) is None:
                        lacking.append(name)
            for key in lacking:
                setattr(row, key, self._preparer.placeholder_key(key, content))
        self._preparer.count_unknown(texts, lambda name: map(attrgetter(name), rows))


def passes_records_through(stream: Stream) -> bool:
    """Return whether the SDK would not change records: no mapping, flattening, deselection or other types."""
    maps = stream.stream_maps
    return (
        len(maps) == 1
        and type(maps[0]) is SameRecordTransform
        and maps[0].stream_alias == stream.name
        and not maps[0].flattening_enabled
        and all(stream.mask[("properties", name)] for name in stream.schema["properties"])
        and all(stream.mask.values())
        and _shape(stream.effective_schema) == _shape(stream.schema)
    )


def _shape(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a schema that affect records. A catalog may lack descriptions and the like."""
    return {
        name: (part.get("type"), part.get("format"), _shape(part), _shape(part.get("items") or {}))
        for name, part in schema.get("properties", {}).items()
    }


def _type(part: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a type
    kinds = part.get("type", [])
    names = [kinds] if isinstance(kinds, str) else kinds
    if not all(name in _TYPES for name in names):
        return Any
    # A key may be missing: then it gets a placeholder.
    result: Any = None | msgspec.UnsetType
    for name in names:
        result = result | _TYPES[name]
    return result


def _set(rows: Iterable[Any], name: str, values: Iterable[Any]) -> None:
    """Set a member of each row, without a Python-level loop."""
    deque(map(setattr, rows, repeat(name), values), maxlen=0)


def _content(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a struct
    return {
        name: value for name in row.__struct_fields__ if (value := getattr(row, name)) is not msgspec.UNSET
    }
