"""Who is in an audience: what its CheckBox field says, read before the run, and setting it off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_listrak.delivery.import_body import encode_line
from target_listrak.email.list_members import ListMembers
from target_listrak.values.formats import as_boolean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_listrak.email.buffer import Layout
    from target_listrak.email.import_files import Plan
    from target_listrak.email.list_loader import ListLoader
    from target_listrak.email.list_members import Contact
    from target_listrak.email.lists import EmailList
    from target_listrak.email.profile_fields import ProfileField

__all__ = ["AudienceMembers", "audience_line"]


def audience_line(address: str, *cells: str, on: bool) -> bytes:
    """The line of an import file that sets a contact on or off, with other values after that."""
    return encode_line([address, "on" if on else "off", *cells])


class AudienceMembers(ListMembers):
    """Who is on in a field, unsubscribed people included (`GET /List/{listId}/Contact`, both states).

    Args:
        loader: The first loader that feeds the audience: its run, and its way to make an import.
        email_list: The list.
        field: The field.
        plan: What an import that sets members off does.
    """

    def __init__(self, loader: ListLoader, email_list: EmailList, field: ProfileField, plan: Plan) -> None:
        self._field = field
        super().__init__(loader, email_list, field.path, plan)

    @property
    def exists(self) -> bool:
        """Not where a dry run only pretends that list or field were made: nobody is on."""
        return self._field.id >= 0 and super().exists

    @property
    def queries(self) -> Sequence[Mapping[str, object]]:
        """Both states of contacts, with the field's value."""
        states = ("Subscribed", "Unsubscribed")
        return [{"subscriptionState": one, "segmentationFieldIds": self._field.id} for one in states]

    def membership(self, contact: Contact) -> bool | None:
        """What the field says."""
        for value in contact.segmentationFieldValues or ():
            on = as_boolean(value.value) if value.segmentationFieldId == self._field.id else None
            if isinstance(on, bool):
                return on
        return None

    def removal(self, address: str) -> tuple[Layout, bytes]:
        """The field, off."""
        return (self._field.id,), audience_line(address, on=False)

    def says(self, key: str, *, on: bool) -> bool:
        """Whether the field says this of a contact for certain."""
        return self._contacts.says(key, on=on)

    def note_changed(self, key: str, address: str) -> None:
        """Note that a change of the contact was sent: rows after it are sent as well, whatever they say."""
        self._contacts.note_changed(key, address)
