"""The SMS kinds of destination: who is subscribed, updated, unsubscribed or opted out, and who never is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from target_listrak.channels.sms.contacts import OPTED_OUT, PENDING, UNKNOWN_NUMBER
from target_listrak.channels.sms.loader import Entry, SmsLoader
from target_listrak.channels.sms.members import PhoneListMembers
from target_listrak.channels.sms.profiles import Profile, create_body, update_body
from target_listrak.channels.sms.standing import State
from target_listrak.channels.sms.updates import UpdatingLoader
from target_listrak.config.property_names import nothing_to_write
from target_listrak.delivery.mirror import Filled, MirroredStream
from target_listrak.outcomes import ACCEPTED, UNCHANGED, Declined, NotLoaded, Outcome, Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_listrak.config.destination import Destination
    from target_listrak.tracking.tallies import Row

__all__ = ["SmsListLoader", "SmsOptOutLoader", "SmsProfilesLoader", "SmsUnsubscribeLoader"]

PREVIOUSLY_UNSUBSCRIBED: Final = Declined(
    "previously_unsubscribed", "the person had left the list before; only `resubscribe` subscribes them again"
)


class SmsListLoader(UpdatingLoader):
    """`sms_list`: the people of the stream get messages. Creates and subscribes.

    Each number is looked up. Unknown: created, which subscribes. Known and never on the list: subscribed.
    Left the list before: subscribed only with `resubscribe`. Opted out of the sender code, blocked, banned
    or pending: declined, always. Profile values of those who are on the list are updated.
    """

    kinds = ("sms_list",)

    _members: PhoneListMembers | None = None

    @classmethod
    def fills(cls, destination: Destination, resolved: Any) -> Sequence[Filled]:  # noqa: ANN401 - each kind resolves to what it needs
        """Return the sender code's Phone List."""
        what = ("phone list", resolved.sender_code.id, resolved.phone_list.id)
        return [Filled(what, destination.option("mirror") is not False)]

    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Match the properties; before the first record, read who is on a list that is to be mirrored."""
        super().schema(schema, key_properties)
        if self.destination.option("mirror") is not False and self.mirror is None:
            (filled,) = self.fills(self.destination, self.resolved)
            what = filled.what
            self.watched = MirroredStream(self.tracker.tally)
            self._members = self.run.mirrors.members(
                what, lambda: PhoneListMembers(self.run, self.stream, self.contacts, self.phone_list)
            )
            self.mirror = self.run.mirrors.join(
                what, self.destination, self._members, self.tracker.hold, self.watched
            )

    def take_leaving(self, record: dict[str, Any], row: Row) -> None:
        """Add a row whose person is to be removed from the list."""
        number = self.leaving_number(record)
        self.put(Entry(number, row, leaves=True), record)

    def withdraw(self, record: Mapping[str, Any]) -> None:
        """Withdraw rows that would subscribe the number from the open batches of the Phone List."""
        for number in self.possible_keys(record) or ():
            self.session.forget(number, self.phone_list.id)

    def subscribes_to(self, phone_list_id: int) -> bool:
        """Return whether it is the destination's list."""
        return phone_list_id == self.phone_list.id

    def handle(self, entry: Entry) -> Outcome | None:
        """Look a number up, and create, subscribe, update or unsubscribe it."""
        if entry.leaves:
            return self.unsubscribe(entry.number)
        state = self.contacts.state(entry.number, self.phone_list)
        if self._members is not None:
            self._members.found(entry.number, state)
        if state is State.UNKNOWN:
            outcome = self.contacts.create(self.phone_list, create_body(entry.number, entry.profile))
            if outcome is None:
                return ACCEPTED
            if not (isinstance(outcome, Rejected) and outcome.code == "known_number"):
                return outcome
            state = self.contacts.state(entry.number, self.phone_list)
        return self._subscribe(entry, state)

    def _subscribe(self, entry: Entry, state: State) -> Outcome | None:
        """Subscribe a known number unless it is on the list or must not be, and update it."""
        if state is State.PENDING:
            return PENDING
        if state is State.SUBSCRIBED and not entry.profile:
            return UNCHANGED
        contact = self.contacts.read(entry.number)
        refusal = self._refusal(contact, state)
        if refusal is not None or contact is None:
            return refusal
        if state is not State.SUBSCRIBED:
            outcome = self.contacts.subscribe(entry.number, self.phone_list)
            if isinstance(outcome, Declined | Rejected):
                return outcome
            entry.subscribed = outcome is None
        return self.update(entry, contact)

    def _refusal(self, contact: Mapping[str, Any] | None, state: State) -> NotLoaded | None:
        """Return why a known number must not be subscribed; None if it may be."""
        if contact is None:
            return UNKNOWN_NUMBER
        if contact.get("optedOut"):
            return OPTED_OUT
        left = state is State.UNSUBSCRIBED and not self.destination.option("resubscribe")
        return PREVIOUSLY_UNSUBSCRIBED if left else None


class SmsProfilesLoader(UpdatingLoader):
    """`sms_profiles`: values of known numbers. Never creates, subscribes or opts in."""

    kinds = ("sms_profiles",)
    has_list: ClassVar[bool] = False

    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Match the properties to profile fields.

        Raises:
            ConfigurationError: None of them matches any: nothing can be written.
        """
        super().schema(schema, key_properties)
        if self.mapping.is_empty:
            raise nothing_to_write(self.destination, self.stream, schema.get("properties") or {})

    def handle(self, entry: Entry) -> Outcome | None:
        """Look a number up, and write what differs."""
        contact = self.contacts.read(entry.number)
        return UNKNOWN_NUMBER if contact is None else self.update(entry, contact)


class SmsUnsubscribeLoader(SmsLoader):
    """`sms_unsubscribe`: the people of the stream leave a list. A number that is not on it is unchanged."""

    kinds = ("sms_unsubscribe",)
    removes: ClassVar[bool] = True

    def handle(self, entry: Entry) -> Outcome | None:
        """Unsubscribe a number."""
        return self.unsubscribe(entry.number)


class SmsOptOutLoader(SmsLoader):
    """`sms_opt_out`: the people of the stream opt out of the sender code. Unknown numbers are declined.

    They cannot be opted out, and would get messages if they were created later.
    """

    kinds = ("sms_opt_out",)
    has_list: ClassVar[bool] = False
    has_fields: ClassVar[bool] = True
    removes: ClassVar[bool] = True

    def is_member(self, number: str) -> bool:
        """Return whether a number is known and has not opted out."""
        contact = self.contacts.read(number)
        return contact is not None and not contact.get("optedOut")

    def handle(self, entry: Entry) -> Outcome | None:
        """Read a contact and write it back opted out."""
        contact = self.contacts.read(entry.number)
        if contact is None:
            return UNKNOWN_NUMBER
        if contact.get("optedOut"):
            return UNCHANGED
        writable = {field.id for field in self.resolved.fields if field.active}
        outcome = self._opt_out(entry.number, contact, writable)
        if isinstance(outcome, Rejected) and contact.get("segmentationFieldValues"):
            # An old value that Listrak no longer takes must not keep anybody from opting out.
            outcome = self._opt_out(entry.number, contact, set())
        return outcome or ACCEPTED

    def _opt_out(self, number: str, contact: Mapping[str, Any], writable: set[int]) -> Outcome | None:
        body = update_body(contact, Profile(), writable, opted_out=True)
        return self.contacts.update(number, body, lambda now: bool(now.get("optedOut")))
