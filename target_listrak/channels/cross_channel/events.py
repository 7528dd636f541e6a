"""The account's custom events and their schemas, and the values of records as event fields."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from listrak_api import routes
from target_listrak.config.names import find_by_name, folded
from target_listrak.delivery.lookups import look_up
from target_listrak.values.dates import as_date_time
from target_listrak.values.formats import as_text
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.numbers import as_number, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run
    from target_listrak.values.reading import Reading

__all__ = ["CustomEvent", "CustomEvents", "data_field", "fields_of"]


@dataclass(frozen=True, slots=True)
class CustomEvent:
    """A custom event of the account.

    Attributes:
        id: Its UID.
        name: Its name.
    """

    id: str
    name: str


class CustomEvents:
    """The account's custom events, read once in a run: `run.session(CustomEvents)`. Thread safe.

    Args:
        run: The run.
    """

    def __init__(self, run: Run) -> None:
        self._connection = run.connection
        self._client = run.connection.client("cross_channel")
        self._lock = threading.Lock()
        self._events: list[CustomEvent] | None = None
        self._schemas: dict[str, dict[str, str]] = {}

    def find(self, wanted: str | int) -> CustomEvent:
        """Find an event by its name or UID (`GET /eventConfigurations`).

        Raises:
            UnknownNameError: There is none; the hint lists those that exist.
            AmbiguousNameError: Several have the name.
        """
        with self._lock:
            if self._events is None:
                rows = look_up(self._connection, "cross_channel", routes.CUSTOM_EVENTS)
                self._events = [CustomEvent(str(one["eventUID"]), str(one["eventName"])) for one in rows]
        return find_by_name(wanted, self._events, "custom event")

    def schema(self, event: CustomEvent) -> Mapping[str, str]:
        """Return an event's fields (`GET /eventConfigurations/{eventUID}`).

        Returns:
            From name to type: `String`, `Int`, `Double` or `Date`.
        """
        with self._lock:
            if event.id not in self._schemas:
                found = self._client.get(routes.CUSTOM_EVENT, {"eventUID": event.id})
                self._schemas[event.id] = dict(found.get("eventSchemaAttrs") or {})
            return self._schemas[event.id]


def fields_of(
    destination: Destination, schema: Mapping[str, str], properties: Mapping[str, Any]
) -> dict[str, str]:
    """Match a stream's properties to an event's fields.

    Args:
        destination: The destination, with `fields`.
        schema: The event's schema.
        properties: The stream's properties that have no other use.

    Returns:
        From property to the event's field. Names may differ in case, blanks and underscores. A field that
        `fields` names and the event lacks is left out.
    """
    by_name = {folded(name): name for name in schema}
    pairs = {name: by_name.get(folded(str(goal))) for name, goal in destination.field_goals.items()}
    if destination.matches_names:
        taken = set(pairs.values())
        others = {name: by_name.get(folded(name)) for name in properties if name not in pairs}
        pairs |= {name: field for name, field in others.items() if field not in taken}
    return {name: field for name, field in pairs.items() if field is not None}


def data_field(value: object, data_type: str, reading: Reading) -> str | InvalidValue:
    """Return a value as the text that an event takes for a field; empty if there is none.

    A date without a time is a day: `2026-06-30`; one with a time is ISO 8601, with the offset that it has.

    Args:
        value: The record's value.
        data_type: The field's type in the event's schema.
        reading: How dates and numbers are read.
    """
    if value is None or (isinstance(value, str) and value.strip() in {"", *reading.null_values}):
        return ""
    return _FORMATS.get(data_type, _text)(value, reading)


def _text(value: object, reading: Reading) -> str | InvalidValue:
    del reading
    return as_text(value)


def _double(value: object, reading: Reading) -> str | InvalidValue:
    number = as_number(value, reading.decimal_mark)
    return number if isinstance(number, InvalidValue) else plain(number)


def _int(value: object, reading: Reading) -> str | InvalidValue:
    number = as_number(value, reading.decimal_mark)
    if number is None or isinstance(number, InvalidValue):
        return number or ""
    if number != number.to_integral_value():
        return InvalidValue("not_a_whole_number", "expected a whole number")
    return str(int(number))


def _date(value: object, reading: Reading) -> str | InvalidValue:
    date = as_date_time(value, reading.date_order)
    if isinstance(date, InvalidValue):
        return date
    if date is None:
        return ""
    is_day = date.time() == dt.time() and date.tzinfo is None
    return date.date().isoformat() if is_day else date.isoformat()


_FORMATS: dict[str, Callable[[object, Reading], str | InvalidValue]] = {
    "Int": _int,
    "Double": _double,
    "Date": _date,
}
