"""What is done about each way a request can end: one pure decision and one pure delay, for tap and target."""

from __future__ import annotations

import enum
import random
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

MAX_RETRY_AFTER = 300.0
"""Seconds: no server makes a run wait longer than this at one go."""


class Failure(enum.Enum):
    """The ways a request can end without a usable answer; the value is for people."""

    NOT_CONNECTED = "no connection could be made"
    RESET = "the connection broke before the answer came"
    TIMEOUT = "no complete answer came within the time limit"
    CUT = "the answer was cut off"
    UNREADABLE = "the answer was empty or not the JSON that Listrak sends"
    TOO_LONG = "the answer was larger than this program accepts"
    UNTRUSTED = "the server's TLS certificate could not be verified"


class Verdict(enum.Enum):
    """What to do with a request that ended."""

    ACCEPT = enum.auto()
    RETRY = enum.auto()
    RENEW_TOKEN = enum.auto()
    NOT_AUTHORISED = enum.auto()
    REFUSED = enum.auto()
    NOT_FOUND = enum.auto()
    TOO_LARGE = enum.auto()
    REDIRECTED = enum.auto()
    UNTRUSTED = enum.auto()
    UNAVAILABLE = enum.auto()
    LOST = enum.auto()


_AUTH_CODES = {"ERROR_UNAUTHORIZED", "ERROR_INVALID_CREDENTIALS"}
_BETA_CODE = "ERROR_INTEGRATION_CANNOT_ACCESS_BETA_ROUTE"
_CLIENT_ERROR = 4
_BY_HUNDREDS = {2: Verdict.ACCEPT, 3: Verdict.REDIRECTED}
_PASSING = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}


def decide(
    end: int | Failure, code: str = "", *, repeatable: bool, renewed: bool = False, large: bool = False
) -> Verdict:
    """Decide what to do with a request that ended, whatever the number of attempts so far.

    Args:
        end: The HTTP status, or how it ended without a usable answer.
        code: Listrak's error code; empty if it gave none.
        repeatable: Whether the request may be carried out twice without harm: reads, and writes the caller
            vouches for.
        renewed: Whether the token was already renewed for this request.
        large: Whether the request's body is near Listrak's limit, beyond which it answers 404.

    Returns:
        The verdict. RETRY means that the request was certainly not carried out, or is repeatable.
    """
    if isinstance(end, Failure):
        return _decide_failure(end, repeatable=repeatable)
    hundreds = end // 100
    if hundreds == _CLIENT_ERROR:
        if code == _BETA_CODE:
            return Verdict.REFUSED
        if end == HTTPStatus.UNAUTHORIZED or code in _AUTH_CODES:
            return Verdict.NOT_AUTHORISED if renewed else Verdict.RENEW_TOKEN
        if end not in _PASSING:
            return _decide_refusal(end, code, large=large)
    if hundreds in _BY_HUNDREDS:
        return _BY_HUNDREDS[hundreds]
    # 429 says that the request was turned away at the door; any other may come after it was carried out.
    certain = end == HTTPStatus.TOO_MANY_REQUESTS
    return Verdict.RETRY if repeatable or certain else Verdict.LOST


def _decide_refusal(status: int, code: str, *, large: bool) -> Verdict:
    """Decide about a 4xx that stays the same however often it is sent."""
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or (status == HTTPStatus.NOT_FOUND and large):
        return Verdict.TOO_LARGE
    if status == HTTPStatus.NOT_FOUND:
        return Verdict.NOT_FOUND
    # A 403 without Listrak's own code comes from what stands before Listrak, and means this machine.
    forbidden = status == HTTPStatus.FORBIDDEN and not code
    return Verdict.NOT_AUTHORISED if forbidden else Verdict.REFUSED


def _decide_failure(failure: Failure, *, repeatable: bool) -> Verdict:
    if failure is Failure.NOT_CONNECTED:
        return Verdict.RETRY
    if failure is Failure.UNTRUSTED:
        return Verdict.UNTRUSTED
    if not repeatable:
        return Verdict.LOST
    return Verdict.UNAVAILABLE if failure is Failure.TOO_LONG else Verdict.RETRY


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how fast a request is repeated.

    Attributes:
        max_retries: Repetitions after the first attempt.
        max_seconds: Time limit over all attempts and pauses of one request.
        base: Seconds; the first pause is random up to this, and each further one up to twice the last.
        cap: Seconds; the longest pause that Listrak has not asked for.
    """

    max_retries: int
    max_seconds: float = 900.0
    base: float = 0.5
    cap: float = 60.0


def delay(
    retry: int,
    retry_after: float | None,
    policy: RetryPolicy,
    uniform: Callable[[float, float], float] = random.uniform,
) -> float:
    """Say how long to wait before a retry.

    Args:
        retry: Which retry it is, from 1.
        retry_after: What Listrak asked for, in seconds; None if it did not.
        policy: The policy.
        uniform: The source of randomness.

    Returns:
        Seconds. Without `retry_after`: exponential with full jitter, so that threads that failed together
        do not come back together. With it: what was asked for (at most `MAX_RETRY_AFTER`), and a little
        jitter on top.
    """
    if retry_after is not None:
        return min(retry_after, MAX_RETRY_AFTER) + uniform(0.0, policy.base)
    return uniform(0.0, min(policy.cap, policy.base * 2 ** (retry - 1)))


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Read a `Retry-After` header.

    Args:
        value: The header: seconds, or an HTTP date; None if it is absent.
        now: The server's time (its `Date` header) or, failing that, this machine's, aware.

    Returns:
        Seconds from now, never negative; None if there is no header or it cannot be read.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text[:20])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000": UTC, by the RFC
        moment = moment.replace(tzinfo=now.tzinfo)
    return max(0.0, (moment - now).total_seconds())
