"""The short path: RECORD lines of one stream that follow each other are read by column, not one by one.

A record by itself costs a dict of which some members are wanted, and a chain of calls that is the same for
every record. Here the lines of a run are decoded into rows of the wanted properties, and each property is
treated as a column. Rows that need a closer look (a value that does not fit, a deletion, a missing key) go
the long way, in their place, so both ways end the same.
"""

from __future__ import annotations

from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from target_listrak.unreadable import repeated_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Columns", "RecordCodec", "codec_of"]

_DELETED = "_sdc_deleted_at"
_record = attrgetter("record")
_version = attrgetter("version")


def _rejected(message: Any) -> bool:  # noqa: ANN401 - of a class that is made for the stream
    return bool(message.rejected)


class Columns(NamedTuple):
    """The wanted properties of a run of records.

    Attributes:
        values: A column for each wanted property, in their order; `msgspec.UNSET` where a record lacks it.
        alone: The rows, from 0, that must be taken one by one.
    """

    values: list[list[Any]]
    alone: set[int]


class RecordCodec:
    """Decodes RECORD lines of one stream into columns.

    Args:
        stream: The stream.
        wanted: The properties to read.
        keys: The stream's key properties: a record that lacks one has to be rejected.

    Raises:
        ValueError: A name cannot be a member's name to msgspec (it holds a quote, say).
    """

    def __init__(self, stream: str, wanted: Sequence[str], keys: Sequence[str]) -> None:
        names = list(dict.fromkeys([*wanted, *keys, _DELETED]))
        attributes = {name: f"p{number}" for number, name in enumerate(names)}
        record = msgspec.defstruct(
            "Record",
            [(attribute, Any, msgspec.UNSET) for attribute in attributes.values()],
            rename={attribute: name for name, attribute in attributes.items()},
        )
        kind: Any = Literal["RECORD"]
        version: Any = int | None
        message = msgspec.defstruct(
            "Message",
            [
                ("type", kind),
                ("stream", Literal[stream]),
                ("record", record),
                ("version", version, None),
                ("rejected", msgspec.Raw, b""),
            ],
        )
        self._decode = msgspec.json.Decoder(message, float_hook=Decimal).decode
        self._wanted = [attrgetter(attributes[name]) for name in wanted]
        self._keys = [attrgetter(attributes[name]) for name in keys]
        self._deleted = attrgetter(attributes[_DELETED])

    def columns(self, lines: Sequence[bytes], version: object) -> Columns | None:
        """Decode lines.

        Args:
            lines: One message each.
            version: The version that all of them must be of.

        Returns:
            Their columns; None if a line is no such record, or one that an earlier run rejected.
        """
        try:
            messages = list(map(self._decode, lines))
            alone = repeated_lines(lines)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):
            return None
        if set(map(_version, messages)) != {version} or any(map(_rejected, messages)):
            return None
        records = list(map(_record, messages))
        for key in self._keys:
            column = list(map(key, records))
            if msgspec.UNSET in column:
                alone.update(index for index, value in enumerate(column) if value is msgspec.UNSET)
        deleted = list(map(self._deleted, records))
        if any(deleted):
            alone.update(index for index, value in enumerate(deleted) if value)
        return Columns([list(map(one, records)) for one in self._wanted], alone)


def codec_of(stream: str, wanted: Sequence[str] | None, keys: Sequence[str]) -> RecordCodec | None:
    """The codec for a stream; None where its records have to be taken one by one."""
    if wanted is None:
        return None
    try:
        return RecordCodec(stream, wanted, keys)
    except ValueError:
        return None
