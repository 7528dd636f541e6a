"""The retail kinds of destination: customers, orders, products, reviews, rating summaries (Data API)."""

from __future__ import annotations

import functools
import zlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from listrak_api import routes
from listrak_api.errors import ListrakError, NotFoundError, RequestRefusedError
from target_listrak.channels.retail.gathered import MOST_BYTES, GatheredObject, Key, SentOrders, weight_of
from target_listrak.channels.retail.mapper import merge
from target_listrak.channels.retail.models import KINDS
from target_listrak.channels.retail.order_join import INCOMPLETE, ORDER_REJECTED, OrderJoin
from target_listrak.channels.retail.properties import InvalidField
from target_listrak.channels.retail.replaced import losses_of, losses_of_stream
from target_listrak.channels.retail.rows import NO_ITEM_KEY, RetailRows, is_doubtful, reason_of
from target_listrak.channels.retail.split_orders import LOSES_ITEMS, SENT_IN_PART, SPLIT, contradicting
from target_listrak.outcomes import ACCEPTED, Fault, Rejected, RowRejected, rejected_by
from target_listrak.values.characters import escaped
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.row_faults import InvalidValueError, rejection, with_faults

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_listrak.channels.retail.converted import Converted
    from target_listrak.channels.retail.spellings import Step
    from target_listrak.delivery.loader import Delivery
    from target_listrak.tracking.tallies import Row

__all__ = ["RetailLoader"]

_ROUTES: Final = {
    "customers": routes.IMPORT_CUSTOMERS,
    "orders": routes.IMPORT_ORDERS,
    "products": routes.IMPORT_PRODUCTS,
    "reviews": routes.IMPORT_REVIEWS,
    "rating_summaries": routes.IMPORT_RATING_SUMMARIES,
}
_MOST_OBJECTS: Final = 2_000
_PARTITIONS: Final = 4
"""Arrays that are sent side by side. An object's key decides its partition, so its versions stay in order."""
_RECENT: Final = 2_000
"""The most sent flat orders that are kept in memory, so that a further row can be added."""
_GIVE_UP_AFTER: Final = 200
"""Rejected rows after which refused arrays are no longer halved, if they make the run fail anyway."""

_UNMARKED: Final[Mapping[str, Any]] = {}


class RetailLoader(RetailRows):
    """Loads retail data: arrays of objects, upserted by the merchant's own keys.

    Rows of one key in an array become one object: the later wins, property by property. Flat rows of an order
    (`item_sku` …) become one order with all their items. Listrak confirms that it took an array, and does
    not report what happens to it then. A refused array is halved until the objects at fault are found; only
    they are rejected. An array whose answer was lost is sent again, which sets the same values.
    """

    kinds = tuple(_ROUTES)

    def __init__(self, delivery: Delivery, resolved: None) -> None:
        super().__init__(delivery, resolved)
        self._kind = KINDS[self.destination.kind]
        self._on_missing: str = self.destination.option("on_missing")
        self._batches: list[dict[Key, GatheredObject]] = [{} for _ in range(_PARTITIONS)]
        self._weights = [0] * _PARTITIONS
        self._most_objects = min(_MOST_OBJECTS, int(self.run.config["batch_size_rows"]))
        self._recent: OrderedDict[Key, GatheredObject] = OrderedDict()
        self._sent = SentOrders()
        self._flat = False
        join = self.run.session(OrderJoin)
        self._join = join if join.active and self.destination.kind == "orders" else None
        if self._join is not None:
            self._join.add_orders(self)

    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Match the stream's properties to Listrak's; what matches nothing is logged once, by name."""
        found = self.match(schema, key_properties)
        self._check_needed(schema.get("properties") or {}, found)
        self._flat = any(step.of_item for step in found)
        self._log_unknown()
        if self._join is not None:
            self._join.check_names()

    def _check_needed(self, properties: Mapping[str, Any], found: Sequence[Step]) -> None:
        """Log what the stream lacks: needed properties, and what Listrak loses. End the run if that is set.

        Raises:
            ConfigurationError: One is missing, and `on_missing` is `fail`.
        """
        if not properties:
            return
        lacks_key, lacks = self._mapper.lacks_key(properties), self._mapper.lacks(properties)
        if lacks_key:
            self._note_missing(lacks_key, properties)
        if lacks and self._on_missing != "send":
            self._note_missing(lacks, properties)
            return
        if lost := losses_of_stream(self._kind, found, lacks, are_joined=self._join is not None):
            self.run.connection.log_once("%s: %s", self.destination.label, lost)

    def _note_missing(self, names: list[str], properties: Mapping[str, Any]) -> None:
        text = f"no property of stream {self.stream!r} goes to {' or '.join(names)}"
        hint = (
            f"It has: {', '.join(map(escaped, properties))}. Name the property in `fields`, with all others "
            "that are to be sent."
        )
        if self._on_missing == "fail":
            raise self.destination.error("on_missing", text, hint)
        self.run.logger.warning("%s: %s: its rows are rejected. %s", self.destination.label, text, hint)

    # The main thread

    def take(self, record: dict[str, Any], row: Row) -> None:
        """Add a row to the object of its key."""
        self._take(record, row)

    def take_leaving(self, record: dict[str, Any], row: Row) -> None:
        """Mark the object as deleted: its source deleted the record, and `allow_deletes` is on."""
        self._take(record, row, marked={self._kind.deleted: True})

    def _take(self, record: dict[str, Any], row: Row, marked: Mapping[str, Any] = _UNMARKED) -> None:
        made = self._mapper.convert(record)
        self.treat_bad(made)
        faults = self._row_faults.gathered()
        if faults:
            named = {one.property for one in faults}
            lacks = [] if self._flat else self._lacking({**made.value, **self._rows_of(made.value)})
            faults += [
                Fault(one.path, one.bad.code, one.bad.reason) for one in lacks if one.path not in named
            ]
            if self._was_sent(self._mapper.key(made.value)):
                faults.append(Fault("", SPLIT.code, SENT_IN_PART))
            raise RowRejected(rejection("bad_value", faults))
        self.remark(made)
        made.value.update(marked)
        key = self._mapper.key(made.value)
        if isinstance(key, InvalidField):
            raise RowRejected(reason_of(key))
        place = self.place(record, row) if made.item or made.left_out else None
        if self._join is not None:
            self._join.put(self, key[-1], row, made, place)
            return
        batch = self._batches[_partition(key)]
        known = batch.get(key)
        if known is None:
            known = batch[key] = self._begin(key, made)
        self.add(known, made, place, row)
        self._weigh(_partition(key), weight_of(row))

    def note_rejected(self, record: Mapping[str, Any], rejected: Rejected) -> None:
        """Note that a row was rejected: the other flat rows alone would be an order without its item.

        If the source deleted the item, the other rows are the whole order.
        """
        if (rejected.code == "deleted") if self._flat else (self._join is None):
            return
        key = self._mapper.key(self._mapper.convert(record).value)
        if not isinstance(key, tuple):
            return
        if self._join is not None:
            self._join.mark(self, key[-1])
        elif self._was_sent(key):
            self.tracker.remark("rejected rows of orders that were sent without them")
        else:
            batch = self._batches[_partition(key)]
            batch.setdefault(key, GatheredObject()).broken = INCOMPLETE

    def _was_sent(self, key: Key | InvalidField) -> bool:
        """Return whether rows of a flat order were sent in this run."""
        return self._flat and isinstance(key, tuple) and self._sent.has(key)

    def take_joined(self, number: str, known: GatheredObject, weight: int) -> None:
        """Take an order with all its rows and items. Called by the join at the end of the input.

        Args:
            number: Its order number.
            known: The order.
            weight: Memory that it takes, in bytes.
        """
        key: Key = ("orderNumber", number)
        self._batches[_partition(key)][key] = known
        self._weigh(_partition(key), weight)

    def _weigh(self, partition: int, weight: int) -> None:
        """Add the memory of a new object to its array's, and submit the array if it is full."""
        self._weights[partition] += weight
        full = len(self._batches[partition]) >= self._most_objects
        if full or self._weights[partition] >= MOST_BYTES:
            self._submit(partition)

    def _rows_of(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Return an object's array of items, with the order number in each item that has none of its own."""
        name = self._kind.rows
        if not name or not value.get(name) or not value.get("orderNumber"):
            return {}
        return {name: [{"orderNumber": value["orderNumber"], **item} for item in value[name]]}

    def _begin(self, key: Key, made: Converted) -> GatheredObject:
        """Create an object; in a flat stream, with the rows that were sent of it: they may be far apart."""
        if not self._flat:
            if self._kind.rows and not made.value.get(self._kind.rows) and self._sent.has(key):
                raise RowRejected(LOSES_ITEMS)
            return GatheredObject()
        recent = self._recent.get(key)
        if recent is not None:
            return GatheredObject(
                recent.value, dict(recent.items), said=dict(recent.said), broken=recent.broken, resumed=True
            )
        if self._sent.has(key):
            raise RowRejected(SPLIT)
        return GatheredObject()

    def add(self, known: GatheredObject, made: Converted, place: object, row: Row) -> None:
        """Add a row to its object; a row that it replaces counts as merged.

        Args:
            known: The object.
            made: What the row became.
            place: What identifies the row's item; `None` if it has none.
            row: The row.
        """
        if is_doubtful(place) and place in known.items:
            known.broken = NO_ITEM_KEY
            place = row.number
        known.value = merge(known.value, made.value)
        if self._flat:
            known.said[place] = known.value if made.value == known.value else made.value
        known.items.pop(place, None)
        if made.item:
            known.items[place] = made.item
        earlier = known.rows.pop(place, None)
        known.rows[place] = row
        if earlier is not None:
            known.merged = True
            self.tracker.merge(earlier)

    @property
    def is_flat(self) -> bool:
        """Whether each row is an item of an order, so that several rows are one order."""
        return self._flat

    def finish(self) -> None:
        """Join the orders to the items that came as a stream of their own."""
        if self._join is not None:
            self._join.finish()

    def flush(self) -> None:
        """Submit the objects of all open arrays."""
        for partition in range(_PARTITIONS):
            self._submit(partition)

    def close(self) -> None:
        """Delete temporary files: the numbers of the orders that were sent, the rows that waited."""
        self._sent.close()
        if self._join is not None:
            self._join.close()

    def _submit(self, partition: int) -> None:
        batch, self._batches[partition] = self._batches[partition], {}
        weight, self._weights[partition] = self._weights[partition], 0
        if not batch:
            return
        self._log_unknown()
        if self._flat and self._join is None:
            self._remember(batch)
        elif self._kind.rows and self._join is None:
            self._sent.add(key for key, known in batch.items() if known.value.get(self._kind.rows))
        objects = list(batch.values())
        self.run.imports.submit(
            ("data", self.destination.kind, partition), functools.partial(self._work, objects), weight
        )

    def _remember(self, batch: dict[Key, GatheredObject]) -> None:
        self._sent.add(batch)
        for key, known in batch.items():
            self._recent[key] = GatheredObject(known.value, known.items, said=known.said, broken=known.broken)
            self._recent.move_to_end(key)
        while len(self._recent) > _RECENT:
            self._recent.popitem(last=False)

    # Worker threads

    def _work(self, objects: list[GatheredObject]) -> None:
        ready: list[tuple[dict[str, Any], GatheredObject]] = []
        for known in objects:
            if known.broken is not None:
                self.reject(known, known.broken)
                continue
            if different := known.contradictions:
                self.reject(known, contradicting(different), ORDER_REJECTED)
                continue
            value, bad = self._finished(known)
            if bad:
                self.reject(known, reason_of(*bad), ORDER_REJECTED)
            else:
                ready.append((value, known))
        if ready:
            self._send(ready)

    def _finished(self, known: GatheredObject) -> tuple[dict[str, Any], list[InvalidField]]:
        """Return an object as it is sent, and what it lacks."""
        value = dict(known.value)
        name = self._kind.rows
        if name:
            own_items = [*(value.get(name) or ()), *known.items.values(), *(known.joined or ())]
            items = [dict(item) for item in own_items]
            for number, item in enumerate(items):
                own = item.setdefault("orderNumber", value["orderNumber"])
                if own != value["orderNumber"]:
                    invalid = InvalidValue("other_order", "the item belongs to another order number")
                    return value, [InvalidField(f"{name}[{number}].orderNumber", invalid, needed=True)]
            if items or known.joined is not None:
                value[name] = items
        lacks = self._lacking(value)
        useless = [one for one in lacks if one.path in self._kind.needed]
        if useless and self._on_missing == "fail":
            text = (
                f"A record of stream {self.stream!r} has no value for {' or '.join(x.path for x in useless)}"
            )
            raise InvalidValueError(text, hint="on_missing is fail; reject_row rejects the row.")
        return value, lacks

    def _lacking(self, value: Mapping[str, Any]) -> list[InvalidField]:
        return self._mapper.missing(value, needed=self._on_missing != "send")

    def _send(self, objects: Sequence[tuple[dict[str, Any], GatheredObject]]) -> None:
        """Send an array; if Listrak refuses it, send each half by itself, down to the objects at fault."""
        if not self.run.dry_run:
            try:
                body = [value for value, _ in objects]
                self.run.connection.client("data").send(
                    _ROUTES[self.destination.kind], body=body, idempotent=True
                )
            except (RequestRefusedError, NotFoundError) as error:
                # These routes name nothing that could be missing: 404 means that the body is too large.
                if len(objects) == 1:
                    if isinstance(error, NotFoundError):
                        raise
                    self.reject(objects[0][1], rejected_by(error), ORDER_REJECTED)
                    return
                self._fail_if_most_refused(error)
                half = len(objects) // 2
                self._send(objects[:half])
                self._send(objects[half:])
                return
        for value, known in objects:
            for text in losses_of(self._kind, value):
                self.tracker.remark(text)
            for row in known.rows.values():
                self.tracker.end(row, ACCEPTED)
            for tracker, row in known.item_rows:
                tracker.end(row, ACCEPTED)

    def _fail_if_most_refused(self, error: RequestRefusedError | NotFoundError) -> None:
        """End the run if so much is refused that it fails anyway: then no single row is the cause."""
        tally = self.tracker.tally
        if tally.rejected >= _GIVE_UP_AFTER and tally in self.run.over_reject_share():
            message = f"Listrak refuses most of stream {self.stream!r}, last with {error.code or 'no code'}"
            raise ListrakError(message, hint=f"See {self.run.rejects.path} for the reasons.") from error

    def reject(self, known: GatheredObject, rejected: Rejected, of_items: Rejected | None = None) -> None:
        """Reject all rows of an object.

        Args:
            known: The object.
            rejected: Why.
            of_items: Why the rows of joined items are rejected, if the reason differs.
        """
        if known.resumed:
            more = Fault("", SPLIT.code, SENT_IN_PART)
            rejected = with_faults(rejected, "", [more])
        for row in known.rows.values():
            self.tracker.end(row, rejected, merged_with=known.whole)
        for tracker, row in known.item_rows:
            tracker.end(row, of_items or rejected)


def _partition(key: Key) -> int:
    return zlib.crc32("\x1f".join(key).encode()) % _PARTITIONS
