"""Windows cover all of the time, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tap_listrak.windows import MARGIN, WIDEST, Span, Window

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


@settings(deadline=None)
@given(
    span=spans(), moment=moments, empty=st.lists(st.booleans(), min_size=1), aside=st.sampled_from([-1, 0, 1])
)
def test_a_row_comes_exactly_once_whether_or_not_filters_include_their_ends(
    span: Span, moment: datetime, empty: list[bool], aside: int
) -> None:
    windows = walk(span, empty)
    ends = [window.end for window in windows if window.end is not None and not window.last]
    moment = (ends[0] if ends else moment) + timedelta(seconds=aside)
    inside = (span.start is None or moment > span.start) and (span.end is None or moment < span.end)
    for inclusive in (True, False):
        got = [window for window in windows if _sent(window, moment, inclusive) and window.owns(moment)]
        assert len(got) == (1 if inside and windows else 0) or not inside


def _sent(window: Window, moment: datetime, inclusive: bool) -> bool:  # noqa: FBT001 - a test's own helper
    """Whether Listrak would send a row for a window."""
    start, end = window.ask_from, window.ask_to
    after = start is None or (moment >= start if inclusive else moment > start)
    return after and (end is None or (moment <= end if inclusive else moment < end))


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
    assert first.end == born + timedelta(days=90)


def test_rows_of_unknown_date_are_kept() -> None:
    now = datetime(2026, 6, 30, tzinfo=UTC)
    window = Window(1, now, now + timedelta(days=1), timedelta(days=1))
    assert window.owns(None)
    assert window.owns(now - timedelta(days=300))
    assert not window.owns(now - MARGIN)
