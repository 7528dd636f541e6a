"""What lower layers need of the session: the client of each API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from listrak_api.client import Client
    from listrak_api.routes import Api


class Clients(Protocol):
    """Gives the client of each API."""

    def client(self, api: Api) -> Client:
        """Return the client of one API."""
