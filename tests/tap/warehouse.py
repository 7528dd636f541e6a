"""A loader's view of the tap: runs it, merges what it writes by key as a database would, and keeps the last
STATE."""

from __future__ import annotations

import contextlib
import io
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from tap_listrak.tap import TapListrak

if TYPE_CHECKING:
    from listrak_sandbox.testing import RunningSandbox

Key = tuple[Any, ...]
Record = dict[str, Any]


def config_for(sandbox: RunningSandbox, **more: Any) -> Record:  # noqa: ANN401 - settings
    """Give settings that point at a sandbox, with credentials for the email and SMS APIs."""
    return {
        "client_id": "sandbox-email",
        "client_secret": "sandbox-email-secret",
        "sms_client_id": "sandbox-sms",
        "sms_client_secret": "sandbox-sms-secret",
        "api_url": sandbox.url,
        "auth_url": sandbox.auth_url,
        "max_concurrency": 2,
        **more,
    }


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
            catalog = self._catalog(config) if self.only else None
            TapListrak(config=dict(config), catalog=catalog, state=self.state or None).sync_all()
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

    def _catalog(self, config: Record) -> Record:
        catalog: Record = TapListrak(config=dict(config)).catalog_dict
        for entry in catalog["streams"]:
            for part in entry["metadata"]:
                if part["breadcrumb"] in ((), []):
                    part["metadata"]["selected"] = entry["stream"] in self.only
        return catalog

    def _activate(self, stream: str) -> None:
        loads = self._loads[stream]
        for key in [key for key, load in loads.items() if load != self._load]:
            del loads[key], self.tables[stream][key]
