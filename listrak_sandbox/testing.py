"""Runs a sandbox for tests, as a thread of this process or as a process of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import requests

from listrak_sandbox.cli import HOST, listen, serve
from listrak_sandbox.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listrak_sandbox.sandbox import Sandbox

START_SECONDS = 30


class RunningSandbox:
    """A running sandbox as a test sees it.

    Attributes:
        url: ``http://127.0.0.1:PORT``, for the plugins' setting ``api_url``.
        auth_url: For their setting ``auth_url``.
        sandbox: The object itself when it runs as a thread, else None.
        pid: Its process id when it runs as a process of its own, else None.
    """

    def __init__(self, port: int, sandbox: Sandbox | None = None, pid: int | None = None) -> None:
        self.url = f"http://{HOST}:{port}"
        self.auth_url = f"{self.url}/OAuth2/Token"
        self.sandbox = sandbox
        self.pid = pid
        self._session = requests.Session()

    def control(self, method: str, path: str, body: object = None, **query: Any) -> Any:  # noqa: ANN401  any JSON
        """Call a control route.

        Args:
            method: HTTP method.
            path: Below ``/_sandbox/``.
            body: Sent as JSON.
            query: Query parameters.

        Raises:
            RuntimeError: The route refused; the text is its answer.
        """
        answer = self._session.request(
            method, f"{self.url}/_sandbox/{path}", json=body, params=query, timeout=600
        )
        if not answer.ok:
            raise RuntimeError(answer.text)
        return answer.json()

    def reset(self, **options: object) -> None:
        """Reset the sandbox. Options: ``seed``, ``scale``."""
        self.control("POST", "reset", options)

    def now(self) -> str:
        """Return sandbox time, ISO 8601."""
        return str(self.control("GET", "clock")["now"])

    def set_clock(self, **options: object) -> str:
        """Move the clock: ``now``, ``frozen``, ``advance_seconds``. Returns the new time."""
        return str(self.control("POST", "clock", options)["now"])

    def settings(self, **changes: object) -> dict[str, Any]:
        """Change settings; return all of them."""
        return dict(self.control("POST", "settings", changes))

    def expected(self, **selection: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401  a query
        """Return what a complete extraction returns: ``{stream: {count, digest}}``."""
        return dict(self.control("GET", "expected", **selection)["streams"])

    def written(self) -> dict[str, Any]:
        """Return what was written through the APIs since the last reset."""
        return dict(self.control("GET", "written"))

    def requests(self, latest: int = 50) -> dict[str, Any]:
        """Return the request log's summary."""
        return dict(self.control("GET", "requests", latest=latest))

    def forget_requests(self) -> None:
        """Empty the request log."""
        self.control("DELETE", "requests")

    def token(self, integration: str = "email") -> str:
        """Get an access token with the sandbox's own credentials."""
        integration = integration.replace("_", "-")
        answer = self._session.post(
            self.auth_url,
            data={
                "grant_type": "client_credentials",
                "client_id": f"sandbox-{integration}",
                "client_secret": f"sandbox-{integration}-secret",
            },
            timeout=60,
        )
        return str(answer.json()["access_token"])

    def close(self) -> None:
        """Close this object's own connections."""
        self._session.close()


@contextlib.contextmanager
def running_sandbox(*, process: bool = False, **options: Any) -> Iterator[RunningSandbox]:  # noqa: ANN401
    """Start a sandbox on a free port, and stop it at the end.

    Args:
        process: Run it as a process of its own (its memory and processor time are then not this
            process's), otherwise as a thread.
        options: Fields of `Config`: ``seed``, ``scale``, ``latency_ms``, ``token_ttl``, ``port``.

    Raises:
        RuntimeError: It did not start.
    """
    config = dataclasses.replace(Config(port=0), **options)
    with (_as_process if process else _as_thread)(config) as running:
        try:
            yield running
        finally:
            running.close()


@contextlib.contextmanager
def _as_thread(config: Config) -> Iterator[RunningSandbox]:
    listener = listen(config.port)
    up = threading.Event()
    found: list[Sandbox] = []

    def ready(sandbox: Sandbox) -> None:
        found.append(sandbox)
        up.set()

    thread = threading.Thread(
        target=serve, args=(config, listener, ready), name="listrak-sandbox", daemon=True
    )
    port = listener.getsockname()[1]
    thread.start()
    if not up.wait(START_SECONDS):
        message = "The sandbox did not start"
        raise RuntimeError(message)
    try:
        yield RunningSandbox(port, found[0])
    finally:
        server = found[0].server
        if server is not None:
            server.should_exit = True
            server.force_exit = True
        thread.join(START_SECONDS)
        listener.close()


@contextlib.contextmanager
def _as_process(config: Config) -> Iterator[RunningSandbox]:
    command = [sys.executable, "-m", "listrak_sandbox"]
    for field in dataclasses.fields(config):
        command += [f"--{field.name.replace('_', '-')}", str(getattr(config, field.name))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603  our own module
        try:
            line = child.stdout.readline() if child.stdout else ""
            if "listening on" not in line:
                message = f"The sandbox did not start: {line!r}"
                raise RuntimeError(message)
            port = int(line.split(" on http://", 1)[1].split(":")[1].split()[0])
            yield RunningSandbox(port, pid=child.pid)
        finally:
            child.terminate()
            child.wait(START_SECONDS)
