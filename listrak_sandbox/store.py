"""What was written through the email API on top of the generated world: lists, fields, contacts, imports."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from listrak_sandbox.world import profile
from listrak_sandbox.world.calendar import DAY, FIRST_DAY, milliseconds, world_time
from listrak_sandbox.world.population import address, email_key, external_id, special_addresses
from listrak_sandbox.world.words import SUBSCRIBED_BY, UNSUBSCRIBED_BY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listrak_sandbox.world import World
    from listrak_sandbox.world.lists import MailingList
    from listrak_sandbox.world.population import Standing

Record = dict[str, Any]
SUBSCRIBED, UNSUBSCRIBED, PENDING = "Subscribed", "Unsubscribed", "Pending"
BANNED, SUPPRESSED = "Banned", "Suppressed"
_DECODER = msgspec.json.Decoder(dict[int, str])


def instant_of(when: int) -> datetime:
    """Convert world time to an instant, with the fraction of a second that dates of that time have."""
    day, second = divmod(when, DAY)
    second += 25_200 if second >= 39_600 else 0  # noqa: PLR2004  the quiet hours, see world.calendar
    start = datetime.combine(FIRST_DAY + timedelta(days=day), time(0), UTC)
    return start + timedelta(seconds=second, milliseconds=milliseconds(when))


class Contact:
    """One contact as stored after a write, or as generated.

    Attributes:
        email: Its address.
        key: Its emailKey; it stays the same when the address changes.
        external: Its external contact id.
        state: Subscribed, Unsubscribed or Pending.
        since: Its original subscription (UTC), None while pending.
        resubscribed: Its latest subscription, if another.
        left: When it unsubscribed, if it is unsubscribed.
        joined_by: Subscribe method.
        left_by: Unsubscribe method.
    """

    __slots__ = (
        "_packed", "email", "external", "joined_by", "key",
        "left", "left_by", "resubscribed", "since", "state",
    )  # fmt: skip

    def __init__(self, email: str, state: str, since: datetime | None, joined_by: str | None = None) -> None:
        self.email = email
        self.key = email_key(email)
        self.external: str | None = None
        self.state = state
        self.since = since
        self.resubscribed: datetime | None = None
        self.left: datetime | None = None
        self.joined_by = joined_by
        self.left_by: str | None = None
        self._packed = b"{}"

    @property
    def values(self) -> dict[int, str]:
        """Its profile values by field id; assign a whole dictionary to change them."""
        return _DECODER.decode(self._packed)

    @values.setter
    def values(self, values: dict[int, str]) -> None:
        # Kept as bytes: a million imported contacts are a quarter of the size of as many dictionaries.
        self._packed = msgspec.json.encode(values)

    @property
    def latest(self) -> datetime | None:
        """Its most recent subscription."""
        return self.resubscribed or self.since

    def subscribe(self, now: datetime, method: str) -> None:
        """Subscribe it, or subscribe it again."""
        if self.since is None:
            self.since = now
            self.joined_by = method
        else:
            self.resubscribed = now
        self.state = SUBSCRIBED
        self.left = None
        self.left_by = None

    def unsubscribe(self, now: datetime, method: str) -> None:
        """Unsubscribe it."""
        self.state = UNSUBSCRIBED
        self.left = now
        self.left_by = method


class ListImport(Protocol):
    """An import made through the API: `email.import_jobs.Job`."""

    import_id: int

    def record(self) -> dict[str, Any]:
        """Return the import as the API writes it."""

    def status_record(self) -> dict[str, Any]:
        """Return its status."""

    def summary(self) -> dict[str, Any]:
        """Return its counts."""

    def contacts(self, start: int = 0, stop: int | None = None) -> list[dict[str, object]]:
        """Return the contacts' results so far, or a part of them."""

    def written(self) -> dict[str, Any]:
        """Return what it wrote."""

    def stop(self) -> None:
        """Stop it."""


@dataclass
class ListState:
    """One list with everything written on it.

    Attributes:
        list_id: Its id.
        record: The API's List.
        generated_list: The generated list that it is based on; None if it was created through the API.
        groups: Profile field groups by id, in order.
        fields: Profile fields by id, in order.
        special: Standing of addresses that are banned, suppressed or pending from the beginning.
        contacts: Written contacts by address in lower case.
        order: The same in the order of their first write, which is the order of pages.
        taken: Indexes of generated contacts that were written to: they are in `order` since then.
        cleared: Fields cleared for all subscribed contacts, and the world time of it.
        imports: Imports made through the API, by id.
        events: Events created through the API, as the API's records.
        event_groups: Event groups created through the API, as the API's records.
        raised: Events raised: ``{eventId, emailAddress, at}``.
        version: Grows with each write that changes a contact.
    """

    list_id: int
    record: Record
    generated_list: MailingList | None
    groups: dict[int, Record] = field(default_factory=dict)
    fields: dict[int, Record] = field(default_factory=dict)
    special: dict[str, str] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    order: list[Contact] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)
    cleared: dict[int, int] = field(default_factory=dict)
    imports: dict[int, ListImport] = field(default_factory=dict)
    events: list[Record] = field(default_factory=list)
    event_groups: list[Record] = field(default_factory=list)
    raised: list[Record] = field(default_factory=list)
    version: int = 0

    def find(self, email: str, now: datetime) -> Contact | None:
        """Find a contact by its address; a generated one that was never written is created, not stored."""
        lowered = email.lower()
        stored = self.contacts.get(lowered)
        if stored is not None:
            return stored
        index = self._index(lowered, now)
        if index is not None:
            return self.generated_contact(index, world_time(now))
        if self.special.get(lowered) == PENDING:
            return Contact(email, PENDING, None)
        return None

    def _index(self, lowered: str, now: datetime) -> int | None:
        if self.generated_list is None:
            return None
        index = self.generated_list.population.index_of(lowered)
        if (
            index is None
            or index in self.taken
            or index >= self.generated_list.population.count(world_time(now))
        ):
            return None
        return index

    def generated_contact(self, index: int, when: int) -> Contact:
        """Create the contact object of a generated contact as it is at a world time."""
        generated_list = self.generated_list
        assert generated_list is not None  # noqa: S101  only generated lists have generated contacts
        population = generated_list.population
        standing = population.standing(index, when)
        person = population.person(index)
        contact = Contact(
            address(person), SUBSCRIBED, instant_of(standing.since), method_of(person, standing)[0]
        )
        contact.external = external_id(person)
        if standing.resubscribed is not None:
            contact.resubscribed = instant_of(standing.resubscribed)
        if not standing.subscribed and standing.left is not None:
            contact.unsubscribe(instant_of(standing.left), method_of(person, standing)[1] or "")
        contact.values = self.generated_values(index)
        return contact

    def generated_values(self, index: int, wanted: list[int] | None = None) -> dict[int, str]:
        """Return the values of a generated contact, without deleted fields and cleared values."""
        generated_list = self.generated_list
        assert generated_list is not None  # noqa: S101  only generated lists have generated contacts
        values = generated_list.values.of(index, generated_list.population.person(index), wanted)
        if len(self.fields) < len(values) or self.cleared or any(one not in self.fields for one in values):
            population = generated_list.population
            return {
                one: value
                for one, value in values.items()
                if one in self.fields
                and not (one in self.cleared and population.receives(index, self.cleared[one]))
            }
        return values

    def adopt(self, email: str, now: datetime) -> Contact | None:
        """Find a contact in order to write to it: a generated one becomes a stored one."""
        lowered = email.lower()
        stored = self.contacts.get(lowered)
        if stored is None:
            index = self._index(lowered, now)
            stored = self.find(email, now)
            if stored is None:
                return None
            if index is not None:
                self.taken.add(index)
            self.put(stored)
        return stored

    def put(self, contact: Contact) -> None:
        """Store a new contact."""
        self.contacts[contact.email.lower()] = contact
        self.order.append(contact)
        self.version += 1

    def rename(self, contact: Contact, email: str) -> None:
        """Change the address of a stored contact."""
        del self.contacts[contact.email.lower()]
        contact.email = email
        self.contacts[email.lower()] = contact
        self.version += 1

    def standing_of(self, email: str, now: datetime) -> str | None:
        """Return an address's standing: one of the five states at the top of this module, or None."""
        contact = self.find(email, now)
        if contact is not None and contact.state != PENDING:
            return contact.state
        return self.special.get(email.lower()) or (contact.state if contact else None)

    def fields_of(self, group_id: int) -> list[Record]:
        """Return the fields of a group in order."""
        return [one for one in self.fields.values() if one["segmentationFieldGroupId"] == group_id]


def method_of(person: int, standing: Standing) -> tuple[str, str | None]:
    """Return a generated contact's subscribe and unsubscribe method."""
    joined = SUBSCRIBED_BY[person % len(SUBSCRIBED_BY)]
    if standing.subscribed:
        return joined, None
    return joined, UNSUBSCRIBED_BY[(person + standing.changes) % len(UNSUBSCRIBED_BY)]


class Store:
    """Everything written since the last reset.

    Attributes:
        lists: All lists by id, generated and created.
        log: Writes in order: ``{at, route, listId, …}``, without imports.
    """

    def __init__(self, world: World) -> None:
        self.lists: dict[int, ListState] = {}
        self.log: list[Record] = []
        self._next = {
            "list": 60_000,
            "group": 900_000,
            "field": 910_000,
            "import": 9_000_000,
            "event": 920_000,
        }
        for generated_list in world.lists.values():
            state = ListState(generated_list.list_id, generated_list.record(), generated_list)
            groups, fields = profile.groups(generated_list.number, generated_list.shape.fields)
            state.groups = {int(str(one["segmentationFieldGroupId"])): one for one in groups}
            state.fields = {int(str(one["segmentationFieldId"])): one for one in fields}
            for kind, standing in (("pending", PENDING), ("banned", BANNED), ("suppressed", SUPPRESSED)):
                state.special |= dict.fromkeys(special_addresses(generated_list.number, kind), standing)
            self.lists[generated_list.list_id] = state

    def next_id(self, kind: str) -> int:
        """Return a new id for a list, group, field, import or event."""
        self._next[kind] += 1
        return self._next[kind]

    def jobs(self) -> Iterator[ListImport]:
        """Return all imports made through the API."""
        for state in self.lists.values():
            yield from state.imports.values()

    def close(self) -> None:
        """Stop what is still running."""
        for job in self.jobs():
            job.stop()
