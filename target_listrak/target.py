"""The target plugin: the methods that the SDK calls. `routing` decides where each stream goes."""

from __future__ import annotations

import sys
import time
from typing import IO, TYPE_CHECKING, Any, ClassVar

import msgspec
from singer_sdk import Target
from singer_sdk.exceptions import InvalidJSONSchema, RecordsWithoutSchemaException
from singer_sdk.helpers.capabilities import PluginCapabilities, TargetCapabilities
from singer_sdk.mapper import RemoveRecordTransform, SameRecordTransform
from singer_sdk.sinks import Sink

from listrak_api.errors import ConfigurationError
from listrak_api.masking import MASKING
from listrak_api.settings import zone_from_config
from listrak_singer.cli import ListrakCommand, Terminated, only_one_more_signal
from listrak_singer.settings import CheckedSettings
from target_listrak.channels.email.simulation import NOT_KNOWN
from target_listrak.cli import TargetTerminated, check_standard_input
from target_listrak.config.destination import place
from target_listrak.config.destinations import Destinations
from target_listrak.config.names import folded
from target_listrak.config.settings import CONFIG_JSONSCHEMA, WITHOUT_EFFECT
from target_listrak.delivery.stream_completeness import StreamEnd, streams_in
from target_listrak.input.batch_files import records_of_batch
from target_listrak.input.messages import check_schema, check_version, invalid_schema, stream_of, was_rejected
from target_listrak.input.reader import Reader
from target_listrak.input.unreadable import Unreadable
from target_listrak.routing import Router
from target_listrak.sdk import override
from target_listrak.tracking.report import report_rejects, report_state, report_tallies
from target_listrak.tracking.shares import check_shares
from target_listrak.values.deletions import delete_markers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    import click
    from singer_sdk.helpers.capabilities import CapabilitiesEnum
    from singer_sdk.mapper import StreamMap

    from target_listrak.routing import Feeds

__all__ = ["TargetListrak"]

_GRACE_SECONDS = 6.0
"""How long running jobs may go on after SIGTERM. The rest of ten seconds is for the row accounting."""

_encode = msgspec.json.Encoder(decimal_format="number").encode


class ListrakSink(Sink):
    """The SDK's sink of a stream: it holds the schema, and is never full.

    Rows go from the target to the stream's loader directly: how they are batched, confirmed and counted must
    not depend on when the SDK drains its sinks. (It drains by time, and counts rejected rows as written.)
    """

    def __init__(self, target: TargetListrak, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's own arguments
        self._target = target
        super().__init__(target, *args, **kwargs)

    @override
    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:  # noqa: ARG002 - the SDK's signature
        """Take a record as the SDK passes it; the target itself does not use this."""
        self._target.router.feeds_of(self.stream_name).take(record, b"")

    @override
    def process_batch(self, context: dict[str, Any]) -> None:
        """Do nothing: loaders submit their rows themselves."""


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
        self.logger.addFilter(MASKING)
        self.destinations = Destinations(self.config.get("destinations", {}))
        # Imported here, as the loaders below, so that --version and --about need not load an HTTP library.
        from target_listrak.delivery.run import Run  # noqa: PLC0415

        self.run = Run(self._settings(), self.logger, self._write_state)
        self.router = Router(self.run, self.destinations)
        self._routes: dict[str, list[tuple[StreamMap | None, Feeds]]] = {}
        # Streams that go to their feeds as they come, because no stream map changes them.
        self._direct: dict[str, tuple[Feeds, StreamEnd]] = {}
        self._ends: dict[str, StreamEnd] = {}
        maps = [own for own in (self.config.get("stream_maps") or {}).values() if isinstance(own, dict)]
        self._mapped_properties = {folded(name) for own in maps for name in own}
        self._streams_in_state: set[str] = set()
        self._flushed_at = time.monotonic()
        self._closed = False
        self.message_reader.on_start = self._start
        self.message_reader.on_consecutive = self._take_consecutive
        self.message_reader.on_failure = self.end_early

    def _settings(self) -> dict[str, Any]:
        """Return all settings, with the default of each that is not set."""
        properties = self.config_jsonschema["properties"]
        return {name: self.config.get(name, schema.get("default")) for name, schema in properties.items()}

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings: by their schema, then what the schema cannot say.

        Raises:
            ConfigurationError: A setting is wrong.
        """
        errors = super()._validate_config(raise_errors=raise_errors)
        if raise_errors:
            zone_from_config(self._config)
            try:
                delete_markers(self._config.get("delete_markers"))
            except ValueError as error:
                message = f"delete_markers: {error}"
                hint = 'Write for example ["removed_on"], or {"record_status": ["gone"]}.'
                raise ConfigurationError(message, setting="delete_markers", hint=hint) from None
        return errors

    # What the SDK calls

    def _start(self) -> None:
        """Resolve every name of every destination, before a record is read."""
        from target_listrak.loaders import LOADERS  # noqa: PLC0415

        self.router.resolve(LOADERS)

    @override
    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        """Take a SCHEMA: the SDK's way (stream maps, a new sink), then note where the stream's records go."""
        self._assert_line_requires(message_dict, requires={"stream", "schema"})
        stream = stream_of(message_dict)
        check_schema(message_dict)
        end = self._ends.setdefault(stream, StreamEnd(stream))
        end.cancel_signs()
        try:
            super()._process_schema_message(message_dict)
        except InvalidJSONSchema as error:
            raise invalid_schema(error) from None
        routes = self._routes[stream] = self._routes_of(stream)
        feeds = [feed for _, stream_feeds in routes for feed in stream_feeds]
        for feed in feeds:
            # Not in `Sink.setup`: there the SDK would log an error of its own before this one is reported.
            feed.take_schema(self.get_sink(feed.stream))
        self._direct.pop(stream, None)
        if [stream_map for stream_map, _ in routes] == [None]:
            self._direct[stream] = routes[0][1], end
        for feed in feeds:
            feed.ends[stream] = end
            feed.mapped_properties = self._mapped_properties
            self.run.rejects.schema(feed.stream, self.message_reader.line)

    def _routes_of(self, stream: str) -> list[tuple[StreamMap | None, Feeds]]:
        """Return the stream maps of an incoming stream, each with the feeds of the stream that it gives.

        A map that changes nothing is `None`.
        """
        feeds_of = self.router.feeds_of
        return [
            (None if _changes_nothing(stream_map) else stream_map, feeds_of(stream_map.stream_alias))
            for stream_map in self.mapper.stream_maps[stream]
            if not isinstance(stream_map, RemoveRecordTransform)
        ]

    @override
    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        """Pass a RECORD to its loader at once: the SDK would copy it, parse dates and validate it twice."""
        if was_rejected(message_dict, self.message_reader.line):
            self._take_rejected(message_dict)
            return
        try:
            (feeds, end), record = self._direct[message_dict["stream"]], message_dict["record"]
        except (KeyError, TypeError):
            self._take(message_dict, self.message_reader.line)
            return
        self.run.check()
        version = message_dict.get("version")
        if end.has_sign or version != end.version:
            check_version(version)
            end.note_record(version)
        feeds.take(record, self.message_reader.line)
        self._flush_if_old()

    def _take_rejected(self, message: dict[str, Any]) -> None:
        """Take a RECORD of a rejects file: it goes only to the destination that did not load it."""
        self.run.mirrors.replay = True
        self._take(message, self.message_reader.line, is_replay=True)

    def _take_consecutive(self, stream: str, lines: Sequence[bytes]) -> bool:
        """Take RECORD lines of one stream that follow each other, if that can be done at once."""
        direct = self._direct.get(stream)
        if direct is None:
            return False
        self.run.check()
        taken = direct[0].take_consecutive(lines, direct[1])
        self._flush_if_old()
        return taken

    @override
    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        """Take the records of a BATCH message's files one by one, as if they had come as RECORD messages."""
        self._assert_line_requires(message_dict, requires={"stream", "encoding", "manifest"})
        stream = stream_of(message_dict)
        if stream in self._ends:
            self._ends[stream].cancel_signs()
        for record in records_of_batch(message_dict, self.config.get("batch_config")):
            message = {"type": "RECORD", "stream": stream, "record": record}
            raw = record.raw if isinstance(record, Unreadable) else _encode(record)
            self._take(message, b'{"type":"RECORD","stream":%b,"record":%b}' % (_encode(stream), raw))

    def _take(self, message: dict[str, Any], line: bytes, *, is_replay: bool = False) -> None:
        """Pass a record through the stream maps of its stream to the feeds.

        Args:
            message: The RECORD message.
            line: The line to write to the rejects file if the record is not loaded.
            is_replay: Whether the record comes from a rejects file.
        """
        self.run.check()
        try:
            stream, record = message["stream"], message["record"]
        except KeyError:
            self._assert_line_requires(message, requires={"stream", "record"})
            raise
        routes = self._routes.get(stream_of(message))
        if routes is None:
            line_number = self.message_reader.line_number
            text = f"Line {line_number} of the input: a record of stream {stream!r} came before its SCHEMA"
            raise RecordsWithoutSchemaException(text)
        version = message.get("version")
        check_version(version)
        self._ends[stream].note_record(version)
        for stream_map, all_feeds in routes:
            feeds = all_feeds.for_replay(message) if is_replay else all_feeds
            if stream_map is None or not isinstance(record, dict):
                feeds.take(record, line, mapped=stream_map is None)
            else:
                feeds.take_mapped(stream_map, record, line)
        self._flush_if_old()

    @override
    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        """Give STATE to the state tracker: the SDK would write it before its rows are confirmed."""
        self._assert_line_requires(message_dict, requires={"value"})
        self.run.check()
        self._streams_in_state = streams_in(message_dict["value"])
        for end in self._ends.values():
            end.note_state(message_dict["value"])
        self.run.state_tracker.state(_encode(message_dict["value"]))
        self._flush_if_old()

    @override
    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        """Note that a stream's version is complete, which `mirror: true` waits for."""
        self._assert_line_requires(message_dict, requires={"stream", "version"})
        if self.config.get("process_activate_version_messages") is False:
            return
        end = self._ends.get(stream_of(message_dict))
        check_version(message_dict["version"])
        if end is not None:
            end.note_activation(message_dict["version"])

    @override
    def process_endofpipe(self) -> None:
        """Submit open batches, wait for Listrak, check the shares, mirror, and log the row accounting.

        Raises:
            RejectShareError: Too many records were rejected.
            MirrorStopError: A mirror must not remove the members that no record names.
            ListrakError: Rows could not be confirmed.
        """
        try:
            self._finish()
        except BaseException as error:
            self.end_early(error)
            raise
        for feed in self.router.feeds():
            feed.count()
        if (days := self.run.config["rejects_keep_days"]) is not None and not self.run.dry_run:
            self.run.rejects.remove_old(days)
        if unused := self.router.unused():
            self.logger.info("No stream came for: %s", ", ".join(map(place, unused)))
        # The sinks' own end: nothing is left to drain, and the SDK holds no STATE.
        super().process_endofpipe()
        self._close()

    def _finish(self) -> None:
        loaders = list(self.router.loaders())
        for loader in loaders:
            loader.finish()
        for loader in loaders:
            loader.flush()
        self.run.drain()
        # Before mirroring, because a run that fails must remove nobody.
        check_shares(self.run.tallies.values(), self.run.rejects.path)
        self.router.note_absent(self._ends.keys(), self._streams_in_state)
        self.run.mirrors.finish()
        self.run.drain()

    def end_early(self, error: BaseException) -> None:
        """Start nothing more, wait for running jobs for a limited time, and log the row accounting."""
        if self._closed:
            return
        grace = _GRACE_SECONDS if isinstance(error, Terminated) else float(self.run.config["import_timeout"])
        self.run.end_early(grace)
        self._close()

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for feed in self.router.feeds():
            feed.count()
        for loader in self.router.loaders():
            loader.close()
        self.run.mirrors.close()
        try:
            self.run.rejects.close()
        finally:
            if any(self.router.feeds()):
                report_tallies(self.logger, self.run.tallies.values(), NOT_KNOWN if self.run.dry_run else "")
            if not self.run.dry_run:
                report_state(self.logger, self.run.tallies.values(), self.run.state_tracker)
            report_rejects(self.logger, self.run.rejects, dry_run=self.run.dry_run)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the SDK's signature
        """Leave the reading loop. The SDK would drain everything here, however long it takes, and exit 0."""
        only_one_more_signal()
        raise TargetTerminated(signum, self)

    @override
    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command, with errors reported as `listrak_singer.cli` does."""
        return ListrakCommand.like(super().get_singer_command(), cls.logger)

    @override
    @classmethod
    def invoke(cls, *, file_input: IO[bytes] | None = None, **kwargs: Any) -> None:  # type: ignore[override]  # noqa: ANN401 - the SDK's arguments
        """Run as the SDK does, unless standard input is needed and closed.

        Args:
            file_input: The file that `--input` names; standard input if there is none.
            kwargs: The other options.

        Raises:
            ConfigurationError: Standard input is closed.
        """
        if file_input is None and not kwargs.get("about"):
            check_standard_input(cls.logger)
        super().invoke(file_input=file_input, **kwargs)  # type: ignore[arg-type]  # bytes are read as well

    def _flush_if_old(self) -> None:
        """Submit open batches at the SDK's age limit for records: a slow source's STATE is passed on then."""
        now = time.monotonic()
        if now - self._flushed_at > self._MAX_RECORD_AGE_IN_MINUTES * 60:
            self._flushed_at = now
            for loader in self.router.loaders():
                loader.flush()

    def _write_state(self, state: bytes) -> None:
        """Write a STATE value to standard output, where Meltano reads it."""
        sys.stdout.write(state.decode() + "\n")
        sys.stdout.flush()


def _changes_nothing(stream_map: StreamMap) -> bool:
    """Return whether a stream map changes nothing, so that records need not pass through it."""
    return type(stream_map) is SameRecordTransform and not stream_map.flattening_enabled
