"""The kind `order_items`: items of orders that come as a stream of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from target_listrak.channels.retail.converted import Converted
from target_listrak.channels.retail.order_join import OrderJoin
from target_listrak.channels.retail.properties import InvalidField
from target_listrak.channels.retail.rows import RetailRows, is_doubtful, reason_of
from target_listrak.outcomes import Fault, Rejected, RowRejected
from target_listrak.values.row_faults import rejection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_listrak.config.destination import Destination
    from target_listrak.delivery.loader import Delivery
    from target_listrak.delivery.run import Run
    from target_listrak.tracking.tallies import Row

__all__ = ["OrderItemsLoader"]

_NO_KEY: Final = Rejected(
    "no_item_key",
    "the source deleted the item, and no key property beside the order number has a value that tells which "
    "item it is",
)


class OrderItemsLoader(RetailRows):
    """Joins rows to the orders of the run, by order number (`order_join`). Sends nothing by itself.

    A row's result is that of its order. Of rows with the same order number and the same further key
    properties the last one counts; a stream without key properties has an item in each row.
    """

    kinds = ("order_items",)

    @classmethod
    def resolve(cls, run: Run, destination: Destination) -> None:
        """Do what all retail kinds do; and let the run's orders wait for items."""
        super().resolve(run, destination)
        join = run.session(OrderJoin)
        join.active = True
        join.sends_without_items = destination.option("orders_without_items") == "send"

    def __init__(self, delivery: Delivery, resolved: None) -> None:
        super().__init__(delivery, resolved)
        self._join = self.run.session(OrderJoin)
        self._join.add_items(self)

    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Match the stream's properties to Listrak's; what matches nothing is logged once, by name.

        Raises:
            ConfigurationError: No property goes to the order number, or it is not sure which one does.
        """
        self.match(schema, key_properties)
        self._log_unknown()
        if schema.get("properties") and not self.number_properties:
            text = (
                f"no property of stream {self.stream!r} goes to orderNumber, by which items find their order"
            )
            raise self.destination.error("fields", text, "Name it: an object from property to orderNumber.")
        self._join.check_names()

    def take(self, record: dict[str, Any], row: Row) -> None:
        """Keep an item until the end of the input."""
        made = self._mapper.convert(record)
        self.treat_bad(made)
        faults = self._row_faults.gathered()
        lacks = [one for one in self._mapper.missing(made.value) if not (made.left_out and one.path == "sku")]
        if faults:
            named = {one.property for one in faults}
            faults += [
                Fault(one.path, one.bad.code, one.bad.reason) for one in lacks if one.path not in named
            ]
            raise RowRejected(rejection("bad_value", faults))
        if lacks:
            raise RowRejected(reason_of(*lacks))
        self.remark(made)
        self._put(record, row, None if made.left_out else made.value)

    def take_leaving(self, record: dict[str, Any], row: Row) -> None:
        """Take the item out of its order: its source deleted it, and `allow_deletes` says so."""
        if not self._line_keys or is_doubtful(self.key_place(record)):
            raise RowRejected(_NO_KEY)
        self._put(record, row, None)

    def _put(self, record: Mapping[str, Any], row: Row, value: dict[str, Any] | None) -> None:
        key = self._mapper.key(value or self._mapper.convert(record).value)
        if isinstance(key, InvalidField):
            raise RowRejected(reason_of(key))
        item = {name: one for name, one in (value or {}).items() if name != "orderNumber"}
        self._join.put(self, key[-1], row, Converted(item), self.place(record, row))

    def note_rejected(self, record: Mapping[str, Any], rejected: Rejected) -> None:  # noqa: ARG002 - no reason makes the order whole
        """Let the item's order not be sent: it would lose the item."""
        key = self._mapper.key(self._mapper.convert(record).value)
        if isinstance(key, tuple):
            self._join.mark(self, key[-1], self.key_place(record))
        else:
            self.tracker.remark("rejected without a readable order number: their orders may lack them")

    def flush(self) -> None:
        """Do nothing: items wait for their orders."""

    def finish(self) -> None:
        """Join the items to their orders."""
        self._join.finish()

    def close(self) -> None:
        """Remove the rows that waited."""
        self._join.close()
