"""The token endpoint, and the check of a call's token and areas."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from listrak_sandbox.envelope import Answer, ApiError, json_answer
from listrak_sandbox.routing import Call, Route

if TYPE_CHECKING:
    from listrak_sandbox.sandbox import Sandbox

REFUSED = (
    "The client credentials are invalid, the integration is inactive, or the IP address is not authorized."
)


def unauthorized(why: str) -> ApiError:
    """Make the one error that stands for every cause of a refused token."""
    return ApiError(401, "ERROR_UNAUTHORIZED", why)


class Tokens:
    """Access tokens given out, and until when (monotonic seconds) each is good."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, float]] = {}

    def give(self, integration: str, ttl: float) -> str:
        """Make a token for an integration that is good for `ttl` seconds of real time."""
        now = time.monotonic()
        self._known = {token: known for token, known in self._known.items() if known[1] > now}
        # The prefix is for those who look through logs: a token is known by itself, wherever it turns up.
        token = f"sandbox-token-{secrets.token_urlsafe(32)}"
        self._known[token] = (integration, now + ttl)
        return token

    def owner(self, token: str) -> str | None:
        """Tell whose token it is; None when it is unknown or has expired."""
        known = self._known.get(token)
        return known[0] if known and known[1] > time.monotonic() else None

    def expire_all(self) -> None:
        """Make every token given out so far worthless, as when secrets are rotated."""
        self._known.clear()


def routes(sandbox: Sandbox) -> list[Route]:
    """Give the token endpoint: ``POST /OAuth2/Token`` (form encoded, client credentials)."""

    def token(call: Call) -> Answer:
        form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
        if form.get("grant_type") != "client_credentials":
            raise ApiError(400, "ERROR_INVALID_PARAMETER", "grant_type must be client_credentials.")
        for name, integration in sandbox.settings.integrations.items():
            if form.get("client_id") != integration.client_id:
                continue
            if (
                form.get("client_secret") == integration.client_secret
                and not integration.paused
                and not integration.refuse_ip
            ):
                ttl = sandbox.settings.token_ttl
                token = sandbox.tokens.give(name, ttl)
                return json_answer(
                    200, {"access_token": token, "token_type": "Bearer", "expires_in": int(ttl)}
                )
        raise ApiError(401, "ERROR_INVALID_CREDENTIALS", REFUSED)

    return [Route("POST", "/OAuth2/Token", token)]


def authorize(call: Call) -> None:
    """Check the bearer token and the areas of a call, and note whose it is.

    Raises:
        ApiError: 401 ERROR_UNAUTHORIZED, for every cause alike: no or bad token, paused integration,
            missing area, IP address not allowed, another kind of integration.
    """
    if call.route.integration is None:
        return
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthorized("An access token is required.")
    name = call.sandbox.tokens.owner(token.strip())
    if name is None:
        raise unauthorized("The access token is invalid or has expired.")
    integration = call.sandbox.settings.integrations[name]
    granted = integration.areas is None or call.route.areas <= set(integration.areas)
    if name != call.route.integration or integration.paused or integration.refuse_ip or not granted:
        raise unauthorized("The integration is not authorized to access this resource.")
    call.integration = name
