"""`Clients`: what lower layers need of the tap, the client of each API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from listrak_api.client import Client
    from listrak_api.routes import Api


class Clients(Protocol):
    """Something that has a client for each API; implemented by `sync.session.TapSession`."""

    def client(self, api: Api) -> Client:
        """Return the client of one API."""
