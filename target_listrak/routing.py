"""Where the rows of each stream go: from an incoming stream to the loader of its destination."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from singer_sdk.exceptions import InvalidRecord, MapExpressionError

from listrak_api.errors import ConfigurationError
from target_listrak.config.kind_options import OPTIONS_BY_KIND
from target_listrak.config.names import folded
from target_listrak.config.property_names import check_property_names
from target_listrak.config.property_paths import PropertyPaths
from target_listrak.delivery.loader import Delivery
from target_listrak.input.columns import codec_of
from target_listrak.input.reader import record_as_read, record_of
from target_listrak.input.row_signs import PAST_VERSION, check_subscribed
from target_listrak.input.unreadable import Unreadable
from target_listrak.outcomes import UNCHANGED, Fault, Rejected, RowNotLoaded, RowRejected
from target_listrak.values.row_faults import rejection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk.mapper import StreamMap
    from singer_sdk.sinks import Sink

    from target_listrak.config.destination import Destination
    from target_listrak.config.destinations import Destinations
    from target_listrak.delivery.loader import Loader
    from target_listrak.delivery.run import Run
    from target_listrak.delivery.stream_completeness import StreamEnd
    from target_listrak.input.columns import RecordCodec
    from target_listrak.tracking.tallies import Row, RowTracker

__all__ = ["Feed", "Feeds", "Router"]

_COUNT_EVERY: Final = 1000  # rows
_UNMAPPED_WORDS: Final = {"skip": "skipped", "reject": "rejected"}

_MAP_FAILURES = (MapExpressionError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What an expression of `stream_maps` raises for a record; the SDK passes on most of it as it is."""


class Feed:
    """Passes the records of one stream (after stream maps) to one loader.

    Args:
        stream: The stream's name.
        tracker: Its row tracker.
        loader: Its loader; `None` if it has no destination: then `unmapped_streams` decides about its rows.
        reject: Whether the rows of a stream without loader are rejected; else they are skipped.

    Attributes:
        ends: The ends of the incoming streams that it consists of: more than one where stream maps give
            several streams the same name.
        mapped_properties: Properties that stream maps create, as `names.folded` returns them.
    """

    def __init__(self, stream: str, tracker: RowTracker, loader: Loader | None, *, reject: bool) -> None:
        # A record is counted once, however many destinations its stream has.
        self._counts = loader is None or loader.destination.position == 0
        self.stream = stream
        self.tracker = tracker
        self.loader = loader
        self.ends: dict[str, StreamEnd] = {}
        self.mapped_properties: set[str] = set()
        self._reject = reject
        self._sink: Sink | None = None
        self._keys: list[str] = []
        self._uncounted = 0
        self._codec: RecordCodec | None = None
        self._paths: PropertyPaths | None = None

    def take_schema(self, sink: Sink) -> None:
        """Take a new or changed schema: the SDK creates a new sink for each.

        Raises:
            ConfigurationError: The stream cannot go to its destination.
        """
        if sink is self._sink:
            return
        self._sink = sink
        schema, self._keys = sink.original_schema, list(sink.key_properties)
        loader = self.loader
        if loader is None:
            return
        self._paths = PropertyPaths(loader.destination, schema)
        check_property_names(loader.destination, self.stream, schema)
        loader.take_schema(self._paths.schema, self._keys)
        loader.ends = self.ends
        if loader.watched is not None:
            loader.watched.ends = self.ends
        # Records that have to be validated are taken one by one: there is no codec then.
        validates = sink._validator is not None  # noqa: SLF001 - the SDK's own hook
        wanted = None if validates else self._paths.columns(loader.columns_wanted(), loader.signs.named)
        self._codec = codec_of(self.stream, wanted, self._keys, schema, loader.signs)

    def take(self, record: object, line: bytes, *, mapped: bool = True) -> None:
        """Take one record; it gets exactly one result, whatever is wrong with it.

        Args:
            record: The record, after stream maps.
            line: The line that it came with.
            mapped: Whether the stream map, if there is one, was applied to it.
        """
        row = self.tracker.open(line)
        self._note_read(1)
        loader = self.loader
        if loader is None:
            self._without_destination(row)
            return
        self._note_keys(record, mapped=mapped)  # before anything can reject it
        try:
            checked = self._expanded(self._checked(record))
            take = loader.take_leaving if loader.signs.leaves(checked) else loader.take
            take(checked, row)
        except RowNotLoaded as result:
            readable = _readable(record)
            expanded = self._expanded(readable or {})
            if readable is not None:
                self._withdraw(loader, expanded)
            if isinstance(result, RowRejected):
                loader.note_rejected(expanded, result.rejected)
            self.tracker.end(row, result.outcome)

    @staticmethod
    def _withdraw(loader: Loader, expanded: dict[str, Any]) -> None:
        """Withdraw earlier rows that are not sent yet, if a record that is not loaded says no.

        The latest record of a contact counts, even if its row is declined, or rejected for another reason.
        """
        try:
            says_no = loader.signs.leaves(expanded)
        except RowNotLoaded as result:
            says_no = result.outcome.code != PAST_VERSION
        if says_no:
            loader.withdraw(expanded)

    def take_consecutive(self, lines: Sequence[bytes], end: StreamEnd) -> bool:
        """Take RECORD lines that follow each other, by column: what `take` does with each of them.

        Args:
            lines: One message each, which appear to be all of this stream.
            end: The end of the incoming stream.

        Returns:
            Whether they were taken; else nothing was done, and they must be taken one by one.
        """
        loader = self.loader
        if self._codec is None or loader is None or loader.watched is not None:
            return False
        columns = self._codec.columns(lines, end.version)
        if columns is None:
            return False
        prepared = loader.prepare(columns)
        try:
            # Properties that nobody reads were not decoded: one of them may be invalid, a number for example.
            records = {index: record_of(lines[index]) for index in prepared.slow_path}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):
            return False
        end.cancel_signs()
        start = 0
        for index in (*sorted(prepared.slow_path), len(lines)):
            if start < index:
                loader.take_many(prepared, start, self.tracker.open_many(lines[start:index]))
                self._note_read(index - start)
            if index < len(lines):
                self.take(records[index], lines[index])
            start = index + 1
        return True

    def reject_unmapped(self, record: dict[str, Any], line: bytes) -> None:
        """Reject a record for which an expression of a stream map fails."""
        rejected = Rejected("stream_map", "an expression of the setting stream_maps fails for the record")
        self.tracker.end(self.tracker.open(line), rejected)
        if self.loader is not None:
            # A key that a map would have created is unknown, whatever the record has under its name.
            known = not self._is_mapped(self.loader.key_properties)
            self.loader.note_rejected(self._expanded(record) if known else {}, rejected)
        self._note_keys(record, mapped=False)

    def _note_keys(self, record: object, *, mapped: bool) -> None:
        """Tell the mirror, if there is one, whom a row could mean, whatever the row's result."""
        loader = self.loader
        if loader is None or loader.watched is None:
            return
        readable = _readable(record)
        # A key that a stream map would have created is unknown, whatever the record has under its name.
        if readable is not None and (mapped or not self._is_mapped(loader.key_properties)):
            loader.note(self._expanded(readable))

    def _is_mapped(self, names: Sequence[str]) -> bool:
        """Return whether a stream map creates one of some properties, or the object that holds it."""
        parts = {folded(part) for name in names for part in (name, name.partition(".")[0])}
        return not parts.isdisjoint(self.mapped_properties)

    def count(self) -> None:
        """Update the SDK's record counter."""
        if self._sink is not None and self._counts:
            self._sink.record_counter_metric.increment(self._uncounted)
            self._uncounted = 0

    def _note_read(self, rows: int) -> None:
        self._uncounted += rows
        if self._uncounted >= _COUNT_EVERY:
            self.count()

    def _expanded(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record with the properties that the destination names under the names of the settings."""
        return record if self._paths is None else self._paths.expand(record)

    def _checked(self, record: object) -> dict[str, Any]:
        if isinstance(record, Unreadable):
            raise RowRejected(record.rejected)
        if not isinstance(record, dict):
            raise RowRejected(Rejected("unreadable", "the record is not a JSON object"))
        lacks = [key for key in self._keys if key not in record]
        if lacks:
            faults = [Fault(key, "missing_key", "the record lacks the key property") for key in lacks]
            raise RowRejected(rejection("missing_key", faults))
        validator = self._sink._validator if self._sink is not None else None  # noqa: SLF001 - the SDK's own hook
        if validator is not None:
            try:
                validator.validate(record)
            except InvalidRecord as error:
                raise RowRejected(Rejected("invalid_record", _broken_rule(error))) from None
        return record

    def _without_destination(self, row: Row) -> None:
        if self._reject:
            self.tracker.end(row, Rejected("no_destination", "the stream has no destination"))
        else:
            self.tracker.end(row, UNCHANGED)


class Feeds(tuple[Feed, ...]):
    """The feeds of one stream (after stream maps) to all its destinations, in the order of the settings."""

    __slots__ = ()

    def take(self, record: object, line: bytes, *, mapped: bool = True) -> None:
        """Do what `Feed.take` does, for every destination."""
        for feed in self:
            feed.take(record, line, mapped=mapped)

    def take_consecutive(self, lines: Sequence[bytes], end: StreamEnd) -> bool:
        """Do what `Feed.take_consecutive` does, for every destination.

        Lines that the first feed takes are records of the stream. A later feed that cannot take them by
        column gets them one by one.
        """
        if not self[0].take_consecutive(lines, end):
            return False
        for feed in self[1:]:
            if not feed.take_consecutive(lines, end):
                for line in lines:
                    feed.take(record_as_read(line), line)
        return True

    def take_mapped(self, stream_map: StreamMap, record: dict[str, Any], line: bytes) -> None:
        """Apply a stream map to one record and take it; a record for which the map fails is rejected."""
        try:
            transformed = stream_map.transform(dict(record))
        except _MAP_FAILURES:
            for feed in self:
                feed.reject_unmapped(record, line)
            return
        if transformed is not None:  # else the map filters it out
            self.take(transformed, line)

    def for_replay(self, message: Mapping[str, Any]) -> Feeds:
        """Return the feeds for a record of a rejects file: that of the destination that did not load it.

        Args:
            message: The RECORD message. If it names none of the destinations, all feeds are returned.
        """
        rejected = message.get("rejected")
        name = rejected.get("destination") if isinstance(rejected, dict) else None
        named = Feeds(feed for feed in self if feed.tracker.tally.destination == name)
        return named or self


class Router:
    """The feeds of all streams, each created when its stream first appears.

    Args:
        run: What all loaders share.
        destinations: The setting `destinations`.
    """

    def __init__(self, run: Run, destinations: Destinations) -> None:
        self._run = run
        self._destinations = destinations
        self._loader_classes: Mapping[str, type[Loader]] = {}
        self._resolved: dict[str, Any] = {}
        self._feeds: dict[str, Feeds] = {}

    def resolve(self, loader_classes: Mapping[str, type[Loader]]) -> None:
        """Resolve every name of every destination, before a record is read.

        Args:
            loader_classes: From kind of destination to loader.

        Raises:
            ConfigurationError: A name is unknown or ambiguous, or two destinations contradict each other.
        """
        self._loader_classes = loader_classes
        for destination in self._destinations.all:
            check_subscribed(destination)
        for destination in self._destinations.all:
            found = loader_classes[destination.kind].resolve(self._run, destination)
            self._resolved[destination.label] = found
        for destination in self._destinations.all:
            filled = loader_classes[destination.kind].fills(destination, self._resolved[destination.label])
            self._run.mirrors.fill(destination, filled)

    def feeds_of(self, stream: str) -> Feeds:
        """Return the feeds of a stream (after stream maps), created when the stream first appears.

        Raises:
            ConfigurationError: The stream has no destination, and `unmapped_streams` is `fail`.
        """
        if stream not in self._feeds:
            feeds = [self._feed_to(stream, found) for found in self._destinations.for_stream(stream)]
            self._feeds[stream] = Feeds(feeds or [self._unmapped(stream)])
        return self._feeds[stream]

    def _feed_to(self, stream: str, destination: Destination) -> Feed:
        loader_class = self._loader_classes[destination.kind]
        resolved = self._resolved[destination.label]
        tracker = self._run.tracker(stream, loader_class.describe(destination, resolved), destination)
        loader = loader_class(Delivery(self._run, stream, destination, tracker), resolved)
        return Feed(stream, tracker, loader, reject=False)

    def _unmapped(self, stream: str) -> Feed:
        """Return the feed of a stream without a destination, or fail: as `unmapped_streams` says."""
        treatment = self._run.config["unmapped_streams"]
        if treatment == "fail":
            names = ", ".join(dict.fromkeys(each.pattern for each in self._destinations.all)) or "none"
            msg = f"Stream {stream!r} has no destination. The setting destinations names: {names}"
            hint = f"Kinds: {', '.join(OPTIONS_BY_KIND)}. Or set unmapped_streams to skip or reject."
            raise ConfigurationError(msg, setting="destinations", hint=hint)
        self._run.logger.warning(
            "Stream %s has no destination: its records are %s", stream, _UNMAPPED_WORDS[treatment]
        )
        tracker = self._run.tracker(stream, f"none ({_UNMAPPED_WORDS[treatment]})", skipped=True)
        return Feed(stream, tracker, None, reject=treatment == "reject")

    def note_absent(self, came: Collection[str], in_state: Iterable[str]) -> None:
        """Tell the mirrors which streams were expected and did not come.

        Args:
            came: The streams that came, by their names before stream maps.
            in_state: The streams that the last STATE names: expected, as are those of `mirror_streams`.
        """
        maps = self._run.config.get("stream_maps") or {}
        for stream in sorted(set(in_state) - set(came)):
            stream_map = maps.get(stream)
            if stream in maps and stream_map is None:
                continue  # the map removes the whole stream
            alias = stream_map.get("__alias__") if isinstance(stream_map, Mapping) else None
            with contextlib.suppress(ConfigurationError):  # two patterns may fit a stream that did not come
                for destination in self._destinations.for_stream(str(alias or stream)):
                    self._run.mirrors.note_absent(destination.label, stream)
        for destination in self._destinations.all:
            for stream in destination.options.get("mirror_streams", ()):
                if stream not in came and stream not in self._feeds and stream not in in_state:
                    self._run.mirrors.note_absent(destination.label, stream)

    def unused(self) -> list[str]:
        """Return the labels of the destinations that got no stream, in the order of the settings."""
        used = {loader.destination.label for loader in self.loaders()}
        return [each.label for each in self._destinations.all if each.label not in used]

    def feeds(self) -> Iterator[Feed]:
        """Return all feeds so far, in the order in which their streams appeared."""
        return (feed for feeds in self._feeds.values() for feed in feeds)

    def loaders(self) -> Iterator[Loader]:
        """Return the loaders of all feeds that have one."""
        return (feed.loader for feed in self.feeds() if feed.loader is not None)


def _readable(record: object) -> dict[str, Any] | None:
    """Return a record as far as it can be read; `None` if it is not an object."""
    found = record.record if isinstance(record, Unreadable) else record
    return found if isinstance(found, dict) else None


def _broken_rule(error: InvalidRecord) -> str:
    """Return which rule of the schema a record breaks, and where; the SDK's own text repeats the value."""
    cause = error.__cause__
    rule, path = getattr(cause, "validator", ""), getattr(cause, "json_path", "$")
    return f"the record breaks the schema's rule `{rule}` at {path}"
