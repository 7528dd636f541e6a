"""How orders are read whose source has words and forms of its own: the options of orders and order items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from target_listrak.channels.retail.models import STATUSES
from target_listrak.channels.retail.spellings import plain_name
from target_listrak.channels.retail.statuses import own_statuses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_listrak.config.destination import Destination

__all__ = ["AS_USUAL", "OrderReading"]


class OrderReading(NamedTuple):
    """How orders are read.

    Attributes:
        statuses: The source's own words for the status of an order, and Listrak's (`statuses.own_statuses`).
        sku_from: The property of an item that stands in for a missing SKU, without case and separators.
        leaves_out: Whether an item without SKU is left out of its order.
    """

    statuses: Mapping[str, str]
    sku_from: str = ""
    leaves_out: bool = False

    @classmethod
    def of(cls, destination: Destination) -> OrderReading:
        """Read a destination's options.

        Raises:
            ConfigurationError: `status_values` names a status that Listrak does not have.
        """
        try:
            statuses = own_statuses(destination.option("status_values"), STATUSES)
        except LookupError as error:
            raise destination.error("status_values", str(error.args[0])) from None
        other = plain_name(destination.options.get("sku_from", ""))
        return cls(statuses, other, destination.option("items_without_sku") == "leave_out")


AS_USUAL: Final = OrderReading({})
"""With the usual words of shops only."""
