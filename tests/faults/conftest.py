"""A sandbox whose clock stands still, so that a disturbed run can be compared with an undisturbed one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_api import client, pacing, settings
from listrak_api.retry import RetryPolicy
from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def tiny_sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(scale="tiny") as running:
        yield running


@pytest.fixture
def box(tiny_sandbox: RunningSandbox) -> Iterator[RunningSandbox]:
    """A tiny account, always the same, at a moment that does not pass."""
    tiny_sandbox.reset(seed=0)
    tiny_sandbox.set_clock(now="2026-06-30T12:00:00Z", frozen=True)
    tiny_sandbox.settings(import_seconds=0.0)
    yield tiny_sandbox
    tiny_sandbox.control("DELETE", "faults")


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pauses between attempts be short. What is retried, and how often, stays as it is."""

    def quick(max_retries: int) -> RetryPolicy:
        return RetryPolicy(max_retries, base=0.005, cap=0.2)

    monkeypatch.setattr(client, "RetryPolicy", quick)
    monkeypatch.setattr(pacing, "_SLOWEST", 0.02)
    monkeypatch.setattr(settings, "_PUBLISHED_RATES", {})
