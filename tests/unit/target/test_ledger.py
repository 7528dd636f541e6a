"""The ledger: STATE never ahead of what is confirmed, and as soon as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hypothesis.strategies as st
import pytest
from hypothesis import given

from target_listrak.tracking import state as ledger_module
from target_listrak.tracking.state import Epoch, Ledger

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
    ledger = Ledger(lambda value: written.append(int(value)))
    before = ledger_module._MOST_EPOCHS
    ledger_module._MOST_EPOCHS = most
    try:
        open_rows: list[tuple[int, Callable[[], None]]] = []
        unsettled: set[int] = set()
        states: list[int] = []
        for place, event in enumerate(events):
            if event == "state":
                states.append(place)
                ledger.state(str(place).encode())
            else:
                settle = ledger.hold().release if event == "hold" else _settler(ledger, ledger.open())
                open_rows.append((place, settle))
                unsettled.add(place)
            while open_rows and random.random() < 0.4:
                done, settle = open_rows.pop(random.randrange(len(open_rows)))
                unsettled.discard(done)
                settle()
            free = [one for one in states if not any(row < one for row in unsettled)]
            assert written[-1:] <= free[-1:]
            if most == 1024:
                assert written[-1:] == free[-1:]
            assert written == sorted(set(written))
        for _, settle in open_rows:
            settle()
        assert written[-1:] == states[-1:]
    finally:
        ledger_module._MOST_EPOCHS = before


def _settler(ledger: Ledger, epoch: Epoch) -> Callable[[], None]:
    return lambda: ledger.settle(epoch)


def test_many_states_that_wait_take_little_memory() -> None:
    ledger = Ledger(lambda _: None)
    ledger.open()
    for number in range(10_000):
        ledger.state(str(number).encode())
    assert len(ledger._epochs) <= 1024


def test_nothing_passes_once_it_is_withheld() -> None:
    written: list[bytes] = []
    ledger = Ledger(written.append)
    ledger.withhold()
    ledger.state(b"1")
    assert written == []


def test_a_state_that_may_not_pass_yet_passes_later() -> None:
    written: list[bytes] = []
    allowed = False
    ledger = Ledger(written.append, lambda: allowed)
    ledger.state(b"1")
    assert written == []
    allowed = True
    ledger.advance()
    assert written == [b"1"]


@pytest.mark.parametrize("times", [1, 2])
def test_a_hold_is_released_once(times: int) -> None:
    written: list[bytes] = []
    ledger = Ledger(written.append)
    hold = ledger.hold()
    ledger.open()
    ledger.state(b"1")
    for _ in range(times):
        hold.release()
    assert written == []  # the row is still open
