"""A stand-in for Listrak that serves prepared bytes, so that it is not what a measurement measures.

It knows the routes that the measured jobs need and nothing else: no tokens are checked, nothing is
remembered but the files of imports. The project's sandbox is for everything that is about behaviour; it
computes what it serves, which here would be a part of the result.

    python -m benchmarks.server --messages 80 --recipients 5200 --latency-ms 50

prints the port that it listens on, on 127.0.0.1 only, and serves until it is ended.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import socket
import socketserver
import sys
import threading
import time
from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, unquote

import msgspec

from benchmarks.prepared import (
    DEFAULT_COUNT,
    FIELDS,
    FIRST_FIELD_ID,
    GROUP_ID,
    LIST_ID,
    MAX_COUNT,
    PHONE_LIST,
    SENDER_CODE,
    Shape,
    World,
    collection,
    resource,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Query = dict[str, str]
Answer = tuple[int, bytes]
_SEND_BUFFER = 4 * 1024 * 1024
_TOKEN = b'{"access_token":"token-of-the-benchmark","token_type":"Bearer","expires_in":3600}'


class ImportFile(msgspec.Struct, rename="camel"):
    """The parts of an import's POST that matter here; decoding undoes the base64."""

    file_name: str
    file_stream: bytes
    file_mappings: list[dict[str, Any]]
    has_column_names: bool = False


class Imports:
    """The import files that came in; each ends at once, and all its contacts are subscribed."""

    def __init__(self) -> None:
        self._files: list[ImportFile] = []
        self._results: dict[int, list[dict[str, object]]] = {}
        self._lock = threading.Lock()

    def take(self, body: bytes) -> Answer:
        """Take an import's POST."""
        file = msgspec.json.decode(body, type=ImportFile)
        with self._lock:
            self._files.append(file)
            number = len(self._files)
        return 201, b'{"status":201,"resourceId":"%d"}' % number

    def rows(self, number: int) -> list[dict[str, object]]:
        """Give the results of an import, one row per contact."""
        with self._lock:
            if number not in self._results:
                file = self._files[number - 1]
                column = next(
                    one["fileColumn"] for one in file.file_mappings if one["fileColumnType"] == "Email"
                )
                lines = csv.reader(io.StringIO(file.file_stream.decode(), newline=""))
                if file.has_column_names:
                    next(lines, None)
                self._results[number] = [
                    {"emailAddress": line[column], "importResult": "Subscribed"} for line in lines if line
                ]
            return self._results[number]

    def total(self) -> int:
        """Give how many rows came in since the last time it was asked, and forget them."""
        with self._lock:
            numbers = range(1, len(self._files) + 1)
        total = sum(len(self.rows(number)) for number in numbers)
        with self._lock:
            self._files.clear()
            self._results.clear()
        return total

    def listed(self) -> list[dict[str, object]]:
        """Give all imports."""
        return [
            {"importFileId": number, "importFileName": file.file_name, "importDate": "2026-01-01T00:00:00"}
            for number, file in enumerate(self._files, 1)
        ]

    def summary(self, number: int) -> dict[str, object]:
        """Give the ten counts of an import."""
        count = len(self.rows(number))
        zeros = (
            "alreadySubscribed alreadyUnsubscribed banned invalidEmail previouslyUnsubscribed skipped "
            "suppressed unsubscribed"
        )
        return {
            **{f"{name}Count": 0 for name in zeros.split()},
            "processedCount": count,
            "subscribedCount": count,
        }


class Site:
    """Answers requests.

    Args:
        shape: How much there is to read.
        latency: Seconds before every answer.
    """

    def __init__(self, shape: Shape, latency: float = 0.0) -> None:
        self.world = World(shape)
        self.latency = latency
        self.imports = Imports()
        # Each contender asks for the same pages: they are made once, before the first run is measured.
        self._kept_contacts = lru_cache(maxsize=1024)(self.world.contacts)
        self.sms_calls = 0
        self._lock = threading.Lock()
        number = r"(\d+)"
        message = rf"/email/v1/List/{LIST_ID}/Message"
        file = rf"/email/v1/List/{LIST_ID}/ListImport"
        group = rf"/email/v1/List/{LIST_ID}/SegmentationFieldGroup"
        code = rf"/sms/v1/ShortCode/{SENDER_CODE}"
        routes: dict[str, Callable[..., Answer]] = {
            rf"GET {message}/{number}/Activity": self._activity,
            rf"GET {message}/{number}/Link/{number}/Clicker": self._clickers,
            rf"GET {message}/{number}/Link": self._links,
            rf"GET {message}/{number}/Summary": lambda _query, _message: (200, self._summary),
            rf"GET {message}": self._messages,
            rf"GET /email/v1/List/{LIST_ID}/Contact": self._contacts,
            r"GET /email/v1/List": lambda query: (200, collection(self.world.lists(), *_paging(query))),
            rf"GET /email/v1/List/{LIST_ID}": lambda _query: (200, resource(self.world.lists()[0])),
            rf"GET {group}": self._groups,
            rf"GET {group}/{GROUP_ID}/SegmentationField": self._fields,
            rf"GET {file}": lambda query: (200, collection(self.imports.listed(), *_paging(query))),
            rf"GET {file}/{number}/Status": lambda _query, _file: (200, resource(_ENDED)),
            rf"GET {file}/{number}/Summary": lambda _query, one: (
                200,
                resource(self.imports.summary(int(one))),
            ),
            rf"GET {file}/{number}/Contact": lambda query, one: (
                200,
                collection(self.imports.rows(int(one)), *_paging(query)),
            ),
            r"GET /sms/v1/ShortCode": lambda _query: (200, resource([_SENDER_CODE])),
            rf"GET {code}/PhoneList": self._phone_lists,
            rf"GET {code}/SegmentationField": lambda _query: (200, resource([])),
            rf"GET {code}/Contact/{number}/PhoneList": self._subscriptions,
            rf"GET {code}/Contact/{number}": self._sms_contact,
            rf"POST {code}/Contact/{number}/PhoneList/{PHONE_LIST}": self._sms_write,
            rf"POST {code}/PhoneList/{PHONE_LIST}/Contact": self._sms_write,
            r"POST /OAuth2/Token": lambda _query: (200, _TOKEN),
            r"GET /_written": self._written,
        }
        self._routes = [(re.compile(pattern), answer) for pattern, answer in routes.items()]
        self._summary = resource(self.world.summary())
        self._clicker_rows = self.world.clickers()

    def answer(self, method: str, target: str, body: bytes) -> Answer:
        """Answer one request after the latency, if it has one.

        Args:
            method: HTTP method.
            target: Path with query.
            body: The request's body.
        """
        path, _, query = target.partition("?")
        if self.latency and not path.startswith("/_"):
            time.sleep(self.latency)
        if method == "POST" and path.endswith("/ListImport"):
            return self.imports.take(body)
        line = f"{method} {unquote(path)}"
        for pattern, answer in self._routes:
            match = pattern.fullmatch(line)
            if match:
                return answer(dict(parse_qsl(query)), *match.groups())
        return (
            404,
            b'{"status":404,"error":"ERROR_UNKNOWN_ROUTE","message":"The benchmark has no such route."}',
        )

    def warm(self) -> None:
        """Make the pages of 5,000 activity rows, as many as are kept, before anybody asks."""
        for cursor in range(0, min(self.world.shape.recipients, 150 * MAX_COUNT), MAX_COUNT):
            self.world.activity(cursor, MAX_COUNT)

    def _messages(self, query: Query) -> Answer:
        rows = self.world.messages(query.get("startDate", ""), query.get("endDate", ""))
        return 200, collection(rows, *_paging(query))

    def _contacts(self, query: Query) -> Answer:
        cursor, count = _paging(query)
        dates = query.get("startDate", ""), query.get("endDate", "")
        return 200, self._kept_contacts(*dates, cursor, count)

    def _activity(self, query: Query, _message: str) -> Answer:
        return 200, self.world.activity(*_paging(query))

    def _links(self, query: Query, message: str) -> Answer:
        return 200, collection(self.world.links(int(message)), *_paging(query))

    def _clickers(self, query: Query, _message: str, _link: str) -> Answer:
        return 200, collection(self._clicker_rows, *_paging(query))

    @staticmethod
    def _groups(_query: Query) -> Answer:
        return 200, resource(
            [{"segmentationFieldGroupId": GROUP_ID, "segmentationFieldGroupName": "Customer"}]
        )

    @staticmethod
    def _fields(_query: Query) -> Answer:
        rows = [
            {
                "segmentationFieldId": FIRST_FIELD_ID + number,
                "segmentationFieldName": name,
                "dataType": "Numeric" if name.endswith("Points") else "Text",
                "maxLength": 50,
                "segmentationFieldGroupId": GROUP_ID,
            }
            for number, name in enumerate(FIELDS)
        ]
        return 200, resource(rows)

    @staticmethod
    def _phone_lists(query: Query) -> Answer:
        rows = [{"phoneListId": PHONE_LIST, "phoneListName": "Texts", "status": "Active"}]
        return 200, resource(rows if query.get("status", "active").lower() == "active" else [])

    @staticmethod
    def _subscriptions(_query: Query, phone: str) -> Answer:
        """Half the numbers are unknown, the other half are contacts that never were on the list."""
        if int(phone) % 2:
            return 404, b'{"status":404,"error":"ERROR_PHONE_NUMBER_NOT_FOUND","message":"Not found."}'
        return 200, resource([])

    @staticmethod
    def _sms_contact(_query: Query, phone: str) -> Answer:
        if int(phone) % 2:
            return 404, b'{"status":404,"error":"ERROR_PHONE_NUMBER_NOT_FOUND","message":"Not found."}'
        return 200, resource({"phoneNumber": phone, "optedOut": False, "segmentationFieldValues": []})

    def _sms_write(self, _query: Query, _phone: str = "") -> Answer:
        with self._lock:
            self.sms_calls += 1
        return 201, b'{"status":201,"resourceId":"1"}'

    def _written(self, _query: Query) -> Answer:
        """Give how much was written since the last time: the check that every contender did the whole job."""
        rows = self.imports.total()
        with self._lock:
            calls, self.sms_calls = self.sms_calls, 0
        return 200, msgspec.json.encode({"import_rows": rows, "sms_writes": calls})


_ENDED = {"startDate": "2026-01-01T00:00:00", "endDate": "2026-01-01T00:00:01", "status": "Complete"}
_SENDER_CODE = {
    "shortCodeId": SENDER_CODE,
    "code": "55555",
    "country": "US",
    "merchantName": "Example Shop",
    "emailListId": LIST_ID,
}


def _paging(query: Query) -> tuple[int, int]:
    """Read ``cursor`` and ``count``: index of the first row, and rows on a page."""
    cursor = query.get("cursor", "")
    first = int(cursor.removeprefix("row-")) if cursor.startswith("row-") else 0
    return first, min(int(query.get("count", DEFAULT_COUNT)), MAX_COUNT)


class Handler(socketserver.StreamRequestHandler):
    """Serves one connection, one request after the other."""

    site: ClassVar[Site]
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Let a whole page fit into the socket's buffer."""
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        super().setup()

    def handle(self) -> None:
        """Answer until the client goes."""
        try:
            while self._one():
                pass
        except (ConnectionError, TimeoutError):
            return

    def _one(self) -> bool:
        line = self.rfile.readline()
        if not line:
            return False
        method, target, _ = line.decode("latin-1").split(" ", 2)
        headers = dict(self._headers())
        body = self.rfile.read(int(headers.get("content-length", 0)))
        status, answer = self.site.answer(method, target, body)
        head = (
            f"HTTP/1.1 {status} {'OK' if status < 300 else 'Error'}\r\n"  # noqa: PLR2004 - success
            f"Date: {formatdate(usegmt=True)}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(answer)}\r\n\r\n"
        ).encode()
        # Two sends, not one of both joined: joining would copy the page.
        self.request.sendall(head, getattr(socket, "MSG_MORE", 0))
        self.request.sendall(answer)
        return True

    def _headers(self) -> Iterator[tuple[str, str]]:
        while line := self.rfile.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            yield name.lower(), value.strip()


class Server(socketserver.ThreadingTCPServer):
    """One thread per connection; they spend their time in the kernel, where Python's lock is free."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


def serve(site: Site, port: int = 0) -> None:
    """Serve for ever; print the port when ready."""
    handler = type("SiteHandler", (Handler,), {"site": site})
    with Server(("127.0.0.1", port), handler) as server:
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="Serve prepared bytes of Listrak's routes.")
    default = Shape()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--messages", type=int, default=default.messages)
    parser.add_argument("--recipients", type=int, default=default.recipients)
    parser.add_argument("--links", type=int, default=default.links)
    parser.add_argument("--clickers", type=int, default=default.clickers)
    options = parser.parse_args()
    shape = Shape(options.messages, options.recipients, options.links, options.clickers)
    site = Site(shape, options.latency_ms / 1000)
    site.warm()
    serve(site, options.port)


if __name__ == "__main__":
    main()
