"""Requests that can find nothing, warnings that repeat each other, and what a state says in vain."""

from __future__ import annotations

import copy
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tap_runs import extract_from

from listrak_api import routes
from listrak_api.client import Client
from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extraction

STREAMS = [
    "contacts",
    "messages",
    "message_activity",
    "message_link_clickers",
    "conversation_message_activity",
    "conversation_message_link_clickers",
    "transactional_message_activity",
    "list_imports",
    "split_tests",
    "sms_opt_outs",
]


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


@pytest.fixture(scope="module")
def whole(tiny: RunningSandbox) -> Extraction:
    return extract_from(tiny, streams=STREAMS)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The pages that are asked for: route, ids and query."""
    found: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    original = Client.get_page

    def get_page(self: Client, route: Any, ids: Any = (), params: Any = (), *more: Any, **rest: Any) -> Any:  # noqa: ANN401
        found.append((str(route), dict(ids), dict(params)))
        return original(self, route, dict(ids), dict(params), *more, **rest)

    monkeypatch.setattr(Client, "get_page", get_page)
    return found


@pytest.mark.parametrize("end_date", ["2025-01-01T00:00:00Z", "2026-06-29T00:00:00Z"])
def test_an_end_date_before_the_bookmarks_asked_for_time_that_ends_before_it_starts(
    tiny: RunningSandbox, whole: Extraction, asked: list[Any], end_date: str
) -> None:
    run = extract_from(tiny, streams=STREAMS, state=whole.state, end_date=end_date)
    assert asked
    for route, _, params in asked:
        start, end = params.get("startDate"), params.get("endDate")
        assert start is None or end is None or start <= end, route
    assert run.state["bookmarks"] == whole.state["bookmarks"]


def test_each_message_that_was_deleted_had_a_warning_of_its_own(
    tiny: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """340 lines said the same."""
    gone = {"kind": "status", "status": 404, "error": "ERROR_UNABLE_TO_LOCATE_RESOURCE"}
    tiny.control("POST", "faults", [{**gone, "route": "*/Message/{messageId}*"}])
    try:
        extract_from(tiny, streams=["messages", "message_activity", "message_links"])
    finally:
        tiny.control("DELETE", "faults")
    lines = [one.getMessage() for one in caplog.records if "Deleted during the run" in one.getMessage()]
    (line,) = lines
    assert "and 76 more" in line


def test_a_list_that_comes_twice_is_read_once(tiny: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows move between pages while they are read: a list on two of them was read twice, with all below."""
    streams, original, asked = ["lists", "contacts", "campaigns"], Client.get_page, []

    def get_page(self: Client, route: Any, *parts: Any, **more: Any) -> Any:  # noqa: ANN401
        if route is not routes.LISTS:
            asked.append(f"{route} {parts}")
            return original(self, route, *parts, **more)
        page = original(self, route)
        if parts[2] is None:  # the cursor
            return replace(page, rows=page.rows[:1], next_cursor="2")
        return replace(page, rows=[*page.rows, page.rows[1]])

    whole = extract_from(tiny, streams=streams)
    monkeypatch.setattr(Client, "get_page", get_page)
    run = extract_from(tiny, streams=streams, max_concurrency=1, state=whole.state)
    assert [one["listId"] for one in run.records["lists"]] == [40137, 40137, 40274]
    assert run.merged("lists") == whole.merged("lists")
    assert run.merged("campaigns") == whole.merged("campaigns")
    assert len(asked) == len(set(asked))


def test_a_bookmark_of_a_message_that_is_ignored_is_named(
    tiny: RunningSandbox, whole: Extraction, caplog: pytest.LogCaptureFixture
) -> None:
    """A state of another tap has a partition for each message: nothing was said, and all was read again."""
    state = copy.deepcopy(whole.state)
    for part in state["bookmarks"]["message_activity"]["partitions"]:
        part["context"]["messageId"] = 1
    with caplog.at_level(logging.WARNING):
        extract_from(tiny, streams=["message_activity"], state=state)
    text = "2 of the state's bookmarks of message_activity are ignored: they are for listId, messageId"
    assert text in caplog.text
    caplog.clear()
    extract_from(tiny, streams=["contacts"], state=whole.state)
    assert "are ignored" not in caplog.text
