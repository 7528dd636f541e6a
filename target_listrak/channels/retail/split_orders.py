"""Orders of which a part was sent, or whose rows cannot all be right: why their rows are rejected."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from target_listrak.outcomes import Fault, Rejected
from target_listrak.values.row_faults import rejection

__all__ = ["LOSES_ITEMS", "SENT_IN_PART", "SPLIT", "contradicting"]

SPLIT: Final = Rejected(
    "split_order",
    "earlier rows of this order were sent long before; sending this one would take their items away. "
    "Sort the stream by order number",
)
SENT_IN_PART: Final = (
    "earlier rows of this order were sent; sent alone, this row would take their items away. Send all rows "
    "of the order together"
)
LOSES_ITEMS: Final = Rejected(
    "split_order",
    "an earlier row of this order was sent with items, and this one has none: sent alone, it would take them "
    "away. Send the order's last version with its items",
)


def contradicting(names: list[str]) -> Rejected:
    """Return the rejection of the rows of an order that say different things of it.

    Args:
        names: The properties in which they differ.
    """
    reason = (
        "the rows of the order say different things, and which of them is right is not known. What belongs "
        "to the item goes to Listrak's name with item_ before it: in `fields`, with all others that are sent"
    )
    faults = [Fault(name, "contradicting_rows", reason) for name in names]
    return replace(rejection("contradicting_rows", faults), reason=f"{', '.join(names)}: {reason}")
