"""Settings that are switched on after a first run: what stays missing is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_sandbox.testing import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extract

STREAMS = ["messages", "conversation_message_activity"]
SWITCHES = ["include_test_messages", "include_previous_versions"]


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


@pytest.mark.parametrize("setting", SWITCHES)
def test_X20_rows_that_a_setting_lets_in_later_are_said_to_be_missing_until_a_full_refresh(
    tiny: RunningSandbox, extract: Extract, caplog: pytest.LogCaptureFixture, setting: str
) -> None:
    first = extract(tiny, streams=STREAMS)
    assert "read_with" not in first.state
    assert "switched on" not in caplog.text
    for state in (first.state, extract(tiny, streams=STREAMS, state=first.state, **{setting: True}).state):
        caplog.clear()
        extract(tiny, streams=STREAMS, state=state, **{setting: True})
        assert f"{setting} was switched on after the first run" in caplog.text
    caplog.clear()
    whole = extract(tiny, streams=STREAMS, **{setting: True})
    again = extract(tiny, streams=STREAMS, state=whole.state, **{setting: True})
    assert whole.state["read_with"] == again.state["read_with"] == [setting]
    assert "switched on" not in caplog.text
    # Off for one run, and the rows of that time are missing.
    off = extract(tiny, streams=STREAMS, state=whole.state)
    assert "read_with" not in off.state
