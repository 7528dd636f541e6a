"""Transactional messages (such as order confirmations) and the activity of each send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from listrak_api import routes
from listrak_api.windows import MARGIN
from tap_listrak.records.schemas import LIST_ID, activity, integer, key, text
from tap_listrak.streams.base import ListrakStream
from tap_listrak.streams.lists import Lists

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from singer_sdk.helpers import types

    from tap_listrak.records.row import Row
    from tap_listrak.sync.context_stream import Context
    from tap_listrak.sync.steps import Step

TRANSACTIONAL_MESSAGE_ID = key("transactionalMessageId", th.IntegerType, "Id of the transactional message.")
NO_RESEND_KEY = "none"
"""The value in the key of a send without a resend key. It must be the same whenever the row is read."""


class TransactionalMessages(ListrakStream):
    """Stream of transactional messages."""

    name = "transactional_messages"
    one_row_per = "transactional message of a list"
    route = routes.TRANSACTIONAL_MESSAGES
    parent_stream_type = Lists
    keys = ("listId", "transactionalMessageId")
    properties = th.PropertiesList(
        LIST_ID,
        TRANSACTIONAL_MESSAGE_ID,
        text("transactionalMessageName", "Name of the transactional message."),
        text("subject", "Subject line."),
        integer("campaignId", "Id of the campaign that the message belongs to."),
        text("externalCampaignId", "Id of the campaign in the client's own system."),
    )

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:
        """Return the message's ids."""
        return {
            "listId": (context or {})["listId"],
            "transactionalMessageId": record["transactionalMessageId"],
        }


class TransactionalMessageActivity(ListrakStream):
    """Stream of transactional message activity."""

    name = "transactional_message_activity"
    one_row_per = "send of a transactional message"
    note = (
        "By slices of send date: sends since the last run and sends that pass a refresh age are read in "
        "full; of the other unsettled sends, those that became active since the bookmark "
        "(dateType=Activity)."
    )
    route = routes.TRANSACTIONAL_MESSAGE_ACTIVITY
    parent_stream_type = TransactionalMessages
    keys = ("listId", "transactionalMessageId", "emailAddress", "sendDate", "resendKey")
    date_key = "sendDate"
    incremental = True
    properties = th.PropertiesList(
        LIST_ID,
        TRANSACTIONAL_MESSAGE_ID,
        *activity(send_date_is_key=True),
        key(
            "resendKey",
            th.StringType,
            f"Key by which the send can be repeated; {NO_RESEND_KEY!r} where it has none.",
        ),
    )

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Read each slice that is due, then the rows that became active."""
        since, settings, last = self.since(context), self._tap.settings, self.read_history(context).last
        if last is None or since is None or since == settings.start_date:
            return [self.step((0, 0), context, {"startDate": since, "endDate": settings.end_date})]
        slices = settings.policy.slices(since, last, self._tap.bookmarks.until)
        steps = [
            # It is not documented whether filters include their ends.
            self.step(
                (number, 0), context, {"startDate": start - MARGIN, "endDate": end or settings.end_date}
            )
            for number, (start, end) in enumerate(slices)
        ]
        if not settings.policy.every_run:  # else the slices have everything that has not settled
            query = {"dateType": "Activity", "startDate": since, "endDate": settings.end_date}
            steps.append(self.step((len(slices), 0), context, query))
        return steps

    def prepare(self, data: list[Row], context: Context, step: Step) -> list[Row]:
        """Give every send a resend key."""
        return super().prepare(
            [row if row.get("resendKey") else {**row, "resendKey": NO_RESEND_KEY} for row in data],
            context,
            step,
        )
