"""Connections broken on purpose, on the real transport: resets, cut bodies, silence, nobody listening.

Each function that breaks one ends with `Aborted`: nothing more is to be sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from functools import partial
from typing import TYPE_CHECKING, Any

from listrak_sandbox.clock import http_date
from listrak_sandbox.sandbox import Aborted

if TYPE_CHECKING:
    from listrak_sandbox.envelope import Answer
    from listrak_sandbox.sandbox import Call, Sandbox

Parameters = dict[str, Any]
FLUSH_SECONDS = 0.05
"""Time for bytes to leave before the connection is reset, which would throw them away."""
_TASKS: set[asyncio.Task[None]] = set()
"""Tasks under way; without a reference they could be collected while they wait."""


def _protocol(call: Call) -> Any:  # noqa: ANN401  uvicorn's protocol, h11 or httptools
    """Find the server's end of the connection that a call came through."""
    server = call.sandbox.server
    for protocol in server.server_state.connections if server else ():
        if getattr(protocol, "client", None) == call.scope["client"]:
            return protocol
    raise Aborted


def _reset(protocol: Any) -> None:  # noqa: ANN401  uvicorn's protocol
    """Send RST: with a linger of zero seconds the kernel throws away what is unsent and resets."""
    connection = protocol.transport.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    protocol.transport.abort()


async def _gone(call: Call, seconds: float) -> None:
    """Wait until the connection is gone, a limited time."""

    async def disconnected() -> None:
        while (await call.receive())["type"] != "http.disconnect":
            pass

    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(disconnected(), seconds)


async def reset_before(call: Call, _: Parameters) -> None:
    """Reset the connection before anything is answered."""
    _reset(_protocol(call))
    await _gone(call, 1)
    raise Aborted


async def stall(call: Call, parameters: Parameters) -> None:
    """Answer nothing until the client gives up, `seconds` at most."""
    await _gone(call, float(parameters["seconds"]))
    _reset(_protocol(call))
    await _gone(call, 1)
    raise Aborted


async def _half(call: Call, answer: Answer) -> Any:  # noqa: ANN401  uvicorn's protocol
    """Send the head, with the entire body's length, and half of the body."""
    headers = {
        "date": http_date(call.sandbox.clock.now()),
        "content-type": answer.content_type,
        "content-length": str(len(answer.body)),
        **answer.headers,
    }
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await call.send({"type": "http.response.start", "status": answer.status, "headers": raw})
    half = answer.body[: len(answer.body) // 2]
    await call.send({"type": "http.response.body", "body": half, "more_body": True})
    return _protocol(call)


async def reset_during(call: Call, answer: Answer, _: Parameters) -> Answer:
    """Reset the connection after half of the body."""
    protocol = await _half(call, answer)
    await asyncio.sleep(FLUSH_SECONDS)
    _reset(protocol)
    await _gone(call, 1)
    raise Aborted


async def cut_body(call: Call, answer: Answer, _: Parameters) -> Answer:
    """End the connection in good order after half of the body that was announced."""
    protocol = await _half(call, answer)
    protocol.transport.close()
    await _gone(call, 5)
    raise Aborted


async def stall_during(call: Call, answer: Answer, parameters: Parameters) -> Answer:
    """Send half of the body, and no more until the client gives up, `seconds` at most."""
    protocol = await _half(call, answer)
    await _gone(call, float(parameters["seconds"]))
    _reset(protocol)
    await _gone(call, 1)
    raise Aborted


async def lost_answer(call: Call, _: Answer, parameters: Parameters) -> Answer:
    """Close the connection in place of the answer; with `reset`, reset it."""
    protocol = _protocol(call)
    if parameters["reset"]:
        _reset(protocol)
    else:
        protocol.transport.close()
    await _gone(call, 5)
    raise Aborted


async def refuse_connections(call: Call, parameters: Parameters) -> None:
    """Stop listening for `seconds`, as a service that restarts: open connections reset, new ones refused."""
    server = call.sandbox.server
    if server is None:
        return
    host, port = call.scope["server"]
    loop = asyncio.get_running_loop()
    for listening in server.servers:
        for one in listening.sockets:
            loop.remove_reader(one)
    # Who was let in just now becomes a connection like the others. Were the servers closed before that,
    # asyncio would forget about them, and they would hang.
    await asyncio.sleep(0.01)
    for listening in server.servers:
        listening.close()
    # Bound but not listening: the port stays ours, and the kernel refuses whoever connects.
    closed = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    closed.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    closed.bind((host, port))
    task = asyncio.create_task(_listen_again(call.sandbox, closed, float(parameters["seconds"])))
    _TASKS.add(task)
    task.add_done_callback(_TASKS.discard)
    for protocol in list(server.server_state.connections):
        _reset(protocol)
    await _gone(call, 1)
    raise Aborted


async def _listen_again(sandbox: Sandbox, closed: socket.socket, seconds: float) -> None:
    server = sandbox.server
    if server is None:
        return
    await asyncio.sleep(seconds)
    kind: Any = server.config.http_protocol_class
    protocol = partial(
        kind, config=server.config, server_state=server.server_state, app_state=server.lifespan.state
    )
    listening = asyncio.get_running_loop().create_server(protocol, sock=closed, backlog=server.config.backlog)
    server.servers = [await listening]
