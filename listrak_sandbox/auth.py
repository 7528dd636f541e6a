"""The token endpoint, and the check of a call's token and areas."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from listrak_sandbox.envelope import Answer, ApiError, json_answer
from listrak_sandbox.sandbox import Call, Route

if TYPE_CHECKING:
    from listrak_sandbox.sandbox import Sandbox
    from listrak_sandbox.settings import Settings

DENIED = "Authorization was denied for this request."
REFUSED = (
    "The client credentials are invalid, the integration is inactive, or the IP address is not authorized."
)


def unauthorized() -> ApiError:
    """Create the error of a refused call: the same one for every cause."""
    return ApiError(401, "ERROR_UNAUTHORIZED", DENIED)


def refusal(settings: Settings) -> Answer:
    """Return the answer to a refused token request: the same one for every cause."""
    if settings.token_refusal == "bare":  # noqa: S105  a word for its form
        return json_answer(400, {"error": "Invalid Credentials"})
    return ApiError(401, "ERROR_INVALID_CREDENTIALS", REFUSED).answer()


def routes(sandbox: Sandbox) -> list[Route]:
    """Return the token endpoint: ``POST /OAuth2/Token`` (form encoded, client credentials)."""

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
                token = sandbox.tokens.issue(name, ttl, sandbox.settings.token_uses)
                return json_answer(
                    200, {"access_token": token, "token_type": "Bearer", "expires_in": int(ttl)}
                )
        return refusal(sandbox.settings)

    return [Route("POST", "/OAuth2/Token", token)]


def authorize(call: Call) -> None:
    """Check the bearer token and the areas of a call, and set its `integration`.

    Raises:
        ApiError: 401 ERROR_UNAUTHORIZED, the same for every cause: no token or an invalid one, paused
            integration, missing area, IP address not allowed, another kind of integration. 429
            ERROR_TOO_MANY_REQUESTS: more requests in a second than the integration may make.
    """
    if call.route.integration is None:
        return
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthorized()
    name = call.sandbox.tokens.use(token.strip())
    if name is None:
        raise unauthorized()
    integration = call.sandbox.settings.integrations[name]
    granted = integration.areas is None or call.route.areas <= set(integration.areas)
    if name != call.route.integration or integration.paused or integration.refuse_ip or not granted:
        raise unauthorized()
    if not call.sandbox.rates.admit(name, integration.requests_per_second):
        raise ApiError(429, "ERROR_TOO_MANY_REQUESTS", "Too many requests.")
    call.integration = name
