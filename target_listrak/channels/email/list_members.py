"""The members of an email list: read before the run, and removed if no record names them."""

from __future__ import annotations

import abc
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Final

from target_listrak.channels.email.buffer import Buffer, Line
from target_listrak.channels.email.contact_pages import contact_pages
from target_listrak.channels.email.import_files import Plan
from target_listrak.channels.email.membership import Membership
from target_listrak.delivery.import_body import encode_line
from target_listrak.delivery.mirror import Members, Missing
from target_listrak.outcomes import ACCEPTED, UNCHANGED, Declined, Outcome, Rejected
from target_listrak.tracking.state import Checkpoint
from target_listrak.tracking.tallies import Row
from target_listrak.values.addresses import comparison_key, parse_many

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from target_listrak.channels.email.buffer import Layout
    from target_listrak.channels.email.contact_pages import Contact
    from target_listrak.channels.email.list_loader import ListLoader
    from target_listrak.channels.email.lists import EmailList

__all__ = ["ListMembers", "Subscribers"]

_REMOVE: Final = Plan("RemoveSubscribers")


class ListMembers(Members):
    """Members that an import can remove. Read from Listrak when it is created.

    Args:
        loader: The first loader that feeds it, for its run and its importer.
        email_list: The list.
        title: The name of what they are members of, for people.
        plan: The plan of imports that remove them.
    """

    def __init__(self, loader: ListLoader, email_list: EmailList, title: str, plan: Plan) -> None:
        self.title = title
        self._loader = loader
        self._list = email_list
        self._plan = plan
        self._contacts = Membership()
        self._unreadable: list[str] = []
        self._keeps_nameless = False
        if not self.exists:  # a dry run would create it
            return
        for contacts in contact_pages(loader.run, email_list, self.queries):
            page = self._facts(contacts)
            self._contacts.add((key, address, on) for key, address, on, _ in page)
            if loader.finds_by_external_id:
                self._contacts.add_external_ids((external, key) for key, _, _, external in page if external)
        self._keep_unreadable()
        text = "%s: %s current members in %s"
        loader.run.logger.info(text, loader.stream, f"{self._contacts.size:,}", title)

    @property
    def exists(self) -> bool:
        """Whether there is anything to read."""
        return bool(self._list.id)

    @property
    @abc.abstractmethod
    def queries(self) -> Sequence[Mapping[str, object]]:
        """The parameters of `GET /List/{listId}/Contact`, for each pass over the contacts."""

    @abc.abstractmethod
    def membership(self, contact: Contact) -> bool | None:
        """Return whether a contact that was read is a member; `None` if Listrak does not say."""

    @abc.abstractmethod
    def removal(self, address: str) -> tuple[Layout, bytes]:
        """Return the columns and the line of an import file that removes a member."""

    def keep(self, key: str) -> None:
        """Note that a row names a contact."""
        self._contacts.note_seen(key)

    def address_of(self, key: str) -> str | None:
        """Return the address of a contact that was read, as Listrak spells it."""
        return self._contacts.address_of(key)

    def keys_of(self, external_id: str) -> Collection[str]:
        """Return the keys of the contacts that were read with an external id: none, one, or more.

        A record with an id that Listrak does not know may mean any member without one: those stay.
        """
        keys = self._contacts.keys_of(external_id)
        if not keys and not self._keeps_nameless:
            self._keeps_nameless = True
            if count := self._contacts.keep_without_external_id():
                text = (
                    "%s: a record has no address and an external id that is unknown in %s: mirroring leaves "
                    "the %s members without an external id alone"
                )
                self._loader.run.logger.warning(text, self._loader.stream, self.title, f"{count:,}")
        return keys

    def missing(self) -> Missing:
        """Count the members whom no record names."""
        return Missing(self._contacts.missing_count, self._contacts.size)

    def remove(self) -> int:
        """**Remove** the members whom no record names, by imports, and wait for them."""
        removed = 0
        people = self._contacts.missing()
        while part := list(islice(people, self._loader.batch_rows)):
            removed += self._remove(part)
        return removed

    def close(self) -> None:
        """Delete the temporary file."""
        self._contacts.close()

    def _facts(self, contacts: Sequence[Contact]) -> list[tuple[str, str, bool, str]]:
        """Return key, address, membership and external id of the contacts of a page."""
        found = [(one, on) for one in contacts if (on := self.membership(one)) is not None]
        unreadable: set[int] = set()
        _, keys = parse_many([one.emailAddress for one, _ in found], unreadable)
        for index in unreadable:
            contact, on = found[index]
            keys[index] = comparison_key(contact.emailAddress)
            if on:
                self._unreadable.append(keys[index])
        return [
            (key, one.emailAddress, on, str(one.externalContactID or ""))
            for key, (one, on) in zip(keys, found, strict=True)
        ]

    def _keep_unreadable(self) -> None:
        """Keep members whose own address cannot be read: records may spell it differently."""
        for key in self._unreadable:
            self._contacts.note_seen(key)
        if self._unreadable:
            self._loader.run.logger.warning(
                "%s: %s contacts in %s have an address that cannot be compared: mirroring leaves them alone",
                self._loader.stream,
                f"{len(self._unreadable):,}",
                self.title,
            )

    def _remove(self, people: list[tuple[str, str]]) -> int:
        loader = self._loader
        buffer = Buffer()
        checkpoint = Checkpoint()  # no row of the input: no STATE waits for them
        for number, (key, address) in enumerate(people):
            layout, line = self.removal(address)
            buffer.add(Line(key, layout, line), Row(number, checkpoint, b""))
        single = loader.single(self._list, self._plan, buffer)
        importer = loader.importer(self._plan, self._list)
        outcomes: dict[int, Outcome] = {}

        def job() -> None:
            importer.load(self._list, buffer, range(len(buffer)), single, outcomes.update)

        try:
            loader.run.imports.submit(("list", self._list.id), job, buffer.weight)
            loader.run.imports.drain()
        finally:
            buffer.close()
        return self._count(outcomes)

    def _count(self, outcomes: Mapping[int, Outcome]) -> int:
        reasons = Counter(
            outcome.code for outcome in outcomes.values() if isinstance(outcome, Declined | Rejected)
        )
        for code, count in reasons.items():
            self._loader.run.logger.warning(
                "%s: %s members could not be removed from %s: %s",
                self._loader.stream,
                f"{count:,}",
                self.title,
                code,
            )
        return sum(one in {ACCEPTED, UNCHANGED} for one in outcomes.values())


class Subscribers(ListMembers):
    """The subscribers of a list (`GET /List/{listId}/Contact`). Removing one unsubscribes it."""

    def __init__(self, loader: ListLoader, email_list: EmailList) -> None:
        super().__init__(loader, email_list, f"List {email_list.name}", _REMOVE)

    @property
    def queries(self) -> Sequence[Mapping[str, object]]:
        """Those that are subscribed."""
        return [{"subscriptionState": "Subscribed"}]

    def membership(self, contact: Contact) -> bool | None:  # noqa: ARG002 - see queries
        """Return True: only subscribers are read."""
        return True

    def removal(self, address: str) -> tuple[Layout, bytes]:
        """Return the address alone."""
        return (), encode_line([address])
