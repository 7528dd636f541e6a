"""Streams whose ids are kept in the state, so that a short answer is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tap_listrak.incremental.bookmarks import Partition, partition_of
from tap_listrak.records.preparer import is_placeholder
from tap_listrak.streams.base import ListrakStream
from tap_listrak.sync.known_ids import KnownIds, warn_of_short_answer
from tap_listrak.sync.steps import Rows, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers import types

    from listrak_api.routes import Route
    from tap_listrak.records.row import Row
    from tap_listrak.sync.context_stream import Context
    from tap_listrak.sync.session import TapSession


class KnownIdsStream(ListrakStream):
    """A parent collection (lists, sender codes, phone lists). Rows that an answer omits are looked up by id.

    See `tap_listrak.sync.known_ids`.
    """

    resource: ClassVar[Route]
    """The operation that reads one row by its id."""

    def __init__(self, tap: TapSession) -> None:
        super().__init__(tap)
        self._with_children: set[Partition] = set()

    def reset(self) -> None:
        """Forget what belongs to an earlier run, before another one begins."""
        super().reset()
        self._with_children = set()

    def prepare(self, data: list[Row], context: Context, step: Step) -> list[Row]:
        """Leave out rows that come again on the same page: of two the later one counts."""
        own, records = self.keys[-1], super().prepare(data, context, step)
        distinct = {record[own]: record for record in records}
        if len(distinct) == len(records):
            return records
        return [one for one in records if is_placeholder(one[own]) or distinct[one[own]] is one]

    def _sync_children(self, child_context: types.Context | None) -> None:
        """Read what is below a row; of one that comes again on a later page it was read before."""
        ids = partition_of({name: value for name, value in (child_context or {}).items() if name[0] != "_"})
        if ids in self._with_children and not self.has_placeholder_id(child_context or {}):
            return
        if ids is not None:
            self._with_children.add(ids)
        super()._sync_children(child_context)

    def walk(self, context: Context) -> Iterator[tuple[Step, Rows]]:
        """Yield the pages in order, then the rows that they omit, as one more page."""
        own, found = self.keys[-1], set[int]()
        step: Step | None = None
        for step, rows in super().walk(context):
            found.update(row[own] for row in rows.records)
            yield step, rows
        if step is None or self.limited:
            return
        known = KnownIds(self._tap, self.name, self.keys, context)
        chosen = getattr(self._tap.settings, self.chosen_by) if self.chosen_by else ()
        rows_left_out, refused = known.look_up(self.resource, known.missing(found, chosen))
        last = Step((*step.order[:-1], step.order[-1] + 1), step.request)
        records = self.prepare(rows_left_out, context, last) if rows_left_out else []
        left_out = [int(record[own]) for record in records]
        if left_out or (refused and found):
            warn_of_short_answer(self.name, sorted([*left_out, *refused]))
        if left_out or refused:
            for stream in self.subtree():
                stream.partially_read = True
        if records:
            self._row_position = self._position + last.order
            yield last, Rows(records)
        if self._tap.settings.reads_by_id:
            return  # such a run does not change the state
        known.save({one for one in (*found, *left_out, *refused) if one}, narrowed=bool(chosen))
