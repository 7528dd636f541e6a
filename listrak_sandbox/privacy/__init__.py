"""The Privacy API, ``/privacy/v1``: requests to forget somebody, and how far each of them is.

The sandbox keeps the requests and erases nothing: what a test wrote can still be read.
"""

from __future__ import annotations

import time
import uuid
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from listrak_sandbox.clock import text_of
from listrak_sandbox.envelope import Answer, ApiError, created, invalid, resource
from listrak_sandbox.sandbox import Call, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from listrak_sandbox.sandbox import Sandbox

__all__ = ["LIMITS", "PrivacyApi", "api"]

LIMITS = ((20, 10.0), (60, 60.0))
"""The published limits: requests, and the seconds of real time in which no more than these are taken."""


class _Parameters(msgspec.Struct):
    emailAddress: str | None = None  # noqa: N815  the API's name
    phoneNumber: str | None = None  # noqa: N815  the API's name


@dataclass
class _Request:
    request_id: str
    email: str | None
    phone: str | None
    submitted: str
    due: float
    processed: str | None = None


class PrivacyApi:
    """The Privacy API of one sandbox."""

    name = "privacy"
    base = "/privacy/v1"

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.reset()

    def reset(self) -> None:
        """Forget all requests, and what has been counted towards the limits."""
        self._requests: dict[str, _Request] = {}
        self._admitted: deque[float] = deque()

    def routes(self) -> list[Route]:
        """Return the two routes."""
        return [
            Route("POST", "/Forget", self._submit, body=True),
            Route("GET", "/Forget/{requestId}", self._status),
        ]

    def control_routes(self) -> list[Route]:
        """Return none: `written` has everything."""
        return []

    def expected(self, selection: Mapping[str, str]) -> dict[str, dict[str, object]]:  # noqa: ARG002  nothing to select
        """Return nothing: no stream reads this API."""
        return {}

    def written(self) -> dict[str, object]:
        """Return ``{"forget": [{"requestID", "emailAddress", "phoneNumber", "submittedDate"}]}``."""
        return {
            "forget": [
                {
                    "requestID": one.request_id,
                    "emailAddress": one.email,
                    "phoneNumber": one.phone,
                    "submittedDate": one.submitted,
                }
                for one in self._requests.values()
            ]
        }

    def _submit(self, call: Call) -> Answer:
        self._count()
        given = call.json(_Parameters)
        if not (given.emailAddress or given.phoneNumber):
            raise invalid("parameters", "An email address or a phone number is expected.")
        request = _Request(
            str(uuid.uuid4()),
            given.emailAddress or None,
            given.phoneNumber or None,
            text_of(call.now),
            time.monotonic() + self.sandbox.settings.forget_seconds,
        )
        self._requests[request.request_id] = request
        return created(request.request_id)

    def _status(self, call: Call) -> Answer:
        self._count()
        request = self._requests.get(call.ids["requestId"])
        if request is None:
            raise ApiError(
                404,
                "ERROR_UNABLE_TO_LOCATE_RESOURCE",
                "Unable to locate a resource associated with the requestId supplied.",
            )
        if request.processed is None and time.monotonic() >= request.due:
            request.processed = text_of(call.now)
        return resource(
            {
                "requestID": request.request_id,
                "status": "PROCESSING" if request.processed is None else "COMPLETE",
                "submittedDate": request.submitted,
                "processedDate": request.processed,
            }
        )

    def _count(self) -> None:
        """Count a request towards the limits.

        Raises:
            ApiError: 429, there were too many; this one is not carried out.
        """
        if not self.sandbox.settings.privacy_limits:
            return
        now = time.monotonic()
        while self._admitted and self._admitted[0] <= now - LIMITS[-1][1]:
            self._admitted.popleft()
        for most, seconds in LIMITS:
            if sum(one > now - seconds for one in self._admitted) >= most:
                raise ApiError(429, "ERROR_TOO_MANY_REQUESTS", "Too many requests.")
        self._admitted.append(now)


def api(sandbox: Sandbox) -> PrivacyApi:
    """Create the Privacy API of a sandbox."""
    return PrivacyApi(sandbox)
