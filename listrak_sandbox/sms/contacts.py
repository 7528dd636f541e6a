"""SMS contacts: reading them, creating and subscribing, updating, unsubscribing, opt-outs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from listrak_sandbox import paging
from listrak_sandbox.clock import parse_wall_time
from listrak_sandbox.envelope import (
    Answer,
    ApiError,
    created,
    deleted,
    invalid,
    not_found,
    page,
    resource,
    updated,
)
from listrak_sandbox.sandbox import Call, Route
from listrak_sandbox.sms import phones
from listrak_sandbox.sms.account import check_address, instant_text
from listrak_sandbox.sms.world import PENDING, REASONS, SUBSCRIBED, UNSUBSCRIBED

if TYPE_CHECKING:
    from listrak_sandbox.sms import SmsApi
    from listrak_sandbox.sms.account import Account
    from listrak_sandbox.sms.world import Contact, SenderCode, SmsList

Record = dict[str, Any]
_DATES = ("startSubscribeDate", "endSubscribeDate")


class FieldValue(msgspec.Struct, rename="camel"):
    """A value of a custom profile field in a request; null and "" clear."""

    segmentation_field_id: int
    value: str | None = None


class ContactBody(msgspec.Struct, rename="camel"):
    """The body that creates or updates a contact; a system value that is left out counts as null."""

    phone_number: str | None = None
    email_address: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    birthday: str | None = None
    postal_code: str | None = None
    opted_out: bool | None = None
    segmentation_field_values: list[FieldValue] | None = None


class Dates:
    """A range of dates in a request; both ends are inside."""

    def __init__(self, call: Call, start: str, end: str) -> None:
        first, last = call.date_param(start), call.date_param(end)
        self._first = instant_text(first) if first else ""
        self._last = instant_text(last) if last else "9999"

    def hold(self, at: str | None) -> bool:
        """Return whether an instant is inside; none is, unless no range was asked for."""
        if at is None:
            return self._first == "" and self._last == "9999"
        return self._first <= at <= self._last


def contact_record(api: SmsApi, contact: Contact, now: str) -> Record:
    """Return a contact as the API's record."""
    account = api.account
    return {
        "phoneNumber": api.written_number(contact.phone),
        **contact.system,
        "optedOut": account.opted_out(contact, now) is not None,
        "segmentationFieldValues": [
            {"segmentationFieldId": field_id, "value": value}
            for field_id, value in account.values(contact.phone).items()
        ],
    }


def on_list(api: SmsApi, code: SenderCode, one: SmsList, now: str, *, opted_out: bool) -> list[Contact]:
    """Return the contacts a phone list has, opted in or opted out of the sender code.

    Opted in: those subscribed (by a setting also those who left). Opted out: those whom the opt-out took
    off the list.
    """
    account = api.account
    left_too = api.sandbox.settings.sms_left_contacts_listed

    def is_on(contact: Contact) -> bool:
        out = account.opted_out(contact, now)
        if (out is not None) != opted_out:
            return False
        state = account.state(contact, one.id, now)
        if left_too:
            return state in (SUBSCRIBED, UNSUBSCRIBED)
        if out is None:
            return state == SUBSCRIBED
        return state is not None and account.since(contact, one.id, UNSUBSCRIBED, now) == out.at

    return [each for each in account.everybody(code, now) if one.id in each.lists and is_on(each)]


def opt_out_records(api: SmsApi, code: SenderCode, now: str) -> list[Record]:
    """Return those who have opted out of a sender code, as the API's records."""
    numbers = api.sandbox.settings.enums_as_numbers
    return [
        {
            "phoneNumber": api.written_number(contact.phone),
            "optOutDate": out.at,
            "optOutReason": REASONS.index(out.reason) if numbers and out.reason else out.reason,
        }
        for contact in api.account.everybody(code, now)
        if (out := api.account.opted_out(contact, now))
    ]


def subscription_record(account: Account, one: SmsList, contact: Contact, now: str) -> Record | None:
    """Return how a contact stands with a phone list as the API's record; None when it never was on it."""
    state = account.state(contact, one.id, now)
    if state is None:
        return None
    pending = state == PENDING
    left = account.since(contact, one.id, UNSUBSCRIBED, now) if state == UNSUBSCRIBED else None
    return {
        "phoneListId": one.id,
        "subscriptionState": state,
        "subscribeDate": account.since(contact, one.id, SUBSCRIBED, now),
        "unsubscribeDate": left,
        "pendingDate": account.since(contact, one.id, PENDING, now) if pending else None,
        "pendingDoubleOptIn": pending and one.double_opt_in,
        "pendingAgeGate": pending and one.age_gate,
    }


def _system(body: ContactBody) -> dict[str, str | None]:
    check_address(body.email_address)
    birthday = body.birthday
    if birthday == "":
        raise ApiError(400, "ERROR_BIRTHDAY_FIELD_NULL", "An empty birthday is given as null.")
    if birthday is not None:
        try:
            # A birthday is a day, not an instant: no offset moves it.
            birthday = parse_wall_time(birthday).strftime("%Y-%m-%dT00:00:00")
        except (ValueError, OverflowError):
            raise invalid("birthday", "An ISO 8601 date-time is expected.") from None
    return {
        "emailAddress": body.email_address,
        "firstName": body.first_name,
        "lastName": body.last_name,
        "birthday": birthday,
        "postalCode": body.postal_code,
    }


def _values(account: Account, body: ContactBody) -> dict[int, str]:
    values: dict[int, str] = {}
    for one in body.segmentation_field_values or ():
        if one.segmentation_field_id in values:
            raise invalid("segmentationFieldValues", "A field occurs more than once.")
        values[one.segmentation_field_id] = account.fitting(one.segmentation_field_id, one.value)
    return values


def reading_routes(api: SmsApi) -> list[Route]:
    """Return the routes that read contacts."""

    def get_contact(call: Call) -> Answer:
        _, contact = api.code_and_contact(call)
        now = api.now(call)
        out = api.account.opted_out(contact, now)
        return resource(
            {
                "subscribeDate": api.account.subscribed_since(contact, now),
                "unsubscribeDate": out.at if out else None,
                **contact_record(api, contact, now),
            }
        )

    def get_subscriptions(call: Call) -> Answer:
        code, contact = api.code_and_contact(call)
        now = api.now(call)
        rows = [subscription_record(api.account, api.as_set(one), contact, now) for one in code.lists]
        word = api.sandbox.settings.sms_unsubscribed_word
        found = [row for row in rows if row]
        for row in found:
            if row["subscriptionState"] == UNSUBSCRIBED:
                row["subscriptionState"] = word
        return page(*paging.cut(found, call))

    def get_opt_outs(call: Call) -> Answer:
        dates = Dates(call, "startDate", "endDate")
        rows = opt_out_records(api, api.code(call), api.now(call))
        return page(*paging.cut([row for row in rows if dates.hold(row["optOutDate"])], call))

    code = "/ShortCode/{senderCodeId}"
    contact = f"{code}/Contact/{{phoneNumber}}"
    listing = frozenset({"optedOut", *_DATES})
    return [
        Route(
            "GET",
            f"{code}/PhoneList/{{phoneListId}}/Contact",
            partial(_list_contacts, api),
            params=listing,
            paged=True,
        ),
        Route("GET", contact, get_contact),
        Route("GET", f"{contact}/PhoneList", get_subscriptions, paged=True),
        Route("GET", f"{code}/OptOut", get_opt_outs, params=frozenset({"startDate", "endDate"}), paged=True),
    ]


def _list_contacts(api: SmsApi, call: Call) -> Answer:
    code, one = api.code_and_list(call)
    now = api.now(call)
    account = api.account
    dates = Dates(call, *_DATES)
    contacts = on_list(api, code, one, now, opted_out=call.flag("optedOut"))
    if call.query.keys() & set(_DATES):
        contacts = [each for each in contacts if dates.hold(account.since(each, one.id, SUBSCRIBED, now))]
    asked = paging.read(call)
    end = asked.position + asked.count
    rows = [contact_record(api, each, now) for each in contacts[asked.position : end]]
    return page(rows, paging.cursor(call, end if end < len(contacts) else None))


def writing_routes(api: SmsApi) -> list[Route]:
    """Return the routes that change contacts."""

    def create(call: Call) -> Answer:
        code, one = api.code_and_list(call)
        body = call.json(ContactBody)
        now = api.now(call)
        phone = phones.parse(body.phone_number, api.sandbox.settings.sms_body_form)
        if body.opted_out:
            raise invalid("optedOut", "A contact is not created opted out.")
        system, values = _system(body), _values(api.account, body)
        api.account.create(code, one, phone, system, now)
        api.account.set_values(phone, values)
        api.note(call, "create", phone, one)
        return created(api.written_number(phone))

    def update(call: Call) -> Answer:
        code = api.code(call)
        body = call.json(ContactBody)
        now = api.now(call)
        phone = phones.parse(body.phone_number, api.sandbox.settings.sms_body_form)
        system, values = _system(body), _values(api.account, body)
        api.account.update(code, phone, system, now, out=bool(body.opted_out))
        api.account.set_values(phone, values)
        api.note(call, "update", phone)
        return updated(api.written_number(phone))

    code = "/ShortCode/{senderCodeId}"
    return [
        Route("POST", f"{code}/PhoneList/{{phoneListId}}/Contact", create, body=True),
        Route("PUT", f"{code}/Contact", update, body=True),
        *_membership_routes(api),
    ]


def _membership_routes(api: SmsApi) -> list[Route]:
    def subscribe(call: Call) -> Answer:
        code, contact = api.code_and_contact(call)
        one = api.as_set(api.account.phone_list(code, call.id("phoneListId")))
        api.account.subscribe(code, one, contact, api.now(call))
        api.note(call, "subscribe", contact.phone, one)
        return created(one.id)

    def unsubscribe(call: Call) -> Answer:
        code, contact = api.code_and_contact(call)
        one = api.as_set(api.account.phone_list(code, call.id("phoneListId")))
        account, settings = api.account, api.sandbox.settings
        as_pending = settings.sms_unsubscribe_pending == "pending"
        account.unsubscribe(code, one, contact, api.now(call), as_pending=as_pending)
        api.note(call, "unsubscribe", contact.phone, one)
        return deleted()

    code, on = "/ShortCode/{senderCodeId}", "{phoneNumber}/PhoneList/{phoneListId}"
    return [
        Route("POST", f"{code}/Contact/{on}", subscribe),
        Route("DELETE", f"{code}/ContactUnsubscribe/{on}", unsubscribe),
    ]


def find(api: SmsApi, call: Call) -> tuple[SenderCode, Contact]:
    """Find the contact a request's path names.

    Raises:
        ApiError: 404 ERROR_UNABLE_TO_LOCATE_RESOURCE, also for a number in a form that paths do not take; 400
            ERROR_INVALID_PHONE_NUMBER for what is not a number where they take any form.
    """
    code = api.code(call)
    form = api.sandbox.settings.sms_path_form
    try:
        phone = phones.parse(call.ids["phoneNumber"], form)
    except ApiError:
        if form == "any":
            raise
        raise not_found("phoneNumber") from None
    contact = api.account.find(code, phone, api.now(call))
    if contact is None:
        raise not_found("phoneNumber")
    return code, contact
