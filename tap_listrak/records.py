"""Turns Listrak's rows into records: parents' ids, dates that loaders take, keys that are never missing."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from typing import TYPE_CHECKING, Any

from tap_listrak import dates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_listrak.requests import Row

logger = logging.getLogger("tap-listrak")


class Preparer:
    """Prepares the records of one stream.

    A row that lacks a part of its key can neither be dropped (it would vanish) nor sent with null (loaders
    stop there, or drop it without a word). It gets a stand-in, the same one whenever the same row is read:
    for a text ``missing:`` and a digest of the row, for a date `dates.NO_DATE`, for a number 0. How often
    that happened is logged.

    Args:
        stream: The stream's name.
        schema: Its JSON schema.
        keys: Its primary key.
    """

    def __init__(self, stream: str, schema: Mapping[str, Any], keys: Sequence[str]) -> None:
        self.stream = stream
        self._dates = tuple(
            name for name, part in schema["properties"].items() if part.get("format") == "date-time"
        )
        self._keys = tuple(keys)
        self._kinds = {name: _kind(schema["properties"][name]) for name in keys}
        self._missing: dict[str, int] = {}
        self._lock = threading.Lock()

    def prepare(self, data: Sequence[Row], ids: Mapping[str, Any]) -> list[Row]:
        """Return the records for rows.

        Args:
            data: Listrak's rows.
            ids: The parents' ids. They win over what the row says: Listrak leaves them out, or null, in
                places.
        """
        return [self._prepare(row, ids) for row in data]

    def report(self) -> None:
        """Log how many keys were missing since the last report, without any data."""
        with self._lock:
            missing, self._missing = self._missing, {}
        for key, count in missing.items():
            logger.warning(
                "%d rows of %s came without %s, a part of their key; they were sent with a stand-in (%s)",
                count,
                self.stream,
                key,
                {"date": dates.NO_DATE, "number": "0"}.get(self._kinds[key], "missing:…"),
            )

    def _prepare(self, row: Row, ids: Mapping[str, Any]) -> Row:
        record = {**ids, **row, **ids}
        for name in self._dates:
            value = record.get(name)
            if value is not None:
                record[name] = dates.normalise(value)
        for key in self._keys:
            if record.get(key) in {None, ""}:
                record[key] = self._stand_in(key, row)
        return record

    def _stand_in(self, key: str, row: Row) -> object:
        with self._lock:
            self._missing[key] = self._missing.get(key, 0) + 1
        kind = self._kinds[key]
        if kind == "date":
            return dates.NO_DATE
        if kind == "number":
            return 0
        text = json.dumps(row, sort_keys=True, default=str)
        return f"missing:{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"


def _kind(part: Mapping[str, Any]) -> str:
    if part.get("format") == "date-time":
        return "date"
    types = part.get("type", [])
    return "number" if "integer" in types or "number" in types else "text"
