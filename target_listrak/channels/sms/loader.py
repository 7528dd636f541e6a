"""What all SMS destinations share: rows collected by phone number, then calls for many numbers side by side.

Rows are taken in batches. In a batch a number occurs once: an earlier row is merged into a later one. The
batches of one sender code are loaded one after the other, whatever stream they come from, so the calls for a
number are made in the order of its rows.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

import msgspec

from listrak_api.errors import RequestRefusedError
from target_listrak.channels.sms import sender_codes
from target_listrak.channels.sms.contacts import (
    NOT_SUBSCRIBED,
    PENDING,
    UNKNOWN_NUMBER,
    SmsContacts,
    outcome_of,
)
from target_listrak.channels.sms.profiles import Profile, property_of
from target_listrak.channels.sms.session import SenderCodeSession
from target_listrak.channels.sms.standing import State
from target_listrak.config.property_names import PHONE_NAMES
from target_listrak.delivery.leavers import LEFT_IN_RUN, TOO_LATE
from target_listrak.delivery.loader import Loader
from target_listrak.delivery.removals import Removals
from target_listrak.outcomes import ACCEPTED, UNCHANGED, Outcome, Rejected, RowRejected
from target_listrak.values import phones
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.plain import plain_value
from target_listrak.values.possible_keys import possible_numbers
from target_listrak.values.row_faults import with_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from target_listrak.channels.sms.sender_codes import PhoneList, SenderCode, SmsField
    from target_listrak.config.destination import Destination
    from target_listrak.delivery.loader import Delivery
    from target_listrak.delivery.run import Run
    from target_listrak.outcomes import Fault
    from target_listrak.tracking.tallies import Row

__all__ = ["Entry", "Resolved", "SmsLoader"]

_BATCH_ROWS: Final = 5_000
_BATCH_BYTES: Final = 16_000_000
_ROW_BYTES: Final = 700


class Resolved(NamedTuple):
    """What the names of an SMS destination mean; `message` is the id of a transactional message."""

    sender_code: SenderCode
    phone_list: PhoneList | None
    fields: list[SmsField]
    contacts: SmsContacts
    message: int = 0


@dataclass
class Entry:
    """One number in a batch.

    Attributes:
        number: The canonical number.
        row: Its latest row.
        profile: Values to write.
        leaves: Whether the row says that the person is to be removed.
        merged: The whole record, if earlier ones of the number were merged into it.
        before: What Listrak held of the contact before it is updated.
        changes: What is to change.
        waits: Whether it waits for the batch's import.
        subscribed: Whether it was subscribed just now.
    """

    number: str
    row: Row
    profile: Profile = field(default_factory=Profile)
    leaves: bool = False
    merged: dict[str, object] | None = None
    before: dict[str, Any] | None = None
    changes: Profile = field(default_factory=Profile)
    waits: bool = False
    subscribed: bool = False


class SmsLoader(Loader):
    """Loads rows by phone number. A kind says with `handle` what happens to a number.

    Attributes:
        has_list: Whether the kind has a Phone List.
        has_fields: Whether it reads the sender code's profile fields.
        removes: Whether each of its rows removes its person.
    """

    has_list: ClassVar[bool] = True
    has_fields: ClassVar[bool] = False
    removes: ClassVar[bool] = False

    @classmethod
    def resolve(cls, run: Run, destination: Destination) -> Resolved:
        """Find the sender code, the Phone List and the profile fields. Reads only."""
        country = run.config["default_country"]
        if not phones.is_country(country):
            problem = destination.error(
                "phone", f"the setting default_country is {country!r}, which is not a country code"
            )
            raise problem
        sender_code = sender_codes.find_sender_code(run, destination)
        phone_list = sender_codes.find_phone_list(run, destination, sender_code) if cls.has_list else None
        fields = sender_codes.read_fields(run, sender_code) if cls.has_fields else []
        return Resolved(sender_code, phone_list, fields, SmsContacts(run, sender_code))

    @classmethod
    def describe(cls, destination: Destination, resolved: Resolved) -> str:
        """Describe the destination: kind, sender code and list."""
        where = f"sender code {resolved.sender_code.name}"
        if resolved.phone_list is not None:
            where = f"{resolved.phone_list.name}, {where}"
        return f"{destination.kind} ({where})"

    def __init__(self, delivery: Delivery, resolved: Resolved) -> None:
        super().__init__(delivery, resolved)
        self.contacts = resolved.contacts
        self.sender_code = resolved.sender_code
        self.country: str = self.run.config["default_country"]
        self._international: bool = self.run.config["phone_digits"] == "international"
        self.phone_property = ""
        self._batch: dict[str, Entry] = {}
        self._weight = 0
        self._most_rows = min(_BATCH_ROWS, int(self.run.config["batch_size_rows"]))
        self.session = self.run.session(SenderCodeSession, self.sender_code.id)
        self.session.add(self)
        self._removals = self.run.session(Removals, self.destination.label)
        self.session.leavers.needed = True

    @property
    def phone_list(self) -> PhoneList:
        """The destination's list; for kinds that have one."""
        if self.resolved.phone_list is None:  # pragma: no cover - a mistake in this package
            raise LookupError
        return self.resolved.phone_list  # type: ignore[no-any-return]

    @property
    def key_properties(self) -> Sequence[str]:
        """The property with the phone number."""
        return (self.phone_property,)

    @property
    def position(self) -> int:
        """The place of the destination among those of the stream."""
        return self.destination.position

    def possible_keys(self, record: Mapping[str, Any]) -> Collection[str] | None:
        """Return the canonical numbers that a record could mean."""
        cell = record.get(self.phone_property)
        number = self.number(cell)
        return (number,) if isinstance(number, str) else possible_numbers(cell, self.country)

    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:  # noqa: ARG002 - by phone only
        """Find the property with the phone number."""
        self.phone_property = property_of(self.destination, schema, "phone", PHONE_NAMES)

    # The main thread

    def take(self, record: dict[str, Any], row: Row) -> None:
        """Add a row to the batch; an earlier row of the number is merged into it."""
        number = self.number(record.get(self.phone_property))
        if isinstance(number, InvalidValue):
            raise RowRejected(with_faults(Rejected.of(number), self.phone_property, self.faults(record)))
        self.take_number(number, record, row)

    def faults(self, record: dict[str, Any]) -> Sequence[Fault]:  # noqa: ARG002 - for subclasses
        """Return the faults of a record beside those of its number."""
        return ()

    def number(self, cell: object) -> str | InvalidValue:
        """Return the number of a cell as `phones.canonical` reads it with the settings."""
        return phones.canonical(cell, self.country, international=self._international)

    def take_number(self, number: str, record: dict[str, Any], row: Row) -> None:
        """Add a row whose number is known.

        Raises:
            RowRejected: The row cannot be loaded.
        """
        self.put(self.entry(number, record, row), record)

    def leaving_number(self, record: dict[str, Any]) -> str:
        """Return the number of a record whose person is to be removed.

        Raises:
            RowRejected: It has none: for a deletion some sources send the key properties only.
        """
        cell = record.get(self.phone_property)
        number = self.number(cell)
        if isinstance(number, str):
            return number
        if plain_value(cell):
            raise RowRejected(Rejected.of(number))
        reason = (
            "the source deleted the record and sent its key only: it must send "
            f"{self.phone_property} with deletions"
        )
        raise RowRejected(Rejected("deleted", reason))

    def put(self, entry: Entry, record: dict[str, Any]) -> None:
        """Put an entry into the batch, where it replaces an earlier one of its number."""
        number, row = entry.number, entry.row
        self.session.flush_conflicting(self, number)
        earlier = self._batch.get(number)
        if earlier is not None:
            self.join(earlier, entry, record)
            self.tracker.merge(earlier.row)
        self._batch[number] = entry
        self._weight += _ROW_BYTES + 2 * len(row.line)
        if len(self._batch) >= self._most_rows or self._weight >= _BATCH_BYTES:
            self.flush()

    def forget(self, number: str, phone_list_id: int) -> None:
        """Withdraw a row that would subscribe a number to a list from the batch; it counts as merged."""
        entry = self._batch.get(number) if self.subscribes_to(phone_list_id) else None
        if entry is not None and not entry.leaves:
            del self._batch[number]
            self.tracker.merge(entry.row)

    def subscribes_to(self, phone_list_id: int) -> bool:  # noqa: ARG002 - for subclasses
        """Return whether rows of the loader subscribe to a Phone List."""
        return False

    def entry(self, number: str, record: dict[str, Any], row: Row) -> Entry:
        """Return what a record asks for.

        Raises:
            RowRejected: The record cannot be loaded.
        """
        del record
        return Entry(number, row, leaves=self.removes)

    @staticmethod
    def join(earlier: Entry, later: Entry, record: dict[str, Any]) -> None:
        """Merge an earlier row of the number into a later one, whose values win."""
        earlier.profile.update(later.profile)
        later.profile = earlier.profile
        later.merged = {**(earlier.merged or _record_of(earlier.row.line)), **record}

    def holds(self, number: str) -> bool:
        """Return whether the open batch has a row of the number."""
        return number in self._batch

    def flush(self) -> None:
        """Submit the batch."""
        if not self._batch:
            return
        self.session.flush_earlier(self)
        batch, self._batch = self._batch, {}
        weight, self._weight = self._weight, 0
        key = ("sms", self.sender_code.id)
        self.run.imports.submit(key, functools.partial(self._work, list(batch.values())), weight)

    # Worker threads

    def _work(self, entries: list[Entry]) -> None:
        leaving = [entry.number for entry in entries if entry.leaves]
        if leaving:
            count = functools.partial(self._count_members, leaving)
            self._removals.allow(self.destination, len(leaving), count)
            earlier = self.session.leavers.note(self.leaves_from, self.destination.label, leaving)
            if earlier:
                place = self.phone_list.name if self.has_list else self.sender_code.name
                self.run.connection.log_once(TOO_LATE, self.destination.label, place, earlier)
        self.work(self._without_leavers(entries))
        tally = self.tracker.tally
        text = "Stream %s: %s numbers done; %s of %s rows read so far are confirmed"
        figures = (f"{len(entries):,}", f"{tally.confirmed:,}", f"{tally.read:,}")
        self.run.logger.info(text, self.stream, *figures)

    def work(self, entries: list[Entry]) -> None:
        """Make the calls for a batch, side by side, and confirm each row as soon as its outcome is known."""
        self.side_by_side(entries, self.handle)

    @property
    def leaves_from(self) -> int | None:
        """The id of the Phone List that rows take people off; `None` for the whole sender code."""
        return self.resolved.phone_list.id if self.has_list and self.resolved.phone_list else None

    def _without_leavers(self, entries: list[Entry]) -> list[Entry]:
        """Decline rows that would subscribe somebody whom another destination takes off; return the rest."""
        subscribes = self.has_list and self.subscribes_to(self.phone_list.id)
        # With `resubscribe`, the order of the rows decides, as it does for numbers that Listrak knows.
        if not subscribes or self.destination.option("resubscribe"):
            return entries
        numbers = {entry.number: place for place, entry in enumerate(entries) if not entry.leaves}
        leavers, label = self.session.leavers, self.destination.label
        left = {*leavers.among(self.phone_list.id, label, numbers), *leavers.among(None, label, numbers)}
        for place in sorted(left):
            self.end_entry(entries[place], LEFT_IN_RUN)
        return [entry for place, entry in enumerate(entries) if place not in left]

    def _count_members(self, numbers: list[str]) -> int:
        """Count the numbers that would be removed, by looking each of them up."""
        members: list[str] = []

        def look(number: str) -> None:
            if self.is_member(number):
                members.append(number)

        self.run.calls.run_all([functools.partial(look, number) for number in numbers])
        return len(members)

    def is_member(self, number: str) -> bool:
        """Return whether a number is on the list, so that a row could take it off."""
        return self.contacts.state(number, self.phone_list) is State.SUBSCRIBED

    def handle(self, entry: Entry) -> Outcome | None:
        """Make the calls for one number.

        Returns:
            The result of the row, or `None` if that is known only when the batch's import has ended.
        """
        raise NotImplementedError

    def unsubscribe(self, number: str) -> Outcome:
        """Take a number off the list; one that is not on it is unchanged."""
        if self.run.dry_run:
            state = self.contacts.state(number, self.phone_list)
            if state is State.PENDING:
                return PENDING
            if state is not State.SUBSCRIBED:
                return UNCHANGED
        outcome = self.contacts.unsubscribe(number, self.phone_list)
        if outcome is None:
            return ACCEPTED
        if outcome is NOT_SUBSCRIBED and self.contacts.state(number, self.phone_list) is State.PENDING:
            return PENDING  # Listrak calls both "not subscribed"; one that is pending can still confirm
        return UNCHANGED if outcome in {UNKNOWN_NUMBER, NOT_SUBSCRIBED} else outcome

    def side_by_side(self, entries: list[Entry], make: Callable[[Entry], Outcome | None]) -> None:
        """Make calls for numbers on worker threads, wait, and end the rows whose outcome is known."""

        def job(entry: Entry) -> None:
            try:
                outcome = make(entry)
            except RequestRefusedError as error:
                outcome = outcome_of(error)
            if outcome is not None:
                self.end_entry(entry, outcome)

        self.run.calls.run_all([functools.partial(job, entry) for entry in entries])

    def end_entry(self, entry: Entry, outcome: Outcome) -> None:
        """End a number's row with its outcome."""
        if entry.leaves and outcome is ACCEPTED:
            self._removals.add(1)
        self.tracker.end(entry.row, outcome, merged_with=entry.merged)


def _record_of(line: bytes) -> dict[str, object]:
    """Return the record of a Singer line; None if a stream map has replaced the line."""
    try:
        record = msgspec.json.decode(line)["record"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return {}
    return record if isinstance(record, dict) else {}
