"""SMS: sender codes, their phone lists, and the contacts on them.

Listrak's paths call a sender code ``ShortCode``. Nothing here has a date of change (contacts leave lists, opt
out and opt in again, profile values change). So everything is read in full, with a version by which loaders
remove contacts that left.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from singer_sdk import typing as th

from listrak_api import routes
from listrak_api.errors import ConfigurationError, NotFoundError, RequestRefusedError
from tap_listrak.preflight import DISABLED_CODES
from tap_listrak.records.schemas import date_time, flag, integer, key, text
from tap_listrak.streams.base import ListrakStream
from tap_listrak.streams.known_ids_stream import KnownIdsStream
from tap_listrak.sync.steps import Read, Rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from singer_sdk.helpers import types

    from listrak_api.phone_forms import NumberForm
    from listrak_api.windows import Window
    from tap_listrak.clients import Clients
    from tap_listrak.records.row import Row
    from tap_listrak.sync.context_stream import Context
    from tap_listrak.sync.steps import Order, Step

logger = logging.getLogger("tap-listrak")

SENDER_CODE_ID = key("senderCodeId", th.IntegerType, "Id of the sender code.")
PHONE_LIST_ID = key("phoneListId", th.IntegerType, "Id of the phone list.")
PHONE_NUMBER = key(
    "phoneNumber", th.StringType, "The contact's phone number, in the form in which Listrak keeps it."
)
SMS_CONTACT = (
    text("emailAddress", "Email address of the contact."),
    text("firstName", "First name."),
    text("lastName", "Last name."),
    date_time("birthday", "Birthday: the beginning of the day in the setting timezone."),
    text("postalCode", "Postal code."),
    flag("optedOut", "Whether the contact has opted out of the sender code."),
    th.Property(
        "segmentationFieldValues",
        th.ArrayType(
            th.ObjectType(
                integer("segmentationFieldId", "Id of the SMS profile field."),
                text("value", "The contact's value."),
                additional_properties=True,
            )
        ),
        description="The contact's values of SMS profile fields.",
    ),
)
"""The properties of a contact in the SMS API."""


class SmsStream(ListrakStream):
    """A stream of the SMS API."""

    partition_names: ClassVar[tuple[str, ...]] = ("senderCodeId",)

    def _send(self, context: Context, step: Step) -> Rows:
        """Request a page. Disabled sender codes and phone lists have no rows and do not end the run."""
        try:
            return super()._send(context, step)
        except RequestRefusedError as refusal:
            if refusal.code not in DISABLED_CODES:
                raise
            ids = ", ".join(
                f"{name} {context[name]}" for name in ("senderCodeId", "phoneListId") if name in context
            )
            self._tap.warnings.add(
                f"{self.name} of %d cannot be read: Listrak answers {refusal.code} (%s). Rows that were "
                "loaded before are kept",
                ids,
            )
            for stream in self.subtree():
                stream.partially_read = True
            return Rows([])


class SenderCodes(SmsStream, KnownIdsStream):
    """Stream of sender codes."""

    name = "sender_codes"
    one_row_per = "sender code"
    note = (
        "The id is in two columns: senderCodeId, which all other streams use, and its name in the API, "
        "shortCodeId."
    )
    route = routes.SENDER_CODES
    resource = routes.SENDER_CODE
    chosen_by = "sender_code_ids"
    keys = ("senderCodeId",)
    partition_names = ()
    properties = th.PropertiesList(
        SENDER_CODE_ID,
        integer("shortCodeId", "Id of the sender code, by its name in the API."),
        text("code", "The sender code itself."),
        text("country", "Country of the sender code (ISO 3166-1 alpha-2)."),
        text("merchantName", "Name of the merchant."),
        integer("emailListId", "Id of the email list that the sender code is tied to."),
        text("emailListName", "Name of that email list."),
        integer("externalEventId", "Id of the external event that the sender code is tied to."),
        text("externalEventName", "Name of that event."),
        *(
            one
            for subject, what in (
                ("phoneNumber", "phone number"),
                ("acquisitionSource", "acquisition source"),
            )
            for one in (
                integer(
                    f"{subject}SegmentationFieldGroupId",
                    f"Id of the profile field group that keeps the {what}.",
                ),
                text(
                    f"{subject}SegmentationFieldGroupName",
                    f"Name of the profile field group that keeps the {what}.",
                ),
                integer(f"{subject}SegmentationFieldId", f"Id of the profile field that keeps the {what}."),
                text(f"{subject}SegmentationFieldName", f"Name of the profile field that keeps the {what}."),
            )
        ),
    )

    def prepare(self, data: list[Row], context: Context, step: Step) -> list[Row]:
        """Add the id under the name that all other streams use."""
        return super().prepare(
            [{**row, "senderCodeId": row.get("shortCodeId")} for row in data], context, step
        )

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:  # noqa: ARG002
        """Return the sender code's id."""
        return {"senderCodeId": record["senderCodeId"]}


class PhoneLists(SmsStream, KnownIdsStream):
    """Stream of phone lists."""

    name = "phone_lists"
    one_row_per = "phone list, active or not"
    route = routes.PHONE_LISTS
    resource = routes.PHONE_LIST
    parent_stream_type = SenderCodes
    chosen_by = "phone_list_ids"
    keys = ("senderCodeId", "phoneListId")
    properties = th.PropertiesList(
        SENDER_CODE_ID,
        PHONE_LIST_ID,
        text("phoneListName", "Name of the phone list."),
        date_time("createDate", "When the phone list was created."),
        text("status", "Whether the phone list is active."),
        text("smsListType", "Type of the phone list."),
        integer("messageLimit", "Not used by Listrak any more since May 2021."),
        text("messageLimitTimeFrame", "Not used by Listrak any more since May 2021."),
        flag("requireDoubleOptIn", "Whether subscribing needs a confirmation."),
        flag("requireAgeGate", "Whether subscribing needs an answer about one's age."),
    )

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Read the active phone lists, then the inactive ones."""
        return [
            self.step((number, 0), context, {"status": status})
            for number, status in enumerate(("active", "inactive"))
        ]

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:
        """Return the phone list's ids."""
        return {"senderCodeId": (context or {})["senderCodeId"], "phoneListId": record["phoneListId"]}


class PhoneListContacts(SmsStream):
    """Stream of phone list contacts."""

    name = "phone_list_contacts"
    one_row_per = "contact of a phone list, opted out or not"
    route = routes.PHONE_LIST_CONTACTS
    parent_stream_type = PhoneLists
    keys = ("senderCodeId", "phoneListId", "phoneNumber")
    properties = th.PropertiesList(SENDER_CODE_ID, PHONE_LIST_ID, PHONE_NUMBER, *SMS_CONTACT)

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Read the contacts that have not opted out, then those that have."""
        end = self._tap.settings.end_date
        return [
            self.step((number, 0), context, {"optedOut": opted_out, "endSubscribeDate": end})
            for number, opted_out in enumerate((False, True))
        ]

    def get_child_context(self, record: types.Record, context: types.Context | None) -> Mapping[str, Any]:
        """Return the contact's ids."""
        return {**(context or {}), "phoneNumber": record["phoneNumber"]}


@dataclass(frozen=True, slots=True)
class ReadByNumber:
    """Reads a resource or collection of one phone number, in the form of number that Listrak's paths need.

    Args:
        read: The request, with the number as Listrak wrote it in its answers.
        form: The form, shared by the whole run.
    """

    read: Read
    form: NumberForm

    def send(self, clients: Clients, cursor: str | None) -> Rows:
        """Return the page at a cursor.

        Raises:
            ListrakError: What the client raises.
        """
        ids = self.read.ids
        return self.form.call(
            str(ids["phoneNumber"]),
            lambda number: replace(self.read, ids={**ids, "phoneNumber": number}).send(clients, cursor),
        )


class PhoneNumberStream(SmsStream):
    """A stream with a request for each phone number."""

    parent_stream_type: type[ListrakStream] = PhoneListContacts
    needs = "include_phone_contact_details"

    def step(
        self,
        order: Order,
        context: Mapping[str, Any],
        params: Mapping[str, object] | None = None,
        window: Window | None = None,
    ) -> Step:
        """Return a step that finds the number in either form."""
        step = super().step(order, context, params, window)
        read = cast("Read", step.request)
        return replace(step, request=ReadByNumber(read, self._tap.phone_path_form))

    def _send(self, context: Context, step: Step) -> Rows:
        """Request a page. A contact that was deleted meanwhile has no rows.

        Raises:
            ConfigurationError: No number was found so far, so the form of numbers is wrong.
        """
        try:
            return super()._send(context, step)
        except NotFoundError as error:
            if not error.is_listraks:
                raise
            if not self._tap.phone_path_form.explains(str(context["phoneNumber"])):
                self._tap.warnings.add(
                    f"{self.name}: contacts of %d phone lists were deleted while they were being read (%s)",
                    str(context["phoneListId"]),
                )
                return Rows([])
            message = (
                f"{self.name}: Listrak does not find a number that it listed for sender code "
                f"{context['senderCodeId']}, with or without country code ({error.code or 'HTTP 404'})"
            )
            hint = "Set phone_path_form to the form that your account takes, or choose other sender_code_ids."
            raise ConfigurationError(message, setting="phone_path_form", hint=hint) from None


class PhoneListSubscriptions(PhoneNumberStream):
    """Stream of phone list subscriptions."""

    name = "phone_list_subscriptions"
    one_row_per = "subscription to a phone list"
    note = (
        "The dates at which the contact joined and left the list. Only with "
        "`include_phone_contact_details`: one request per contact."
    )
    route = routes.SMS_CONTACT_PHONE_LISTS
    keys = ("senderCodeId", "phoneListId", "phoneNumber")
    properties = th.PropertiesList(
        SENDER_CODE_ID,
        PHONE_LIST_ID,
        PHONE_NUMBER,
        text("subscriptionState", "State of the contact's subscription to the list."),
        date_time("subscribeDate", "When the contact subscribed to the list."),
        date_time("unsubscribeDate", "When the contact left the list."),
        date_time("pendingDate", "Since when the subscription waits for the contact."),
        flag("pendingDoubleOptIn", "Whether the subscription waits for a confirmation."),
        flag("pendingAgeGate", "Whether the subscription waits for an answer about the contact's age."),
    )

    def prepare(self, data: list[Row], context: Context, step: Step) -> list[Row]:
        """Keep the row of the context's phone list. The contact's other lists have contexts of their own."""
        of_this_list = [row for row in data if row.get("phoneListId") in {None, context["phoneListId"]}]
        return super().prepare(of_this_list, context, step)


class PhoneListContactDetails(PhoneNumberStream):
    """Stream of phone list contact details."""

    name = "phone_list_contact_details"
    one_row_per = "contact of a phone list, with dates"
    note = (
        "The dates at which the sender code first knew the contact, and at which it opted out. Only with "
        "`include_phone_contact_details`: one request per contact."
    )
    route = routes.SMS_CONTACT
    keys = ("senderCodeId", "phoneListId", "phoneNumber")
    properties = th.PropertiesList(
        SENDER_CODE_ID,
        PHONE_LIST_ID,
        PHONE_NUMBER,
        date_time("subscribeDate", "When the contact subscribed."),
        date_time("unsubscribeDate", "When the contact opted out of the sender code."),
        *SMS_CONTACT,
    )


class SmsTransactionalMessages(SmsStream):
    """Stream of SMS transactional messages."""

    name = "sms_transactional_messages"
    one_row_per = "SMS transactional message"
    route = routes.SMS_TRANSACTIONAL_MESSAGES
    parent_stream_type = PhoneLists
    keys = ("senderCodeId", "phoneListId", "transactionalMessageId")
    properties = th.PropertiesList(
        SENDER_CODE_ID,
        PHONE_LIST_ID,
        key("transactionalMessageId", th.IntegerType, "Id of the transactional message."),
        text("transactionalMessageName", "Name of the transactional message."),
        text("transactionalMessageStatus", "State of the transactional message."),
    )


class SmsOptOuts(SmsStream):
    """Stream of SMS opt outs."""

    name = "sms_opt_outs"
    one_row_per = "number that has opted out of a sender code"
    note = (
        "Listrak filters by the date of the opt-out, but a number that opts in again just leaves the "
        "collection."
    )
    route = routes.SMS_OPT_OUTS
    parent_stream_type = SenderCodes
    keys = ("senderCodeId", "phoneNumber")
    properties = th.PropertiesList(
        SENDER_CODE_ID,
        PHONE_NUMBER,
        date_time("optOutDate", "When the number was opted out."),
        text("optOutReason", "How the number was opted out, such as Campaign, Admin, Import or API."),
    )

    def first_steps(self, context: Context) -> Sequence[Step]:
        """Read the opt-outs up to `end_date`."""
        return [self.step((0,), context, {"endDate": self._tap.settings.end_date})]


class SmsProfileFields(SmsStream):
    """Stream of SMS profile fields."""

    name = "sms_profile_fields"
    one_row_per = "SMS profile field"
    route = routes.SMS_SEGMENTATION_FIELDS
    parent_stream_type = SenderCodes
    keys = ("senderCodeId", "segmentationFieldId")
    properties = th.PropertiesList(
        SENDER_CODE_ID,
        key("segmentationFieldId", th.IntegerType, "Id of the SMS profile field."),
        text("segmentationFieldName", "Name of the field."),
        text("dataType", "Type of the field: Text, Number, Checkbox or Date."),
        integer("maxLength", "How many characters a value may have."),
        text("statusFlag", "State of the field."),
    )
