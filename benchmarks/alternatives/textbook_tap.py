"""A tap as the SDK's documentation and template teach to write one: the SDK does the work, nothing is tuned.

What a developer would have after a day with Singer SDK's guide, for the streams that the fan-out job reads.
It runs in an environment of its own, with the same version of the SDK as this project's tap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import OAuthAuthenticator
from singer_sdk.pagination import JSONPathPaginator

if TYPE_CHECKING:
    from singer_sdk.helpers.types import Context, Record


class ListrakAuthenticator(OAuthAuthenticator):
    """Client credentials."""

    @property
    def oauth_request_body(self) -> dict[str, Any]:
        """The token request's form."""
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }


class ListrakStream(RESTStream[str]):
    """What the streams share."""

    records_jsonpath = "$.data[*]"
    page_size: int | None = 5000

    @property
    def url_base(self) -> str:
        """The API's base."""
        return f"{self.config['api_url']}/email/v1"

    @property
    def authenticator(self) -> ListrakAuthenticator:
        """One authenticator for all streams."""
        return self._tap.authenticator  # type: ignore[attr-defined, no-any-return]  # of this tap

    def get_new_paginator(self) -> JSONPathPaginator:
        """Follow the cursor."""
        return JSONPathPaginator("$.nextPageCursor")

    def get_url_params(self, context: Context | None, next_page_token: str | None) -> dict[str, Any]:
        """Ask for a page."""
        del context
        params: dict[str, Any] = {"count": self.page_size} if self.page_size else {}
        if next_page_token:
            params["cursor"] = next_page_token
        return params


class Lists(ListrakStream):
    """The lists."""

    name = "lists"
    path = "/List"
    primary_keys = ("listId",)
    schema = th.PropertiesList(
        th.Property("listId", th.IntegerType),
        th.Property("listName", th.StringType),
        th.Property("createDate", th.DateTimeType),
    ).to_dict()

    def get_child_context(self, record: Record, context: Context | None) -> dict[str, Any]:
        """Give the list's id to what hangs on it."""
        del context
        return {"listId": record["listId"]}


class Messages(ListrakStream):
    """The messages of a list."""

    name = "messages"
    path = "/List/{listId}/Message"
    parent_stream_type = Lists
    primary_keys = ("listId", "messageId")
    schema = th.PropertiesList(
        th.Property("listId", th.IntegerType),
        th.Property("messageId", th.IntegerType),
        th.Property("sendDate", th.DateTimeType),
        th.Property("messageStatus", th.StringType),
        th.Property("campaignId", th.IntegerType),
        th.Property("externalCampaignId", th.StringType),
        th.Property("subject", th.StringType),
    ).to_dict()

    def get_child_context(self, record: Record, context: Context | None) -> dict[str, Any]:
        """Give the message's ids to what hangs on it."""
        return {"listId": (context or {})["listId"], "messageId": record["messageId"]}


class MessageActivity(ListrakStream):
    """The recipients of a message."""

    name = "message_activity"
    path = "/List/{listId}/Message/{messageId}/Activity"
    parent_stream_type = Messages
    primary_keys = ("listId", "messageId", "emailAddress")
    schema = th.PropertiesList(
        th.Property("listId", th.IntegerType),
        th.Property("messageId", th.IntegerType),
        th.Property("abuse", th.BooleanType),
        th.Property("activityDate", th.DateTimeType),
        th.Property("bounce", th.BooleanType),
        th.Property("bounceReason", th.StringType),
        th.Property("click", th.BooleanType),
        th.Property("clickCount", th.IntegerType),
        th.Property("emailAddress", th.StringType),
        th.Property("open", th.BooleanType),
        th.Property("orderTotal", th.NumberType),
        th.Property("read", th.BooleanType),
        th.Property("sendDate", th.DateTimeType),
        th.Property("unsubscribe", th.BooleanType),
        th.Property("visitDate", th.DateTimeType),
        th.Property("externalContactID", th.StringType),
    ).to_dict()


class MessageLinks(ListrakStream):
    """The links of a message."""

    name = "message_links"
    path = "/List/{listId}/Message/{messageId}/Link"
    parent_stream_type = Messages
    primary_keys = ("listId", "messageId", "linkId")
    schema = th.PropertiesList(
        th.Property("listId", th.IntegerType),
        th.Property("messageId", th.IntegerType),
        th.Property("linkId", th.IntegerType),
        th.Property("linkDescription", th.StringType),
        th.Property("linkUrl", th.StringType),
        th.Property("clickCount", th.IntegerType),
    ).to_dict()

    def get_child_context(self, record: Record, context: Context | None) -> dict[str, Any]:
        """Give the link's ids to its clickers."""
        return {**(context or {}), "linkId": record["linkId"]}


class MessageLinkClickers(ListrakStream):
    """The clicks on a link."""

    name = "message_link_clickers"
    path = "/List/{listId}/Message/{messageId}/Link/{linkId}/Clicker"
    parent_stream_type = MessageLinks
    primary_keys = ("listId", "messageId", "linkId", "emailAddress", "clickDate")
    schema = th.PropertiesList(
        th.Property("listId", th.IntegerType),
        th.Property("messageId", th.IntegerType),
        th.Property("linkId", th.IntegerType),
        th.Property("emailAddress", th.StringType),
        th.Property("clickDate", th.DateTimeType),
    ).to_dict()


class MessageSummaries(ListrakStream):
    """The figures of a message."""

    name = "message_summaries"
    path = "/List/{listId}/Message/{messageId}/Summary"
    records_jsonpath = "$.data"
    page_size = None
    parent_stream_type = Messages
    primary_keys = ("listId", "messageId")
    schema = th.PropertiesList(
        th.Property("listId", th.IntegerType),
        th.Property("messageId", th.IntegerType),
        th.Property("averageOrderValue", th.NumberType),
        th.Property("bounceCount", th.IntegerType),
        th.Property("clickCount", th.IntegerType),
        th.Property("conversionCount", th.IntegerType),
        th.Property("openCount", th.IntegerType),
        th.Property("passAlongCount", th.IntegerType),
        th.Property("readCount", th.IntegerType),
        th.Property("revenue", th.NumberType),
        th.Property("sentCount", th.IntegerType),
        th.Property("unsubscribeCount", th.IntegerType),
        th.Property("visitCount", th.IntegerType),
    ).to_dict()


class TextbookTap(Tap):
    """The tap."""

    name = "tap-textbook"
    config_jsonschema = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("auth_url", th.StringType, required=True),
        th.Property("client_id", th.StringType, required=True),
        th.Property("client_secret", th.StringType, required=True, secret=True),
    ).to_dict()

    _authenticator: ListrakAuthenticator | None = None

    @property
    def authenticator(self) -> ListrakAuthenticator:
        """The authenticator that all streams share."""
        if self._authenticator is None:
            self._authenticator = ListrakAuthenticator(
                client_id=self.config["client_id"],
                client_secret=self.config["client_secret"],
                auth_endpoint=self.config["auth_url"],
            )
        return self._authenticator

    def discover_streams(self) -> list[ListrakStream]:
        """All streams."""
        kinds = (Lists, Messages, MessageActivity, MessageLinks, MessageLinkClickers, MessageSummaries)
        return [kind(self) for kind in kinds]


if __name__ == "__main__":
    TextbookTap.cli()
