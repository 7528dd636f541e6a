"""Every route of Listrak that the tap and the target use, and what Listrak's specs say about it.

All reads of the APIs are here, and the writes that the target needs. Of the routes that send messages to
people only the transactional sends are here; the target calls them if a destination has `allow_sending`.
Broadcasts, resends, and deletions of lists, fields and campaigns are left out on purpose: a route that is not
here cannot be called by mistake.

Logs and errors name a route by its template, never by the filled path: paths hold addresses and phone
numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from listrak_api.errors import RequestRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

Api = Literal["email", "sms", "data", "cross_channel", "privacy"]
Method = Literal["GET", "POST", "PUT", "DELETE"]

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, eq=False)
class Route:
    """One operation of Listrak's API.

    Args:
        method: The HTTP method.
        template: The path below the API's base, with the specs' own parameter names: ``/List/{listId}``.
        area: The areas (scopes) that the integration needs, joined by ``" + "``; empty where the specs name
            none.
        api: Which of the five APIs, and so which integration.
        collection: Whether the answer is a collection; else it is one resource.
        paged: Whether the specs declare ``cursor`` and ``count``. A cursor that comes back is followed in
            any case.
        params: The other query parameters that the specs declare, separated by spaces.

    Attributes:
        path_names: The names of the path's parameters, in order.
        query_names: The names of all query parameters that the route takes.
    """

    method: Method
    template: str
    area: str = ""
    api: Api = "email"
    collection: bool = False
    paged: bool = False
    params: str = ""
    path_names: tuple[str, ...] = field(init=False)
    query_names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Derive the parameter names."""
        object.__setattr__(self, "path_names", tuple(_PLACEHOLDER.findall(self.template)))
        paging = ("cursor", "count") if self.paged else ()
        object.__setattr__(self, "query_names", frozenset((*self.params.split(), *paging)))

    def __str__(self) -> str:
        """Return method and template, for example ``GET /sms/v1/ShortCode``: safe to log."""
        return f"{self.method} {self.base}{self.template}"

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas that the integration needs, for example ``("List", "Message")``."""
        return tuple(self.area.split(" + ")) if self.area else ()

    @property
    def base(self) -> str:
        """The API's base path, for example ``/email/v1``."""
        return f"/{self.api.replace('_', '')}/v1"

    @property
    def repeatable(self) -> bool:
        """Whether sending the request twice is the same as sending it once: true of reads only."""
        return self.method == "GET"

    def path(self, ids: Mapping[str, object]) -> str:
        """Fill the template: base path included, every value quoted so that it stays one segment.

        Args:
            ids: The path's parameters by the specs' names. Other names are ignored, so that a parent's entire
                context may be given.

        Returns:
            The path, for example ``/email/v1/List/7/Contact/a%40b.example``. Never log it.

        Raises:
            KeyError: A parameter of the path is missing: a programming error.
            RequestRefusedError: A value is empty, ``.`` or ``..``: no HTTP client sends such a segment
                unchanged, so the request would reach another route. Nothing is sent.
        """
        return self.base + _PLACEHOLDER.sub(
            lambda match: self._segment(match[1], ids[match[1]]), self.template
        )

    def _segment(self, name: str, value: object) -> str:
        text = str(value)
        if text in {"", ".", ".."}:
            text = f"{self} was not sent"
            why = f"{name} is empty or consists of dots only"
            raise RequestRefusedError(text, status=400, code="ERROR_INVALID_PARAMETER", message=why)
        return quote(text, safe="")


_LIST = "/List/{listId}"
_SENDER_CODE = "/ShortCode/{senderCodeId}"
_MESSAGE = _LIST + "/Message/{messageId}"
_SPLIT_TEST = _LIST + "/SplitTest/{splitTestId}"
_IMPORT = _LIST + "/ListImport/{importFileId}"
_CONVERSATION = _LIST + "/Conversation/{conversationId}"
_SMS_CONTACT = _SENDER_CODE + "/Contact/{phoneNumber}"
_PHONE_LIST = _SENDER_CODE + "/PhoneList/{phoneListId}"
_MESSAGE_LINK = _MESSAGE + "/Link/{messageLinkId}"
_TRANSACTIONAL = _LIST + "/TransactionalMessage/{transactionalMessageId}"
_GROUP = _LIST + "/SegmentationFieldGroup/{segmentationFieldGroupId}"
_CONVERSATION_MESSAGE = _CONVERSATION + "/Message/{conversationMessageId}"
_CONVERSATION_LINK = _CONVERSATION_MESSAGE + "/Link/{conversationMessageLinkId}"

# --- email
CONTENTS = Route("GET", "/Content", "Message", collection=True)
CONTENT = Route("GET", "/Content/{contentId}", "Message")
CONTENT_FOLDERS = Route("GET", "/ContentFolder", "Message", collection=True)
FOLDERS = Route("GET", "/Folder", "List", collection=True)
FOLDER = Route("GET", "/Folder/{folderId}", "List")
IP_POOLS = Route("GET", "/IpPool", "", collection=True)
LISTS = Route("GET", "/List", "List", collection=True)
CREATE_LIST = Route("POST", "/List", "List")
LIST = Route("GET", _LIST, "List")
CAMPAIGNS = Route("GET", _LIST + "/Campaign", "List + Message", collection=True)
CAMPAIGN = Route("GET", _LIST + "/Campaign/{campaignId}", "List + Message")
CONTACTS = Route(
    "GET",
    _LIST + "/Contact",
    "List + Contact",
    collection=True,
    paged=True,
    params="subscriptionState externalContactId segmentationFieldIds startDate endDate"
    " useOriginalSubscribeDate",
)
SAVE_CONTACT = Route(
    "POST",
    _LIST + "/Contact",
    "List + Contact",
    params="eventIds overrideUnsubscribe subscribedByContact sendDoubleOptIn updateType newEmailAddress",
)
SAVE_CONTACT_FIELD_VALUES = Route("POST", _LIST + "/Contact/SegmentationField", "List + Contact")
CONTACT = Route(
    "GET", _LIST + "/Contact/{contactIdentifier}", "List + Contact", params="segmentationFieldIds"
)
CONVERSATIONS = Route("GET", _LIST + "/Conversation", "List", collection=True)
CONVERSATION = Route("GET", _CONVERSATION, "List")
CONVERSATION_MESSAGES = Route(
    "GET",
    _CONVERSATION + "/Message",
    "List + Message",
    collection=True,
    paged=True,
    params="includePreviousVersions",
)
CONVERSATION_MESSAGE = Route("GET", _CONVERSATION_MESSAGE, "List + Message")
CONVERSATION_MESSAGE_ACTIVITY = Route(
    "GET",
    _CONVERSATION_MESSAGE + "/Activity",
    "List + Message + Report",
    collection=True,
    paged=True,
    params="activityType startDate endDate",
)
CONVERSATION_MESSAGE_LINKS = Route(
    "GET", _CONVERSATION_MESSAGE + "/Link", "List + Message + Report", collection=True, paged=True
)
CONVERSATION_MESSAGE_LINK = Route("GET", _CONVERSATION_LINK, "List + Message + Report")
CONVERSATION_MESSAGE_LINK_CLICKERS = Route(
    "GET",
    _CONVERSATION_LINK + "/Clicker",
    "List + Message + Report",
    collection=True,
    paged=True,
    params="startDate endDate",
)
CONVERSATION_MESSAGE_SUMMARY = Route("GET", _CONVERSATION_MESSAGE + "/Summary", "List + Message + Report")
CONVERSATION_SUMMARY = Route("GET", _CONVERSATION + "/Summary", "List + Report")
EVENTS = Route("GET", _LIST + "/Event", "List + Event", collection=True)
CREATE_EVENT = Route("POST", _LIST + "/Event", "List + Event")
EVENT = Route("GET", _LIST + "/Event/{eventId}", "List + Event")
EVENT_GROUPS = Route("GET", _LIST + "/EventGroup", "List + Event", collection=True)
EVENT_GROUP = Route("GET", _LIST + "/EventGroup/{eventGroupId}", "List + Event")
LIST_IMPORTS = Route(
    "GET", _LIST + "/ListImport", "List + Contact", collection=True, paged=True, params="startDate endDate"
)
START_LIST_IMPORT = Route("POST", _LIST + "/ListImport", "List + Contact")
LIST_IMPORT = Route("GET", _IMPORT, "List + Contact")
LIST_IMPORT_CONTACTS = Route(
    "GET", _IMPORT + "/Contact", "List + Contact + Report", collection=True, paged=True
)
LIST_IMPORT_STATUS = Route("GET", _IMPORT + "/Status", "List + Contact + Report")
LIST_IMPORT_SUMMARY = Route("GET", _IMPORT + "/Summary", "List + Contact + Report")
MESSAGES = Route(
    "GET",
    _LIST + "/Message",
    "List + Message",
    collection=True,
    paged=True,
    params="startDate endDate includeTestMessages",
)
MESSAGE = Route("GET", _MESSAGE, "List + Message")
MESSAGE_ACTIVITY = Route(
    "GET",
    _MESSAGE + "/Activity",
    "List + Message + Report",
    collection=True,
    paged=True,
    params="activityType dateType startDate endDate emailAddress",
)
MESSAGE_LINKS = Route("GET", _MESSAGE + "/Link", "List + Message + Report", collection=True, paged=True)
MESSAGE_LINK = Route("GET", _MESSAGE_LINK, "List + Message + Report")
MESSAGE_LINK_CLICKERS = Route(
    "GET",
    _MESSAGE_LINK + "/Clicker",
    "List + Message + Report",
    collection=True,
    paged=True,
    params="startDate endDate",
)
MESSAGE_STATUS = Route("GET", _MESSAGE + "/Status", "List + Message + Report")
MESSAGE_SUMMARY = Route("GET", _MESSAGE + "/Summary", "List + Message + Report")
SAVED_AUDIENCES = Route("GET", _LIST + "/SavedAudience", "List", collection=True)
SAVED_MESSAGES = Route("GET", _LIST + "/SavedMessage", "List + Message", collection=True)
SAVED_MESSAGE = Route("GET", _LIST + "/SavedMessage/{savedMessageId}", "List + Message")
SEGMENTATION_FIELD_GROUPS = Route(
    "GET", _LIST + "/SegmentationFieldGroup", "List + Segmentation", collection=True
)
CREATE_SEGMENTATION_FIELD_GROUP = Route("POST", _LIST + "/SegmentationFieldGroup", "List + Segmentation")
SEGMENTATION_FIELD_GROUP = Route("GET", _GROUP, "List + Segmentation")
SEGMENTATION_FIELDS = Route("GET", _GROUP + "/SegmentationField", "List + Segmentation", collection=True)
CREATE_SEGMENTATION_FIELD = Route("POST", _GROUP + "/SegmentationField", "List + Segmentation")
SEGMENTATION_FIELD = Route("GET", _GROUP + "/SegmentationField/{segmentationFieldId}", "List + Segmentation")
SPLIT_TESTS = Route(
    "GET", _LIST + "/SplitTest", "List + Message", collection=True, paged=True, params="startDate endDate"
)
SPLIT_TEST = Route("GET", _SPLIT_TEST, "List + Message")
SPLIT_TEST_MESSAGES = Route("GET", _SPLIT_TEST + "/Message", "List + Message", collection=True)
TRANSACTIONAL_MESSAGES = Route("GET", _LIST + "/TransactionalMessage", "List + Message", collection=True)
TRANSACTIONAL_MESSAGE = Route("GET", _TRANSACTIONAL, "List + Message")
SEND_TRANSACTIONAL_MESSAGE = Route("POST", _TRANSACTIONAL + "/Message", "List + Message")
TRANSACTIONAL_MESSAGE_ACTIVITY = Route(
    "GET",
    _TRANSACTIONAL + "/Activity",
    "List + Message + Report",
    collection=True,
    paged=True,
    params="activityType dateType startDate endDate emailAddress",
)

# --- sms
SENDER_CODES = Route("GET", "/ShortCode", "", api="sms", collection=True)
SENDER_CODE = Route("GET", _SENDER_CODE, "", api="sms")
UPDATE_SMS_CONTACT = Route("PUT", _SENDER_CODE + "/Contact", "", api="sms")
SMS_CONTACT = Route("GET", _SMS_CONTACT, "", api="sms")
SMS_CONTACT_PHONE_LISTS = Route(
    "GET", _SMS_CONTACT + "/PhoneList", "", api="sms", collection=True, paged=True
)
SUBSCRIBE_SMS_CONTACT = Route("POST", _SMS_CONTACT + "/PhoneList/{phoneListId}", "", api="sms")
START_SMS_CONTACT_IMPORT = Route("POST", _SENDER_CODE + "/ContactImport", "", api="sms")
SMS_CONTACT_IMPORT = Route("GET", _SENDER_CODE + "/ContactImport/{importFileId}", "", api="sms")
UNSUBSCRIBE_SMS_CONTACT = Route(
    "DELETE", _SENDER_CODE + "/ContactUnsubscribe/{phoneNumber}/PhoneList/{phoneListId}", "", api="sms"
)
SMS_OPT_OUTS = Route(
    "GET", _SENDER_CODE + "/OptOut", "", api="sms", collection=True, paged=True, params="startDate endDate"
)
PHONE_LISTS = Route(
    "GET", _SENDER_CODE + "/PhoneList", "", api="sms", collection=True, paged=True, params="status"
)
PHONE_LIST = Route("GET", _PHONE_LIST, "", api="sms")
PHONE_LIST_CONTACTS = Route(
    "GET",
    _PHONE_LIST + "/Contact",
    "",
    api="sms",
    collection=True,
    paged=True,
    params="optedOut startSubscribeDate endSubscribeDate",
)
CREATE_PHONE_LIST_CONTACT = Route("POST", _PHONE_LIST + "/Contact", "", api="sms")
SMS_TRANSACTIONAL_MESSAGES = Route(
    "GET", _PHONE_LIST + "/TransactionalMessage", "", api="sms", collection=True
)
SMS_TRANSACTIONAL_MESSAGE = Route(
    "GET", _PHONE_LIST + "/TransactionalMessage/{transactionalMessageId}", "", api="sms"
)
SEND_SMS_TRANSACTIONAL_MESSAGE = Route(
    "POST", _PHONE_LIST + "/TransactionalMessage/{transactionalMessageId}/Message", "", api="sms"
)
SMS_SEGMENTATION_FIELDS = Route("GET", _SENDER_CODE + "/SegmentationField", "", api="sms", collection=True)
SMS_SEGMENTATION_FIELD = Route(
    "GET", _SENDER_CODE + "/SegmentationField/{segmentationFieldId}", "", api="sms"
)

# --- data
IMPORT_CUSTOMERS = Route("POST", "/Customer", "Customer", api="data")
IMPORT_ORDERS = Route("POST", "/Order", "Order", api="data")
IMPORT_PRODUCTS = Route("POST", "/Product", "Product", api="data")
IMPORT_RATING_SUMMARIES = Route("POST", "/RatingSummary", "Review", api="data")
IMPORT_REVIEWS = Route("POST", "/Review", "Review", api="data")

# --- cross channel
CUSTOM_EVENTS = Route("GET", "/eventConfigurations", api="cross_channel", collection=True)
CUSTOM_EVENT = Route("GET", "/eventConfigurations/{eventUID}", api="cross_channel")
POST_CUSTOM_EVENTS = Route("POST", "/eventConfigurations/{eventUID}/events", api="cross_channel")

# --- privacy
FORGET = Route("POST", "/Forget", api="privacy")
FORGET_REQUEST = Route("GET", "/Forget/{requestId}", api="privacy")
