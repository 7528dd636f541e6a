"""Pages come in depth-first order, each fetched once, for any number of workers."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_listrak.sync.prefetcher import Fetch, Prefetcher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_listrak.sync.prefetcher import Position

# A tree: a page is the list of its rows, a row the list of its children, a child the list of its pages.
trees = st.recursive(
    st.just([[]]),
    lambda pages: st.lists(st.lists(st.lists(pages, max_size=2), max_size=3), min_size=1, max_size=3),
    max_leaves=25,
)
Tree = list  # of pages, see above


class Source:
    """Serves a tree's pages, and walks it as the writer does."""

    def __init__(self, workers: int, fail_at: Position | None = None) -> None:
        self.prefetcher: Prefetcher[Tree] = Prefetcher(workers)
        self.asked: Counter[Position] = Counter()
        self.lock = threading.Lock()
        self.fail_at = fail_at
        self.now = self.most = 0

    def fetch(self, pages: Tree, place: Position, number: int = 0) -> Fetch[Tree]:
        position = (*place, number)

        def send() -> Tree:
            with self.lock:
                self.asked[position] += 1
                self.now += 1
                self.most = max(self.most, self.now)
            if position == self.fail_at:
                message = f"failed at {position}"
                raise ValueError(message)
            with self.lock:
                self.now -= 1
            return pages[number]

        def expand(page: Tree) -> Iterator[list[Fetch[Tree]]]:
            if number + 1 < len(pages):
                yield [self.fetch(pages, place, number + 1)]
            yield [
                self.fetch(child, (*position, row, index))
                for row, children in enumerate(page)
                for index, child in enumerate(children)
            ]

        return Fetch(position, send, expand)

    def walk(self, pages: Tree, place: Position = ()) -> Iterator[Position]:
        for number in range(len(pages)):
            page = self.prefetcher.take(self.fetch(pages, place, number))
            yield (*place, number)
            for row, children in enumerate(page):
                for index, child in enumerate(children):
                    yield from self.walk(child, (*place, number, row, index))


@settings(deadline=None, max_examples=60)
@given(tree=trees, workers=st.sampled_from([1, 2, 4, 16]))
def test_order_and_requests_are_the_same_for_any_number_of_workers(tree: Tree, workers: int) -> None:
    alone, many = Source(1), Source(workers)
    try:
        order = list(alone.walk(tree))
        assert order == sorted(order)
        assert list(many.walk(tree)) == order
        assert many.asked == alone.asked == Counter(order)
        assert many.prefetcher.idle
        assert many.most <= workers
    finally:
        many.prefetcher.close()


@settings(deadline=None, max_examples=60)
@given(tree=trees, workers=st.sampled_from([1, 4]), data=st.data())
def test_an_error_surfaces_in_its_turn(tree: Tree, workers: int, data: st.DataObject) -> None:
    order = list(Source(1).walk(tree))
    fail_at = data.draw(st.sampled_from(order))
    source = Source(workers, fail_at)
    written: list[Position] = []
    try:
        with pytest.raises(ValueError, match="failed at"):
            written.extend(source.walk(tree))  # extend keeps what came before the error
    finally:
        source.prefetcher.close()
    assert written == order[: order.index(fail_at)]


@settings(deadline=None, max_examples=40)
@given(tree=trees, data=st.data())
def test_the_writer_may_pass_by(tree: Tree, data: st.DataObject) -> None:
    """A record limit or a filtered parent leaves out whole branches; what comes after them is right."""
    order = list(Source(1).walk(tree))
    skip = set(data.draw(st.lists(st.sampled_from(order))))
    source = Source(4)

    def walk(pages: Tree, place: Position = ()) -> Iterator[Position]:
        for number in range(len(pages)):
            position = (*place, number)
            if position in skip:
                return
            page = source.prefetcher.take(source.fetch(pages, place, number))
            yield position
            for row, children in enumerate(page):
                for index, child in enumerate(children):
                    yield from walk(child, (*position, row, index))

    try:
        taken = list(walk(tree))
    finally:
        source.prefetcher.close()
    assert taken == sorted(taken)
    assert not skip & set(taken)
    assert all(source.asked[position] == 1 for position in taken)


def test_pages_far_ahead_do_not_keep_nearer_ones_waiting() -> None:
    """Once, a limit on all waiting pages filled up with far ones, and every near page was fetched alone."""
    leaf = [[]]
    near = [[[leaf] for _ in range(20)]]  # one page with 20 rows of one child each
    far = [[[leaf] for _ in range(3)] for _ in range(30)]  # thirty pages
    tree = [[[near, far], [near, far], [near, far]]]
    both = threading.Barrier(2, timeout=20)
    source = Source(2)
    original = source.fetch
    waiting: set[Position] = set()

    def fetch(pages: Tree, place: Position, number: int = 0) -> Fetch[Tree]:
        one = original(pages, place, number)
        if len(place) == 6 and place[1] == 2 and place[2] == 0 and place[4] in {4, 5}:

            def together() -> Tree:
                waiting.add(one.position)
                both.wait()  # only two at once get through
                return one.send()

            return Fetch(one.position, together, one.expand)
        return one

    source.fetch = fetch  # type: ignore[method-assign]
    try:
        list(source.walk(tree))
    finally:
        source.prefetcher.close()
    assert len(waiting) == 2


def test_closing_ends_the_workers() -> None:
    source = Source(4)
    walk = source.walk([[[[[]]]] for _ in range(50)])
    next(walk)
    source.prefetcher.close()
    for thread in source.prefetcher._threads:
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_pages_that_only_follow_each_other_are_fetched_by_one_thread() -> None:
    """Once, they went round all the threads there were, and each kept the memory of the largest page."""
    source = Source(16)
    pages: Tree = [[] for _ in range(50)]
    try:
        assert len(list(source.walk(pages))) == 50
        assert len(source.prefetcher._threads) == 1
    finally:
        source.prefetcher.close()
