"""The client of one of Listrak's APIs: reads, pages and writes, from any number of threads."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from listrak_api.answers import Answer, CursorGuard, Page, read_answer, read_page, read_resource
from listrak_api.auth import TokenSource
from listrak_api.errors import PayloadTooLargeError
from listrak_api.pacing import Pace, limiter_of
from listrak_api.queries import encode_body, format_query
from listrak_api.request_results import error_for, exchange_once
from listrak_api.retry import RetryPolicy, Verdict, repeat
from listrak_api.stats import Observation, Stats
from listrak_api.transport import Exchange, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import msgspec

    from listrak_api.retry import RequestResult
    from listrak_api.routes import Api, Route
    from listrak_api.settings import ConnectionSettings
    from listrak_api.transport import Body, BodyStream, Reply

MAX_COUNT = 5000
"""The most rows that Listrak puts on one page."""

MAX_PAYLOAD_BYTES = 250 * 1024 * 1024
"""Listrak's limit on a request's body; above it nothing is sent."""

_REFUSALS_DOUBTED = 2
"""How often a new token may be refused for a route whose areas were granted before, within one request."""

_NOTHING: Mapping[str, object] = {}

T = TypeVar("T")


class Client:
    """Sends requests to one of Listrak's APIs with one integration.

    Safe to use from several threads; use it as a context manager. Every call waits for its turn: at most
    `max_concurrency` requests are under way at once, all threads slow down when Listrak answers 429 (see
    `retry`), and `requests_per_second` is never exceeded.

    Args:
        settings: Addresses, credentials and limits.
        api: Which API; only to check that the settings are for it.
        policy: How often and how fast transient failures are repeated; made from the settings if not given.

    Attributes:
        observer: Called after each attempt with the route and an `Observation`, from the thread that made
            it; for metrics. Must be quick and must not raise.
        stats: Counters.
    """

    def __init__(
        self, settings: ConnectionSettings, api: Api | None = None, *, policy: RetryPolicy | None = None
    ) -> None:
        if api is not None and api != settings.api:
            message = f"the settings are for the {settings.api} API, not for {api}"
            raise ValueError(message)
        self.settings = settings
        self.api: Api = settings.api
        self.observer: Callable[[Route, Observation], None] | None = None
        self.stats = Stats()
        self._policy = policy or RetryPolicy(settings.max_retries)
        self._transport = Transport(settings)
        self._tokens = TokenSource(settings, self._transport, self.stats, self._policy)
        self._slots = threading.BoundedSemaphore(settings.max_concurrency)
        self._pace = Pace()
        self._granted: set[tuple[str, ...]] = set()  # areas of routes that were answered
        self._limiter = limiter_of(settings)

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Abort what is under way, within a second, and close all connections.

        Threads that are waiting in a call get an `UnavailableError`, or a `LostAnswerError` for a write that
        was under way.
        """
        self._transport.close()

    def pause(self, seconds: float) -> bool:
        """Wait, but not beyond `close`.

        Args:
            seconds: How long.

        Returns:
            Whether the client was closed.
        """
        return self._transport.pause(seconds)

    def check(self) -> None:
        """Get a token, and so check whether Listrak accepts the integration at all.

        Raises:
            AuthenticationError: It does not. The areas are not checked by this.
            UnavailableError: The token endpoint does not answer usably, retries included.
            ConfigurationError: It redirects, or its certificate cannot be verified.
        """
        self._tokens.get()

    def started_at(self) -> datetime:
        """Return the run's start: when the first token came.

        It is read from the slower of this machine's clock and Listrak's, so that a clock that runs ahead
        never moves a bookmark into the future. Asks for a token if there is none yet.

        Returns:
            An aware UTC date-time, the same for the client's whole life.

        Raises:
            AuthenticationError: As for `check`; so are UnavailableError and ConfigurationError.
        """
        self._tokens.get()
        return self._tokens.first_answer_at or datetime.now(UTC)

    def now(self) -> datetime:
        """Return the present time by the slower of the two clocks, as an aware UTC date-time."""
        here = datetime.now(UTC)
        offset = self._tokens.server_time_offset
        return here if offset is None else min(here, here + offset)

    def get(
        self, route: Route, ids: Mapping[str, object] = _NOTHING, params: Mapping[str, object] = _NOTHING
    ) -> Any:  # noqa: ANN401 - any JSON
        """Read a resource, or a collection that has no pages.

        Args:
            route: Any GET route.
            ids: The path's parameters by the specs' names.
            params: Query parameters by the specs' names; None is left out, booleans, date-times and lists
                are formatted.

        Returns:
            The envelope's `data`: a dict for a resource, a list of dicts for a collection. Where the specs
            show a resource as an array of one, the resource; where they show it without an envelope, the
            bare body.

        Raises:
            NotFoundError: It is not there.
            RequestRefusedError: Listrak refused the request.
            AuthenticationError: Listrak refused the integration: a new token, at its first use.
            UnavailableError: No usable answer came, retries included.
            ConfigurationError: Listrak redirects, or its certificate cannot be verified.
        """
        request = self._request(route, ids, params)
        return self._call(
            route, request, lambda reply: read_resource(reply.body, collection=route.collection)
        )

    def get_page(  # noqa: PLR0913 - the parts of a request
        self,
        route: Route,
        ids: Mapping[str, object] = _NOTHING,
        params: Mapping[str, object] = _NOTHING,
        cursor: str | None = None,
        count: int = MAX_COUNT,
        *,
        decoder: msgspec.json.Decoder[Any] | None = None,
        undecoded: bool = False,
    ) -> Page:
        """Read one page of a collection.

        Args:
            route: A GET route of a collection.
            ids: The path's parameters by the specs' names.
            params: Query parameters; must be the same for all pages of a collection.
            cursor: `next_cursor` of the page before; None for the first page.
            count: Rows on a page, at most 5000. Left out where the specs declare no paging.
            decoder: Decodes the array of rows, for example `msgspec.json.Decoder(list[Row])`; without one,
                dicts.
            undecoded: Leave the rows undecoded: the page has them as `raw` only.

        Returns:
            The page.

        Raises:
            PagingError: The next page is given in a way that cannot be asked for.
            NotFoundError: As for `get`; so are the other errors.
        """
        paging: dict[str, object] = {"count": min(count, MAX_COUNT)} if route.paged else {}
        if cursor is not None:
            paging["cursor"] = cursor
        request = self._request(route, ids, params, paging)
        return self._call(route, request, lambda reply: read_page(reply.body, decoder, undecoded=undecoded))

    def pages(
        self,
        route: Route,
        ids: Mapping[str, object] = _NOTHING,
        params: Mapping[str, object] = _NOTHING,
        count: int = MAX_COUNT,
        *,
        decoder: msgspec.json.Decoder[Any] | None = None,
    ) -> Iterator[Page]:
        """Read all pages of a collection, one after the other, each when it is asked for.

        Args:
            route: A GET route of a collection, also of one that is declared without pages.
            ids: The path's parameters by the specs' names.
            params: Query parameters.
            count: Rows on a page, at most 5000.
            decoder: As for `get_page`.

        Yields:
            At least one page.

        Raises:
            PagingError: A cursor came back that was there before; the pages so far are not the whole
                collection.
            NotFoundError: As for `get`; so are the other errors.
        """
        guard = CursorGuard(route)
        cursor: str | None = None
        while True:
            page = self.get_page(route, ids, params, cursor, count, decoder=decoder)
            guard.check(page.next_cursor)
            yield page
            cursor = page.next_cursor
            if cursor is None:
                return

    def rows(
        self, route: Route, ids: Mapping[str, object] = _NOTHING, params: Mapping[str, object] = _NOTHING
    ) -> Iterator[dict[str, Any]]:
        """Read all rows of a collection, page by page.

        Args:
            route: A GET route of a collection.
            ids: The path's parameters by the specs' names.
            params: Query parameters.

        Raises:
            PagingError: As for `pages`; so are the other errors.
        """
        for page in self.pages(route, ids, params):
            yield from page.rows

    def send(  # noqa: PLR0913 - the parts of a request
        self,
        route: Route,
        ids: Mapping[str, object] = _NOTHING,
        params: Mapping[str, object] = _NOTHING,
        body: object = None,
        *,
        body_stream: BodyStream | None = None,
        idempotent: bool = False,
    ) -> Answer:
        """Carry out a write.

        It is repeated only if Listrak has certainly not carried it out: 429, no connection, or a token that
        was renewed.

        Args:
            route: A POST, PUT or DELETE route.
            ids: The path's parameters by the specs' names.
            params: Query parameters.
            body: What msgspec can encode as JSON, or ready JSON as bytes; None for no body.
            body_stream: JSON that is generated while it is sent, instead of `body`. Iterated once per
            attempt.
            idempotent: Whether doing it twice is the same as doing it once. Then it is repeated like a read.

        Returns:
            The answer.

        Raises:
            LostAnswerError: It was sent, and no usable answer came: it may have been carried out. Not
                repeated.
            PayloadTooLargeError: The body is over Listrak's limit; above 250 MiB it is not even sent.
            RequestRefusedError: Listrak refused the request; nothing was carried out.
            NotFoundError: What the path names is not there; nothing was carried out.
            AuthenticationError: Listrak refused the integration: a new token, at its first use.
            UnavailableError: Listrak could not be reached, retries included; nothing was carried out.
            ConfigurationError: Listrak redirects, or its certificate cannot be verified.
        """
        if route.method == "GET":
            message = f"{route} is a read"
            raise ValueError(message)
        data: Body = body_stream if body_stream is not None else encode_body(body)
        _check_size(route, data)
        request = self._request(route, ids, params)
        return self._call(
            route,
            replace(request, body=data, repeatable=route.repeatable or idempotent),
            lambda reply: read_answer(reply.status, reply.body),
        )

    def _request(
        self,
        route: Route,
        ids: Mapping[str, object],
        params: Mapping[str, object],
        paging: Mapping[str, object] = _NOTHING,
    ) -> Exchange:
        """Return a request without token and body."""
        if route.api != self.api:
            message = f"{route} does not belong to the {self.api} API"
            raise ValueError(message)
        return Exchange(
            route.method,
            self.settings.api_url + route.path(ids),
            format_query(route, params, paging),
            {} if route.method == "GET" else {"Content-Type": "application/json"},
            repeatable=route.repeatable,
        )

    def _call(self, route: Route, request: Exchange, read: Callable[[Reply], T]) -> T:
        """Send a request until the result of an attempt is final; return the value, or raise the error."""
        attempts, refusals = itertools.count(), itertools.count(1)
        doubted = min(_REFUSALS_DOUBTED, self._policy.max_retries)

        def once() -> RequestResult[T]:
            result = self._attempt(route, request, read, retry=next(attempts) > 0)
            if result.verdict is Verdict.NOT_AUTHORISED:
                # An area that was granted is rarely withdrawn during a run. More likely the token was
                # revoked.
                if route.areas in self._granted and next(refusals) <= doubted:
                    return replace(result, verdict=Verdict.RETRY)
            elif result.verdict is Verdict.ACCEPT:
                self._granted.add(route.areas)
            return result

        result = repeat(once, str(route), self._policy, self._transport.pause)
        if result.verdict is Verdict.ACCEPT:
            return cast("T", result.value)
        raise error_for(result, str(route), self.settings, areas=route.areas)

    def _attempt(
        self, route: Route, request: Exchange, read: Callable[[Reply], T], *, retry: bool
    ) -> RequestResult[T]:
        """Send a request once; if its token is refused, again with the current token, then with a new one.

        The token is taken after the waiting, so that it is as fresh as possible when it is sent. The verdict
        is never RENEW_TOKEN: a new token that is refused at its first use is a final refusal.
        """
        with self._slots:
            self._wait_for_turn()
            token = self._tokens.get()
            result = self._exchange(route, replace(request, token=token), read, retry=retry)
            for own in (False, True):
                if result.verdict is not Verdict.RENEW_TOKEN:
                    break
                self._wait_for_turn()
                with self._tokens.renewed(token, own=own) as (token, first_use):
                    sending = replace(request, token=token, first_use=first_use)
                    result = self._exchange(route, sending, read, retry=True)
            return result

    def _wait_for_turn(self) -> None:
        """Wait until pace and hard limit allow a request, or until `close`."""
        self._transport.pause(self._pace.reserve())
        if self._limiter is not None:
            # In short waits, so that `close` is noticed.
            while not self._limiter.try_acquire("listrak", timeout=1) and not self._transport.closed:
                pass

    def _exchange(
        self, route: Route, request: Exchange, read: Callable[[Reply], T], *, retry: bool
    ) -> RequestResult[T]:
        """Send once and count it. After a 429, slow down all threads. Call the observer."""
        started = time.monotonic()
        exchanged = exchange_once(self._transport, request, read)
        seconds = time.monotonic() - started
        result = exchanged.result
        throttled = result.status_or_failure == HTTPStatus.TOO_MANY_REQUESTS
        if throttled:
            self._pace.slow_down(started, self._policy.pause_asked(result.retry_after))
        self.stats.add(
            requests=1,
            retries=int(retry),
            throttled=int(throttled),
            bytes_received=exchanged.received,
            bytes_sent=request.size,
        )
        if self.observer is not None:
            nul, received = exchanged.nul_characters, exchanged.received
            self.observer(route, Observation(result.status, seconds, received, retry, nul))
        return result


def _check_size(route: Route, body: Body) -> None:
    """Check a body's size: Listrak answers one that is too large with a 404 that does not say so.

    Raises:
        PayloadTooLargeError: It is over the limit.
    """
    if body is not None and len(body) > MAX_PAYLOAD_BYTES:
        message = (
            f"{route} was not sent: its body has {len(body):,} bytes, Listrak takes {MAX_PAYLOAD_BYTES:,}"
        )
        hint = "Send fewer rows at once (batch_size_rows)."
        raise PayloadTooLargeError(message, status=HTTPStatus.NOT_FOUND, hint=hint)
