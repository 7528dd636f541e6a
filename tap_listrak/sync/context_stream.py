"""`ContextStream`: a stream that is opened once a run, unlike in the SDK.

The SDK calls ``Stream.sync`` for every context of a child stream. Each call writes a SCHEMA message and three
log lines, sets a version and reads the state. Most of Listrak's streams are children of messages, so that
would be done thousands of times in a run. Here a stream is opened once a run, and its contexts only write
records. The SDK's own methods still write the records, apply stream maps, flattening and selection, and
enforce the record limit.

`ContextStream.close` decides whether a stream ends with ACTIVATE_VERSION: if it has a version, was read in
full (`narrowing` says which settings prevent that), and `row_counts` finds no sudden loss of rows.
"""

from __future__ import annotations

import abc
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from singer_sdk.exceptions import AbortedSyncFailedException, AbortedSyncPausedException
from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.singerlib import ActivateVersionMessage, Metadata
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from singer_sdk.streams._state import StreamStateManager

from tap_listrak.output.batch_files import create_buffer
from tap_listrak.output.metrics import RunCounter, RunTimer
from tap_listrak.records.schemas import for_loaders
from tap_listrak.sdk import override
from tap_listrak.sync.narrowing import filters_records
from tap_listrak.sync.row_counts import confirms_deletions
from tap_listrak.sync.steps import possible

AUTOMATIC = Metadata.InclusionType.AUTOMATIC

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from datetime import datetime

    from singer_sdk.helpers import types
    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.singerlib.catalog import Catalog
    from singer_sdk.singerlib.messages import Message, RecordMessage, SchemaMessage

    from tap_listrak.output.batches import Buffer
    from tap_listrak.sync.prefetcher import Position
    from tap_listrak.sync.session import TapSession
    from tap_listrak.sync.steps import Step

Context = dict[str, Any]


class ContextStream(Stream):
    """A stream that is opened once a run, whatever the number of its contexts.

    Args:
        tap: The tap.
        schema: The JSON schema of its records.
        name: Its name.
    """

    _tap: TapSession

    purged_by_listrak: ClassVar[bool] = False
    """Whether Listrak deletes old rows by itself. Then they must not be removed downstream."""

    def __init__(self, tap: TapSession, schema: dict[str, Any], name: str) -> None:
        super().__init__(tap, schema=schema, name=name)
        self.counter = RunCounter(self.name)
        self.timer = RunTimer(self.name)
        self._position: Position = ()
        self._row_position: Position = ()  # of the page or row that is being written
        self._active: list[ContextStream] | None = None
        self._opened = False
        self._batches: Buffer | None = None
        self.partially_read = False

    @abc.abstractmethod
    def first_steps(self, context: Context) -> Sequence[Step]:
        """Return the steps that a context begins with; none if there is nothing to read."""

    @property
    @abc.abstractmethod
    def narrowed_by(self) -> tuple[str, ...]:
        """The settings that keep this run from reading the whole stream; empty if it is read in full."""

    @abc.abstractmethod
    def hold(self, context: Mapping[str, Any], at: datetime | None, *, lasting: bool = False) -> bool:
        """Keep this run from moving the bookmark of a context's partition beyond a time."""

    @property
    def has_bookmark(self) -> bool:
        """Whether this run reads and writes a bookmark for the stream."""
        return False

    # --- selection

    @property
    @abc.abstractmethod
    def missing_settings(self) -> str | None:
        """The names of missing settings that the stream needs, as text; None if none is missing."""

    @property
    def available(self) -> bool:
        """Whether the stream can be read with the present settings."""
        return not self.missing_settings

    @property
    def selected(self) -> bool:
        """Whether the stream is selected. A stream that is not available or removed by a map is not."""
        return self.available and not self.removed_by_stream_map and bool(self.mask.get((), True))

    @selected.setter
    def selected(self, value: bool | None) -> None:
        self.metadata.root.selected = value
        self._mask = self.metadata.resolve_selection()

    @property
    def removed_by_stream_map(self) -> bool:
        """Whether a stream map removes the stream. Then it is read for its children only."""
        mapper = self._tap._mapper  # noqa: SLF001 - the public property fails if there is no mapper yet
        maps = [] if mapper is None else mapper.stream_maps.get(self.name, [])
        return bool(maps) and all(isinstance(one, RemoveRecordTransform) for one in maps)

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Apply a catalog's selection. Key properties stay selected: without them loaders duplicate rows."""
        keys = tuple(self.primary_keys or ())
        super().apply_catalog(catalog)
        entry = catalog.get_stream(self.name)
        if entry is None:
            return
        self.primary_keys = self.primary_keys or keys
        entry.key_properties = list(self.primary_keys)  # stream maps take it from there
        if entry.metadata:  # without metadata everything is selected
            for key in self.primary_keys:
                entry.metadata.setdefault(("properties", key), Metadata()).inclusion = AUTOMATIC

    # --- state: kept by the tap's bookmarks instead, see `tap_listrak.incremental.bookmarks`

    @property
    def state_manager(self) -> StreamStateManager:
        """The SDK's state manager, with a separate state that is never written.

        Into the tap's state it would write signposts, progress markers and empty entries.
        """
        if self._state_manager is None:
            self._state_manager = StreamStateManager(
                tap_name=self.tap_name,
                stream_name=self.name,
                tap_state={},
                state_partitioning_keys=self.state_partitioning_keys,
            )
        return self._state_manager

    @property
    def partitions(self) -> None:
        """None: contexts come from parents, never from the state."""
        return

    @override
    def get_replication_key_signpost(self, context: types.Context | None = None) -> None:
        """Return None: no bookmark is later than the run's start, so none has to be limited."""

    @override
    def _write_starting_replication_value(self, context: types.Context | None) -> None:
        """Do nothing: streams get their start from the bookmarks."""

    @override
    def _increment_stream_state(
        self, latest_record: types.Record, *, context: types.Context | None = None
    ) -> None:
        """Do nothing: a bookmark is the time up to which Listrak was read, not the largest date seen.

        That date may be in the future (scheduled messages), and rows that are not read yet may be older.
        """

    @override
    def _write_state_message(self) -> None:
        """Write the state at the end of a root stream. Its descendants write it when a window is done."""
        if self.parent_stream_type is None:
            self._tap.write_state()

    @override
    def finalize_state_progress_markers(self, state: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Write the state: there are no markers to finalise."""
        self._tap.write_state()

    # --- metrics: one counter and one timer per stream

    @override
    def get_record_counter(self, **_: Any) -> RunCounter:  # noqa: ANN401
        """Return the stream's own counter."""
        return self.counter

    @override
    def get_sync_timer(self) -> RunTimer:
        """Return the stream's own timer."""
        return self.timer

    # --- opening and closing, once a run

    @property
    def limited(self) -> bool:
        """Whether the run has a record limit. Then no stream is complete."""
        return self.ABORT_AT_RECORD_COUNT is not None

    @property
    def active_children(self) -> list[ContextStream]:
        """The children that are selected or have selected descendants, in the order in which they run."""
        if self._active is None:
            self._active = [
                child
                for child in self.child_streams
                if isinstance(child, ContextStream) and (child.selected or child.has_selected_descendents)
            ]
        return self._active

    def open(self) -> None:
        """Write the SCHEMA message and set the version, at the first call in a run."""
        if self._opened:
            return
        self._opened = True
        if self.selected:
            self._write_schema_message()
            if self.replication_method == REPLICATION_FULL_TABLE and self.emit_activate_version_messages:
                self._stream_version = self._initialized_at // 1000

    def close(self) -> None:
        """Finish the stream for this run: write what is buffered, ACTIVATE_VERSION, and the metrics.

        Streams that had no context are opened first, so that loaders create their (empty) tables.
        """
        self.open()
        if not self.selected:
            return
        self.flush()
        version, rows = self._stream_version, self.counter.total
        if version is not None and self._read_in_full and confirms_deletions(self._tap, self.name, rows):
            self._activate_version(version)
        self.counter.finish()
        self.timer.finish()

    @property
    def _read_in_full(self) -> bool:
        """Whether every row was read, so that all others no longer exist in Listrak.

        Never for a stream without a row: an empty answer may be an error of Listrak, and loaders would empty
        the table.
        """
        left_out = self.limited or self.partially_read or self.narrowed_by or self.purged_by_listrak
        return bool(self.counter.total) and not left_out

    @override
    def _generate_schema_messages(self) -> Generator[SchemaMessage, None, None]:
        for message in super()._generate_schema_messages():
            message.schema = for_loaders(message.schema)
            yield message

    @override
    def _generate_record_messages(self, record: types.Record) -> Generator[RecordMessage, None, None]:
        for message in super()._generate_record_messages(record):
            # Flattening keeps a null or empty object under its own name, which is not in SCHEMA.
            columns = self._flat_columns.get(message.stream)
            if columns is not None and not message.record.keys() <= columns:
                message.record = {name: value for name, value in message.record.items() if name in columns}
            yield message

    @cached_property
    def _flat_columns(self) -> dict[str, set[str]]:
        """The columns of each alias whose records are flattened."""
        flat = [one for one in self.stream_maps if one.flattening_enabled]
        return {one.stream_alias: set(one.transformed_schema["properties"]) for one in flat}

    @override
    def _write_schema_message(self) -> None:
        self._opened = True  # the SDK opens a root stream by itself
        super()._write_schema_message()

    @override
    def _write_activate_version_message(self, full_table_version: int) -> None:
        """Do nothing: the SDK calls this before the records, but `close` writes the message after them.

        At the message targets delete all rows of older versions. Before the records, it would leave the table
        empty during the run, and incomplete if the run fails. After the last record, it deletes exactly the
        rows that no longer exist in Listrak.
        """

    def _activate_version(self, version: int) -> None:
        for stream_map in self.stream_maps:
            if not isinstance(stream_map, RemoveRecordTransform) and not filters_records(stream_map):
                self.write(ActivateVersionMessage(stream=stream_map.stream_alias, version=version))

    def write(self, message: Message) -> None:
        """Write a message."""
        self._tap.write_message(message)

    @property
    def version(self) -> int | None:
        """The version that the stream's records carry in this run; None if it keeps a bookmark.

        Records of a narrowed stream have it too. Without it, loaders that upsert would write null as version.
        target-postgres deletes such rows at the next ACTIVATE_VERSION, while that run may still be going on.
        The SDK's SQL sink never deletes them, even when they no longer exist in Listrak.
        """
        return self._stream_version

    # --- children

    @override
    def _sync_children(self, child_context: types.Context | None) -> None:
        if child_context is None:
            return
        for number, child in enumerate(self.active_children):
            child.sync_context(dict(child_context), (*self._row_position, number))

    def sync_context(self, context: Context, position: Position) -> None:
        """Write the records of one context and of its children. `open` does what is done once a run.

        Args:
            context: From the parent's record.
            position: The context's place in the order of the run.
        """
        if not possible(self.first_steps(context)):
            return
        self._position = position
        self.open()
        # After the record limit of this context is reached, its siblings are still read, as in the SDK.
        with suppress(AbortedSyncFailedException, AbortedSyncPausedException):
            self._write_context(context)

    def _write_context(self, context: Context) -> None:
        if batch_config := self.get_batch_config(self.config):
            self._sync_batches(batch_config, context)
            return
        for _ in self._sync_records(context):
            pass

    @override
    def _sync_records(
        self, context: types.Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        if context is not None:
            yield from super()._sync_records(context, write_messages=write_messages)
            return
        if not (self.selected or self.has_selected_descendents):
            return  # the SDK's dry run calls this whatever is selected
        self.reset()
        with self._tap.running():
            yield from super()._sync_records(None, write_messages=write_messages)
            for stream in self.subtree():
                stream.close()
            # The SDK's last STATE of a stream comes before its last messages.
            self._tap.write_state()

    def subtree(self) -> list[ContextStream]:
        """Return this stream and its active descendants, parents first."""
        return [self, *(stream for child in self.active_children for stream in child.subtree())]

    def reset(self) -> None:
        """Reset what belongs to an earlier run, before another one begins."""
        self._active = None
        self.partially_read = False
        for child in self.child_streams:
            if isinstance(child, ContextStream):
                child.reset()
                child._opened = False  # noqa: SLF001 - of this class

    # --- BATCH messages

    @override
    def _sync_batches(self, batch_config: BatchConfig, context: types.Context | None = None) -> None:
        """Collect the records of all contexts. They are written before any STATE message that covers them.

        The SDK writes at least one file for each context, without applying stream maps and selection. Here a
        file has the records that RECORD messages would have.
        """
        batches = self.batches(batch_config)
        for record in self._sync_records(context, write_messages=False):
            batches.add(record)

    def batches(self, batch_config: BatchConfig) -> Buffer:
        """Return the buffer that collects the stream's records, created when it is first asked for."""
        if self._batches is None:
            self._batches = create_buffer(self, batch_config)
        return self._batches

    def flush(self) -> None:
        """Write the records that are collected for BATCH messages."""
        if self._batches:
            self._batches.flush()

    def schemas(self) -> dict[str, Mapping[str, Any]]:  # noqa: D102 - see `Batched`
        return {message.stream: message.schema for message in self._generate_schema_messages()}

    def mapped(self, record: types.Record) -> list[tuple[str, Mapping[str, Any]]]:
        """Return what RECORD messages for a record would hold: stream aliases and records."""
        return [(message.stream, message.record) for message in self._generate_record_messages(record)]
