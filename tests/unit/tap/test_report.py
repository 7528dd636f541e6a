"""The line about bookmarks at the end of a run."""

from __future__ import annotations

from datetime import UTC, datetime

from tap_listrak.output.report import bookmarks_line

UNTIL, EARLIER = datetime(2026, 6, 30, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)


def test_bookmarks_that_moved_less_far_and_streams_without_are_named() -> None:
    moved = {
        ("contacts", (("listId", 7),)): UNTIL,
        ("contacts", (("listId", 8),)): EARLIER,
        ("messages", (("listId", 7),)): UNTIL,
    }
    assert bookmarks_line(["contacts", "messages", "list_imports"], moved, UNTIL) == (
        "Bookmarks: 2 in 2 streams moved to 2026-06-30T00:00:00Z; contacts listId 8 only to "
        "2026-01-01T00:00:00Z; not moved: list_imports"
    )


def test_many_bookmarks_that_moved_less_far_are_counted() -> None:
    moved = {("contacts", (("listId", number),)): EARLIER for number in range(8)}
    line = str(bookmarks_line(["contacts"], moved, UNTIL))
    assert line.count("only to") == 5
    assert line.endswith("; 3 others less far")


def test_a_run_without_bookmarks_says_nothing_and_one_that_moved_none_says_so() -> None:
    assert bookmarks_line([], {}, UNTIL) is None
    assert bookmarks_line(["contacts"], {}, UNTIL) == "No bookmark moved"
