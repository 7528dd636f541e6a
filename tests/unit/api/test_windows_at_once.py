"""Windows that are read at once cover every instant, however Listrak reads the dates of a request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_api.dates import find_zone, from_wall_time
from listrak_api.windows import EPOCH, Window, divide, divide_again

UNTIL = datetime(2026, 3, 8, 6, 30, tzinfo=UTC)
READINGS = [None, "UTC", "America/New_York", "America/Los_Angeles", "Australia/Lord_Howe"]
moments = st.datetimes(datetime(1990, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is beside it


def holds(window: Window, moment: datetime, reading: str | None) -> bool:
    """Whether a filter with both ends left out finds an instant in a window."""

    def read(end: datetime) -> datetime:
        return end if reading is None else from_wall_time(end.replace(tzinfo=None), find_zone(reading))

    low, high = window.ask_from, window.end
    return (low is None or moment > read(low)) and (high is None or moment < read(high))


@given(
    start=moments.filter(lambda one: one < UNTIL),
    parts=st.integers(1, 60),
    moment=moments,
    reading=st.sampled_from(READINGS),
)
def test_every_instant_is_in_a_window_also_at_their_ends_and_after_they_are_divided(
    start: datetime, parts: int, moment: datetime, reading: str | None
) -> None:
    windows = divide(start, UNTIL, parts)
    narrower = [one for window in windows for one in divide_again(window, UNTIL, 8)]
    ends = [one.end for one in windows if one.end is not None][:3]
    for instant in (moment, *(end + timedelta(seconds=aside) for end in ends for aside in (-1, 0, 1))):
        for several in (windows, narrower):
            assert 1 <= sum(holds(window, instant, reading) for window in several) <= 2


@pytest.mark.parametrize("parts", [1, 2, 48])
def test_the_outer_ends_are_open(parts: int) -> None:
    windows = divide(EPOCH, UNTIL, parts)
    assert len(windows) == parts
    assert windows[0].ask_from is None
    assert windows[-1].end is None


def test_a_window_of_a_day_is_not_divided() -> None:
    window = divide(UNTIL - timedelta(days=2), UNTIL, 2)[0]
    day = Window(1, window.end, (window.end or UNTIL) + timedelta(days=1), timedelta(days=1))
    assert [(one.start, one.end) for one in divide_again(day, UNTIL, 8)] == [(day.start, day.end)]
