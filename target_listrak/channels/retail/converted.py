"""What a record of retail data became, on its way to Listrak."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from target_listrak.channels.retail.properties import InvalidField

__all__ = ["Converted"]


@dataclass(slots=True)
class Converted:
    """What a record became.

    Attributes:
        value: The object to send, without what was bad.
        item: The one object of the kind's array that flat columns of this record describe, if any.
        bad: What was left out, and why.
        remarks: What was left out and is no fault, for the report.
        left_out: Whether the record's own item is to be left out of its order.
    """

    value: dict[str, Any] = field(default_factory=dict)
    item: dict[str, Any] = field(default_factory=dict)
    bad: list[InvalidField] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    left_out: bool = False
