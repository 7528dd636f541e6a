"""Streams with one request for each message: content and settings, and the status of the sending.

Conversation messages have no date of change. They are few, so all of them are read in each run, like their
summaries. Saved messages have such a date, and are read after a change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk import typing as th

from listrak_api import routes
from tap_listrak.records.dates import parse_record_date
from tap_listrak.records.schemas import (
    CONVERSATION_ID,
    CONVERSATION_MESSAGE_ID,
    LIST_ID,
    MESSAGE,
    MESSAGE_ID,
    PASS_ALONG,
    SUMMARY,
    date_time,
    flag,
    integer,
    text,
)
from tap_listrak.streams.account import SAVED_MESSAGE, SavedMessages
from tap_listrak.streams.base import ListrakStream
from tap_listrak.streams.conversations import ConversationMessages, ConversationStream
from tap_listrak.streams.messages import MessageReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_listrak.sync.context_stream import Context
    from tap_listrak.sync.steps import Step

CONTENT = (
    text("bodyHtml", "HTML body."),
    text("bodyText", "Text body."),
    integer("codePage", "Number of the code page that the message is written in."),
    text("fromEmail", "Sender's address."),
    text("fromName", "Sender's name."),
    text("replyEmail", "Address that replies go to."),
    text("toName", "Name that the message is addressed to."),
    flag("enablePassalong", "Whether recipients can pass the message along."),
    flag("enableTracking", "Whether opens and clicks are tracked."),
    flag("enableUniversalEmailKeySetting", "Whether links carry the contact's universal email key."),
    text("googleAnalyticsCampaignName", "Name of the campaign in Google Analytics."),
    text("googleAnalyticsCampaignContent", "Content of the campaign in Google Analytics."),
)
"""Content and settings of a broadcast message, a conversation message or a saved message."""

SAVED_AUDIENCE_ID = integer("savedAudienceId", "Id of the saved audience that chose the recipients.")

SEGMENTS = th.Property(
    "segmentsApplied",
    th.ObjectType(
        th.Property(
            "includedSegments", th.ArrayType(th.StringType), description="Segments that it was sent to."
        ),
        th.Property(
            "excludedSegments", th.ArrayType(th.StringType), description="Segments that were left out."
        ),
        additional_properties=True,
    ),
    description="The segments that chose the recipients.",
)


class MessageDetails(MessageReport):
    """Stream of message details."""

    name = "message_details"
    one_row_per = "message: its content and settings"
    note = "With each full read of the message's reports."
    route = routes.MESSAGE
    keys = ("listId", "messageId")
    properties = th.PropertiesList(
        LIST_ID,
        MESSAGE_ID,
        *MESSAGE,
        *CONTENT,
        SAVED_AUDIENCE_ID,
        SEGMENTS,
    )


class MessageStatuses(MessageReport):
    """Stream of message statuses."""

    name = "message_statuses"
    one_row_per = "message: the status of its sending"
    note = "With each full read of the message's reports."
    route = routes.MESSAGE_STATUS
    keys = ("listId", "messageId")
    properties = th.PropertiesList(
        LIST_ID,
        MESSAGE_ID,
        text("status", "State of the sending."),
        text("type", "How the message was sent."),
        integer("sendCount", "How often the message was sent."),
        date_time("startDate", "When the sending started."),
        date_time("endDate", "When the sending ended."),
    )


class ConversationMessageDetails(ConversationStream):
    """Stream of conversation message details."""

    name = "conversation_message_details"
    one_row_per = "conversation message: its content and settings"
    note = "No date shows when it was changed."
    route = routes.CONVERSATION_MESSAGE
    parent_stream_type = ConversationMessages
    keys = ("listId", "conversationId", "conversationMessageId")
    properties = th.PropertiesList(
        LIST_ID,
        CONVERSATION_ID,
        CONVERSATION_MESSAGE_ID,
        integer("messageId", "The same as conversationMessageId."),
        *MESSAGE,
        *CONTENT,
        SAVED_AUDIENCE_ID,
    )


class ConversationMessageSummaries(ConversationStream):
    """Stream of conversation message summaries."""

    name = "conversation_message_summaries"
    one_row_per = "conversation message: the figures of its report"
    route = routes.CONVERSATION_MESSAGE_SUMMARY
    parent_stream_type = ConversationMessages
    keys = ("listId", "conversationId", "conversationMessageId")
    properties = th.PropertiesList(LIST_ID, CONVERSATION_ID, CONVERSATION_MESSAGE_ID, *SUMMARY, PASS_ALONG)


class SavedMessageDetails(ListrakStream):
    """Stream of saved message details."""

    name = "saved_message_details"
    one_row_per = "saved message: its content and settings"
    note = "Of saved messages that are new or were changed since the bookmark."
    route = routes.SAVED_MESSAGE
    parent_stream_type = SavedMessages
    keys = ("listId", "savedMessageId")
    incremental = True
    properties = th.PropertiesList(LIST_ID, *SAVED_MESSAGE, *CONTENT)

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Read the saved message on the list's first run, or if it may have changed since the last one.

        The first run reads all of them, whatever `start_date` is: a template in use may be years old.
        """
        history = self.read_history(context)
        changed = history.last is None or history.is_new(parse_record_date(context["_changed"]))
        return super().first_steps(context) if changed else []
