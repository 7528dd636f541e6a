"""Time zones by name, and the ways in which the service can read the dates of requests."""

from __future__ import annotations

from zoneinfo import ZoneInfo

OFFSET_HONOURED, OFFSET_DROPPED, READ_AS_UTC = READINGS = ("offset_honoured", "offset_dropped", "read_as_utc")
"""The values of ``query_dates``, in this order:

- the offset of a date counts,
- the offset is ignored, and the date is wall time of the service's zone,
- the offset is ignored, and the date is UTC, as are dates without an offset.
"""


def zone(name: str) -> ZoneInfo:
    """Find a time zone by its IANA name.

    Raises:
        ValueError: There is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        message = f"{name!r} is not an IANA time zone such as America/New_York"
        raise ValueError(message) from None
