"""Sender codes, phone lists, profile fields, transactional messages and their sends: what an account has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from listrak_sandbox import paging
from listrak_sandbox.envelope import Answer, ApiError, created, json_answer, not_found, page, resource
from listrak_sandbox.sandbox import Call, Route
from listrak_sandbox.sms import phones
from listrak_sandbox.sms.world import SYSTEM_FIELDS

if TYPE_CHECKING:
    from listrak_sandbox.sms import SmsApi
    from listrak_sandbox.sms.world import SenderCode, SmsField, SmsList

Record = dict[str, Any]


def sender_code_record(code: SenderCode) -> Record:
    """Return a sender code as the API's record (without the email profile fields it is tied to: none)."""
    email_list_id, email_list_name = code.email_list
    tied = code.country == "US"
    record: Record = {
        "shortCodeId": code.id,
        "code": code.code,
        "country": code.country,
        "merchantName": code.merchant,
        "emailListId": email_list_id,
        "emailListName": email_list_name,
        "externalEventId": 3100 + code.id if tied else 0,
        "externalEventName": "SMS sign-up" if tied else None,
    }
    for number, subject in enumerate(("phoneNumber", "acquisitionSource")):
        for level, name in (("FieldGroup", "Mobile"), ("Field", ("Mobile Phone", "SMS Source")[number])):
            record[f"{subject}Segmentation{level}Id"] = code.id * 10 + number + 1 if tied else 0
            record[f"{subject}Segmentation{level}Name"] = name if tied else None
    return record


def phone_list_record(one: SmsList) -> Record:
    """Return a phone list as the API's record."""
    return {
        "phoneListId": one.id,
        "phoneListName": one.name,
        "createDate": one.created,
        "status": "Active" if one.active else "Inactive",
        "smsListType": one.kind,
        "messageLimit": 0 if one.active else 4,
        "messageLimitTimeFrame": None if one.active else "Month",
        "requireDoubleOptIn": one.double_opt_in,
        "requireAgeGate": one.age_gate,
    }


def field_record(one: SmsField) -> Record:
    """Return a custom profile field as the API's record."""
    return {
        "segmentationFieldId": one.id,
        "segmentationFieldName": one.name,
        "dataType": one.kind,
        "maxLength": one.length,
        "statusFlag": one.status,
    }


def field_records(api: SmsApi) -> list[Record]:
    """Return all profile fields; whether the system fields are among them is a setting."""
    records = [field_record(one) for one in api.account.fields]
    if not api.sandbox.settings.sms_system_fields_listed:
        return records
    system = [
        {
            "segmentationFieldId": field_id,
            "segmentationFieldName": title,
            "dataType": kind,
            "maxLength": length,
            "statusFlag": "Active",
        }
        for field_id, (title, _, kind, length) in SYSTEM_FIELDS.items()
    ]
    return system + records


def message_records(code: SenderCode, list_id: int) -> list[Record]:
    """Return the transactional messages of a phone list as the API's records."""
    return [
        {
            "transactionalMessageId": one,
            "transactionalMessageName": name,
            "transactionalMessageStatus": status,
        }
        for one, name, status in code.messages.get(list_id, ())
    ]


class SendBody(msgspec.Struct, rename="camel"):
    """Body of a transactional send."""

    phone_number: str | None = None
    message_content: str | None = None


class _Handlers:
    def __init__(self, api: SmsApi) -> None:
        self._api = api

    def _single(self, record: Record, *, example_is_array: bool = False) -> Answer:
        form = self._api.sandbox.settings.sms_single_form
        if form == "bare":
            return json_answer(200, record)
        return resource([record] if form == "example" and example_is_array else record)

    def get_sender_codes(self, _: Call) -> Answer:
        return page([sender_code_record(code) for code in self._api.account.codes], None)

    def get_sender_code(self, call: Call) -> Answer:
        return resource(sender_code_record(self._api.code(call)))

    def get_phone_lists(self, call: Call) -> Answer:
        active = call.word("status", ("active", "inactive"), "active") == "active"
        lists = [self._api.as_set(one) for one in self._api.code(call).lists]
        return page(*paging.cut([phone_list_record(one) for one in lists if one.active == active], call))

    def get_phone_list(self, call: Call) -> Answer:
        _, one = self._api.code_and_list(call)
        return self._single(phone_list_record(one), example_is_array=True)

    def get_fields(self, call: Call) -> Answer:
        self._api.code(call)
        return resource(field_records(self._api))

    def get_field(self, call: Call) -> Answer:
        self._api.code(call)
        wanted = call.id("segmentationFieldId")
        for record in field_records(self._api):
            if record["segmentationFieldId"] == wanted:
                return resource(record)
        raise not_found("segmentationFieldId")

    def get_messages(self, call: Call) -> Answer:
        code, one = self._api.code_and_list(call)
        return page(message_records(code, one.id), None)

    def get_message(self, call: Call) -> Answer:
        return self._single(self._message(call))

    def send_message(self, call: Call) -> Answer:
        """Record a transactional send; nothing is sent."""
        _, one = self._api.code_and_list(call)
        self._message(call)
        body = call.json(SendBody)
        phone = phones.parse(body.phone_number, self._api.sandbox.settings.sms_body_form)
        self._api.note(call, "send", phone, one)
        return created("null")

    def _message(self, call: Call) -> Record:
        code, one = self._api.code_and_list(call)
        wanted = call.id("transactionalMessageId")
        for record in message_records(code, one.id):
            if record["transactionalMessageId"] == wanted:
                return record
        raise ApiError(
            404,
            "ERROR_TRANSACTIONAL_MESSAGE_NOT_FOUND",
            "There is no such transactional message on the list.",
        )


def routes(api: SmsApi) -> list[Route]:
    """Return the routes that read what an account has."""
    handlers = _Handlers(api)
    code, one_list = "/ShortCode/{senderCodeId}", "/ShortCode/{senderCodeId}/PhoneList/{phoneListId}"
    return [
        Route("GET", "/ShortCode", handlers.get_sender_codes),
        Route("GET", code, handlers.get_sender_code),
        Route("GET", f"{code}/PhoneList", handlers.get_phone_lists, params=frozenset({"status"}), paged=True),
        Route("GET", one_list, handlers.get_phone_list),
        Route("GET", f"{code}/SegmentationField", handlers.get_fields),
        Route("GET", f"{code}/SegmentationField/{{segmentationFieldId}}", handlers.get_field),
        Route("GET", f"{one_list}/TransactionalMessage", handlers.get_messages),
        Route("GET", f"{one_list}/TransactionalMessage/{{transactionalMessageId}}", handlers.get_message),
        Route(
            "POST",
            f"{one_list}/TransactionalMessage/{{transactionalMessageId}}/Message",
            handlers.send_message,
            body=True,
        ),
    ]
