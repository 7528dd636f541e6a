"""Finds the objects inside a record in which change feeds and CRMs put the row itself.

Debezium and others wrap a row: `{"payload": {"before": …, "after": …, "op": "d"}}`. HubSpot puts a row's
properties into `properties`. What such an object says about its row (deleted, agreed or not) counts as if the
record itself said it. The image before a change does not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from target_listrak.values.plain import folded_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["is_envelope", "layers"]

_INNER: Final = frozenset(
    {"payload", "after", "data", "record", "row", "value", "properties", "attributes", "fields", "traits"}
    | {"meta", "metadata", "sourcemetadata", "headers", "message", "change", "cdc", "context"}
)
"""`customer` and `contact` are not among them: the order of a deleted customer is not a deleted order."""
_MAX_DEPTH: Final = 4


def is_envelope(name: str) -> bool:
    """Return whether a property of this name may hold the row itself or the image before a change."""
    folded = folded_name(name)
    return folded in _INNER or folded == "before"


def layers(record: Mapping[str, Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield the objects inside a record that describe its row, without the record itself.

    An image before a change without one after it is a deletion: for it, an object with `__deleted` is
    yielded.
    """
    for name, value in record.items():
        if not isinstance(value, dict) or not is_envelope(name):
            continue
        if folded_name(name) == "before":
            after = [inner for other, inner in record.items() if folded_name(other) == "after"]
            if value and after == [None]:
                yield {"__deleted": True}
            continue
        # Inside an envelope `operation` marks the row: `{"data": {…}, "metadata": {"operation": "delete"}}`.
        # In a row itself `operation` may be data, so only the name with an underscore is a marker.
        yield {**value, "_operation": value["operation"]} if "operation" in value else value
        if depth < _MAX_DEPTH:
            yield from layers(value, depth + 1)
