"""Contacts of a list, page by page: in one row of cursors, or in several windows of dates at once.

The windows cover all of time, so a contact is missed only if Listrak keeps it without a date. That nobody is
kept so is documented nowhere; therefore windows are read only where `read_members_by_date` asks for it. Who
is missed is no member, and so is never removed.
"""

from __future__ import annotations

import contextlib
import functools
import queue
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from listrak_api import routes
from listrak_api.errors import ConfigurationError
from listrak_api.windows import EPOCH, divide, divide_again
from target_listrak.delivery.lookups import pages_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from listrak_api.answers import Page
    from listrak_api.windows import Window
    from target_listrak.channels.email.buffer import Buffer
    from target_listrak.channels.email.lists import EmailList
    from target_listrak.delivery.run import Run

__all__ = ["Contact", "contact_pages", "count_subscribed"]

_WINDOWS: Final = 48
"""Windows of one query at first. Most of those before the list's first contact are empty: a request each."""
_LONG: Final = 8
"""Pages of a window after which it is divided into as many narrower ones, which are read anew."""
_LOOK_SECONDS: Final = 0.2
"""How often a thread that waits for pages looks whether the run goes on."""
_ZONES: Final = timedelta(days=2)
"""By how much a row's date may lie outside of its window, as zones are read."""
_NO_DATE: Final = "0001-01-01"


class Value(msgspec.Struct):
    """A profile value of a contact."""

    segmentationFieldId: int  # noqa: N815 - the API's name
    value: str | None = None


class Contact(msgspec.Struct):
    """A contact of a list, as far as membership is concerned."""

    emailAddress: str  # noqa: N815 - the API's name
    externalContactID: str | int | None = None  # noqa: N815 - the API's name
    subscribeDate: str | None = None  # noqa: N815 - the API's name
    unsubscribeDate: str | None = None  # noqa: N815 - the API's name
    segmentationFieldValues: list[Value] | None = None  # noqa: N815 - the API's name


_contacts: Final = msgspec.json.Decoder(list[Contact])


def contact_pages(
    run: Run, email_list: EmailList, queries: Sequence[Mapping[str, object]]
) -> Iterator[list[Contact]]:
    """Read all contacts that queries ask for (`GET /List/{listId}/Contact`), a page at a time.

    Args:
        run: The run; with `read_members_by_date` up to `max_concurrency` pages are asked for at once.
        email_list: The list.
        queries: Parameters of each query.

    Yields:
        Pages, in any order. A contact may come more than once.

    Raises:
        ListrakError: As the client. What was read until then is not the whole.
        Stopped: The run is being ended.
    """
    reader = _Reader(run, email_list)
    for params in queries:
        total = dated = 0
        for page in reader.pages(params):
            yield page.rows
            days = _dates(params, page.rows)
            if page.next_cursor is not None and run.config["read_members_by_date"]:
                yield from reader.by_date(params, days)
                break
            total += len(page.rows)
            dated += len(days)
        else:
            text = "List %r: %s %s contacts read"
            if run.config["read_members_by_date"]:
                text += f", {total - dated:,} of them without the date that read_members_by_date goes by"
            run.logger.info(text, email_list.name, f"{total:,}", params["subscriptionState"])


def count_subscribed(run: Run, email_list: EmailList, buffer: Buffer, indices: Collection[int]) -> int:
    """Count the rows of a batch whose contact is subscribed now; reads the list's subscribed contacts."""
    if not email_list.id:  # a dry run would create it
        return 0
    pages = contact_pages(run, email_list, [{"subscriptionState": "Subscribed"}])
    members = {index for page in pages for index in buffer.indices_of(one.emailAddress for one in page)}
    return len(members.intersection(indices))


class _Reader:
    """Reads the contacts of one list."""

    def __init__(self, run: Run, email_list: EmailList) -> None:
        self._run = run
        self._list = email_list
        self._client = run.connection.client("email")
        # Bounded: a thread whose page nobody takes waits, so memory does not grow with the list.
        self._found: queue.Queue[list[Contact] | int] = queue.Queue(2 * int(run.config["max_concurrency"]))

    def pages(self, params: Mapping[str, object], *, in_full: bool = True) -> Iterator[Page]:
        """Read the pages of one query, one after the other.

        Args:
            params: The query.
            in_full: Whether it asks for all contacts of a state: if none come, it is asked again. A window of
                dates is often empty.
        """
        ids, repeats = {"listId": self._list.id}, None if in_full else 0
        return pages_of(
            self._run.connection, "email", routes.CONTACTS, ids, params, decoder=_contacts, repeats=repeats
        )

    def by_date(self, params: Mapping[str, object], sample: Sequence[str]) -> Iterator[list[Contact]]:
        """Read one query's contacts in windows of dates, several at once; ends when every window was read.

        Args:
            params: The query.
            sample: Dates of some contacts: windows are equally wide from the earliest on. What is older is
                in the first one.
        """
        until = self._client.started_at()
        windows = divide(min(max(_oldest(sample), EPOCH), until), until, _WINDOWS)
        self._submit(params, windows, until)
        left = len(windows)
        while left:
            self._run.calls.check()  # a window that failed fails the whole
            try:
                found = self._found.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            if isinstance(found, int):
                left += found
            else:
                yield found

    def _submit(self, params: Mapping[str, object], windows: Sequence[Window], until: datetime) -> None:
        for window in windows:
            self._run.calls.submit(object(), functools.partial(self._read, params, window, until))

    def _read(self, params: Mapping[str, object], window: Window, until: datetime) -> None:
        """Read one window, or divide it; runs in a worker thread."""
        dates = {"startDate": window.ask_from, "endDate": window.end}
        for number, page in enumerate(self.pages({**params, **dates}, in_full=False), 1):
            self._check(params, window, page.rows)
            self._put(page.rows)
            if number == _LONG and page.next_cursor is not None:
                narrower = divide_again(window, until, _LONG)
                if len(narrower) > 1:
                    # Told before they are begun: the reader must not take the last of them for the end.
                    self._put(len(narrower) - 1)
                    self._submit(params, narrower, until)
                    return
        self._put(-1)

    def _check(self, params: Mapping[str, object], window: Window, rows: Sequence[Contact]) -> None:
        """See that Listrak filtered by the date that windows are made of.

        Raises:
            ConfigurationError: It did not.
        """
        dates = _dates(params, rows)
        if not dates:
            return
        low, high = min(dates), max(dates)
        if (window.start is not None and low < _day(window.start - _ZONES)) or (
            window.end is not None and high > _day(window.end + _ZONES)
        ):
            message = (
                f"read_members_by_date: list {self._list.name!r} has contacts outside of the dates asked for"
            )
            hint = (
                "Listrak does not filter them by date: remove read_members_by_date, then all are asked for."
            )
            raise ConfigurationError(message, hint=hint)

    def _put(self, found: list[Contact] | int) -> None:
        while True:
            self._run.calls.check()
            try:
                self._found.put(found, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
            return


def _dates(params: Mapping[str, object], rows: Sequence[Contact]) -> list[str]:
    """The days that a query's windows go by, such as ``2026-01-15``, of the contacts that have one."""
    if params["subscriptionState"] == "Unsubscribed":
        dates = [one.unsubscribeDate for one in rows]
    else:
        dates = [one.subscribeDate for one in rows]
    return [one[:10] for one in dates if one and not one.startswith(_NO_DATE)]


def _oldest(days: Sequence[str]) -> datetime:
    """The earliest of some days; `EPOCH` where it cannot be told. It decides how work is divided, no more."""
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(min(days)).replace(tzinfo=UTC)
    return EPOCH


def _day(instant: datetime) -> str:
    return instant.date().isoformat()
