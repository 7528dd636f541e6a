"""The one decision row by row, the retry_pauses, and the one loop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_api.retry import (
    MAX_RETRY_AFTER,
    Failure,
    RequestResult,
    RetryPolicy,
    Verdict,
    decide,
    parse_retry_after,
    repeat,
    retry_pauses,
)

READ, WRITE = True, False
POLICY = RetryPolicy(max_retries=9)

# status or failure, Listrak's code, what follows for a read or a write that may be repeated, and for a write
TABLE = [
    (200, "", Verdict.ACCEPT, Verdict.ACCEPT),
    (201, "", Verdict.ACCEPT, Verdict.ACCEPT),
    (202, "", Verdict.ACCEPT, Verdict.ACCEPT),
    (204, "", Verdict.ACCEPT, Verdict.ACCEPT),
    (301, "", Verdict.REDIRECTED, Verdict.REDIRECTED),
    (302, "", Verdict.REDIRECTED, Verdict.REDIRECTED),
    (307, "", Verdict.REDIRECTED, Verdict.REDIRECTED),
    (400, "ERROR_INVALID_PARAMETER", Verdict.REFUSED, Verdict.REFUSED),
    (400, "ERROR_MALFORMED_REQUEST_BODY", Verdict.REFUSED, Verdict.REFUSED),
    (400, "ERROR_SUBSCRIBED_EMAIL_ADDRESS", Verdict.REFUSED, Verdict.REFUSED),
    (400, "ERROR_TOO_MANY_SEGMENTATION_FIELDS", Verdict.REFUSED, Verdict.REFUSED),
    (400, "", Verdict.REFUSED, Verdict.REFUSED),
    (400, "ERROR_UNAUTHORIZED", Verdict.RENEW_TOKEN, Verdict.RENEW_TOKEN),
    (401, "ERROR_UNAUTHORIZED", Verdict.RENEW_TOKEN, Verdict.RENEW_TOKEN),
    (401, "ERROR_INVALID_CREDENTIALS", Verdict.RENEW_TOKEN, Verdict.RENEW_TOKEN),
    (401, "", Verdict.RENEW_TOKEN, Verdict.RENEW_TOKEN),
    (401, "ERROR_INTEGRATION_CANNOT_ACCESS_BETA_ROUTE", Verdict.REFUSED, Verdict.REFUSED),
    (403, "ERROR_INTEGRATION_CANNOT_ACCESS_BETA_ROUTE", Verdict.REFUSED, Verdict.REFUSED),
    (403, "", Verdict.RENEW_TOKEN, Verdict.RENEW_TOKEN),
    (403, "ERROR_UNAUTHORIZED", Verdict.RENEW_TOKEN, Verdict.RENEW_TOKEN),
    (404, "ERROR_UNABLE_TO_LOCATE_RESOURCE", Verdict.NOT_FOUND, Verdict.NOT_FOUND),
    (404, "ERROR_UNKNOWN_ROUTE", Verdict.NOT_FOUND, Verdict.NOT_FOUND),
    (404, "", Verdict.NOT_FOUND, Verdict.NOT_FOUND),
    (405, "ERROR_UNSUPPORTED_METHOD", Verdict.REFUSED, Verdict.REFUSED),
    (408, "", Verdict.RETRY, Verdict.LOST),
    (413, "", Verdict.TOO_LARGE, Verdict.TOO_LARGE),
    (415, "ERROR_UNSUPPORTED_CONTENT_TYPE", Verdict.REFUSED, Verdict.REFUSED),
    (425, "", Verdict.RETRY, Verdict.LOST),
    (429, "", Verdict.RETRY, Verdict.RETRY),
    (429, "ERROR_TOO_MANY_REQUESTS", Verdict.RETRY, Verdict.RETRY),
    (500, "ERROR_UNHANDLED_EXCEPTION", Verdict.RETRY, Verdict.LOST),
    (500, "ERROR_UNAUTHORIZED", Verdict.RETRY, Verdict.LOST),
    (502, "", Verdict.RETRY, Verdict.LOST),
    (503, "", Verdict.RETRY, Verdict.LOST),
    (504, "", Verdict.RETRY, Verdict.LOST),
    (100, "", Verdict.RETRY, Verdict.LOST),
    (999, "", Verdict.RETRY, Verdict.LOST),
    (Failure.NOT_CONNECTED, "", Verdict.RETRY, Verdict.RETRY),
    (Failure.RESET, "", Verdict.RETRY, Verdict.LOST),
    (Failure.TIMEOUT, "", Verdict.RETRY, Verdict.LOST),
    (Failure.CUT, "", Verdict.RETRY, Verdict.LOST),
    (Failure.UNREADABLE, "", Verdict.RETRY, Verdict.LOST),
    (Failure.TOO_LONG, "", Verdict.UNAVAILABLE, Verdict.LOST),
    (Failure.UNTRUSTED, "", Verdict.UNTRUSTED, Verdict.UNTRUSTED),
    (Failure.NOT_TLS, "", Verdict.NOT_TLS, Verdict.NOT_TLS),
]


@pytest.mark.parametrize(("end", "code", "for_read", "for_write"), TABLE)
def test_each_way_to_end_has_its_verdict(
    end: int | Failure, code: str, for_read: Verdict, for_write: Verdict
) -> None:
    assert decide(end, code, repeatable=READ) is for_read
    assert decide(end, code, repeatable=WRITE) is for_write


def test_every_failure_is_in_the_table() -> None:
    assert {end for end, *_ in TABLE if isinstance(end, Failure)} == set(Failure)


@pytest.mark.parametrize("repeatable", [READ, WRITE])
@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_a_token_at_its_first_use_is_final(status: int, *, repeatable: bool) -> None:
    for code in ("", "ERROR_UNAUTHORIZED"):
        assert decide(status, code, repeatable=repeatable, first_use=True) is Verdict.NOT_AUTHORISED


def test_a_404_on_a_large_body_means_that_it_is_too_large() -> None:
    assert decide(404, repeatable=WRITE, large=True) is Verdict.TOO_LARGE


@given(st.integers(100, 999), st.text(max_size=20))
def test_a_write_is_repeated_for_nothing_but_429_and_refused_tokens(status: int, code: str) -> None:
    again = {Verdict.RETRY, Verdict.RENEW_TOKEN}
    verdict = decide(status, code, repeatable=WRITE)
    assert (verdict in again) == (status in {401, 403, 429} or verdict is Verdict.RENEW_TOKEN)
    assert verdict is not Verdict.RENEW_TOKEN or 400 <= status < 500


def pauses(outcomes: list[float | None], policy: RetryPolicy = POLICY) -> list[float]:
    """The pauses after outcomes with these values of `Retry-After`."""
    generator = retry_pauses(policy)
    assert next(generator) == 0
    return [generator.send(RequestResult(Verdict.RETRY, 429, retry_after=asked)) for asked in outcomes]


@given(st.integers(1, 30))
def test_without_word_from_listrak_the_pause_grows_up_to_the_cap(times: int) -> None:
    for retry, seconds in enumerate(pauses([None] * times)):
        assert 0 <= seconds <= min(POLICY.cap, POLICY.base * 2**retry)


def test_the_jitter_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, _: low)
    assert pauses([None] * 5) == [0] * 5
    monkeypatch.setattr("random.uniform", lambda _, high: high)
    assert pauses([None] * 10) == [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60]


@given(st.lists(st.none() | st.floats(0, 1e12), max_size=12))
def test_X22_what_listrak_asks_for_is_kept_within_reason(asked: list[float | None]) -> None:
    for wanted, seconds in zip(asked, pauses(asked), strict=True):
        limited = POLICY.pause_asked(wanted)
        if limited is None:
            assert wanted is None or wanted > POLICY.max_seconds
            assert 0 <= seconds <= POLICY.cap
        else:
            assert wanted is not None
            assert limited == min(wanted, MAX_RETRY_AFTER) <= seconds <= MAX_RETRY_AFTER + POLICY.base


class Waiting:
    """A pause that takes no time, with what was waited for; it is closed after so many waits."""

    def __init__(self, close_after: int = 1000) -> None:
        self.waited: list[float] = []
        self._close_after = close_after

    def __call__(self, seconds: float) -> bool:
        if seconds:
            self.waited.append(seconds)
        return len(self.waited) >= self._close_after


@given(
    ends=st.lists(st.sampled_from([Verdict.RETRY, Verdict.RETRY, Verdict.ACCEPT, Verdict.LOST]), min_size=12),
    max_retries=st.integers(0, 9),
    close_after=st.integers(0, 12),
)
def test_the_loop_ends_at_a_final_outcome_the_last_retry_or_the_closing(
    ends: list[Verdict], max_retries: int, close_after: int
) -> None:
    turns = iter(ends)
    waiting = Waiting(close_after)
    result = repeat(lambda: RequestResult(next(turns), 500), "GET /x", RetryPolicy(max_retries), waiting)
    finals = [index for index, verdict in enumerate(ends) if verdict is not Verdict.RETRY]
    first = finals[0] if finals else len(ends)
    attempts = min(first, max_retries, close_after or 0) + 1
    if close_after and close_after <= min(first, max_retries):
        attempts = close_after  # closed during that pause
    assert result.attempts == attempts
    assert result.verdict is (ends[first] if attempts == first + 1 else Verdict.UNAVAILABLE)


@pytest.mark.parametrize("asked", [901.0, 86_400.0, 1e11, 1e300])
def test_X22_a_pause_beyond_the_patience_of_a_request_ends_it_at_once(asked: float) -> None:
    waiting = Waiting()
    result = repeat(lambda: RequestResult(Verdict.RETRY, 429, retry_after=asked), "GET /x", POLICY, waiting)
    assert (result.verdict, result.attempts, waiting.waited) == (Verdict.UNAVAILABLE, 1, [])


NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("²", None),
        ("9" * 400, float("9" * 20)),
        ("Tue, 30 Jun 2026 12:00:30 GMT", 30.0),
        ("Tue, 30 Jun 2026 12:00:30 -0000", 30.0),
        ("Tue, 30 Jun 2026 11:00:00 GMT", 0.0),
        ("Tue, 30 Jun 99999 11:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, NOW) == seconds


@given(st.integers(0, 10_000_000))
def test_a_date_reads_back_as_its_distance(seconds: int) -> None:
    assert parse_retry_after(format_datetime(NOW + timedelta(seconds=seconds), usegmt=True), NOW) == seconds


@given(st.text())
def test_no_header_breaks_the_reader(header: str) -> None:
    seconds = parse_retry_after(header, NOW)
    assert seconds is None or seconds >= 0
