"""The tap's side of the fault matrix: one kind of stream per column, and what a loader holds after a run."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from plugin_runs import Ended, run, settings_for, without_data
from warehouse import Warehouse

from tap_listrak.tap import TapListrak

if TYPE_CHECKING:
    from pathlib import Path

    from listrak_sandbox.testing import RunningSandbox

SINCE = "2026-05-20T00:00:00Z"


@dataclass(frozen=True)
class Column:
    """A kind of stream.

    Attributes:
        streams: What is selected.
        settings: What keeps it small, and its pages many.
    """

    streams: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)


COLUMNS = {
    "paged collection": Column(("list_imports", "list_import_contacts"), {"page_size": 12}),
    "child collection": Column(("message_activity",), {"page_size": 20, "start_date": SINCE}),
    "single resource": Column(("message_summaries",), {"page_size": 2, "start_date": SINCE}),
    "window-read": Column(("contacts",), {"page_size": 12, "window_days": 400}),
    "conversations": Column(("conversations", "conversation_message_activity"), {"page_size": 25}),
    "SMS": Column(("phone_list_contacts", "sms_opt_outs"), {"page_size": 5}),
}
"""The columns of the table."""

_CATALOGS: dict[str, dict[str, Any]] = {}


def catalog(streams: tuple[str, ...]) -> dict[str, Any]:
    """Give a catalog that selects these streams."""
    if "all" not in _CATALOGS:
        _CATALOGS["all"] = TapListrak(config={"client_id": "x", "client_secret": "x"}).catalog_dict
    chosen = copy.deepcopy(_CATALOGS["all"])
    for entry in chosen["streams"]:
        root = next(one["metadata"] for one in entry["metadata"] if not one["breadcrumb"])
        root["selected"] = entry["tap_stream_id"] in streams
    return chosen


@dataclass
class TapRuns:
    """Runs of the tap into one loader."""

    box: RunningSandbox
    folder: Path
    column: Column
    warehouse: Warehouse = field(default_factory=Warehouse)

    def run(self, **settings: object) -> Ended:
        """Run it from the last STATE, load what it wrote, and check that it reads as Singer."""
        config = {
            **without_data(settings_for(self.box)),
            "list_ids": [40137],
            "sender_code_ids": [410],
            "max_concurrency": 4,
            **self.column.settings,
            **settings,
        }
        files: dict[str, object] = {"catalog": catalog(self.column.streams)}
        if self.warehouse.state:
            files["state"] = self.warehouse.state
        ended = run("tap-listrak", self.folder, config, **files)
        assert ended.out.endswith(b"\n") or not ended.out
        self.warehouse.load(ended.out)
        return ended

    @property
    def tables(self) -> dict[str, Any]:
        """What the loader holds."""
        return {stream: dict(rows) for stream, rows in self.warehouse.tables.items()}
