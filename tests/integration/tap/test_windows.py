"""Windows cover all of the time, once."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from listrak_api.dates import find_zone, from_wall_time
from listrak_api.windows import MARGIN, WIDEST, Span, Window

moments = st.datetimes(
    datetime(1999, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2031, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=0))
widths = st.integers(4, 400).map(lambda days: timedelta(days=days))


@st.composite
def spans(draw: st.DrawFn) -> Span:
    until = draw(moments)
    end = draw(st.none() | moments)
    start = draw(st.none() | moments)
    return Span(
        start, until if end is None else min(until, end), end, draw(widths), draw(st.none() | moments)
    )


def walk(span: Span, empty: bool | list[bool]) -> list[Window]:  # noqa: FBT001 - a test's own helper
    windows: list[Window] = []
    window = span.first()
    while window is not None:
        windows.append(window)
        assert len(windows) < 3_000, "windows do not end"
        silent = empty if isinstance(empty, bool) else empty[len(windows) % len(empty)]
        window = span.after(window, empty=silent)
    return windows


@settings(deadline=None)
@given(span=spans(), empty=st.booleans() | st.lists(st.booleans(), min_size=1))
def test_windows_follow_each_other_without_gap_or_overlap(span: Span, empty: bool | list[bool]) -> None:  # noqa: FBT001
    windows = walk(span, empty)
    if not windows:
        assert span.start is not None
        assert span.end is not None
        assert span.start >= span.end
        return
    assert windows[0].start == span.start
    assert windows[-1].end == span.end
    assert [window.last for window in windows] == [False] * (len(windows) - 1) + [True]
    for before, after in pairwise(windows):
        assert before.end == after.start
        assert after.number == before.number + 1


READINGS = [
    None,
    "UTC",
    "America/New_York",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
]
"""How a request's date is read: None honours its offset, else its clock is taken for that of a zone."""


def read(text: datetime, reading: str | None) -> datetime:
    """Which instant Listrak takes a date of a request for."""
    return text if reading is None else from_wall_time(text.replace(tzinfo=None), find_zone(reading))


@settings(deadline=None)
@given(
    span=spans(),
    moment=moments,
    empty=st.lists(st.booleans(), min_size=1),
    aside=st.integers(-15 * 3600, 15 * 3600),
    reading=st.sampled_from(READINGS),
)
def test_no_row_between_start_and_end_is_missed_however_listrak_reads_the_ends(
    span: Span, moment: datetime, empty: list[bool], aside: int, reading: str | None
) -> None:
    """Also where its filters leave out their ends, and at the ends of windows."""
    windows = walk(span, empty)
    ends = [window.end for window in windows if window.end is not None and not window.last]
    for row in (moment, *(end + timedelta(seconds=aside) for end in ends[:3])):
        after = span.start is None or row > read(span.start, reading)
        before = span.end is None or row < read(span.end, reading)
        for inclusive in (True, False):
            times = sum(_sent(window, row, reading, inclusive) for window in windows)
            assert times <= 2
            assert times >= 1 or not (after and before and windows)


@settings(deadline=None)
@given(span=spans(), reading=st.sampled_from(READINGS))
def test_only_rows_of_the_margin_come_twice(span: Span, reading: str | None) -> None:
    windows = walk(span, empty=False)
    for window in windows[:-1]:
        assert window.end is not None
        twice = read(window.end, reading) - MARGIN
        times = [_sent(one, twice - MARGIN, reading, inclusive=True) for one in windows[:4]]
        assert sum(times) <= 1


def _sent(window: Window, row: datetime, reading: str | None, inclusive: bool) -> bool:  # noqa: FBT001 - a test's own helper
    """Whether Listrak would send a row for a window."""
    start = window.ask_from and read(window.ask_from, reading)
    end = window.end and read(window.end, reading)
    after = start is None or (row >= start if inclusive else row > start)
    return after and (end is None or (row <= end if inclusive else row < end))


@settings(deadline=None)
@given(span=spans())
def test_windows_end_at_noon_where_no_clock_is_set(span: Span) -> None:
    """Read as US wall time, 02:59:59 and 03:00:01 of one night in March are an hour apart."""
    for window in walk(span, empty=False)[:-1]:
        assert window.end is not None
        assert window.end.time() == time(12)


@settings(deadline=None)
@given(span=spans())
def test_silence_costs_few_windows(span: Span) -> None:
    silent, busy = walk(span, empty=True), walk(span, empty=False)
    assert len(silent) <= len(busy)
    assert len(silent) <= 6 + len(busy) / WIDEST + 1
    assert all(window.width <= WIDEST * span.width for window in silent)


def test_the_first_window_reaches_the_birth_of_the_list() -> None:
    born, now = datetime(2024, 5, 1, tzinfo=UTC), datetime(2026, 6, 30, tzinfo=UTC)
    first = Span(None, now, None, timedelta(days=90), born).first()
    assert first is not None
    assert first.start is None
    assert first.end == datetime(2024, 7, 29, 12, tzinfo=UTC), "the noon before"
