"""Orders and order items that come as two streams: joined by order number at the end of the input.

Until then the rows of both wait on disk (`join_store`), whatever their order, and STATE is held back: an
order that is sent without some of its items would lose them in Listrak. Then order after order is read back
with its items, and goes to the loader of its stream as one object.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Protocol

from listrak_api.errors import ListrakError
from target_listrak.channels.retail.converted import Converted
from target_listrak.channels.retail.gathered import MOST_BYTES, GatheredObject, weight_of
from target_listrak.channels.retail.join_store import JoinStore, Part
from target_listrak.channels.retail.rows import NO_ITEM_KEY, is_doubtful
from target_listrak.channels.retail.spellings import plain_name
from target_listrak.outcomes import Rejected
from target_listrak.values.characters import escaped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run
    from target_listrak.delivery.stream_completeness import StreamEnd
    from target_listrak.tracking.tallies import Row, RowTracker

__all__ = ["INCOMPLETE", "ORDER_REJECTED", "OrderJoin"]

INCOMPLETE: Final = Rejected(
    "incomplete_order",
    "another row of this order was rejected; without it the order would lose an item. Correct that row, and "
    "send all rows of the order together",
)
ORDER_REJECTED: Final = Rejected(
    "order_rejected",
    "the order of this item was rejected. Correct it, and send it with all its items together",
)
_NO_ORDER: Final = Rejected(
    "no_order",
    "no record of the orders in this run has the item's order number. Send both in the same run, the order "
    "with all its items",
)
_ITEMS_TWICE: Final = Rejected(
    "items_twice",
    "the order has items of its own, and there are records of a stream of items. Which of them count is "
    "not known: leave one of the two out",
)
_NO_ITEMS: Final = Rejected(
    "no_items",
    "no item in this run has the number of this order, and without items it would lose those that Listrak "
    "has of it. Send the items of the same orders in the same run, also those that did not change (with "
    "`orders_without_items: send` such orders are sent)",
)
_TWO_STREAMS: Final = Rejected(
    "ambiguous_order",
    "orders of two streams have this number, and the item records can belong to one of them only",
)
_TOO_LARGE: Final = Rejected(
    "order_too_large", f"the records of this order take more than {MOST_BYTES // 1_000_000} MB of memory"
)


class _Rows(Protocol):
    """What the join needs of a loader."""

    @property
    def stream(self) -> str: ...
    @property
    def destination(self) -> Destination: ...
    @property
    def tracker(self) -> RowTracker: ...
    @property
    def ends(self) -> Mapping[str, StreamEnd]: ...
    @property
    def number_properties(self) -> Mapping[str, bool]: ...


class _Orders(_Rows, Protocol):
    """What the join needs of a loader of orders."""

    @property
    def is_flat(self) -> bool: ...
    def add(self, known: GatheredObject, made: Converted, place: object, row: Row) -> None: ...
    def reject(self, known: GatheredObject, rejected: Rejected) -> None: ...
    def take_joined(self, number: str, known: GatheredObject, weight: int) -> None: ...


@dataclass
class _Joined:
    """The rows of one order number.

    Attributes:
        orders: The order, by the source of its rows.
        items: Tracker, row and value of each item, by what tells it apart; an empty value stands for an item
            that has left the order.
        order_rejected: Whether a row of the order itself was rejected.
        rejected_items: What tells the items apart of which the last row was rejected.
        doubtful_items: Whether two items lack their key: they may be one.
        weight: Memory that all of it takes, in bytes.
        is_too_large: Whether that is too much: then its rows are rejected as they are read.
    """

    orders: dict[int, GatheredObject] = field(default_factory=dict)
    items: dict[tuple[int, str | None], tuple[RowTracker, Row, dict[str, Any]]] = field(default_factory=dict)
    order_rejected: bool = False
    rejected_items: set[tuple[int, str | None]] = field(default_factory=set)
    doubtful_items: bool = False
    weight: int = 0
    is_too_large: bool = False


class OrderJoin:
    """The join of a run; what its loaders of orders and of order items share.

    Used by the thread that reads the input.

    Args:
        run: The run.

    Attributes:
        active: Whether there is a destination for order items: then orders wait for them.
        sends_without_items: Whether orders are sent that no item came for.
    """

    def __init__(self, run: Run) -> None:
        self.active = False
        self.sends_without_items = False
        self._run = run
        self._orders: dict[int, _Orders] = {}
        self._items: dict[int, _Rows] = {}
        self._sources: dict[int, int] = {}
        self._store: JoinStore | None = None
        self._is_held = False
        self._is_finished = False

    def add_orders(self, loader: _Orders) -> None:
        """Add a stream of orders."""
        self._orders[self._source(loader)] = loader

    def add_items(self, loader: _Rows) -> None:
        """Add a stream of order items."""
        self._items[self._source(loader)] = loader

    def _source(self, loader: _Rows) -> int:
        return self._sources.setdefault(id(loader), len(self._sources))

    def check_names(self) -> None:
        """Refuse to join by two properties that were only taken for the order number by their names.

        An `order_id` may be the database's own number of an order, and some other order's number as well.

        Raises:
            ConfigurationError: The streams call the order number differently, and `fields` does not say so.
        """
        for orders, items in itertools.product(self._orders.values(), self._items.values()):
            ours, theirs = orders.number_properties, items.number_properties
            if items.destination.field_goals or not ours or not theirs:
                continue
            alike = {plain_name(name) for name in ours} & {plain_name(name) for name in theirs}
            if alike or not (any(ours.values()) or any(theirs.values())):
                continue
            text = (
                f"whether {escaped(next(iter(theirs)))!r} of stream {items.stream!r} is the order number that"
                f" stream {orders.stream!r} has in {escaped(next(iter(ours)))!r} is not known"
            )
            hint = "Name the properties in `fields`, the order number's with the value orderNumber."
            raise items.destination.error("fields", text, hint)

    def put(self, loader: _Rows, number: str, row: Row, made: Converted, place: str | None) -> None:
        """Keep a row on disk until the end of the input.

        Args:
            loader: The loader of its stream.
            number: Its order number.
            row: The row.
            made: What it became: of an item, the item is the value; it is empty where the item has left.
            place: What tells the item apart; `None` where the row has none.

        Raises:
            ConfigurationError: The folder for temporary files has no room.
        """
        if not self._is_held:
            self._is_held = True
            self._run.mirrors.hold(loader.tracker.hold())
        part = Part(self._sources[id(loader)], row.number, place, made.value, made.item, row.line)
        self._kept().add(number, part)
        loader.tracker.set_aside(row)

    def mark(self, loader: _Rows, number: str, place: str | None = None) -> None:
        """Note that a row of an order, or of one of its items, was rejected.

        Args:
            loader: The loader of its stream.
            number: Its order number.
            place: What tells the item apart, where that is known: a later row of it may be right.

        Raises:
            ConfigurationError: The folder for temporary files has no room.
        """
        self._kept().add(number, Part(self._sources[id(loader)], 0, place, {}, {}, b""))

    def finish(self) -> None:
        """Join what waits, and give each order to its loader. A second call does nothing.

        Raises:
            ListrakError: A stream did not come to its end. Nothing was sent.
            ConfigurationError: The folder for temporary files has no room.
        """
        if self._store is None or self._is_finished:
            return
        self._is_finished = True
        self._check_ends()
        for number, parts in itertools.groupby(self._store.parts(), key=itemgetter(0)):
            joined = _Joined()
            for _, part in parts:
                self._add(joined, part)
            self._end(number.decode("utf-8", "surrogatepass"), joined)

    def close(self) -> None:
        """Delete what waits. May be called more than once."""
        if self._store is not None:
            self._store.close()

    def _kept(self) -> JoinStore:
        if self._store is None:
            self._store = JoinStore()
        return self._store

    def _check_ends(self) -> None:
        """Refuse input of a source that died: some items may be missing.

        A source that sends no STATE at all moves no bookmark, and so it reads everything again.
        """
        loaders: list[_Rows] = [*self._orders.values(), *self._items.values()]
        ends = [end for one in loaders for end in one.ends.values()]
        if not any(end.stated for end in ends):
            return
        signs = (end.missing_sign("end_of_input", without_state=False) for end in ends)
        absent = [sign for sign in signs if sign is not None]
        if absent:
            msg = (
                f"Orders and order items: {'; '.join(absent)}. So it is not known whether all items came. No "
                "order was sent, and STATE is held back."
            )
            hint = "Check that the extractor ended well: one that dies closes the pipe as one that ends does."
            raise ListrakError(msg, hint=hint)

    def _add(self, joined: _Joined, part: Part) -> None:
        """Add a row to what is known of its order number."""
        orders = self._orders.get(part.source)
        loader: _Rows = self._items[part.source] if orders is None else orders
        if not part.row:
            self._add_mark(joined, part, orders)
            return
        row = loader.tracker.take_up(part.row, part.line)
        if joined.is_too_large:
            loader.tracker.end(row, _TOO_LARGE)
            return
        if orders is None:
            self._add_item(joined, part, loader.tracker, row)
        else:
            known = joined.orders.setdefault(part.source, GatheredObject())
            before = len(known.rows)
            orders.add(known, Converted(part.value, part.item), part.place, row)
            joined.weight += weight_of(row) if len(known.rows) > before else 0
        rows = len(joined.items) + sum(len(one.rows) for one in joined.orders.values())
        if joined.weight > MOST_BYTES and rows > 1:
            joined.is_too_large = True
            self._reject(joined, _TOO_LARGE)

    @staticmethod
    def _add_item(joined: _Joined, part: Part, tracker: RowTracker, row: Row) -> None:
        key = part.source, part.place
        earlier = joined.items.get(key)
        if is_doubtful(part.place):
            joined.doubtful_items = joined.doubtful_items or earlier is not None
            key = part.source, f"{part.place}\x1f{row.number}" if earlier else part.place
        else:
            joined.rejected_items.discard(key)
        if earlier is not None and not is_doubtful(part.place):
            tracker.merge(earlier[1])
            joined.weight -= weight_of(earlier[1])
        joined.items[key] = tracker, row, part.value
        joined.weight += weight_of(row)

    @staticmethod
    def _add_mark(joined: _Joined, part: Part, orders: _Orders | None) -> None:
        if orders is None:
            joined.rejected_items.add((part.source, part.place))
            return
        joined.order_rejected = True
        if orders.is_flat:
            joined.orders.setdefault(part.source, GatheredObject()).broken = INCOMPLETE

    def _end(self, number: str, joined: _Joined) -> None:
        """Give an order with its items to its loader, or reject its rows."""
        if joined.is_too_large:
            return
        problem = self._problem(joined)
        if problem is not None:
            self._reject(joined, problem)
            return
        for source, known in joined.orders.items():
            if joined.items:
                known.joined = [value for _, _, value in joined.items.values() if value]
                known.item_rows = [(tracker, row) for tracker, row, _ in joined.items.values()]
            self._orders[source].take_joined(number, known, joined.weight)

    def _problem(self, joined: _Joined) -> Rejected | None:
        orders = list(joined.orders.values())
        if not any(one.rows for one in orders):
            return ORDER_REJECTED if joined.order_rejected else _NO_ORDER
        if joined.items and len(orders) > 1:
            return _TWO_STREAMS
        broken = next((one.broken for one in orders if one.broken), None)
        if joined.rejected_items or broken is not None:
            return broken or INCOMPLETE
        if joined.doubtful_items:
            return NO_ITEM_KEY
        own = [bool(one.items or one.value.get("items")) for one in orders]
        if joined.items:
            return _ITEMS_TWICE if any(own) else None
        return None if all(own) or self.sends_without_items else _NO_ITEMS

    def _reject(self, joined: _Joined, rejected: Rejected) -> None:
        for source, known in joined.orders.items():
            self._orders[source].reject(known, rejected)
        for tracker, row, _ in joined.items.values():
            tracker.end(row, rejected)
        joined.orders.clear()
        joined.items.clear()
