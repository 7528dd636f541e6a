"""Access tokens."""

from __future__ import annotations

import math
import secrets
import time
from dataclasses import dataclass


@dataclass
class _Token:
    """An access token: whose it is, until when (monotonic seconds) and for how many calls it is good."""

    integration: str
    until: float
    uses: float


class Tokens:
    """Access tokens given out, and how long each is good."""

    def __init__(self) -> None:
        self._known: dict[str, _Token] = {}

    def give(self, integration: str, ttl: float, uses: int = 0) -> str:
        """Create a token for an integration.

        Args:
            integration: Its name.
            ttl: Seconds of real time for which the token is good.
            uses: Calls for which it is good; 0 for any number.
        """
        now = time.monotonic()
        self._known = {token: known for token, known in self._known.items() if known.until > now}
        # The prefix is for those who look through logs: a token is known by itself, wherever it turns up.
        token = f"sandbox-token-{secrets.token_urlsafe(32)}"
        self._known[token] = _Token(integration, now + ttl, uses or math.inf)
        return token

    def use(self, token: str) -> str | None:
        """Use a token for a call, and tell whose it is; None when it is unknown or has expired."""
        known = self._known.get(token)
        if known is None or known.until <= time.monotonic() or known.uses <= 0:
            return None
        known.uses -= 1
        return known.integration

    def expire_all(self) -> None:
        """Create every token given out so far worthless, as when secrets are rotated."""
        self._known.clear()
