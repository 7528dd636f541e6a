"""Lines about where a long run is: stream, list, rows, requests, the pace of now, and what is left."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tap_listrak.output.progress import Place, Progress

if TYPE_CHECKING:
    import pytest

ANCESTORS = ("lists", "messages")


def test_a_line_says_where_the_run_is_how_fast_and_what_is_left(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="tap-listrak")
    now = [0.0]
    progress = Progress(lambda: 2230, seconds=5.0, clock=lambda: now[0])
    progress.reached("lists", Place(2, 3, title="Outlet"))
    progress.reached("messages", Place(120, 437, more=True, until=datetime(2025, 6, 30, tzinfo=UTC)))
    progress.reached("phone_lists", Place(1, 9))
    progress.rows("contacts", {"listId": 7}, 80_000, ("lists",))
    now[0] = 4.0
    progress.rows("message_activity", {"listId": 7}, 1_000, ANCESTORS)
    assert not caplog.records
    now[0] = 10.0
    progress.rows("message_activity", {"listId": 7}, 9_000, ANCESTORS)
    now[0] = 15.0
    progress.rows("message_activity", {"listId": 7}, 500, ANCESTORS)
    first, second = [record.getMessage() for record in caplog.records]
    assert first == (
        "At message_activity of listId 7 (Outlet): 90,000 rows, 2,230 requests, 10 s; now 9,000 rows/s; "
        "lists 2 of 3, messages 120 of 437 or more up to 2025-06-30"
    )
    assert "now 100 rows/s" in second, "the pace since the last line, not since the beginning"


def test_a_stream_without_list_and_parent_has_a_short_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="tap-listrak")
    Progress(lambda: 1, seconds=0.0, clock=lambda: 0.0).rows(
        "folders", {}, 0, until=datetime(2025, 6, 30, tzinfo=UTC)
    )
    assert caplog.messages == ["At folders up to 2025-06-30: 0 rows, 1 requests, 0 s; now 0 rows/s"]
