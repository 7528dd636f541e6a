"""What a message says: content and settings of saved messages, and of the messages of conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sandbox_api import Api

from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extract

SAVED = "GET /email/v1/List/{listId}/SavedMessage/{savedMessageId}"
CONTENT = ("bodyHtml", "bodyText", "fromEmail", "fromName", "replyEmail", "googleAnalyticsCampaignName")

# The clock is set to days on which the SDK no longer supports today's Python.
pytestmark = pytest.mark.filterwarnings("ignore:Python 3")


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        running.set_clock(now="2026-06-30T12:00:00+00:00", frozen=True)
        yield running


@pytest.fixture
def box(tiny: RunningSandbox) -> Iterator[RunningSandbox]:
    tiny.forget_requests()
    yield tiny
    tiny.control("DELETE", "faults")
    tiny.set_clock(now="2026-06-30T12:00:00+00:00", frozen=True)


def test_each_message_of_a_conversation_has_its_content_as_listrak_gives_it(
    box: RunningSandbox, extract: Extract
) -> None:
    run = extract(box, streams=["conversation_messages", "conversation_message_details"])
    details = run.merged("conversation_message_details")
    assert details.keys() == run.merged("conversation_messages").keys()
    api = Api(box, "email")
    for (number, conversation, message), record in details.items():
        there = api.get(f"/List/{number}/Conversation/{conversation}/Message/{message}")["data"]
        assert record["messageId"] == record["conversationMessageId"] == message
        assert {name: record[name] for name in CONTENT} == {name: there[name] for name in CONTENT}
    assert any(record["bodyText"] for record in details.values())


def test_each_saved_message_has_its_content_as_listrak_gives_it(
    box: RunningSandbox, extract: Extract
) -> None:
    run = extract(box, streams=["saved_messages", "saved_message_details"])
    details = run.merged("saved_message_details")
    assert details.keys() == run.merged("saved_messages").keys()
    api = Api(box, "email")
    for (number, saved), record in details.items():
        there = api.get(f"/List/{number}/SavedMessage/{saved}")["data"]
        assert {name: record[name] for name in CONTENT} == {name: there[name] for name in CONTENT}
        assert record["lastModifiedDate"] == run.merged("saved_messages")[number, saved]["lastModifiedDate"]


def test_saved_messages_are_asked_for_when_they_were_changed(box: RunningSandbox, extract: Extract) -> None:
    state, asked = None, []
    # Those of each list were changed on 31 October 2024, 28 February 2025 and 28 June 2025.
    for day in ("2025-01-15", "2025-04-15", "2025-06-30", "2025-07-15"):
        box.set_clock(now=f"{day}T12:00:00+00:00", frozen=True)
        box.forget_requests()
        run = extract(box, streams=["saved_message_details"], state=state)
        state = run.state
        asked.append(box.requests()["by_route"].get(SAVED, 0))
        assert len(run.records["saved_message_details"]) == asked[-1]
    lists = asked[0] // 3
    assert asked == [3 * lists, 2 * lists, lists, 0]


def test_a_saved_message_that_was_changed_before_start_date_is_in_the_first_run(
    box: RunningSandbox, extract: Extract
) -> None:
    whole = extract(box, streams=["saved_message_details"])
    late = extract(box, streams=["saved_message_details"], start_date="2026-06-01T00:00:00Z")
    assert late.merged("saved_message_details").keys() == whole.merged("saved_message_details").keys()


def test_read_in_full_every_saved_message_is_asked_for_in_every_run(
    box: RunningSandbox, extract: Extract
) -> None:
    streams, methods = ["saved_message_details"], {"saved_message_details": "FULL_TABLE"}
    first = extract(box, streams=streams, methods=methods)
    second = extract(box, streams=streams, methods=methods, state=first.state)
    assert (
        second.merged("saved_message_details").keys() == first.merged("saved_message_details").keys() != set()
    )


def test_a_saved_message_that_is_deleted_while_the_tap_reads_is_left_out(
    box: RunningSandbox, extract: Extract
) -> None:
    whole = extract(box, streams=["saved_message_details"]).merged("saved_message_details")
    number, saved = min(whole)
    fault = {"kind": "status", "status": 404, "error": "ERROR_UNABLE_TO_LOCATE_RESOURCE"}
    box.control("POST", "faults", [{**fault, "ids": {"savedMessageId": saved}}])
    less = extract(box, streams=["saved_message_details"])
    assert whole.keys() - less.merged("saved_message_details").keys() == {(number, saved)}
