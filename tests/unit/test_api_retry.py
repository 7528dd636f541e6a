"""The one decision and the one delay, row by row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_api.retry import (
    MAX_RETRY_AFTER,
    Failure,
    RetryPolicy,
    Verdict,
    decide,
    delay,
    parse_retry_after,
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
    (403, "", Verdict.NOT_AUTHORISED, Verdict.NOT_AUTHORISED),
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
]


@pytest.mark.parametrize(("end", "code", "for_read", "for_write"), TABLE)
def test_each_way_to_end_has_its_outcome(
    end: int | Failure, code: str, for_read: Verdict, for_write: Verdict
) -> None:
    assert decide(end, code, repeatable=READ) is for_read
    assert decide(end, code, repeatable=WRITE) is for_write


def test_every_failure_is_in_the_table() -> None:
    assert {end for end, *_ in TABLE if isinstance(end, Failure)} == set(Failure)


@pytest.mark.parametrize("repeatable", [READ, WRITE])
def test_a_second_refusal_after_a_renewal_is_final(*, repeatable: bool) -> None:
    assert decide(401, "ERROR_UNAUTHORIZED", repeatable=repeatable, renewed=True) is Verdict.NOT_AUTHORISED


def test_a_404_on_a_large_body_means_that_it_is_too_large() -> None:
    assert decide(404, repeatable=WRITE, large=True) is Verdict.TOO_LARGE


@given(st.integers(100, 999), st.text(max_size=20))
def test_a_write_is_repeated_for_nothing_but_429_and_refused_tokens(status: int, code: str) -> None:
    again = {Verdict.RETRY, Verdict.RENEW_TOKEN}
    verdict = decide(status, code, repeatable=WRITE)
    assert (verdict in again) == (status in {401, 429} or verdict is Verdict.RENEW_TOKEN)
    assert verdict is not Verdict.RENEW_TOKEN or 400 <= status < 500


@given(st.integers(1, 30), st.floats(0, 1))
def test_without_word_from_listrak_the_delay_grows_up_to_the_cap(retry: int, draw: float) -> None:
    pause = delay(retry, None, POLICY, lambda low, high: low + (high - low) * draw)
    assert 0 <= pause <= min(POLICY.cap, POLICY.base * 2 ** (retry - 1))


def test_the_jitter_is_full() -> None:
    assert delay(4, None, POLICY, lambda low, _: low) == 0
    assert delay(4, None, POLICY, lambda _, high: high) == 4
    assert delay(30, None, POLICY, lambda _, high: high) == POLICY.cap


@given(st.integers(1, 30), st.floats(0, 1e12))
def test_what_listrak_asks_for_is_kept_within_reason(retry: int, asked: float) -> None:
    pause = delay(retry, asked, POLICY)
    assert min(asked, MAX_RETRY_AFTER) <= pause <= MAX_RETRY_AFTER + POLICY.base


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
