"""The cost model of docs/scale.md against what was measured, and the page against the model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tap_runs import extract_from

from benchmarks.cost_model import CASES, LARGE, Account, Machine, cost, table
from listrak_sandbox.testing import running_sandbox

PAGE = Path(__file__).parents[3] / "docs" / "scale.md"
STREAMS = (
    "lists",
    "contacts",
    "messages",
    "message_activity",
    "message_links",
    "message_link_clickers",
    "message_summaries",
)


def test_the_page_shows_what_the_model_says() -> None:
    assert table() in PAGE.read_text("utf-8")


def test_requests_are_those_that_the_tap_makes() -> None:
    with running_sandbox(scale="tiny") as sandbox:
        found = {name: one["count"] for name, one in sandbox.expected().items()}
        sandbox.forget_requests()
        extract_from(sandbox, streams=STREAMS)
        made = sandbox.requests()["total"]
    messages = found["messages"]
    account = Account(
        lists=found["lists"],
        messages=messages,
        recipients=found["message_activity"] // messages,
        links=found["message_links"] // messages,
        contacts=found["contacts"],
    )
    assert made == pytest.approx(account.requests, rel=0.1)


@pytest.mark.parametrize(
    ("account", "machine", "measured"),
    [
        pytest.param(Account(1, 80, 5200), Machine(), 2.67, id="fan-out"),
        pytest.param(Account(1, 1, 500_000), Machine(latency=0), 1.67, id="one stream"),
    ],
)
def test_seconds_are_near_those_of_the_performance_page(
    account: Account, machine: Machine, measured: float
) -> None:
    """The numbers of docs/performance.md, 2026-11-21."""
    assert cost(account, machine, loads=False).total_seconds == pytest.approx(measured, rel=0.3)


def test_two_shards_under_a_shared_rate_take_what_the_rate_allows() -> None:
    """3,136 requests in 83 seconds at 40 a second, as docs/scale.md tells."""
    machine = Machine(processes=2, requests_per_second=40)
    account = Account(lists=3, messages=460, recipients=110, links=3, contacts=12_000)
    found = cost(account, machine, loads=False)
    assert found.bound_by == "rate limit"
    assert found.seconds["rate limit"] == account.requests / 40
    assert 3136 / machine.requests_per_second == pytest.approx(83, rel=0.1)


def test_what_grows_with_what() -> None:
    one = cost(LARGE, Machine())
    assert LARGE.activity_rows == 1_000_000_000
    assert cost(LARGE, Machine(latency=0.1)).seconds["latency"] == 2 * one.seconds["latency"]
    halved = cost(LARGE, Machine(processes=2))
    assert halved.seconds["loader"] == one.seconds["loader"] / 2
    larger = cost(replace(LARGE, recipients=2 * LARGE.recipients), Machine())
    assert larger.seconds["loader"] == pytest.approx(2 * one.seconds["loader"], rel=0.15)
    assert larger.requests < 1.2 * one.requests  # a page more for each message
    assert {cost(account, machine).bound_by for _, account, machine in CASES} == {"loader", "rate limit"}
