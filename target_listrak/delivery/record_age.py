"""Records that are too old, or dated in the future, to raise an event or send a message today."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from target_listrak.outcomes import Declined, Rejected, RowDeclined, RowRejected
from target_listrak.values.dates import as_date_time
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_listrak.config.destination import Destination

__all__ = ["RecordAge"]

_TOLERANCE: Final = dt.timedelta(days=1)
"""How far in the future a date may be: a date without an offset may be of any time zone."""


class RecordAge:
    """Compares the date of records (`event_date`) with this machine's clock.

    Args:
        destination: The destination, with `event_date` and `max_age_days`, or neither.
        config: The settings, which say how dates are read.
    """

    def __init__(self, destination: Destination, config: Mapping[str, Any]) -> None:
        self._name: str | None = destination.options.get("event_date")
        self._max_days: float = destination.options.get("max_age_days", 0)
        self._reading = Reading.of(destination.options, config)

    def check(self, record: Mapping[str, Any]) -> None:
        """Check a record's date, if the destination names one.

        Raises:
            RowDeclined: The record is older than `max_age_days`, or dated in the future by more than a day.
            RowRejected: It has no date (`no_date`), or one that cannot be read.
        """
        name = self._name
        if name is None:
            return
        value = record.get(name)
        is_null = isinstance(value, str) and value.strip() in self._reading.null_values
        date = None if is_null else as_date_time(value, self._reading.date_order)
        if isinstance(date, InvalidValue):
            raise RowRejected(Rejected.of(date, name))
        if date is None:
            reason = f"{name}: the date is missing, and records older than max_age_days are left out"
            raise RowRejected(Rejected("no_date", reason))
        age = _age(date, dt.datetime.now(dt.UTC))
        if age > dt.timedelta(days=self._max_days):
            reason = f"{name}: the record is older than max_age_days ({self._max_days:g})"
            raise RowDeclined(Declined("too_old", reason))
        if age < -_TOLERANCE:
            reason = f"{name}: the record is dated in the future by more than a day"
            raise RowDeclined(Declined("in_the_future", reason))


def _age(date: dt.datetime, now: dt.datetime) -> dt.timedelta:
    """Return the time since a date, in whole days if the date has no time. No offset means UTC."""
    if date.tzinfo is None:
        if date.time() == dt.time():
            return now.date() - date.date()
        date = date.replace(tzinfo=dt.UTC)
    return now - date
