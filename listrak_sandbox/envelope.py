"""Answers and errors in Listrak's envelopes."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec

ENCODER = msgspec.json.Encoder()


@dataclass
class Answer:
    """One HTTP answer, ready to be sent.

    Attributes:
        status: HTTP status code.
        body: The bytes of the body.
        headers: Headers beside content-type, content-length and date, lower-case names.
        content_type: Value of the content-type header.
        finished: Whether `finish` has applied the settings to it already.
    """

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"
    finished: bool = False

    def raw_headers(self, date: str) -> list[tuple[bytes, bytes]]:
        """Return all headers as ASGI sends them.

        Args:
            date: Value of the Date header, unless the answer has its own.
        """
        headers = {
            "date": date,
            "content-type": self.content_type,
            "content-length": str(len(self.body)),
            **self.headers,
        }
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


class ApiError(Exception):
    """A request is refused: carries Listrak's status and ``ERROR_…`` code."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.status = status
        self.code = code
        self.message = message or f"{HTTPStatus(status).phrase}: {code}"

    def answer(self) -> Answer:
        """Return the error in its envelope ``{status, error, message}``."""
        return json_answer(self.status, {"status": self.status, "error": self.code, "message": self.message})


def json_answer(status: int, body: object) -> Answer:
    """Encode any JSON-able object as an answer, without an envelope."""
    return Answer(status, ENCODER.encode(body))


def resource(data: object) -> Answer:
    """Answer 200 with ``{status, data}``: one resource, or a collection that is not paged."""
    return json_answer(200, {"status": 200, "data": data})


def page(rows: list[object] | list[dict[str, object]], next_cursor: str | None) -> Answer:
    """Answer 200 with ``{status, nextPageCursor, data}``."""
    return json_answer(200, {"status": 200, "nextPageCursor": next_cursor, "data": rows})


def raw_page(rows: str, next_cursor: str | None) -> Answer:
    """Answer 200 with a page whose rows are JSON text already (comma separated objects)."""
    cursor = "null" if next_cursor is None else f'"{next_cursor}"'
    return Answer(200, f'{{"status":200,"nextPageCursor":{cursor},"data":[{rows}]}}'.encode())


def created(resource_id: object) -> Answer:
    """Answer 201 with ``{status, resourceId}``; None is null."""
    text = None if resource_id is None else str(resource_id)
    return json_answer(201, {"status": 201, "resourceId": text})


def updated(resource_id: object) -> Answer:
    """Answer 200 with ``{status, resourceId}``."""
    return json_answer(200, {"status": 200, "resourceId": str(resource_id)})


def deleted() -> Answer:
    """Answer 200 with ``{status}``."""
    return json_answer(200, {"status": 200})


def invalid(name: str, why: str = "") -> ApiError:
    """Create the error for a parameter or body property that is null or invalid."""
    return ApiError(
        400, "ERROR_INVALID_PARAMETER", f"The parameter '{name}' is invalid.{' ' if why else ''}{why}"
    )


def not_found(what: str = "resource") -> ApiError:
    """Create the error for a known route with an id that does not exist."""
    return ApiError(404, "ERROR_UNABLE_TO_LOCATE_RESOURCE", f"The specified {what} could not be located.")
