"""The kinds of fault: one function for each, and the calls that each kind can apply to.

A kind acts before the handler (and may answer in its place) or after it, on its answer.

A new kind is a function here (a `Before` or an `After`) and an entry in `KINDS`: its text, its parameters
with their defaults, and `applies` if it does not fit every call. `faults` decides which calls a fault applies
to and needs no change; docs/architecture.md has the tests and the generated table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from listrak_sandbox import connections
from listrak_sandbox.auth import refusal, unauthorized
from listrak_sandbox.clock import http_date
from listrak_sandbox.envelope import ENCODER, Answer, ApiError, invalid, json_answer
from listrak_sandbox.sandbox import Aborted

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from listrak_sandbox.sandbox import Call

Parameters = dict[str, Any]
Before = Callable[["Call", Parameters], Awaitable[Answer | None]]
After = Callable[["Call", Answer, Parameters], Awaitable[Answer]]

TOKEN_ROUTE = "/OAuth2/Token"  # noqa: S105  a path
FIRST_PAGE = ("", "Start")
WRITES = ("POST", "PUT", "DELETE")


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Attributes:
        text: What it does, for people.
        before: Acts before the handler.
        after: Acts on the handler's answer.
        parameters: Its own parameters with their defaults.
        applies: Whether it can act on a call at all (and on its answer, for kinds that act after).
        route: Routes it is for unless a fault names others; None: all but the token endpoint.
        count: How often it applies unless a fault says otherwise; None: without limit.
    """

    text: str
    before: Before | None = None
    after: After | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    applies: Callable[[Call, Answer | None], bool] = lambda _call, _answer: True
    route: str | None = None
    count: int | None = None


# Answers in the handler's place.


async def _status(call: Call, parameters: Parameters) -> Answer:
    status = int(parameters["status"])
    headers = {}
    if parameters["retry_after"] is not None:
        headers["retry-after"] = str(parameters["retry_after"])
        if parameters["retry_after_date"]:
            instant = call.sandbox.clock.now() + timedelta(seconds=float(parameters["retry_after"]))
            headers["retry-after"] = http_date(instant)
    if status in (502, 503, 504):
        # These come from a server in front of the service, and are not JSON.
        return Answer(status, f"<html><h1>{status}</h1></html>".encode(), headers, "text/html")
    code = {429: "ERROR_TOO_MANY_REQUESTS", 401: "ERROR_UNAUTHORIZED"}.get(
        status, "ERROR_UNHANDLED_EXCEPTION"
    )
    answer = ApiError(status, str(parameters["error"] or code)).answer()
    answer.headers |= headers
    return answer


async def _html(_: Call, parameters: Parameters) -> Answer:
    page = b"<!DOCTYPE html><html><body><h1>We will be back soon</h1></body></html>"
    return Answer(int(parameters["status"]), page, {}, "text/html; charset=utf-8")


async def _empty(_: Call, parameters: Parameters) -> Answer:
    return Answer(int(parameters["status"]), b"")


async def _error_in_success(_: Call, parameters: Parameters) -> Answer:
    body = {"status": 200, "error": str(parameters["error"]), "message": "The request was not carried out."}
    return json_answer(200, body)


async def _slow(_: Call, parameters: Parameters) -> None:
    await asyncio.sleep(float(parameters["seconds"]))


async def _token_refused(call: Call, _: Parameters) -> Answer:
    if call.route.path == TOKEN_ROUTE:
        return refusal(call.sandbox.settings)
    return unauthorized().answer()


async def _token_expired(call: Call, _: Parameters) -> None:
    call.sandbox.tokens.expire_all()


async def _cursor_refused(_: Call, __: Parameters) -> Answer:
    return invalid("cursor", "It has expired.").answer()


async def _large_body(call: Call, parameters: Parameters) -> Answer | None:
    """Read the body to its end, as a service does. A body that is not too large can be read again."""
    messages = []
    size, more = 0, True
    while more:
        message = await call.receive()
        if message["type"] == "http.disconnect":
            raise Aborted
        size += len(message.get("body", b""))
        more = bool(message.get("more_body"))
        if size <= parameters["bytes"]:
            messages.append(message)
    if size > parameters["bytes"]:
        return Answer(404, b"Not Found", {}, "text/plain")
    waiting, rest = iter(messages), call.receive

    async def again() -> Any:  # noqa: ANN401  an ASGI message
        return next(waiting, None) or await rest()

    call.receive = again
    return None


async def _import_ends_badly(call: Call, parameters: Parameters, *, outcome: str) -> None:
    """Set how the import that this call starts shall end, for whatever carries it out."""
    call.extra["import_outcome"] = outcome
    call.extra["import_share_done"] = float(parameters["share_done"])
    if "word" in parameters:
        call.extra["import_failed_word"] = str(parameters["word"])


async def _import_odd_status(call: Call, parameters: Parameters) -> None:
    running, ended = parameters["words"]
    call.extra["import_running_word"], call.extra["import_end_word"] = str(running), str(ended)


# Answers changed.


async def _refused_then_done(call: Call, _: Answer, parameters: Parameters) -> Answer:
    return await _status(call, {"retry_after": None, "retry_after_date": False, "error": None, **parameters})


async def _clock_skew(call: Call, answer: Answer, parameters: Parameters) -> Answer:
    skewed = call.sandbox.clock.now() + timedelta(seconds=float(parameters["seconds"]))
    answer.headers["date"] = http_date(skewed)
    return answer


async def _repeated_page(call: Call, answer: Answer, _: Parameters) -> Answer:
    envelope = msgspec.json.decode(answer.body)
    envelope["nextPageCursor"] = call.query.get("cursor") or "Start"
    answer.body = ENCODER.encode(envelope)
    return answer


async def _text_status(_: Call, answer: Answer, parameters: Parameters) -> Answer:
    envelope = msgspec.json.decode(answer.body)
    envelope["status"] = str(parameters["text"])
    answer.body = ENCODER.encode(envelope)
    return answer


async def _empty_then_full(call: Call, answer: Answer, parameters: Parameters) -> Answer:
    """Answer the first calls (`times`) without rows, and later ones with all rows."""
    asked: Counter[str] = call.extra["asked"]
    same = f"{call.scope['path']} {sorted(call.query.items())}"
    asked[same] += 1
    return _without(answer, None) if asked[same] <= parameters["times"] else answer


async def _short_answer(_: Call, answer: Answer, parameters: Parameters) -> Answer:
    """Leave out the last rows of a collection, as if there were no more."""
    return _without(answer, int(parameters["rows"]))


async def _null_property(_: Call, answer: Answer, parameters: Parameters) -> Answer:
    """Set a property to null, or another `value`, in every n-th row of an answer (`every`)."""
    envelope = msgspec.json.decode(answer.body)
    for row in envelope["data"][:: max(int(parameters["every"]), 1)]:
        if parameters["property"] in row:
            row[parameters["property"]] = parameters.get("value")
    answer.body = ENCODER.encode(envelope)
    return answer


def _without(answer: Answer, rows: int | None) -> Answer:
    """Remove the last rows and the next cursor from an answer; None removes all rows."""
    envelope = msgspec.json.decode(answer.body)
    if "nextPageCursor" in envelope:
        envelope["nextPageCursor"] = None
    data = envelope["data"]
    envelope["data"] = [] if rows is None else data[: max(len(data) - rows, 0)]
    answer.body = ENCODER.encode(envelope)
    return answer


class Repeats:
    """Rows to repeat on the next page, by the cursor of that page."""

    LIMIT = 1000

    def __init__(self) -> None:
        self._rows: dict[str, list[dict[str, Any]]] = {}

    def add(self, cursor: str, rows: list[dict[str, Any]]) -> None:
        """Keep rows to repeat on the page of a cursor."""
        self._rows[cursor] = rows
        if len(self._rows) > self.LIMIT:
            del self._rows[next(iter(self._rows))]

    def insert(self, call: Call, answer: Answer) -> None:
        """Insert the rows kept for this page before its own, each time the page is requested."""
        rows = self._rows.get(call.query.get("cursor", "")) if self._rows else None
        if rows and answer.status == 200:  # noqa: PLR2004  OK
            envelope = msgspec.json.decode(answer.body)
            envelope["data"] = rows + envelope["data"]
            answer.body = ENCODER.encode(envelope)


async def _duplicate_rows(call: Call, answer: Answer, parameters: Parameters) -> Answer:
    """Repeat the last rows of this page on the next one, as if rows had been inserted before them."""
    envelope = msgspec.json.decode(answer.body)
    rows = envelope["data"][-int(parameters["rows"]) :]
    _repeats(call).add(_value(envelope["nextPageCursor"]), rows)
    return answer


async def _changed_rows(call: Call, answer: Answer, parameters: Parameters) -> Answer:
    """Change the last rows of this page to older values, and repeat them with present values on the next."""
    envelope = msgspec.json.decode(answer.body)
    rows = envelope["data"][-int(parameters["rows"]) :]
    _repeats(call).add(_value(envelope["nextPageCursor"]), rows)
    envelope["data"][-len(rows) :] = [{name: _older(name, one) for name, one in row.items()} for row in rows]
    answer.body = ENCODER.encode(envelope)
    return answer


def _older(name: str, value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and not name.endswith("Id") and value > 0:
        return value - 1
    if isinstance(value, str) and name.endswith(("Name", "subject")):
        return f"{value} (before)"
    return value


def _repeats(call: Call) -> Repeats:
    found: Repeats = call.extra["repeats"]
    return found


def _value(cursor: str) -> str:
    """Take the cursor's value out of a URI; a bare value stays as it is."""
    return parse_qs(urlsplit(cursor).query).get("cursor", [cursor])[0]


# What applies where.


def _has_cursor(call: Call, _: Answer | None) -> bool:
    return call.query.get("cursor", "") not in FIRST_PAGE


def _has_body(_: Call, answer: Answer | None) -> bool:
    return answer is not None and len(answer.body) > 1


def _is_page(_: Call, answer: Answer | None) -> bool:
    return answer is not None and answer.status == 200 and b'"nextPageCursor"' in answer.body  # noqa: PLR2004


def _is_object(_: Call, answer: Answer | None) -> bool:
    return answer is not None and answer.body.startswith(b'{"status":')


def _has_rows(_: Call, answer: Answer | None) -> bool:
    return answer is not None and answer.status == 200 and b'"data":[{' in answer.body[:4096]  # noqa: PLR2004


def _has_next_page(call: Call, answer: Answer | None) -> bool:
    if answer is None or not _is_page(call, answer):
        return False
    envelope = msgspec.json.decode(answer.body)
    return bool(envelope.get("nextPageCursor")) and bool(envelope.get("data"))


def _carried_out(call: Call, answer: Answer | None) -> bool:
    return call.route.method in WRITES and answer is not None and answer.status < 400  # noqa: PLR2004


def _may_have_body(call: Call, _: Answer | None) -> bool:
    return call.route.method in WRITES


def _starts_import(call: Call, _: Answer | None) -> bool:
    return call.route.method == "POST" and call.route.template.endswith(("/ListImport", "/ContactImport"))


_SECONDS = {"seconds": 3600.0}
_ROWS = {"rows": 3}
KINDS: dict[str, Kind] = {
    "status": Kind(
        "an error status, with or without Retry-After", _status,
        parameters={"status": 500, "retry_after": None, "retry_after_date": False, "error": None},
    ),
    "reset": Kind("the connection is reset before an answer", connections.reset_before),
    "reset_during": Kind("reset after half of the body", after=connections.reset_during, applies=_has_body),
    "cut_body": Kind("half of the body, then an orderly end", after=connections.cut_body, applies=_has_body),
    "refuse_connections": Kind(
        "nobody listens for a while", connections.refuse_connections, parameters={"seconds": 2.0}, count=1
    ),
    "html": Kind("HTML instead of JSON", _html, parameters={"status": 200}),
    "empty": Kind("an empty body", _empty, parameters={"status": 200}),
    "error_in_success": Kind(
        "status 200 with an error in the body, and nothing done", _error_in_success,
        parameters={"error": "ERROR_UNHANDLED_EXCEPTION"},
    ),
    "text_status": Kind(
        "the status in the body is a text", after=_text_status, applies=_is_object, parameters={"text": "OK"}
    ),
    "empty_then_full": Kind(
        "no rows the first times a collection is asked for, then all", after=_empty_then_full,
        applies=_has_rows, parameters={"times": 2},
    ),
    "short_answer": Kind(
        "the last rows of a collection are missing, and no more are announced", after=_short_answer,
        applies=_has_rows, parameters=_ROWS,
    ),
    "null_property": Kind(
        "a property is null in some rows", after=_null_property, applies=_has_rows,
        parameters={"property": "sendDate", "every": 3},
    ),
    "odd_property": Kind(
        "a property is an odd text in some rows", after=_null_property, applies=_has_rows,
        parameters={"property": "sendDate", "every": 3, "value": "soon"},
    ),
    "slow": Kind("the answer comes late", _slow, parameters={"seconds": 1.0}),
    "stall": Kind("no answer at all", connections.stall, parameters=_SECONDS),
    "stall_during": Kind(
        "half of the body, no more", after=connections.stall_during, applies=_has_body, parameters=_SECONDS
    ),
    "token_refused": Kind("no token is given, or a good one refused", _token_refused, route=TOKEN_ROUTE),
    "token_expired": Kind("all tokens given so far expire", _token_expired, count=1),
    "cursor_refused": Kind("a cursor is not accepted", _cursor_refused, applies=_has_cursor),
    "repeated_page": Kind("a page names itself as the next", after=_repeated_page, applies=_is_page),
    "duplicate_rows": Kind(
        "rows come again on the next page", after=_duplicate_rows, applies=_has_next_page, parameters=_ROWS
    ),
    "changed_rows": Kind(
        "rows come again on the next page, changed", after=_changed_rows, applies=_has_next_page,
        parameters=_ROWS,
    ),
    "lost_answer": Kind(
        "carried out, then closed without an answer", after=connections.lost_answer, applies=_carried_out,
        parameters={"reset": False},
    ),
    "refused_then_done": Kind(
        "an error status, yet carried out", after=_refused_then_done, applies=_carried_out,
        parameters={"status": 500},
    ),
    "import_stalls": Kind(
        "an import stops midway and never ends", partial(_import_ends_badly, outcome="stall"),
        applies=_starts_import, parameters={"share_done": 0.5},
    ),
    "import_fails": Kind(
        "an import ends midway as a failure", partial(_import_ends_badly, outcome="fail"),
        applies=_starts_import, parameters={"share_done": 0.5, "word": "Failed"},
    ),
    "import_odd_status": Kind(
        "an import has unknown status words", _import_odd_status,
        applies=_starts_import, parameters={"words": ["Percolating", "Sublimated"]},
    ),
    "large_body_404": Kind(
        "large bodies are not found", _large_body, applies=_may_have_body, parameters={"bytes": 1_000_000}
    ),
    "clock_skew": Kind("the Date header is off", after=_clock_skew, route="*", parameters=_SECONDS),
}  # fmt: skip
"""All kinds by name."""
