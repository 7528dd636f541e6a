"""Contacts of email lists, in both subscription states, with the profile fields that were asked for."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from listrak_api import routes
from listrak_api.errors import NotFoundError
from listrak_api.windows import Span
from tap_listrak.incremental.backfill import Backfill, digest
from tap_listrak.records.dates import parse_record_date
from tap_listrak.records.profile_fields import ProfileField, select_fields
from tap_listrak.records.schemas import EMAIL_ADDRESS, LIST_ID, date_time, integer, key, text
from tap_listrak.streams.base import ListrakStream
from tap_listrak.streams.lists import Lists
from tap_listrak.sync.steps import Rows, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from listrak_api.windows import Window
    from tap_listrak.clients import Clients
    from tap_listrak.records.profile_fields import ProfileFieldCache
    from tap_listrak.records.row import Row
    from tap_listrak.sync.context_stream import Context
    from tap_listrak.sync.empty_answers import EmptyAnswers
    from tap_listrak.sync.session import TapSession

logger = logging.getLogger("tap-listrak")

MAX_FIELDS = 30
"""How many profile fields Listrak returns with one request."""

STATES = ("Subscribed", "Unsubscribed")
VALUES = "segmentationFieldValues"
_SEEN = "_passes"
"""Member of a contact that not all passes have returned yet: the numbers of the passes that have."""


@dataclass(frozen=True, slots=True)
class ProfileFieldsRead:
    """Reads which profile fields the list has, for the steps that follow.

    Args:
        cache: The profile fields of the run.
        list_id: The list.
        doubts: Asks again for what comes empty; None where that would lose nothing.
    """

    cache: ProfileFieldCache
    list_id: int
    doubts: EmptyAnswers | None = None

    def send(self, clients: Clients, cursor: str | None) -> Rows:
        """Read groups and fields; the page's rows are `ProfileField` under the name ``field``."""
        del cursor
        fields = self.cache.fields(clients, self.list_id, self.doubts)
        return Rows([{"field": field} for field in fields])


@dataclass(frozen=True, slots=True)
class ContactsRead:
    """Reads a page of contacts in several passes, one for each 30 profile fields, and merges them by contact.

    Args:
        list_id: The list.
        params: Query parameters, without the fields.
        fields: The profile fields to read.
        count: Rows on a page.
    """

    list_id: int
    params: Mapping[str, object]
    fields: tuple[ProfileField, ...]
    count: int

    @property
    def passes(self) -> list[list[int]]:
        """The ids of the fields of each pass; one pass without ids if there are no fields."""
        ids = [field.field_id for field in self.fields]
        return [ids[start : start + MAX_FIELDS] for start in range(0, len(ids), MAX_FIELDS)] or [[]]

    def send(self, clients: Clients, cursor: str | None) -> Rows:
        """Read one page in every pass that has one left.

        Passes may return a contact on different pages, if contacts change meanwhile. Such a contact has the
        member ``_passes``, the numbers of the passes that returned it, and `Contacts` merges it later.
        """
        client, passes = clients.client("email"), self.passes
        cursors: list[Any] = [None] * len(passes) if cursor is None else json.loads(cursor)
        merged: dict[str, Row] = {}
        following: list[Any] = []
        for number, ids in enumerate(passes):
            if cursor is not None and cursors[number] is None:
                following.append(None)
                continue
            params = {**self.params, "segmentationFieldIds": ids or None}
            page = client.get_page(
                routes.CONTACTS, {"listId": self.list_id}, params, cursors[number], self.count
            )
            following.append(page.next_cursor)
            if len(passes) == 1:
                return Rows(page.rows, page.next_cursor and json.dumps(following))
            for row in page.rows:
                merge(merged, row, {number})
        records = list(merged.values())
        for record in records:
            if len(record[_SEEN]) == len(passes):
                del record[_SEEN]
        return Rows(records, json.dumps(following) if any(following) else None)


def merge(merged: dict[str, Row], row: Row, passes: set[int]) -> Row:
    """Merge a row of further passes with earlier rows of the same contact, and return the result.

    Args:
        merged: The merged rows so far, by contact. Changed in place.
        row: The row. Its values are added; everything else is the same in all passes.
        passes: The numbers of the passes that returned it.
    """
    contact = contact_of(row)
    known = merged.get(contact)
    if known is None:
        row[_SEEN] = set(passes)
        merged[contact] = row
        return row
    known[VALUES] = [*(known.get(VALUES) or []), *(row.get(VALUES) or [])]
    known[_SEEN] |= passes
    return known


def contact_of(row: Mapping[str, Any]) -> str:
    """Return what identifies a contact within a list."""
    return str(row.get("emailKey") or row.get("emailAddress"))


class Contacts(ListrakStream):
    """Stream of contacts."""

    name = "contacts"
    one_row_per = "contact of a list, subscribed or unsubscribed"
    note = (
        "Subscribed contacts by their latest subscribe date, so that resubscriptions are found; "
        "unsubscribed contacts by their unsubscribe date. Read in windows of time. No filter finds a "
        "contact that becomes pending or a changed profile value: do a full refresh now and then."
    )
    route = routes.CONTACTS
    parent_stream_type = Lists
    keys = ("listId", "emailKey")
    date_key = "subscribeDate"
    incremental = True
    properties = th.PropertiesList(
        LIST_ID,
        key("emailKey", th.StringType, "Listrak's key of the contact's address."),
        th.Property(EMAIL_ADDRESS.name, th.StringType, description=EMAIL_ADDRESS.description),
        text("universalEmailKey", "SHA-256 digest of the address."),
        text("subscriptionState", "Subscribed or Unsubscribed."),
        date_time("subscribeDate", "When the contact subscribed first."),
        date_time("resubscribeDate", "When the contact last subscribed again."),
        text("subscribeMethod", "How the contact subscribed."),
        date_time("unsubscribeDate", "When the contact unsubscribed."),
        text("unsubscribeMethod", "How the contact unsubscribed."),
        text("externalContactID", "Id of the contact in the client's own system."),
        th.Property(
            VALUES,
            th.ArrayType(
                th.ObjectType(
                    integer("segmentationFieldGroupId", "Id of the profile field's group."),
                    integer("segmentationFieldId", "Id of the profile field."),
                    text("value", "Value, as text."),
                )
            ),
            description="Profile field values as Listrak gives them, of the fields that are asked for.",
        ),
        th.Property(
            "profileFields",
            th.CustomType(
                {
                    "type": ["object", "null"],
                    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
                }
            ),
            description="The same values by field name, or `Group.Field` where several groups have the name: "
            "check boxes as booleans, numbers as numbers, dates in ISO form, the rest as text.",
        ),
    )

    def __init__(self, tap: TapSession) -> None:
        super().__init__(tap)
        self._incomplete: dict[str, Row] = {}
        self._logged_backfill = False

    def since(self, context: Mapping[str, Any]) -> datetime | None:
        """Return from when to read in this run (UTC): further back if `profile_fields` has changed."""
        again = self._backfill(context)
        if self.has_bookmark and again.due:
            return again.since(self._tap.settings.overlap)
        return super().since(context)

    def advance(self, context: Mapping[str, Any], until: datetime | None = None) -> None:
        """Move the bookmark, and remember with which profile fields contacts were read."""
        super().advance(context, until)
        bookmarks = self._tap.bookmarks
        if self.has_bookmark and not bookmarks.is_held(self.name, self.partition(context)):
            values = self._backfill(context).progress(until, bookmarks.until)
            bookmarks.remember(self.name, self.partition(context), values)

    def walk(self, context: Context) -> Iterator[tuple[Step, Rows]]:
        """Yield the pages. Log once if contacts are read again, or if loaded rows may lack profile fields."""
        settings, again = self._tap.settings, self._backfill(context)
        if self.has_bookmark and not self._logged_backfill:
            if again.due:
                self._logged_backfill = True
                logger.info("profile_fields has changed: contacts are read again, so that all rows have them")
            elif again.bookmark is None and again.setting and settings.start_date is not None:
                self._logged_backfill = True
                logger.info(
                    "Contacts that subscribed before start_date are not read. If they were loaded before "
                    "without profile fields, fill those in by one run with --full-refresh and no start_date"
                )
        yield from super().walk(context)

    def _backfill(self, context: Mapping[str, Any]) -> Backfill:
        settings, bookmarks, partition = self._tap.settings, self._tap.bookmarks, self.partition(context)
        return Backfill(
            digest(settings.profile_fields),
            bookmarks.last(self.name, partition),
            bookmarks.remembered(self.name, partition),
            settings.start_date,
        )

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Read the profile fields first, if any are wanted; otherwise begin with the first window."""
        if self._tap.settings.profile_fields == "none":
            return self._window(context, self._span(context).first(), ())
        doubts = self._tap.empty_answers if self.doubts_empty(context) and not self.limited else None
        return [Step((-1, 0, 0), ProfileFieldsRead(self._tap.fields, context["listId"], doubts))]

    def follow(self, context: Context, step: Step, rows: Rows) -> Sequence[Step]:
        """Go on with the next page; the first page of subscribed contacts also leads to the next window."""
        if isinstance(step.request, ProfileFieldsRead):
            fields = select_fields([row["field"] for row in rows.records], self._tap.settings.profile_fields)
            return self._window(context, self._span(context).first(), fields)
        steps = list(super().follow(context, step, rows))
        if step.window is not None and step.cursor is None and not step.attempt and step.order[1] == 0:
            following = self._span(context).after(step.window, empty=not rows.records)
            steps += self._window(context, following, self._fields(step))
        return steps

    def doubts_empty(self, context: Context) -> bool:
        """Return whether to ask again: also where contacts are read again for their profile fields."""
        return super().doubts_empty(context) or (self.has_bookmark and self._backfill(context).due)

    def prepare(self, data: list[Row], context: Context, step: Step) -> list[Row]:
        """Add the values by name."""
        if isinstance(step.request, ProfileFieldsRead):
            return data
        records = super().prepare(data, context, step)
        fields = {field.field_id: field for field in self._fields(step)}
        for record in records:
            record["profileFields"] = by_name(record, fields) if fields else None
        return records

    def page(self, step: Step, rows: Rows) -> Iterator[Row]:
        """Return the complete contacts. Others follow when they are complete, or after the last page."""
        if isinstance(step.request, ProfileFieldsRead):
            return
        yield from self._complete_contacts(step, rows)
        if rows.cursor is None:
            yield from self._remaining_contacts(step)

    def _complete_contacts(self, step: Step, rows: Rows) -> Iterator[Row]:
        passes = len(step.request.passes) if isinstance(step.request, ContactsRead) else 1
        for record in rows.records:
            if _SEEN not in record:
                yield record
                continue
            seen = record.pop(_SEEN)
            known = merge(self._incomplete, record, seen)
            if len(known[_SEEN]) == passes:
                del self._incomplete[contact_of(known)], known[_SEEN]
                yield self._with_named_values(known, step)

    def _remaining_contacts(self, step: Step) -> Iterator[Row]:
        """Read the missing values of contacts that changed while they were read, with one request each."""
        request = step.request
        if not isinstance(request, ContactsRead):
            return
        incomplete, self._incomplete = self._incomplete, {}
        for record in incomplete.values():
            seen = record.pop(_SEEN)
            for number, ids in enumerate(request.passes):
                if number not in seen:
                    record[VALUES] = [*(record.get(VALUES) or []), *self._missing_values(record, ids)]
            yield self._with_named_values(record, step)

    def _missing_values(self, record: Row, ids: list[int]) -> list[Row]:
        path = {"listId": record["listId"], "contactIdentifier": record["emailAddress"]}
        try:
            row = self._tap.client("email").get(routes.CONTACT, path, {"segmentationFieldIds": ids})
        except NotFoundError as error:
            if not error.is_listraks:
                raise
            return []  # deleted meanwhile
        return list(row.get(VALUES) or [])

    def _with_named_values(self, record: Row, step: Step) -> Row:
        record["profileFields"] = by_name(record, {field.field_id: field for field in self._fields(step)})
        return record

    @staticmethod
    def _fields(step: Step) -> tuple[ProfileField, ...]:
        return step.request.fields if isinstance(step.request, ContactsRead) else ()

    def _span(self, context: Context) -> Span:
        settings, bookmarks = self._tap.settings, self._tap.bookmarks
        created = parse_record_date(context.get("_created"))
        return Span(self.since(context), bookmarks.until, settings.end_date, settings.window, created)

    def _window(
        self, context: Context, window: Window | None, fields: tuple[ProfileField, ...]
    ) -> list[Step]:
        """Return the two steps of a window: subscribed contacts first, then unsubscribed ones."""
        if window is None:
            return []
        steps = []
        for number, state in enumerate(STATES):
            latest = False if state == "Subscribed" else None
            params = {
                "subscriptionState": state,
                "startDate": window.ask_from,
                "endDate": window.end,
                "useOriginalSubscribeDate": latest,
            }
            request = ContactsRead(context["listId"], params, fields, self._tap.settings.page_size)
            steps.append(Step((window.number, number, 0), request, window))
        return steps


def by_name(record: Row, fields: Mapping[int, ProfileField]) -> dict[str, object]:
    """Return a contact's values by field name, or by field id if the field was created meanwhile."""
    values = {}
    for value in record.get(VALUES) or []:
        if not isinstance(value, dict) or value.get("segmentationFieldId") is None:
            continue  # nobody can say whose value it is
        field = fields.get(value["segmentationFieldId"])
        name = field.column if field else str(value["segmentationFieldId"])
        values[name] = field.value(value.get("value")) if field else value.get("value")
    return values
