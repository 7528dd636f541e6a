"""Tokens that die while they are used (X23): renewed as often as it takes, and never taken for a refusal."""

from __future__ import annotations

import contextlib
import json
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from api_wire import connect
from seeds import SEED

from listrak_api import routes
from listrak_api.errors import AuthenticationError, LostAnswerError, UnavailableError
from listrak_api.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WORLDS = int(os.environ.get("LISTRAK_TOKEN_WORLDS", "8"))
PATIENT = RetryPolicy(max_retries=9, base=0.001, cap=0.01)
CALLS = 60


class Service(ThreadingHTTPServer):
    """A Listrak whose tokens die, and which fails now and then.

    Attributes:
        judge: Says which status a token gets, by how often it was used before and its age in seconds.
        fail: Says how a request that is admitted fails: a status, "cut", or None.
        given: Tokens given out.
        done: How often each write was carried out, by the list's name.
        calls: Requests that came with a token.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.judge: Callable[[int, float], int] = lambda _uses, _age: 200
        self.fail: Callable[[str], int | str | None] = lambda _method: None
        self.given: dict[str, list[float]] = {}
        self.done: dict[str, int] = {}
        self.calls = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def new_token(self) -> str:
        """Give a token that says it lives for an hour."""
        with self.lock:
            token = f"token-{len(self.given)}"
            self.given[token] = [0, time.monotonic()]
        return token

    def admit(self, token: str) -> int:
        """Judge a token, and count its use."""
        with self.lock:
            self.calls += 1
            uses, since = self.given[token]
            self.given[token][0] += 1
            return self.judge(int(uses), time.monotonic() - since)


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    server: Service

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def reply(self, status: int, body: object, *, cut: bool = False) -> None:
        """Send a JSON answer, or only a piece of it."""
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data) + 10 * cut))
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = cut

    def do_POST(self) -> None:
        """Give a token, or carry out a write."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/OAuth2/Token":
            self.reply(200, {"access_token": self.server.new_token(), "expires_in": 3599})
            return
        name = json.loads(body)["listName"]

        def carry_out() -> None:
            with self.server.lock:
                self.server.done[name] = self.server.done.get(name, 0) + 1

        self.serve("POST", {"status": 201, "resourceId": 7}, carry_out)

    def do_GET(self) -> None:
        """Answer a read."""
        self.serve("GET", {"status": 200, "data": []}, lambda: None)

    def serve(self, method: str, body: dict[str, Any], carry_out: Callable[[], None]) -> None:
        """Judge the token, fail or not."""
        status = self.server.admit(self.headers["Authorization"].removeprefix("Bearer "))
        if status >= 400:
            said = {"status": status, "message": "Authorization was denied for this request."}
            self.reply(status, said)
            return
        failure = self.server.fail(method)
        if failure == 429:
            self.reply(429, {})
            return
        carry_out()
        if isinstance(failure, int):
            self.reply(failure, {})
        else:
            self.reply(201 if method == "POST" else 200, body, cut=failure == "cut")


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)


@pytest.mark.parametrize("world", range(SEED, SEED + WORLDS))
def test_X23_tokens_that_die_during_a_request_fail_nothing_and_double_no_write(
    service: Service, world: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listrak_api.pacing._SLOWEST", 0.002)  # many of the answers are 429
    draw = random.Random(world)
    uses = draw.choice([1, 2, 3, 12, 36])
    seconds = draw.choice([1.0, 2.0, 1e9])
    share = draw.choice([0.0, 0.1, 0.3])
    threads = draw.choice([1, 3, 8])
    service.judge = lambda used, age: draw.choice([401, 403]) if used >= uses or age > seconds else 200
    service.fail = lambda _: draw.choice([429, 500, "cut"]) if draw.random() < share else None
    with connect(service.url, policy=PATIENT, max_concurrency=threads) as client:

        def read(_: int) -> str:
            assert client.get(routes.LISTS) == []
            return ""

        def write(number: int) -> str:
            with contextlib.suppress(LostAnswerError):
                client.send(routes.CREATE_LIST, body={"listName": f"list {number}"})
                return "done"
            return "lost"

        with ThreadPoolExecutor(threads) as pool:
            ends = list(pool.map(lambda number: (read if number % 3 else write)(number), range(CALLS)))
        counts = client.stats.snapshot()
    for number, end in enumerate(ends):
        done = service.done.get(f"list {number}", 0)
        assert done == 1 if end == "done" else done <= 1
        assert end != "lost" or share
    assert counts.renewals == len(service.given)
    assert counts.renewals <= 2 * counts.requests


@pytest.mark.parametrize("status", [401, 403])
def test_X23_a_token_refused_at_its_first_use_says_that_the_integration_is_refused(
    service: Service, status: int
) -> None:
    service.judge = lambda _uses, _age: status
    with connect(service.url, policy=PATIENT) as client:
        with pytest.raises(AuthenticationError, match=f"status {status}") as caught:
            client.send(routes.CREATE_LIST, body={"listName": "x"})
        for cause in ("client_id", "client_secret", "paused", "area", "IP address", "allow list"):
            assert cause in str(caught.value)
        counts = client.stats.snapshot()
    assert (counts.requests, counts.renewals) == (2, 2)
    assert service.done == {}


def test_X23_a_refusal_of_what_was_granted_is_doubted_a_little_and_then_believed(service: Service) -> None:
    with connect(service.url, policy=PATIENT) as client:
        client.get(routes.LISTS)
        service.judge = lambda _uses, _age: 401
        with pytest.raises(AuthenticationError):
            client.get(routes.LISTS)
        counts = client.stats.snapshot()
    assert counts.renewals <= 1 + 3
    assert counts.requests <= 1 + 2 * 3


def test_X23_an_area_that_is_missing_is_final_in_each_thread_while_others_go_on(service: Service) -> None:
    def fails(client: Any) -> bool:  # noqa: ANN401 - the client
        try:
            client.get(routes.CAMPAIGNS, {"listId": 7})
        except AuthenticationError as error:
            return "Message" in str(error)
        return False

    class Missing(Handler):
        def do_GET(self) -> None:
            if "Campaign" in self.path:
                self.server.admit(self.headers["Authorization"].removeprefix("Bearer "))
                self.reply(401, {"status": 401, "error": "ERROR_UNAUTHORIZED"})
            else:
                super().do_GET()

    service.RequestHandlerClass = Missing
    with connect(service.url, policy=PATIENT, max_concurrency=8) as client, ThreadPoolExecutor(8) as pool:
        refused = [pool.submit(fails, client) for _ in range(4)]
        read = [pool.submit(client.get, routes.LISTS) for _ in range(40)]
        assert all(one.result() for one in refused)
        assert all(one.result() == [] for one in read)
        assert client.stats.snapshot().renewals <= 1 + 2 * 4


def test_X23_without_retries_a_dead_token_is_still_renewed(service: Service) -> None:
    service.judge = lambda used, _age: 401 if used >= 1 else 200
    with connect(service.url, policy=RetryPolicy(max_retries=0)) as client:
        for _ in range(5):
            assert client.get(routes.LISTS) == []


def test_X23_the_renewals_are_bounded_by_the_retry_policy(service: Service) -> None:
    service.judge = lambda used, _age: 401 if used >= 1 else 200
    service.fail = lambda _: 500
    with connect(service.url, policy=PATIENT) as client:
        with pytest.raises(UnavailableError, match="tried 10 times"):
            client.get(routes.LISTS)
        assert client.stats.snapshot().renewals <= 10
