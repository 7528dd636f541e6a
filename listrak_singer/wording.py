"""Wording that several errors and log lines share."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["enumerated"]


def enumerated(things: Collection[object], most: int) -> str:
    """Return a list in words that stays readable, however long it is: ``a, b and 7 more``.

    Args:
        things: What to name, in order.
        most: How many to name at most.
    """
    more = f" and {len(things) - most} more" if len(things) > most else ""
    return (", ".join(map(str, islice(things, most))) or "none") + more
