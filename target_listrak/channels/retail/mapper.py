"""Records as objects of Listrak's Data API: nested or flat, in any spelling, checked before they are sent.

A property of a record is matched without regard to case, underscores and spaces: `orderNumber`,
`order_number` and `ORDER NUMBER` are one. What belongs into an object inside may come as that object (or its
JSON text), or flat with the object's name before it: `billing_address_city`, `billingAddress_city`,
`billing_city`. Flat columns that begin with `item` are one item of an order; a sink gathers the rows of an
order number.

Absent is never sent. Null and blank are not sent either, unless nulls are to clear.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

import msgspec

from listrak_api.dates import DEFAULT_TIMEZONE, find_zone
from target_listrak.channels.retail.converted import Converted
from target_listrak.channels.retail.models import KINDS, ORDER_ITEM, Model, Property
from target_listrak.channels.retail.order_reading import AS_USUAL, OrderReading
from target_listrak.channels.retail.properties import InvalidField, date_time, scalar
from target_listrak.channels.retail.property_names import COMMON_NAMES
from target_listrak.channels.retail.spellings import (
    Step,
    flat_names,
    has_known,
    is_nested,
    item_names,
    nested_names,
    own_names,
    plain_name,
)
from target_listrak.channels.retail.wrappers import unwrapped
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.keys import as_key
from target_listrak.values.reading import AS_LISTRAK, Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from zoneinfo import ZoneInfo

__all__ = ["Mapper", "merge"]


_NOTHING: Final = object()
"""Nothing to send: null differs from it where nulls are to clear."""
_MISSING: Final = InvalidValue("missing_value", "Listrak requires a value here")
_NO_SKU: Final = InvalidValue(
    "missing_value",
    "Listrak requires a value here (see items_without_sku and sku_from)",
)
_USELESS: Final = InvalidValue(
    "missing_value",
    "there is no value, and without it Listrak's reports cannot use the record (see on_missing)",
)
_GUESTS: Final = "customer numbers of guests (0, or a word for guests): not sent"
_NOT_OBJECT: Final = InvalidValue("not_an_object", "an object is needed")
_NOT_KNOWN: Final = InvalidValue("not_an_object", "none of the object's properties is one that Listrak has")
_LEFT_OUT: Final = "items without SKU: left out of their orders (items_without_sku)"
_EMPTY: Final[tuple[object, ...]] = (None, "", [], {})


class Mapper:
    """Turns the records of one stream into objects of one kind.

    Args:
        kind: `customers`, `orders`, `order_items`, `products`, `reviews` or `rating_summaries`.
        fields: Where properties of the records go (`{"town": "address.city"}`).
        by_name: Whether other properties go by their names; without it they do if `fields` is not given.
        clear_nulls: Whether null and blank values are sent as null.
        reading: How dates and numbers are read that are texts.
        zone: The zone whose wall time date-times are sent in (the setting `timezone`).
        orders: How orders are read.

    Attributes:
        unknown: Names of properties that Listrak does not have, as far as records showed them. Never sent.

    Raises:
        LookupError: A property named by `fields` is none of Listrak's.
    """

    def __init__(  # noqa: PLR0913 - the parts of one reading
        self,
        kind: str,
        fields: Mapping[str, str] | None = None,
        *,
        by_name: bool | None = None,
        clear_nulls: bool = False,
        zone: ZoneInfo | None = None,
        reading: Reading = AS_LISTRAK,
        orders: OrderReading = AS_USUAL,
    ) -> None:
        self.kind = KINDS[kind]
        self._common = COMMON_NAMES.get(self.kind.model.name, {}) | COMMON_NAMES.get(kind, {})
        self.unknown: set[str] = set()
        self._clear = clear_nulls
        self._scalar = functools.cache(functools.partial(scalar, reading=reading, statuses=orders.statuses))
        self._orders = orders
        self._reading = reading
        self._zone = zone or find_zone(DEFAULT_TIMEZONE)
        self._steps: dict[str, Step | None] = {}
        self._names = flat_names(self.kind.model)
        if self.kind.rows:
            rows = self.kind.model.properties[self.kind.rows].model
            for name, step in item_names(self.kind.rows, rows).items() if rows else ():
                self._names.setdefault(name, step)
        self._by_name = self._names
        self._steps = {column: self._chosen(target) for column, target in (fields or {}).items()}
        if by_name is False or (by_name is None and fields is not None):
            self._names = {}
        elif self._steps:
            taken = [(step.path, step.of_item) for step in self._steps.values() if step]
            names = self._names.items()
            self._names = {name: step for name, step in names if (step.path, step.of_item) not in taken}

    def _chosen(self, target: str) -> Step:
        step = self._names.get(plain_name(target))
        if step is None:
            message = f"{self.kind.model.name} has no property {target!r}"
            raise LookupError(message)
        return step

    def learn(self, schema: Mapping[str, Any]) -> dict[str, str]:
        """Match what a stream calls by another common name, such as `order_date`.

        That is done where no property of the stream has the API's name.

        Args:
            schema: The stream's schema. A property that is an object or an array there is no such name.

        Returns:
            For each property that was matched so, the API's name.
        """
        properties: Mapping[str, Any] = schema.get("properties") or {}
        if not self._names:  # `fields` names them all
            return {}
        plain = {plain_name(name): name for name in reversed(list(properties))}
        taken = {
            (step.path, step.of_item) for name in properties if (step := self._names.get(plain_name(name)))
        }
        matched: dict[str, str] = {}
        for target, names in self._common.items():
            step = self._names.get(plain_name(target))
            if step is None:  # `fields` names another property for it
                continue
            found = next((plain[name] for name in names if name in plain and name not in self._names), None)
            if (
                found is None
                or (step.path, step.of_item) in taken
                or (is_nested(properties[found]) and step.property.model is None)
            ):
                continue
            self._steps[found] = step
            self.unknown.discard(found)
            matched[found] = target
        return matched

    def left_out(self, properties: Iterable[str]) -> list[str]:
        """Return the properties that `fields` does not name, though they have the name of one of Listrak's.

        Args:
            properties: The stream's.

        Returns:
            None of them if `fields` names nothing, or another property goes there.
        """
        if self._names:
            return []
        common = {name: target for target, names in self._common.items() for name in names}
        taken = {step.path for step in self._steps.values() if step}
        found = []
        for name in properties:
            plain = plain_name(name)
            step = self._by_name.get(plain) or self._by_name.get(plain_name(common.get(plain, "")))
            if step and self._steps.get(name) is None and step.path not in taken:
                found.append(name)
        return found

    def lacks(self, properties: Iterable[str]) -> list[str]:
        """Return the needed properties to which no property of a stream goes."""
        found = self._reached(properties)
        return [name for name in self.kind.needed if name not in found]

    def lacks_key(self, properties: Iterable[str]) -> list[str]:
        """Return the properties that tell objects apart, if no property of a stream goes to any of them."""
        found = self._reached(properties)
        keys = list(dict.fromkeys(names[0] for names in self.kind.keys))
        return [] if any(found.issuperset(names) for names in self.kind.keys) else keys

    def _reached(self, properties: Iterable[str]) -> set[str]:
        steps = (self.step(name) for name in properties)
        return {step.path[0] for step in steps if step and not step.of_item and len(step.path) == 1}

    def step(self, column: str) -> Step | None:
        """Return where a record's property goes; `None` if Listrak has none (noted in `unknown`)."""
        try:
            return self._steps[column]
        except KeyError:
            step = None if column.startswith("_sdc_") else self._names.get(plain_name(column))
            self._steps[column] = step
            if step is None and self._names and not column.startswith("_sdc_"):
                self.unknown.add(column)
            return step

    def convert(self, record: Mapping[str, object]) -> Converted:
        """Convert one record, checked property by property.

        Whether what is required is there is not checked here: it may come from another row of the same key
        (`missing`).
        """
        out = Converted()
        for column, value in record.items():
            step = self.step(column)
            if step is None:
                continue
            path, kind, of_item = step
            made = self._make(value, kind, ".".join(path), out)
            if made is _NOTHING:
                continue
            target = out.item if of_item else out.value
            for name in path[:-1]:
                inner = target.setdefault(name, {})
                if inner is None:
                    inner = target[name] = {}
                target = inner
            last = path[-1]
            target[last] = merge(target[last], made) if isinstance(target.get(last), dict) and made else made
        self._treat_item(record, out)
        return out

    def _treat_item(self, record: Mapping[str, object], out: Converted) -> None:
        """Leave the item of a record out that has no SKU, or give it another one, as the options say."""
        if self.kind.part_of:
            out.left_out = self._leaves_out(out.value, record, "", out)
        elif out.item and self._leaves_out(out.item, record, "", out):
            out.item, out.left_out = {}, True

    def key(self, value: Mapping[str, Any]) -> tuple[str, ...] | InvalidField:
        """Return what identifies an object of this kind, or which property is missing for that."""
        for names in self.kind.keys:
            found = tuple(str(value[name]) for name in names if _identifies(value.get(name)))
            if len(found) == len(names):
                return (*names, *(text.lower() if names == ("email",) else text for text in found))
        either = " or ".join(dict.fromkeys(names[0] for names in self.kind.keys))
        return InvalidField(either, _MISSING, needed=True)

    def missing(self, value: Mapping[str, Any], *, needed: bool = False) -> list[InvalidField]:
        """Return the properties that Listrak requires and a finished object lacks, in inner objects too.

        Args:
            value: The object.
            needed: Whether those are wanted too without which the object is of no use (`Kind.needed`).
        """
        lacks = [
            InvalidField(name, _USELESS, needed=True)
            for name in (self.kind.needed if needed else ())
            if value.get(name) in (None, "")
        ]
        return [*_missing(self.kind.model, value, ""), *lacks]

    def _make(self, value: object, kind: Property, path: str, out: Converted) -> object:
        """Return a value as its property needs it, null to clear, or `_NOTHING`; add faults to `out`."""
        made: object
        if kind.type == "date_time":
            made = date_time(value, self._reading, self._zone)
        elif kind.model is None:
            made = self._scalar(kind)(value)
            if kind.is_customer and made is None and as_key(value):
                out.remarks.append(_GUESTS)
        elif (given := _from_text(value) if isinstance(value, str) else value) is None:
            made = None
        elif kind.type == "objects":
            made = self._make_array(given, kind.model, path, out)
        else:
            made = self._make_object(given, kind.model, path, out)
        if isinstance(made, InvalidValue):
            out.bad.append(InvalidField(path, made, needed=kind.model is ORDER_ITEM))
            return _NOTHING
        if made is None or made == "":
            return None if self._clear else _NOTHING
        return made

    def _make_object(self, value: object, model: Model, path: str, out: Converted) -> object:
        if not isinstance(value, dict):
            return _NOT_OBJECT
        made: dict[str, object] = {}
        names = nested_names(model, [plain_name(str(name)) for name in value])
        for name, inner in value.items():
            known = names.get(plain_name(str(name)))
            if known is None:
                self.unknown.add(f"{path.partition('[')[0]}.{name}")
                continue
            result = self._make(inner, model.properties[known], f"{path}.{known}", out)
            if result is not _NOTHING:
                made[known] = result
        return made or _NOTHING

    def _make_array(self, value: object, model: Model, path: str, out: Converted) -> object:
        found = unwrapped(value, own_names(model), functools.partial(has_known, model))
        if isinstance(found, InvalidValue):
            return found
        made = []
        for number, inner in enumerate(found):
            place = f"{path}[{number}]"
            result: Any = self._make_object(inner, model, place, out)
            if result is _NOTHING:
                if not any(one not in _EMPTY for one in inner.values()):
                    continue
                result = {}
            if model is ORDER_ITEM and self._leaves_out(result, inner, f"{place}.", out):
                continue
            if result:
                made.append(result)
            elif model is ORDER_ITEM:
                out.bad.append(InvalidField(f"{place}.sku", _NO_SKU, needed=True))
            elif not any(one.path.startswith(f"{place}.") for one in out.bad):
                out.bad.append(InvalidField(place, _NOT_KNOWN))
        return made or _NOTHING

    def _leaves_out(
        self, item: dict[str, Any], given: Mapping[str, object], path: str, out: Converted
    ) -> bool:
        """Fill an item's SKU from the property that stands in for it; return whether the item is left out."""
        if item.get("sku") or any(one.path == f"{path}sku" for one in out.bad):
            return False
        other = self._orders.sku_from
        value = next((one for name, one in given.items() if other and plain_name(str(name)) == other), None)
        sku = self._make(value, ORDER_ITEM.properties["sku"], f"{path}sku", out)
        if sku is not _NOTHING and sku is not None:
            item["sku"] = sku
            return False
        if self._orders.leaves_out:
            out.remarks.append(_LEFT_OUT)
        return self._orders.leaves_out


def _identifies(value: object) -> bool:
    """Return whether a value can identify an object: `NULL` and `-` mean that there is none."""
    text = as_key(value)
    return isinstance(text, str) and any(map(str.isalnum, text))


def _from_text(text: str) -> object:
    """Read an object that a column holds as JSON text; blank means no value."""
    if not text.strip():
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return text


def _missing(model: Model, value: Mapping[str, Any], path: str) -> list[InvalidField]:
    found = [
        InvalidField(path + name, _NO_SKU if (model, name) == (ORDER_ITEM, "sku") else _MISSING, needed=True)
        for name in model.required
        if value.get(name) in (None, "")
    ]
    for name, kind in model.properties.items():
        inner = value.get(name)
        if kind.model is None or not inner:
            continue
        if kind.type == "object":
            found += _missing(kind.model, inner, f"{path}{name}.")
        else:
            for number, one in enumerate(inner):
                found += _missing(kind.model, one, f"{path}{name}[{number}].")
    return found


def merge(old: object, new: object) -> Any:  # noqa: ANN401  objects and arrays of JSON
    """Merge two objects of one key: the later value wins, property by property; arrays are replaced.

    Args:
        old: What was there.
        new: What came later.

    Returns:
        A new object where both are objects, else `new`.
    """
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    merged = dict(old)
    for name, value in new.items():
        merged[name] = merge(merged[name], value) if name in merged else value
    return merged
