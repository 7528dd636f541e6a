"""The pool: order within a key, side by side between keys, failures that are not lost."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from target_listrak.delivery.worker_pool import Stopped, WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable


def pool(threads: int = 4, budget: int = 100) -> WorkerPool:
    return WorkerPool("test", threads=threads, budget=budget, stopping=threading.Event())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 150)), max_size=60), st.integers(1, 6))
def test_jobs_of_a_lane_run_in_order_and_one_at_a_time(jobs: list[tuple[int, int]], threads: int) -> None:
    machine = pool(threads)
    done: dict[int, list[int]] = defaultdict(list)
    running: dict[int, int] = defaultdict(int)
    overlaps: list[int] = []

    def job(key: int, number: int) -> Callable[[], None]:
        def work() -> None:
            running[key] += 1
            if running[key] > 1:
                overlaps.append(key)
            done[key].append(number)
            running[key] -= 1

        return work

    wanted: dict[int, list[int]] = defaultdict(list)
    for number, (key, weight) in enumerate(jobs):
        wanted[key].append(number)
        machine.submit(key, job(key, number), weight)
    machine.drain()
    assert done == wanted
    assert overlaps == []


def test_a_failure_is_raised_and_nothing_else_is_begun() -> None:
    machine = pool(threads=1)
    begun: list[str] = []

    def fail() -> None:
        msg = "broken"
        raise ValueError(msg)

    machine.submit("key", fail)
    with pytest.raises(ValueError, match="broken"):
        machine.drain()
    with pytest.raises(ValueError, match="broken"):
        machine.submit("key", lambda: begun.append("x"))
    assert begun == []


def test_submitting_waits_for_room() -> None:
    machine = pool(threads=1, budget=10)
    gate, submitted = threading.Event(), threading.Event()
    machine.submit("a", gate.wait, 10)

    def second() -> None:
        machine.submit("b", lambda: None, 5)
        submitted.set()

    thread = threading.Thread(target=second)
    thread.start()
    assert not submitted.wait(0.05)
    gate.set()
    thread.join(10)
    assert submitted.is_set()
    machine.drain()


def test_after_closing_what_runs_may_end_and_nothing_begins() -> None:
    machine = pool(threads=1)
    gate, began = threading.Event(), threading.Event()
    done: list[str] = []

    def slow() -> None:
        began.set()
        gate.wait()
        done.append("slow")

    machine.submit("a", slow)
    machine.submit("a", lambda: done.append("next"))
    began.wait(10)
    machine.close()
    assert not machine.wait_idle(0.01)
    gate.set()
    assert machine.wait_idle(10)
    assert done == ["slow"]
    with pytest.raises(Stopped):
        machine.drain()


def test_run_all_waits_for_every_job_and_raises_what_one_failed_with() -> None:
    machine = pool()
    done: list[int] = []
    machine.run_all([lambda number=number: done.append(number) for number in range(20)])  # type: ignore[misc]
    assert sorted(done) == list(range(20))

    def fail() -> None:
        msg = "broken"
        raise ValueError(msg)

    with pytest.raises(ValueError, match="broken"):
        machine.run_all([fail, *[lambda: None] * 5])
