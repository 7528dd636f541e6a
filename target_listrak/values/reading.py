"""How texts with two possible meanings are read: order of day and month, decimal mark, time zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from listrak_api.settings import zone_from_config

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

__all__ = ["AS_LISTRAK", "Reading"]


class Reading(NamedTuple):
    """How texts are read that could mean two things. The default is how Listrak itself writes.

    Attributes:
        date_order: `mdy`, `dmy`, or `ymd` (dates with the year last are rejected). Dates with the year first
            are always read.
        decimal_mark: `.` or `,`, the other one divides thousands; None takes a point for the decimal mark and
            rejects commas.
        zone: Whose wall time gives an instant's calendar day; None takes the day as it is written.
    """

    date_order: str = "mdy"
    decimal_mark: str | None = None
    zone: dt.tzinfo | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any], config: Mapping[str, Any]) -> Reading:
        """The reading that a destination's members, else the settings of the same names, ask for.

        Args:
            options: The members that the destination has.
            config: The settings.
        """
        order, mark = (options.get(name) or config.get(name) for name in ("date_order", "decimal_mark"))
        return cls(order or "mdy", mark, zone_from_config(config))


AS_LISTRAK = Reading()
"""How Listrak writes: what it returned is read so, whatever the settings say."""
