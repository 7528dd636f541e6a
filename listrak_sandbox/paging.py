"""Cursors and counts. A cursor is opaque, signed, and valid only for the query that returned it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from listrak_sandbox.envelope import invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listrak_sandbox.sandbox import Call

DEFAULT_COUNT = 1000
MAX_COUNT = 5000
START = "Start"


def _signature(call: Call, position: int) -> bytes:
    query = sorted((name, value) for name, value in call.query.items() if name != "cursor")
    text = repr((call.sandbox.seed, call.route.name, sorted(call.ids.items()), query, position))
    return hashlib.blake2b(text.encode(), digest_size=9).digest()


@dataclass(frozen=True)
class Paging:
    """What one request asked for.

    Attributes:
        position: Where its page begins. Each collection defines its own positions.
        count: Largest number of rows.
    """

    position: int
    count: int


def read(call: Call) -> Paging:
    """Read ``cursor`` and ``count`` of a request.

    Raises:
        ApiError: 400 ERROR_INVALID_PARAMETER, for a count outside 1 to 5000 or a cursor that is not
            one of this query's.
    """
    text = call.query.get("count", "")
    try:
        count = int(text) if text else DEFAULT_COUNT
    except ValueError:
        raise invalid("count", "An integer is expected.") from None
    if not 1 <= count <= MAX_COUNT:
        raise invalid("count", f"1 to {MAX_COUNT} is expected.")
    cursor = call.query.get("cursor", "")
    if not cursor or cursor == START:
        return Paging(0, count)
    try:
        raw = base64.urlsafe_b64decode(cursor)
        position = int.from_bytes(raw[9:])
    except ValueError:
        raise invalid("cursor") from None
    if raw[:9] != _signature(call, position):
        raise invalid("cursor", "It does not belong to this query.")
    return Paging(position, count)


def cursor(call: Call, position: int | None) -> str | None:
    """Create the cursor for the page that begins at `position`; None if that is None.

    By the setting ``cursor_form`` it is the bare value or the next page's URI.
    """
    if position is None:
        return None
    raw = _signature(call, position) + position.to_bytes((position.bit_length() + 23) // 24 * 3 or 3)
    value = base64.urlsafe_b64encode(raw).decode()
    if call.sandbox.settings.cursor_form == "value":
        return value
    path = call.scope["path"]
    return f"https://api.listrak.com{path}?{urlencode({**call.query, 'cursor': value})}"


def cut(rows: Sequence[dict[str, object]], call: Call) -> tuple[list[dict[str, object]], str | None]:
    """Cut a page out of all rows of a collection; a position is the index of a row."""
    paging = read(call)
    end = paging.position + paging.count
    return list(rows[paging.position : end]), cursor(call, end if end < len(rows) else None)
