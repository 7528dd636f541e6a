"""Repeats the request if the collection that everything else depends on comes back empty.

All other streams of an API depend on its lists, or its sender codes. With an empty answer a run would read
nothing and succeed, and at its ACTIVATE_VERSION messages loaders would delete everything. In production empty
answers have been seen that were full when the request was repeated.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from listrak_api.errors import UnavailableError

if TYPE_CHECKING:
    from singer_sdk import Stream

    from tap_listrak.clients import Clients
    from tap_listrak.sync.steps import Request, Rows

PAUSES = (1.0, 3.0, 5.0)
"""Seconds before each repetition of the request."""

logger = logging.getLogger("tap-listrak")


def send_again_if_empty(clients: Clients, stream: Stream, request: Request, rows: Rows) -> Rows:
    """Repeat the request for the first page of lists or sender codes if the page is empty.

    Args:
        clients: The client of each API.
        stream: A root stream. The page of a stream without children is returned as it is.
        request: The request.
        rows: Its page.

    Returns:
        The page. It may be empty for sender codes only. Then no stream below them sends ACTIVATE_VERSION.

    Raises:
        UnavailableError: There are no lists.
    """
    if not stream.child_streams or not _empty(rows):
        return rows
    client = clients.client("email" if stream.name == "lists" else "sms")
    for seconds in PAUSES:
        if client.pause(seconds):
            break
        rows = request.send(clients, None)
        if not _empty(rows):
            return rows
    if stream.name == "lists":
        message = "Listrak returned no lists, twice in a row"
        hint = "Every account has at least one: run it again later, and check the integration in Listrak."
        raise UnavailableError(message, hint=hint, status=200)
    logger.warning("Listrak returned no %s; rows that were loaded before are kept", stream.name)
    _partially_read(stream)
    return rows


def _partially_read(stream: Stream) -> None:
    stream.partially_read = True  # type: ignore[attr-defined]  # all streams are of this package
    for child in stream.child_streams:
        _partially_read(child)


def _empty(rows: Rows) -> bool:
    if rows.raw is None:
        return not rows.records
    return bytes(memoryview(rows.raw)).translate(None, b" \t\r\n") == b"[]"
