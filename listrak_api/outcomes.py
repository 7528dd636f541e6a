"""From an exchange to its outcome: what an answer means, and the error that a person reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlsplit

from listrak_api import environment
from listrak_api.answers import ErrorAnswerError, UnreadableError, read_envelope
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
from listrak_api.retry import Failure, Outcome, Verdict, decide, parse_retry_after
from listrak_api.transport import ExchangeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from listrak_api.answers import Envelope
    from listrak_api.settings import ConnectionSettings
    from listrak_api.transport import Exchange, Reply, Transport

T = TypeVar("T")

_FIRST_ERROR = 400
LARGE_BODY_BYTES = 200_000_000
"""A body above this that is answered with 404 is taken to be too large: Listrak takes up to 250 MB."""

UNEXPLAINED_BODY_BYTES = 500_000
"""The same for a 404 without a code of Listrak's: it comes from a server in front of it."""


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
    first_use: bool = False,
) -> Sent[T]:
    """Send a request once and judge how it ended.

    Args:
        transport: Sends it.
        exchange: The request.
        read: Takes the value out of a successful answer; raises `UnreadableError` if it cannot.
        repeatable: Whether it may be carried out twice without harm.
        first_use: Whether its token was given for it alone, just before.

    Returns:
        The outcome; never an exception for anything that a server can do, except what `read` raises on
        purpose.
    """
    size = 0 if exchange.body is None else len(exchange.body)
    try:
        reply = transport.exchange(exchange)
    except ExchangeError as problem:
        return Sent(Outcome(decide(problem.failure, repeatable=repeatable), problem.failure))

    def judge(status: int, envelope: Envelope | None) -> Outcome[T]:
        return _judge(reply, status, envelope, size, repeatable=repeatable, first_use=first_use)

    refused = read_envelope(reply.body) if reply.status >= _FIRST_ERROR else None
    outcome = judge(reply.status, refused)
    if outcome.verdict is Verdict.ACCEPT:
        try:
            outcome = replace(outcome, value=read(reply))
        except ErrorAnswerError as problem:
            outcome = judge(problem.envelope.error_status, problem.envelope)
        except UnreadableError:
            verdict = decide(Failure.UNREADABLE, repeatable=repeatable)
            outcome = replace(outcome, verdict=verdict, end=Failure.UNREADABLE)
    return Sent(outcome, len(reply.body))


def _judge(  # noqa: PLR0913 - what a verdict depends on
    reply: Reply, status: int, envelope: Envelope | None, size: int, *, repeatable: bool, first_use: bool
) -> Outcome[T]:
    """Judge a complete answer, by its status and what its envelope says of an error.

    `size` is that of the request's body, in bytes.
    """
    code = message = ""
    if envelope is not None and envelope.error:
        code, message = mask(str(envelope.error))[:80], mask(str(envelope.message or ""))[:300]
    large = size > (LARGE_BODY_BYTES if code else UNEXPLAINED_BODY_BYTES)
    date = http_date(reply.headers.get("Date"))
    return Outcome(
        decide(status, code, repeatable=repeatable, first_use=first_use, large=large),
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
        instant = parsedate_to_datetime(value or "")
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
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


def error_for(  # noqa: PLR0911 - one row per verdict
    outcome: Outcome[T],
    name: str,
    settings: ConnectionSettings,
    *,
    areas: tuple[str, ...] = (),
    token: bool = False,
) -> ListrakError:
    """Create the error for a request that was not accepted.

    Args:
        outcome: The final outcome.
        name: Method and template of the request.
        settings: Tell which settings to name.
        areas: The areas that the route needs.
        token: Whether the request was for a token.

    Returns:
        The error to raise.
    """
    what = outcome.what
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
            variable = environment.authorities_variable()
            hint = (
                f"Check {url_setting}, and whether the file that the environment variable {variable} names "
                "holds the server's certificate authority."
                if variable
                else f"Check {url_setting}. If a proxy of yours inspects TLS, name its certificate authority "
                "in the environment variable REQUESTS_CA_BUNDLE."
            )
            return ConfigurationError(f"{name}: {what}, so nothing was sent", setting=url_setting, hint=hint)
        case Verdict.NOT_TLS:
            return ConfigurationError(
                f"{name}: {what}, so nothing was sent",
                setting=url_setting,
                hint=f"Check scheme and port of {url_setting}.",
            )
        case Verdict.LOST:
            return LostAnswerError(
                f"{name} was sent, but {what}: Listrak may have carried it out or not",
                hint="It was not repeated, because that could do it twice. "
                "Look in Listrak whether it was done.",
                status=outcome.status,
            )
        case _:
            url = settings.auth_url if token else settings.api_url
            return _unavailable(outcome, name, url_setting, url)


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


def _unavailable(outcome: Outcome[T], name: str, url_setting: str, url: str) -> UnavailableError:
    proxy = environment.proxy_for(url)
    network = "network" if proxy is None else f"network and proxy (environment variable {proxy.variable})"
    hints = {
        Failure.NOT_CONNECTED: f"Check {url_setting} and this machine's {network}.",
        Failure.TIMEOUT: "Run it again later, or raise request_timeout.",
        Failure.TOO_LONG: "Ask for less at once: lower page_size.",
        429: "Other programs may be using the account's share: lower max_concurrency, "
        "or set requests_per_second.",
    }
    default = "The failure is on Listrak's side or on the way there: run it again later."
    what = outcome.what
    if outcome.retry_after:
        what += f", and Listrak asked for a pause of {outcome.retry_after:,.0f} s"
    times = "once" if outcome.attempts == 1 else f"{outcome.attempts} times"
    return UnavailableError(
        f"{name} was tried {times} without success: {what}",
        hint=hints.get(outcome.end, default),
        status=outcome.status,
    )
