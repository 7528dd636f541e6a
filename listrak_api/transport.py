"""One HTTP exchange: sent once, within limits of time and size. It ends in a reply or a `Failure`."""

from __future__ import annotations

import http.client
import logging
import ssl
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import requests
import urllib3
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ReadTimeoutError

from listrak_api import environment
from listrak_api.limited_connections import LIMIT, Limit, LimitedAdapter
from listrak_api.masking import MASKING
from listrak_api.retry import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from listrak_api.settings import ConnectionSettings

# urllib3 logs filled paths, which hold addresses and numbers. Masked at the source as well: handlers can be
# replaced after `install_masking` has seen them.
logging.getLogger("urllib3.connectionpool").addFilter(MASKING)

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Bytes of an answer, decompressed, beyond which it is not read. A page of contacts has a few megabytes."""

UPLOAD_BYTES_PER_SECOND = 100_000
"""The slowest upload that is accepted: the time limit grows by one second for so many bytes."""

_CHUNK = 64 * 1024
_CONNECT_SECONDS = 30.0
_PLAIN_HTTP = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}
"""OpenSSL's errors when a server answers in plain HTTP where TLS is expected."""


@runtime_checkable
class BodyStream(Protocol):
    """A request body that is generated while it is sent, so that it is never in memory as a whole.

    It is iterated once for each attempt, from the start each time, and must always yield exactly `len` bytes.
    """

    def __len__(self) -> int:
        """Return the number of bytes."""
        ...

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes from the start, in pieces of moderate size (under 1 MB)."""
        ...


Body = bytes | BodyStream | None


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer.

    Attributes:
        status: The HTTP status.
        headers: The headers; names without regard to case.
        body: The entire body, decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class ExchangeError(Exception):
    """An exchange that ended without a complete answer.

    Attributes:
        failure: How it ended.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


@dataclass(frozen=True)
class Exchange:
    """What is to be sent.

    Attributes:
        method: The HTTP method.
        url: The URL without query.
        params: The query parameters.
        headers: Headers beside the usual ones.
        body: The body.
        token: The bearer token; empty for none.
        repeatable: Whether it may be carried out twice without harm.
        first_use: Whether this is the first request with the token.
    """

    method: str
    url: str = field(repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = field(default=None, repr=False)
    token: str = field(default="", repr=False)
    repeatable: bool = False
    first_use: bool = False

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return 0 if self.body is None else len(self.body)


class Transport:
    """A pooled keep-alive session, safe to use from several threads.

    Proxies and certificate authorities are taken from the environment as usual (`HTTPS_PROXY`,
    `REQUESTS_CA_BUNDLE`); certificates are always verified. Redirects are never followed, cookies never kept,
    `.netrc` never read.

    Args:
        settings: The checked settings.

    Raises:
        ConfigurationError: An environment variable names an invalid proxy or invalid authorities.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self._proxies = environment.check((settings.api_url, settings.auth_url))
        self._proxies_that_worked: set[environment.Proxy] = set()
        self._settings = settings
        self._closing = threading.Event()
        self._session = _Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = LimitedAdapter(pool_connections=4, pool_maxsize=settings.max_concurrency)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._headers = {
            "User-Agent": settings.user_agent,
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "keep-alive",
        }
        # Proxies and authorities are the same for every request to a host. Reading them from the environment
        # each time would be a large part of the cost of a small request.
        self._environment = {
            url: self._session.merge_environment_settings(url, {}, stream=True, verify=None, cert=None)
            for url in (settings.api_url, settings.auth_url)
        }

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closing.is_set()

    def close(self) -> None:
        """Abort running exchanges within a second, and close all connections."""
        self._closing.set()
        self._session.close()

    def pause(self, seconds: float) -> bool:
        """Wait some seconds, or until `close` is called; return whether it was called."""
        return self._closing.wait(seconds) if seconds > 0 else self._closing.is_set()

    def exchange(self, exchange: Exchange) -> Reply:
        """Send a request once and read its whole answer.

        Args:
            exchange: What to send.

        Returns:
            The answer, whatever its status.

        Raises:
            ExchangeError: There is no complete answer.
            ConfigurationError: The proxy that the environment names refuses it or cannot be reached, so
                nothing was sent to Listrak.
        """
        size = 0 if exchange.body is None else len(exchange.body)
        seconds = self._settings.request_timeout + size / UPLOAD_BYTES_PER_SECOND
        limit = Limit(time.monotonic() + seconds, self._closing)
        token = LIMIT.set(limit)
        try:
            return self._send(exchange, limit)
        except requests.RequestException as problem:
            self._check_proxy(problem, self._base(exchange))
            raise ExchangeError(_failure_of(problem)) from None
        except TimeoutError:
            raise ExchangeError(Failure.TIMEOUT) from None
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError):
            raise ExchangeError(Failure.RESET) from None
        finally:
            LIMIT.reset(token)

    def _send(self, exchange: Exchange, limit: Limit) -> Reply:
        # Prepared here, not by the session, which would look for credentials in `.netrc` and send those.
        prepared = requests.PreparedRequest()
        body = exchange.body
        headers = {**self._headers, **exchange.headers}
        if exchange.token:
            headers["Authorization"] = f"Bearer {exchange.token}"
        prepared.prepare(
            method=exchange.method,
            url=exchange.url,
            headers=headers,
            params=dict(exchange.params),
            data=None if body is None else _Upload(body, limit),
        )
        base = self._base(exchange)
        connect = min(_CONNECT_SECONDS, limit.remaining())
        timeout = urllib3.Timeout(connect=connect, read=limit.remaining())
        response = self._session.send(
            prepared,
            timeout=timeout,  # type: ignore[arg-type] # requests passes urllib3's own object on
            allow_redirects=False,
            **self._environment[base],
        )
        with response:
            proxy = self._proxies[base]
            if proxy is not None:
                if response.status_code == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
                    raise environment.proxy_refusal(base, proxy, response.status_code)
                self._proxies_that_worked.add(proxy)
            return Reply(response.status_code, response.headers, _read_body(response))

    def _check_proxy(self, problem: requests.RequestException, base: str) -> None:
        """Raise ConfigurationError if a request failed at the proxy, and waiting does not help."""
        proxy = self._proxies[base]
        if proxy is not None:
            worked = proxy in self._proxies_that_worked
            mistake = environment.proxy_mistake(problem, base, proxy, worked=worked)
            if mistake is not None:
                raise mistake from None

    def _base(self, exchange: Exchange) -> str:
        """Return the configured address that a request belongs to."""
        return self._settings.auth_url if exchange.url == self._settings.auth_url else self._settings.api_url


class _Session(requests.Session):
    """A session that never follows a redirect, so that the token is not sent to another host."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return nothing, so that requests does not even read the redirect's body."""


class _Upload:
    """A body as pieces, so that each piece, not the entire body, must pass within the socket's time limit."""

    def __init__(self, body: bytes | BodyStream, limit: Limit) -> None:
        self._body = body
        self._limit = limit

    def __len__(self) -> int:
        return len(self._body)

    def __iter__(self) -> Iterator[bytes | memoryview]:
        pieces = _slices(self._body) if isinstance(self._body, bytes) else iter(self._body)
        left = len(self)
        for piece in pieces:
            self._limit.remaining()
            left -= len(piece)
            if left < 0:
                break
            yield piece
        if left:
            # The server would wait for the missing bytes, or take surplus bytes for the next request.
            message = f"the body stream gives {len(self) - left} bytes, not {len(self)}"
            raise RuntimeError(message)


def _slices(data: bytes) -> Iterator[memoryview]:
    view = memoryview(data)
    for start in range(0, len(view), _CHUNK):
        yield view[start : start + _CHUNK]


def _read_body(response: requests.Response) -> bytes:
    """Read the entire body, but no more than the limit."""
    declared = response.headers.get("Content-Length", "")
    if declared.isdigit() and int(declared[:20]) > MAX_BODY_BYTES:
        raise ExchangeError(Failure.TOO_LONG)
    pieces = []
    total = 0
    for piece in response.iter_content(_CHUNK):
        total += len(piece)
        if total > MAX_BODY_BYTES:
            raise ExchangeError(Failure.TOO_LONG)
        pieces.append(piece)
    return b"".join(pieces)


def _failure_of(problem: requests.RequestException) -> Failure:
    """Return the failure that an exception of requests stands for."""
    cause: Any = problem.args[0] if problem.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(problem, requests.exceptions.SSLError):
        return _failure_of_tls(getattr(reason, "args", ()))
    if isinstance(
        problem, (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)
    ):
        return Failure.CUT
    if isinstance(problem, (requests.ConnectTimeout, requests.exceptions.ProxyError)):
        return Failure.NOT_CONNECTED
    # NewConnectionError is also what urllib3 makes of a name that cannot be resolved.
    if isinstance(reason, (NewConnectionError, ConnectTimeoutError)):
        return Failure.NOT_CONNECTED
    if isinstance(problem, requests.Timeout) or isinstance(reason, ReadTimeoutError):
        return Failure.TIMEOUT
    return Failure.RESET


def _failure_of_tls(causes: tuple[Any, ...]) -> Failure:
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return Failure.UNTRUSTED
    plain = any(getattr(cause, "reason", None) in _PLAIN_HTTP for cause in causes)
    return Failure.NOT_TLS if plain else Failure.RESET
