"""All streams of the tap, parents before children, in the order in which they run.

A new stream is a class in the module of its group, with the attributes that `base.ListrakStream` lists, and
an entry in `STREAMS`. docs/architecture.md has the other places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_listrak.streams.account import (
    Content,
    ContentFolders,
    EventGroups,
    Events,
    Folders,
    IpPools,
    ProfileFieldGroups,
    ProfileFields,
    SavedAudiences,
    SavedMessages,
    SplitTestMessages,
    SplitTests,
)
from tap_listrak.streams.contacts import Contacts
from tap_listrak.streams.conversations import (
    ConversationMessageActivity,
    ConversationMessageLinkClickers,
    ConversationMessageLinks,
    ConversationMessages,
    Conversations,
    ConversationSummaries,
)
from tap_listrak.streams.custom_events import CustomEventConfigurations, CustomEventSchemas
from tap_listrak.streams.imports import (
    ListImportContacts,
    ListImports,
    ListImportStatuses,
    ListImportSummaries,
)
from tap_listrak.streams.lists import Campaigns, Lists
from tap_listrak.streams.message_details import (
    ConversationMessageDetails,
    ConversationMessageSummaries,
    MessageDetails,
    MessageStatuses,
    SavedMessageDetails,
)
from tap_listrak.streams.messages import (
    MessageActivity,
    MessageLinkClickers,
    MessageLinks,
    Messages,
    MessageSummaries,
)
from tap_listrak.streams.sms import (
    PhoneListContactDetails,
    PhoneListContacts,
    PhoneLists,
    PhoneListSubscriptions,
    SenderCodes,
    SmsOptOuts,
    SmsProfileFields,
    SmsTransactionalMessages,
)
from tap_listrak.streams.transactional import TransactionalMessageActivity, TransactionalMessages

if TYPE_CHECKING:
    from tap_listrak.streams.base import ListrakStream

STREAMS: tuple[type[ListrakStream], ...] = (
    Lists,
    Campaigns,
    Contacts,
    ProfileFieldGroups,
    ProfileFields,
    Events,
    EventGroups,
    SavedAudiences,
    SavedMessages,
    SavedMessageDetails,
    SplitTests,
    SplitTestMessages,
    ListImports,
    ListImportStatuses,
    ListImportSummaries,
    ListImportContacts,
    Messages,
    MessageDetails,
    MessageStatuses,
    MessageActivity,
    MessageLinks,
    MessageLinkClickers,
    MessageSummaries,
    Conversations,
    ConversationMessages,
    ConversationMessageDetails,
    ConversationMessageActivity,
    ConversationMessageLinks,
    ConversationMessageLinkClickers,
    ConversationMessageSummaries,
    ConversationSummaries,
    TransactionalMessages,
    TransactionalMessageActivity,
    Folders,
    IpPools,
    ContentFolders,
    Content,
    SenderCodes,
    PhoneLists,
    PhoneListContacts,
    PhoneListSubscriptions,
    PhoneListContactDetails,
    SmsTransactionalMessages,
    SmsOptOuts,
    SmsProfileFields,
    CustomEventConfigurations,
    CustomEventSchemas,
)
"""Every stream. Children of one parent run in this order."""
