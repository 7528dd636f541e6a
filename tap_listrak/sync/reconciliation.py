"""Reconciliation: the activity of a message that was read in full, compared with the message's summary.

In production, answers without rows have been seen that were full when the request was repeated. Nothing in
such an answer shows that it is wrong. So the rows of a message's activity are counted while they are written,
and compared with the summary's `sentCount`, `bounceCount` and `unsubscribeCount`. Activity has one row per
recipient, whether or not they did anything. A reading is *short* if it has fewer of any of the three than a
summary that was read before it. More is not an error: a message may be sent while it is read, and bounces and
unsubscribes keep coming in. Opens, clicks and revenue are not compared, because summaries count events and
rows count people.

A short reading is repeated a few times, with pauses, and then reported. The bookmark of `message_activity` of
that list is held at the message, so that the next run reads it in full again.

Conversations are not compared. They keep sending, so only their first reading is complete, but their summary
counts from the beginning. Instead, every run reads each send again until its activity window has ended, which
replaces the rows of a short answer.
"""

from __future__ import annotations

import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

from listrak_api import routes
from listrak_api.errors import AuthenticationError, Cause, ListrakError, NotFoundError, RequestRefusedError
from tap_listrak.clients import Clients
from tap_listrak.records.dates import parse_record_date
from tap_listrak.sync.prefetcher import Prefetcher
from tap_listrak.sync.steps import Read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from tap_listrak.settings import Settings
    from tap_listrak.sync.prefetcher import Position
    from tap_listrak.sync.steps import Request, Rows

logger = logging.getLogger("tap-listrak")

PAUSES = (1.0, 3.0, 5.0)
"""Seconds before each repetition of a short reading."""
_TOGETHER = 20
"""How many short messages are read again together, so that they share the pauses. If that adds no row to any
of them, no other is read again in this run: the cause is not a short answer."""
_LINES = 20
"""How many short messages are logged one by one."""

Key = tuple[int, int]


class _Activity(Protocol):
    """What is needed of the stream whose rows are counted."""

    def hold(self, context: Mapping[str, Any], at: datetime | None) -> bool:
        """Keep this run from moving the bookmark of a context's partition beyond a time."""

    def sync_context(self, context: dict[str, Any], position: Position) -> None:
        """Write one context's records."""


class _Tap(Clients, Protocol):
    """What is needed of the tap."""

    prefetcher: Prefetcher[Rows]

    @property
    def settings(self) -> Settings:
        """The settings' values."""

    def send(self, stream: Any, context: Mapping[str, Any], request: Request, cursor: str | None) -> Rows:  # noqa: ANN401 - a stream of the SDK
        """Ask Listrak for a page on behalf of a stream."""


class ReconciliationError(ListrakError):
    """Activity stayed short, and `reconcile` is `fail`. Everything was read and written before."""

    cause = Cause.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Counts:
    """The figures that are compared.

    Attributes:
        sent: Recipients: rows of the activity, `sentCount` of the summary.
        bounces: Of these, those that bounced.
        unsubscribes: Of these, those that unsubscribed.
    """

    sent: int = 0
    bounces: int = 0
    unsubscribes: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Add another page's counts."""
        return Counts(
            self.sent + other.sent, self.bounces + other.bounces, self.unsubscribes + other.unsubscribes
        )

    def short_of(self, summary: Counts) -> bool:
        """Return whether any count is smaller than that of a summary."""
        return (
            self.sent < summary.sent
            or self.bounces < summary.bounces
            or self.unsubscribes < summary.unsubscribes
        )

    @classmethod
    def of_rows(cls, rows: Sequence[Any]) -> Counts:
        """Count a page of activity: dicts, or structs of the stream's schema."""
        return cls(len(rows), _trues(rows, "bounce"), _trues(rows, "unsubscribe"))

    @classmethod
    def of_summary(cls, row: Any) -> Counts:  # noqa: ANN401 - a dict or a struct
        """Return the counts of a summary; a missing one is 0."""
        names = ("sentCount", "bounceCount", "unsubscribeCount")
        return cls(*(value if isinstance(value := _value(row, name), int) else 0 for name in names))


@dataclass(slots=True)
class _Reading:
    """One message whose activity was read in full."""

    context: dict[str, Any]
    counts: Counts
    summary: Counts | None = None

    @property
    def short(self) -> bool:
        return self.summary is not None and self.counts.short_of(self.summary)


class Reconciliation:
    """Compares activity with summaries, for one run. Used by the thread that writes.

    Args:
        tap: The tap: its settings, its requests, its prefetcher.
    """

    def __init__(self, tap: _Tap) -> None:
        self._tap = tap
        self._current: Counts | None = None
        self._read: dict[Key, _Reading] = {}
        self._summaries: dict[Key, Counts] = {}
        self._rereading_is_futile = False
        self.agreed = self.short = 0

    @property
    def on(self) -> bool:
        """Whether anything is compared at all (`reconcile`)."""
        return self._tap.settings.reconcile != "off"

    # --- counting

    def begin_message(self, *, counts: bool) -> None:
        """Begin to count one message's activity.

        Args:
            counts: Whether its rows are counted: it is read in full, and compared.
        """
        self._current = Counts() if counts else None

    def count_rows(self, rows: Sequence[Any]) -> None:
        """Count a page of activity, if it is compared."""
        if self._current is not None:
            self._current += Counts.of_rows(rows)

    def end_message(self, context: Mapping[str, Any]) -> None:
        """Keep the counts, if there are any: all pages of the message's activity are written."""
        if self._current is not None:
            self._read[_key(context)] = _Reading(dict(context), self._current)
        self._current = None

    def keep_summary(self, context: Mapping[str, Any], rows: Iterable[Any]) -> None:
        """Keep a summary that a stream reads anyway, so that it is not asked for twice."""
        for row in rows:
            self._summaries[_key(context)] = Counts.of_summary(row)

    # --- comparing

    def compare_and_reread(self, activity: _Activity) -> None:
        """Compare the counts since the last call, and repeat short readings.

        Called when a page of messages and all their child records is written, before any bookmark moves.

        Args:
            activity: The stream whose rows were counted.
        """
        readings, self._read = self._read, {}
        summaries, self._summaries = self._summaries, {}
        self._fetch_summaries(activity, [one for key, one in readings.items() if key not in summaries])
        for key, reading in readings.items():
            reading.summary = summaries.get(key, reading.summary)
        short = deque(one for one in readings.values() if one.short)
        left: list[_Reading] = []
        while short:
            some = [short.popleft() for _ in range(min(_TOGETHER, len(short)))]
            left += some if self._rereading_is_futile else self._read_again(activity, some)
        compared = sum(one.summary is not None for one in readings.values())
        self.agreed += compared - len(left)
        for reading in left:
            self._report(activity, reading)

    def log_result(self) -> None:
        """Log how many messages agree with their summaries, if any were compared."""
        if self.agreed or self.short:
            logger.log(logging.WARNING if self.short else logging.INFO, "%s", self._result)

    def fail_if_short(self) -> None:
        """End the run with an error if a message stayed short, and the setting `reconcile` says so.

        Raises:
            ReconciliationError: A message stayed short, and `reconcile` is `fail`.
        """
        if self.short and self._tap.settings.reconcile == "fail":
            hint = "Run it again. With `reconcile: warn` this is a warning, with `off` nothing is compared."
            raise ReconciliationError(self._result, hint=hint)

    @property
    def _result(self) -> str:
        total = self.agreed + self.short
        text = (
            f"Reconciliation: the activity of {self.agreed:,} of {total:,} messages agrees with the summaries"
        )
        return f"{text}; {self.short:,} came short" if self.short else text

    def _fetch_summaries(self, activity: _Activity, readings: list[_Reading]) -> None:
        """Read the summaries of some messages, several at once. Deleted messages have none."""
        if not readings:
            return
        pool = ThreadPoolExecutor(min(len(readings), self._tap.settings.max_concurrency))
        try:
            for reading, summary in zip(
                readings, pool.map(lambda one: self._fetch_summary(activity, one), readings), strict=True
            ):
                reading.summary = summary
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _fetch_summary(self, activity: _Activity, reading: _Reading) -> Counts | None:
        request = Read(routes.MESSAGE_SUMMARY, reading.context, {})
        try:
            rows = self._tap.send(activity, reading.context, request, None)
        except (NotFoundError, RequestRefusedError, AuthenticationError):
            return None
        return Counts.of_summary(rows.records[0]) if rows.records else None

    def _read_again(self, activity: _Activity, readings: list[_Reading]) -> list[_Reading]:
        """Read and write the activity of some messages again, until it agrees or the pauses are used up.

        Returns:
            Those that stay short.
        """
        left, helped = readings, False
        for seconds in PAUSES:
            if not left or self._tap.client("email").pause(seconds):
                break
            for reading in left:
                before, reading.counts = reading.counts, self._reread(activity, reading)
                helped = helped or before.short_of(reading.counts)
            left = [reading for reading in left if reading.short]
        self._rereading_is_futile = not helped
        return left

    def _reread(self, activity: _Activity, reading: _Reading) -> Counts:
        # The prefetcher has fetched later pages already. A second one keeps those from being dropped.
        ahead, self._tap.prefetcher = self._tap.prefetcher, Prefetcher(1)
        try:
            activity.sync_context(dict(reading.context), ())
        finally:
            self._tap.prefetcher = ahead
        again = self._read.pop(_key(reading.context), None)
        return reading.counts if again is None else again.counts

    def _report(self, activity: _Activity, reading: _Reading) -> None:
        self.short += 1
        context, counts, summary = reading.context, reading.counts, reading.summary or Counts()
        held = activity.hold(context, parse_record_date(context.get("_sent")))
        if self.short > _LINES:
            return
        list_id, message_id = _key(context)
        logger.warning(
            "Message %d of list %d: its activity has %d recipients, %d bounces and %d unsubscribes, "
            "its summary %d, %d and %d. %s",
            message_id,
            list_id,
            counts.sent,
            counts.bounces,
            counts.unsubscribes,
            summary.sent,
            summary.bounces,
            summary.unsubscribes,
            "The next run reads it in full again" if held else "It is not read again for this reason",
        )


def _key(context: Mapping[str, Any]) -> Key:
    return int(context["listId"]), int(context["messageId"])


def _value(row: Any, name: str) -> Any:  # noqa: ANN401 - a dict or a struct
    return row.get(name) if isinstance(row, dict) else getattr(row, name, None)


def _trues(rows: Sequence[Any], name: str) -> int:
    if rows and isinstance(rows[0], dict):
        return sum(row.get(name) is True for row in rows)
    return list(map(attrgetter(name), rows)).count(True)
