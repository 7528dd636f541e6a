"""Mistakes of this machine about proxies and certificate authorities (X8): final at once, and named."""

from __future__ import annotations

import importlib.util
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from api_wire import connect, http, wire

from listrak_api import environment, routes
from listrak_api.errors import ConfigurationError, UnavailableError
from listrak_api.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Script

# A retry would wait for an hour: what is not final at once runs into the time limit of the test.
SLEEPY = RetryPolicy(max_retries=9, base=3600, cap=3600, max_seconds=1e9)
HTTPS = "https://listrak.invalid"
PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
VARIABLES = (
    *PROXIES, "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "SSL_CERT_FILE", "SSLKEYLOGFILE",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def mistake(url: str = HTTPS, auth_url: str = "") -> ConfigurationError:
    """What a call ends with."""
    with pytest.raises(ConfigurationError) as caught:
        connect(url, policy=SLEEPY, auth_url=auth_url).check()
    return caught.value


def names(error: ConfigurationError, variable: str, value: str = "") -> bool:
    """Whether an error is one line that names the variable, and neither its value nor Listrak."""
    text = str(error)
    assert error.setting == variable
    assert f"environment variable {variable} " in text
    assert "Listrak" not in text
    assert not value or value not in text
    return "\n" not in text


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
@pytest.mark.parametrize(
    "content", [None, b"", b"not a bundle", b"-----BEGIN CERTIFICATE-----\nAAAA\n", b"\0\xff"]
)
def test_X8_authorities_that_are_no_file_or_no_bundle_are_named_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, content: bytes | None
) -> None:
    file = tmp_path / "authorities-of-mine.pem"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv(variable, str(file))
    assert names(mistake(), variable, "authorities-of-mine")


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_X8_an_empty_folder_holds_no_authorities(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path))
    assert names(mistake(), variable)


@pytest.mark.parametrize("value", ["~/ca.pem", "a" * 5000])
def test_X8_odd_names_of_files_are_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", value)
    assert names(mistake(), "REQUESTS_CA_BUNDLE", value)


def test_X8_a_key_log_that_cannot_be_written_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "missing" / "keys.log"))
    assert names(mistake(), "SSLKEYLOGFILE", "keys.log")


def test_X8_what_is_not_used_is_not_complained_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain HTTP to this machine needs no authorities, and a host in NO_PROXY no proxy."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/there/is/no/such.pem")
    monkeypatch.setenv("HTTPS_PROXY", "::")
    monkeypatch.setenv("HTTP_PROXY", "::")
    monkeypatch.setenv("NO_PROXY", "localhost, 127.0.0.1")
    with wire() as server, connect(server.url, policy=SLEEPY) as client:
        client.check()
        assert server.tokens == 1


@pytest.mark.parametrize("variable", PROXIES)
@pytest.mark.parametrize(
    "value",
    [
        "http://", "http:///", "://proxy:3128", "http:/proxy:3128", "http//proxy:3128", "ftp://proxy:21",
        "http://proxy:port", "http://proxy:99999", "http://proxy:0", "http://pro xy:3128", " http://proxy:3128",
        "http://proxy:3128/path", "http://jane:secret/word@proxy:3128", "http://jane:secret#@proxy:3128",
        "http://[::1:3128", "tcp://proxy:1",
    ],
)  # fmt: skip
def test_X8_a_malformed_proxy_is_named_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert names(mistake(), variable, "secret")


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_X8_the_proxy_of_plain_http_is_checked_where_it_is_used(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://")
    with wire() as server:
        assert names(mistake(server.url), variable)
        assert server.tokens == 0


@pytest.mark.skipif(importlib.util.find_spec("socks") is not None, reason="PySocks is installed")
@pytest.mark.parametrize("scheme", ["socks4", "socks5", "socks5h", "SOCKS5"])
def test_X8_a_socks_proxy_without_its_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:1080")
    error = mistake()
    assert names(error, "ALL_PROXY", "1080")
    assert "PySocks" in str(error)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["no-such-proxy.invalid:3128", "127.0.0.1:1"])
def test_X8_a_proxy_that_cannot_be_reached_is_named(
    monkeypatch: pytest.MonkeyPatch, scheme: str, host: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://{host}")
    error = mistake()
    assert names(error, "HTTPS_PROXY", host)
    assert "NO_PROXY" in str(error)


@contextmanager
def proxy(*answers: bytes) -> Iterator[str]:
    """A proxy that gives these answers in turn, the last one for ever, and closes; its host and port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            turns = iter(answers)
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(next(turns, answers[-1]))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


@pytest.mark.parametrize(
    ("status", "says"),
    [("407 Proxy Authentication Required", "407"), ("403 Forbidden", "refuses to connect")],
)
def test_X8_a_proxy_that_refuses_is_named_and_not_listrak(
    monkeypatch: pytest.MonkeyPatch, status: str, says: str
) -> None:
    with proxy(http(b"", status)) as address:
        monkeypatch.setenv("https_proxy", f"http://jane:secret@{address}")
        error = mistake()
    assert names(error, "https_proxy", "secret")
    assert says in str(error)


def test_X8_a_proxy_that_asks_for_a_password_for_plain_http_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with proxy(http(b"", "407 Proxy Authentication Required")) as address:
        monkeypatch.setenv("HTTP_PROXY", f"http://{address}")
        assert names(mistake("http://127.0.0.1:9"), "HTTP_PROXY")


def test_X8_a_proxy_whose_failure_may_pass_is_tried_again_and_then_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with proxy(http(b"", "503 Service Unavailable")) as address:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        with connect(HTTPS) as client, pytest.raises(UnavailableError, match="tried 4 times") as caught:
            client.check()
    assert "HTTPS_PROXY" in caught.value.hint


def test_X8_a_proxy_that_worked_and_is_gone_for_a_while_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = http(b'{"access_token": "a-test-token"}')
    with proxy(token, token) as address:
        monkeypatch.setenv("HTTP_PROXY", f"http://{address}")
        client = connect("http://127.0.0.1:9")
        client.check()
    with client, pytest.raises(UnavailableError, match="no connection could be made") as caught:
        client.get(routes.LISTS)
    assert "HTTP_PROXY" in caught.value.hint


@pytest.mark.parametrize(
    "value",
    ["https://listrak.invalid", "*.invalid", "x.example;listrak.invalid", "x.example listrak.invalid"],
)
def test_X8_an_exception_from_the_proxy_that_has_no_effect_is_named(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", value)
    assert names(mistake(), "NO_PROXY")


@pytest.mark.parametrize(
    "value", ["listrak.invalid", ".invalid", "x.example,listrak.invalid", "*", "invalid"]
)
def test_an_exception_from_the_proxy_that_has_effect_is_kept(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", value)
    assert environment.proxy_for(HTTPS) is None


def test_the_proxy_of_other_hosts_is_used_where_exceptions_name_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://jane:secret@proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "notlistrak.invalid,10.0.0.0/8,localhost")
    found = environment.proxy_for(HTTPS)
    assert found is not None
    assert found.variable == "HTTPS_PROXY"
    assert "secret" not in repr(found)


def test_X8_tls_to_a_server_that_speaks_none_is_final() -> None:
    with proxy(http(b"", "400 Bad Request")) as address:
        error = mistake(auth_url=f"https://{address}")
    assert error.setting == "auth_url"
    assert "does not speak TLS" in str(error)


@pytest.mark.parametrize("name", ["tap-listrak", "target-listrak"])
@pytest.mark.parametrize(
    ("variable", "value"), [("REQUESTS_CA_BUNDLE", "/no/such.pem"), ("HTTPS_PROXY", "http://")]
)
def test_X8_on_the_command_line_it_is_one_line_and_exit_code_1(
    script: Script, monkeypatch: pytest.MonkeyPatch, name: str, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    config: dict[str, object] = {
        "client_id": "an-id",
        "client_secret": "a-secret",
        "destinations": {"people": {"kind": "email_list", "list": 7}},
    }
    schema = '{"type": "SCHEMA", "stream": "people", "schema": {"properties": {"email": {}}}}'
    if name.startswith("tap"):
        del config["destinations"]
    done = script(name, config=config, text=f"{schema}\n")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert sum(variable in line for line in done.stderr.splitlines()) == 1
    assert "retryable: false" in done.stderr
    assert "retry" not in done.stderr.replace("retryable: false", "")
