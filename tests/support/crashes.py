"""Moments of crashes, counted in requests: how fast the machine is says nothing."""

from __future__ import annotations

import signal
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from target_cells import account

if TYPE_CHECKING:
    import random
    import subprocess

    from listrak_sandbox.testing import RunningSandbox

SIGNALS = (signal.SIGKILL, signal.SIGTERM)
SAFE_END_SECONDS = 10
NOW = "2026-06-30T12:00:00Z"


def begin_anew(box: RunningSandbox, latency_ms: float) -> None:
    """Give the account back as it was, with answers and imports slow enough to be interrupted."""
    box.reset(seed=0)
    box.set_clock(now=NOW, frozen=True)
    box.settings(latency_ms=latency_ms, import_seconds=0.05)


def early(draw: random.Random, requests: int) -> int:
    """Draw a moment before the last of so many requests: rather an early one, for a run that goes on from a
    STATE has fewer."""
    return min(draw.randrange(1, requests), draw.randrange(1, requests))


def answered(box: RunningSandbox) -> int:
    """Tell how many requests were answered; by HTTP, asking so often would take the run's processor time."""
    assert box.sandbox is not None
    return box.sandbox.log.by_route.total()


def wait_for_requests(box: RunningSandbox, more: int, child: subprocess.Popen[bytes]) -> None:
    """Wait until so many requests were answered, or the run has ended by itself."""
    deadline = time.monotonic() + 60
    while child.poll() is None and time.monotonic() < deadline:
        if answered(box) >= more:
            return
        time.sleep(0.01)


def left_behind(box: RunningSandbox) -> dict[str, Any]:
    """Give what Listrak holds, and how often each number was subscribed: a text message is sent for it."""
    calls = box.written()["sms"]["calls"]
    joining = (one for one in calls if one["operation"] in {"create", "subscribe"})
    joined = Counter((one["operation"], one["phoneNumber"]) for one in joining)
    return account(box) | {"joined": joined}
