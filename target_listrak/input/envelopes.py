"""The objects inside a record in which sources of changes and CRMs put the row itself. Names only.

Debezium and others wrap a row: `{"payload": {"before": …, "after": …, "op": "d"}}`. HubSpot's properties
stand in `properties`. What such an object says about its row (deleted, agreed or not) counts as if it stood
at the top. The image before a change says nothing about the row as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from target_listrak.values.plain import folded_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["is_envelope", "layers"]

_INNER: Final = frozenset(
    {"payload", "after", "data", "record", "row", "value", "properties", "attributes", "fields", "traits"}
    | {"meta", "metadata", "change", "context"}
)
"""No `customer` or `contact`: an order of a customer who was deleted is not a deleted order."""
_DEEPEST: Final = 4


def is_envelope(name: str) -> bool:
    """Whether a property of this name may hold the row itself, or the image before a change."""
    folded = folded_name(name)
    return folded in _INNER or folded == "before"


def layers(record: Mapping[str, Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """The objects inside a record, without itself, that speak for its row.

    An image before a change with none after it is a deletion: its object has `__deleted`.
    """
    for name, value in record.items():
        if not isinstance(value, dict) or not is_envelope(name):
            continue
        if folded_name(name) == "before":
            after = [part for other, part in record.items() if folded_name(other) == "after"]
            if value and after == [None]:
                yield {"__deleted": True}
            continue
        yield value
        if depth < _DEEPEST:
            yield from layers(value, depth + 1)
