"""Conversations (automated series), their messages and their reports.

Conversations keep sending, so they never settle. Small streams are read in full, activity and clickers from
the bookmark on.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from listrak_api import routes
from tap_listrak.records.dates import parse_record_date
from tap_listrak.records.schemas import (
    CLICKER,
    CONVERSATION_ID,
    CONVERSATION_MESSAGE_ID,
    LINK,
    LINK_ID,
    LIST_ID,
    MESSAGE,
    MESSAGE_ID,
    SUMMARY,
    activity,
    date_time,
    integer,
    text,
)
from tap_listrak.streams.base import ListrakStream
from tap_listrak.streams.lists import Lists

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from singer_sdk.helpers import types

    from tap_listrak.records.row import Row
    from tap_listrak.sync.context_stream import Context
    from tap_listrak.sync.steps import Rows, Step


FEW = 20
"""A page with at least this many recipients almost certainly has one without activity."""
ZONES_APART = timedelta(days=1)
"""More than the difference between the wall times of any two zones."""


class ConversationStream(ListrakStream):
    """A stream of conversations. If conversations or messages are chosen by id, it has no bookmarks."""

    @property
    def read_by_id(self) -> bool:
        """Whether conversations or their messages were chosen by id."""
        settings = self._tap.settings
        return bool(settings.conversation_ids or settings.conversation_message_ids)


class Conversations(ConversationStream):
    """Stream of conversations."""

    name = "conversations"
    one_row_per = "conversation of a list"
    route = routes.CONVERSATIONS
    parent_stream_type = Lists
    chosen_by = "conversation_ids"
    keys = ("listId", "conversationId")
    properties = th.PropertiesList(
        LIST_ID,
        CONVERSATION_ID,
        text("conversationName", "Name of the conversation."),
        integer("campaignId", "Id of the campaign that the conversation belongs to."),
        date_time("expirationDate", "When the conversation ends."),
        text("status", "Whether the conversation is active."),
    )

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:
        """Return the conversation's ids."""
        return {"listId": (context or {})["listId"], "conversationId": record["conversationId"], "_": None}


class ConversationMessages(ConversationStream):
    """Stream of conversation messages."""

    name = "conversation_messages"
    one_row_per = "message of a conversation"
    route = routes.CONVERSATION_MESSAGES
    parent_stream_type = Conversations
    chosen_by = "conversation_message_ids"
    keys = ("listId", "conversationId", "messageId")
    properties = th.PropertiesList(LIST_ID, CONVERSATION_ID, MESSAGE_ID, *MESSAGE)

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Read the messages, those of previous versions too if that is set."""
        previous = self._tap.settings.include_previous_versions or None
        return [self.step((0,), context, {"includePreviousVersions": previous})]

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:
        """Return the message's ids."""
        return {**(context or {}), "conversationMessageId": record["messageId"]}


class ConversationMessageActivity(ConversationStream):
    """Stream of conversation message activity."""

    name = "conversation_message_activity"
    one_row_per = "send of a conversation message"
    note = (
        "By send date, from the bookmark less the activity window: the API has no filter by activity date"
        " here."
    )
    route = routes.CONVERSATION_MESSAGE_ACTIVITY
    parent_stream_type = ConversationMessages
    keys = ("listId", "conversationId", "conversationMessageId", "emailAddress", "sendDate")
    date_key = "sendDate"
    incremental = True
    asks_back = True
    properties = th.PropertiesList(
        LIST_ID, CONVERSATION_ID, CONVERSATION_MESSAGE_ID, *activity(send_date_is_key=True)
    )

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Read the sends since the bookmark less the activity window; without a bookmark, all of them.

        It is not documented whether Listrak filters by send date or by activity date. By activity date, a
        query with a start date would omit recipients without activity. On a first run no row would show that,
        so it has no start date.
        """
        return [self.step((0, 0), context, {"startDate": self._from(context), "endDate": self._end})]

    def follow(self, context: Context, step: Step, rows: Rows) -> Sequence[Step]:
        """Go on with the next page, or read in full if Listrak filters by activity date.

        A row that was sent before the start shows that, or a page without a row that has no activity.
        """
        start = self._from(context)
        if step.order[0] == 0 and (start or self._end):
            by_activity = start is not None and _sent_before(rows, start)
            if by_activity or (step.cursor is None and _active_only(rows, FEW if start else 0)):
                return [self.step((1, 0), context)]
        return super().follow(context, step, rows)

    def prepare(self, data: list[Row], context: Context, step: Step) -> list[Row]:
        """Leave out rows before `start_date` or after `end_date`, if the query had no such limits."""
        records = super().prepare(data, context, step)
        start = None if self.read_by_id else self._tap.settings.start_date
        if step.order[0] == 0 and self._from(context) is not None:
            return records  # `follow` looks at what was sent before the start
        return [record for record in records if _within(record, start, self._end)]

    @property
    def _end(self) -> datetime | None:
        return self._tap.settings.end_date

    def _from(self, context: Context) -> datetime | None:
        since = self.since(context)
        return None if since == self._tap.settings.start_date else self.with_lookback(since)


class ConversationMessageLinks(ConversationStream):
    """Stream of conversation message links."""

    name = "conversation_message_links"
    one_row_per = "link of a conversation message"
    route = routes.CONVERSATION_MESSAGE_LINKS
    parent_stream_type = ConversationMessages
    chosen_by = "link_ids"
    keys = ("listId", "conversationId", "conversationMessageId", "linkId")
    properties = th.PropertiesList(LIST_ID, CONVERSATION_ID, CONVERSATION_MESSAGE_ID, *LINK)

    @property
    def chosen(self) -> frozenset[int]:
        """The chosen links, if messages are chosen by id too; otherwise bookmarks would skip other links."""
        return super().chosen if self.read_by_id else frozenset()

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:
        """Return the link's ids, and how often it was clicked."""
        return {**(context or {}), "linkId": record["linkId"], "_clicks": record.get("clickCount")}


class ConversationMessageLinkClickers(ConversationStream):
    """Stream of conversation message link clickers."""

    name = "conversation_message_link_clickers"
    one_row_per = "click on a conversation message's link"
    note = "By click date from the bookmark."
    route = routes.CONVERSATION_MESSAGE_LINK_CLICKERS
    parent_stream_type = ConversationMessageLinks
    keys = ("listId", "conversationId", "conversationMessageId", "linkId", "emailAddress", "clickDate")
    path_names = {"conversationMessageLinkId": "linkId"}  # noqa: RUF012 - a ClassVar of the base
    date_key = "clickDate"
    incremental = True
    properties = th.PropertiesList(LIST_ID, CONVERSATION_ID, CONVERSATION_MESSAGE_ID, LINK_ID, *CLICKER)

    def doubts_empty(self, context: Context) -> bool:
        """Return whether to ask again for clicks: not where the link says that it has none."""
        return context["_clicks"] != 0 and super().doubts_empty(context)

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Read the clicks since the bookmark."""
        query = {"startDate": self.since(context), "endDate": self._tap.settings.end_date}
        return [self.step((0,), context, query)]


class ConversationSummaries(ConversationStream):
    """Stream of conversation summaries."""

    name = "conversation_summaries"
    one_row_per = "conversation: the figures of its report"
    route = routes.CONVERSATION_SUMMARY
    parent_stream_type = Conversations
    keys = ("listId", "conversationId")
    properties = th.PropertiesList(
        LIST_ID, CONVERSATION_ID, *SUMMARY, integer("deliveredCount", "How many of the sends were delivered.")
    )


def _sent_before(rows: Rows, start: datetime) -> bool:
    """Return whether rows were sent before the start, by more than time zones can explain.

    Smaller differences count only if all rows have activity: the dates may be of another zone than
    `timezone`, and Listrak may read the start in another zone.
    """
    sent = [
        when for record in rows.records if (when := parse_record_date(record.get("sendDate"))) is not None
    ]
    far = any(when < start - ZONES_APART for when in sent)
    return far or (_active_only(rows, 1) and any(when < start for when in sent))


def _active_only(rows: Rows, at_least: int) -> bool:
    """Return whether all rows of a page have activity, so that others may have been omitted."""
    return len(rows.records) >= at_least and all(record.get("activityDate") for record in rows.records)


def _within(record: Row, start: datetime | None, end: datetime | None) -> bool:
    sent = parse_record_date(record.get("sendDate"))
    return sent is None or ((start is None or sent >= start) and (end is None or sent <= end))
