"""Which stretches of send dates are read whole: decided as for messages, for a day at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tap_listrak.activity import ActivityPolicy

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)
AGES = st.lists(st.integers(1, 40).map(lambda days: timedelta(days=days)), max_size=6).map(tuple)
WINDOWS = st.integers(1, 35).map(lambda days: timedelta(days=days))
POLICIES = st.builds(ActivityPolicy, WINDOWS, AGES)
PAUSES = st.integers(0, 90 * 24).map(lambda hours: timedelta(hours=hours))
AGO = st.integers(-48, 100 * 24).map(lambda hours: timedelta(hours=hours, seconds=1))


def end_of_day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0) + DAY


def times_inside(sent: datetime, slices: list[tuple[datetime, datetime | None]]) -> int:
    return sum(start <= sent and (end is None or sent < end) for start, end in slices)


@given(POLICIES, PAUSES, AGO)
def test_a_send_is_read_whole_when_it_is_new_or_when_its_day_has_passed_a_refresh_age(
    policy: ActivityPolicy, pause: timedelta, ago: timedelta
) -> None:
    since, sent = NOW - pause, NOW - ago
    passed = any(since < end_of_day(sent) + age <= NOW for age in policy.refresh_ages)
    assert times_inside(sent, policy.slices(since, NOW)) == (sent >= since or passed)


@given(POLICIES, PAUSES, AGO)
def test_a_send_that_has_settled_was_read_whole_after_its_window_had_ended(
    policy: ActivityPolicy, pause: timedelta, ago: timedelta
) -> None:
    since, sent = NOW - pause, NOW - ago
    ended = sent + policy.window
    if since <= ended and policy.settled(sent, NOW):
        assert times_inside(sent, policy.slices(since, NOW)) == 1


@given(WINDOWS, PAUSES, AGO)
def test_with_every_run_all_that_has_not_settled_is_read_whole(
    window: timedelta, pause: timedelta, ago: timedelta
) -> None:
    policy = ActivityPolicy(window, every_run=True)
    since, sent = NOW - pause, NOW - ago
    assert times_inside(sent, policy.slices(since, NOW)) == (not policy.settled(sent, since))


@given(POLICIES, PAUSES)
def test_slices_come_in_order_and_do_not_touch(policy: ActivityPolicy, pause: timedelta) -> None:
    slices = policy.slices(NOW - pause, NOW)
    assert slices[-1][1] is None
    for (start, end), (following, _) in pairwise(slices):
        assert end is not None
        assert start < end < following


@given(POLICIES)
def test_a_run_an_hour_after_the_last_one_asks_for_one_stretch(policy: ActivityPolicy) -> None:
    assert policy.slices(NOW - timedelta(hours=1), NOW) == [(NOW - timedelta(hours=1), None)]
