"""Which stretches of send dates are read whole: decided as for messages, for a day at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tap_listrak.incremental.refresh_policy import ActivityPolicy

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)
AGES = st.lists(st.integers(1, 40).map(lambda days: timedelta(days=days)), max_size=6).map(tuple)
WINDOWS = st.integers(1, 35).map(lambda days: timedelta(days=days))
POLICIES = st.builds(ActivityPolicy, WINDOWS, AGES)
PAUSES = st.integers(0, 90 * 24).map(lambda hours: timedelta(hours=hours))
AGO = st.integers(-48, 100 * 24).map(lambda hours: timedelta(hours=hours, seconds=1))


OVERLAP = DAY
HALF_DAY = DAY / 2


def due(sent: datetime, age: timedelta) -> datetime:
    """When sends are read again at an age: half a day after the end (06:00, 18:00) of their half day."""
    begun = (sent - DAY / 4).replace(minute=0, second=0, microsecond=0)
    return begun.replace(hour=begun.hour // 12 * 12) + DAY / 4 + HALF_DAY + HALF_DAY + age


def slices_of(
    policy: ActivityPolicy, last: datetime, now: datetime = NOW
) -> list[tuple[datetime, datetime | None]]:
    return policy.slices(last - OVERLAP, last, now)


def times_inside(sent: datetime, slices: list[tuple[datetime, datetime | None]]) -> int:
    return sum(start <= sent and (end is None or sent < end) for start, end in slices)


@given(POLICIES, PAUSES, AGO)
def test_a_send_is_read_whole_when_it_is_new_or_when_its_day_has_passed_a_refresh_age(
    policy: ActivityPolicy, pause: timedelta, ago: timedelta
) -> None:
    last, sent = NOW - pause, NOW - ago
    passed = any(last < due(sent, age) <= NOW for age in policy.refresh_ages)
    assert times_inside(sent, slices_of(policy, last)) == (sent >= last - OVERLAP or passed)


@given(POLICIES, PAUSES, AGO)
def test_a_send_that_has_settled_was_read_whole_after_its_window_had_ended(
    policy: ActivityPolicy, pause: timedelta, ago: timedelta
) -> None:
    last, sent = NOW - pause, NOW - ago
    ended = sent + policy.window
    if last <= ended and policy.settled(sent, NOW):
        assert times_inside(sent, slices_of(policy, last)) == 1


@given(POLICIES, st.lists(st.integers(1, 900), min_size=1, max_size=60), AGO, st.integers(-12, 14))
def test_sends_are_read_at_the_windows_end_however_listrak_reads_the_ends(
    policy: ActivityPolicy, gaps: list[int], ago: timedelta, reading: int
) -> None:
    """Runs meet at the ends of their slices, also where these are taken for wall time of another zone."""
    sent, last, whole_at = NOW - ago, NOW - ago - DAY, None
    offset = timedelta(hours=reading)
    for gap in gaps:
        now = last + timedelta(hours=gap)
        if sent <= now and times_inside(sent + offset, slices_of(policy, last, now)):
            whole_at = now
        last = now
    if last >= sent + policy.lookback + max(offset, timedelta(0)):
        assert whole_at is not None
        assert whole_at >= sent + policy.window


@given(WINDOWS, PAUSES, AGO)
def test_with_every_run_all_that_has_not_settled_is_read_whole(
    window: timedelta, pause: timedelta, ago: timedelta
) -> None:
    policy = ActivityPolicy(window, every_run=True)
    last, sent = NOW - pause, NOW - ago
    assert times_inside(sent, slices_of(policy, last)) == (not policy.settled(sent, last - OVERLAP))


@given(POLICIES, PAUSES)
def test_slices_come_in_order_and_do_not_touch(policy: ActivityPolicy, pause: timedelta) -> None:
    slices = slices_of(policy, NOW - pause)
    assert slices[-1][1] is None
    for (start, end), (following, _) in pairwise(slices):
        assert end is not None
        assert start < end < following


@given(POLICIES)
def test_a_run_an_hour_after_the_last_one_asks_for_one_stretch(policy: ActivityPolicy) -> None:
    assert slices_of(policy, NOW - timedelta(hours=1)) == [(NOW - timedelta(hours=1) - OVERLAP, None)]
