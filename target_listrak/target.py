"""The target: gives each incoming stream to its destination."""

from __future__ import annotations

import sys
import time
from typing import IO, TYPE_CHECKING, Any, ClassVar

import msgspec
from singer_sdk import Target
from singer_sdk.exceptions import InvalidRecord, MapExpressionError, RecordsWithoutSchemaException
from singer_sdk.helpers.capabilities import PluginCapabilities, TargetCapabilities
from singer_sdk.mapper import RemoveRecordTransform, SameRecordTransform
from singer_sdk.sinks import Sink

from listrak_api.errors import ConfigurationError, ListrakError
from listrak_api.masking import MaskingFilter
from listrak_api.settings import zone_from_config
from listrak_singer.cli import ListrakCommand, Terminated, only_one_more_signal
from listrak_singer.settings import CheckedSettings
from target_listrak.config.destinations import KINDS, Destinations
from target_listrak.config.names import folded
from target_listrak.config.property_names import check_property_names
from target_listrak.config.property_paths import PropertyPaths
from target_listrak.config.settings import CONFIG_JSONSCHEMA, WITHOUT_EFFECT
from target_listrak.delivery.completeness import StreamEnd
from target_listrak.email.simulation import NOT_KNOWN
from target_listrak.input.batch_files import records_of_batch
from target_listrak.input.columns import codec_of
from target_listrak.input.reader import InputError, Reader, record_of
from target_listrak.input.unreadable import Unreadable
from target_listrak.outcomes import UNCHANGED, Fault, Rejected, RowNotLoaded, RowRejected
from target_listrak.tracking.rejects_place import replay_command
from target_listrak.tracking.tallies import Row, RowTracker, closing_table, log_metrics
from target_listrak.values.row_faults import rejection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    import click
    from singer_sdk.helpers.capabilities import CapabilitiesEnum
    from singer_sdk.mapper import StreamMap

    from target_listrak.config.destinations import Destination
    from target_listrak.delivery.loader import Loader
    from target_listrak.input.columns import RecordCodec

__all__ = ["RejectShareError", "TargetListrak", "TargetTerminated"]

_GRACE_SECONDS = 6.0
"""How long running work may go on after SIGTERM; the rest of ten seconds is for the accounting."""
_COUNT_EVERY = 1000

_encode = msgspec.json.Encoder(decimal_format="number").encode


_MAP_FAILURES = (MapExpressionError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What an expression of `stream_maps` raises for a record; the SDK passes on most of it as it is."""


class TargetTerminated(Terminated):
    """SIGTERM or SIGINT came.

    Args:
        signum: The signal's number.
        target: The target that runs: the signal may come between its guarded parts.
    """

    def __init__(self, signum: int, target: TargetListrak) -> None:
        super().__init__(signum)
        self._target = target

    def end(self) -> None:
        """Let what runs be confirmed, and print the accounting."""
        self._target.end_early(self)


class RejectShareError(ListrakError):
    """More of a destination's records were rejected, or declined, than the settings allow."""


class ListrakSink(Sink):
    """What the SDK sees of a stream: it takes the schema, and is never full.

    Rows go from the target to the stream's loader directly: how they are batched, confirmed and counted must
    not depend on when the SDK drains (it counts rejected rows as written, and drains by time).
    """

    def __init__(self, target: TargetListrak, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's own arguments
        self._target = target
        super().__init__(target, *args, **kwargs)

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:  # noqa: ARG002 - the SDK's signature
        """Take a record the SDK's way; the target itself does not come by here."""
        self._target.feed(self.stream_name).take(record, b"")

    def process_batch(self, context: dict[str, Any]) -> None:
        """Do nothing: loaders hand over their rows themselves."""


class Feed:
    """One stream (after stream maps) on its way to its loader.

    Args:
        stream: The stream's name.
        tracker: Its row tracker.
        loader: Its loader; `None` where `unmapped_streams` says what becomes of its rows.
        reject: Whether the rows of a stream without loader are rejected, or skipped.

    Attributes:
        ends: The ends of the incoming streams that it is made of: more than one where stream maps give them
            the same name.
        made_by_maps: Properties that stream maps make, by `names.folded`.
    """

    def __init__(self, stream: str, tracker: RowTracker, loader: Loader | None, *, reject: bool) -> None:
        self.stream = stream
        self.tracker = tracker
        self.loader = loader
        self.ends: dict[str, StreamEnd] = {}
        self.made_by_maps: set[str] = set()
        self._reject = reject
        self._sink: Sink | None = None
        self._keys: list[str] = []
        self._uncounted = 0
        self._codec: RecordCodec | None = None
        self._paths: PropertyPaths | None = None

    def take_schema(self, sink: Sink) -> None:
        """Take a new or changed schema: the SDK makes a new sink for each.

        Raises:
            ConfigurationError: The stream cannot go to its destination.
        """
        if sink is self._sink:
            return
        self._sink = sink
        schema, keys = sink.original_schema, list(sink.key_properties)
        self._keys = keys
        if self.loader is not None:
            self._paths = PropertyPaths(self.loader.destination, schema)
            check_property_names(self.loader.destination, self.stream, schema)
            self.loader.take_schema(self._paths.schema, keys)
            signs = self.loader.signs
            if self.loader.mirror is not None:
                self.loader.mirror.watch(self.tracker.tally, self.ends)
            validates = sink._validator is not None  # noqa: SLF001 - the SDK's own hook
            wanted = None if validates else self._paths.columns(self.loader.columns_wanted(), signs.named)
            self._codec = codec_of(self.stream, wanted, keys, schema, signs)

    def take(self, record: object, line: bytes, *, mapped: bool = True) -> None:
        """Take one record: every one of them ends in the books, whatever is wrong with it.

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
        except RowNotLoaded as ended:
            self.tracker.end(row, ended.outcome)

    def take_consecutive(self, lines: Sequence[bytes], end: StreamEnd) -> bool:
        """Take RECORD lines that follow each other, by column: what `take` does with each of them.

        Args:
            lines: One message each, by the look of it all of this stream.
            end: The end of the incoming stream.

        Returns:
            Whether they were taken; else nothing was done, and they must be taken one by one.
        """
        loader = self.loader
        if self._codec is None or loader is None or loader.mirror is not None:
            return False
        columns = self._codec.columns(lines, end.version)
        if columns is None:
            return False
        prepared = loader.prepare(columns)
        try:
            # What nobody wanted was left unread: a number there, say, may be none after all.
            records = {index: record_of(lines[index]) for index in prepared.slow_path}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):
            return False
        end.goes_on()
        start = 0
        for index in (*sorted(prepared.slow_path), len(lines)):
            if start < index:
                loader.take_many(prepared, start, self.tracker.open_many(lines[start:index]))
                self._note_read(index - start)
            if index < len(lines):
                self.take(records[index], lines[index])
            start = index + 1
        return True

    def take_mapped(self, stream_map: StreamMap, record: dict[str, Any], line: bytes) -> None:
        """Take one record through a stream map; one that the map cannot treat is rejected."""
        try:
            transformed = stream_map.transform(dict(record))
        except _MAP_FAILURES:
            rejected = Rejected("stream_map", "an expression of the setting stream_maps fails for the record")
            self.tracker.end(self.tracker.open(line), rejected)
            self._note_keys(record, mapped=False)
            return
        if transformed is not None:  # else the map's filter leaves it out, as the user asked
            self.take(transformed, line)

    def _note_keys(self, record: object, *, mapped: bool) -> None:
        """Tell the mirror, if there is one, whom a row could mean, whatever the row's result will be."""
        loader = self.loader
        if loader is None or loader.mirror is None:
            return
        named = record.record if isinstance(record, Unreadable) else record
        # A key that a map would have made is not known, whatever the record has under its name.
        key = loader.key_property
        made = not mapped and {folded(key), folded(key.partition(".")[0])} & self.made_by_maps
        if made or not isinstance(named, dict):
            loader.mirror.note(None)
        else:
            loader.mirror.note(loader.possible_keys(self._expanded(named)))

    def count(self) -> None:
        """Bring the SDK's record counter up to date."""
        if self._sink is not None:
            self._sink.record_counter_metric.increment(self._uncounted)
            self._uncounted = 0

    def _note_read(self, rows: int) -> None:
        self._uncounted += rows
        if self._uncounted >= _COUNT_EVERY:
            self.count()

    def _expanded(self, record: dict[str, Any]) -> dict[str, Any]:
        """A record with what the destination names under the names of the settings."""
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


def _stream_of(message: dict[str, Any]) -> str:
    stream = message["stream"]
    if not isinstance(stream, str):
        text = "a message whose stream is no text"
        raise InputError(text)
    return stream


def _was_rejected(message: dict[str, Any], line: bytes) -> bool:
    """Whether a RECORD message comes out of a rejects file, of whatever version."""
    return "rejected" in message or (isinstance(message.get("record"), Unreadable) and b'"rejected"' in line)


def _check_schema(message: dict[str, Any]) -> None:
    """Refuse what the SDK would fail on with a stack trace, or take letters of a text for names of keys."""
    schema, keys = message["schema"], message.get("key_properties")
    if not isinstance(schema, dict) or not isinstance(schema.get("properties", {}), dict):
        text = "a SCHEMA message whose schema is no schema of an object"
        raise InputError(text)
    if keys is not None and not (isinstance(keys, list) and all(isinstance(one, str) for one in keys)):
        text = "a SCHEMA message whose key_properties are no list of names"
        raise InputError(text)


def _check_version(version: object) -> None:
    if isinstance(version, list | dict):
        text = "a message whose version is no number"
        raise InputError(text)


def _broken_rule(error: InvalidRecord) -> str:
    """Which rule of the schema a record breaks, and where: the SDK's own text repeats the value."""
    cause = error.__cause__
    rule, path = getattr(cause, "validator", ""), getattr(cause, "json_path", "$")
    return f"the record breaks the schema's rule `{rule}` at {path}"


class TargetListrak(CheckedSettings, Target):
    """Singer target for Listrak: email lists, profile fields, audiences, SMS lists and retail data."""

    name = "target-listrak"
    package_name = "singer-listrak"
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_JSONSCHEMA
    default_sink_class = ListrakSink
    message_reader_class = Reader
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
        PluginCapabilities.BATCH,
        PluginCapabilities.ACTIVATE_VERSION,
        TargetCapabilities.VALIDATE_RECORDS,
    ]
    unknown_settings_are_errors = True
    settings_without_effect = WITHOUT_EFFECT
    settings_never_unread = frozenset({"dry_run"})

    message_reader: Reader

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's own arguments
        """Check the settings, as far as that needs no request.

        Raises:
            ConfigurationError: A setting is wrong.
        """
        super().__init__(**kwargs)
        self.logger.addFilter(MaskingFilter())
        self.destinations = Destinations(self.config.get("destinations", {}))
        # Imported here, as the loaders below, so that --version and --about need not load an HTTP library.
        from target_listrak.delivery.run import Run  # noqa: PLC0415

        self.run = Run(self._settings(), self.logger, self._pass_on)
        self._resolved: dict[str, Any] = {}
        self._feeds: dict[str, Feed] = {}
        self._routes: dict[str, list[tuple[StreamMap | None, Feed]]] = {}
        # Those of streams that no stream map touches.
        self._direct: dict[str, tuple[Feed, StreamEnd]] = {}
        self._ends: dict[str, StreamEnd] = {}
        stream_maps = (self.config.get("stream_maps") or {}).values()
        self._made_by_maps = {folded(name) for one in stream_maps if isinstance(one, dict) for name in one}
        self._schemas: dict[str, bytes] = {}
        self._flushed_at = time.monotonic()
        self._over = False
        self.message_reader.on_start = self._start
        self.message_reader.on_consecutive = self._take_consecutive
        self.message_reader.on_failure = self.end_early

    def _settings(self) -> dict[str, Any]:
        """The settings, with defaults where null was given."""
        properties = self.config_jsonschema["properties"]
        return {name: self.config.get(name, text.get("default")) for name, text in properties.items()}

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings: by their schema, then what the schema cannot say.

        Raises:
            ConfigurationError: A setting is wrong.
        """
        errors = super()._validate_config(raise_errors=raise_errors)
        if raise_errors:
            zone_from_config(self._config)
        return errors

    # What the SDK calls

    def _start(self) -> None:
        """Resolve every name of every destination, before a record is read."""
        from target_listrak.loaders import LOADERS  # noqa: PLC0415

        for destination in self.destinations.all:
            self._resolved[destination.pattern] = LOADERS[destination.kind].resolve(self.run, destination)
        self.run.mirrors.check(
            (one, LOADERS[one.kind].fills(self._resolved[one.pattern])) for one in self.destinations.all
        )

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        """Take a SCHEMA: the SDK's way (stream maps, a new sink), then note where the stream's records go."""
        self._assert_line_requires(message_dict, requires={"stream", "schema"})
        stream = _stream_of(message_dict)
        _check_schema(message_dict)
        self._schemas[stream] = self.message_reader.line
        end = self._ends.setdefault(stream, StreamEnd(stream))
        end.goes_on()
        super()._process_schema_message(message_dict)
        self._routes[stream] = [
            (None if _leaves_alone(stream_map) else stream_map, self.feed(stream_map.stream_alias))
            for stream_map in self.mapper.stream_maps[stream]
            if not isinstance(stream_map, RemoveRecordTransform)
        ]
        for _, feed in self._routes[stream]:
            # Not in `Sink.setup`: there the SDK logs an error of its own before ours is reported.
            feed.take_schema(self.get_sink(feed.stream))
        self._direct.pop(stream, None)
        if [stream_map for stream_map, _ in self._routes[stream]] == [None]:
            self._direct[stream] = self._routes[stream][0][1], end
        for _, feed in self._routes[stream]:
            feed.ends[stream] = end
            feed.made_by_maps = self._made_by_maps
            self.run.rejects.schema(feed.stream, self.message_reader.line)

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        """Take a RECORD straight to its loader: the SDK copies it, parses dates and checks it twice."""
        if _was_rejected(message_dict, self.message_reader.line):
            self.run.mirrors.replay = True
        try:
            (feed, end), record = self._direct[message_dict["stream"]], message_dict["record"]
        except (KeyError, TypeError):
            self._take(message_dict, self.message_reader.line)
            return
        self.run.check()
        version = message_dict.get("version")
        if end.signed or version != end.version:
            _check_version(version)
            end.record(version)
        feed.take(record, self.message_reader.line)
        self._flush_if_old()

    def _take_consecutive(self, stream: str, lines: Sequence[bytes]) -> bool:
        """Take RECORD lines of one stream that follow each other, if that can be done at once."""
        direct = self._direct.get(stream)
        if direct is None:
            return False
        self.run.check()
        taken = direct[0].take_consecutive(lines, direct[1])
        self._flush_if_old()
        return taken

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        """Take the records of a BATCH message's files one by one, as if they had come as RECORD messages."""
        self._assert_line_requires(message_dict, requires={"stream", "encoding", "manifest"})
        stream = _stream_of(message_dict)
        if stream in self._ends:
            self._ends[stream].goes_on()
        for record in records_of_batch(message_dict, self.config.get("batch_config")):
            message = {"type": "RECORD", "stream": stream, "record": record}
            raw = record.raw if isinstance(record, Unreadable) else _encode(record)
            self._take(message, b'{"type":"RECORD","stream":%b,"record":%b}' % (_encode(stream), raw))

    def _take(self, message: dict[str, Any], line: bytes) -> None:
        self.run.check()
        try:
            stream, record = message["stream"], message["record"]
        except KeyError:
            self._assert_line_requires(message, requires={"stream", "record"})
            raise
        routes = self._routes.get(_stream_of(message))
        if routes is None:
            line_number = self.message_reader.line_number
            text = f"Line {line_number} of the input: a record of stream {stream!r} came before its SCHEMA"
            raise RecordsWithoutSchemaException(text)
        version = message.get("version")
        _check_version(version)
        self._ends[stream].record(version)
        for stream_map, feed in routes:
            if stream_map is None or not isinstance(record, dict):
                feed.take(record, line, mapped=stream_map is None)
            else:
                feed.take_mapped(stream_map, record, line)
        self._flush_if_old()

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        """Give STATE to the state tracker: the SDK would write it before its rows are confirmed."""
        self._assert_line_requires(message_dict, requires={"value"})
        self.run.check()
        for end in self._ends.values():
            end.state(message_dict["value"])
        self.run.state_tracker.state(_encode(message_dict["value"]))
        self._flush_if_old()

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        """Note that a stream's version is complete: the sign for `mirror: true`."""
        self._assert_line_requires(message_dict, requires={"stream", "version"})
        if self.config.get("process_activate_version_messages") is False:
            return
        end = self._ends.get(_stream_of(message_dict))
        _check_version(message_dict["version"])
        if end is not None:
            end.activate(message_dict["version"])

    def process_endofpipe(self) -> None:
        """Finish: hand over what waits, wait for Listrak, mirror, judge, and print the accounting.

        Raises:
            RejectShareError: Too many records were rejected.
            ListrakError: Something could not be confirmed.
        """
        try:
            self._finish()
        except BaseException as error:
            self.end_early(error)
            raise
        for feed in self._feeds.values():
            feed.count()
        # The sinks' own end: nothing is left to drain, and the SDK holds no STATE.
        super().process_endofpipe()
        self._close()

    def _finish(self) -> None:
        for loader in self._loaders():
            loader.flush()
        self.run.drain()
        self._check_shares()  # before anybody is removed: a run that fails removes nobody
        self.run.mirrors.finish()
        self.run.drain()

    def _check_shares(self) -> None:
        """Fail where more rows were rejected or declined than allowed.

        Raises:
            RejectShareError: The text names the setting, the streams and their rows.
        """
        over = [("rejected", one, one.rejected, one.max_reject_share) for one in self.run.over_reject_share()]
        over += [
            ("declined", one, one.declined, one.max_declined_share) for one in self.run.over_declined_share()
        ]
        if not over:
            return
        setting = "max_reject_share" if over[0][0] == "rejected" else "max_declined_share"
        shares = ", ".join(
            f"stream {one.stream!r} has {rows:,} of {one.settled:,} {result}, more than the share of {most:g}"
            for result, one, rows, most in over
        )
        way_out = "Fix the source" if over[0][0] == "rejected" else "See who was declined and why"
        raise RejectShareError(
            f"{setting}: {shares} that is allowed. STATE is held back.",
            hint=f"{self.run.rejects.path} has the reasons. {way_out}, or raise {setting}.",
        )

    def end_early(self, error: BaseException) -> None:
        """Begin nothing more, let what runs be confirmed, and print the accounting."""
        if self._over:
            return
        grace = _GRACE_SECONDS if isinstance(error, Terminated) else float(self.run.config["import_timeout"])
        self.run.end_early(grace)
        self._close()

    def _close(self) -> None:
        if self._over:
            return
        self._over = True
        for feed in self._feeds.values():
            feed.count()
        for loader in self._loaders():
            loader.close()
        self.run.mirrors.close()
        try:
            self.run.rejects.close()
        finally:
            self._report()

    def _report(self) -> None:
        """Print the accounting, and where the rejects file is."""
        if self._feeds:
            self.logger.info("Accounting%s:", " (dry run: nothing was written)" if self.run.dry_run else "")
            for line in closing_table(self.run.tallies.values()):
                self.logger.info("%s", line)
            if self.run.dry_run:
                self.logger.info("%s", NOT_KNOWN)
            for tally in self.run.tallies.values():
                log_metrics(tally)
        if self.run.rejects.count:
            path, count = self.run.rejects.path, f"{self.run.rejects.count:,}"
            self.logger.warning("Records that were not loaded: %s, with their reasons, in %s", count, path)
            self.logger.warning("Corrected, they are loaded by: %s", replay_command(path))

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the SDK's signature
        """Leave the reading loop. The SDK would drain everything here, however long it takes, and exit 0."""
        only_one_more_signal()
        raise TargetTerminated(signum, self)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command with this project's way of telling errors."""
        return ListrakCommand.like(super().get_singer_command(), cls.logger)

    @classmethod
    def invoke(cls, *, file_input: IO[bytes] | None = None, **kwargs: Any) -> None:  # type: ignore[override]  # noqa: ANN401 - the SDK's arguments
        """Run as the SDK does, unless there is nothing to read from.

        Args:
            file_input: The file that `--input` names; standard input if there is none.
            kwargs: The other options.

        Raises:
            ConfigurationError: Standard input is closed.
        """
        if file_input is None and not kwargs.get("about"):
            if sys.stdin is None:
                message = "standard input is closed: there is nothing to read"
                hint = "Pipe a tap's output into target-listrak, or name a file with --input."
                raise ConfigurationError(message, setting="input", hint=hint)
            if sys.stdin.isatty():
                cls.logger.warning("Reading Singer messages from the terminal; Ctrl-D ends them")
        super().invoke(file_input=file_input, **kwargs)  # type: ignore[arg-type]  # bytes are read as well

    # Where streams go

    def feed(self, stream: str) -> Feed:
        """The way of a stream (after stream maps) to its loader, made when the stream first appears.

        Raises:
            ConfigurationError: The stream has no destination, and `unmapped_streams` is `fail`.
        """
        if stream not in self._feeds:
            destination = self.destinations.for_stream(stream)
            self._feeds[stream] = (
                self._feed_to(stream, destination) if destination else self._unmapped(stream)
            )
        return self._feeds[stream]

    def _feed_to(self, stream: str, destination: Destination) -> Feed:
        from target_listrak.loaders import LOADERS  # noqa: PLC0415

        loader_class = LOADERS[destination.kind]
        resolved = self._resolved[destination.pattern]
        tracker = self.run.tracker(stream, loader_class.describe(destination, resolved), destination)
        return Feed(
            stream, tracker, loader_class(self.run, stream, destination, tracker, resolved), reject=False
        )

    def _unmapped(self, stream: str) -> Feed:
        what = self.run.config["unmapped_streams"]
        if what == "fail":
            there = ", ".join(one.pattern for one in self.destinations.all) or "none"
            msg = f"Stream {stream!r} has no destination. The setting destinations names: {there}"
            raise ConfigurationError(
                msg,
                setting="destinations",
                hint=f"Kinds: {', '.join(KINDS)}. Or set unmapped_streams to skip or reject.",
            )
        self.logger.warning("Stream %s has no destination: its records are %s", stream, _UNMAPPED_WORDS[what])
        tracker = self.run.tracker(stream, f"none ({_UNMAPPED_WORDS[what]})", skipped=True)
        return Feed(stream, tracker, None, reject=what == "reject")

    def _loaders(self) -> Iterator[Loader]:
        return (feed.loader for feed in self._feeds.values() if feed.loader is not None)

    def _flush_if_old(self) -> None:
        """Hand over what waits longer than the SDK lets records wait: a slow source's STATE gets through."""
        now = time.monotonic()
        if now - self._flushed_at > self._MAX_RECORD_AGE_IN_MINUTES * 60:
            self._flushed_at = now
            for loader in self._loaders():
                loader.flush()

    def _pass_on(self, state: bytes) -> None:
        sys.stdout.write(state.decode() + "\n")
        sys.stdout.flush()


_UNMAPPED_WORDS = {"skip": "skipped", "reject": "rejected"}


def _leaves_alone(stream_map: StreamMap) -> bool:
    """Whether a stream map changes nothing, so that records need not go through it."""
    return type(stream_map) is SameRecordTransform and not stream_map.flattening_enabled


def main() -> None:
    """Run the console script."""
    TargetListrak.cli()
