"""Members read in windows of dates are the members that one query returns, or the read fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from target_runs import Runs, activate, record, schema, state

from listrak_api.errors import ConfigurationError, UnavailableError
from target_listrak.channels.email.contact_pages import Contact, contact_pages
from target_listrak.channels.email.lists import EmailList
from target_listrak.target import TargetListrak

if TYPE_CHECKING:
    from collections.abc import Sequence

NEWSLETTER, VIP = 40137, 1124
CONTACTS = "/List/{listId}/Contact"
STATES = ({"subscriptionState": "Subscribed"}, {"subscriptionState": "Unsubscribed"})


@pytest.fixture
def large(runs: Runs) -> Runs:
    """A list of more than a page of contacts: that of the usual scale."""
    assert runs.sandbox.sandbox is not None
    assert runs.sandbox.sandbox.scale == "small"
    return runs


def read(runs: Runs, *, by_date: bool, states: Sequence[dict[str, str]] = STATES, **more: object) -> set[str]:
    """The addresses that are read, with the state that they were asked for by."""
    destination = {"people": {"kind": "email_list", "list": NEWSLETTER}}
    config = runs.config(destination, read_members_by_date=by_date, max_concurrency=4, **more)
    run = TargetListrak(config=config).run
    found: list[Contact] = []
    for page in contact_pages(run, EmailList(NEWSLETTER, "Newsletter"), states):
        found += page
    return {one.emailAddress for one in found}


@pytest.mark.parametrize("reading", ["offset_honoured", "offset_dropped", "read_as_utc"])
def test_by_date_everybody_is_read_however_listrak_reads_dates(large: Runs, reading: str) -> None:
    large.sandbox.settings(query_dates=reading, latency_ms=20)
    whole = read(large, by_date=False)
    large.sandbox.forget_requests()
    assert read(large, by_date=True) == whole
    assert len(whole) > 6000
    requests = large.sandbox.requests()
    assert requests["max_in_flight"] > 1
    assert requests["by_route"]["GET /email/v1" + CONTACTS] < 60


def test_a_list_of_one_page_is_one_request(runs: Runs) -> None:
    runs.sandbox.reset(scale="tiny")
    try:
        read(runs, by_date=True)
        assert runs.sandbox.requests()["by_route"]["GET /email/v1" + CONTACTS] == 2
    finally:
        runs.sandbox.reset(scale="small")  # what all other tests of the sandbox expect


def test_one_window_that_fails_fails_the_read(large: Runs) -> None:
    fault = {"kind": "status", "status": 500, "route": CONTACTS, "after": 20, "count": 1}
    large.sandbox.control("POST", "faults", [fault])
    with pytest.raises(UnavailableError):
        read(large, by_date=True, max_retries=0)


def test_a_listrak_that_does_not_filter_by_date_ends_the_read(
    large: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listrak_sandbox.sandbox.Call.date_param", lambda *_: None)
    with pytest.raises(ConfigurationError, match="read_members_by_date"):
        read(large, by_date=True, states=STATES[:1])


def test_who_has_no_date_is_not_removed_by_date_and_is_without(large: Runs) -> None:
    """What the setting's text warns of: whoever is missed stays."""
    rows: list[dict[str, Any]] = [record("vips", 1, email="stays@example.org", member=True)]
    for address in ("stays@example.org", "leaves@example.org", "undated@example.org"):
        large.save(NEWSLETTER, address, {VIP: "on"})
    assert large.sandbox.sandbox is not None
    contacts = large.sandbox.sandbox.store.lists[NEWSLETTER].order
    next(one for one in contacts if one.email == "undated@example.org").since = None
    destination = {"vips": {"kind": "audience", "list": NEWSLETTER, "field": "VIP", "mirror": True}}
    messages = [
        schema("vips", "email", member={"type": ["boolean", "null"]}),
        *rows,
        activate("vips", 1),
        state(1),
    ]

    def on(address: str) -> str:
        return large.values(NEWSLETTER, address)[VIP]

    options = {"max_removed_share": 1}
    destination["vips"] |= options
    large.good(messages, destination, read_members_by_date=True)
    assert [on(f"{one}@example.org") for one in ("stays", "leaves", "undated")] == ["on", "off", "on"]
