"""The result of a request: what an answer means (`exchange_once`), and the error for it (`error_for`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlsplit

from listrak_api import environment
from listrak_api.answers import ErrorAnswerError, UnreadableError, read_envelope, without_nul
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
from listrak_api.retry import Failure, RequestResult, Verdict, decide, parse_retry_after
from listrak_api.transport import ExchangeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from listrak_api.answers import Envelope
    from listrak_api.settings import ConnectionSettings
    from listrak_api.transport import Exchange, Reply, Transport

T = TypeVar("T")

_FIRST_ERROR = 400
LARGE_BODY_BYTES = 200_000_000
"""A body above this that is answered with 404 is taken to be too large: Listrak takes up to 250 MB."""

UNEXPLAINED_BODY_BYTES = 500_000
"""The same for a 404 without one of Listrak's error codes, which comes from a server in front of Listrak."""


@dataclass(frozen=True, slots=True)
class ExchangeResult(Generic[T]):
    """The result of one exchange, and what metrics count.

    Attributes:
        result: The result, with the value that was read.
        received: Bytes of the answer's body.
        nul_characters: How many were removed from its texts.
    """

    result: RequestResult[T]
    received: int = 0
    nul_characters: int = 0


def exchange_once(
    transport: Transport,
    exchange: Exchange,
    read: Callable[[Reply], T],
) -> ExchangeResult[T]:
    """Send a request once, and judge the result.

    Args:
        transport: Sends it.
        exchange: The request.
        read: Takes the value out of a successful answer; raises `UnreadableError` if it cannot.

    Returns:
        The result. Nothing that a server can do raises an exception, except what `read` raises on purpose.
    """
    try:
        reply = transport.exchange(exchange)
    except ExchangeError as problem:
        return ExchangeResult(
            RequestResult(decide(problem.failure, repeatable=exchange.repeatable), problem.failure)
        )
    body, nul_characters = without_nul(reply.body)
    if nul_characters:
        reply = replace(reply, body=body)
    refused = read_envelope(reply.body) if reply.status >= _FIRST_ERROR else None
    result: RequestResult[T] = _judge(exchange, reply, reply.status, refused)
    if result.verdict is Verdict.ACCEPT:
        try:
            result = replace(result, value=read(reply))
        except ErrorAnswerError as problem:
            result = _judge(exchange, reply, problem.envelope.error_status, problem.envelope)
        except UnreadableError:
            verdict = decide(Failure.UNREADABLE, repeatable=exchange.repeatable)
            result = replace(result, verdict=verdict, status_or_failure=Failure.UNREADABLE)
    return ExchangeResult(result, len(reply.body), nul_characters)


def _judge(exchange: Exchange, reply: Reply, status: int, envelope: Envelope | None) -> RequestResult[T]:
    """Judge a complete answer, by its status and what its envelope says of an error."""
    code = message = ""
    if envelope is not None and envelope.error:
        code, message = mask(str(envelope.error))[:80], mask(str(envelope.message or ""))[:300]
    large = exchange.size > (LARGE_BODY_BYTES if code else UNEXPLAINED_BODY_BYTES)
    date = http_date(reply.headers.get("Date"))
    return RequestResult(
        decide(status, code, repeatable=exchange.repeatable, first_use=exchange.first_use, large=large),
        status,
        code,
        message,
        parse_retry_after(reply.headers.get("Retry-After"), date or datetime.now(UTC)),
        location=_origin(reply.headers.get("Location", "")),
        date=date,
    )


def http_date(value: str | None) -> datetime | None:
    """Read a `Date` header; None if it is absent or not a date."""
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


@dataclass(frozen=True, slots=True)
class _Unaccepted:
    """A request that was not accepted, for the text of its error.

    Attributes:
        result: The result of the last attempt.
        name: Method and template of the request.
        settings: Tell which settings to name.
        areas: The areas that the route needs.
        token: Whether the request was for a token.
    """

    result: RequestResult[Any]
    name: str
    settings: ConnectionSettings
    areas: tuple[str, ...]
    token: bool

    @property
    def url_setting(self) -> str:
        """The setting with the address that was asked."""
        return "auth_url" if self.token else "api_url"

    @property
    def url(self) -> str:
        """The address that was asked."""
        return self.settings.auth_url if self.token else self.settings.api_url

    def wrong_url(self, message: str, hint: str) -> ConfigurationError:
        """Create the error for an address that is not Listrak's, or not reached safely."""
        return ConfigurationError(message, setting=self.url_setting, hint=hint)


def error_for(
    result: RequestResult[T],
    name: str,
    settings: ConnectionSettings,
    *,
    areas: tuple[str, ...] = (),
    token: bool = False,
) -> ListrakError:
    """Create the error for a request that was not accepted.

    Args:
        result: The result of the last attempt.
        name: Method and template of the request.
        settings: Tell which settings to name.
        areas: The areas that the route needs.
        token: Whether the request was for a token.

    Returns:
        The error to raise.
    """
    unaccepted = _Unaccepted(result, name, settings, areas, token)
    return _ERRORS.get(result.verdict, _unavailable)(unaccepted)


def _too_large(request: _Unaccepted) -> ListrakError:
    return PayloadTooLargeError(
        f"{request.name} was refused: its body is larger than Listrak accepts",
        status=request.result.status,
        hint="Listrak accepts up to 250 MB: lower batch_size_rows to send fewer rows at a time.",
    )


def _not_found(request: _Unaccepted) -> ListrakError:
    result = request.result
    if request.token:
        return request.wrong_url(
            f"{request.url_setting} is not the address of the token endpoint: status {result.status}",
            f"Set {request.url_setting} to the token endpoint with its path, or leave it out.",
        )
    reason = ": ".join(part for part in (result.code, result.message) if part)
    return NotFoundError(f"{request.name}: not found" + (f" ({reason})" if reason else ""), code=result.code)


def _refused(request: _Unaccepted) -> ListrakError:
    result = request.result
    return RequestRefusedError(
        f"{request.name} was refused with status {result.status}",
        status=result.status,
        code=result.code,
        message=result.message,
    )


def _redirected(request: _Unaccepted) -> ListrakError:
    location = request.result.location
    where = f" to {location}" if location else ""
    return request.wrong_url(
        f"{request.name} was answered with a redirect{where}. It is not followed, "
        "because the token would be sent there",
        f"Set {request.url_setting} to an address that Listrak answers without a redirect.",
    )


def _untrusted(request: _Unaccepted) -> ListrakError:
    variable = environment.authorities_variable()
    hint = (
        f"Check {request.url_setting}, and whether the file that the environment variable {variable} names "
        "holds the server's certificate authority."
        if variable
        else f"Check {request.url_setting}. If a proxy of yours inspects TLS, name its certificate authority "
        "in the environment variable REQUESTS_CA_BUNDLE."
    )
    return request.wrong_url(f"{request.name}: {request.result.description}, so nothing was sent", hint)


def _not_tls(request: _Unaccepted) -> ListrakError:
    return request.wrong_url(
        f"{request.name}: {request.result.description}, so nothing was sent",
        f"Check the scheme and port of {request.url_setting}.",
    )


def _lost(request: _Unaccepted) -> ListrakError:
    return LostAnswerError(
        f"{request.name} was sent, but {request.result.description}: "
        "Listrak may or may not have carried it out",
        hint="It was not repeated, because that could carry it out twice. "
        "Check in Listrak whether it was done.",
        status=request.result.status,
    )


def _not_authorised(request: _Unaccepted) -> ListrakError:
    result, areas = request.result, request.areas
    id_name, secret_name = request.settings.credential_names
    code = f" ({result.code})" if result.code else ""
    subject = (
        f"Listrak issued no token for {id_name}"
        if request.token
        else f"Listrak refused {request.name} with a fresh token"
    )
    area = "an area that was not granted to it"
    if areas:
        area += f" (this call needs {', '.join(areas)})"
    return AuthenticationError(
        f"{subject}: status {result.status}{code}",
        setting=id_name,
        areas=areas,
        hint=f"Listrak gives the same answer for each of these causes: a wrong {id_name} or {secret_name}; "
        f"an integration that is paused or inactive; {area}; an IP address of this machine that is not on "
        "the integration's allow list. Listrak shows all of them under Integrations, Integration Management.",
    )


def _unavailable(request: _Unaccepted) -> ListrakError:
    result, url_setting = request.result, request.url_setting
    proxy = environment.proxy_for(request.url)
    network = "network" if proxy is None else f"network and proxy (environment variable {proxy.variable})"
    hints = {
        Failure.NOT_CONNECTED: f"Check {url_setting} and this machine's {network}.",
        Failure.TIMEOUT: "Run it again later, or raise request_timeout.",
        Failure.TOO_LONG: "Lower page_size, so that Listrak sends fewer rows at a time.",
        429: "Other programs may be using the same account: lower max_concurrency, "
        "or set requests_per_second.",
    }
    default = "The failure is at Listrak or on the network: run it again later."
    what = result.description
    if result.retry_after:
        what += f", and Listrak asked for a pause of {result.retry_after:,.0f} s"
    times = "once" if result.attempts == 1 else f"{result.attempts} times"
    return UnavailableError(
        f"{request.name} was tried {times} without success: {what}",
        hint=hints.get(result.status_or_failure, default),
        status=result.status,
    )


_ERRORS: Mapping[Verdict, Callable[[_Unaccepted], ListrakError]] = {
    Verdict.NOT_AUTHORISED: _not_authorised,
    Verdict.RENEW_TOKEN: _not_authorised,
    Verdict.TOO_LARGE: _too_large,
    Verdict.NOT_FOUND: _not_found,
    Verdict.REFUSED: _refused,
    Verdict.REDIRECTED: _redirected,
    Verdict.UNTRUSTED: _untrusted,
    Verdict.NOT_TLS: _not_tls,
    Verdict.LOST: _lost,
}
