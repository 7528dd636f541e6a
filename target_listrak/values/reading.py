"""The settings that say how ambiguous texts are read: order of day and month, decimal mark, time zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from listrak_api.settings import zone_from_config

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

__all__ = ["AS_LISTRAK", "IDENTIFIER", "NULL_TEXTS", "Reading"]

NULL_TEXTS: Final = (
    "NULL",
    "null",
    "\\N",
    "N/A",
    "n/a",
    "NaN",
    "nan",
    "None",
    "(null)",
    "<null>",
    "[null]",
    "(blank)",
    "(none)",
    "undefined",
    "<NA>",
    "NaT",
    "#N/A N/A",
    "1.#QNAN",
    "1.#IND",
    "-1.#IND",
)
"""The texts that programs write if there is no value (the default of the setting `null_values`)."""


class Reading(NamedTuple):
    """How ambiguous texts are read. By default, as Listrak itself writes them.

    Attributes:
        date_order: `mdy`, `dmy`, or `ymd` (dates with the year last are rejected). Dates with the year first
            are always read.
        decimal_mark: `.` or `,`; the other one divides thousands. `None` reads a point as the decimal mark
            and rejects commas.
        zone: The time zone in which an instant's calendar day is taken; `None` takes the day as it is
        written. null_values: Texts that mean that there is no value, compared with their case, without blanks
        around.
    """

    date_order: str = "mdy"
    decimal_mark: str | None = None
    zone: dt.tzinfo | None = None
    null_values: frozenset[str] = frozenset()

    @classmethod
    def of(cls, options: Mapping[str, Any], config: Mapping[str, Any]) -> Reading:
        """Return the reading that a destination's options ask for, or else the settings of the same names.

        Args:
            options: The destination's options.
            config: The settings.
        """
        order, mark = (options.get(name) or config.get(name) for name in ("date_order", "decimal_mark"))
        setting = config.get("null_values")
        nulls = NULL_TEXTS if setting is None else setting
        return cls(order or "mdy", mark, zone_from_config(config), frozenset(map(str.strip, nulls)))


AS_LISTRAK = Reading()
"""How values that Listrak returned are read, whatever the settings say."""

IDENTIFIER = Reading(null_values=frozenset(NULL_TEXTS))
"""How ids are read: `NULL` and the like are never an id, whatever the settings say."""
