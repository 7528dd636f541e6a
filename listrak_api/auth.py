"""Client-credentials tokens of one integration. They are renewed early, by one thread for all."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from listrak_api.answers import Envelope, ErrorAnswerError, UnreadableError
from listrak_api.masking import register_secret
from listrak_api.request_results import error_for, exchange_once
from listrak_api.retry import RetryPolicy, Verdict, repeat
from listrak_api.transport import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from listrak_api.errors import ListrakError
    from listrak_api.retry import RequestResult
    from listrak_api.settings import ConnectionSettings
    from listrak_api.stats import Stats
    from listrak_api.transport import Reply, Transport

DEFAULT_LIFETIME = 900.0
"""Seconds for which a token is used if Listrak names no lifetime: the shortest that was ever observed."""

_MARGIN_SECONDS = 60.0
_NAME = "POST /OAuth2/Token"
_REFUSALS = {Verdict.REFUSED, Verdict.RENEW_TOKEN, Verdict.NOT_AUTHORISED, Verdict.TOO_LARGE}


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token.

    Attributes:
        value: The token itself. Never log it.
        renew_at: When to ask for the next one, by the clock of `TokenSource`.
    """

    value: str = field(repr=False)
    renew_at: float


class TokenSource:
    """Gives all threads the same token, and renews it.

    Args:
        settings: The credentials and the endpoint.
        transport: Sends the request.
        stats: Counts the renewals.
        policy: How often a transient failure is repeated.
        clock: A monotonic clock, in seconds.

    Attributes:
        server_time_offset: Listrak's clock minus this machine's, by the latest token answer. None before the
            first answer, or if it has no Date header. That header has whole seconds, rounded down.
        first_answer_at: When the first token came (UTC), by the slower of the two clocks; None before that.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        transport: Transport,
        stats: Stats,
        policy: RetryPolicy,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._stats = stats
        self._policy = policy
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._refusal: ListrakError | None = None
        self.server_time_offset: timedelta | None = None
        self.first_answer_at: datetime | None = None
        register_secret(settings.client_id, settings.client_secret)

    def get(self) -> str:
        """Return a token; ask for one if there is none or it expires soon.

        Raises:
            AuthenticationError: Listrak refuses the integration. Final: from then on every call raises it.
            UnavailableError: The endpoint does not answer usably, retries included.
            ConfigurationError: It redirects, or its certificate cannot be verified.
        """
        token = self._token
        if token is not None and self._clock() < token.renew_at:
            return token.value
        with self._lock:
            token = self._usable()
            if token is None:
                self._token = token = self._request()
            return token.value

    @contextlib.contextmanager
    def renewed(self, stale: str, *, own: bool = False) -> Iterator[tuple[str, bool]]:
        """Give a token other than the one that Listrak refused, for one attempt.

        Threads whose token was refused renew it once. The thread that asks for the new token uses it first,
        and the others wait until that attempt is answered. So a refusal cannot be caused by another thread's
        use.

        Args:
            stale: The refused token.
            own: Ask for a new token even if another thread has already renewed it.

        Yields:
            The token, and whether this is its first use.

        Raises:
            AuthenticationError: As for `get`; so are UnavailableError and ConfigurationError.
        """
        with self._lock:
            token = self._usable()
            if own or token is None or token.value == stale:
                self._token = None  # so that no thread takes the refused one meanwhile
                new = self._request()
                try:
                    yield new.value, True
                finally:
                    self._token = new
                return
        yield token.value, False

    def _usable(self) -> Token | None:
        """Return the present token; None if it expires soon. Raise an earlier refusal that was final."""
        if self._refusal is not None:
            raise self._refusal
        token = self._token
        return token if token is not None and self._clock() < token.renew_at else None

    def _request(self) -> Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret,
        }
        exchange = Exchange(
            "POST",
            self._settings.auth_url,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
            repeatable=True,  # asking for a token twice does no harm
        )

        def once() -> RequestResult[Token]:
            self._stats.add(renewals=1)
            return exchange_once(self._transport, exchange, self._read).result

        result = repeat(once, _NAME, self._policy, self._transport.pause)
        if result.verdict is Verdict.ACCEPT and result.value is not None:
            self._note_date(result.date)
            return result.value
        # Seen: 400 {"error": "Invalid Credentials"}, without an error code of Listrak. So any 4xx is about
        # the credentials, whatever its body, except 408, 425 and 429 ("later") and 404 (the wrong address).
        if result.verdict in _REFUSALS:
            result = replace(result, verdict=Verdict.NOT_AUTHORISED)
        error = error_for(result, _NAME, self._settings, token=True)
        if result.verdict in {Verdict.NOT_AUTHORISED, Verdict.NOT_FOUND}:
            self._refusal = error
        raise error

    def _read(self, reply: Reply) -> Token:
        try:
            answer = _TOKEN.decode(reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise UnreadableError from None
        if answer.error:
            raise ErrorAnswerError(Envelope(error=answer.error, message=answer.error_description))
        if (
            not answer.access_token
            or not answer.access_token.isascii()
            or not answer.access_token.isprintable()
        ):
            raise UnreadableError
        register_secret(answer.access_token)
        lifetime = _seconds(answer.expires_in)
        return Token(answer.access_token, self._clock() + lifetime - min(_MARGIN_SECONDS, lifetime / 5))

    def _note_date(self, date: datetime | None) -> None:
        here = datetime.now(UTC)
        if date is not None:
            self.server_time_offset = date - here
        if self.first_answer_at is None:
            self.first_answer_at = min(here, date or here)


class _TokenAnswer(msgspec.Struct):
    access_token: str = ""
    expires_in: float | str | None = None
    error: object = None
    error_description: object = None


_TOKEN = msgspec.json.Decoder(_TokenAnswer)


def _seconds(value: float | str | None) -> float:
    try:
        seconds = float(value or 0)
    except ValueError:
        return DEFAULT_LIFETIME
    return seconds if 0 < seconds < float("inf") else DEFAULT_LIFETIME
