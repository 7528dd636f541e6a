"""Lists and their campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from listrak_api import routes
from tap_listrak.preflight import select_lists
from tap_listrak.records.schemas import LIST_ID, date_time, flag, integer, key, text
from tap_listrak.streams.base import ListrakStream
from tap_listrak.streams.known_ids_stream import KnownIdsStream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_sdk.helpers import types

    from tap_listrak.records.row import Row
    from tap_listrak.sync.context_stream import Context
    from tap_listrak.sync.steps import Step


class Lists(KnownIdsStream):
    """Stream of lists."""

    name = "lists"
    one_row_per = "list"
    route = routes.LISTS
    resource = routes.LIST
    chosen_by = "list_ids"
    keys = ("listId",)
    partition_names = ()
    title_key = "listName"
    properties = th.PropertiesList(
        LIST_ID,
        text("listName", "Name of the list."),
        integer("folderId", "Id of the folder that the list is in."),
        integer("ipPoolId", "Id of the pool of IP addresses that the list sends from."),
        text("bounceDomainAlias", "Domain that bounces go to."),
        text("bounceHandling", "How bounces are handled: None, Standard or Aggressive."),
        integer("bounceUnsubscribeCount", "After how many bounces a contact is unsubscribed."),
        date_time("createDate", "When the list was created."),
        flag("enableBrowserLink", "Whether messages carry a link to be seen in a browser."),
        flag("enableDoubleOptIn", "Whether subscribing needs a confirmation."),
        flag("enableDynamicContent", "Whether dynamic content can be used."),
        flag("enableGoogleAnalytics", "Whether links are tracked by Google Analytics."),
        flag("enableInternationalization", "Whether international characters can be used."),
        flag("enableListHygiene", "Whether addresses are checked by list hygiene."),
        flag("enableListRemovalHeader", "Whether messages say in their headers how to unsubscribe."),
        flag("enableListRemovalLink", "Whether messages carry a link to unsubscribe."),
        flag("enableListrakAnalytics", "Whether Listrak's own analytics are on."),
        flag("enableSpamScorePersonalization", "Whether the spam score takes personalisation into account."),
        flag("enableToNamePersonalization", "Whether the recipient's name can be personalised."),
        flag("enableUniversalEmailKeySetting", "Whether links carry the contact's universal email key."),
        text("fromEmail", "Sender's address unless a message says otherwise."),
        text("fromName", "Sender's name unless a message says otherwise."),
        th.Property(
            "googleTrackingDomains",
            th.ArrayType(th.StringType),
            description="Domains that are tracked by Google Analytics.",
        ),
        text("linkDomainAlias", "Domain of the links in messages."),
        text("mediaDomainAlias", "Not used by Listrak any more since January 2020."),
    )

    def prepare(self, data: list[Row], context: Context, step: Step) -> list[Row]:
        """Keep the chosen lists.

        Raises:
            ConfigurationError: A chosen list does not exist.
        """
        return select_lists(super().prepare(data, context, step), self._tap.settings.list_ids)

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:  # noqa: ARG002
        """Return the list's id, and when it was created."""
        return {"listId": record["listId"], "_created": record.get("createDate")}


class Campaigns(ListrakStream):
    """Stream of campaigns."""

    name = "campaigns"
    one_row_per = "campaign of a list"
    route = routes.CAMPAIGNS
    parent_stream_type = Lists
    keys = ("listId", "campaignId")
    properties = th.PropertiesList(
        LIST_ID,
        key("campaignId", th.IntegerType, "Id of the campaign."),
        text("campaignName", "Name of the campaign."),
    )
