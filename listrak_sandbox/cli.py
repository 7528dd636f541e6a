"""The console script ``listrak-sandbox``."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import TYPE_CHECKING

from listrak_sandbox import config as configuration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from listrak_sandbox.config import Config
    from listrak_sandbox.sandbox import Sandbox

HOST = "127.0.0.1"


def listen(port: int) -> socket.socket:
    """Bind a port on loopback.

    Raises:
        OSError: The port is taken.
    """
    # Named as TCP: else asyncio leaves Nagle on, and each small answer waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(256)
    return listener


def serve(config: Config, listener: socket.socket, ready: Callable[[Sandbox], None]) -> None:
    """Serve until told to stop.

    Args:
        config: How the sandbox is started.
        listener: A bound socket.
        ready: Called once with the sandbox, when requests are answered.
    """
    # Imported late: `--help` and a mistaken option answer at once.
    import uvicorn  # noqa: PLC0415

    from listrak_sandbox.app import RawPath, build  # noqa: PLC0415

    application, sandbox = build(config)
    server = uvicorn.Server(
        uvicorn.Config(
            RawPath(application),
            log_level="warning",
            access_log=False,
            date_header=False,
            server_header=False,
            lifespan="off",
            timeout_keep_alive=120,
            backlog=256,
        )
    )
    sandbox.server = server

    async def main() -> None:
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not running.done():  # noqa: ASYNC110  uvicorn offers no event for it
            await asyncio.sleep(0.005)
        if server.started:
            ready(sandbox)
        await running
        # A server that is told to end does not wait for requests that are still being answered.
        for protocol in list(server.server_state.connections):
            if protocol.transport is not None:
                protocol.transport.abort()
        await asyncio.sleep(0)

    asyncio.run(main())
    sandbox.store.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sandbox until it is interrupted.

    Returns:
        0 after an orderly end, 1 when the port is taken.
    """
    config = configuration.parse(sys.argv[1:] if arguments is None else arguments)
    try:
        listener = listen(config.port)
    except OSError as error:
        reason = error.strerror or error
        sys.stderr.write(
            f"listrak-sandbox: port {config.port} on {HOST} cannot be used: {reason}. Try --port 0.\n"
        )
        return 1
    port = listener.getsockname()[1]

    def ready(_: Sandbox) -> None:
        sys.stdout.write(
            f"listrak-sandbox listening on http://{HOST}:{port} (seed {config.seed}, scale {config.scale})\n"
        )
        sys.stdout.flush()

    try:
        serve(config, listener, ready)
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
