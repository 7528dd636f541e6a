"""Lists, and what belongs to a list as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from listrak_api import routes
from listrak_api.errors import ConfigurationError
from tap_listrak.fields import check
from tap_listrak.schemas import LIST_ID, flag, integer, key, moment, text
from tap_listrak.streams.base import ListrakStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from singer_sdk.helpers import types

    from tap_listrak.requests import Row, Rows, Step
    from tap_listrak.sdk import Context


class Lists(ListrakStream):
    """One row per list. Key: listId. Read whole each run. Source: GET /List."""

    name = "lists"
    route = routes.LISTS
    keys = ("listId",)
    partition_names = ()
    properties = th.PropertiesList(
        LIST_ID,
        text("listName", "Name of the list."),
        integer("folderId", "Id of the folder that the list is in."),
        integer("ipPoolId", "Id of the pool of IP addresses that the list sends from."),
        text("bounceDomainAlias", "Domain that bounces go to."),
        text("bounceHandling", "How bounces are handled: None, Standard or Aggressive."),
        integer("bounceUnsubscribeCount", "After how many bounces a contact is unsubscribed."),
        moment("createDate", "When the list was made."),
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
        return choose(super().prepare(data, context, step), self._tap.settings.list_ids)

    def walk(self, context: Context) -> Iterator[tuple[Step, Rows]]:
        """Take the lists, and make sure that every chosen profile field exists on one of them.

        A misspelt field must stop the run here: later, contacts would be read and their bookmark moved
        without it.

        Raises:
            ConfigurationError: A chosen profile field exists on no list.
        """
        for step, rows in super().walk(context):
            wanted = self._tap.settings.profile_fields
            if not isinstance(wanted, str) and self._tap.streams["contacts"].selected:
                ids = [int(record["listId"]) for record in rows.records]
                check({list_id: self._tap.fields.fields(self._tap, list_id) for list_id in ids}, wanted)
            yield step, rows

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:  # noqa: ARG002
        """Give the list's id, and since when it exists."""
        return {"listId": record["listId"], "_created": record.get("createDate")}


class Campaigns(ListrakStream):
    """One row per campaign of a list. Key: listId, campaignId. Read whole each run.

    Source: GET /List/{listId}/Campaign.
    """

    name = "campaigns"
    route = routes.CAMPAIGNS
    parent_stream_type = Lists
    keys = ("listId", "campaignId")
    properties = th.PropertiesList(
        LIST_ID,
        key("campaignId", th.IntegerType, "Id of the campaign."),
        text("campaignName", "Name of the campaign."),
    )


def choose(lists: list[Row], wanted: tuple[int | str, ...]) -> list[Row]:
    """Return the lists that a setting names, in Listrak's order: all of them if it names none.

    A number is an id. A text is a name, regardless of case, or an id if no list has that name.

    Raises:
        ConfigurationError: One of them does not exist, or a name is not unique; the text lists what there is.
    """
    if not wanted:
        return lists
    chosen = {_choose(lists, one) for one in wanted}
    return [record for record in lists if record["listId"] in chosen]


def _choose(lists: list[Row], one: int | str) -> int:
    wanted = str(one).strip().casefold()
    found = []
    if isinstance(one, str):
        found = [record for record in lists if str(record.get("listName")).strip().casefold() == wanted]
    found = found or [record for record in lists if str(record["listId"]) == wanted]
    if len(found) == 1:
        return int(found[0]["listId"])
    there_is = ", ".join(f"{record['listId']} ({record.get('listName')})" for record in lists) or "none"
    problem = "names several lists; use the id" if found else "is not a list of this account"
    message = f"list_ids: {one!r} {problem}"
    raise ConfigurationError(message, setting="list_ids", hint=f"There are: {there_is}.")
