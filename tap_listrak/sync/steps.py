"""What a stream reads: requests, the steps in which they are made, and the pages that come back."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    import msgspec

    from listrak_api.routes import Route
    from listrak_api.windows import Window
    from tap_listrak.clients import Clients
    from tap_listrak.records.row import Row

_RECORD_BYTES = 1000
_EMPTY_BYTES = 64  # generous: an array without rows is two characters
Order = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """One page as a stream takes it.

    Args:
        records: The rows, in Listrak's order; after `ListrakStream.prepare` the records.
        cursor: Where the next page begins; None after the last one.
        raw: The rows as Listrak sent them, where a stream writes whole pages; then there are no records.
        parent_deleted: There are no rows because what they belong to is not there any more.
        refused: There are no rows because Listrak refuses them, for this list alone.
        came: When the page came (monotonic seconds).
    """

    records: list[Row]
    cursor: str | None = None
    raw: msgspec.Raw | None = None
    parent_deleted: bool = False
    refused: bool = False
    came: float = field(default_factory=time.monotonic, compare=False)

    @property
    def is_empty(self) -> bool:
        """Whether the page has no rows."""
        if self.raw is None:
            return not self.records
        content = memoryview(self.raw)
        return content.nbytes < _EMPTY_BYTES and bytes(content).translate(None, b" \t\r\n") == b"[]"

    def weigh(self) -> int:
        """Return roughly how many bytes the page takes in memory."""
        return memoryview(self.raw).nbytes if self.raw is not None else _RECORD_BYTES * len(self.records)


class Request(Protocol):
    """A request for a collection or resource, one page at a time."""

    def send(self, clients: Clients, cursor: str | None) -> Rows:
        """Return the page at a cursor. May make several calls."""


@dataclass(frozen=True, slots=True)
class Read:
    """The usual request: one page of a collection, or one resource, which counts as a page with one row.

    Args:
        route: The operation.
        ids: The path's parameters; more may be given than the path has.
        params: Query parameters.
        count: Rows a page, at most 5000.
        raw: Leave the rows as they are: the stream decodes them when it writes them.
    """

    route: Route
    ids: Mapping[str, object]
    params: Mapping[str, object]
    count: int = 5000
    raw: bool = False

    def send(self, clients: Clients, cursor: str | None) -> Rows:
        """Return the page at a cursor.

        Raises:
            ListrakError: What the client raises; it has retried what can be retried.
        """
        client = clients.client(self.route.api)
        if not self.route.collection:
            resource = client.get(self.route, self.ids, self.params)
            return Rows([resource] if isinstance(resource, dict) else [])
        if self.raw:
            page = client.get_page(self.route, self.ids, self.params, cursor, self.count, undecoded=True)
            return Rows([], page.next_cursor, page.raw)
        page = client.get_page(self.route, self.ids, self.params, cursor, self.count)
        return Rows(page.rows, page.next_cursor)


@dataclass(frozen=True, slots=True)
class Step:
    """One page to read, and its place among the pages of the same context.

    Args:
        order: The place. All steps of a stream have orders of the same length. The last number counts pages.
        request: The request.
        window: The window of time that the page belongs to, if the collection is read in windows.
        cursor: Where the page begins; None for the first page.
        attempt: How often the page came without rows before.
        not_before: When to ask for it at the earliest (monotonic seconds).
    """

    order: Order
    request: Request
    window: Window | None = None
    cursor: str | None = None
    attempt: int = 0
    not_before: float = 0.0

    @property
    def until(self) -> datetime | None:
        """The end of the page's window (UTC); None in the last window, and without windows."""
        return self.window.end if self.window is not None and not self.window.last else None

    @property
    def is_possible(self) -> bool:
        """Whether its dates admit a row: not where it would start after it ends (`end_date`)."""
        params = getattr(self.request, "params", {})
        start, end = params.get("startDate"), params.get("endDate")
        return start is None or end is None or start <= end

    def next_page(self, cursor: str) -> Step:
        """Return the step for the page that follows in the same collection."""
        return replace(
            self, order=(*self.order[:-1], self.order[-1] + 1), cursor=cursor, attempt=0, not_before=0.0
        )

    def again(self, not_before: float) -> Step:
        """Return the step that asks for the same page once more, as the page that follows.

        Args:
            not_before: When to ask at the earliest (monotonic seconds).
        """
        order = (*self.order[:-1], self.order[-1] + 1)
        return replace(self, order=order, attempt=self.attempt + 1, not_before=not_before)


def possible(steps: Iterable[Step]) -> list[Step]:
    """Return the steps whose dates admit a row."""
    return [step for step in steps if step.is_possible]
