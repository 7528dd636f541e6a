"""The pace by an injected clock: nothing here waits."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_api.pacing import Pace, limiter_for


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def start(pace: Pace, clock: Clock, times: int, seconds: float) -> None:
    """Start so many requests, so many seconds apart."""
    for _ in range(times):
        assert pace.reserve() == 0
        clock.now += seconds


def starts(pace: Pace, clock: Clock, seconds: float) -> int:
    """Start as many requests as the pace allows in so many seconds."""
    end = clock.now + seconds
    count = 0
    while True:
        wait = pace.reserve()
        if clock.now + wait > end:
            clock.now = end
            return count
        clock.now += wait + 0.001
        count += 1


def test_at_full_speed_nothing_waits(clock: Clock) -> None:
    start(Pace(clock), clock, 1000, 0.0)


def test_a_429_halves_the_rate_for_everybody(clock: Clock) -> None:
    pace = Pace(clock)
    start(pace, clock, 50, 0.02)
    pace.slow_down(clock.now - 0.02)
    assert pace.interval() == pytest.approx(0.04, rel=0.1)
    waits = [pace.reserve() for _ in range(3)]
    assert waits == pytest.approx([0.04, 0.08, 0.12], rel=0.1)


def test_many_429_of_one_burst_halve_it_once(clock: Clock) -> None:
    pace = Pace(clock)
    start(pace, clock, 50, 0.02)
    began = clock.now - 0.02
    for _ in range(8):
        pace.slow_down(began)
    assert pace.interval() == pytest.approx(0.04, rel=0.1)


def test_a_429_after_slowing_down_halves_it_again(clock: Clock) -> None:
    pace = Pace(clock)
    start(pace, clock, 50, 0.02)
    pace.slow_down(clock.now - 0.02)
    clock.now += pace.reserve()
    began = clock.now
    clock.now += 0.01
    pace.slow_down(began)
    assert pace.interval() > 0.04


def test_it_recovers_gradually_and_then_wholly(clock: Clock) -> None:
    pace = Pace(clock)
    start(pace, clock, 50, 0.02)
    pace.slow_down(clock.now - 0.02)
    slowed = pace.interval()
    clock.now += 10
    assert pace.interval() == pytest.approx(slowed / 2)
    clock.now += 10
    assert pace.interval() == pytest.approx(slowed / 4)
    clock.now += 600
    assert pace.interval() == 0
    assert pace.reserve() == 0


def test_it_is_never_slower_than_four_a_second(clock: Clock) -> None:
    pace = Pace(clock)
    for _ in range(20):
        clock.now += pace.reserve()
        began = clock.now
        clock.now += 1
        pace.slow_down(began)
    clock.now += pace.reserve()
    assert starts(pace, clock, 10) >= 39


def test_retry_after_holds_everybody_back(clock: Clock) -> None:
    pace = Pace(clock)
    start(pace, clock, 2, 0.1)
    pace.slow_down(clock.now - 0.1, retry_after=30)
    first, second = pace.reserve(), pace.reserve()
    assert 30 <= first < second


def test_a_shorter_retry_after_does_not_shorten_a_longer_one(clock: Clock) -> None:
    pace = Pace(clock)
    began = clock.now
    pace.reserve()
    pace.slow_down(began, retry_after=30)
    pace.slow_down(began, retry_after=1)
    assert pace.reserve() >= 30


@given(st.lists(st.one_of(st.none(), st.floats(0, 60)), max_size=60), st.integers(1, 64))
def test_no_history_makes_it_wait_for_ever_or_go_backwards(
    events: list[float | None], in_flight: int
) -> None:
    clock = Clock()
    pace = Pace(clock)
    latest = clock.now
    for event in events:
        began = clock.now
        for _ in range(in_flight):
            moment = clock.now + pace.reserve()
            assert moment >= latest
            latest = moment
        if event is not None:
            pace.slow_down(began, event)
        clock.now = latest + 0.05
        wait = pace.reserve()
        assert 0 <= wait <= 60 + 0.25
        latest = clock.now = clock.now + wait


def test_threads_share_it(clock: Clock) -> None:
    pace = Pace(clock)
    pace.reserve()
    pace.slow_down(clock.now, None)
    waits: list[float] = []
    threads = [threading.Thread(target=lambda: waits.append(pace.reserve())) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(waits)) == 16


@pytest.mark.parametrize(
    ("per_second", "allowed", "milliseconds"), [(5, 5, 1000), (1, 1, 1000), (0.5, 1, 2000), (2.5, 1, 400)]
)
def test_the_hard_limit_takes_whole_numbers_and_fractions(
    per_second: float, allowed: int, milliseconds: int
) -> None:
    limiter = limiter_for("https://limit.example", per_second)
    (rate,) = limiter.buckets()[0].rates
    assert (rate.limit, rate.interval) == (allowed, milliseconds)
    assert [limiter.try_acquire("listrak", blocking=False) for _ in range(allowed + 1)] == [
        True
    ] * allowed + [False]


def test_clients_of_one_listrak_share_the_hard_limit() -> None:
    assert limiter_for("https://one.example", 3) is limiter_for("https://one.example", 3)
    assert limiter_for("https://one.example", 3) is not limiter_for("https://two.example", 3)
