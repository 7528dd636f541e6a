"""Control routes below ``/_sandbox``, for tests and people. They need no token and are not logged."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from listrak_sandbox.clock import parse_instant
from listrak_sandbox.config import SCALES
from listrak_sandbox.envelope import Answer, ApiError, json_answer
from listrak_sandbox.sandbox import Call, Route

if TYPE_CHECKING:
    from listrak_sandbox.sandbox import Sandbox


def _bad(message: str) -> ApiError:
    return ApiError(400, "ERROR_INVALID_PARAMETER", message)


def _object(call: Call, *names: str) -> dict[str, Any]:
    """Read the body as an object with these members only; any members if no names are given."""
    given = call.json(dict[str, Any]) if call.body.strip() else {}
    unknown = sorted(set(given) - set(names)) if names else []
    if unknown:
        message = f"Unknown: {', '.join(unknown)}. There are: {', '.join(names)}"
        raise _bad(message)
    return given


def _reset(call: Call) -> Answer:
    given = _object(call, "seed", "scale")
    seed, scale = given.get("seed"), given.get("scale")
    if scale is not None and scale not in SCALES:
        message = f"scale is one of {', '.join(SCALES)}"
        raise _bad(message)
    if seed is not None and not isinstance(seed, int):
        message = "seed is an integer"
        raise _bad(message)
    call.sandbox.reset(seed, scale)
    return json_answer(200, {"seed": call.sandbox.seed, "scale": call.sandbox.scale})


def _clock(call: Call) -> Answer:
    clock = call.sandbox.clock
    if call.route.method == "POST":
        given = _object(call, "now", "frozen", "advance_seconds")
        try:
            now = parse_instant(str(given["now"])) if given.get("now") else None
            clock.set(
                now=now,
                frozen=given.get("frozen"),
                advance_seconds=float(given.get("advance_seconds") or 0),
            )
        except (ValueError, OverflowError) as error:
            raise _bad(str(error)) from None
    return json_answer(200, {"now": clock.now().isoformat(), "frozen": clock.frozen})


def _settings(call: Call) -> Answer:
    if call.route.method == "POST":
        try:
            call.sandbox.settings = call.sandbox.settings.changed(_object(call))
        except ValueError as error:
            raise _bad(str(error)) from None
    return json_answer(200, call.sandbox.settings)


def _expire_tokens(call: Call) -> Answer:
    call.sandbox.tokens.expire_all()
    return json_answer(200, {})


def _requests(call: Call) -> Answer:
    if call.route.method == "DELETE":
        call.sandbox.log.reset()
    return json_answer(200, call.sandbox.log.summary(int(call.query.get("latest") or 50)))


async def _expected(call: Call) -> Answer:
    wanted = {name.strip() for name in call.query.get("streams", "").split(",") if name.strip()}
    streams: dict[str, dict[str, object]] = {}
    for api in call.sandbox.apis:
        # Takes minutes for a large world: in a thread, so that the server still answers.
        streams |= await asyncio.to_thread(api.expected, call.query)
    unknown = sorted(wanted - streams.keys())
    if unknown:
        message = f"Unknown streams: {', '.join(unknown)}. There are: {', '.join(sorted(streams))}"
        raise _bad(message)
    return json_answer(200, {"streams": streams})


def _written(call: Call) -> Answer:
    everything: dict[str, object] = {}
    for api in call.sandbox.apis:
        everything |= api.written()
    return json_answer(200, everything)


def routes(sandbox: Sandbox) -> list[Route]:  # noqa: ARG001  the signature of every `routes`
    """Return the control routes that belong to no single API."""
    return [
        Route("POST", "/reset", _reset),
        Route("GET", "/clock", _clock),
        Route("POST", "/clock", _clock),
        Route("GET", "/settings", _settings),
        Route("POST", "/settings", _settings),
        Route("POST", "/expire-tokens", _expire_tokens),
        Route("GET", "/requests", _requests),
        Route("DELETE", "/requests", _requests),
        Route("GET", "/expected", _expected),
        Route("GET", "/written", _written),
    ]
