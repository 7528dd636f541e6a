"""Listrak's date-times: read from answers, written into requests, always UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_DATE_TIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?"
    r"\s*(Z|[+-]\d{2}(?::?\d{2})?)?",
    re.IGNORECASE | re.ASCII,
)


def parse(value: str | None) -> datetime | None:
    """Read a date-time as Listrak writes it.

    Args:
        value: ISO 8601 with up to any number of decimals (Listrak writes seven); without an offset it is
            UTC. A date alone is its midnight.

    Returns:
        An aware UTC date-time, cut (not rounded) to microseconds; None for null, "" and Listrak's "no date",
        `0001-01-01T00:00:00`.

    Raises:
        ValueError: It is no date-time.
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
        # With an offset or a few hours added it is still "no date": nobody was mailed in the year 1.
        return None
    moment = datetime(year, month, day, hour, minute, second, microsecond, UTC)
    try:
        return moment - _offset(offset)
    except OverflowError:
        message = "a date-time that is beyond the year 9999 in UTC"
        raise ValueError(message) from None


def format_utc(moment: datetime) -> str:
    """Write a date-time for a request's query parameter or body.

    Args:
        moment: An aware date-time, of any zone.

    Returns:
        UTC with `Z`, for example `2026-06-30T12:00:00Z`, with six decimals only if there is a fraction of a
        second.

    Raises:
        ValueError: The date-time is naive: nobody can say what it means.
    """
    if moment.tzinfo is None:
        message = "a date-time without a zone"
        raise ValueError(message)
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _offset(text: str | None) -> timedelta:
    if text is None or text.upper() == "Z":
        return timedelta()
    digits = text[1:].replace(":", "").ljust(4, "0")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -size if text[0] == "-" else size
