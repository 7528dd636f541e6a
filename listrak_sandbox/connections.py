"""Connections broken on purpose, on the real transport: resets, cut bodies, no answer, closed port.

Each function that breaks a connection raises `Aborted` at its end, so that nothing more is sent.
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
"""Time for the kernel to send what was written: a reset discards what is unsent."""
_TASKS: set[asyncio.Task[None]] = set()
"""Running tasks. asyncio keeps no reference of its own, so they could be garbage collected."""


def _protocol(call: Call) -> Any:  # noqa: ANN401  uvicorn's protocol, h11 or httptools
    """Find the server's end of the connection that a call came through."""
    server = call.sandbox.server
    for protocol in server.server_state.connections if server else ():
        if getattr(protocol, "client", None) == call.scope["client"]:
            return protocol
    raise Aborted


def _reset(protocol: Any) -> None:  # noqa: ANN401  uvicorn's protocol
    """Send RST: with a linger of zero seconds the kernel discards what is unsent and resets."""
    connection = protocol.transport.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    protocol.transport.abort()


async def _wait_until_closed(call: Call, seconds: float) -> None:
    """Wait until the connection is closed, for `seconds` at most."""

    async def disconnected() -> None:
        while (await call.receive())["type"] != "http.disconnect":
            pass

    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(disconnected(), seconds)


async def reset_before(call: Call, _: Parameters) -> None:
    """Reset the connection before anything is answered."""
    _reset(_protocol(call))
    await _wait_until_closed(call, 1)
    raise Aborted


async def stall(call: Call, parameters: Parameters) -> None:
    """Send nothing until the client gives up, for `seconds` at most."""
    await _wait_until_closed(call, float(parameters["seconds"]))
    _reset(_protocol(call))
    await _wait_until_closed(call, 1)
    raise Aborted


async def _send_half(call: Call, answer: Answer) -> Any:  # noqa: ANN401  uvicorn's protocol
    """Send the head, with the entire body's length, and half of the body."""
    headers = answer.raw_headers(http_date(call.sandbox.clock.now()))
    await call.send({"type": "http.response.start", "status": answer.status, "headers": headers})
    half = answer.body[: len(answer.body) // 2]
    await call.send({"type": "http.response.body", "body": half, "more_body": True})
    return _protocol(call)


async def reset_during(call: Call, answer: Answer, _: Parameters) -> Answer:
    """Reset the connection after half of the body."""
    protocol = await _send_half(call, answer)
    await asyncio.sleep(FLUSH_SECONDS)
    _reset(protocol)
    await _wait_until_closed(call, 1)
    raise Aborted


async def cut_body(call: Call, answer: Answer, _: Parameters) -> Answer:
    """Close the connection without an error after half of the body that was announced."""
    protocol = await _send_half(call, answer)
    protocol.transport.close()
    await _wait_until_closed(call, 5)
    raise Aborted


async def stall_during(call: Call, answer: Answer, parameters: Parameters) -> Answer:
    """Send half of the body and then nothing until the client gives up, for `seconds` at most."""
    protocol = await _send_half(call, answer)
    await _wait_until_closed(call, float(parameters["seconds"]))
    _reset(protocol)
    await _wait_until_closed(call, 1)
    raise Aborted


async def lost_answer(call: Call, _: Answer, parameters: Parameters) -> Answer:
    """Close the connection instead of answering; with `reset`, reset it."""
    protocol = _protocol(call)
    if parameters["reset"]:
        _reset(protocol)
    else:
        protocol.transport.close()
    await _wait_until_closed(call, 5)
    raise Aborted


async def refuse_connections(call: Call, parameters: Parameters) -> None:
    """Stop listening for `seconds`, like a service that restarts.

    Open connections are reset, and new ones are refused.
    """
    server = call.sandbox.server
    if server is None:
        return
    host, port = call.scope["server"]
    loop = asyncio.get_running_loop()
    for listening in server.servers:
        for one in listening.sockets:
            loop.remove_reader(one)
    # A socket that was accepted just now must first become a connection like the others. If the servers are
    # closed before that, asyncio forgets it, and its client waits for ever.
    await asyncio.sleep(0.01)
    for listening in server.servers:
        listening.close()
    # Bound but not listening: the port stays reserved, and the kernel refuses connections to it.
    closed = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    closed.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    closed.bind((host, port))
    task = asyncio.create_task(_listen_again(call.sandbox, closed, float(parameters["seconds"])))
    _TASKS.add(task)
    task.add_done_callback(_TASKS.discard)
    for protocol in list(server.server_state.connections):
        _reset(protocol)
    await _wait_until_closed(call, 1)
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
