"""Broken and hostile servers: nothing hangs, fills the memory, gets the token, or passes for an answer."""

from __future__ import annotations

import gzip
import itertools
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from api_wire import QUICK, Wire, connect, http, wire
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listrak_api import routes, transport
from listrak_api.errors import (
    ConfigurationError,
    ListrakError,
    LostAnswerError,
    NotFoundError,
    PagingError,
    PayloadTooLargeError,
    RequestRefusedError,
    UnavailableError,
)
from listrak_api.retry import RetryPolicy
from tap_listrak.tap import TapListrak
from target_listrak.target import TargetListrak

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from listrak_api.stats import Observation

ONCE = RetryPolicy(max_retries=0)
EMPTY_PAGE = http(b'{"status": 200, "data": []}')


@pytest.fixture
def server() -> Iterator[Wire]:
    with wire() as running:
        yield running


@pytest.fixture(scope="module")
def shared_server() -> Iterator[Wire]:
    with wire() as running:
        yield running


def say(server: Wire, *answers: bytes) -> None:
    """Give these answers in turn, the last one for ever."""
    turns = iter(answers)

    def answer(connection: socket.socket) -> None:
        connection.sendall(next(turns, answers[-1]))

    server.answer = answer


def drip(server: Wire, head: bytes, piece: bytes) -> None:
    """Send a piece now and then, for ever: no pause is long enough for a socket's own timeout."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(head)
        while not server.closing.wait(0.05):
            connection.sendall(piece)

    server.answer = answer


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_an_answer_that_drips_in_is_given_up(server: Wire, head: bytes, piece: bytes) -> None:
    drip(server, head, piece)
    with (
        connect(server.url, policy=ONCE, request_timeout=0.5) as client,
        pytest.raises(UnavailableError, match="no complete answer came within the time limit") as caught,
    ):
        client.get(routes.LISTS)
    assert "request_timeout" in caught.value.hint


def test_an_upload_that_nobody_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_CONNECT_SECONDS", 0.5)
    with (
        wire() as good,
        socket.create_server(("127.0.0.1", 0)) as deaf,
    ):  # accepts by its backlog, never reads
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        auth_url = f"{good.url}/OAuth2/Token"
        with (
            connect(url, policy=ONCE, request_timeout=0.5, auth_url=auth_url) as client,
            pytest.raises(LostAnswerError),
        ):
            client.send(routes.START_LIST_IMPORT, {"listId": 7}, body=b"x" * 30_000_000)


def test_closing_breaks_off_what_is_under_way(server: Wire) -> None:
    arrived = threading.Event()

    def answer(_: socket.socket) -> None:
        arrived.set()
        server.closing.wait(60)

    server.answer = answer
    with connect(server.url, request_timeout=600) as client:
        errors: list[ListrakError] = []

        def run() -> None:
            try:
                client.send(routes.START_LIST_IMPORT, {"listId": 7}, body={})
            except ListrakError as error:
                errors.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        assert arrived.wait(30)
        client.close()
        thread.join(30)
        assert [type(error) for error in errors] == [LostAnswerError]


GIGABYTES = b"x" * 1_000_000


def flood(server: Wire, head: bytes, wrap: bytes) -> None:
    def answer(connection: socket.socket) -> bool:
        connection.sendall(head)
        while not server.closing.is_set():
            connection.sendall(wrap)
        return False

    server.answer = answer


@pytest.mark.parametrize(
    ("head", "wrap"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\n", GIGABYTES),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", GIGABYTES),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"F4240\r\n" + GIGABYTES + b"\r\n"),
        (b"HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\n", GIGABYTES),
    ],
)
def test_an_endless_body_is_read_no_further_than_the_limit(
    server: Wire, monkeypatch: pytest.MonkeyPatch, head: bytes, wrap: bytes
) -> None:
    monkeypatch.setattr(transport, "MAX_BODY_BYTES", 3_000_000)
    flood(server, head, wrap)
    with connect(server.url) as client:
        with pytest.raises(UnavailableError, match="larger than this program accepts") as caught:
            client.get(routes.LISTS)
        assert "page_size" in caught.value.hint
        assert client.stats.snapshot().requests == 1


def test_a_compressed_bomb_is_not_unpacked(server: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_BODY_BYTES", 3_000_000)
    bomb = gzip.compress(gzip.compress(bytes(300_000_000), 9), 9)
    say(server, http(bomb, "200 OK", "Content-Encoding: gzip, gzip"))
    with connect(server.url) as client:
        client.check()
        tracemalloc.start()
        with pytest.raises(UnavailableError, match="larger than this program accepts"):
            client.get(routes.LISTS)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 60_000_000


@pytest.mark.parametrize(
    "body",
    [
        b'{"status": 200, "data": ' + b"[" * 1_000_000,
        b'{"status": 200, "data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
)
def test_deep_nesting_is_no_answer_and_no_crash(server: Wire, body: bytes) -> None:
    say(server, http(body))
    with (
        connect(server.url) as client,
        pytest.raises(UnavailableError, match="was not valid JSON"),
    ):
        client.get(routes.LISTS)


def page(cursor: str) -> bytes:
    return http(b'{"status": 200, "data": [], "nextPageCursor": "' + cursor.encode() + b'"}')


def test_cursors_that_go_in_a_circle_end_the_reading(server: Wire) -> None:
    say(server, *(page(one) for one in ("a", "b", "c", "b")))
    with connect(server.url) as client, pytest.raises(PagingError, match="gave a cursor twice"):
        list(client.pages(routes.LISTS))
    assert len(server.heads) == 4


def test_a_cursor_that_no_request_can_carry_ends_the_reading(server: Wire) -> None:
    say(server, page("x" * 5_000_000))
    with connect(server.url) as client, pytest.raises(PagingError, match="5,000,000 characters"):
        list(client.pages(routes.LISTS))
    assert len(server.heads) == 1


def test_pages_without_end_take_no_memory(server: Wire) -> None:
    """Each names another page, and the names are long."""
    numbers = itertools.count()

    def answer(connection: socket.socket) -> None:
        server.heads.clear()
        connection.sendall(page(f"{next(numbers)}".rjust(4000, "x")))

    server.answer = answer
    with connect(server.url) as client:
        pages = client.pages(routes.LISTS)
        next(pages)
        tracemalloc.start()
        for _ in range(500):
            next(pages)
        left, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert left < 1_000_000


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent", "304 Not Modified"]
)
def test_a_redirect_is_refused_and_the_token_stays_here(server: Wire, status: str) -> None:
    with wire() as elsewhere:
        say(server, http(b"x" * 100, status, f"Location: {elsewhere.url}/jane@example.com"))
        with (
            connect(server.url) as client,
            pytest.raises(ConfigurationError, match="redirect to http://127") as caught,
        ):
            client.get(routes.LISTS)
        assert elsewhere.heads == []
    assert caught.value.setting == "api_url"
    assert "jane" not in str(caught.value)


def test_a_redirected_token_request_names_its_setting(server: Wire) -> None:
    with wire() as elsewhere:
        server.token = http(b"", "302 Found", f"Location: {elsewhere.url}")
        with connect(server.url) as client, pytest.raises(ConfigurationError) as caught:
            client.check()
        assert caught.value.setting == "auth_url"
        assert elsewhere.tokens == 0


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b"{}",
        b"<html>",
        b'{"access_token": ""}',
        b'{"access_token": "a\\r\\nX-Evil: 1"}',
        b'{"access_token": "\xc3\xa9"}',
        b'{"access_token": 7}',
        b"[" * 100_000,
    ],
)
def test_a_token_that_cannot_be_one_is_not_used(server: Wire, token: bytes) -> None:
    server.token = http(token)
    with connect(server.url) as client, pytest.raises(UnavailableError, match="OAuth2/Token"):
        client.get(routes.LISTS)
    assert server.heads == []


@pytest.mark.parametrize(
    ("expires_in", "asked"),
    [(b"900", 1), (b'"900"', 1), (b"null", 1), (b'"soon"', 1), (b"0", 1), (b"-5", 1), (b"1e999", 4)],
)
def test_any_lifetime_of_a_token_is_lived_with(server: Wire, expires_in: bytes, asked: int) -> None:
    server.token = http(b'{"access_token": "a-test-token", "expires_in": ' + expires_in + b"}")
    say(server, EMPTY_PAGE)
    with connect(server.url) as client:
        if asked == 1:
            assert client.get(routes.LISTS) == client.get(routes.LISTS) == []
        else:  # no JSON number
            with pytest.raises(UnavailableError):
                client.get(routes.LISTS)
    assert server.tokens == asked


def test_a_wrong_token_address_is_named(server: Wire) -> None:
    server.token = http(b"Not Found", "404 Not Found")
    with (
        connect(server.url) as client,
        pytest.raises(ConfigurationError, match="auth_url is not the address of the token endpoint"),
    ):
        client.check()


def test_nothing_of_the_environment_gets_into_a_request(
    server: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login jane password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    say(server, http(b'{"data": []}', "200 OK", "Set-Cookie: a=b; Path=/"))
    with connect(server.url, user_agent="my-tap/1") as client:
        client.get(routes.LISTS)
        client.get(routes.LISTS)
    head = server.heads[1].lower()
    assert "authorization: bearer a-test-token" in head
    assert "user-agent: my-tap/1" in head
    assert "cookie" not in head


def test_one_connection_is_kept_for_many_requests(server: Wire) -> None:
    connections = set()

    def answer(connection: socket.socket) -> None:
        connections.add(connection.getpeername())
        connection.sendall(EMPTY_PAGE)

    server.answer = answer
    with connect(server.url) as client:
        for _ in range(20):
            client.get(routes.LISTS)
    assert len(connections) == 1


def test_no_more_requests_are_under_way_than_allowed(server: Wire) -> None:
    under_way, most, lock = 0, 0, threading.Lock()

    def answer(connection: socket.socket) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.01)
        with lock:
            under_way -= 1
        connection.sendall(EMPTY_PAGE)

    server.answer = answer
    with connect(server.url, max_concurrency=3) as client:
        threads = [threading.Thread(target=client.get, args=(routes.LISTS,)) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client.stats.snapshot().requests == 24
    assert most == 3


class Stream:
    """A body made while it is sent, with a count of how often it was made."""

    def __init__(self, size: int, declared: int | None = None) -> None:
        self.size = size
        self.declared = size if declared is None else declared
        self.made = 0

    def __len__(self) -> int:
        return self.declared

    def __iter__(self) -> Iterator[bytes]:
        self.made += 1
        for start in range(0, self.size, 1000):
            yield b"x" * min(1000, self.size - start)


def test_a_streamed_body_is_made_anew_for_each_attempt(server: Wire) -> None:
    say(server, http(b"{}", "429 Slow down"), http(b'{"status": 201, "resourceId": "5"}', "201 Created"))
    body = Stream(123_456)
    with connect(server.url) as client:
        assert client.send(routes.START_LIST_IMPORT, {"listId": 7}, body_stream=body).resource_id == "5"
        assert client.stats.snapshot().bytes_sent == 2 * 123_456
    assert body.made == 2
    assert all("content-length: 123456" in head.lower() for head in server.heads)
    assert all("transfer-encoding" not in head.lower() for head in server.heads)


@pytest.mark.parametrize("size", [90_000, 110_000])
def test_a_stream_of_another_length_than_it_says_is_a_mistake_of_the_callers(server: Wire, size: int) -> None:
    with connect(server.url) as client, pytest.raises(RuntimeError, match="not 100000"):
        client.send(routes.START_LIST_IMPORT, {"listId": 7}, body_stream=Stream(size, 100_000))


def test_a_body_over_the_limit_is_not_even_sent(server: Wire) -> None:
    with connect(server.url) as client, pytest.raises(PayloadTooLargeError, match="was not sent") as caught:
        client.send(routes.START_LIST_IMPORT, {"listId": 7}, body_stream=Stream(10, 300_000_000))
    assert "batch_size_rows" in caught.value.hint
    assert (server.heads, server.tokens) == ([], 0)


def test_ready_json_is_sent_as_it_is(server: Wire) -> None:
    say(server, http(b'{"status": 201, "resourceId": 5}', "201 Created"))
    with connect(server.url) as client:
        assert client.send(routes.CREATE_LIST, body=b'{"listName":  "x"}').resource_id == "5"
        assert client.stats.snapshot().bytes_sent == 18


def test_an_error_in_an_answer_that_calls_itself_200_is_an_error(server: Wire) -> None:
    say(server, http(b'{"status": 404, "error": "ERROR_UNABLE_TO_LOCATE_RESOURCE", "message": "No list."}'))
    with connect(server.url) as client, pytest.raises(NotFoundError, match="ERROR_UNABLE_TO_LOCATE_RESOURCE"):
        client.get(routes.LISTS)


def test_listraks_words_are_shown_without_addresses_and_numbers(server: Wire) -> None:
    words = b"jane@example.com and +1 555 123 4567 on list 345678 are banned."
    say(server, http(b'{"status": 400, "error": "ERROR_BANNED", "message": "' + words + b'"}', "400 Bad"))
    with connect(server.url) as client, pytest.raises(RequestRefusedError) as caught:
        client.get(routes.CONTACT, {"listId": 345678, "contactIdentifier": "jane@example.com"})
    assert str(caught.value) == (
        "GET /email/v1/List/{listId}/Contact/{contactIdentifier} was refused with status 400: ERROR_BANNED: "
        "<address> and <number> on list 345678 are banned."
    )
    assert (caught.value.code, caught.value.status) == ("ERROR_BANNED", 400)


def test_the_observer_sees_every_attempt_and_no_ids(server: Wire) -> None:
    say(server, http(b"{}", "503 Oh"), EMPTY_PAGE)
    seen: list[tuple[str, Observation]] = []
    with connect(server.url) as client:
        client.observer = lambda route, observation: seen.append((str(route), observation))
        client.get(routes.MESSAGES, {"listId": 345678})
    assert [(name, item.status, item.retry) for name, item in seen] == [
        ("GET /email/v1/List/{listId}/Message", 503, False),
        ("GET /email/v1/List/{listId}/Message", 200, True),
    ]
    assert all(item.seconds > 0 and item.bytes > 0 for _, item in seen)


def test_a_misspelt_query_parameter_is_a_mistake_of_the_callers(server: Wire) -> None:
    with connect(server.url) as client, pytest.raises(ValueError, match="takes no query parameter startdate"):
        client.get_page(routes.MESSAGES, {"listId": 7}, {"startdate": "2026-01-01"})


def test_calls_that_cannot_be_meant_are_mistakes_of_the_callers(server: Wire) -> None:
    with connect(server.url) as client:
        with pytest.raises(ValueError, match="does not belong to the email API"):
            client.get(routes.SENDER_CODES)
        with pytest.raises(ValueError, match="is a read"):
            client.send(routes.LISTS)
    assert server.heads == []


def test_query_parameters_are_written_as_listrak_reads_them(server: Wire) -> None:
    say(server, EMPTY_PAGE)
    with connect(server.url) as client:
        client.get_page(
            routes.CONTACTS,
            {"listId": 7},
            {"useOriginalSubscribeDate": False, "segmentationFieldIds": [1, 2], "startDate": None},
            cursor="a+b/c=",
            count=9999,
        )
        client.get_page(routes.CAMPAIGNS, {"listId": 7})
        client.get_page(routes.CAMPAIGNS, {"listId": 7}, cursor="next")
    lines = [head.split("\r\n", 1)[0].split()[1] for head in server.heads]
    assert lines == [
        "/email/v1/List/7/Contact?useOriginalSubscribeDate=false&segmentationFieldIds=1%2C2"  # noqa: ISC004 - one line
        "&count=5000&cursor=a%2Bb%2Fc%3D",
        "/email/v1/List/7/Campaign",
        "/email/v1/List/7/Campaign?cursor=next",
    ]


def test_the_hard_limit_is_asked_for_every_request(server: Wire) -> None:
    say(server, EMPTY_PAGE)
    with connect(server.url, requests_per_second=1000) as client:
        client.get(routes.LISTS)
        client.get(routes.LISTS)
        assert client._limiter is not None
        assert client._limiter.buckets()[0].count() == 2


HEADERS = [
    "Content-Encoding: gzip",
    "Transfer-Encoding: chunked",
    "Date: x",
    "Retry-After: x",
    "A: b",
    "Content-Length: 5",
    ": x",
    "\x00: \xff",
]
BODIES = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b'{"data": null}',
    b'{"status": "x", "error": {"a": 1}, "message": []}',
    b"\x1f\x8b",
]
ANSWERS = st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=200).map(http),
    st.builds(
        lambda status, header, body: http(body, f"{status} x", header),
        st.integers(0, 1200),
        st.sampled_from(HEADERS),
        st.sampled_from(BODIES),
    ),
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANSWERS)
def test_no_answer_whatever_gets_past_as_anything_but_rows_or_a_named_error(
    shared_server: Wire, answer: bytes
) -> None:
    def send(connection: socket.socket) -> bool:
        connection.sendall(answer)
        return False

    shared_server.answer = send
    with connect(shared_server.url, policy=ONCE, request_timeout=5) as client:
        try:
            rows = client.get_page(routes.LISTS).rows
        except ListrakError as error:
            assert str(error)  # noqa: PT017 - some answers are rows
        else:
            assert isinstance(rows, list)
        try:
            client.send(routes.CREATE_LIST, body={})
        except ListrakError as error:
            assert str(error)  # noqa: PT017 - some answers are good


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl command to make a certificate with")
    file = tmp_path / "both.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "certificate.pem"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    file.write_bytes((tmp_path / "key.pem").read_bytes() + (tmp_path / "certificate.pem").read_bytes())
    return file


def test_a_certificate_that_cannot_be_verified_is_final_and_named(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with wire(context) as server, connect(server.url) as client:
        with pytest.raises(ConfigurationError, match="certificate could not be verified") as caught:
            client.get(routes.LISTS)
        assert caught.value.setting == "auth_url"
        assert "REQUESTS_CA_BUNDLE" in caught.value.hint
        assert server.tokens == 0


@pytest.mark.parametrize(
    "environment",
    [
        {"CURL_CA_BUNDLE": ""},
        {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": "", "SSL_CERT_FILE": ""},
        {"PYTHONHTTPSVERIFY": "0"},
        {"NODE_TLS_REJECT_UNAUTHORIZED": "0", "GIT_SSL_NO_VERIFY": "1"},
    ],
)
def test_nothing_in_the_environment_turns_verification_off(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with wire(context) as server, connect(server.url) as client:
        with pytest.raises(ConfigurationError, match="certificate could not be verified"):
            client.get(routes.LISTS)
        assert server.tokens == 0


def test_no_setting_turns_verification_off() -> None:
    settings_of_both = {
        *TapListrak.config_jsonschema["properties"],
        *TargetListrak.config_jsonschema["properties"],
    }
    assert not [one for one in settings_of_both if re.search("verify|insecure|tls|ssl|cert", one)]


def test_an_authority_of_the_environment_is_trusted(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.with_name("certificate.pem")))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with wire(context) as server:
        say(server, EMPTY_PAGE)
        with connect(server.url) as client:
            assert client.get(routes.LISTS) == []
        drip(server, b"", b"H")
        with connect(server.url, policy=ONCE, request_timeout=0.5) as client, pytest.raises(UnavailableError):
            client.get(routes.LISTS)


def test_a_host_that_cannot_be_found_points_at_the_setting() -> None:
    with (
        wire() as server,
        connect(
            "https://no-such-host.invalid", policy=QUICK, auth_url=f"{server.url}/OAuth2/Token"
        ) as client,
        pytest.raises(UnavailableError, match="no connection could be made") as caught,
    ):
        client.send(routes.CREATE_LIST, body={})
    assert "api_url" in caught.value.hint


def test_a_429_slows_all_threads_of_the_client(server: Wire) -> None:
    say(server, http(b"{}", "429 Slow down"), EMPTY_PAGE)
    with connect(server.url) as client:
        assert client._pace.interval() == 0
        client.get(routes.LISTS)
        assert client._pace.interval() > 0


def test_a_long_retry_after_is_not_waited_for_beyond_the_time_limit_of_a_request(server: Wire) -> None:
    say(server, http(b"{}", "429 Slow down", "Retry-After: 200"))
    policy = RetryPolicy(max_retries=9, max_seconds=100)
    with (
        connect(server.url, policy=policy) as client,
        pytest.raises(UnavailableError, match="tried once") as caught,
    ):
        client.get(routes.LISTS)
    assert "requests_per_second" in caught.value.hint
