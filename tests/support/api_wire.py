"""A server that says whatever bytes a test wants, for what the sandbox cannot do: it keeps to HTTP."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

from listrak_api.client import Client
from listrak_api.retry import RetryPolicy
from listrak_api.settings import ConnectionSettings

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    from listrak_api.routes import Api
    from listrak_sandbox.testing import RunningSandbox

TOKEN = b'{"access_token": "a-test-token", "token_type": "Bearer", "expires_in": 900}'
QUICK = RetryPolicy(max_retries=3, base=0.001, cap=0.002)


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A complete answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class Wire:
    """Listens on loopback; gives tokens itself and leaves every other request to the test.

    Attributes:
        url: Where it listens.
        heads: The heads of all requests but those for tokens, as they arrived.
        answer: Called with the connection for each of these requests; sends what it wants. False closes it.
        token: The answer to token requests.
        tokens: How many were asked for.
        closing: Set at the end; answers that wait, wait for this.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._context = context
        port = self._listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{port}"
        self.heads: list[str] = []
        self.answer: Callable[[socket.socket], bool | None] = lambda _: False
        self.token = http(TOKEN)
        self.tokens = 0
        self.closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Stop, and let every thread end."""
        self.closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in [self._accepting, *self._threads]:
            thread.join(10)

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(0.2)
            with connection:
                while not self.closing.is_set():
                    head = self._request(connection)
                    if head is None:
                        return
                    if "/OAuth2/Token" in head.split("\r\n", 1)[0]:
                        self.tokens += 1
                        connection.sendall(self.token)
                        continue
                    self.heads.append(head)
                    if self.answer(connection) is False:
                        return

    def _request(self, connection: socket.socket) -> str | None:
        """Read one request with its body; None once there are no more."""
        data = b""
        while b"\r\n\r\n" not in data:
            try:
                piece = connection.recv(65536)
            except TimeoutError:
                if self.closing.is_set():
                    return None
                continue
            if not piece:
                return None
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        while len(body) < length:
            piece = connection.recv(65536)
            if not piece:
                return None
            body += piece
        return head.decode()


@contextlib.contextmanager
def wire(context: ssl.SSLContext | None = None) -> Iterator[Wire]:
    """Run a `Wire`."""
    running = Wire(context)
    try:
        yield running
    finally:
        running.close()


def connect(
    url: str, api: Api = "email", *, policy: RetryPolicy = QUICK, auth_url: str = "", **values: object
) -> Client:
    """A client that retries quickly, with the sandbox's credentials."""
    settings = ConnectionSettings(
        f"sandbox-{api}",
        f"sandbox-{api}-secret",
        api,
        api_url=url,
        auth_url=auth_url or f"{url}/OAuth2/Token",
        **values,  # type: ignore[arg-type]
    )
    return Client(settings, api, policy=policy)


@contextlib.contextmanager
def fault(sandbox: RunningSandbox, kind: str, **members: object) -> Iterator[None]:
    """Switch a fault on, and all faults off at the end."""
    sandbox.control("POST", "faults", [{"kind": kind, **members}])
    try:
        yield
    finally:
        sandbox.control("DELETE", "faults")
