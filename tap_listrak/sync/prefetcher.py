"""Fetches pages ahead of the one thread that writes them, without changing what is written.

Every page has a *position*: its place in the order in which the writer takes pages, depth first. When a page
arrives, the pages that follow from it (the next page, the first pages of its rows' children) are announced at
once. Workers always fetch the smallest announced position. So the records, the state and the requests are the
same for any number of workers; only the waiting is shorter.

Memory is bounded. A page is fetched only while fewer than ``limit`` pages before it are in flight or waiting
to be written, and those that wait are smaller than ``budget`` in all. Pages far ahead never prevent nearer
ones from being fetched. So this amount may be needed once for each level of nesting (list, message, link).
The page that the writer waits for is always fetched.
"""

from __future__ import annotations

import contextlib
import heapq
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Position = tuple[int, ...]
"""A place in depth-first order: ``(page, row, child, page, …)``. A page sorts before the children of its
rows."""

BUDGET = 16 * 1024 * 1024
"""Bytes of pages that may wait to be written."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fetch(Generic[T]):
    """A page to fetch, and how to find the fetches that follow from it.

    Args:
        position: Its place in the writer's order.
        send: Fetches it. May raise; the error is raised when the writer takes the page.
        expand: Returns the fetches that follow from the page: any number of series, each in ascending order
            of position. Called in any thread, so it must be pure.
        not_before: When to begin it at the earliest (`time.monotonic`), unless the writer waits for it. Then
            ``send`` waits for the rest of the time.
    """

    position: Position
    send: Callable[[], T]
    expand: Callable[[T], Iterable[Iterable[Fetch[T]]]]
    not_before: float = 0.0


@dataclass(slots=True)
class _Slot(Generic[T]):
    """A fetch that is in flight, or whose page waits to be taken."""

    fetch: Fetch[T]
    urgent: bool = False
    begun: bool = False
    done: bool = False
    page: T | None = None
    weight: int = 0
    error: BaseException | None = None


@dataclass(slots=True, eq=False)
class _Worker(Generic[T]):
    """A thread, and what it fetches next. `wake_up` is notified when there is something to fetch."""

    wake_up: threading.Condition
    slot: _Slot[T] | None


@dataclass(order=True, slots=True)
class _Series(Generic[T]):
    """A series of announced fetches; only its head has been computed."""

    position: Position
    head: Fetch[T] = field(compare=False)
    rest: Iterator[Fetch[T]] = field(compare=False)


class Prefetcher(Generic[T]):
    """Returns pages to the writer in order, fetched ahead by worker threads.

    Args:
        workers: How many fetches may be in flight. With 1 there are no threads: a page is fetched when it is
            taken.
        limit: How many earlier pages may be in flight or waiting when a fetch begins. By default eight for
            each worker: children are only known when their parent's page is there, so small pages have to be
            fetched well ahead.
        weigh: Returns roughly how many bytes a page takes while it waits.
        budget: How many bytes of earlier pages may wait when a fetch begins.
    """

    def __init__(
        self,
        workers: int,
        limit: int | None = None,
        weigh: Callable[[T], int] = lambda _: 1,
        budget: int = BUDGET,
    ) -> None:
        self._workers = workers
        self._weigh = weigh
        self._budget = budget
        self._limit = 8 * workers if limit is None else limit
        self._lock = threading.Lock()
        self._done = threading.Condition(self._lock)
        self._idle: list[_Worker[T]] = []
        self._series: list[_Series[T]] = []
        self._early: list[_Series[T]] = []
        self._slots: dict[Position, _Slot[T]] = {}
        self._floor: Position = ()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def take(self, fetch: Fetch[T]) -> T:
        """Return a page: fetched ahead, or fetched now if it was not announced yet.

        All earlier pages are dropped: the writer has skipped them (a record limit, a filtered parent).

        Raises:
            Exception: Whatever the fetch raised.
        """
        if self._workers <= 1:
            return fetch.send()
        with self._lock:
            self._drop_until(fetch.position)
            slot = self._slots.get(fetch.position)
            if slot is None:
                slot = self._slots[fetch.position] = _Slot(fetch, urgent=True)
                self._dispatch()
            # The timeout is only there so that signal handlers run on every platform.
            while not slot.done:
                self._done.wait(timeout=1.0)
            del self._slots[fetch.position]
            self._dispatch()
        if slot.error is not None:
            raise slot.error
        return slot.page  # type: ignore[return-value]  # done without error means that there is a page

    def announce(self, fetches: Iterable[Fetch[T]]) -> None:
        """Announce a series of fetches, in ascending order, that no page's ``expand`` returns."""
        if self._workers <= 1:
            return
        with self._lock:
            self._announce([fetches])
            self._dispatch()

    def close(self) -> None:
        """Drop what was not taken, and end the workers. Does not wait for requests in flight."""
        with self._lock:
            self._closed = True
            self._series.clear()
            self._early.clear()
            self._slots.clear()
            for worker in self._idle:
                worker.wake_up.notify()

    @property
    def idle(self) -> bool:
        """Whether nothing is in flight, waiting to be taken, or announced."""
        with self._lock:
            return not self._slots and not self._series and not self._early

    def _dispatch(self) -> None:
        """Give the fetches that may begin to workers: to the one that became idle last, or to a new one.

        So a series of consecutive pages is fetched by one thread, however many are allowed. Each thread that
        has fetched pages keeps some memory.
        """
        while not self._closed and (self._idle or len(self._threads) < self._workers):
            slot = self._next()
            if slot is None:
                return
            slot.begun = True
            if self._idle:
                worker = self._idle.pop()
                worker.slot = slot
                worker.wake_up.notify()
            else:
                worker = _Worker(threading.Condition(self._lock), slot)
                name = f"prefetcher-{len(self._threads)}"
                # A daemon: at its end the program does not wait for an answer that nobody will read.
                thread = threading.Thread(target=self._work, args=(worker,), name=name, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _drop_until(self, position: Position) -> None:
        """Drop everything before a position, and the announcement of the position: the caller fetches it."""
        self._floor = position
        self._return_early(everything=True)
        while self._series and self._series[0].position <= position:
            self._advance()
        for passed in [known for known in self._slots if known < position]:
            del self._slots[passed]

    def _advance(self) -> Fetch[T]:
        """Remove the smallest announced fetch from its series, and return it."""
        series = self._series[0]
        following = _next_of(series.rest)
        if following is None:
            heapq.heappop(self._series)
        else:
            heapq.heapreplace(self._series, _Series(following.position, following, series.rest))
        return series.head

    def _announce(self, series: Iterable[Iterable[Fetch[T]]]) -> None:
        for fetches in series:
            rest = iter(fetches)
            head = _next_of(fetch for fetch in rest if fetch.position > self._floor)
            if head is not None:
                heapq.heappush(self._series, _Series(head.position, head, rest))

    def _next(self) -> _Slot[T] | None:
        """Choose what to fetch: what the writer waits for, else the smallest position within the limits."""
        for slot in self._slots.values():
            if slot.urgent and not slot.begun:
                return slot
        if self._early:
            self._return_early()
        while self._series and self._series[0].head.not_before > time.monotonic():
            # What follows it need not wait. Nothing has to wake anybody up for it: the writer comes for it.
            self._early.append(heapq.heappop(self._series))
        if self._series and self._has_room(self._series[0].position):
            fetch = self._advance()
            slot = self._slots[fetch.position] = _Slot(fetch)
            return slot
        return None

    def _return_early(self, *, everything: bool = False) -> None:
        """Put back the series whose head may be begun by now."""
        now, early = time.monotonic(), self._early
        self._early = []
        for series in early:
            if everything or series.head.not_before <= now:
                heapq.heappush(self._series, series)
            else:
                self._early.append(series)

    def _has_room(self, position: Position) -> bool:
        before = [slot.weight for known, slot in self._slots.items() if known < position]
        return len(before) < self._limit and sum(before) < self._budget

    def _work(self, worker: _Worker[T]) -> None:
        slot = worker.slot
        while slot is not None:
            following = self._fetch(slot)
            with self._lock:
                slot.done = True
                # A page that the writer has skipped meanwhile announces nothing.
                if not self._closed and self._slots.get(slot.fetch.position) is slot:
                    self._announce(following)
                self._done.notify()
                slot = worker.slot = None
                self._idle.append(worker)
                self._dispatch()
                while worker.slot is None and not self._closed:
                    worker.wake_up.wait()
                slot = worker.slot

    def _fetch(self, slot: _Slot[T]) -> list[Iterable[Fetch[T]]]:
        """Fetch a page; return what follows from it, which is nothing after an error."""
        try:
            page = slot.fetch.send()
            slot.weight = self._weigh(page)
            slot.page = page
            return list(slot.fetch.expand(page))
        except BaseException as problem:  # noqa: BLE001 - raised again in the writer's thread
            slot.error = problem
            return []


def _next_of(fetches: Iterator[Fetch[T]]) -> Fetch[T] | None:
    """Return the next fetch of a series; None at its end, or if computing it fails.

    The writer computes the same fetch when it gets there, and raises the error then.
    """
    with contextlib.suppress(Exception):
        return next(fetches, None)
    return None
