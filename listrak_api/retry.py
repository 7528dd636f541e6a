"""Retries: what to do about each result of a request, the pauses, and the one loop that repeats requests.

`decide` is the decision, `retry_pauses` gives the pauses after failures and 429, `repeat` is the loop. The
loop and the exponential wait are those of the library `backoff`. The waiting itself is done here, for two
reasons. `backoff` calls `time.sleep`, which `Client.close` could not interrupt. And it shortens a pause that
exceeds the time limit, after which a server that asked for the pause would only refuse again.

After a 429 with ``Retry-After`` the thread that sent the request waits that long (`repeat`), and no thread of
the client starts another request meanwhile (`pacing.Pace`). `RetryPolicy.pause_asked` limits both to
`MAX_RETRY_AFTER`. `retry_pauses` adds up to `RetryPolicy.base` seconds (0.5) of jitter to the thread's own
pause. Without ``Retry-After`` that thread waits a random time of at most `RetryPolicy.cap` (60 s), and the
others are only slowed down.
"""

from __future__ import annotations

import enum
import logging
import time
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from datetime import datetime

logger = logging.getLogger("listrak_api")

T = TypeVar("T")

MAX_RETRY_AFTER = 300.0
"""Seconds: the longest pause, without jitter, that Listrak's `Retry-After` can ask for."""


class Failure(enum.Enum):
    """The ways a request can end without a usable answer. The values are for messages."""

    NOT_CONNECTED = "no connection could be made"
    RESET = "the connection broke before the answer came"
    TIMEOUT = "no complete answer came within the time limit"
    CUT = "the answer was cut off"
    UNREADABLE = "the answer was empty or was not valid JSON"
    TOO_LONG = "the answer was larger than this program accepts"
    UNTRUSTED = "the server's TLS certificate could not be verified"
    NOT_TLS = "the server does not speak TLS"


class Verdict(enum.Enum):
    """What to do about the result of a request: accept it, repeat the request, or raise which error."""

    ACCEPT = enum.auto()
    RETRY = enum.auto()
    RENEW_TOKEN = enum.auto()
    NOT_AUTHORISED = enum.auto()
    REFUSED = enum.auto()
    NOT_FOUND = enum.auto()
    TOO_LARGE = enum.auto()
    REDIRECTED = enum.auto()
    UNTRUSTED = enum.auto()
    NOT_TLS = enum.auto()
    UNAVAILABLE = enum.auto()
    LOST = enum.auto()


_AUTH_CODES = {"ERROR_UNAUTHORIZED", "ERROR_INVALID_CREDENTIALS"}
_BETA_CODE = "ERROR_INTEGRATION_CANNOT_ACCESS_BETA_ROUTE"
_REFUSED_ACCESS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_CLIENT_ERROR = 4
_BY_HUNDREDS = {2: Verdict.ACCEPT, 3: Verdict.REDIRECTED}
_FINAL = {Failure.UNTRUSTED: Verdict.UNTRUSTED, Failure.NOT_TLS: Verdict.NOT_TLS}
_TRANSIENT = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}


def decide(
    status_or_failure: int | Failure,
    code: str = "",
    *,
    repeatable: bool,
    first_use: bool = False,
    large: bool = False,
) -> Verdict:
    """Decide what to do about the result of a request, whatever the number of attempts so far.

    Args:
        status_or_failure: The HTTP status, or how the request ended without a usable answer.
        code: Listrak's error code; empty if it gave none.
        repeatable: Whether the request may be carried out twice without harm: true of reads, and of writes
            that the caller declares idempotent.
        first_use: Whether the request was the first one with its token. Only then does a refusal mean that
            the integration is refused, and not that the token has expired.
        large: Whether the request's body is near Listrak's limit, beyond which it answers 404.

    Returns:
        The verdict. RETRY means that the request was certainly not carried out, or is repeatable.
    """
    if isinstance(status_or_failure, Failure):
        return _decide_failure(status_or_failure, repeatable=repeatable)
    hundreds = status_or_failure // 100
    if hundreds == _CLIENT_ERROR:
        if code == _BETA_CODE:
            return Verdict.REFUSED
        # 403 is seen for a missing area and an IP address that is not allowed, as well as 401.
        if status_or_failure in _REFUSED_ACCESS or code in _AUTH_CODES:
            return Verdict.NOT_AUTHORISED if first_use else Verdict.RENEW_TOKEN
        if status_or_failure not in _TRANSIENT:
            return _decide_refusal(status_or_failure, large=large)
    if hundreds in _BY_HUNDREDS:
        return _BY_HUNDREDS[hundreds]
    # 429 means that the request was not carried out. Any other status may come after it was carried out.
    certain = status_or_failure == HTTPStatus.TOO_MANY_REQUESTS
    return Verdict.RETRY if repeatable or certain else Verdict.LOST


def _decide_refusal(status: int, *, large: bool) -> Verdict:
    """Decide about a 4xx to which a repetition would get the same answer."""
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or (status == HTTPStatus.NOT_FOUND and large):
        return Verdict.TOO_LARGE
    return Verdict.NOT_FOUND if status == HTTPStatus.NOT_FOUND else Verdict.REFUSED


def _decide_failure(failure: Failure, *, repeatable: bool) -> Verdict:
    if failure is Failure.NOT_CONNECTED:
        return Verdict.RETRY
    if failure in _FINAL:
        return _FINAL[failure]
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

    def pause_asked(self, retry_after: float | None) -> float | None:
        """Return the pause that Listrak asked for, limited; the only place that limits it.

        Args:
            retry_after: What Listrak asked for, in seconds; None if it did not.

        Returns:
            Seconds, at most `MAX_RETRY_AFTER`. None if Listrak asked for none (`retry_pauses` then decides
            alone), or for more than the time limit of a request (the request is then given up at once).
        """
        if retry_after is None or self.exceeded_by(retry_after):
            return None
        return min(retry_after, MAX_RETRY_AFTER)

    def exceeded_by(self, retry_after: float | None) -> bool:
        """Return whether Listrak asks for a longer pause than the time limit of a request."""
        return retry_after is not None and retry_after > self.max_seconds


@dataclass(frozen=True, slots=True)
class RequestResult(Generic[T]):
    """The result of a request.

    Attributes:
        verdict: What to do about it.
        status_or_failure: The HTTP status, or how the request ended without a usable answer.
        code: Listrak's error code; empty if there is none.
        message: Listrak's own words, masked; empty if there are none.
        retry_after: Seconds that Listrak asked to wait, without limit; None if it did not.
        value: What was read out of the answer; only if it was accepted.
        attempts: How often the request was sent.
        location: Scheme and host of a redirect.
        date: The answer's Date header (UTC); None without one.
    """

    verdict: Verdict
    status_or_failure: int | Failure
    code: str = ""
    message: str = ""
    retry_after: float | None = None
    value: T | None = None
    attempts: int = 1
    location: str = ""
    date: datetime | None = None

    @property
    def status(self) -> int:
        """The HTTP status; 0 if there was no usable answer."""
        return self.status_or_failure if isinstance(self.status_or_failure, int) else 0

    @property
    def description(self) -> str:
        """The result in a few words, such as "status 503"."""
        if isinstance(self.status_or_failure, Failure):
            return self.status_or_failure.value
        return f"status {self.status_or_failure} {self.code}".rstrip()


def repeat(
    once: Callable[[], RequestResult[T]], name: str, policy: RetryPolicy, pause: Callable[[float], bool]
) -> RequestResult[T]:
    """Send a request until the result of an attempt is final.

    Args:
        once: Sends it once.
        name: The request's name for the log: method and template.
        policy: How often and how fast.
        pause: Waits some seconds, or until the client is closed; returns whether it was closed.

    Returns:
        The result of the last attempt. Its verdict is never RETRY. It is UNAVAILABLE once attempts or time
        are used up, Listrak asks for a longer pause than the time limit, or the client is closed.
    """
    attempts = 0

    def count(_: object) -> None:
        nonlocal attempts
        attempts += 1

    repeated = backoff.on_predicate(
        partial(_pausing, name, policy, pause),
        lambda result: result.verdict is Verdict.RETRY,
        max_tries=policy.max_retries + 1,
        jitter=None,  # `retry_pauses` has it already
        on_try=count,
        logger=None,
    )(once)
    result = repeated()
    verdict = Verdict.UNAVAILABLE if result.verdict is Verdict.RETRY else result.verdict
    return replace(result, verdict=verdict, attempts=attempts)


def _pausing(
    name: str, policy: RetryPolicy, pause: Callable[[float], bool]
) -> Generator[float, RequestResult[Any], None]:
    """Wait as `retry_pauses` says, interruptibly, and yield 0 for `backoff`; return to give up."""
    started = time.monotonic()
    pauses = retry_pauses(policy)
    result = yield next(pauses)
    for retry in range(1, policy.max_retries + 1):
        seconds = pauses.send(result)
        late = time.monotonic() - started + seconds > policy.max_seconds
        if late or policy.exceeded_by(result.retry_after) or pause(0):
            return
        logger.warning(
            "%s: %s; retry %d of %d in %.1f s", name, result.description, retry, policy.max_retries, seconds
        )
        if pause(seconds):
            return
        result = yield 0.0


def retry_pauses(policy: RetryPolicy) -> Generator[float, RequestResult[Any], None]:
    """Generate the pauses between the attempts of one request; a wait generator as `backoff` uses them.

    Args:
        policy: The policy.

    Yields:
        First 0, which is ignored. Then, for each result that is sent in, the seconds to wait. Without
        `Retry-After`: exponential with full jitter, so that threads that failed together do not retry
        together. With it: what Listrak asked for, plus a little jitter.
    """
    exponential = backoff.expo(factor=policy.base, max_value=policy.cap)
    result = yield next(exponential)
    for longest in exponential:
        asked = policy.pause_asked(result.retry_after)
        jitter = backoff.full_jitter(longest if asked is None else policy.base)
        result = yield jitter + (asked or 0.0)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Read a `Retry-After` header.

    Args:
        value: The header: seconds, or an HTTP date; None if it is absent.
        now: The server's time (its `Date` header) or, failing that, this machine's, aware.

    Returns:
        Seconds from now, never negative and without limit (`RetryPolicy.pause_asked` sets one); None if there
        is no header or it cannot be read.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text[:20])
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if instant.tzinfo is None:  # "-0000": UTC, by the RFC
        instant = instant.replace(tzinfo=now.tzinfo)
    return max(0.0, (instant - now).total_seconds())
