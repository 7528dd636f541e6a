"""Helpers for schemas, and properties that several streams share.

Listrak's examples have null in every property, so every property except keys may be null.
"""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th


def key(name: str, kind: Any, description: str) -> th.Property[Any]:  # noqa: ANN401 - the SDK's type helpers
    """Describe a part of a key: required and never null."""
    return th.Property(name, kind, required=True, nullable=False, description=description)


def integer(name: str, description: str) -> th.Property[Any]:
    """Describe a whole number."""
    return th.Property(name, th.IntegerType, description=description)


def number(name: str, description: str) -> th.Property[Any]:
    """Describe a number that may have decimals."""
    return th.Property(name, th.NumberType, description=description)


def text(name: str, description: str) -> th.Property[Any]:
    """Describe a text."""
    return th.Property(name, th.StringType, description=description)


def flag(name: str, description: str) -> th.Property[Any]:
    """Describe a boolean."""
    return th.Property(name, th.BooleanType, description=description)


def date_time(name: str, description: str) -> th.Property[Any]:
    """Describe a date-time (RFC 3339, UTC)."""
    return th.Property(name, th.DateTimeType, description=description)


LIST_ID = key("listId", th.IntegerType, "Id of the list.")
MESSAGE_ID = key("messageId", th.IntegerType, "Id of the message.")
CONVERSATION_ID = key("conversationId", th.IntegerType, "Id of the conversation.")
CONVERSATION_MESSAGE_ID = key("conversationMessageId", th.IntegerType, "Id of the conversation's message.")
LINK_ID = key("linkId", th.IntegerType, "Id of the link within its message.")
EMAIL_ADDRESS = key("emailAddress", th.StringType, "Email address of the contact.")


def activity(*, send_date_is_key: bool) -> tuple[th.Property[Any], ...]:
    """Describe what one recipient did with one message.

    Args:
        send_date_is_key: Whether a contact can get the message more than once, so that the send date tells
            which.
    """
    sent = "When the message was sent to this contact."
    return (
        EMAIL_ADDRESS,
        key("sendDate", th.DateTimeType, sent) if send_date_is_key else date_time("sendDate", sent),
        date_time(
            "activityDate", "When the contact first did something with the message; null as long as nothing."
        ),
        flag("open", "Whether the contact opened the message."),
        flag("read", "Whether the contact kept the message open long enough to read it."),
        flag("click", "Whether the contact clicked a link."),
        integer("clickCount", "How many clicks the contact made."),
        flag("bounce", "Whether the message bounced."),
        text("bounceReason", "Why it bounced."),
        flag("unsubscribe", "Whether the contact unsubscribed by this message."),
        flag("abuse", "Whether the contact reported the message as abuse."),
        number("orderTotal", "Total of the orders that Listrak attributes to this message and contact."),
        date_time("visitDate", "Not filled by Listrak any more since June 2020."),
        text("externalContactID", "Id of the contact in the client's own system."),
    )


LINK = (
    LINK_ID,
    text("linkDescription", "Description of the link."),
    text("linkUrl", "Where the link leads."),
    integer("clickCount", "How often the link was clicked."),
)
"""A link in a message."""

CLICKER = (
    EMAIL_ADDRESS,
    key("clickDate", th.DateTimeType, "When the contact clicked."),
)
"""One click of one contact on one link."""

SUMMARY = (
    integer("sentCount", "How often it was sent."),
    integer("bounceCount", "How many of the sends bounced."),
    integer("openCount", "How many were opened."),
    integer("readCount", "How many were read."),
    integer("clickCount", "How many clicks there were."),
    integer("conversionCount", "How many orders are attributed to it."),
    integer("unsubscribeCount", "How many contacts unsubscribed by it."),
    integer("visitCount", "How many visits to the site came from it."),
    number("revenue", "Total of the attributed orders."),
    number("averageOrderValue", "Average of the attributed orders."),
)
"""The figures of a message's or a conversation's report."""

PASS_ALONG = integer("passAlongCount", "How often it was passed along.")

MESSAGE = (
    date_time("sendDate", "When the message was, or will be, sent."),
    text("messageStatus", "Whether the message is sent or scheduled."),
    text("subject", "Subject line."),
    integer("campaignId", "Id of the campaign that the message belongs to."),
    text("externalCampaignId", "Id of the campaign in the client's own system."),
)
"""A message as lists of messages show it."""


def for_loaders(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema for SCHEMA messages, in a form that strict loaders accept.

    Loaders on singer-python refuse an unknown ``$schema``, and several expect ``properties`` in every object.
    (In the catalog an object without known properties has no ``properties``: flattening would turn an empty
    one into no column.)
    """
    result = {name: value for name, value in schema.items() if name not in {"$schema", "$id"}}
    kinds = result.get("type", [])
    if "object" in kinds or "properties" in result:
        result["properties"] = {
            name: for_loaders(part) for name, part in (result.get("properties") or {}).items()
        }
    if isinstance(result.get("items"), dict):
        result["items"] = for_loaders(result["items"])
    return result
