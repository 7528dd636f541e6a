"""Small collections of the account and of lists, read in full in each run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from listrak_api import routes
from tap_listrak.records.dates import parse_record_date
from tap_listrak.records.schemas import LIST_ID, MESSAGE_ID, date_time, flag, integer, key, text
from tap_listrak.streams.base import ListrakStream
from tap_listrak.streams.lists import Lists

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from singer_sdk.helpers import types

    from tap_listrak.sync.context_stream import Context
    from tap_listrak.sync.steps import Step

FIELD_GROUP_ID = key("segmentationFieldGroupId", th.IntegerType, "Id of the profile field group.")
SPLIT_TEST_ID = key("splitTestId", th.IntegerType, "Id of the split test.")

SAVED_MESSAGE = (
    key("savedMessageId", th.IntegerType, "Id of the saved message."),
    text("savedMessageName", "Name of the saved message."),
    text("subject", "Subject line."),
    integer("campaignId", "Id of the campaign that the message belongs to."),
    text("externalCampaignId", "Id of the campaign in the client's own system."),
    date_time("createDate", "When the message was saved first."),
    date_time("lastModifiedDate", "When the message was last changed."),
)
"""The properties of a saved message in the collection of saved messages."""


class Folders(ListrakStream):
    """Stream of folders."""

    name = "folders"
    one_row_per = "folder that lists are kept in"
    route = routes.FOLDERS
    keys = ("folderId",)
    partition_names = ()
    properties = th.PropertiesList(
        key("folderId", th.IntegerType, "Id of the folder."),
        text("folderName", "Name of the folder."),
    )


class IpPools(ListrakStream):
    """Stream of IP pools."""

    name = "ip_pools"
    one_row_per = "pool of IP addresses"
    route = routes.IP_POOLS
    keys = ("ipPoolId",)
    partition_names = ()
    properties = th.PropertiesList(
        key("ipPoolId", th.IntegerType, "Id of the pool of IP addresses."),
        text("ipPoolDescription", "Description of the pool."),
    )


class ContentFolders(ListrakStream):
    """Stream of content folders."""

    name = "content_folders"
    one_row_per = "folder of the content library"
    note = "A record's listId is the list that the folder belongs to; null for a folder of the account."
    route = routes.CONTENT_FOLDERS
    keys = ("contentFolderId",)
    partition_names = ()
    properties = th.PropertiesList(
        key("contentFolderId", th.IntegerType, "Id of the content folder."),
        integer("listId", "Id of the list that the folder belongs to; null for a folder of the account."),
        integer("parentFolderId", "Id of the folder that it lies in; null at the top."),
        text("folderName", "Name of the folder."),
    )


class Content(ListrakStream):
    """Stream of content."""

    name = "content"
    one_row_per = "block of the content library"
    route = routes.CONTENTS
    keys = ("contentId",)
    partition_names = ()
    properties = th.PropertiesList(
        key("contentId", th.IntegerType, "Id of the content block."),
        integer("contentFolderId", "Id of the content folder that it lies in."),
        text("contentName", "Name of the content block."),
        text("textContent", "Its plain text."),
        text("htmlContent", "Its HTML."),
        text("contentType", "DynamicContent or SavedContent."),
        flag("contentReadOnly", "Whether it cannot be changed because live dynamic content uses it."),
        date_time("lastModifiedDate", "When it was last changed."),
    )


class ProfileFieldGroups(ListrakStream):
    """Stream of profile field groups."""

    name = "profile_field_groups"
    one_row_per = "group of profile fields of a list"
    route = routes.SEGMENTATION_FIELD_GROUPS
    parent_stream_type = Lists
    keys = ("listId", "segmentationFieldGroupId")
    properties = th.PropertiesList(
        LIST_ID,
        FIELD_GROUP_ID,
        text("segmentationFieldGroupName", "Name of the profile field group."),
        integer("position", "Place of the group among the list's groups."),
    )

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:
        """Return the group's ids."""
        return {
            "listId": (context or {})["listId"],
            "segmentationFieldGroupId": record["segmentationFieldGroupId"],
        }


class ProfileFields(ListrakStream):
    """Stream of profile fields."""

    name = "profile_fields"
    one_row_per = "profile field of a list"
    route = routes.SEGMENTATION_FIELDS
    parent_stream_type = ProfileFieldGroups
    keys = ("listId", "segmentationFieldGroupId", "segmentationFieldId")
    properties = th.PropertiesList(
        LIST_ID,
        FIELD_GROUP_ID,
        key("segmentationFieldId", th.IntegerType, "Id of the profile field."),
        text("segmentationFieldName", "Name of the profile field."),
        text(
            "dataType",
            "Type of the field: Text, Numeric, RadioButton, CheckBox, CommentArea, Date or ContentBlock.",
        ),
        integer("maxLength", "How many characters a value may have."),
        integer("position", "Place of the field within its group."),
    )


class Events(ListrakStream):
    """Stream of events."""

    name = "events"
    one_row_per = "event of a list"
    route = routes.EVENTS
    parent_stream_type = Lists
    keys = ("listId", "eventId")
    properties = th.PropertiesList(
        LIST_ID,
        key("eventId", th.IntegerType, "Id of the event."),
        text("eventName", "Name of the event."),
        integer("eventGroupId", "Id of the group that the event belongs to."),
        text("status", "Whether the event is Active or Blocked."),
    )


class EventGroups(ListrakStream):
    """Stream of event groups."""

    name = "event_groups"
    one_row_per = "group of events of a list"
    route = routes.EVENT_GROUPS
    parent_stream_type = Lists
    keys = ("listId", "eventGroupId")
    properties = th.PropertiesList(
        LIST_ID,
        key("eventGroupId", th.IntegerType, "Id of the event group."),
        text("eventGroupName", "Name of the event group."),
    )


class SavedAudiences(ListrakStream):
    """Stream of saved audiences."""

    name = "saved_audiences"
    one_row_per = "saved audience of a list"
    route = routes.SAVED_AUDIENCES
    parent_stream_type = Lists
    keys = ("listId", "savedAudienceId")
    properties = th.PropertiesList(
        LIST_ID,
        key("savedAudienceId", th.IntegerType, "Id of the saved audience."),
        text("name", "Name of the saved audience."),
        date_time("lastModified", "When the saved audience was last changed."),
    )


class SavedMessages(ListrakStream):
    """Stream of saved messages."""

    name = "saved_messages"
    one_row_per = "saved message of a list"
    route = routes.SAVED_MESSAGES
    parent_stream_type = Lists
    keys = ("listId", "savedMessageId")
    properties = th.PropertiesList(
        LIST_ID,
        *SAVED_MESSAGE,
    )

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:
        """Return the saved message's ids, and when it was changed."""
        return {
            "listId": (context or {})["listId"],
            "savedMessageId": record["savedMessageId"],
            "_changed": record.get("lastModifiedDate"),
        }


class SplitTests(ListrakStream):
    """Stream of split tests."""

    name = "split_tests"
    one_row_per = "split test of a list"
    note = "Tests end later than they start, so no date filter finds them."
    route = routes.SPLIT_TESTS
    parent_stream_type = Lists
    keys = ("listId", "splitTestId")
    properties = th.PropertiesList(
        LIST_ID,
        SPLIT_TEST_ID,
        text("splitTestName", "Name of the split test."),
        date_time("startDate", "When the test started."),
        date_time("endDate", "When the test ended, or will end."),
        text("status", "State of the test."),
        text("testCriteria", "What is tested, such as the subject line."),
        text("testType", "Whether the winner is sent to the rest of the recipients."),
        text("winnerMetric", "The figure that decides who wins."),
    )

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Read the tests up to `end_date`."""
        return [self.step((0,), context, {"endDate": self._tap.settings.end_date})]

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:
        """Return the test's ids, and when it ended."""
        return {
            "listId": (context or {})["listId"],
            "splitTestId": record["splitTestId"],
            "_ended": record.get("endDate"),
        }


class SplitTestMessages(ListrakStream):
    """Stream of split test messages."""

    name = "split_test_messages"
    one_row_per = "message of a split test"
    note = "Until the test has ended and its messages, including the winner, have settled."
    route = routes.SPLIT_TEST_MESSAGES
    parent_stream_type = SplitTests
    keys = ("listId", "splitTestId", "messageId")
    incremental = True
    asks_back = True
    properties = th.PropertiesList(
        LIST_ID,
        SPLIT_TEST_ID,
        MESSAGE_ID,
        text("messageStatus", "Whether the message is scheduled, sending, sent or not ready."),
        text("messageType", "Whether it is the message of a test group or the one for the rest."),
        text("groupName", "Name of the test group."),
        integer(
            "segmentSize", "Share of the recipients, in percent, that get it; null for the rest's message."
        ),
    )

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Read the messages unless the test settled before the bookmark: old tests cost no requests."""
        if self._tap.settings.policy.settled(
            parse_record_date(context["_ended"]), self.read_history(context).last
        ):
            return []
        return super().first_steps(context)
