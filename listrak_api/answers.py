"""Decodes Listrak's answers: the envelope, pages of a collection, and the answers to writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import msgspec

from listrak_api.errors import PagingError

if TYPE_CHECKING:
    from listrak_api.routes import Route

FIRST_CURSOR = "Start"
"""The cursor that Listrak takes for the first page."""

_URI = re.compile(r"^(?:https?://[^?]*|/[^?]*)?\?", re.IGNORECASE)
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_ABSOLUTE = re.compile(r"^https?://", re.IGNORECASE)


class UnreadableError(Exception):
    """A body that is empty, cut, not JSON, or not of the expected shape. Not raised outside this package."""


class ErrorAnswerError(Exception):
    """A body with an `error` in an answer of status 2xx. Not raised outside this package.

    Attributes:
        envelope: The body's envelope, which says what is wrong.
    """

    def __init__(self, envelope: Envelope) -> None:
        super().__init__("an error in an answer of status 2xx")
        self.envelope = envelope


class Envelope(msgspec.Struct):
    """The object that wraps every body of Listrak. `data` stays undecoded, so that its bytes can be used."""

    status: Any = None
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    next_page_cursor: Any = msgspec.field(default=None, name="nextPageCursor")
    resource_id: Any = msgspec.field(default=None, name="resourceId")
    error: Any = None
    message: Any = None

    @property
    def error_status(self) -> int:
        """The HTTP status of the error: the envelope's own (it may be a string), else that of its code."""
        stated = str(self.status)
        if re.fullmatch(r"[45]\d\d", stated):
            return int(stated)
        return _STATUS_OF_CODE.get(str(self.error), 400)

    def check(self) -> None:
        """Refuse an envelope that holds an error.

        Raises:
            ErrorAnswerError: It does.
        """
        if self.error:
            raise ErrorAnswerError(self)


_STATUS_OF_CODE = {
    "ERROR_UNABLE_TO_LOCATE_RESOURCE": 404,
    "ERROR_UNKNOWN_ROUTE": 404,
    "ERROR_UNHANDLED_EXCEPTION": 500,
    "ERROR_TOO_MANY_REQUESTS": 429,
}
"""The HTTP status of an error code, if only the code is given. All other codes have 400 or 401."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a collection.

    Attributes:
        rows: The page's rows in Listrak's order: dicts, or what the given decoder returns. Empty if they stay
            undecoded.
        next_cursor: Pass it to get the next page; None on the last page.
        raw: The JSON array of the rows as Listrak sent it: a view into the body, not a copy.
    """

    rows: list[Any]
    next_cursor: str | None
    raw: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Answer:
    """Listrak's answer to a write that it carried out.

    Attributes:
        status: The HTTP status: 200, 201, 202 or 204.
        resource_id: The id of what was created or changed, as text; None if Listrak gave none.
        data: The envelope's `data`, decoded; None if there is none.
    """

    status: int
    resource_id: str | None = None
    data: Any = None


_ENVELOPE = msgspec.json.Decoder(Envelope)
_ANYTHING: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
_RAW = msgspec.json.Decoder(msgspec.Raw)
_EMPTY = msgspec.Raw(b"[]")


def read_envelope(body: bytes) -> Envelope | None:
    """Decode a body's envelope; None if the body is not a JSON object of that shape."""
    try:
        envelope: Envelope = _decode(_ENVELOPE, body)
    except UnreadableError:
        return None
    return envelope


def read_resource(body: bytes, *, collection: bool = False) -> Any:  # noqa: ANN401 - any JSON
    """Decode the `data` of a read.

    Args:
        body: The entire body.
        collection: Whether the route returns a collection. For a single resource an array of one is accepted
            too: Listrak's SMS specs show some resources in this form.

    Returns:
        The decoded `data`. If the body has no envelope (as two SMS routes are specified), the entire body.

    Raises:
        UnreadableError: The body is not JSON, or has an envelope without `data`.
        ErrorAnswerError: It holds an error.
    """
    envelope = read_envelope(body)
    if envelope is not None:
        envelope.check()
    if envelope is None or envelope.data is msgspec.UNSET:
        value = _decode(_ANYTHING, body)
        # An envelope without data is an incomplete answer. A resource without an envelope has other members.
        if not isinstance(value, (dict, list)) or (
            isinstance(value, dict) and value.keys() <= _ENVELOPE_ONLY
        ):
            raise UnreadableError
    else:
        value = _decode(_ANYTHING, envelope.data)
    if not collection and isinstance(value, list) and len(value) == 1:
        return value[0]
    return value


_ENVELOPE_ONLY = {"status", "nextPageCursor", "resourceId", "error", "message"}


def read_page(
    body: bytes, decoder: msgspec.json.Decoder[Any] | None = None, *, undecoded: bool = False
) -> Page:
    """Decode one page of a collection.

    Args:
        body: The entire body.
        decoder: Decodes the array of rows; without one the rows are dicts.
        undecoded: Leave the rows as they are: only `raw` has them, a JSON array in UTF-8.

    Returns:
        The page. `data: null` is a page without rows.

    Raises:
        UnreadableError: The body is not JSON, has no `data`, or its rows are not what the decoder takes.
        PagingError: The next page is given as a URI without a cursor.
        ErrorAnswerError: The body holds an error.
    """
    envelope = read_envelope(body)
    if envelope is not None:
        envelope.check()
    if envelope is None:
        raw, cursor = _decode(_RAW, body), None
    elif envelope.data is msgspec.UNSET:
        raise UnreadableError
    else:
        raw, cursor = envelope.data, cursor_of(envelope.next_page_cursor)
    begin = bytes(memoryview(raw)[:5])
    if begin == b"null":
        raw = _EMPTY
    elif not begin.startswith(b"["):
        raise UnreadableError
    if not undecoded:
        return Page(_decode(decoder, raw) if decoder else _decoded_rows(raw), cursor, raw)
    # The code that decodes the rows later cannot repeat the request, so the encoding is checked here.
    if not body.isascii():
        try:
            str(body, "utf-8")
        except UnicodeDecodeError as problem:
            raise UnreadableError from problem
    return Page([], cursor, raw)


def read_answer(status: int, body: bytes) -> Answer:
    """Decode the answer to a write that was carried out.

    Args:
        status: The HTTP status.
        body: The entire body; may be empty for 204 only.

    Returns:
        The answer.

    Raises:
        UnreadableError: The body is empty or not a JSON object: what was created is unknown.
        ErrorAnswerError: It holds an error.
    """
    if status == 204 and not body:  # noqa: PLR2004 - No Content, the one status without a body
        return Answer(status)
    envelope = read_envelope(body)
    if envelope is None:
        raise UnreadableError
    envelope.check()
    data = None if envelope.data is msgspec.UNSET else _decode(_ANYTHING, envelope.data)
    identifier = str(envelope.resource_id or "").strip()
    # Seen: the Data API answers null, a transactional send the text "null". Neither is an id.
    return Answer(status, None if identifier.lower() in {"", "null"} else identifier, data)


def cursor_of(value: object) -> str | None:
    """Take the cursor out of `nextPageCursor`.

    The spec calls it the URI of the next page. Clients of the real service use it as an opaque value. Both
    forms are accepted.

    Args:
        value: As Listrak sent it: null, an opaque value, or a URI whose `cursor` query parameter is the
            value.

    Returns:
        The value to send as `cursor`; None if there is no further page.

    Raises:
        PagingError: It is a URI without a cursor, so that the next page cannot be asked for.
    """
    if value is None or value == "":
        return None
    text = str(value)
    if not _URI.match(text) and not _ABSOLUTE.match(text):
        return text
    for pair in urlsplit(text).query.split("&"):
        name, _, cursor = pair.partition("=")
        if name.lower() == "cursor":
            # Not `parse_qs`, which would turn the plus signs of a base64 cursor into spaces.
            return unquote(cursor) or None
    if _ABSOLUTE.match(text):
        message = "Listrak gave the next page as a URI without a cursor, so the rest cannot be read"
        raise PagingError(message)
    return text


_LONGEST_CURSOR = 4096


def without_nul(body: bytes) -> tuple[bytes, int]:
    """Return a JSON document without the NUL characters in its texts, and how many there were.

    PostgreSQL and others cannot store them, so that one ends a whole load. They carry no meaning.
    """
    return _NUL.subn(rb"\1", body) if rb"\u0000" in body else (body, 0)


class CursorGuard:
    """Detects paging that does not end, because a cursor repeats. One for each collection that is read.

    Args:
        route: The collection's route, for the error.
    """

    def __init__(self, route: Route) -> None:
        self._route = route
        # Hashes only: the memory does not grow with what a server sends.
        self._seen = {hash(FIRST_CURSOR)}

    def check(self, cursor: str | None) -> None:
        """Check a page's `next_cursor`, and remember it.

        Args:
            cursor: The cursor; None ends the collection and is always accepted.

        Raises:
            PagingError: It was there before, or is too long for a request.
        """
        if cursor is None:
            return
        if len(cursor) > _LONGEST_CURSOR:
            message = f"{self._route} returned a cursor of {len(cursor):,} characters, too long for a request"
            raise PagingError(message, hint="Not all rows were read. Check api_url.")
        if hash(cursor) in self._seen:
            message = f"{self._route} gave a cursor twice, on page {len(self._seen)}: reading would never end"
            hint = "Not all rows were read. Run it again; if it happens again, report it to Listrak."
            raise PagingError(message, hint=hint)
        self._seen.add(hash(cursor))


def _decoded_rows(raw: msgspec.Raw | bytes) -> list[dict[str, Any]]:
    """Decode an array of rows. A null among them is no row, and is left out.

    Args:
        raw: The JSON array.

    Raises:
        UnreadableError: A row is something else than an object.
    """
    rows = [row for row in _decode(_ANYTHING, raw) if row is not None]
    if not all(isinstance(row, dict) for row in rows):
        raise UnreadableError
    return rows


def _decode(decoder: msgspec.json.Decoder[Any], data: bytes | msgspec.Raw) -> Any:  # noqa: ANN401 - any JSON
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        mended = _mended(bytes(memoryview(data)))
        if mended is None:
            raise UnreadableError from problem
    return _decode(decoder, mended)


_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Every escape is matched as a whole, so that a backslash that is escaped itself begins none.
_ESCAPES = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)", re.DOTALL)
_REPLACEMENT = rb"\ufffd"


def _mended(body: bytes) -> bytes | None:
    """Return a body without what stands in no valid JSON and yet says what is meant; None if there is none.

    A byte order mark at its beginning, and the escape of half a character (a text that was cut within an
    emoji): it becomes U+FFFD. Asked for again, such an answer would come the same.
    """
    if not body.startswith(_BYTE_ORDER_MARK) and b"\\ud" not in body.lower():
        return None
    mended = _ESCAPES.sub(lambda one: _REPLACEMENT if one[1] else one[0], body.removeprefix(_BYTE_ORDER_MARK))
    return None if mended == body else mended
