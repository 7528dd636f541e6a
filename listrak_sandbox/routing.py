"""Routes of the APIs, and the one call a handler, a hook and the log all see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from listrak_sandbox import dates
from listrak_sandbox.envelope import Answer, ApiError, invalid

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.types import Receive, Scope, Send

    from listrak_sandbox.sandbox import Sandbox

T = TypeVar("T")
TRUE_WORDS = {"true": True, "1": True, "false": False, "0": False}

Handler = Callable[["Call"], Answer | Awaitable[Answer]]
"""A handler runs on the event loop. API handlers are plain functions: no other request comes between."""


@dataclass(frozen=True)
class Route:
    """One operation of an API.

    Attributes:
        method: HTTP method.
        template: Path template as in the spec, below the family's base path: ``/List/{listId}/Message``.
        handler: What answers it.
        areas: Areas (scopes) that the integration must all have been granted.
        params: Names of the query parameters that the spec knows. Others are ignored, but logged.
        paged: Whether it takes ``cursor`` and ``count``.
        body: Whether it takes a JSON body (then another content type is answered 415).
        integration: ``email``, ``sms`` or ``data``: whose token it takes. None: no token needed.
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
        """How logs and faults call it: ``GET /email/v1/List/{listId}``."""
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
