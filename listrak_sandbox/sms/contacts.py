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
    from listrak_sandbox.sms import SmsFamily
    from listrak_sandbox.sms.account import Account
    from listrak_sandbox.sms.world import Contact, SenderCode, SmsList

Record = dict[str, Any]
_DATES = ("startSubscribeDate", "endSubscribeDate")


class FieldValue(msgspec.Struct, rename="camel"):
    """A value of a custom profile field in a request; null and "" clear."""

    segmentation_field_id: int
    value: str | None = None


class ContactBody(msgspec.Struct, rename="camel"):
    """The body that creates or updates a contact; a system value left out is as good as null."""

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


def contact_record(family: SmsFamily, contact: Contact, now: str) -> Record:
    """Return a contact as the API's record."""
    account = family.account
    return {
        "phoneNumber": family.written_number(contact.phone),
        **contact.system,
        "optedOut": account.opted_out(contact, now) is not None,
        "segmentationFieldValues": [
            {"segmentationFieldId": field_id, "value": value}
            for field_id, value in account.values(contact.phone).items()
        ],
    }


def on_list(family: SmsFamily, code: SenderCode, one: SmsList, now: str, *, opted_out: bool) -> list[Contact]:
    """Return the contacts a phone list has, opted in or opted out of the sender code.

    Opted in: those subscribed (by a setting also those who left). Opted out: those whom the opt-out took
    off the list.
    """
    account = family.account
    left_too = family.sandbox.settings.sms_left_contacts_listed

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


def opt_out_records(family: SmsFamily, code: SenderCode, now: str) -> list[Record]:
    """Return those who have opted out of a sender code, as the API's records."""
    numbers = family.sandbox.settings.enums_as_numbers
    return [
        {
            "phoneNumber": family.written_number(contact.phone),
            "optOutDate": out.at,
            "optOutReason": REASONS.index(out.reason) if numbers and out.reason else out.reason,
        }
        for contact in family.account.everybody(code, now)
        if (out := family.account.opted_out(contact, now))
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


def reading_routes(family: SmsFamily) -> list[Route]:
    """Return the routes that read contacts."""

    def get_contact(call: Call) -> Answer:
        _, contact = family.code_and_contact(call)
        now = family.now(call)
        out = family.account.opted_out(contact, now)
        return resource(
            {
                "subscribeDate": family.account.subscribed_since(contact, now),
                "unsubscribeDate": out.at if out else None,
                **contact_record(family, contact, now),
            }
        )

    def get_subscriptions(call: Call) -> Answer:
        code, contact = family.code_and_contact(call)
        now = family.now(call)
        rows = [subscription_record(family.account, family.as_set(one), contact, now) for one in code.lists]
        word = family.sandbox.settings.sms_unsubscribed_word
        found = [row for row in rows if row]
        for row in found:
            if row["subscriptionState"] == UNSUBSCRIBED:
                row["subscriptionState"] = word
        return page(*paging.cut(found, call))

    def get_opt_outs(call: Call) -> Answer:
        dates = Dates(call, "startDate", "endDate")
        rows = opt_out_records(family, family.code(call), family.now(call))
        return page(*paging.cut([row for row in rows if dates.hold(row["optOutDate"])], call))

    code = "/ShortCode/{senderCodeId}"
    contact = f"{code}/Contact/{{phoneNumber}}"
    listing = frozenset({"optedOut", *_DATES})
    return [
        Route(
            "GET",
            f"{code}/PhoneList/{{phoneListId}}/Contact",
            partial(_list_contacts, family),
            params=listing,
            paged=True,
        ),
        Route("GET", contact, get_contact),
        Route("GET", f"{contact}/PhoneList", get_subscriptions, paged=True),
        Route("GET", f"{code}/OptOut", get_opt_outs, params=frozenset({"startDate", "endDate"}), paged=True),
    ]


def _list_contacts(family: SmsFamily, call: Call) -> Answer:
    code, one = family.code_and_list(call)
    now = family.now(call)
    account = family.account
    dates = Dates(call, *_DATES)
    contacts = on_list(family, code, one, now, opted_out=call.flag("optedOut"))
    if call.query.keys() & set(_DATES):
        contacts = [each for each in contacts if dates.hold(account.since(each, one.id, SUBSCRIBED, now))]
    asked = paging.read(call)
    end = asked.position + asked.count
    rows = [contact_record(family, each, now) for each in contacts[asked.position : end]]
    return page(rows, paging.cursor(call, end if end < len(contacts) else None))


def writing_routes(family: SmsFamily) -> list[Route]:
    """Return the routes that change contacts."""

    def create(call: Call) -> Answer:
        code, one = family.code_and_list(call)
        body = call.json(ContactBody)
        now = family.now(call)
        phone = phones.parse(body.phone_number, family.sandbox.settings.sms_body_form)
        if body.opted_out:
            raise invalid("optedOut", "A contact is not created opted out.")
        system, values = _system(body), _values(family.account, body)
        family.account.create(code, one, phone, system, now)
        family.account.set_values(phone, values)
        family.note(call, "create", phone, one)
        return created(family.written_number(phone))

    def update(call: Call) -> Answer:
        code = family.code(call)
        body = call.json(ContactBody)
        now = family.now(call)
        phone = phones.parse(body.phone_number, family.sandbox.settings.sms_body_form)
        system, values = _system(body), _values(family.account, body)
        family.account.update(code, phone, system, now, out=bool(body.opted_out))
        family.account.set_values(phone, values)
        family.note(call, "update", phone)
        return updated(family.written_number(phone))

    code = "/ShortCode/{senderCodeId}"
    return [
        Route("POST", f"{code}/PhoneList/{{phoneListId}}/Contact", create, body=True),
        Route("PUT", f"{code}/Contact", update, body=True),
        *_membership_routes(family),
    ]


def _membership_routes(family: SmsFamily) -> list[Route]:
    def subscribe(call: Call) -> Answer:
        code, contact = family.code_and_contact(call)
        one = family.as_set(family.account.phone_list(code, call.id("phoneListId")))
        family.account.subscribe(code, one, contact, family.now(call))
        family.note(call, "subscribe", contact.phone, one)
        return created(one.id)

    def unsubscribe(call: Call) -> Answer:
        code, contact = family.code_and_contact(call)
        one = family.as_set(family.account.phone_list(code, call.id("phoneListId")))
        account, settings = family.account, family.sandbox.settings
        as_pending = settings.sms_unsubscribe_pending == "pending"
        account.unsubscribe(code, one, contact, family.now(call), as_pending=as_pending)
        family.note(call, "unsubscribe", contact.phone, one)
        return deleted()

    code, on = "/ShortCode/{senderCodeId}", "{phoneNumber}/PhoneList/{phoneListId}"
    return [
        Route("POST", f"{code}/Contact/{on}", subscribe),
        Route("DELETE", f"{code}/ContactUnsubscribe/{on}", unsubscribe),
    ]


def find(family: SmsFamily, call: Call) -> tuple[SenderCode, Contact]:
    """Find the contact a request's path names.

    Raises:
        ApiError: 404 ERROR_UNABLE_TO_LOCATE_RESOURCE, also for a number in a form that paths do not take; 400
            ERROR_INVALID_PHONE_NUMBER for what is not a number where they take any form.
    """
    code = family.code(call)
    form = family.sandbox.settings.sms_path_form
    try:
        phone = phones.parse(call.ids["phoneNumber"], form)
    except ApiError:
        if form == "any":
            raise
        raise not_found("phoneNumber") from None
    contact = family.account.find(code, phone, family.now(call))
    if contact is None:
        raise not_found("phoneNumber")
    return code, contact
