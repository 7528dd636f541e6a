"""Broadcast messages and their reports."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from listrak_api import routes
from listrak_api.windows import Span, Window
from tap_listrak.incremental.refresh_policy import ReadScope
from tap_listrak.records.dates import parse_record_date
from tap_listrak.records.schemas import (
    CLICKER,
    LINK,
    LINK_ID,
    LIST_ID,
    MESSAGE,
    MESSAGE_ID,
    PASS_ALONG,
    SUMMARY,
    activity,
)
from tap_listrak.streams.base import ListrakStream
from tap_listrak.streams.lists import Lists

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from singer_sdk.helpers import types

    from tap_listrak.sync.context_stream import Context
    from tap_listrak.sync.steps import Rows, Step


SENDING = timedelta(days=2)
"""The longest time between a message's send date and the one of its last recipient, generously."""


class Messages(ListrakStream):
    """Stream of messages."""

    name = "messages"
    one_row_per = "broadcast message of a list"
    note = (
        "By send date: messages sent since the bookmark, and again all messages that have not settled, "
        "because their status changes. Read in windows of time, within a window in Listrak's order."
    )
    route = routes.MESSAGES
    parent_stream_type = Lists
    chosen_by = "message_ids"
    keys = ("listId", "messageId")
    date_key = "sendDate"
    incremental = True
    properties = th.PropertiesList(LIST_ID, MESSAGE_ID, *MESSAGE)

    @property
    def read_by_id(self) -> bool:
        """Whether messages were chosen by id (``message_ids``)."""
        return bool(self._tap.settings.message_ids)

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Begin with the first window. Messages that are chosen by id have one window for all of time."""
        if self.read_by_id:
            return [self._step(context, Window(0, None, None, self._tap.settings.window, last=True))]
        window = self._span(context).first()
        return [] if window is None else [self._step(context, window)]

    def follow(self, context: Context, step: Step, rows: Rows) -> Sequence[Step]:
        """Go on with the next page; the first page of a window also leads to the next window."""
        steps = list(super().follow(context, step, rows))
        if step.window is not None and step.cursor is None and not step.attempt:
            following = self._span(context).after(step.window, empty=not rows.records)
            if following is not None:
                steps.append(self._step(context, following))
        return steps

    def walk(self, context: Context) -> Iterator[tuple[Step, Rows]]:
        """Yield the pages in order. Reconcile the activity of a page's messages before any bookmark moves."""
        activity = next((one for one in self.active_children if isinstance(one, MessageActivity)), None)
        for taken in super().walk(context):
            yield taken
            if activity is not None:
                self._tap.reconciliation.compare_and_reread(activity)
        if activity is not None:
            self._tap.bookmarks.release(activity.name, activity.partition(context))

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:
        """Return the message's ids, and when it was sent."""
        return {
            "listId": (context or {})["listId"],
            "messageId": record["messageId"],
            "_sent": record.get("sendDate"),
        }

    def _span(self, context: Context) -> Span:
        """Return the time to read: from the earliest bookmark of the subtree, less the look-back."""
        settings, bookmarks = self._tap.settings, self._tap.bookmarks
        return Span(
            self.with_lookback(self.earliest(context)),
            bookmarks.until,
            settings.end_date,
            settings.window,
            parse_record_date(context.get("_created")),
        )

    def _step(self, context: Context, window: Window) -> Step:
        tests = self._tap.settings.include_test_messages or self.read_by_id or None
        params = {"startDate": window.ask_from, "endDate": window.end, "includeTestMessages": tests}
        return self.step((window.number, 0), context, params, window)


class MessageReport(ListrakStream):
    """Child records of a message: read in full when the message is new or passes a refresh age."""

    parent_stream_type: type[ListrakStream] = Messages
    incremental = True

    @property
    def read_by_id(self) -> bool:
        """Whether messages were chosen by id (``message_ids``)."""
        return bool(self._tap.settings.message_ids)

    def read_scope(self, context: Mapping[str, Any]) -> ReadScope:
        """Return what to read of one message."""
        policy = self._tap.settings.policy
        return policy.report_scope(
            parse_record_date(context["_sent"]), self.read_history(context), self._tap.bookmarks.until
        )

    def scheduled(self, context: Mapping[str, Any]) -> bool:
        """Return whether a message is not sent yet, so that there can be no activity."""
        sent = parse_record_date(context["_sent"])
        return sent is not None and sent > self._tap.bookmarks.until

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Read the whole report if it is due."""
        return [self.step((0,), context)] if self.read_scope(context) is ReadScope.ALL else []


class MessageActivity(MessageReport):
    """Stream of message activity."""

    name = "message_activity"
    one_row_per = "recipient of a message"
    note = (
        "In full for a message that is new or passes a refresh age; in between, the rows that became "
        "active since the bookmark (dateType=Activity)."
    )
    route = routes.MESSAGE_ACTIVITY
    keys = ("listId", "messageId", "emailAddress")
    date_key = "activityDate"
    properties = th.PropertiesList(LIST_ID, MESSAGE_ID, *activity(send_date_is_key=False))

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Read all of the activity, or the rows that became active since the bookmark."""
        if self.scheduled(context):
            return []
        scope, end = self.read_scope(context), self._tap.settings.end_date
        if scope is ReadScope.SINCE:
            query = {"dateType": "Activity", "startDate": self.since(context), "endDate": end}
            return [self.step((0,), context, query)]
        sent = parse_record_date(context["_sent"])
        if end is not None and sent is not None and sent + SENDING < end:
            end = None  # all rows are earlier; it would only omit rows without a date
        return [self.step((0,), context, {"endDate": end})] if scope is ReadScope.ALL else []

    def doubts_empty(self, context: Context) -> bool:
        """Return whether to ask again for a report without rows; where the summary tells, that decides.

        What became active since the bookmark comes again with the whole report, at the end of the window at
        the latest.
        """
        whole = self.read_scope(context) is ReadScope.ALL
        return whole and not self._tap.reconciliation.on and super().doubts_empty(context)

    def walk(self, context: Context) -> Iterator[tuple[Step, Rows]]:
        """Yield the pages in order. Activity that is read in full is compared with the message's summary."""
        reconciliation = self._tap.reconciliation
        compared = reconciliation.on and not self.limited and self.read_scope(context) is ReadScope.ALL
        reconciliation.begin_message(counts=compared)
        yield from super().walk(context)
        if self.was_refused:
            reconciliation.begin_message(counts=False)
        reconciliation.end_message(context)

    def on_rows(self, context: Mapping[str, Any], rows: Sequence[Any]) -> None:  # noqa: ARG002 - as inherited
        """Count the rows."""
        self._tap.reconciliation.count_rows(rows)


class MessageLinks(MessageReport):
    """Stream of message links."""

    name = "message_links"
    one_row_per = "link of a message"
    note = "In full with each full read of the message's reports, and whenever the clickers need the links."
    route = routes.MESSAGE_LINKS
    chosen_by = "link_ids"
    keys = ("listId", "messageId", "linkId")
    properties = th.PropertiesList(LIST_ID, MESSAGE_ID, *LINK)

    @property
    def chosen(self) -> frozenset[int]:
        """The chosen links, if messages are chosen by id too; otherwise bookmarks would skip other links."""
        return super().chosen if self.read_by_id else frozenset()

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Read the links if they are due, or if clickers need them."""
        due = self.selected and self.read_scope(context) is ReadScope.ALL
        wanted = due or any(
            isinstance(child, MessageLinkClickers) and child.click_scope(context) is not ReadScope.NONE
            for child in self.active_children
        )
        return [self.step((0,), context)] if wanted else []

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:
        """Return the link's ids, how often it was clicked, and when its message was sent."""
        return {**(context or {}), "linkId": record["linkId"], "_clicks": record.get("clickCount")}


class MessageLinkClickers(MessageReport):
    """Stream of message link clickers."""

    name = "message_link_clickers"
    one_row_per = "click on a link"
    note = "By click date from the bookmark, until the message has settled."
    route = routes.MESSAGE_LINK_CLICKERS
    parent_stream_type = MessageLinks
    keys = ("listId", "messageId", "linkId", "emailAddress", "clickDate")
    path_names = {"messageLinkId": "linkId"}  # noqa: RUF012 - a ClassVar of the base
    date_key = "clickDate"
    properties = th.PropertiesList(LIST_ID, MESSAGE_ID, LINK_ID, *CLICKER)

    def doubts_empty(self, context: Context) -> bool:
        """Return whether to ask again for clicks: not where the link says that it has none."""
        return context["_clicks"] != 0 and super().doubts_empty(context)

    def click_scope(self, context: Mapping[str, Any]) -> ReadScope:
        """Return which clicks of one message to read."""
        if self.scheduled(context):
            return ReadScope.NONE
        return self._tap.settings.policy.event_scope(
            parse_record_date(context["_sent"]), self.read_history(context)
        )

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Read all clicks of a new message, otherwise those since the bookmark."""
        scope = self.click_scope(context)
        if scope is ReadScope.NONE:
            return []
        since = self.since(context) if scope is ReadScope.SINCE else None
        return [self.step((0,), context, {"startDate": since, "endDate": self._tap.settings.end_date})]


class MessageSummaries(MessageReport):
    """Stream of message summaries."""

    name = "message_summaries"
    one_row_per = "message: the figures of its report"
    note = "With each full read of the message's reports."
    route = routes.MESSAGE_SUMMARY
    keys = ("listId", "messageId")
    properties = th.PropertiesList(LIST_ID, MESSAGE_ID, *SUMMARY, PASS_ALONG)

    def on_rows(self, context: Mapping[str, Any], rows: Sequence[Any]) -> None:
        """Keep the summary for the comparison with the activity."""
        self._tap.reconciliation.keep_summary(context, rows)
