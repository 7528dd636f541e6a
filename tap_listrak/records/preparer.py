"""Turns Listrak's rows into records: adds parents' ids, converts dates to UTC, and fills missing keys."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections import Counter
from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from tap_listrak.records import dates
from tap_listrak.records.scalars import ScalarColumns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import tzinfo

    from tap_listrak.records.row import Row

logger = logging.getLogger("tap-listrak")

_MISSING = "missing:"


class Preparer:
    """Prepares the records of one stream.

    A row that lacks a part of its key cannot be dropped, because it would be lost. It cannot be sent with
    null either: loaders fail, or drop it silently. So the missing part gets a placeholder, the same one
    whenever the same row is read: ``missing:`` and a digest of the row for a string, `dates.NO_DATE` for a
    date, 0 for a number. How often that happened is logged.

    Args:
        stream: The stream's name.
        schema: Its JSON schema.
        keys: Its primary key.
        zone: Returns the zone of dates without an offset; called when the first page is prepared.
    """

    def __init__(
        self,
        stream: str,
        schema: Mapping[str, Any],
        keys: Sequence[str],
        zone: Callable[[], tzinfo] = lambda: UTC,
    ) -> None:
        self.stream = stream
        self._zone = zone
        formats = {name: part.get("format") for name, part in schema["properties"].items()}
        self._date_times = tuple(name for name, form in formats.items() if form == "date-time")
        self._unknown_dates: Counter[str] = Counter()
        self._columns = tuple(schema["properties"])
        self._scalars = ScalarColumns(schema)
        self._keys = tuple(keys)
        self._kinds = {name: _kind(schema["properties"][name]) for name in keys}
        self._missing: dict[str, int] = {}
        self._lock = threading.Lock()

    @cached_property
    def _hours(self) -> dates.UtcHours:
        return dates.UtcHours(self._zone())

    def date_texts(self) -> dict[str, dates.UtcDates]:
        """Return what the dates of a page become, by column. It must not be shared between threads."""
        return dict.fromkeys(self._date_times, dates.UtcDates(self._hours)) if self._date_times else {}

    def count_unknown(
        self, texts: Mapping[str, dates.UtcDates], values: Callable[[str], Iterable[Any]]
    ) -> None:
        """Count the dates of a page whose form is not known.

        Args:
            texts: What the dates of the page became, by column.
            values: Returns the values of a column.
        """
        for name, one in texts.items():
            if one.unknown and (count := sum(value in one.unknown for value in values(name))):
                with self._lock:
                    self._unknown_dates[name] += count

    def prepare(self, data: Sequence[Row], ids: Mapping[str, Any]) -> list[Row]:
        """Return the records for rows, with their columns in the schema's order.

        Args:
            data: Listrak's rows.
            ids: The parents' ids. They replace those of the row, which Listrak sometimes omits or sets to
                null.
        """
        keys, texts = self.own_keys(ids.items()), self.date_texts()
        records = [self._prepare(row, ids, keys, texts) for row in data]
        self.count_unknown(texts, lambda name: [record.get(name) for record in records])
        return records

    def own_keys(self, ids: Iterable[tuple[str, Any]]) -> tuple[str, ...]:
        """Return the parts of the key that come from the row, not from the parents."""
        given = {name for name, _ in ids}
        return tuple(key for key in self._keys if key not in given)

    def report(self) -> None:
        """Log how many keys were missing since the last report, without any data."""
        with self._lock:
            missing, self._missing = self._missing, {}
            unknown, self._unknown_dates = self._unknown_dates, Counter()
        for key, count in missing.items():
            logger.warning(
                "%d rows of %s came without %s, a part of their key; they were sent with a placeholder (%s)",
                count,
                self.stream,
                key,
                {"date": dates.NO_DATE, "number": "0"}.get(self._kinds[key], "missing:…"),
            )

        for name, count in sorted(unknown.items()):
            logger.warning(
                "%d values of %s in %s are not dates in a form that is known; they were sent as the text "
                "that they are. Loaders may refuse them (docs/troubleshooting.md)",
                count,
                name,
                self.stream,
            )

    @property
    def used_placeholders(self) -> bool:
        """Whether a part of a key was missing since the last report."""
        return bool(self._missing)

    def placeholder_key(self, key: str, row: Mapping[str, Any]) -> object:
        """Return the placeholder for a missing part of a row's key, and count it.

        Args:
            key: The part.
            row: The row as Listrak sent it, as far as the schema knows it.
        """
        with self._lock:
            self._missing[key] = self._missing.get(key, 0) + 1
        kind = self._kinds[key]
        if kind == "date":
            return dates.NO_DATE
        if kind == "number":
            return 0
        text = json.dumps(row, sort_keys=True, default=str)
        return f"{_MISSING}{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"

    def _prepare(
        self, row: Row, ids: Mapping[str, Any], keys: Sequence[str], texts: Mapping[str, dates.UtcDates]
    ) -> Row:
        source = {**row, **ids}
        self._scalars.retype(source)
        for name, of_column in texts.items():
            if source.get(name) is not None:
                source[name] = of_column[str(source[name])]
        for key in keys:
            if is_missing(source.get(key)):
                source[key] = self.placeholder_key(
                    key, {name: row[name] for name in self._columns if name in row}
                )
        record = {name: source.pop(name) for name in self._columns if name in source}
        # Members that the schema does not have are kept: the SDK warns of them and drops them.
        record.update(source)
        return record


def is_placeholder(value: object) -> bool:
    """Return whether an id is a placeholder (see `Preparer`)."""
    return value == 0 or (isinstance(value, str) and value.startswith(_MISSING))


def is_missing(value: object) -> bool:
    """Return whether a part of a key is missing: null, empty or absent."""
    return value is None or value == "" or value is msgspec.UNSET


def _kind(part: Mapping[str, Any]) -> str:
    if part.get("format") == "date-time":
        return "date"
    types = part.get("type", [])
    return "number" if "integer" in types or "number" in types else "text"
