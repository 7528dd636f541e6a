"""Reads dates and date-times in the usual forms, with day and month in the order that the settings name."""

from __future__ import annotations

import contextlib
import datetime as dt
import re

from listrak_api.dates import to_wall_time
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.reading import AS_LISTRAK, Reading

__all__ = ["NO_DATES", "as_date", "as_date_time", "is_later"]

_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AP]M)?"
_ZONE = r"\s*(?:(Z|UTC|GMT)|([+-])(\d{2}):?(\d{2})?)?"
_TIME = rf"(?:(?:T|\s+){_CLOCK}{_ZONE})?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/])(\d{{1,2}})\2(\d{{1,2}}){_TIME}", re.ASCII | re.IGNORECASE)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_TIME}", re.ASCII | re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
_DAY_AND_MONTH = re.compile(
    rf"{_WEEKDAY}(\d{{1,2}})([ -]){_MONTH}\2(\d{{4}}){_TIME}", re.ASCII | re.IGNORECASE
)
_MONTH_AND_DAY = re.compile(
    rf"{_WEEKDAY}{_MONTH}( +)(\d{{1,2}}),? +(\d{{4}}){_TIME}", re.ASCII | re.IGNORECASE
)
_NOON = 12
_MAX_OFFSET = dt.timedelta(hours=14)

NO_DATES = frozenset(
    dt.date(*day) for day in ((1, 1, 1), (1753, 1, 1), (1899, 12, 30), (1900, 1, 1), (9999, 12, 31))
)
"""Dates that mean no date, as programs write them where null is not allowed.

In this order: Listrak, the first date of SQL Server, day 0 of spreadsheets, SQL Server's date of an empty
text, and the last date that databases have.
"""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_IS_EPOCH = InvalidValue(
    "not_a_date",
    "it is the Unix epoch, 1970-01-01T00:00:00Z, which programs write where there is no date (add the text "
    "to null_values if it means that; send 1970-01-01 without a time if it is the date)",
)
_NO_DATE = re.compile(
    r"(?:0000[-/]00[-/]00|00[-/.]00[-/.]0000|1900-01-00|0?1/0?0/1900|0?0[/.]0?1[/.]1900)(?:[T\s].*)?",
    re.ASCII | re.DOTALL,
)
"""The zero date of MySQL, and the texts that spreadsheets show for a cell that holds 0."""


def as_date(value: object, reading: Reading = AS_LISTRAK) -> dt.date | InvalidValue | None:
    """Return the calendar date that a value names.

    An instant at exact midnight (in UTC, or in its own offset) is a day, and stays that day in all zones. Any
    other instant is on its day in `reading.zone`, if there is one. 1970-01-01 is a date, as people are born
    on it; the instant of the Unix epoch is rejected.

    Args:
        value: As for `as_date_time`.
        reading: How it is read.

    Returns:
        The date, `None` if there is none, or the reason why the value is not a date.
    """
    date_time = as_date_time(value, reading.date_order)
    if not isinstance(date_time, dt.datetime):
        return date_time
    if date_time.tzinfo is not None and date_time == _EPOCH:
        return _IS_EPOCH
    if reading.zone is None or date_time.tzinfo is None or date_time.time() == dt.time():
        return date_time.date()
    try:
        return to_wall_time(date_time, reading.zone).date()
    except OverflowError:
        return InvalidValue("not_a_date", "the date is outside the years 1 to 9999 in the setting timezone")


def as_date_time(value: object, date_order: str = "mdy") -> dt.datetime | InvalidValue | None:
    """Return the date-time that a value names, aware if the value has an offset, else naive.

    Args:
        value: A date, a date-time, or a text: `2026-06-30`, `2026-06-30T10:00:00Z`, `6/30/2026 1:05 PM`,
            `Tue, 30 Jun 2026 10:00:00 +0000`, `June 30, 2026`.
        date_order: How dates with the year last are read (see `Reading`). By default the month comes first,
            as Listrak writes dates. Day and month are never swapped to make a date possible.

    Returns:
        The date-time (midnight for a date), `None` if there is none (also for `NO_DATES`, 0000-00-00 and
        1/0/1900, which mean no date), or the reason why the value is not a date.
    """
    date_time: dt.datetime | None = None
    if isinstance(value, str):
        text = value.strip()
        if not text or _NO_DATE.fullmatch(text):
            return None
        date_time = _parsed_date_time(text, date_order)
    elif isinstance(value, dt.datetime):
        date_time = value
    elif isinstance(value, dt.date):
        date_time = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  a calendar date has no zone
    elif value is None:
        return None
    if date_time is None:
        return _reason(value, date_order)
    return None if date_time.date() in NO_DATES else date_time


_NOT_A_DATE = {
    order: InvalidValue("not_a_date", f"expected a date: YYYY-MM-DD, with or without a time{form}")
    for order, form in (
        ("mdy", ", or MM/DD/YYYY (set date_order for days first)"),
        ("dmy", ", or DD/MM/YYYY as date_order says"),
        ("ymd", ", as date_order says"),
    )
}


_NO_SUCH_DAY = InvalidValue("not_a_date", "there is no such day or time")
_TWO_DIGITS = InvalidValue("not_a_date", "the year needs four digits")
_SHORT_YEAR = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}(?:\D.*)?", re.DOTALL)


def _reason(value: object, date_order: str) -> InvalidValue:
    """Return why a value is not a date."""
    if isinstance(value, str):
        text = value.strip()
        if _SHORT_YEAR.fullmatch(text):
            return _TWO_DIGITS
        orders = ("mdy", "dmy")  # a date in the other order is one that date_order would admit
        if _day_in(text, date_order) and not any(_parsed_date_time(text, order) for order in orders):
            return _NO_SUCH_DAY
    return _NOT_A_DATE[date_order]


def _number(month: str) -> int:
    return _MONTHS.index(month[:3].lower()) + 1


def _day_in(text: str, date_order: str) -> tuple[re.Match[str], tuple[int, int, int]] | None:
    """Return the match of a text with a form of dates, and year, month and day; `None` if no form fits."""
    if match := _YEAR_FIRST.fullmatch(text):
        return match, (int(match[1]), int(match[3]), int(match[4]))
    if match := _DAY_AND_MONTH.fullmatch(text):
        return match, (int(match[4]), _number(match[3]), int(match[1]))
    if match := _MONTH_AND_DAY.fullmatch(text):
        return match, (int(match[4]), _number(match[1]), int(match[3]))
    match = _YEAR_LAST.fullmatch(text)
    if match is None or date_order == "ymd":
        return None
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    if date_order == "dmy":
        return match, (year, second, first)
    return None if match[2] == "." else (match, (year, first, second))  # nobody writes months first with dots


def _parsed_date_time(text: str, date_order: str) -> dt.datetime | None:
    found = _day_in(text, date_order)
    if found is None:
        return None
    match, day = found
    hour, minute, second, fraction, half = match.group(5, 6, 7, 8, 9)
    utc, sign, offset_hours, offset_minutes = match.group(10, 11, 12, 13)
    hours = int(hour or 0)
    try:
        if half:
            if not 1 <= hours <= _NOON:
                return None
            hours = hours % _NOON + (_NOON if half[0] in "Pp" else 0)
        zone: dt.tzinfo | None = dt.UTC if utc else None
        if sign:
            offset = dt.timedelta(hours=int(offset_hours), minutes=int(offset_minutes or 0))
            zone = dt.timezone(offset if sign == "+" else -offset)
        micros = int((fraction or "").ljust(6, "0")[:6])
        clock = dt.time(hours, int(minute or 0), int(second or 0), micros, zone)
        return dt.datetime.combine(dt.date(*day), clock)
    except ValueError:
        return None


def is_later(value: object, than: object) -> bool:
    """Return whether a date or date-time is certainly later than another one.

    This has to be so for all readings of both: day and month in either order, and any time zone for a value
    without an offset if the other value has one. A value that cannot be read is not later.
    """
    later, earlier = _readings(value), _readings(than)
    return bool(later and earlier) and all(_is_after(after, before) for after in later for before in earlier)


def _readings(value: object) -> list[dt.datetime]:
    read = (as_date_time(value, order) for order in ("mdy", "dmy"))
    return [date_time for date_time in read if isinstance(date_time, dt.datetime)]


def _is_after(after: dt.datetime, before: dt.datetime) -> bool:
    if (after.tzinfo is None) == (before.tzinfo is None):
        return after > before
    with contextlib.suppress(OverflowError):
        return _utc(after) - _utc(before) > _MAX_OFFSET
    return False


def _utc(value: dt.datetime) -> dt.datetime:
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
