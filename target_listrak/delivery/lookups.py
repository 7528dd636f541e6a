"""Look-ups: what Listrak has of lists, fields, events, members; an empty answer is asked for again.

Answers of status 200 without rows, which were full when they were asked for again, have been seen in
production. Taken for the truth, one of them loads contacts without their values, creates a second field of
the same name, or subscribes a number that had left. So every look-up of the target is read here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from listrak_api.answers import CursorGuard
from listrak_api.settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import msgspec

    from listrak_api.answers import Page
    from listrak_api.routes import Api, Route
    from target_listrak.delivery.connection import Connection

__all__ = ["ONCE_MORE", "PAUSES", "Query", "look_up", "look_up_each", "pages_of"]

PAUSES = (0.5, 1.5, 3.0)
"""Seconds before an empty answer is asked for again; only then it means that there is nothing."""

ONCE_MORE: Final = 1
"""How often to ask again, at once, where empty answers are ordinary and there may be many: of single phone
numbers. A pause for each of them would cost hours."""

_NOTHING: Mapping[str, object] = {}


class Query(NamedTuple):
    """One of several look-ups by the same route: the ids of the path, and the parameters."""

    ids: Mapping[str, object] = _NOTHING
    params: Mapping[str, object] = _NOTHING


def look_up(
    connection: Connection,
    api: Api,
    route: Route,
    ids: Mapping[str, object] = _NOTHING,
    params: Mapping[str, object] = _NOTHING,
) -> list[dict[str, Any]]:
    """Read all rows of a collection; ask again if there is none.

    Args:
        connection: The connection.
        api: The API.
        route: A GET route of a collection.
        ids: The path's ids.
        params: Query parameters.

    Returns:
        The rows. Empty only if every answer was.

    Raises:
        ListrakError: As the client.
    """
    return look_up_each(connection, api, route, [Query(ids, params)])[0]


def look_up_each(
    connection: Connection, api: Api, route: Route, queries: Sequence[Query]
) -> list[list[dict[str, Any]]]:
    """Read all rows of several collections; ask again for all that are empty, with common pauses.

    Args:
        connection: The connection.
        api: The API.
        route: The GET route of all of them.
        queries: Ids and parameters of each.

    Returns:
        The rows of each query, in the order of the queries.

    Raises:
        ListrakError: As the client.
    """

    def read(query: Query) -> list[dict[str, Any]]:
        pages = pages_of(connection, api, route, *query, repeats=0)
        return [row for page in pages for row in page.rows]

    found = [read(query) for query in queries]
    for seconds in _pauses(connection):
        empty = [index for index, rows in enumerate(found) if not rows]
        if not empty or connection.client(api).pause(seconds):
            break
        for index in empty:
            found[index] = read(queries[index])
        if any(found[index] for index in empty):
            _say(connection, route)
    return found


def pages_of(  # noqa: PLR0913 - the parts of a request
    connection: Connection,
    api: Api,
    route: Route,
    ids: Mapping[str, object] = _NOTHING,
    params: Mapping[str, object] = _NOTHING,
    *,
    decoder: msgspec.json.Decoder[Any] | None = None,
    repeats: int | None = None,
) -> Iterator[Page]:
    """Read all pages of a collection, each when it is asked for; ask again for one without rows.

    A later page without rows would end the collection as the first one does: it is asked for again as well.

    Args:
        connection: The connection.
        api: The API.
        route: A GET route of a collection.
        ids: The path's ids.
        params: Query parameters.
        decoder: As for the client's `pages`.
        repeats: How often to ask for the first page again at most, without pauses; by default after each of
            `PAUSES`.

    Yields:
        At least one page.

    Raises:
        ListrakError: As the client.
    """
    client = connection.client(api)
    guard = CursorGuard(route)
    cursor: str | None = None
    while True:
        always = repeats is None or cursor is not None
        pauses = _pauses(connection) if always else (0.0,) * (repeats or 0)
        page = client.get_page(route, ids, params, cursor, decoder=decoder)
        for seconds in pauses:
            if page.rows or page.next_cursor is not None or client.pause(seconds):
                break
            page = client.get_page(route, ids, params, cursor, decoder=decoder)
            if page.rows:
                _say(connection, route)
        guard.check(page.next_cursor)
        yield page
        cursor = page.next_cursor
        if cursor is None:
            return


def _pauses(connection: Connection) -> Sequence[float]:
    """Return the pauses; none for a service on this machine: it is a simulated one."""
    host = urlsplit(str(connection.config.get("api_url") or "")).hostname or ""
    return [0.0] * len(PAUSES) if is_loopback(host) else PAUSES


def _say(connection: Connection, route: Route) -> None:
    connection.log_once("%s was answered without rows, and with rows when it was repeated", route)
