"""The stand-in by itself: sends a job's requests and reads the answers' bytes without looking at them.

    python -m benchmarks.drain fanout|stream|imports|sms PORT NUMBER [NUMBER …]

What is left is the stand-in's time, its latency, and the kernel's: the floor below which no contender can
come.
"""

from __future__ import annotations

import base64
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec

from benchmarks.prepared import FIRST_MESSAGE_ID, LIST_ID, MAX_COUNT, PHONE_LIST, SENDER_CODE

WORKERS = 16
ROWS_PER_IMPORT = 100_000
_RECEIVE = 4 * 1024 * 1024
_LOCAL = threading.local()


class Connection:
    """A kept connection that reads answers without keeping them.

    Args:
        port: The stand-in's port.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = memoryview(bytearray(_RECEIVE))

    def ask(self, method: str, path: str, body: bytes = b"") -> int:
        """Send a request; give the number of bytes in the answer's body."""
        head = f"{method} {path} HTTP/1.1\r\nHost: stand-in\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        self._socket.sendall(head)
        if body:
            self._socket.sendall(body)
        got = b""
        while b"\r\n\r\n" not in got:
            size = self._socket.recv_into(self._buffer)
            if not size:
                message = "the stand-in closed the connection"
                raise ConnectionError(message)
            got += self._buffer[:size]
        top, _, rest = got.partition(b"\r\n\r\n")
        length = next(
            int(line[15:]) for line in top.split(b"\r\n") if line[:15].lower() == b"content-length:"
        )
        left = length - len(rest)
        while left > 0:
            left -= self._socket.recv_into(self._buffer, min(left, _RECEIVE))
        return length


def connection(port: int) -> Connection:
    """Give this thread's connection."""
    found = getattr(_LOCAL, "connection", None)
    if not isinstance(found, Connection):
        found = _LOCAL.connection = Connection(port)
    return found


def fanout(port: int, messages: int, recipients: int, links: int) -> int:
    """Read what the fan-out job reads; every request is known beforehand."""
    base = f"/email/v1/List/{LIST_ID}/Message"
    paths = [f"/email/v1/List?count={MAX_COUNT}", f"{base}?count={MAX_COUNT}"]
    for message in range(FIRST_MESSAGE_ID, FIRST_MESSAGE_ID + messages):
        pages = range(0, recipients, MAX_COUNT)
        paths += [f"{base}/{message}/Activity?count={MAX_COUNT}&cursor=row-{first}" for first in pages]
        paths += [f"{base}/{message}/Link?count={MAX_COUNT}", f"{base}/{message}/Summary"]
        paths += [f"{base}/{message}/Link/{message * 10 + link}/Clicker?count=5000" for link in range(links)]
    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(pool.map(lambda path: connection(port).ask("GET", path), paths))


def stream(port: int, recipients: int) -> int:
    """Read one large collection, page after page."""
    base = f"/email/v1/List/{LIST_ID}/Message/{FIRST_MESSAGE_ID}/Activity?count={MAX_COUNT}"
    pages = range(0, recipients, MAX_COUNT)
    return sum(connection(port).ask("GET", f"{base}&cursor=row-{first}") for first in pages)


def imports(port: int, rows: int) -> int:
    """Upload ready files and read the results of their contacts."""
    base = f"/email/v1/List/{LIST_ID}/ListImport"
    size = 0
    for number, first in enumerate(range(0, rows, ROWS_PER_IMPORT), 1):
        count = min(ROWS_PER_IMPORT, rows - first)
        line = '"contact{:07}@customer.example","Marie","Müller","Gold","1234"\n'
        file = "".join(line.format(first + one) for one in range(count)).encode()
        body = {
            "fileName": "ready.csv",
            "fileMappings": [{"fileColumn": 0, "fileColumnType": "Email"}],
            "fileStream": base64.b64encode(file).decode(),
        }
        size += connection(port).ask("POST", base, msgspec.json.encode(body))
        for page in range(0, count, MAX_COUNT):
            path = f"{base}/{number}/Contact?count={MAX_COUNT}&cursor=row-{page}"
            size += connection(port).ask("GET", path)
    return size


def sms(port: int, contacts: int) -> int:
    """Make two calls per number that is unknown, three per known one."""
    code = f"/sms/v1/ShortCode/{SENDER_CODE}"

    def one(number: int) -> int:
        phone = 15550000000 + number
        looked = connection(port).ask("GET", f"{code}/Contact/{phone}/PhoneList")
        if number % 2 == 0:
            looked += connection(port).ask("GET", f"{code}/Contact/{phone}")
        return looked + connection(port).ask("POST", f"{code}/Contact/{phone}/PhoneList/{PHONE_LIST}")

    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(pool.map(one, range(contacts)))


JOBS = {"fanout": fanout, "stream": stream, "imports": imports, "sms": sms}

if __name__ == "__main__":
    print(JOBS[sys.argv[1]](*map(int, sys.argv[2:])))  # type: ignore[operator]  # each takes its numbers
