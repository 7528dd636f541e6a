"""The present state of the SMS account: the generated world, and what was written on top of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from listrak_sandbox.envelope import ApiError, invalid, not_found
from listrak_sandbox.sms.phones import made_up
from listrak_sandbox.sms.world import (
    PENDING,
    REFUSED_FROM,
    SUBSCRIBED,
    UNSUBSCRIBED,
    Contact,
    Move,
    OptMove,
    People,
    SenderCode,
    SmsField,
    SmsList,
    field_values,
    fields_of,
    opt_out,
    sender_codes,
)
from listrak_sandbox.world.calendar import world_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>.]+(\.[^@\s,;<>.]+)+")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_DATE = re.compile(r"\d{1,2}/\d{1,2}/\d{4}", re.ASCII)
_CHECKED = {"on": "on", "true": "on", "1": "on", "off": "off", "false": "off", "0": "off"}
_STANDINGS = {
    "banned": ("ERROR_BANNED_PHONE_NUMBER", "The phone number is banned from the sender code."),
    "blocked": ("ERROR_PHONE_NUMBER_BLOCKED", "The phone number is blocked."),
    "suspended": ("ERROR_PHONE_NUMBER_SUSPENDED", "The service of the phone number is suspended."),
}


def instant_text(instant: datetime) -> str:
    """Write an instant with seven decimals, always: such texts sort as their instants do."""
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}0"


def check_address(text: str | None) -> None:
    """Refuse a text that is not an email address; None and an empty text are accepted.

    Raises:
        ApiError: 400 ERROR_INVALID_EMAIL_ADDRESS.
    """
    if text and not _ADDRESS.fullmatch(text):
        raise ApiError(400, "ERROR_INVALID_EMAIL_ADDRESS", "The email address is in an invalid format.")


def _pending() -> ApiError:
    return ApiError(400, "ERROR_PENDING_PHONE_NUMBER", "The phone number is pending on the list.")


class Account:
    """What the SMS API reads and writes. Every method takes the instant as text (see `instant_text`)."""

    def __init__(self, seed: int, scale: str, email_lists: list[tuple[int, str]]) -> None:
        self._seed = seed
        self.codes = sender_codes(scale, email_lists)
        self.fields = fields_of(seed)
        self._people = {code.id: People(seed, code) for code in self.codes}
        self._indexed = {code.id: 0 for code in self.codes}
        self._contacts: dict[int, dict[str, Contact]] = {code.id: {} for code in self.codes}
        self._created: dict[int, list[Contact]] = {code.id: [] for code in self.codes}
        self._values: dict[str, dict[int, str]] = {}
        self.refused = {
            made_up(REFUSED_FROM + number): ("banned", "blocked", "suspended")[number % 3]
            for number in range(12)
        }
        """Numbers that no sender code knows and that cannot be added either, and why."""

    # Look-ups.

    def code(self, code_id: int) -> SenderCode:
        """Find a sender code.

        Raises:
            ApiError: 404 ERROR_UNABLE_TO_LOCATE_RESOURCE.
        """
        for code in self.codes:
            if code.id == code_id:
                return code
        raise not_found("senderCodeId")

    def phone_list(self, code: SenderCode, list_id: int) -> SmsList:
        """Find a phone list of a sender code.

        Raises:
            ApiError: 400 ERROR_INVALID_LIST_ID, it belongs to another sender code; 404
                ERROR_UNABLE_TO_LOCATE_RESOURCE, there is none.
        """
        for owner in self.codes:
            for one in owner.lists:
                if one.id == list_id:
                    if owner is code:
                        return one
                    raise ApiError(
                        400, "ERROR_INVALID_LIST_ID", "The list does not exist on the sender code."
                    )
        raise not_found("phoneListId")

    def field(self, field_id: int) -> SmsField:
        """Find a custom profile field that values may be written to.

        Raises:
            ApiError: 400 ERROR_INVALID_SEGMENTATION_FIELD_ID or ERROR_SEGMENTATION_FIELD_DISABLED.
        """
        for one in self.fields:
            if one.id == field_id:
                if one.status != "Active":
                    raise ApiError(
                        400, "ERROR_SEGMENTATION_FIELD_DISABLED", f"The field {field_id} is {one.status}."
                    )
                return one
        raise ApiError(400, "ERROR_INVALID_SEGMENTATION_FIELD_ID", f"There is no field {field_id}.")

    def _index(self, code: SenderCode, now: str) -> None:
        """Add the contacts that joined until an instant to the index by number."""
        people = self._people[code.id]
        count = people.count(now, world_time(datetime.fromisoformat(now).replace(tzinfo=UTC)))
        for contact in people.known[self._indexed[code.id] : count]:
            # A number created through the API before its generated owner would have come stays as created.
            self._contacts[code.id].setdefault(contact.phone, contact)
        self._indexed[code.id] = max(self._indexed[code.id], count)

    def everybody(self, code: SenderCode, now: str) -> list[Contact]:
        """Return all contacts of a sender code: generated ones by joining date, then those created since."""
        self._index(code, now)
        known, created = self._contacts[code.id], self._created[code.id]
        generated = self._people[code.id].known[: self._indexed[code.id]]
        return [one for one in generated if one.joined <= now and known[one.phone] is one] + [
            one for one in created if one.joined <= now
        ]

    def find(self, code: SenderCode, phone: str, now: str) -> Contact | None:
        """Find a contact by its number (digits with the country code); None when it is unknown as yet."""
        self._index(code, now)
        contact = self._contacts[code.id].get(phone)
        return contact if contact and contact.joined <= now else None

    def values(self, phone: str) -> dict[int, str]:
        """Return the custom values of a number, by field id; to be changed with `set_values` only."""
        if phone not in self._values:
            self._values[phone] = field_values(self._seed, self.fields, phone)
        return self._values[phone]

    # The state of a contact.

    def state(self, contact: Contact, list_id: int, now: str) -> str | None:
        """Return a contact's state on a phone list; None when it never was on it."""
        state = None
        for move in contact.lists.get(list_id, ()):
            if move.at > now:
                break
            state = move.state
        return state

    def since(self, contact: Contact, list_id: int, state: str, now: str) -> str | None:
        """Return when a contact last came into a state on a phone list."""
        return next(
            (
                move.at
                for move in reversed(contact.lists.get(list_id, ()))
                if move.at <= now and move.state == state
            ),
            None,
        )

    def opted_out(self, contact: Contact, now: str) -> OptMove | None:
        """Return the opt-out that is in force, if any."""
        last = None
        for move in contact.opts:
            if move.at > now:
                break
            last = move
        return last if last and last.reason else None

    def subscribed_since(self, contact: Contact, now: str) -> str | None:
        """Return when a contact that is subscribed somewhere first was, since it last opted out."""
        back = max((move.at for move in contact.opts if move.at <= now), default="")
        dates = [
            move.at
            for moves in contact.lists.values()
            for move in moves
            if back <= move.at <= now and move.state == SUBSCRIBED
        ]
        return min(dates, default=None)

    # Writing.

    @staticmethod
    def _freeze(contact: Contact, now: str) -> None:
        """Drop the generated future events of a contact that the API has changed."""
        contact.opts = [move for move in contact.opts if move.at <= now]
        contact.lists = {
            list_id: kept
            for list_id, moves in contact.lists.items()
            if (kept := [move for move in moves if move.at <= now])
        }

    @staticmethod
    def check_writable(code: SenderCode, one: SmsList | None = None) -> None:
        """Refuse to write to a disabled sender code or an inactive list.

        Raises:
            ApiError: 400 ERROR_SENDER_CODE_DISABLED or ERROR_LIST_INACTIVE.
        """
        if code.disabled:
            raise ApiError(400, "ERROR_SENDER_CODE_DISABLED", "The sender code is disabled.")
        if one is not None and not one.active:
            raise ApiError(400, "ERROR_LIST_INACTIVE", "The list is inactive.")

    @staticmethod
    def _check_standing(standing: str, *, allowed: Iterable[str] = ()) -> None:
        if standing and standing not in allowed:
            raise ApiError(400, *_STANDINGS[standing])

    def _join(self, contact: Contact, one: SmsList, now: str) -> None:
        state = PENDING if one.double_opt_in or one.age_gate else SUBSCRIBED
        contact.lists.setdefault(one.id, []).append(Move(now, state))

    def create(
        self, code: SenderCode, one: SmsList, phone: str, system: Mapping[str, str | None], now: str
    ) -> Contact:
        """Create a contact and subscribe it (on a list with a double opt-in or age gate: pending).

        Raises:
            ApiError: 400: the number is known to the sender code (ERROR_PHONE_NUMBER_FOUND), pending on the
                list (ERROR_PENDING_PHONE_NUMBER), or refused.
        """
        self.check_writable(code, one)
        known = self.find(code, phone, now)
        if known and self.state(known, one.id, now) == PENDING:
            raise _pending()
        if known:
            raise ApiError(400, "ERROR_PHONE_NUMBER_FOUND", "The phone number already exists.")
        self._check_standing(self.refused.get(phone, ""))
        contact = Contact(phone, now, dict(system))
        self._contacts[code.id][phone] = contact
        self._created[code.id].append(contact)
        # Nobody's values yet, unless another sender code knows the number.
        if not any(self.find(other, phone, now) for other in self.codes if other is not code):
            self._values[phone] = {}
        self._join(contact, one, now)
        return contact

    def subscribe(self, code: SenderCode, one: SmsList, contact: Contact, now: str) -> None:
        """Subscribe a known contact to a list.

        Raises:
            ApiError: 400: it is opted out, banned, blocked, suspended, pending, or subscribed already.
        """
        self.check_writable(code, one)
        self._check_standing(contact.standing)
        if self.opted_out(contact, now):
            raise ApiError(
                400, "ERROR_PHONE_NUMBER_OPTED_OUT", "The phone number has opted out of the sender code."
            )
        state = self.state(contact, one.id, now)
        if state == PENDING:
            raise _pending()
        if state == SUBSCRIBED:
            raise ApiError(400, "ERROR_SUBSCRIBED_PHONE_NUMBER", "The phone number is subscribed already.")
        self._freeze(contact, now)
        self._join(contact, one, now)

    def unsubscribe(
        self, code: SenderCode, one: SmsList, contact: Contact, now: str, *, as_pending: bool
    ) -> None:
        """Take a contact off a list; it stays opted in.

        Args:
            code: The sender code.
            one: The phone list.
            contact: Who.
            now: The instant.
            as_pending: A pending contact is refused with a code of its own.

        Raises:
            ApiError: 400 ERROR_PENDING_PHONE_NUMBER or ERROR_PHONE_NUMBER_NOT_SUBSCRIBED.
        """
        self.check_writable(code, one)
        state = self.state(contact, one.id, now)
        if state == PENDING and as_pending:
            raise _pending()
        if state != SUBSCRIBED:
            raise ApiError(400, "ERROR_PHONE_NUMBER_NOT_SUBSCRIBED", "The phone number is not subscribed.")
        self._freeze(contact, now)
        contact.lists[one.id].append(Move(now, UNSUBSCRIBED))

    def update(
        self, code: SenderCode, phone: str, system: Mapping[str, str | None], now: str, *, out: bool
    ) -> Contact:
        """Replace all system values of a contact, and opt it out if asked to; never in.

        Raises:
            ApiError: 400 ERROR_PHONE_NUMBER_NOT_FOUND or ERROR_BANNED_PHONE_NUMBER.
        """
        self.check_writable(code)
        contact = self.find(code, phone, now)
        if contact is None:
            raise ApiError(400, "ERROR_PHONE_NUMBER_NOT_FOUND", "The phone number has not been created.")
        self._check_standing(contact.standing, allowed=("blocked", "suspended"))
        contact.system = dict(system)
        if out and not self.opted_out(contact, now):
            self._freeze(contact, now)
            opt_out(contact, now, "API")
        return contact

    def set_values(self, phone: str, values: Mapping[int, str]) -> None:
        """Set custom values of a number on all sender codes; an empty text clears."""
        mine = self.values(phone)
        for field_id, value in values.items():
            if value:
                mine[field_id] = value
            else:
                mine.pop(field_id, None)

    def fitting(self, field_id: int, value: str | None) -> str:
        """Check a value against its field, and return it as it is stored.

        Raises:
            ApiError: 400: no such field, disabled, too long (ERROR_SEGMENTATION_MAX_LENGTH), or not of the
                field's type (ERROR_INVALID_PARAMETER).
        """
        one = self.field(field_id)
        return typed(one.id, one.kind, one.length, value)


def typed(field_id: int, kind: str, length: int | None, value: str | None) -> str:
    """Check a value, and return it as a field of this type stores it; null becomes "".

    Raises:
        ApiError: 400 ERROR_SEGMENTATION_MAX_LENGTH or ERROR_INVALID_PARAMETER.
    """
    if value is None or value == "":
        return ""
    if kind == "Checkbox":
        if value.lower() not in _CHECKED:
            raise invalid("segmentationFieldValues", f"The field {field_id} takes 'on' or 'off'.")
        return _CHECKED[value.lower()]
    if kind == "Date":
        return _as_date(field_id, value)
    if kind == "Number" and not _NUMBER.fullmatch(value):
        raise invalid("segmentationFieldValues", f"The field {field_id} takes a number.")
    if length is not None and len(value) > length:
        raise ApiError(
            400, "ERROR_SEGMENTATION_MAX_LENGTH", f"The field {field_id} holds {length} characters at most."
        )
    return value


def _as_date(field_id: int, value: str) -> str:
    try:
        if not _DATE.fullmatch(value):
            raise ValueError  # noqa: TRY301  answered below like a day that does not exist
        month, day, year = map(int, value.split("/"))
        return f"{datetime(year, month, day, tzinfo=UTC):%m/%d/}{year:04}"
    except ValueError:
        raise invalid("segmentationFieldValues", f"The field {field_id} takes MM/DD/YYYY.") from None
