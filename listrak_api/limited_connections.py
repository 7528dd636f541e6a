"""HTTP connections whose reads keep to a time limit: that of the exchange of the reading thread."""

from __future__ import annotations

import http.client
import io
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    import socket
    import threading

_CHUNK = 64 * 1024
_WAKE_SECONDS = 1.0


@dataclass(frozen=True)
class Limit:
    """The time limit of an exchange.

    Args:
        deadline: By the monotonic clock, in seconds.
        closing: Set when `Transport.close` is called.
    """

    deadline: float
    closing: threading.Event

    def remaining(self) -> float:
        """Return the seconds left.

        Raises:
            TimeoutError: There are none, or the transport is closed.
        """
        left = self.deadline - time.monotonic()
        if left <= 0 or self.closing.is_set():
            raise TimeoutError
        return left


LIMIT: ContextVar[Limit] = ContextVar("limit of the exchange that this thread is in")


class _LimitedReader(io.RawIOBase):
    """Reads a socket within the limit of the exchange.

    A socket's own timeout starts again with every byte: a server that sends one byte now and then, in the
    head or in the body, would block a thread for ever. This class checks the clock and `Transport.close`
    before each read.
    """

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, limit: Limit) -> None:
        self._raw = raw
        self._sock = sock
        self._limit = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        while True:
            self._sock.settimeout(min(_WAKE_SECONDS, self._limit.remaining()))
            try:
                return self._sock.recv_into(buffer)
            except TimeoutError:
                continue

    def close(self) -> None:
        self._raw.close()
        super().close()


class _LimitedResponse(http.client.HTTPResponse):
    """Reads its socket through `_LimitedReader`."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as inherited
        super().__init__(sock, *args, **kwargs)
        limit = LIMIT.get(None)
        if limit is not None:
            raw = self.fp.detach()
            self.fp = io.BufferedReader(_LimitedReader(raw, sock, limit), _CHUNK)


class _HTTPConnection(HTTPConnection):
    response_class = _LimitedResponse


class _HTTPSConnection(HTTPSConnection):
    response_class = _LimitedResponse


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class LimitedAdapter(HTTPAdapter):
    """Makes connections whose reads keep to the limit, through proxies too."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as inherited
        """Use the limited connections without a proxy."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:  # noqa: ANN401 - as in requests
        """Use the limited connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        if not proxy.lower().startswith("socks"):  # SOCKS has connection classes of its own
            manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
        return manager
