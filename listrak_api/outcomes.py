"""From an exchange to its outcome: what it means, whether it is repeated, and the error a person reads."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlsplit

from listrak_api.answers import UnreadableError, read_envelope
from listrak_api.errors import (
    AuthenticationError,
    ConfigurationError,
    ListrakError,
    LostAnswerError,
    NotFoundError,
    PayloadTooLargeError,
    RequestRefusedError,
    UnavailableError,
)
from listrak_api.masking import mask
from listrak_api.retry import Failure, RetryPolicy, Verdict, decide, delay, parse_retry_after
from listrak_api.transport import Exchange, ExchangeError, Reply, Transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from listrak_api.settings import ConnectionSettings

logger = logging.getLogger("listrak_api")

T = TypeVar("T")

_FIRST_ERROR = 400
LARGE_BODY_BYTES = 200_000_000
"""A body above this that is answered with 404 is taken to be too large: Listrak takes up to 250 MB."""

UNEXPLAINED_BODY_BYTES = 500_000
"""The same for a 404 without a code of Listrak's: it comes from a server in front of it."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """How a request ended.

    Attributes:
        verdict: What to do about it.
        end: The HTTP status, or how it ended without a usable answer.
        code: Listrak's error code; empty if there is none.
        message: Listrak's own words, masked; empty if there are none.
        retry_after: Seconds that Listrak asked to wait; None if it did not.
        value: What was read out of the answer; only if it was accepted.
        attempts: How often the request was sent.
        location: Scheme and host of a redirect.
        date: Listrak's clock when it answered; None if it did not say.
    """

    verdict: Verdict
    end: int | Failure
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
        return self.end if isinstance(self.end, int) else 0


@dataclass(frozen=True, slots=True)
class Sent(Generic[T]):
    """One exchange and its outcome, with what metrics want to know.

    Attributes:
        outcome: How it ended.
        received: Bytes of the answer's body.
    """

    outcome: Outcome[T]
    received: int = 0


def exchange_once(
    transport: Transport,
    exchange: Exchange,
    read: Callable[[Reply], T],
    *,
    repeatable: bool,
    renewed: bool = False,
) -> Sent[T]:
    """Send a request once and judge how it ended.

    Args:
        transport: Sends it.
        exchange: The request.
        read: Takes the value out of a successful answer; raises `UnreadableError` if it cannot.
        repeatable: Whether it may be carried out twice without harm.
        renewed: Whether the token was already renewed for it.

    Returns:
        The outcome; never an exception for anything that a server can do, except what `read` raises on
        purpose.
    """
    size = 0 if exchange.body is None else len(exchange.body)
    try:
        reply = transport.exchange(exchange)
    except ExchangeError as problem:
        verdict = decide(problem.failure, repeatable=repeatable, renewed=renewed)
        return Sent(Outcome(verdict, problem.failure))
    outcome: Outcome[T] = _judge(reply, size, repeatable=repeatable, renewed=renewed)
    if outcome.verdict is Verdict.ACCEPT:
        try:
            outcome = replace(outcome, value=read(reply))
        except UnreadableError:
            verdict = decide(Failure.UNREADABLE, repeatable=repeatable)
            outcome = replace(outcome, verdict=verdict, end=Failure.UNREADABLE)
    return Sent(outcome, len(reply.body))


def _judge(reply: Reply, size: int, *, repeatable: bool, renewed: bool) -> Outcome[T]:
    """Judge a complete answer to a request with a body of so many bytes."""
    status, code, message = reply.status, "", ""
    if status >= _FIRST_ERROR or b'"error"' in reply.body[:200]:
        envelope = read_envelope(reply.body)
        if envelope is not None and envelope.error:
            code, message = str(envelope.error)[:80], mask(str(envelope.message or ""))[:300]
            # An error may come in an answer that calls itself 200: the envelope's own status tells the truth.
            if status < _FIRST_ERROR and isinstance(envelope.status, int) and envelope.status >= _FIRST_ERROR:
                status = envelope.status
    large = size > (LARGE_BODY_BYTES if code else UNEXPLAINED_BODY_BYTES)
    date = http_date(reply.headers.get("Date"))
    return Outcome(
        decide(status, code, repeatable=repeatable, renewed=renewed, large=large),
        status,
        code,
        message,
        parse_retry_after(reply.headers.get("Retry-After"), date or datetime.now(UTC)),
        location=_origin(reply.headers.get("Location", "")),
        date=date,
    )


def http_date(value: str | None) -> datetime | None:
    """Read a `Date` header; None if it is absent or no date."""
    try:
        moment = parsedate_to_datetime(value or "")
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _origin(url: str) -> str:
    """Reduce a URL to scheme and host, which are safe to show."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return ""
    return mask(f"{parts.scheme}://{host}") if parts.scheme and host else ""


def repeat(
    once: Callable[[], Outcome[T]], name: str, policy: RetryPolicy, transport: Transport
) -> Outcome[T]:
    """Send a request until its outcome is final.

    Args:
        once: Sends it once.
        name: The request's name for the log: method and template.
        policy: How often and how fast.
        transport: Pauses; its closing ends the repeating.

    Returns:
        The final outcome: never RETRY, but UNAVAILABLE once attempts or time are used up.
    """
    started = time.monotonic()
    attempts = 0
    while True:
        outcome = once()
        attempts += 1
        if outcome.verdict is not Verdict.RETRY:
            return replace(outcome, attempts=attempts)
        wait = delay(attempts, outcome.retry_after, policy)
        late = time.monotonic() - started + wait > policy.max_seconds
        if attempts > policy.max_retries or late or transport.closed:
            return replace(outcome, verdict=Verdict.UNAVAILABLE, attempts=attempts)
        logger.warning(
            "%s: %s; retry %d of %d in %.1f s", name, _what(outcome), attempts, policy.max_retries, wait
        )
        if transport.pause(wait):
            return replace(outcome, verdict=Verdict.UNAVAILABLE, attempts=attempts)


def _what(outcome: Outcome[T]) -> str:
    """Say in a few words how a request ended."""
    if isinstance(outcome.end, Failure):
        return outcome.end.value
    return f"status {outcome.end} {outcome.code}".rstrip()


def error_for(  # noqa: PLR0911 - one row per verdict
    outcome: Outcome[T],
    name: str,
    settings: ConnectionSettings,
    *,
    areas: tuple[str, ...] = (),
    token: bool = False,
) -> ListrakError:
    """Make the error for a request that was not accepted.

    Args:
        outcome: The final outcome.
        name: Method and template of the request.
        settings: Tell which settings to name.
        areas: The areas that the route needs.
        token: Whether the request was for a token.

    Returns:
        The error to raise.
    """
    what = _what(outcome)
    url_setting = "auth_url" if token else "api_url"
    match outcome.verdict:
        case Verdict.NOT_AUTHORISED | Verdict.RENEW_TOKEN:
            return _not_authorised(outcome, name, settings, areas, token=token)
        case Verdict.TOO_LARGE:
            return PayloadTooLargeError(
                f"{name} was refused: its body is larger than Listrak takes",
                status=outcome.status,
                hint="Listrak takes up to 250 MB at once: send fewer rows at once (batch_size_rows).",
            )
        case Verdict.NOT_FOUND if token:
            return ConfigurationError(
                f"{url_setting} leads to nothing: status {outcome.status}",
                setting=url_setting,
                hint=f"Set {url_setting} to the token endpoint with its path, or leave it out.",
            )
        case Verdict.NOT_FOUND:
            reason = ": ".join(part for part in (outcome.code, outcome.message) if part)
            return NotFoundError(f"{name}: not found" + (f" ({reason})" if reason else ""), code=outcome.code)
        case Verdict.REFUSED:
            return RequestRefusedError(
                f"{name} was refused with status {outcome.status}",
                status=outcome.status,
                code=outcome.code,
                message=outcome.message,
            )
        case Verdict.REDIRECTED:
            where = f" to {outcome.location}" if outcome.location else ""
            return ConfigurationError(
                f"{name} was answered with a redirect{where}, which is not followed: "
                "it would carry the token there",
                setting=url_setting,
                hint=f"Check {url_setting}: it must be the address that Listrak answers at itself.",
            )
        case Verdict.UNTRUSTED:
            return ConfigurationError(
                f"{name}: {what}, so nothing was sent",
                setting=url_setting,
                hint=f"Check {url_setting}. If a proxy of yours inspects TLS, name its certificate authority "
                "in the environment variable REQUESTS_CA_BUNDLE.",
            )
        case Verdict.LOST:
            return LostAnswerError(
                f"{name} was sent, but {what}: Listrak may have carried it out or not",
                hint="It was not repeated, because that could do it twice. "
                "Look in Listrak whether it was done.",
                status=outcome.status,
            )
        case _:
            return _unavailable(outcome, name, url_setting)


def _not_authorised(
    outcome: Outcome[T], name: str, settings: ConnectionSettings, areas: tuple[str, ...], *, token: bool
) -> AuthenticationError:
    id_name, secret_name = settings.credential_names
    code = f" ({outcome.code})" if outcome.code else ""
    subject = (
        f"Listrak gave no token for {id_name}" if token else f"Listrak refused {name} with a fresh token"
    )
    area = (
        f"an area that was not granted to it (this call needs {', '.join(areas)})"
        if areas
        else ("an area that was not granted to it")
    )
    return AuthenticationError(
        f"{subject}: status {outcome.status}{code}",
        setting=id_name,
        areas=areas,
        hint=f"Listrak says the same for each of these causes: a wrong {id_name} or {secret_name}; "
        f"an integration that is paused or inactive; {area}; an IP address of this machine that is not on "
        "the integration's allow list. Listrak shows all of them under Integrations, Integration Management.",
    )


def _unavailable(outcome: Outcome[T], name: str, url_setting: str) -> UnavailableError:
    hints = {
        Failure.NOT_CONNECTED: f"Check {url_setting} and this machine's network and proxy.",
        Failure.TIMEOUT: "Run it again later, or raise request_timeout.",
        Failure.TOO_LONG: "Ask for less at once: lower page_size.",
        429: "Other programs may be using the account's share: lower max_concurrency, "
        "or set requests_per_second.",
    }
    default = "The failure is on Listrak's side or on the way there: run it again later."
    times = "once" if outcome.attempts == 1 else f"{outcome.attempts} times"
    return UnavailableError(
        f"{name} was tried {times} without success: {_what(outcome)}",
        hint=hints.get(outcome.end, default),
        status=outcome.status,
    )
