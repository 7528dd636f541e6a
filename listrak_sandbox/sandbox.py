"""One sandbox, the APIs that it serves, and the routes and calls that they deal with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from listrak_sandbox import dates
from listrak_sandbox.clock import Clock
from listrak_sandbox.envelope import Answer, ApiError, invalid
from listrak_sandbox.log import RequestLog
from listrak_sandbox.request_rates import RequestRates
from listrak_sandbox.settings import Settings
from listrak_sandbox.store import Store
from listrak_sandbox.tokens import Tokens
from listrak_sandbox.world import World

if TYPE_CHECKING:
    from datetime import datetime

    import uvicorn
    from starlette.types import Receive, Scope, Send

    from listrak_sandbox.config import Config

T = TypeVar("T")
TRUE_WORDS = {"true": True, "1": True, "false": False, "0": False}

Handler = Callable[["Call"], Answer | Awaitable[Answer]]
"""A handler runs on the event loop. API handlers are plain functions: no other request comes between."""


@dataclass(frozen=True)
class Route:
    """One operation of an API.

    Attributes:
        method: HTTP method.
        template: Path template as in the spec, below the API's base path: ``/List/{listId}/Message``.
        handler: What answers it.
        areas: Areas (scopes) that the integration must all have been granted.
        params: Names of the query parameters that the spec knows. Others are ignored, but logged.
        paged: Whether it takes ``cursor`` and ``count``.
        body: Whether it takes a JSON body (then another content type is answered 415).
        integration: The integration whose token it needs: ``email``, ``sms``, ``data``, ``cross_channel`` or
            ``privacy``. None: no token needed.
        base: Base path, set by the application: ``/email/v1``.
    """

    method: str
    template: str
    handler: Handler
    areas: frozenset[str] = frozenset()
    params: frozenset[str] = frozenset()
    paged: bool = False
    body: bool = False
    integration: str | None = None
    base: str = ""

    @property
    def path(self) -> str:
        """The whole path template, base path included."""
        return self.base + self.template

    @property
    def name(self) -> str:
        """Its name in logs and faults: ``GET /email/v1/List/{listId}``."""
        return f"{self.method} {self.path}"

    def known_params(self) -> frozenset[str]:
        """Return the query parameters it takes, paging included."""
        return self.params | {"cursor", "count"} if self.paged else self.params


@dataclass
class Call:
    """One request on its way through the hooks and its handler.

    Attributes:
        sandbox: The sandbox it came to.
        route: The route it matched.
        ids: Path values, percent-decoded, by the template's names.
        query: Query parameters; of repeated ones the last.
        headers: Request headers, lower-case names.
        body: The body's bytes (empty when there is none).
        integration: Name of the integration whose token came with it, once that is known.
        now: The sandbox's time when the call arrived.
        scope: ASGI scope, with `receive` and `send` for hooks that have to break the transport.
        extra: What hooks pass on to handlers and to each other, by name.
    """

    sandbox: Sandbox
    route: Route
    ids: dict[str, str]
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    now: datetime
    scope: Scope
    receive: Receive
    send: Send
    integration: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def id(self, name: str) -> int:
        """Read an integer path value.

        Raises:
            ApiError: 400 ERROR_INVALID_PARAMETER, it is not an integer.
        """
        try:
            return int(self.ids[name])
        except ValueError:
            raise invalid(name, "An integer is expected.") from None

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Read a boolean query parameter.

        Raises:
            ApiError: 400 ERROR_INVALID_PARAMETER, it is neither true nor false.
        """
        text = self.query.get(name, "")
        if not text:
            return default
        found = TRUE_WORDS.get(text.lower())
        if found is None:
            raise invalid(name, "'true' or 'false' is expected.")
        return found

    def word(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """Read a query parameter with a fixed set of values, without regard to case.

        Raises:
            ApiError: 400 ERROR_INVALID_PARAMETER, another value came.
        """
        text = self.query.get(name, "")
        if not text:
            return default
        for value in allowed:
            if value.lower() == text.lower():
                return value
        raise invalid(name, f"Allowed values are {', '.join(allowed)}.")

    def date_param(self, name: str) -> datetime | None:
        """Read a date-time query parameter as a UTC instant (see `dates`); None when absent or empty.

        Raises:
            ApiError: 400 ERROR_INVALID_PARAMETER, it is not a date or date-time.
        """
        text = self.query.get(name, "")
        if not text:
            return None
        try:
            return dates.read(text, self.sandbox.settings)
        except ValueError:
            raise invalid(name, "A date or an ISO 8601 date-time is expected.") from None

    def json(self, kind: type[T]) -> T:
        """Decode the body.

        Raises:
            ApiError: 400 ERROR_MALFORMED_REQUEST_BODY, it is not JSON; ERROR_INVALID_PARAMETER, a
                property has the wrong type or a required one is missing.
        """
        try:
            return msgspec.json.decode(self.body, type=kind, strict=False)
        except msgspec.ValidationError as error:
            raise ApiError(400, "ERROR_INVALID_PARAMETER", str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ApiError(
                400, "ERROR_MALFORMED_REQUEST_BODY", "The request body is not valid JSON."
            ) from None


class Api(Protocol):
    """One API: its routes, and its part of what the control routes return."""

    name: str
    """Also the name of the integration whose tokens it accepts: ``email``, ``sms`` and so on."""
    base: str
    """Base path: ``/email/v1``."""

    def routes(self) -> list[Route]:
        """Return its routes, templates below `base` as in the spec."""

    def control_routes(self) -> list[Route]:
        """Return control routes of its own, templates below ``/_sandbox``."""

    def reset(self) -> None:
        """Forget everything written, and start again with the sandbox's current seed and scale."""

    def expected(self, selection: Mapping[str, str]) -> dict[str, dict[str, object]]:
        """Return ``{stream: {count, digest}}`` of a complete extraction (see `expected`)."""

    def written(self) -> dict[str, object]:
        """Return what was written through it since the last reset."""


class Hook(Protocol):
    """Runs before and after the handler of each call: the faults are one."""

    async def before(self, call: Call) -> Answer | None:
        """Run before the handler; an answer that is returned here is sent instead of the handler's."""

    async def after(self, call: Call, answer: Answer) -> Answer:
        """Return the answer to send: the handler's, or another one."""

    def reset(self) -> None:
        """Switch off what was switched on."""


class Aborted(Exception):  # noqa: N818  not an error: a hook broke the connection on purpose
    """Raised by a hook that has dealt with the connection itself: nothing more is sent."""


class Sandbox:
    """Everything one running sandbox holds. Used on one event loop."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.seed = config.seed
        self.scale = config.scale
        self.settings = Settings.from_config(config)
        self.clock = Clock()
        self.tokens = Tokens()
        self.rates = RequestRates()
        self.log = RequestLog()
        self.world = World(self.seed, self.scale)
        self.store = Store(self.world)
        self.apis: list[Api] = []
        self.hooks: list[Hook] = []
        self.routes: list[Route] = []
        self.server: uvicorn.Server | None = None

    def reset(self, seed: int | None = None, scale: str | None = None) -> None:
        """Reset clock, settings, world, log, and everything written. Tokens stay valid."""
        self.seed = self.seed if seed is None else seed
        self.scale = scale or self.scale
        self.settings = Settings.from_config(self.config)
        self.rates = RequestRates()
        self.clock.reset()
        self.world = World(self.seed, self.scale)
        self.store.close()
        self.store = Store(self.world)
        for api in self.apis:
            api.reset()
        for hook in self.hooks:
            hook.reset()
        self.log.reset()
