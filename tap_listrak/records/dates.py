"""Date-times in records: RFC 3339 in UTC, so that every loader accepts them and they can be compared.

Listrak writes wall time of one zone without an offset. `listrak_api.dates` says what that means for hours
that occur twice or never.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

from listrak_api.dates import from_wall_time, parse

NO_DATE = "0001-01-01T00:00:00Z"
"""How Listrak writes "no date" where it does not allow null."""
LATEST = "9999-12-31T23:59:59.999999Z"
"""Used for later instants."""

_FORM = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d(?::\d\d)?)(?P<fraction>(?<=:\d\d:\d\d)\.\d+)?"
    r"(?P<offset>Z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
_WHOLE_SECONDS = 19  # characters of 2026-06-30T12:00:00
_WITH_SECONDS = 8  # characters of 12:00:00
_ALMOST_AN_HOUR = timedelta(minutes=59, seconds=59)
_MICROSECONDS = 7  # a dot and six digits: more is refused by several databases
_HOUR = re.compile(r"\d{4}-\d\d-\d\dT\d\d:", re.ASCII)
_MOST_HOURS = 50_000
"""Hours of wall time that are kept: more than five years of them, and a few megabytes."""


class UtcHours(dict[str, str]):
    """Hours of a zone's wall time and what they are in UTC: ``2026-06-30T12:`` is ``2026-06-30T16:``.

    Each is computed once in a run. The value is "" if the zone's offset is not a whole number of hours, if
    clocks are changed within the hour, or if the text is not an hour. Then a slower parser is needed.

    Args:
        zone: The zone.
    """

    def __init__(self, zone: tzinfo) -> None:
        super().__init__()
        self.zone = zone

    def __missing__(self, text: str) -> str:
        """Compute an hour."""
        if len(self) >= _MOST_HOURS:
            self.clear()
        self[text] = found = self._in_utc(text)
        return found

    def _in_utc(self, text: str) -> str:
        if not _HOUR.fullmatch(text) or text.startswith("0001"):
            return ""
        try:
            wall = datetime.fromisoformat(f"{text}00")
            first, last = (from_wall_time(one, self.zone) for one in (wall, wall + _ALMOST_AN_HOUR))
        except (ValueError, OverflowError):
            return ""
        whole = first.minute == first.second == 0 and last - first == _ALMOST_AN_HOUR
        return first.isoformat()[:14] if whole else ""


class UtcDates(dict[str, "str | None"]):
    """Listrak's date-times, and what they are in RFC 3339 and UTC. Each is computed once: they repeat.

    A missing offset means wall time of the zone; more than six decimals are cut; the year 1 means "no date"
    (None), as does a blank text. A text of another form stays as it is: nothing is lost. An instant beyond
    the year 9999 becomes `LATEST`.

    Args:
        hours: The hours of the zone, shared by all pages of a stream.

    Attributes:
        unknown: Texts of a form that is not known.
    """

    def __init__(self, hours: UtcHours) -> None:
        super().__init__()
        self._hours = hours
        self.unknown: set[str] = set()

    def __missing__(self, text: str) -> str | None:
        """Compute a date. The forms that Listrak's rows have, by the million, need no slow parser."""
        found: str | None
        hour = self._hours[text[:14]]
        if hour and text[20:].isdecimal() and text[19] == ".":
            found = f"{hour}{text[14:26]}Z"
        elif hour and text[17:].isdecimal() and len(text) == _WHOLE_SECONDS:
            found = f"{hour}{text[14:]}Z"
        else:
            found = self._parse(text)
        self[text] = found
        return found

    def _unknown(self, text: str) -> str:
        self.unknown.add(text)
        return text

    def _parse(self, text: str) -> str | None:
        match = _FORM.fullmatch(text.strip())
        if match is None:
            return self._unknown(text) if text.strip() else None
        if match["date"].startswith("0001"):
            return None
        time = match["time"] if len(match["time"]) == _WITH_SECONDS else f"{match['time']}:00"
        fraction = (match["fraction"] or "")[:_MICROSECONDS]
        if match["offset"] == "Z":
            return f"{match['date']}T{time}{fraction}Z"
        try:
            wall = datetime.fromisoformat(f"{match['date']}T{time}{match['offset'] or ''}")
            instant = from_wall_time(wall, self._hours.zone)
        except ValueError:
            return self._unknown(text)
        except OverflowError:
            return LATEST
        return f"{instant.replace(tzinfo=None).isoformat()}{fraction}Z"


def parse_record_date(value: object) -> datetime | None:
    """Read a record's date-time as an aware UTC datetime; None if it is missing or invalid."""
    if not isinstance(value, str):
        return None
    try:
        return parse(value)
    except ValueError:
        return None
