"""Which stretches of send dates are read whole: decided as for single messages, for all sends at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tap_listrak.activity import ActivityPolicy, Reading

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
AGES = st.lists(st.integers(1, 40).map(lambda days: timedelta(days=days)), max_size=6).map(tuple)
POLICIES = st.builds(
    ActivityPolicy, st.integers(1, 35).map(lambda days: timedelta(days=days)), AGES, st.booleans()
)
PAUSES = st.integers(0, 90 * 24).map(lambda hours: timedelta(hours=hours))
AGO = st.integers(-48, 100 * 24).map(lambda hours: timedelta(hours=hours, seconds=1))


@given(POLICIES, PAUSES, AGO)
def test_a_send_lies_in_a_slice_exactly_when_its_report_would_be_read_whole(
    policy: ActivityPolicy, pause: timedelta, ago: timedelta
) -> None:
    since, sent = NOW - pause, NOW - ago
    inside = [
        (start, end)
        for start, end in policy.slices(since, NOW)
        if start <= sent and (end is None or sent <= end)
    ]
    assert len(inside) == (policy.report(sent, since, NOW) is Reading.WHOLE)


@given(POLICIES, PAUSES)
def test_slices_come_in_order_and_do_not_touch(policy: ActivityPolicy, pause: timedelta) -> None:
    slices = policy.slices(NOW - pause, NOW)
    assert slices[-1][1] is None
    for (start, end), (following, _) in pairwise(slices):
        assert end is not None
        assert start < end < following
