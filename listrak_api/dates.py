"""Listrak's date-times: read from answers, written into requests. In this program they are UTC.

Listrak writes dates as wall time of one zone, without an offset (recorded: US Eastern time). Twice a year
wall time is ambiguous. One rule holds everywhere, that of `datetime.fold` = 0:

- A wall time that occurs twice (the hour after clocks are set back) is the first of the two instants.
- A wall time that does not occur (clocks are set forward) is read with the offset that held before the
  change.
"""

from __future__ import annotations

import contextlib
import difflib
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

if TYPE_CHECKING:
    from datetime import tzinfo

DEFAULT_TIMEZONE = "America/New_York"
"""The zone of Listrak's dates, as far as recordings show."""

_DATE_TIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?"
    r"\s*(Z|[+-]\d{2}(?::?\d{2})?)?",
    re.IGNORECASE | re.ASCII,
)


def find_zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name.

    Args:
        name: For example ``America/New_York``. Upper and lower case make no difference.

    Raises:
        LookupError: There is no such zone; the text names the nearest ones.
    """
    # The common case first: to list all zones is slow.
    with contextlib.suppress(KeyError, ValueError, OSError):
        return ZoneInfo(name)
    known = {one.casefold(): one for one in available_timezones()}
    if not known:
        message = "this machine has no time zone database; install the package tzdata beside singer-listrak"
        raise LookupError(message)
    wanted = name.strip().replace(" ", "_").casefold()
    if wanted in known:
        return ZoneInfo(known[wanted])
    cities = {one.rpartition("/")[2]: one for one in known}
    near = [*difflib.get_close_matches(wanted, known, n=2), *difflib.get_close_matches(wanted, cities, n=1)]
    names = " or ".join(dict.fromkeys(known[cities.get(one, one)] for one in near))
    message = f"did you mean {names}?" if names else f"a name such as {DEFAULT_TIMEZONE} is expected"
    raise LookupError(message)


def from_wall_time(wall: datetime, zone: tzinfo) -> datetime:
    """Return the instant (UTC) of a wall time.

    Args:
        wall: A naive date-time; one with an offset keeps its instant.
        zone: The zone whose clocks show it. See the module's text for hours that occur twice or never.

    Raises:
        OverflowError: The instant is outside the years 1 to 9999.
    """
    aware = wall if wall.tzinfo is not None else wall.replace(tzinfo=zone, fold=0)
    return aware.astimezone(UTC)


def to_wall_time(instant: datetime, zone: tzinfo) -> datetime:
    """Return what the clocks of a zone show at an instant, as a naive date-time.

    Args:
        instant: An aware date-time; a naive one is wall time of the zone already and is returned as it is.
        zone: The zone.

    Raises:
        OverflowError: The wall time is outside the years 1 to 9999.
    """
    return instant if instant.tzinfo is None else instant.astimezone(zone).replace(tzinfo=None, fold=0)


def parse(value: str | None, zone: tzinfo = UTC) -> datetime | None:
    """Read a date-time as Listrak writes it.

    Args:
        value: ISO 8601 with up to any number of decimals (Listrak writes seven). A date alone is its
            midnight.
        zone: The zone of a date-time that has no offset.

    Returns:
        An aware UTC date-time, cut (not rounded) to microseconds; None for null, "" and Listrak's "no date",
        `0001-01-01T00:00:00`.

    Raises:
        ValueError: It is not a date-time.
    """
    if not value or not value.strip():
        return None
    match = _DATE_TIME.fullmatch(value.strip())
    if match is None:
        message = "not an ISO 8601 date-time"
        raise ValueError(message)
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    decimals, offset = match[7], match[8]
    microsecond = int((decimals or "0")[:6].ljust(6, "0"))
    if year == 1:
        # "No date", also with an offset or after a conversion of a few hours.
        return None
    instant = datetime(year, month, day, hour, minute, second, microsecond)  # noqa: DTZ001 - its zone follows
    try:
        if offset is None:
            return from_wall_time(instant, zone)
        return instant.replace(tzinfo=UTC) - _offset(offset)
    except OverflowError:
        message = "a date-time that is beyond the year 9999 in UTC"
        raise ValueError(message) from None


def format_utc(instant: datetime) -> str:
    """Write a date-time for a request's query parameter or body.

    Args:
        instant: An aware date-time, of any zone.

    Returns:
        UTC with `Z`, for example `2026-06-30T12:00:00Z`, with six decimals only if there is a fraction of a
        second.

    Raises:
        ValueError: The date-time is naive: nobody can say what it means.
    """
    if instant.tzinfo is None:
        message = "a date-time without a zone"
        raise ValueError(message)
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _offset(text: str) -> timedelta:
    if text.upper() == "Z":
        return timedelta()
    digits = text[1:].replace(":", "").ljust(4, "0")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -size if text[0] == "-" else size
