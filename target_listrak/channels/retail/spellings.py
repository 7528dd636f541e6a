"""The names that a record's properties may have: spellings, flat columns of nested objects, order items."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from target_listrak.channels.retail.property_names import COMMON_NAMES
from target_listrak.values.characters import plain_form

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_listrak.channels.retail.models import Model, Property

__all__ = [
    "Step",
    "flat_names",
    "has_known",
    "is_nested",
    "item_names",
    "nested_names",
    "own_names",
    "plain_name",
]

_SEPARATORS = re.compile(r"[\W_]+")


class Step(NamedTuple):
    """Where a column's value goes.

    Attributes:
        path: The names of the API's properties, from the outermost object inwards.
        property: What the value must be.
        of_item: Whether it belongs to the one item that the row describes.
    """

    path: tuple[str, ...]
    property: Property
    of_item: bool


@functools.lru_cache(maxsize=10_000)  # the names of the items of an order are those of the last one's
def plain_name(name: str) -> str:
    """Return a name without case, separators, invisible characters and special Unicode forms."""
    return _SEPARATORS.sub("", plain_form(name)).lower()


def is_nested(schema: object) -> bool:
    """Return whether a property's schema allows an object or an array."""
    given = schema.get("type", ()) if isinstance(schema, dict) else ()
    return bool({"object", "array"} & ({given} if isinstance(given, str) else set(given)))


def nested_names(model: Model, given: Iterable[str]) -> dict[str, str]:
    """Give the API's name of each property of a nested object, by its name without separators.

    Args:
        model: What the object is.
        given: The names that the object has, without separators. A common name of shops counts where the
            object has no property of the API's name.
    """
    own = _own_names(model)
    common = COMMON_NAMES.get(model.name) or {}
    given = set(given)
    if given <= own.keys() or not common:
        return own
    names = dict(own)
    for target, others in common.items():
        if plain_name(target) not in given:
            found = next((name for name in others if name in given and name not in own), None)
            if found is not None:
                names[found] = target
    return names


def has_known(model: Model, value: Iterable[str]) -> bool:
    """Return whether any of an object's names is one of a model's properties, or a common name of one."""
    names = [plain_name(str(name)) for name in value]
    return not nested_names(model, names).keys().isdisjoint(names)


@functools.cache
def own_names(model: Model) -> frozenset[str]:
    """Return the names of a model's properties, without case and separators."""
    return frozenset(_own_names(model))


@functools.cache
def _own_names(model: Model) -> dict[str, str]:
    return {plain_name(name): name for name in model.properties}


def flat_names(model: Model) -> dict[str, Step]:
    """Return every spelling of a flat column, without separators, and where its value goes."""
    names: dict[str, Step] = {}
    inner: dict[str, Step] = {}
    for name, kind in model.properties.items():
        names[plain_name(name)] = Step((name,), kind, of_item=False)
        if kind.type != "object" or kind.model is None:
            continue
        prefixes = {plain_name(name), plain_name(name).removesuffix("address") or plain_name(name)}
        for flat, (path, property_, _) in flat_names(kind.model).items():
            for prefix in prefixes:
                inner.setdefault(prefix + flat, Step((name, *path), property_, of_item=False))
    return {**inner, **names}


def item_names(rows: str, model: Model) -> dict[str, Step]:
    """Return the flat columns of an item: `item_sku`, `items_sku`; also `item_discount_total` itself."""
    prefix = rows.removesuffix("s")
    names: dict[str, Step] = {}
    for name, kind in model.properties.items():
        step = Step((name,), kind, of_item=True)
        own = plain_name(name)
        names[prefix + own] = names[rows + own] = step
        if own.startswith(prefix):
            names.setdefault(own, step)
    return names
