"""Contacts: the collection, one of them, create or update, and the beta route."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from listrak_sandbox import paging
from listrak_sandbox.clock import text_of
from listrak_sandbox.email import contact_rows
from listrak_sandbox.email.access import PageCache, events_of, list_state, request_key
from listrak_sandbox.email.values import InvalidValue, checked, merged, plausible
from listrak_sandbox.envelope import Answer, ApiError, created, invalid, not_found, raw_page, updated
from listrak_sandbox.sandbox import Call, Route
from listrak_sandbox.store import BANNED, PENDING, SUBSCRIBED, SUPPRESSED, UNSUBSCRIBED, Contact, ListState
from listrak_sandbox.world.calendar import world_time
from listrak_sandbox.world.population import email_key

if TYPE_CHECKING:
    from datetime import datetime

    from listrak_sandbox.settings import Settings

MAX_FIELDS = 30
UNSUBSCRIBED_ALREADY = "The email address has already been unsubscribed from the list."
STATES = (SUBSCRIBED, UNSUBSCRIBED)
UPDATE_TYPES = ("Update", "Append", "Overwrite")


class FieldValue(msgspec.Struct, rename="camel"):
    """One profile field value in a body."""

    segmentation_field_id: int
    value: str | None = None


class ContactBody(msgspec.Struct, rename="camel"):
    """Body of ``POST /List/{listId}/Contact``."""

    email_address: str
    segmentation_field_values: list[FieldValue] | None
    subscription_state: str | None = None
    external_contact_id: str | None = msgspec.field(default=None, name="externalContactID")


def refuse(code: str, message: str = "") -> ApiError:
    """Create a 400 with one of the contact's own error codes."""
    return ApiError(400, code, message)


def wanted_fields(call: Call) -> tuple[int, ...]:
    """Read ``segmentationFieldIds``.

    Raises:
        ApiError: 400 ERROR_TOO_MANY_SEGMENTATION_FIELDS beyond 30; ERROR_INVALID_PARAMETER, no integers.
    """
    texts = [one.strip() for one in call.query.get("segmentationFieldIds", "").split(",") if one.strip()]
    if len(texts) > MAX_FIELDS:
        raise refuse(
            "ERROR_TOO_MANY_SEGMENTATION_FIELDS", f"Up to {MAX_FIELDS} profile fields may be requested."
        )
    try:
        return tuple(dict.fromkeys(int(one) for one in texts))
    except ValueError:
        raise invalid("segmentationFieldIds", "Comma-separated integers are expected.") from None


def _collection(call: Call) -> Answer:
    state = list_state(call)
    asked = paging.read(call)
    kind = call.word("subscriptionState", STATES, SUBSCRIBED)
    query = contact_rows.Query(
        state=kind,
        start=call.date_param("startDate"),
        end=call.date_param("endDate"),
        # "exclusive when useOriginalSubscribeDate is false", whatever the state.
        original=call.flag("useOriginalSubscribeDate", default=True),
        external=call.query.get("externalContactId", ""),
        fields=wanted_fields(call),
        row_format=contact_rows.RowFormat.of(call.sandbox.settings),
    )
    found: list[str] = []
    following = None
    for position, row in contact_rows.rows(state, query, world_time(call.now), asked.position):
        if len(found) == asked.count:
            following = position
            break
        found.append(row)
    return raw_page(",".join(found), paging.cursor(call, following))


def by_identifier(state: ListState, identifier: str, now: datetime) -> Contact | None:
    """Find a contact by its address or its emailKey."""
    if "@" in identifier:
        return state.find(identifier, now)
    wanted = identifier.upper()
    for contact in state.order:
        if contact.key == wanted:
            return contact
    if state.generated_list is not None:
        when = world_time(now)
        population = state.generated_list.population
        count = population.count(when)
        for index, email in enumerate(population.emails(count)[:count]):
            if email_key(email) == wanted and index not in state.taken:
                return state.generated_contact(index, when)
    return None


def _one(call: Call) -> Answer:
    state = list_state(call)
    fields = wanted_fields(call)
    contact = by_identifier(state, call.ids["contactIdentifier"], call.now)
    if contact is None or contact.state == PENDING:
        raise not_found("contact")
    row_format = contact_rows.RowFormat.of(call.sandbox.settings)
    text = contact_rows.stored_text(state, contact, fields, row_format)
    return Answer(200, f'{{"status":200,"data":{text}}}'.encode())


def _events(call: Call, state: ListState) -> list[int]:
    texts = [one.strip() for one in call.query.get("eventIds", "").split(",") if one.strip()]
    known = {one["eventId"] for one in events_of(state)}
    if not all(one.isdigit() and int(one) in known for one in texts):
        raise invalid("eventIds")
    return [int(one) for one in texts]


def _values(state: ListState, body: ContactBody) -> dict[int, str]:
    given = [one.segmentation_field_id for one in body.segmentation_field_values or ()]
    if len(set(given)) != len(given):
        raise refuse("ERROR_SEGMENTATION_FIELD_DEFINED_TWICE")
    values = {}
    for one in body.segmentation_field_values or ():
        field = state.fields.get(one.segmentation_field_id)
        if field is None:
            raise invalid("segmentationFieldId")
        try:
            values[one.segmentation_field_id] = checked(field, one.value or "")
        except InvalidValue as error:
            raise invalid("value", str(error)) from None
    return values


def _change_address(call: Call, state: ListState, body: ContactBody, new: str, *, events: bool) -> Contact:
    if events:
        raise refuse("ERROR_CHANGE_ADDRESS_WITH_EVENTS")
    if body.segmentation_field_values:
        raise refuse("ERROR_CHANGE_ADDRESS_WITH_SEGMENTATION_DATA")
    if not plausible(new):
        raise invalid("newEmailAddress")
    standing = state.standing_of(body.email_address, call.now)
    if standing == UNSUBSCRIBED:
        raise refuse("ERROR_CHANGE_ADDRESS_CONTACT_UNSUBSCRIBED")
    if standing != SUBSCRIBED:
        raise not_found("contact")
    codes = {
        BANNED: "ERROR_BANNED_NEW_EMAIL_ADDRESS",
        SUPPRESSED: "ERROR_SUPPRESSED_NEW_EMAIL",
        PENDING: "ERROR_PENDING_NEW_EMAIL_ADDRESS",
        SUBSCRIBED: "ERROR_SUBSCRIBED_NEW_EMAIL_ADDRESS",
        UNSUBSCRIBED: "ERROR_UNSUBSCRIBED_NEW_EMAIL_ADDRESS",
    }
    taken = state.standing_of(new, call.now)
    if taken is not None and new.lower() != body.email_address.lower():
        raise refuse(codes[taken])
    contact = state.adopt(body.email_address, call.now)
    if contact is None:
        raise not_found("contact")
    state.rename(contact, new)
    return contact


def _unsubscribe(call: Call, state: ListState, body: ContactBody, *, events: bool) -> Contact:
    if events:
        raise refuse("ERROR_UNSUBSCRIBE_WITH_EVENTS")
    if body.segmentation_field_values:
        raise refuse("ERROR_UNSUBSCRIBE_WITH_SEGMENTATION_DATA")
    standing = state.standing_of(body.email_address, call.now)
    if standing == UNSUBSCRIBED:
        raise refuse("ERROR_UNSUBSCRIBED_EMAIL_ADDRESS", UNSUBSCRIBED_ALREADY)
    contact = state.adopt(body.email_address, call.now) if standing == SUBSCRIBED else None
    if contact is None:
        raise refuse("ERROR_NOT_SUBSCRIBED_EMAIL_ADDRESS")
    contact.unsubscribe(call.now, call.sandbox.settings.contact_change_method)
    state.version += 1
    return contact


def _check_known(settings: Settings, standing: str, *, subscribes_only: bool, events: bool) -> None:
    """Raise ApiError for a write to a known contact that needs ``overrideUnsubscribe``."""
    if standing == SUBSCRIBED and subscribes_only and settings.subscribe_subscribed == "refused":
        raise refuse("ERROR_SUBSCRIBED_EMAIL_ADDRESS")
    if standing == UNSUBSCRIBED and settings.subscribe_unsubscribed == "refused":
        raise refuse("ERROR_UNSUBSCRIBED_EMAIL_ADDRESS", UNSUBSCRIBED_ALREADY)
    if standing == UNSUBSCRIBED and events:
        raise refuse("ERROR_UPDATE_UNSUBSCRIBE_WITH_EVENTS")


def _upsert(call: Call, state: ListState, body: ContactBody, events: list[int]) -> Contact:
    settings = call.sandbox.settings
    override = call.flag("overrideUnsubscribe")
    method = "Web Form" if call.flag("subscribedByContact") else settings.contact_change_method
    double = call.flag("sendDoubleOptIn")
    update = call.word("updateType", UPDATE_TYPES, "Update")
    values = _values(state, body)
    standing = state.standing_of(body.email_address, call.now)
    codes = {
        BANNED: "ERROR_BANNED_EMAIL_ADDRESS",
        SUPPRESSED: "ERROR_SUPPRESSED_EMAIL",
        PENDING: "ERROR_PENDING_EMAIL_ADDRESS",
    }
    if standing in codes:
        raise refuse(codes[standing])
    if standing is None:
        contact = Contact(body.email_address.strip(), PENDING, None)
        if not double:
            contact.subscribe(call.now, method)
        state.put(contact)
    else:
        if not override:
            nothing_else = not values and not events and body.external_contact_id is None
            subscribes_only = nothing_else and bool(body.subscription_state)
            _check_known(settings, standing, subscribes_only=subscribes_only, events=bool(events))
        found = state.adopt(body.email_address, call.now)
        if found is None:
            raise not_found("contact")
        contact = found
        if standing == UNSUBSCRIBED and override:
            contact.subscribe(call.now, method)
    if body.external_contact_id is not None:
        contact.external = body.external_contact_id
    contact.values = merged(state.fields, contact.values, values, update)
    state.version += 1
    return contact


def _write(call: Call) -> Answer:
    state = list_state(call)
    body = call.json(ContactBody)
    if not plausible(body.email_address):
        raise invalid("emailAddress")
    if body.subscription_state and body.subscription_state not in STATES:
        raise invalid("subscriptionState", f"Allowed values are {', '.join(STATES)}.")
    events = _events(call, state)
    new = call.query.get("newEmailAddress", "").strip()
    known = state.standing_of(body.email_address, call.now) is not None
    if new:
        contact = _change_address(call, state, body, new, events=bool(events))
    elif body.subscription_state == UNSUBSCRIBED:
        contact = _unsubscribe(call, state, body, events=bool(events))
    else:
        contact = _upsert(call, state, body, events)
    at = text_of(call.now)
    state.raised += [{"eventId": one, "emailAddress": contact.email, "at": at} for one in events]
    call.sandbox.store.log.append(
        {
            "at": at,
            "route": call.route.name,
            "listId": state.list_id,
            "emailAddress": body.email_address,
            "query": dict(call.query),
            "body": msgspec.to_builtins(body),
        }
    )
    if call.sandbox.settings.contact_answer == "key":
        return created(contact.key)
    return updated(contact.email) if known else created(contact.email)


def routes(cache: PageCache) -> list[Route]:
    """Return the routes of contacts (the beta route is among those of imports)."""

    def collection(call: Call) -> Answer:
        state = list_state(call)
        fields = tuple(state.fields)
        key = (*request_key(call), world_time(call.now), state.version, fields, tuple(state.cleared.items()))
        return cache.serve(call, key, lambda: _collection(call))

    contact = frozenset({"Contact"})
    template = "/List/{listId}/Contact"
    return [
        Route(
            "GET",
            template,
            collection,
            contact,
            frozenset(
                {
                    "subscriptionState",
                    "externalContactId",
                    "segmentationFieldIds",
                    "startDate",
                    "endDate",
                    "useOriginalSubscribeDate",
                }
            ),
            paged=True,
        ),
        Route(
            "POST",
            template,
            _write,
            contact,
            frozenset(
                {
                    "eventIds",
                    "overrideUnsubscribe",
                    "subscribedByContact",
                    "sendDoubleOptIn",
                    "updateType",
                    "newEmailAddress",
                }
            ),
            body=True,
        ),
        Route("GET", f"{template}/{{contactIdentifier}}", _one, contact, frozenset({"segmentationFieldIds"})),
    ]
