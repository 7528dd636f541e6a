"""Dates as requests and answers write them; everywhere else in the sandbox a date is a UTC instant.

The service has a time zone, the setting ``answer_time_zone``: its answers write dates as wall time of that
zone, and dates in requests that carry no offset are read in it. What happens to an offset in a request is
the setting ``query_dates``.

Twice a year wall time is not one-to-one. A wall time that occurs twice (the hour after clocks are set back)
is read as the first of the two instants; one that does not occur (clocks are set forward) is read with the
offset that was valid before, so that 02:30 means the instant at which clocks show 03:30. Answers write both
instants of a repeated hour alike, as a service does that keeps wall time only.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from listrak_sandbox.clock import parse_wall_time
from listrak_sandbox.zones import OFFSET_DROPPED, READ_AS_UTC, zone

if TYPE_CHECKING:
    from collections.abc import Callable

    from listrak_sandbox.settings import Settings


_DATES = re.compile(rb'("(?:\w*Date|lastModified)":")(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d(?:\.\d+)?)"')
"""A date in an answer as the sandbox's handlers write it: UTC without an offset."""
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_FIRST_YEAR = b"0001"
"""The year of the date that means "no date"; it is not an instant, and is not converted."""


def read(text: str, settings: Settings) -> datetime:
    """Read a date or date-time of a request as a UTC instant, the way the settings say.

    Accepts ISO 8601 with any number of decimals, ``MM-DD-YYYY`` and ``MM-DD-YY``; a date without a time is
    its midnight. What lies outside the years that Python knows becomes the nearest instant inside.

    Raises:
        ValueError: `text` is neither.
    """
    instant = parse_wall_time(text)
    if settings.query_dates == READ_AS_UTC:
        instant = instant.replace(tzinfo=UTC)
    elif instant.tzinfo is None or settings.query_dates == OFFSET_DROPPED:
        instant = instant.replace(tzinfo=zone(settings.answer_time_zone), fold=0)
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return _FIRST if instant.year == _FIRST.year else _LAST


@lru_cache(maxsize=200_000)
def _wall_minute(minute: bytes, name: str) -> tuple[bytes, bytes]:
    """Return a UTC minute as the wall time of a zone, and the offset that is valid then, ``-04:00``."""
    wall = datetime.fromisoformat(minute.decode()).replace(tzinfo=UTC).astimezone(zone(name))
    text = wall.isoformat(timespec="minutes")
    return text[:16].encode(), text[16:].encode()


@lru_cache(maxsize=200_000)
def _first_hour(hour: str, name: str) -> str:
    """Return the first UTC hour whose wall time in a zone is that of a UTC hour, ``2026-11-01T06``."""
    zone_of = zone(name)
    wall = datetime.fromisoformat(f"{hour}:00").replace(tzinfo=UTC).astimezone(zone_of)
    return wall.replace(fold=0).astimezone(UTC).isoformat()[: len(hour)]


def as_answered(value: object, settings: Settings) -> object:
    """Return the UTC instant that can be read out of a date in an answer.

    Of two instants with the same wall time that is the first.

    Args:
        value: Any part of a row's key; only dates like ``2026-11-01T06:30:00.0000000`` change.
        settings: The zone of dates in answers, and whether with offsets: then no two instants look alike.
    """
    if settings.answer_offsets or not isinstance(value, str) or value[10:11] != "T" or value[13:14] != ":":
        return value
    return (
        value if value.startswith("0001") else _first_hour(value[:13], settings.answer_time_zone) + value[13:]
    )


def _writer(name: str, *, offsets: bool) -> Callable[[re.Match[bytes]], bytes]:
    def written(found: re.Match[bytes]) -> bytes:
        before, minute, rest = found.groups()
        if minute.startswith(_FIRST_YEAR):
            return found[0]
        wall, offset = _wall_minute(minute, name)
        return before + wall + rest + (offset if offsets else b"") + b'"'

    return written


def in_zone(body: bytes, settings: Settings) -> bytes:
    """Write the dates of an answer's body as the settings say; `body` has them in UTC, without an offset.

    Calendar days (a birthday, dates among profile values) are not instants and stay as they are.
    """
    if settings.answer_time_zone == "UTC" and not settings.answer_offsets:
        return body
    return _DATES.sub(_writer(settings.answer_time_zone, offsets=settings.answer_offsets), body)
