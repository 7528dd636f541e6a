"""What Listrak loses of an order that is sent again: the record replaces it, and what it lacks is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from target_listrak.channels.retail.models import Kind
    from target_listrak.channels.retail.spellings import Step

__all__ = ["losses_of", "losses_of_stream"]

_REPLACES: Final = "(an order replaces the one that Listrak has)"


def losses_of_stream(kind: Kind, steps: Iterable[Step], lacks: Sequence[str], *, are_joined: bool) -> str:
    """Return what every order of a stream lets Listrak lose; "" for nothing.

    Args:
        kind: What the stream's records become.
        steps: Where its properties go.
        lacks: The needed properties to which none goes, if such orders are sent all the same.
        are_joined: Whether the items come as a stream of their own.
    """
    has_items = are_joined or any(step.of_item or step.path[0] == kind.rows for step in steps)
    lost = [*lacks, *([] if has_items or not kind.rows else [kind.rows])]
    if not lost:
        return ""
    return (
        f"no property of the stream goes to {' or '.join(lost)}. An order replaces the one that Listrak has, "
        "so an order that is sent again loses what Listrak has there: send whole orders"
    )


def losses_of(kind: Kind, value: Mapping[str, Any]) -> list[str]:
    """Return remarks for the report on what an order that is sent lets Listrak lose.

    Args:
        kind: What it is.
        value: It, as it is sent.
    """
    remarks = []
    if any(value.get(name) in (None, "") for name in kind.needed):
        remarks.append(f"orders without date or total were sent {_REPLACES}")
    if kind.rows and not value.get(kind.rows):
        remarks.append(f"orders without items were sent {_REPLACES}")
    return remarks
