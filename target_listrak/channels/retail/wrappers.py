"""Arrays of objects in the wrappers that APIs put around them: GraphQL's edges and nodes, Stripe's data.

What is certainly such a wrapper is undone. Anything else that is not an array is rejected, and so is a page
that has a next one: an order that is sent without some of its items loses them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from target_listrak.channels.retail.spellings import plain_name
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.plain import plain_value

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["unwrapped"]

_NODE: Final = "node"
_WRAPPERS: Final = (
    _NODE,
    *("edges", "nodes", "data", "items", "records", "results", "elements", "values", "rows", "list"),
    *("entries", "lineitems", "orderitems", "orderlines", "lines", "products", "item", "lineitem"),
)
"""Members that hold the array, without case and separators."""
_MORE: Final = ("hasmore", "hasnextpage", "hasnext")
_NOT_OBJECTS: Final = InvalidValue("not_an_array", "an array of objects is needed")
_NOT_KNOWN: Final = InvalidValue(
    "not_an_array",
    "an array of objects is needed; this is an object without any property that Listrak has. Take the array "
    "out of it in the source, or in a stream map",
)
_INCOMPLETE: Final = InvalidValue(
    "incomplete_array",
    "this is one page of the array, and the source says that there are more: what is missing would be lost. "
    "Let the extractor read all pages",
)


def unwrapped(
    value: object, own: frozenset[str], is_known: Callable[[Mapping[str, object]], bool]
) -> list[Any] | InvalidValue:
    """Return the objects of an array, whatever it is wrapped in.

    Example: `[{"sku": "A"}]`, `{"sku": "A"}`, `{"edges": [{"node": {"sku": "A"}}]}`,
    `{"data": [{"sku": "A"}]}` and `{"0": {"sku": "A"}}` are one.

    Args:
        value: The array, or what is in place of it.
        own: The names of the objects' properties, without case and separators: a wrapper has none of them.
        is_known: Whether an object has any property that Listrak has, also by a common name.

    Returns:
        The objects, without null; or why that is not sure.
    """
    if isinstance(value, list | tuple):
        found = [_node(one, own) for one in value if one is not None]
        return found if all(isinstance(one, Mapping) for one in found) else _NOT_OBJECTS
    if not isinstance(value, Mapping):
        return _NOT_OBJECTS
    members = {plain_name(str(name)): inner for name, inner in value.items()}
    if own.isdisjoint(members):
        inner = _inside(members)
        if inner is not None:
            if _is_page(members, inner):
                return _INCOMPLETE
            return unwrapped(inner, own, is_known)
    if is_known(value):
        return [value]
    return _NOT_KNOWN if any(one not in (None, "", [], {}) for one in members.values()) else []


def _inside(members: Mapping[str, object]) -> object:
    """Return what a wrapper holds; `None` where it is none, or holds two things that could be it."""
    held = [members[name] for name in _WRAPPERS if isinstance(members.get(name), list | tuple | Mapping)]
    if len(held) == 1:
        return held[0] if len(members) == 1 or not isinstance(held[0], Mapping) else None
    if not held and members and all(map(str.isdecimal, members)):
        # So PHP writes an array whose keys are not 0, 1, 2 …
        return list(members.values()) if all(isinstance(one, Mapping) for one in members.values()) else None
    return None


def _node(value: object, own: frozenset[str]) -> object:
    """Return the object that an edge of a GraphQL answer holds."""
    if not isinstance(value, Mapping):
        return value
    node = value.get(_NODE)
    if not isinstance(node, Mapping):
        return value
    return node if own.isdisjoint(plain_name(str(name)) for name in value) else value


def _is_page(members: Mapping[str, object], held: object) -> bool:
    """Return whether the source says that there is more of an array."""
    info = members.get("pageinfo")
    inner = {plain_name(str(name)): one for name, one in info.items()} if isinstance(info, Mapping) else {}
    says = [*(members.get(name) for name in _MORE), *(inner.get(name) for name in _MORE)]
    if any(plain_value(one) in {"true", "1"} for one in says if not isinstance(one, list | dict)):
        return True
    total = next((members[name] for name in ("totalcount", "total", "count") if name in members), None)
    return isinstance(total, int) and isinstance(held, list | tuple) and total > len(held)
