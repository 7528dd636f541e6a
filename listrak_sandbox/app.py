"""Assembles the ASGI application: APIs, token endpoint, control routes, hooks and the request log."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import logging
import time
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from starlette.applications import Starlette
from starlette.routing import Route as StarletteRoute

from listrak_sandbox import auth, control
from listrak_sandbox.clock import http_date, text_of
from listrak_sandbox.envelope import Answer, ApiError
from listrak_sandbox.finish import finish
from listrak_sandbox.sandbox import Aborted, Call, Route, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from listrak_sandbox.config import Config

LOGGER = logging.getLogger("listrak_sandbox")
APIS = (
    "listrak_sandbox.email",
    "listrak_sandbox.sms",
    "listrak_sandbox.data",
    "listrak_sandbox.cross_channel",
    "listrak_sandbox.privacy",
)
EXTENSIONS = ("listrak_sandbox.faults", "listrak_sandbox.page")
CONTROL = "/_sandbox"


def _installed(names: Iterable[str]) -> list[str]:
    return [name for name in names if importlib.util.find_spec(name)]


def build(config: Config) -> tuple[Starlette, Sandbox]:
    """Create a sandbox and the application that serves it.

    The module of an API has ``api(sandbox) -> Api``. The module of an extension has
    ``install(sandbox) -> list[Route]``: these routes have complete paths and are not logged.
    """
    sandbox = Sandbox(config)
    for name in _installed(APIS):
        sandbox.apis.append(importlib.import_module(name).api(sandbox))
    api_routes = [replace(one, base="") for one in auth.routes(sandbox)]
    other_routes: list[Route] = [replace(one, base=CONTROL) for one in control.routes(sandbox)]
    for api in sandbox.apis:
        api_routes += [replace(one, base=api.base, integration=api.name) for one in api.routes()]
        other_routes += [replace(one, base=CONTROL) for one in api.control_routes()]
    for name in _installed(EXTENSIONS):
        other_routes += importlib.import_module(name).install(sandbox)
    sandbox.routes = api_routes
    by_path: dict[str, dict[str, Route]] = defaultdict(dict)
    for route in api_routes + other_routes:
        by_path[route.path][route.method] = route
    # Fixed segments before placeholders, so that …/Contact/SegmentationField does not match as an address.
    paths = sorted(by_path, key=lambda path: [part.startswith("{") for part in path.split("/")])
    logged = {id(route) for route in api_routes}
    routes = [
        StarletteRoute(path, _Endpoint(sandbox, by_path[path], logged), include_in_schema=False)
        for path in paths
    ]
    application = Starlette(routes=routes)
    application.router.default = _unknown_route(sandbox)
    application.router.redirect_slashes = False
    application.state.sandbox = sandbox
    return application, sandbox


class RawPath:
    """Lets routes match the path as sent, so that a percent-encoded slash stays inside its segment."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its undecoded path."""
        if scope["type"] == "http":
            scope = {**scope, "path": scope["raw_path"].decode("latin-1").partition("?")[0]}
        await self.app(scope, receive, send)


def _unknown_route(sandbox: Sandbox) -> ASGIApp:
    route = Route("ANY", "(unknown route)", lambda _: _raise_unknown())

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _Endpoint(sandbox, {scope["method"]: route}, {id(route)})(scope, receive, send)

    return answer


def _raise_unknown() -> Answer:
    raise ApiError(404, "ERROR_UNKNOWN_ROUTE", "The specified route does not exist.")


class _Endpoint:
    """Serves all methods of one path: log, hooks, token and content checks, handler, answer."""

    def __init__(self, sandbox: Sandbox, methods: dict[str, Route], logged: set[int]) -> None:
        self.sandbox = sandbox
        self.methods = methods
        self.logged = logged

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self.methods.get(scope["method"])
        if route is None:
            some = next(iter(self.methods.values()))
            route = replace(some, method=scope["method"], handler=self._wrong_method, body=False)
            is_logged = id(some) in self.logged
        else:
            is_logged = id(route) in self.logged
        call = Call(
            sandbox=self.sandbox,
            route=route,
            ids={name: unquote(value) for name, value in scope.get("path_params", {}).items()},
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=b"",
            now=self.sandbox.clock.now(),
            scope=scope,
            receive=receive,
            send=send,
        )
        if not is_logged:
            await _send(call, await self._handled(call))
            return
        started = time.perf_counter()
        status = size = 0
        begun = self.sandbox.log.begin()
        try:
            answer = await self._answered(call)
            status, size = answer.status, len(answer.body)
            await _send(call, answer)
        except Aborted:
            pass
        finally:
            seconds = time.perf_counter() - started
            unknown = sorted(call.query.keys() - route.known_params())
            self.sandbox.log.end(
                begun, route.name, status, seconds=seconds, at=text_of(call.now), unknown=unknown, size=size
            )

    async def _answered(self, call: Call) -> Answer:
        """Apply latency and hooks; an answer of a hook replaces the handler's."""
        latency = self.sandbox.settings.latency_ms
        if latency:
            await asyncio.sleep(latency / 1000)
        for hook in self.sandbox.hooks:
            try:
                answer = await hook.before(call)
            except ApiError as error:
                answer = error.answer()
            if answer is not None:
                return answer
        answer = await self._handled(call)
        answer = finish(answer, self.sandbox.settings)
        for hook in self.sandbox.hooks:
            answer = await hook.after(call, answer)
        return answer

    async def _handled(self, call: Call) -> Answer:
        try:
            await self._read_body(call)
            auth.authorize(call)
            if call.route.body and not call.headers.get("content-type", "").lower().startswith(
                "application/json"
            ):
                raise ApiError(  # noqa: TRY301  the one place where refusals become answers is below
                    415, "ERROR_UNSUPPORTED_CONTENT_TYPE", "The Content-Type must be application/json."
                )
            answer = call.route.handler(call)
            return answer if isinstance(answer, Answer) else await answer
        except Aborted:
            raise
        except ApiError as error:
            return error.answer()
        except Exception:
            LOGGER.exception("The handler of %s failed", call.route.name)
            return ApiError(500, "ERROR_UNHANDLED_EXCEPTION", "An unexpected error occurred.").answer()

    async def _read_body(self, call: Call) -> None:
        """Read the body; one over the limit is read to its end, discarded and answered 404."""
        limit = self.sandbox.settings.max_body_bytes
        parts: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await call.receive()
            if message["type"] == "http.disconnect":
                raise Aborted
            part = message.get("body", b"")
            more = message.get("more_body", False)
            size += len(part)
            if size <= limit:
                parts.append(part)
            else:
                parts.clear()
        if size > limit:
            raise ApiError(404, "ERROR_UNKNOWN_ROUTE", "Not Found")
        call.body = b"".join(parts)

    @staticmethod
    def _wrong_method(call: Call) -> Answer:
        message = f"The route does not support {call.route.method}."
        raise ApiError(405, "ERROR_UNSUPPORTED_METHOD", message)


async def _send(call: Call, answer: Answer) -> None:
    headers = answer.raw_headers(http_date(call.sandbox.clock.now()))
    await call.send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await call.send({"type": "http.response.body", "body": answer.body})
