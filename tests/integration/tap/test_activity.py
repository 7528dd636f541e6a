"""Which request a message needs: no change goes unread, and a settled message is not asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tap_listrak.incremental.refresh_policy import GRACE, ActivityPolicy, ReadHistory, ReadScope

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OVERLAP = timedelta(hours=24)
policies = st.builds(
    ActivityPolicy,
    window=st.integers(1, 60).map(lambda days: timedelta(days=days)),
    ages=st.lists(st.integers(0, 90), max_size=6).map(
        lambda ages: tuple(timedelta(days=age) for age in ages)
    ),
    every_run=st.booleans(),
)


def read_history(last: datetime | None) -> ReadHistory:
    """What a run with the default overlap knows of earlier ones."""
    return ReadHistory(last, None if last is None else last - OVERLAP)


errors = st.integers(-14, 14).map(lambda hours: hours * HOUR)
"""By how much the dates of rows are off where another time zone is set than the account has."""
gaps = st.lists(st.integers(1, 24 * 50), min_size=1, max_size=60)


@settings(deadline=None)
@given(policy=policies, sent_hours=st.integers(0, 24 * 90), gaps=gaps, error=errors)
def test_what_happens_before_settling_is_read(
    policy: ActivityPolicy, sent_hours: int, gaps: list[int], error: timedelta
) -> None:
    """Run after run, each at its own distance: what happened to an unsettled message has been asked for."""
    sent = NOW + sent_hours * HOUR
    shown = sent + error
    since, now, read_to = None, NOW, None
    for gap in [0, *gaps]:
        now += gap * HOUR
        if sent > now:
            since = now
            continue
        reading = policy.report_scope(shown, read_history(since), now)
        if reading is ReadScope.ALL or (
            reading is ReadScope.SINCE and read_to is not None and since <= read_to
        ):
            read_to = now
        if reading is ReadScope.NONE:
            assert read_to is not None
            assert read_to >= shown + policy.lookback
            assert read_to >= sent + policy.window
        since = now
    if now >= sent + policy.lookback and read_to is not None:
        assert read_to >= min(now, shown + policy.lookback)


@settings(deadline=None)
@given(policy=policies, sent_hours=st.integers(0, 24 * 90), gaps=gaps)
def test_after_the_window_a_message_has_been_read_whole(
    policy: ActivityPolicy, sent_hours: int, gaps: list[int]
) -> None:
    """Late clicks and bounces on rows that were active already are found by a whole reading at the end."""
    sent = NOW + sent_hours * HOUR
    since, now, whole_at = None, NOW, None
    for gap in [0, *gaps]:
        now += gap * HOUR
        if sent <= now and policy.report_scope(sent, read_history(since), now) is ReadScope.ALL:
            whole_at = now
        since = now
    if now >= sent + policy.window:
        assert whole_at is not None
        assert whole_at >= sent + policy.window


@settings(deadline=None)
@given(policy=policies, sent_hours=st.integers(-24 * 200, 24 * 10), since_hours=st.integers(-24 * 200, 0))
def test_one_state_decides(policy: ActivityPolicy, sent_hours: int, since_hours: int) -> None:
    sent, since = NOW + sent_hours * HOUR, NOW + since_hours * HOUR
    report, events = (
        policy.report_scope(sent, read_history(since), NOW),
        policy.event_scope(sent, read_history(since)),
    )
    settled = policy.settled(sent, since)
    assert (report is ReadScope.NONE) == settled == (events is ReadScope.NONE)
    assert settled == (sent + policy.window + GRACE <= since)
    if sent >= since - OVERLAP:
        assert report is events is ReadScope.ALL
    if policy.every_run and not settled:
        assert report is ReadScope.ALL


def test_settled_is_measured_against_the_bookmark_not_against_now() -> None:
    """After a pause of weeks, each message that was open at its beginning is read once more, whole."""
    policy = ActivityPolicy(timedelta(days=30))
    sent, since = NOW - timedelta(days=90), NOW - timedelta(days=80)
    assert policy.report_scope(sent, read_history(since), NOW) is ReadScope.ALL
    assert policy.report_scope(sent, read_history(NOW), NOW) is ReadScope.NONE


def test_nothing_read_yet_and_unknown_dates_mean_the_whole() -> None:
    policy = ActivityPolicy(timedelta(days=30))
    assert policy.report_scope(NOW - timedelta(days=900), read_history(None), NOW) is ReadScope.ALL
    assert policy.report_scope(None, read_history(NOW), NOW) is ReadScope.ALL
    assert policy.event_scope(None, read_history(NOW)) is ReadScope.ALL


def test_ages_above_the_window_do_not_count_and_its_end_always_does() -> None:
    policy = ActivityPolicy(timedelta(days=7), ages=tuple(timedelta(days=age) for age in (1, 3, 14)))
    assert policy.refresh_ages == (timedelta(days=1), timedelta(days=3), timedelta(days=7))
    sent = NOW - timedelta(days=3, hours=1)
    assert policy.report_scope(sent, read_history(NOW - 2 * HOUR), NOW) is ReadScope.ALL
    assert policy.report_scope(sent, read_history(NOW - HOUR / 2), NOW) is ReadScope.SINCE


@settings(deadline=None)
@given(policy=policies, age_hours=st.integers(25, 24 * 90))
def test_the_overlap_does_not_make_a_refresh_age_due_again(policy: ActivityPolicy, age_hours: int) -> None:
    """Run hourly, a message is read whole once for each age, not in every run of the following day."""
    sent, whole = NOW, 0
    if policy.every_run:
        return
    for hour in range(26, age_hours):
        now = NOW + hour * HOUR
        whole += policy.report_scope(sent, read_history(now - HOUR), now) is ReadScope.ALL
    assert whole <= len(policy.refresh_ages)


@settings(deadline=None)
@given(policy=policies, gap_hours=st.integers(1, 24 * 40), after=st.integers(1, 24 * 40), error=errors)
def test_a_message_sent_since_the_last_run_is_read_whole_whatever_zone_is_set(
    policy: ActivityPolicy, gap_hours: int, after: int, error: timedelta
) -> None:
    """Only a whole reading has the recipients who do nothing."""
    last, now = NOW - gap_hours * HOUR, NOW
    shown = min(last + after * HOUR, now) + error
    assert policy.report_scope(shown, read_history(last), now) is ReadScope.ALL
