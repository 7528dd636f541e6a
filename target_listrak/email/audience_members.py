"""Who is in an audience: what its CheckBox field says, read before the run, and setting it off."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from listrak_api import routes
from target_listrak.delivery.import_body import encode_line
from target_listrak.delivery.mirror import Members, Missing
from target_listrak.email.buffer import Buffer, Line
from target_listrak.email.import_files import Plan
from target_listrak.email.membership import Membership
from target_listrak.outcomes import ACCEPTED, UNCHANGED, Declined, Outcome, Rejected
from target_listrak.tracking.state import Checkpoint
from target_listrak.tracking.tallies import Row
from target_listrak.values.addresses import Address, comparison_key, parse
from target_listrak.values.formats import as_boolean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from target_listrak.email.list_loader import ListLoader
    from target_listrak.email.lists import EmailList
    from target_listrak.email.profile_fields import ProfileField

__all__ = ["OFF_PLAN", "AudienceMembers", "audience_line"]

OFF_PLAN = Plan("UpdateSubscribers", include_unsubscribed=True)
"""Setting `off` must reach the unsubscribed too: they may still be on."""


class _Value(msgspec.Struct):
    segmentationFieldId: int  # noqa: N815 - the API's name
    value: str | None = None


class _Contact(msgspec.Struct):
    emailAddress: str  # noqa: N815 - the API's name
    segmentationFieldValues: list[_Value] | None = None  # noqa: N815 - the API's name


def audience_line(address: str, *, on: bool) -> bytes:
    """The line of an import file that sets a contact on or off."""
    return encode_line([address, "on" if on else "off"])


class AudienceMembers(Members):
    """Who is on in a field, unsubscribed people included (`GET /List/{listId}/Contact`, both states).

    Args:
        loader: The first loader that feeds the audience: its run, and its way to make an import.
        email_list: The list.
        field: The field.
    """

    def __init__(self, loader: ListLoader, email_list: EmailList, field: ProfileField) -> None:
        self.title = field.path
        self._loader = loader
        self._list = email_list
        self._field = field
        self._contacts = Membership()
        if field.id < 0 or not email_list.id:  # a dry run only pretends that they were made: nobody is on
            return
        self._unreadable: list[str] = []
        for state in ("Subscribed", "Unsubscribed"):
            self._contacts.add(self._read(state))
        self._keep_unreadable()
        loader.run.logger.info(
            "%s: %s current members in %s", loader.stream, f"{self._contacts.size:,}", field.path
        )

    def keep(self, key: str) -> None:
        """Note that a row names a contact."""
        self._contacts.note_seen(key)

    def says(self, key: str, *, on: bool) -> bool:
        """Whether the field says this of a contact for certain."""
        return self._contacts.says(key, on=on)

    def note_changed(self, key: str, address: str) -> None:
        """Note that a change of the contact was sent: rows after it are sent as well, whatever they say."""
        self._contacts.note_changed(key, address)

    def missing(self) -> Missing:
        """Count the members whom no record names."""
        return Missing(self._contacts.missing_count, self._contacts.size)

    def remove(self) -> int:
        """Set the members whom no record names off, by imports, and wait for them."""
        removed = 0
        people = self._contacts.missing()
        while part := list(islice(people, self._loader.batch_rows)):
            removed += self._set_off(part)
        return removed

    def close(self) -> None:
        """Delete what is on disk."""
        self._contacts.close()

    def _keep_unreadable(self) -> None:
        """Leave members alone whose own address cannot be read: records may spell it otherwise."""
        for key in self._unreadable:
            self._contacts.note_seen(key)
        if self._unreadable:
            self._loader.run.logger.warning(
                "%s: %s contacts in %s have an address that cannot be compared: mirroring leaves them alone",
                self._loader.stream,
                f"{len(self._unreadable):,}",
                self.title,
            )

    def _set_off(self, people: list[tuple[str, str]]) -> int:
        loader = self._loader
        buffer = Buffer()
        checkpoint = Checkpoint()  # no row of the input: no STATE waits for them
        for number, (key, address) in enumerate(people):
            line = Line(key, (self._field.id,), audience_line(address, on=False))
            buffer.add(line, Row(number, checkpoint, b""))
        single = loader.single(self._list, OFF_PLAN, buffer)
        importer = loader.importer(OFF_PLAN, self._list)
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

    def _read(self, state: str) -> Iterator[tuple[str, str, bool]]:
        params = {"subscriptionState": state, "segmentationFieldIds": self._field.id}
        decoder = msgspec.json.Decoder(list[_Contact])
        pages = self._loader.run.connection.client("email").pages(
            routes.CONTACTS, {"listId": self._list.id}, params, decoder=decoder
        )
        for contact in (contact for page in pages for contact in page.rows):
            for value in contact.segmentationFieldValues or ():
                on = as_boolean(value.value) if value.segmentationFieldId == self._field.id else None
                if isinstance(on, bool):
                    if on and not isinstance(parse(contact.emailAddress), Address):
                        self._unreadable.append(comparison_key(contact.emailAddress))
                    yield comparison_key(contact.emailAddress), contact.emailAddress, on
