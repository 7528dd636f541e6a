"""`ListrakStream`, the base of all streams: what it reads, and how it takes and writes pages.

A stream defines its requests in a few pure functions. The writer and the workers of the prefetcher both call
them, and must get the same requests.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from singer_sdk.helpers._util import utc_now
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL

from listrak_api.answers import CursorGuard
from listrak_api.settings import CREDENTIAL_NAMES
from tap_listrak.output.progress import Place
from tap_listrak.records.pages import PageCodec, encode, passes_records_through
from tap_listrak.records.preparer import Preparer, is_placeholder
from tap_listrak.streams.bookmarked import BookmarkedStream
from tap_listrak.sync.narrowing import narrowing
from tap_listrak.sync.parents_without_id import ParentsWithoutId, mark_unread
from tap_listrak.sync.prefetcher import Fetch, Position
from tap_listrak.sync.steps import Order, Read, Rows, Step, possible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from singer_sdk.helpers import types
    from singer_sdk.typing import PropertiesList

    from listrak_api.routes import Route
    from listrak_api.windows import Window
    from tap_listrak.records.row import Row
    from tap_listrak.sync.context_stream import Context
    from tap_listrak.sync.session import TapSession


class ListrakStream(BookmarkedStream):
    """A stream of Listrak's data.

    Class attributes that a stream sets: ``name``, ``one_row_per``, ``route`` (its source), ``keys``,
    ``properties`` (see `tap_listrak.records.schemas`), ``parent_stream_type``, and, where they apply,
    ``date_key``, ``incremental`` and ``note``. The documentation's table of streams is generated from them.
    """

    one_row_per: ClassVar[str]
    """What a record is, for the documentation: "click on a link"."""
    note: ClassVar[str] = ""
    """How the stream is read, if that is not clear from the replication method; for the documentation."""
    route: ClassVar[Route]
    """The operation that the rows come from."""
    properties: ClassVar[PropertiesList]
    """The schema: a `singer_sdk.typing.PropertiesList`."""
    keys: ClassVar[tuple[str, ...]] = ()
    """The primary key's columns."""
    date_key: ClassVar[str | None] = None
    """The date by which Listrak filters, if the rows have it: the catalog's replication key."""
    path_names: ClassVar[Mapping[str, str]] = {}
    """Path parameters that have another name in the context: from the route's name to the context's."""
    params: ClassVar[Mapping[str, object]] = {}
    """Query parameters that are always the same."""
    chosen_by: ClassVar[str | None] = None
    """The setting that chooses some of the stream's rows by the last key column, if there is one."""

    title_key: ClassVar[str | None] = None
    """The property with the record's name, for log lines about the progress of its children."""
    needs: ClassVar[str | None] = None
    """The setting that must be on for the stream to be read, whatever is selected."""

    def __init__(self, tap: TapSession) -> None:
        super().__init__(tap, self.properties.to_dict(), self.name)
        self.primary_keys = self.keys
        self.replication_key = self.date_key
        # Streams without a date of their own (links, summaries) are incremental too, by their parents' dates.
        self.forced_replication_method = (
            REPLICATION_INCREMENTAL if self.incremental else REPLICATION_FULL_TABLE
        )
        self.state_partitioning_keys = self.partition_names
        self.preparer = Preparer(self.name, self.schema, self.keys, lambda: tap.zone)
        self._writes_pages: bool | None = None
        self.was_refused = False
        self.parents_without_id = ParentsWithoutId(self)

    @classmethod
    def lineage(cls) -> list[type[ListrakStream]]:
        """Return this stream's class, its parent's, and so on up to the root."""
        found: list[type[ListrakStream]] = []
        one: Any = cls
        while one is not None:
            found.append(one)
            one = one.parent_stream_type
        return found

    @cached_property
    def codec(self) -> PageCodec:
        """Decodes and prepares whole pages."""
        return PageCodec(self.preparer, self.schema)

    def close(self) -> None:
        """Finish the stream for this run, and log how often keys and ids were missing."""
        super().close()
        self.preparer.report()
        self.parents_without_id.report()

    # --- what to read: pure functions, because the prefetcher calls them from other threads

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Return the steps that a context begins with; none if there is nothing to read.

        Must be pure, like `follow` and `get_child_context`: the writer and the workers of the prefetcher both
        call it, and must get the same steps.
        """
        return [self.step((0,), context)]

    def follow(self, context: Context, step: Step, rows: Rows) -> Sequence[Step]:
        """Return the steps that a page leads to: the next page, or the same once more if it came empty."""
        if rows.cursor:
            return [step.next_page(rows.cursor)]
        again = self.ask_again(context, step, rows)
        return [] if again is None else [again]

    def step(
        self,
        order: Order,
        context: Mapping[str, Any],
        params: Mapping[str, object] | None = None,
        window: Window | None = None,
    ) -> Step:
        """Return a step that reads this stream's route.

        Args:
            order: Its place among the context's steps.
            context: The context, from which the path's ids are taken.
            params: Query parameters beside the stream's own; those that are None are left out.
            window: The window of time that it belongs to.
        """
        ids = {**context, **{name: context[source] for name, source in self.path_names.items()}}
        query = {
            name: value for name, value in {**self.params, **(params or {})}.items() if value is not None
        }
        read = Read(self.route, ids, query, self._tap.settings.page_size, raw=self.takes_raw_pages)
        return Step(order, read, window)

    def prepare(self, data: list[Row], context: Context, step: Step) -> list[Row]:  # noqa: ARG002
        """Turn Listrak's rows into records (see `Preparer`), and keep those that a setting chooses.

        Pure, except that missing keys are counted.
        """
        records = self.preparer.prepare(data, self.parent_ids(context))
        chosen = self.chosen
        return [record for record in records if record[self.keys[-1]] in chosen] if chosen else records

    @property
    def chosen(self) -> frozenset[int]:
        """The ids of the rows that are read; empty for all of them."""
        return self._tap.settings.chosen_ids(self.chosen_by)

    def parent_ids(self, context: Mapping[str, Any]) -> Row:
        """Return the parents' ids in a context, which records get: all members without an underscore."""
        return {name: value for name, value in context.items() if name[0] != "_"}

    @property
    def missing_settings(self) -> str | None:
        """The names of missing settings that the stream needs, as text; None if none is missing."""
        if self.route.api not in self._tap.apis:
            return " and ".join(CREDENTIAL_NAMES[self.route.api])
        # With a record limit (the SDK's dry run) no stream makes many requests.
        needed = self.needs and not self.limited and not self._tap.config.get(self.needs)
        return self.needs if needed else None

    @property
    def narrowed_by(self) -> tuple[str, ...]:
        """The settings that keep this run from reading the whole stream; empty if it is read in full."""
        streams: Mapping[str, Any] = self._tap.streams
        lineage = [streams[str(vars(one)["name"])] for one in self.lineage()]
        return narrowing(lineage, self._tap.settings)

    # --- taking pages

    def fetch(self, context: Context, position: Position, step: Step) -> Fetch[Rows]:
        """Return the fetch of a step's page, for the prefetcher."""
        return Fetch(
            position + step.order,
            send=partial(self._fetch, context, step),
            expand=partial(self._expand, context, position, step),
            not_before=step.not_before,
        )

    def walk(self, context: Context) -> Iterator[tuple[Step, Rows]]:
        """Yield a context's pages in order. The code after a ``yield`` runs when the children are written."""
        position, self.was_refused = self._position, False
        pending = possible(self.first_steps(context))
        guards: dict[Order, CursorGuard] = {}
        had_rows = False
        while pending:
            step = min(pending, key=lambda candidate: candidate.order)
            pending.remove(step)
            rows = self._tap.prefetcher.take(self.fetch(context, position, step))
            if rows.parent_deleted or rows.refused:
                mark_unread(self, context, lasting=rows.refused and self.advances_bookmarks)
            if rows.refused:
                self.was_refused = True
                return
            guards.setdefault(step.order[:-1], CursorGuard(self.route)).check(rows.cursor)
            pending += self.follow(context, step, rows)
            had_rows = had_rows or bool(rows.records)
            self._row_position = position + step.order
            self._announce_filtered(context, rows)
            yield step, rows
            following = min(pending, key=lambda candidate: candidate.order, default=None)
            if step.window and (following is None or following.window != step.window):
                self.window_done(context, step.window, had_rows=had_rows)
                had_rows = False
        if self.advances_bookmarks:
            self.advance(context)

    def get_records(self, context: types.Context | None) -> Iterable[Row]:
        """Return the records of a context, page by page."""
        for step, rows in self.walk(dict(context or {})):
            place = self._row_position
            # Before they are written: deselected properties are taken out of the records themselves.
            self.on_rows(dict(context or {}), rows.records)
            for index, record in enumerate(self.page(step, rows)):
                self._row_position = (*place, index)
                if self.active_children:
                    self._note_place(index, record, step, rows)
                yield record
            self._page_done(dict(context or {}), step, len(rows.records))

    def on_rows(self, context: Mapping[str, Any], rows: Sequence[Any]) -> None:
        """Called with all of a page's records (dicts or structs) before they are written; for subclasses."""

    def page(self, step: Step, rows: Rows) -> Iterable[Row]:  # noqa: ARG002 - for subclasses
        """Return the records of a page that are written."""
        return rows.records

    # --- rows without an id

    def has_placeholder_id(self, child_context: Mapping[str, Any]) -> bool:
        """Return whether an id in a child context is a placeholder: no request can be made with it."""
        return self.preparer.used_placeholders and any(
            is_placeholder(value) for name, value in child_context.items() if name[0] != "_"
        )

    def _sync_children(self, child_context: types.Context | None) -> None:
        if child_context is not None and self.has_placeholder_id(child_context):
            self.parents_without_id.add(child_context)
            return
        super()._sync_children(child_context)

    # --- writing whole pages: see `tap_listrak.records.pages`

    @property
    def writes_pages(self) -> bool:
        """Whether pages are encoded and written as a whole: nothing has to be done record by record."""
        if self._writes_pages is None:
            self._writes_pages = (
                self.parent_stream_type is not None
                and not self.active_children
                and not self.limited
                and self._tap.message_writer is self._tap.output
                and passes_records_through(self)
            )
        return self._writes_pages

    @property
    def takes_raw_pages(self) -> bool:
        """Whether pages stay undecoded until they are written: no row is changed or filtered before that."""
        own, base = type(self), ListrakStream
        return (
            self.writes_pages
            and self.route.collection
            and own.prepare is base.prepare
            and own.follow is base.follow
            and own.page is base.page
            and not self.chosen
        )

    def reset(self) -> None:
        """Reset what belongs to an earlier run, before another one begins."""
        super().reset()
        self._writes_pages = None

    def _write_context(self, context: Context) -> None:
        if not self.writes_pages:
            super()._write_context(context)
            return
        with self.timer:
            for step, rows in self.walk(context):
                count = self._write_page(context, step, rows)
                self.counter.increment(count)
                self._page_done(context, step, count)

    def _write_page(self, context: Context, step: Step, rows: Rows) -> int:
        """Write a page; return how many records it had."""
        ids, records = self.parent_ids(context), list(self.page(step, rows))
        structs = self.codec.converted(records) if rows.raw is None else self.codec.rows(rows.raw, ids)
        batch_config = self.get_batch_config(self.config)
        if structs is not None:
            self.on_rows(context, structs)
            if batch_config:
                self.batches(batch_config).add_page(structs)
            else:
                self._tap.output.write_lines(encode(structs, self.name, self._stream_version, utc_now()))
            return len(structs)
        if rows.raw is not None:
            # As `listrak_api` does with pages that it decodes: a null is no row.
            data = [row for row in msgspec.json.decode(rows.raw) if row is not None]
            records = self.preparer.prepare(data, ids)
        self.on_rows(context, records)
        write = self.batches(batch_config).add if batch_config else self._write_record_message
        for record in records:
            write(record)
        return len(records)

    def _page_done(self, context: Context, step: Step, count: int) -> None:
        self._tap.output.flush()
        self._tap.progress.rows(self.name, dict(self.partition(context)), count, self._ancestors, step.until)

    def _note_place(self, index: int, record: Row, step: Step, rows: Rows) -> None:
        title = record.get(self.title_key) if self.title_key else None
        place = Place(index + 1, len(rows.records), rows.cursor is not None, step.until, title)
        self._tap.progress.reached(self.name, place)

    @cached_property
    def _ancestors(self) -> tuple[str, ...]:
        """The names of the streams above this one, from the top."""
        return tuple(str(vars(one)["name"]) for one in reversed(self.lineage()[1:]))

    def _fetch(self, context: Context, step: Step) -> Rows:
        """Ask for a page; one that Listrak refuses for this list alone has no rows."""
        send = partial(self._send, context, step)
        return self._tap.refusals.sent(self, self.route.api, context, send)

    def _send(self, context: Context, step: Step) -> Rows:
        if step.attempt:
            self._tap.empty_answers.pause(self._tap.client(self.route.api), step.not_before)
        rows = self._tap.send(self, context, step.request, step.cursor)
        if step.attempt and not rows.is_empty:
            self._tap.empty_answers.note(self.name)
        if rows.raw is not None or rows.parent_deleted:
            return rows
        return Rows(self.prepare(rows.records, context, step), rows.cursor)

    def _expand(
        self, context: Context, position: Position, step: Step, rows: Rows
    ) -> Iterator[Iterable[Fetch[Rows]]]:
        if rows.refused:
            return
        for following in self.follow(context, step, rows):
            yield (self.fetch(context, position, following),)
        if self.active_children and not self._filters:
            yield self._children_of(context, position + step.order, enumerate(rows.records))

    def _children_of(
        self, context: Context, place: Position, records: Iterable[tuple[int, Row]]
    ) -> Iterator[Fetch[Rows]]:
        for index, record in records:
            child_context = self.get_child_context(record, context)
            if child_context is None or self.has_placeholder_id(child_context):
                continue
            for number, child in enumerate(self.active_children):
                if isinstance(child, ListrakStream):
                    for step in possible(child.first_steps(dict(child_context))):
                        yield child.fetch(dict(child_context), (*place, index, number), step)

    @property
    def _filters(self) -> bool:
        # A stream map may remove records, and with them their children. Its expressions are not thread safe,
        # so the writer evaluates them and announces the children of the remaining records.
        return not isinstance(self.stream_maps[0], SameRecordTransform)

    def _announce_filtered(self, context: Context, rows: Rows) -> None:
        if self.active_children and self._filters:
            keeps = self.stream_maps[0].get_filter_result
            kept = [(index, record) for index, record in enumerate(rows.records) if keeps(record)]
            self._tap.prefetcher.announce(self._children_of(context, self._row_position, kept))
