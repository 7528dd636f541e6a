"""One rate of requests for several processes: which addresses there are, and what the store admits in all."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from postgres_server import running_server, server_programs

from listrak_api.client import Client
from listrak_api.errors import Cause, ConfigurationError, UnavailableError
from listrak_api.settings import ConnectionSettings
from listrak_api.shared_rate import SharedLimiter, check_rate_limit_url, shared_limiter_for

if TYPE_CHECKING:
    from pathlib import Path

    from pyrate_limiter import Limiter

pytest.importorskip("filelock", reason="the extra rate-sqlite is not installed")

SLOW = 0.001
"""One request in a thousand seconds: what is admitted does not depend on how fast the test runs."""
TAKE = """
import sys
from listrak_api.shared_rate import shared_limiter_for
limiter = shared_limiter_for(sys.argv[1], "https://listrak.example", "an id", 0.001)
print(sum(limiter.try_acquire("test", timeout=0.05) for _ in range(5)))
"""


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'rate.sqlite'}"


def settings(**values: object) -> ConnectionSettings:
    return ConnectionSettings("an id", "a secret", **values)  # type: ignore[arg-type]


def admitted(address: str) -> list[int]:
    """How many of five requests each of four processes was allowed."""
    children = [
        subprocess.Popen([sys.executable, "-c", TAKE, address], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    counts = [child.communicate(timeout=60)[0] for child in children]
    assert all(child.returncode == 0 for child in children)
    return [int(count) for count in counts]


def test_four_processes_together_are_admitted_as_one(tmp_path: Path) -> None:
    """Two processes with `requests_per_second: 40` sent 75 to 80."""
    assert sum(admitted(url(tmp_path))) == 1


def test_processes_on_several_machines_share_a_rate_through_postgresql() -> None:
    pytest.importorskip("psycopg_pool", reason="the extra rate-postgres is not installed")
    programs = server_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed")
    with running_server(programs) as database:
        assert sum(admitted(database.tap_url)) == 1
        assert sum(admitted(database.make().tap_url)) == 1


def test_processes_on_several_machines_share_a_rate_through_redis(tmp_path: Path) -> None:
    pytest.importorskip("redis", reason="the extra rate-redis is not installed")
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no Redis server is installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert any("Ready to accept connections" in line for line in server.stdout)
            assert sum(admitted(f"redis://127.0.0.1:{port}/0")) == 1
            assert sum(admitted(f"redis://127.0.0.1:{port}/1")) == 1
        finally:
            server.terminate()


def test_each_integration_of_each_listrak_has_a_limit_of_its_own(tmp_path: Path) -> None:
    for api_url, client_id in [
        ("https://a.example", "x"),
        ("https://a.example", "y"),
        ("https://b.example", "x"),
    ]:
        limiter = shared_limiter_for(url(tmp_path), api_url, client_id, SLOW)
        assert limiter.try_acquire("test", timeout=0.05)
        assert not limiter.try_acquire("test", timeout=0.05)


@pytest.mark.parametrize(
    "wrong",
    [
        "rate.sqlite",
        "sqlite://",
        "sqlite:///",
        "sqlite://host/file",
        "sqlite:///folder/",
        "mysql://user:password@host/db",
        "redis://",
        "redis://:password@",
        "redis://host:port/0",
        "postgresql:///database",
        "http://host",
        "",
        " ",
        7,
        True,
    ],
)
def test_an_address_that_is_none_is_refused_and_not_shown(wrong: object) -> None:
    with pytest.raises(ConfigurationError, match="rate_limit_url") as caught:
        check_rate_limit_url(wrong)
    assert caught.value.setting == "rate_limit_url"
    assert "password" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "module", "extra"),
    [
        ("sqlite:////var/lib/rate.sqlite", "filelock", "rate-sqlite"),
        ("redis://:password@host:6379/0", "redis", "rate-redis"),
        ("rediss://host", "redis", "rate-redis"),
        ("postgresql://user:password@host/db", "psycopg_pool", "rate-postgres"),
    ],
)
def test_a_library_that_is_not_installed_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, address: str, module: str, extra: str
) -> None:
    monkeypatch.setattr(
        "listrak_api.shared_rate.find_spec", lambda name: None if name == module else object()
    )
    with pytest.raises(ConfigurationError, match=module) as caught:
        check_rate_limit_url(address)
    assert f"singer-listrak[{extra}]" in caught.value.hint
    assert "password" not in str(caught.value)
    monkeypatch.setattr("listrak_api.shared_rate.find_spec", lambda _: object())
    assert check_rate_limit_url(address) == address


def test_it_needs_a_rate_to_share(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="rate_limit_url is set, but there is no limit") as caught:
        settings(rate_limit_url=url(tmp_path))
    assert "requests_per_second" in caught.value.hint
    assert settings(rate_limit_url=url(tmp_path), requests_per_second=5).rate_limit_url
    assert "sqlite" not in repr(settings(rate_limit_url=url(tmp_path), requests_per_second=5))


def test_a_store_that_cannot_be_reached_is_an_error_before_the_first_request(tmp_path: Path) -> None:
    made = settings(rate_limit_url=f"sqlite:///{tmp_path / 'no' / 'folder'}", requests_per_second=5)
    with pytest.raises(
        ConfigurationError, match="rate_limit_url names a store that cannot be reached"
    ) as caught:
        Client(made)
    assert str(tmp_path) not in str(caught.value)
    assert not (tmp_path / "no").exists()


def test_a_store_that_fails_during_a_run_ends_it_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def try_acquire(self, *_: object, **__: object) -> bool:
            message = "could not connect to user:password@host"
            raise OSError(message)

    limiter: Limiter = Broken()  # type: ignore[assignment]
    monkeypatch.setattr("listrak_api.shared_rate._NO_STORE_SECONDS", 0.0)
    with pytest.raises(UnavailableError, match="shared rate limit cannot be used: OSError") as caught:
        SharedLimiter(limiter).try_acquire("test", timeout=1)
    assert "password" not in str(caught.value)
    assert caught.value.cause is Cause.UNAVAILABLE
