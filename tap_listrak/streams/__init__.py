"""All streams of the tap, parents before children, in the order in which they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_listrak.streams.conversations import (
    ConversationMessageActivity,
    ConversationMessageLinkClickers,
    ConversationMessageLinks,
    ConversationMessages,
    Conversations,
    ConversationSummaries,
)
from tap_listrak.streams.lists import Campaigns, Lists
from tap_listrak.streams.messages import (
    MessageActivity,
    MessageLinkClickers,
    MessageLinks,
    Messages,
    MessageSummaries,
)

if TYPE_CHECKING:
    from tap_listrak.streams.base import ListrakStream

STREAMS: tuple[type[ListrakStream], ...] = (
    Lists,
    Campaigns,
    Messages,
    MessageActivity,
    MessageLinks,
    MessageLinkClickers,
    MessageSummaries,
    Conversations,
    ConversationMessages,
    ConversationMessageActivity,
    ConversationMessageLinks,
    ConversationMessageLinkClickers,
    ConversationSummaries,
)
"""Every stream. Children of one parent run in this order."""
