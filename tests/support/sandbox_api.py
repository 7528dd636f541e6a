"""Calls to one API of a running sandbox, with its token, for the tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listrak_sandbox.testing import RunningSandbox


class Api:
    """One API of a sandbox, as a client of its integration sees it."""

    def __init__(self, sandbox: RunningSandbox, name: str) -> None:
        self.sandbox = sandbox
        self.base = f"{sandbox.url}/{name}/v1"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {sandbox.token(name)}"

    def call(self, method: str, path: str, body: object = None, **query: object) -> requests.Response:
        return self.session.request(method, self.base + path, json=body, params=query, timeout=60)

    def get(self, path: str, **query: object) -> Any:  # noqa: ANN401  any JSON
        """The envelope of a GET that must be answered with 200."""
        answer = self.call("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, path: str, **query: object) -> Iterator[dict[str, Any]]:
        """All rows of a paged collection."""
        cursor: str | None = "Start"
        while cursor:
            envelope = self.get(path, **{"count": 5000, **query, "cursor": cursor})
            yield from envelope["data"]
            cursor = envelope.get("nextPageCursor")

    def send(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        """Status, and the resource id or the error code."""
        answer = self.call(method, path, body)
        found = answer.json()
        assert found["status"] == answer.status_code
        return answer.status_code, found.get("error", found.get("resourceId", ""))
