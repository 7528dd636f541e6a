"""The email API, ``/email/v1``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from listrak_sandbox.routing import Route
    from listrak_sandbox.sandbox import Sandbox


class EmailFamily:
    """The email API of one sandbox."""

    name = "email"
    base = "/email/v1"

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def routes(self) -> list[Route]:
        """Give every route of the email API that is served."""
        return []

    def control_routes(self) -> list[Route]:
        """Give its control routes."""
        return []

    def reset(self) -> None:
        """Nothing beside the sandbox's world and store."""

    def expected(self, selection: Mapping[str, str]) -> dict[str, dict[str, object]]:  # noqa: ARG002
        """Give counts and digests of the email streams."""
        return {}

    def written(self) -> dict[str, object]:
        """Give what was written through the email API."""
        return {}


def family(sandbox: Sandbox) -> EmailFamily:
    """Make the email API of a sandbox."""
    return EmailFamily(sandbox)
