"""Access tokens: issued for a time and, if set, for a number of calls."""

from __future__ import annotations

import math
import secrets
import time
from dataclasses import dataclass


@dataclass
class _Token:
    """An access token: its integration, until when (monotonic seconds) and for how many calls it is valid."""

    integration: str
    until: float
    uses: float


class Tokens:
    """The access tokens that were issued."""

    def __init__(self) -> None:
        self._known: dict[str, _Token] = {}

    def issue(self, integration: str, ttl: float, uses: int = 0) -> str:
        """Create a token for an integration.

        Args:
            integration: Its name.
            ttl: Seconds of real time for which the token is valid.
            uses: Calls for which it is valid; 0 for any number.
        """
        now = time.monotonic()
        self._known = {token: known for token, known in self._known.items() if known.until > now}
        # The prefix makes a token easy to find in logs.
        token = f"sandbox-token-{secrets.token_urlsafe(32)}"
        self._known[token] = _Token(integration, now + ttl, uses or math.inf)
        return token

    def use(self, token: str) -> str | None:
        """Count a call with a token; return its integration, or None if it is unknown or has expired."""
        known = self._known.get(token)
        if known is None or known.until <= time.monotonic() or known.uses <= 0:
            return None
        known.uses -= 1
        return known.integration

    def expire_all(self) -> None:
        """Make every token that was issued so far invalid, as when secrets are rotated."""
        self._known.clear()
