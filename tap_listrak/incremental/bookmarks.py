"""Bookmarks: up to when Listrak has been read, one for each stream and partition (a list, or a sender code).

A bookmark is the earlier of the run's start and ``end_date``, not the largest date seen. The next run starts
there less the overlap. Rows that are read twice have the same keys and merge. In the state bookmarks have the
form of the SDK's own::

    {"bookmarks": {"messages": {"partitions": [
        {"context": {"listId": 7}, "replication_key": "sendDate", "replication_key_value":
        "2026-06-30T12:00:00Z"}
    ]}}}
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from listrak_api.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from singer_sdk.helpers.types import TapState

logger = logging.getLogger("tap-listrak")

Partition = tuple[tuple[str, int], ...]
"""The identity of a partition, for example ``(("listId", 7),)``."""

_HELD_SINCE = "held_since"
_FUTURE_TOLERANCE = timedelta(hours=1)
_UNPUNCTUAL = timedelta(hours=1)
"""By how much a daily run may begin later than on the day before."""

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""So far from the ends of the calendar that windows and overlaps (at most ten years) can be added."""

_WRAPPERS = (("singer_state",), ("completed", "singer_state"))
"""Where Meltano has the state: in the output of `meltano state get`, and in its state backends."""


def unwrapped(state: Any) -> Any:  # noqa: ANN401 - whatever a file holds
    """Return the Singer state inside an object that Meltano wraps around it; other states unchanged."""
    for path in _WRAPPERS:
        inner = state
        for name in path:
            inner = inner.get(name) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and isinstance(state, dict) and "bookmarks" not in state:
            return inner
    return state


def in_utc(instant: datetime) -> datetime:
    """Return a time in UTC, limited to `EARLIEST` and `LATEST`. A naive time is UTC already."""
    try:
        utc = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except OverflowError:  # within a day of the calendar's ends
        utc = instant.replace(tzinfo=UTC)
    return min(max(utc, EARLIEST), LATEST)


def format_bookmark(instant: datetime) -> str:
    """Format a time as in the state: UTC, whole seconds, rounded down; the texts sort like the times."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_bookmark(text: object, *, stream: str) -> datetime:
    """Read a bookmark, also one that another version wrote (fractions, other offsets, a space for the ``T``).

    Args:
        text: The value in the state.
        stream: Whose it is, for the error's text.

    Raises:
        ConfigurationError: It is not a date and time.
    """
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError:
        message = f"the state's bookmark of {stream!r} is not a date and time: {str(text)[:40]!r}"
        raise ConfigurationError(
            message,
            setting="state",
            hint=f"Remove {stream!r} from the state to read it from start_date again.",
        ) from None
    return in_utc(instant)


def check_state(state: object) -> None:
    """Refuse a state that cannot be used, before any request.

    Raises:
        ConfigurationError: It is not an object, or its ``bookmarks`` (or those of a stream) are invalid.
    """
    if not isinstance(state, dict):
        message = f"the state is {type(state).__name__}, not an object with 'bookmarks'"
        raise ConfigurationError(message, setting="state", hint="Pass the value of the last STATE message.")
    if "bookmarks" not in state and isinstance(state.get("value"), dict):
        message = "the state is a complete STATE message, not its value"
        raise ConfigurationError(message, setting="state", hint="Pass what is under 'value'.")
    if "bookmarks" not in state and state.keys() - {"currently_syncing"}:
        # Otherwise it would count as an empty state, and everything would be read again.
        message = "the state has no 'bookmarks'"
        hint = "Pass the value of the last STATE message; leave --state out to read everything again."
        raise ConfigurationError(message, setting="state", hint=hint)
    bookmarks = state.get("bookmarks", {})
    if not isinstance(bookmarks, dict):
        message = f"the state's 'bookmarks' are {type(bookmarks).__name__}, not an object"
        raise ConfigurationError(message, setting="state", hint="Pass the value of the last STATE message.")
    for stream, entry in bookmarks.items():
        _check_entry(stream, entry)


def _check_entry(stream: str, entry: object) -> None:
    if not isinstance(entry, dict) or not isinstance(entry.get("partitions", []), list):
        message = f"the state's entry of {stream!r} is not an object with 'partitions'"
        raise ConfigurationError(message, setting="state", hint=f"Remove {stream!r} from the state.")
    parts = entry.get("partitions", [])
    for part in parts:
        if not isinstance(part, dict) or not isinstance(part.get("context"), dict):
            message = f"a partition of {stream!r} in the state has no 'context'"
            raise ConfigurationError(message, setting="state", hint=f"Remove {stream!r} from the state.")
        if part.get("replication_key_value") is not None:
            parse_bookmark(part["replication_key_value"], stream=stream)
    # The SDK reads these by itself.
    if not all(isinstance(one.get("progress_markers", {}), dict) for one in (entry, *parts)):
        message = f"the state's 'progress_markers' of {stream!r} are not an object"
        raise ConfigurationError(message, setting="state", hint=f"Remove {stream!r} from the state.")


@dataclass
class Bookmarks:
    """The bookmarks of one run: those of the state, and how far this run moves them.

    Reading is safe from any thread. Only the thread that writes records may change them.

    Args:
        state: The tap's state, changed in place.
        started_at: The run's start (UTC).
        start_date: The setting, or None.
        end_date: The setting, or None.
        overlap: How far before its bookmark a stream is read again (``overlap_minutes``).
        frozen: Change nothing: the run has a record limit, so it finishes no stream.
        partition_names: The names of the ids that a bookmark of each stream belongs to.

    Attributes:
        moved: The bookmarks that moved in this run, with their new times.
    """

    state: TapState
    started_at: datetime
    start_date: datetime | None = None
    end_date: datetime | None = None
    overlap: timedelta = timedelta(0)
    frozen: bool = False
    partition_names: Mapping[str, Collection[str]] = field(default_factory=dict)
    moved: dict[tuple[str, Partition], datetime] = field(init=False, default_factory=dict)
    _previous: dict[tuple[str, Partition], datetime] = field(init=False)
    _ahead: Counter[str] = field(init=False)
    _remembered: dict[tuple[str, Partition], dict[str, Any]] = field(init=False, default_factory=dict)
    _entries: dict[tuple[str, Partition], dict[str, Any]] = field(init=False, default_factory=dict)
    _held: dict[tuple[str, Partition], datetime | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Read the bookmarks of the state."""
        self._previous = {}
        self._ahead = Counter()
        for stream, entry in self.state.get("bookmarks", {}).items():
            if "replication_key_value" in entry:
                logger.warning("The state's bookmark of %s has no list id and is ignored", stream)
            for part in entry.get("partitions", []):
                self._take_in(stream, part)
            if "partitions" in entry:
                # Of duplicate entries one was left out. It would hold the bookmark back in every run.
                kept = {id(one) for (name, _), one in self._entries.items() if name == stream}
                entry["partitions"] = [
                    one
                    for one in entry["partitions"]
                    if id(one) in kept or partition_of(one["context"]) is None
                ]
        self._name_ignored()
        for stream, count in self._ahead.items():
            logger.warning(
                "%d of the state's bookmarks of %s are in the future: reading from the run's start less the "
                "overlap. Remove %s from the state to read it from start_date again",
                count,
                stream,
                stream,
            )

    @property
    def until(self) -> datetime:
        """Up to when this run reads: the earlier of its start and ``end_date``."""
        return self.started_at if self.end_date is None else min(self.started_at, self.end_date)

    def last(self, stream: str, partition: Partition) -> datetime | None:
        """Return the bookmark: the time up to which earlier runs have read; None if none has.

        Use it for decisions by age, where the next run continues exactly here. For queries use `since`.
        """
        return self._previous.get((stream, partition))

    def since(self, stream: str, partition: Partition) -> datetime | None:
        """Return the time to read from: the last run's bookmark less the overlap, or ``start_date``, or None.

        The overlap covers rows that Listrak shows late. It also covers the ways in which Listrak may read the
        dates of requests: as UTC, or, if it drops the offset, as wall time of its own zone, which is hours
        off. So the dates of rows are compared with this time, never with the bookmark itself.

        None means everything. A ``start_date`` after the bookmark takes precedence, as in the SDK.
        """
        bookmark = self._previous.get((stream, partition))
        if bookmark is None:
            return self.start_date
        since = bookmark - self.overlap
        return since if self.start_date is None else max(since, self.start_date)

    def would_pass(self, stream: str, partition: Partition, asked_back: timedelta = timedelta(0)) -> bool:
        """Return whether this run moves a bookmark beyond what the next run asks for again.

        Then what an answer of this run left out would never be asked for again. In a schedule of runs that
        are closer to each other than the overlap, and `_UNPUNCTUAL`, that is so in a first run only.

        Args:
            stream: The stream's name.
            partition: The partition.
            asked_back: How far before its bookmark, beside the overlap, the stream asks.
        """
        bookmark = self._previous.get((stream, partition))
        return bookmark is None or self.until - bookmark > self.overlap + asked_back + _UNPUNCTUAL

    def remembered(self, stream: str, partition: Partition) -> Mapping[str, Any]:
        """Return what the state has of a partition beside its bookmark."""
        return self._remembered.get((stream, partition), {})

    def remember(self, stream: str, partition: Partition, values: Mapping[str, Any]) -> None:
        """Put values beside a partition's bookmark into the state, for the next run.

        Args:
            stream: The stream's name.
            partition: The partition.
            values: The values by name; None removes one.
        """
        if self.frozen:
            return
        entry = self._entry(stream, partition)
        for name, value in values.items():
            entry.pop(name, None)
            if value is not None:
                entry[name] = value

    def advance(
        self, stream: str, partition: Partition, until: datetime | None = None, *, replication_key: str | None
    ) -> None:
        """Move a bookmark: everything up to a time is read and written.

        Args:
            stream: The stream's name.
            partition: The partition.
            until: Up to when, at most ``self.until``, which is also the default. A bookmark never moves back.
            replication_key: The name of the date that the stream is read by, if it has one.
        """
        if self.frozen:
            return
        value = self.until if until is None else min(until, self.until)
        before = self._previous.get((stream, partition))
        held = self._held.get((stream, partition), value)
        if held is None:
            return  # held where it is
        value = min(value, held)
        if before is not None:
            value = max(value, before)
        entry = self._entry(stream, partition)
        if replication_key:
            entry["replication_key"] = replication_key
        entry["replication_key_value"] = format_bookmark(value)
        if value != before:
            self.moved[stream, partition] = value

    def hold(self, stream: str, partition: Partition, at: datetime | None, *, longest: timedelta) -> bool:
        """Keep `advance` from moving a bookmark beyond a time: rows after it may be incomplete.

        The state has the time since when a bookmark is held, so that it is not held for ever.

        Args:
            stream: The stream's name.
            partition: The partition.
            at: The time; None keeps the bookmark where it is.
            longest: How long a bookmark may be held, over all runs.

        Returns:
            Whether it is held.
        """
        if self.frozen:
            return False
        key = (stream, partition)
        noted = self.remembered(stream, partition).get(_HELD_SINCE)
        since = self.started_at if noted is None else parse_bookmark(noted, stream=stream)
        if self.started_at - since > longest:
            return False
        known = self._held.get(key, at)
        self._held[key] = None if at is None or known is None else min(known, at)
        if self._held[key] is not None or key in self._previous:
            self.remember(stream, partition, {_HELD_SINCE: format_bookmark(since)})
        return True

    def is_held(self, stream: str, partition: Partition) -> bool:
        """Return whether this run holds a bookmark."""
        return (stream, partition) in self._held

    def release(self, stream: str, partition: Partition) -> None:
        """Remove from the state since when a bookmark was held, unless it is held in this run."""
        if (stream, partition) not in self._held and self.remembered(stream, partition).get(_HELD_SINCE):
            self.remember(stream, partition, {_HELD_SINCE: None})

    def forget(self, ids: Mapping[str, int]) -> None:
        """Remove from the state the bookmarks of something that was deleted in Listrak, and of all below it.

        Args:
            ids: Its ids, for example ``{"listId": 7}``.
        """
        if self.frozen:
            return
        for entry in self.state.get("bookmarks", {}).values():
            if "partitions" in entry:
                entry["partitions"] = [
                    one
                    for one in entry["partitions"]
                    if not ids.items() <= dict(partition_of(one["context"]) or ()).items()
                ]

    def _name_ignored(self) -> None:
        """Warn of partitions with other ids than the stream's: nothing is read by them."""
        ignored: Counter[tuple[str, str]] = Counter()
        for stream, partition in self._entries:
            names = sorted(name for name, _ in partition)
            if stream in self.partition_names and names != sorted(self.partition_names[stream]):
                ignored[stream, ", ".join(names) or "no id"] += 1
        for (stream, ids), count in ignored.items():
            logger.warning(
                "%d of the state's bookmarks of %s are ignored: they are for %s, and the stream keeps one "
                "for each %s",
                count,
                stream,
                ids,
                ", ".join(self.partition_names[stream]) or "account",
            )

    def _take_in(self, stream: str, part: dict[str, Any]) -> None:
        partition = partition_of(part["context"])
        if partition is None:
            logger.warning("The state of %s has a partition whose ids are not numbers; it is ignored", stream)
            return
        if part.get("replication_key_value") is None:
            self._entries.setdefault((stream, partition), part)
            return
        bookmark = parse_bookmark(part["replication_key_value"], stream=stream)
        if bookmark > self.started_at + _FUTURE_TOLERANCE:
            # The true time is unknown; it cannot be later than the run's start.
            self._ahead[stream] += 1
            bookmark = self.started_at
        # Of two entries for one partition (in a state that was edited by hand) the earlier one is safe.
        known = self._previous.get((stream, partition), bookmark)
        self._previous[stream, partition] = min(known, bookmark)
        self._remembered[stream, partition] = dict(part)
        self._entries[stream, partition] = part

    def _entry(self, stream: str, partition: Partition) -> dict[str, Any]:
        entry = self._entries.get((stream, partition))
        if entry is None:
            entry = {"context": dict(partition)}
            streams = self.state.setdefault("bookmarks", {})
            streams.setdefault(stream, {}).setdefault("partitions", []).append(entry)
            self._entries[stream, partition] = entry
        return entry


def partition_of(context: Mapping[str, object], names: Iterable[str] | None = None) -> Partition | None:
    """Return a partition's identity, whatever order and type its ids came in.

    Args:
        context: The partition's ids, or a context that holds them.
        names: Which of its members are the ids; None for all of them.

    Returns:
        The identity, or None where an id is not a whole number.
    """
    try:
        chosen = context if names is None else {name: context[name] for name in names}
        return tuple(sorted((name, int(str(value))) for name, value in chosen.items()))
    except (KeyError, ValueError):
        return None
