"""The HTTP server: uvicorn's, ended without delay."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    import socket
    from types import FrameType

__all__ = ["Server"]


class Server(uvicorn.Server):
    """A server that ends as soon as it is told to.

    uvicorn looks ten times a second whether it is to end, and then waits a tenth of a second for its
    connections: too long for tests that each start and stop a sandbox.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()

    def stop(self) -> None:
        """End without waiting for requests in flight; from any thread."""
        self.should_exit = self.force_exit = True
        self._wake()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End after a signal; after a second one without waiting for requests in flight."""
        super().handle_exit(sig, frame)
        self._wake()

    async def main_loop(self) -> None:
        """Serve until told to end."""
        self._loop = asyncio.get_running_loop()
        await self.on_tick(0)
        if not self.should_exit:
            await self._told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the connections: at once where nobody is to be waited for."""
        if not self.force_exit:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        # Transports close in the next turn of the loop; what handles a request still is cancelled after that.
        await asyncio.sleep(0)

    def _wake(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._told.set)
