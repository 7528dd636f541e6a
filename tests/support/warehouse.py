"""A loader's view of the tap: runs it, merges what it writes by key as a database would, and keeps the last
STATE."""

from __future__ import annotations

import contextlib
import io
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import msgspec
from tap_runs import catalog

from tap_listrak.tap import TapListrak

Key = tuple[Any, ...]
Record = dict[str, Any]


@dataclass
class Warehouse:
    """Tables that the tap's messages were merged into.

    Attributes:
        tables: Rows by stream and key.
        state: The last STATE.
        keys: The key columns of each stream that has written a SCHEMA.
        only: The streams to select; all of them if empty.
    """

    tables: dict[str, dict[Key, Record]] = field(default_factory=lambda: defaultdict(dict))
    state: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)
    only: frozenset[str] = frozenset()
    _loads: dict[str, dict[Key, int]] = field(default_factory=lambda: defaultdict(dict))
    _load: int = 0

    def run(self, config: dict[str, Any]) -> None:
        """Run the tap in this process from the last STATE, and merge what it writes."""
        output = io.BytesIO()
        text = io.TextIOWrapper(output, encoding="utf-8", write_through=True)
        with contextlib.redirect_stdout(text):
            chosen = catalog(dict(config), self.only) if self.only else None
            TapListrak(config=dict(config), catalog=chosen, state=self.state or None).sync_all()
            text.flush()
        self.load(output.getvalue())

    def load(self, output: bytes) -> None:
        """Merge Singer messages. A line that was cut off at the end is left out, as a loader's reader
        does."""
        self._load += 1
        for line in output.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                return
            message = msgspec.json.decode(line)
            stream = message.get("stream")
            if message["type"] == "SCHEMA":
                self.keys[stream] = message["key_properties"]
            elif message["type"] == "RECORD":
                record = message["record"]
                key = tuple(record[name] for name in self.keys[stream])
                self.tables[stream][key] = record
                self._loads[stream][key] = self._load
            elif message["type"] == "ACTIVATE_VERSION":
                self._activate(stream)
            elif message["type"] == "STATE":
                self.state = message["value"]

    def _activate(self, stream: str) -> None:
        loads = self._loads[stream]
        for key in [key for key, load in loads.items() if load != self._load]:
            del loads[key], self.tables[stream][key]
