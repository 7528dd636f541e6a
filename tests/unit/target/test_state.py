"""The state tracker: STATE never ahead of what is confirmed, and as soon as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hypothesis.strategies as st
import pytest
from hypothesis import given

from target_listrak.tracking import state as state_module
from target_listrak.tracking.state import Checkpoint, StateTracker

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random


@given(
    st.lists(st.sampled_from(["row", "state", "hold"]), max_size=60),
    st.randoms(use_true_random=False),
    st.sampled_from([2, 3, 1024]),
)
def test_state_passes_exactly_when_everything_before_it_is_settled(
    events: list[str], random: Random, most: int
) -> None:
    """Against a plain model; with a small `most`, waiting STATE is dropped: that may delay, never advance."""
    written: list[int] = []
    state_tracker = StateTracker(lambda value: written.append(int(value)))
    before = state_module._MAX_CHECKPOINTS
    state_module._MAX_CHECKPOINTS = most
    try:
        open_rows: list[tuple[int, Callable[[], None]]] = []
        unsettled: set[int] = set()
        states: list[int] = []
        for place, event in enumerate(events):
            if event == "state":
                states.append(place)
                state_tracker.state(str(place).encode())
            else:
                confirm = (
                    state_tracker.hold().release
                    if event == "hold"
                    else _settler(state_tracker, state_tracker.open())
                )
                open_rows.append((place, confirm))
                unsettled.add(place)
            while open_rows and random.random() < 0.4:
                done, confirm = open_rows.pop(random.randrange(len(open_rows)))
                unsettled.discard(done)
                confirm()
            free = [one for one in states if not any(row < one for row in unsettled)]
            assert written[-1:] <= free[-1:]
            if most == 1024:
                assert written[-1:] == free[-1:]
            assert written == sorted(set(written))
        for _, confirm in open_rows:
            confirm()
        assert written[-1:] == states[-1:]
    finally:
        state_module._MAX_CHECKPOINTS = before


def _settler(state_tracker: StateTracker, checkpoint: Checkpoint) -> Callable[[], None]:
    return lambda: state_tracker.confirm(checkpoint)


def test_many_states_that_wait_take_little_memory() -> None:
    state_tracker = StateTracker(lambda _: None)
    state_tracker.open()
    for number in range(10_000):
        state_tracker.state(str(number).encode())
    assert len(state_tracker._checkpoints) <= 1024


def test_a_state_that_may_not_pass_yet_passes_later() -> None:
    written: list[bytes] = []
    allowed = False
    state_tracker = StateTracker(written.append, lambda: allowed)
    row = state_tracker.open()
    state_tracker.state(b"1")
    state_tracker.confirm(row)
    assert written == []
    allowed = True
    state_tracker.confirm_all({})
    assert written == [b"1"]


@pytest.mark.parametrize("times", [1, 2])
def test_a_hold_is_released_once(times: int) -> None:
    written: list[bytes] = []
    state_tracker = StateTracker(written.append)
    hold = state_tracker.hold()
    state_tracker.open()
    state_tracker.state(b"1")
    for _ in range(times):
        hold.release()
    assert written == []  # the row is still open
