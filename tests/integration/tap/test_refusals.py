"""Listrak refuses one list, and shows the others: those are read, and the run says which one is missing."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
from tap_runs import extract_from, run_to_its_end

from listrak_api.errors import AuthenticationError, Cause, RequestRefusedError
from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.sync.refusals import PartlyRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extraction

STREAMS = [
    "lists",
    "campaigns",
    "contacts",
    "messages",
    "message_activity",
    "message_links",
    "conversations",
    "conversation_message_activity",
    "sender_codes",
    "phone_list_contacts",
]
LISTED = {"campaigns", "contacts", "messages", "conversations"}
BELOW = {"message_activity", "message_links", "conversation_message_activity"}


Whole = tuple[RunningSandbox, "Extraction"]


@pytest.fixture(scope="module")
def account() -> Iterator[Whole]:
    """A sandbox, and what one run without faults reads of it."""
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running, extract_from(running, streams=STREAMS, profile_fields="all")


@pytest.fixture(autouse=True)
def no_faults(account: Whole) -> None:
    account[0].control("DELETE", "faults")


def refuse(box: RunningSandbox, status: int, route: str, **ids: int) -> None:
    error = "ERROR_INVALID_PARAMETER" if status == 400 else "ERROR_UNAUTHORIZED"
    fault = {"kind": "status", "status": status, "error": error, "route": route, "ids": ids}
    box.control("POST", "faults", [fault])


def versioned(run: Extraction) -> set[str]:
    return {one["stream"] for one in run.messages if one["type"] == "ACTIVATE_VERSION"}


def bookmarks(run: Extraction, number: int) -> dict[str, str | None]:
    """The bookmarks of one list, by stream."""
    return {
        stream: part.get("replication_key_value")
        for stream, entry in run.state["bookmarks"].items()
        for part in entry["partitions"]
        if part["context"].get("listId") == number
    }


@pytest.mark.parametrize(
    ("status", "route", "place", "refused"),
    [
        (401, "*/List/{listId}/*", 0, LISTED),
        (401, "*/List/{listId}/*", 1, LISTED),
        (403, "*/List/{listId}/*", 1, LISTED),
        (400, "*/List/{listId}/Contact", 0, {"contacts"}),
        (400, "*/List/{listId}/Campaign", 0, {"campaigns"}),
        (400, "*/Message/{messageId}/Link", 1, {"message_links"}),
    ],
)
def test_one_list_that_is_refused_ended_every_run_before_everything_else(
    account: Whole, status: int, route: str, place: int, refused: set[str]
) -> None:
    """SMS, which comes last, was never read: day after day."""
    box, whole = account
    bad = sorted(whole.state["known_ids"]["lists"])[place][0]
    refuse(box, status, route, listId=bad)
    run, error = run_to_its_end(box, streams=STREAMS, profile_fields="all")
    assert isinstance(error, PartlyRefusedError)
    assert error.cause is Cause.DATA
    assert f"list {bad}: " in str(error)
    assert all(stream in str(error) for stream in refused)

    concerned = refused | (BELOW if refused == LISTED else set())
    for stream in STREAMS:
        missing = whole.merged(stream).keys() - run.merged(stream).keys()
        assert bool(missing) == (stream in concerned), stream
        assert all(key[0] == bad for key in missing)
    assert versioned(run) == versioned(whole) - concerned
    standing = bookmarks(run, bad)
    assert not standing.keys() & (concerned - {"message_links"})
    box.control("DELETE", "faults")

    after = extract_from(box, streams=STREAMS, state=run.state, profile_fields="all")
    for stream in STREAMS:
        assert whole.merged(stream).keys() == run.merged(stream).keys() | after.merged(stream).keys(), stream
    assert versioned(after) == versioned(whole)
    assert bookmarks(after, bad) == bookmarks(whole, bad)


def test_profile_fields_that_are_named_are_looked_for_in_the_other_lists(account: Whole) -> None:
    box, whole = account
    bad, good = (one[0] for one in whole.state["known_ids"]["lists"])
    name = next(
        next(iter(one["profileFields"]))
        for (number, _), one in whole.merged("contacts").items()
        if number == good
    )
    refuse(box, 401, "*/List/{listId}/*", listId=bad)
    run, error = run_to_its_end(box, streams=["contacts"], profile_fields=[name])
    assert isinstance(error, PartlyRefusedError)
    assert {one["listId"] for one in run.records["contacts"]} == {good}


def test_a_list_that_is_refused_for_months_keeps_its_bookmark(account: Whole) -> None:
    """Held for as long as it takes: what was not read must not be passed after the activity window."""
    box, whole = account
    bad = whole.state["known_ids"]["lists"][0][0]
    state = copy.deepcopy(whole.state)
    old = "2026-01-01T00:00:00Z"
    for part in state["bookmarks"]["contacts"]["partitions"]:
        part |= {"replication_key_value": old, "held_since": old}
    refuse(box, 400, "*/List/{listId}/Contact", listId=bad)
    run, error = run_to_its_end(box, streams=["contacts"], state=state, profile_fields="all")
    assert isinstance(error, PartlyRefusedError)
    assert bookmarks(run, bad)["contacts"] == old


@pytest.mark.parametrize(
    ("status", "route", "error"),
    [
        (401, "*/v1/*", AuthenticationError),
        (401, "*/List/{listId}/Campaign", AuthenticationError),
        (400, "*/List/{listId}/Campaign", RequestRefusedError),
    ],
)
def test_what_is_refused_of_the_integration_ends_the_run_at_once(
    account: Whole, status: int, route: str, error: type[Exception]
) -> None:
    box, _ = account
    refuse(box, status, route)
    run, found = run_to_its_end(box, streams=STREAMS)
    assert type(found) is error
    assert not run.records["phone_list_contacts"]


def test_a_list_that_is_refused_has_one_warning_and_not_one_for_each_stream(
    account: Whole, caplog: pytest.LogCaptureFixture
) -> None:
    box, whole = account
    bad = whole.state["known_ids"]["lists"][1][0]
    refuse(box, 401, "*/List/{listId}/*", listId=bad)
    run_to_its_end(box, streams=["campaigns", "contacts", "events"])
    assert caplog.text.count(f"Listrak refuses to show a part of list {bad}: ") == 1


def test_the_only_list_of_a_run_that_is_refused_ends_it_at_once(account: Whole) -> None:
    box, whole = account
    bad = whole.state["known_ids"]["lists"][0][0]
    refuse(box, 401, "*/List/{listId}/*", listId=bad)
    _, found = run_to_its_end(box, streams=STREAMS, list_ids=[bad])
    assert type(found) is AuthenticationError


def test_a_credential_that_is_revoked_midway_ends_the_run_and_blames_no_list(account: Whole) -> None:
    box, _ = account
    fault = {"kind": "status", "status": 401, "error": "ERROR_UNAUTHORIZED", "route": "*/v1/*", "after": 12}
    box.control("POST", "faults", [fault])
    _, found = run_to_its_end(box, streams=STREAMS)
    assert type(found) is AuthenticationError
