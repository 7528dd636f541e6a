"""The large world is served without being held in memory."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sandbox_api import Api

from listrak_sandbox.testing import running_sandbox

if TYPE_CHECKING:
    from listrak_sandbox.testing import RunningSandbox

MEGABYTE = 1024
"""In the kibibytes that the system counts in."""


def peak(sandbox: RunningSandbox) -> int:
    """Largest resident memory of the sandbox's process so far, in KiB."""
    status = Path(f"/proc/{sandbox.pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+)", status)
    assert found
    return int(found[1])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_stays_small_while_a_large_world_is_read() -> None:
    with running_sandbox(scale="large", process=True) as sandbox:
        api = Api(sandbox, "email")
        started = peak(sandbox)
        messages = list(api.rows("/List/40137/Message"))
        sent = [row for row in messages if row["messageStatus"] == "Sent"]
        total = largest = 0
        for message in sent[-80:]:
            path = f"/List/40137/Message/{message['messageId']}"
            count = api.get(f"{path}/Summary")["data"]["sentCount"]
            if count > largest:
                largest, biggest = count, path
            total += count
        assert total > 300_000
        rows = sum(1 for _ in api.rows(f"{biggest}/Activity"))
        assert rows == largest > 40_000
        assert peak(sandbox) < started + 120 * MEGABYTE
        assert peak(sandbox) < 200 * MEGABYTE
        api.session.close()


def test_the_large_world_holds_at_least_two_million_activity_rows() -> None:
    # Counted without the server, by a sample of each list.
    from listrak_sandbox.world import World  # noqa: PLC0415  only this test looks inside
    from listrak_sandbox.world.calendar import START_TIME  # noqa: PLC0415

    total = 0.0
    for one in World(1, "large").lists.values():
        messages = [message for message in one.broadcasts(START_TIME) if message.send < START_TIME]
        places = sum(message.sends.slots(START_TIME) for message in messages)
        sample = messages[5::40]
        present = sum(message.sends.totals(START_TIME).sent for message in sample)
        total += places * present / sum(message.sends.slots(START_TIME) for message in sample)
    assert total > 2_000_000
