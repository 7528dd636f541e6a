"""The members of an audience: read from its CheckBox field before the run, and removed by setting it off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_listrak.channels.email.list_members import ListMembers
from target_listrak.delivery.import_body import encode_line
from target_listrak.values.formats import as_boolean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_listrak.channels.email.buffer import Layout
    from target_listrak.channels.email.contact_pages import Contact
    from target_listrak.channels.email.import_files import Plan
    from target_listrak.channels.email.list_loader import ListLoader
    from target_listrak.channels.email.lists import EmailList
    from target_listrak.channels.email.profile_fields import ProfileField

__all__ = ["AudienceMembers", "audience_line"]


def audience_line(address: str, *cells: str, on: bool) -> bytes:
    """Return the line of an import file that sets a contact on or off, followed by other values."""
    return encode_line([address, "on" if on else "off", *cells])


class AudienceMembers(ListMembers):
    """The contacts whose field is on, also unsubscribed ones (`GET /List/{listId}/Contact`, both states).

    Args:
        loader: The first loader that feeds the audience, for its run and its importer.
        email_list: The list.
        field: The field.
        plan: The plan of imports that set members off.
    """

    def __init__(self, loader: ListLoader, email_list: EmailList, field: ProfileField, plan: Plan) -> None:
        self._field = field
        super().__init__(loader, email_list, field.path, plan)

    @property
    def exists(self) -> bool:
        """Whether there is anything to read: not for a list or field that a dry run would create."""
        return self._field.id >= 0 and super().exists

    @property
    def queries(self) -> Sequence[Mapping[str, object]]:
        """Both states of contacts, with the field's value."""
        states = ("Subscribed", "Unsubscribed")
        return [{"subscriptionState": one, "segmentationFieldIds": self._field.id} for one in states]

    def membership(self, contact: Contact) -> bool | None:
        """Return what the field says."""
        for value in contact.segmentationFieldValues or ():
            on = as_boolean(value.value) if value.segmentationFieldId == self._field.id else None
            if isinstance(on, bool):
                return on
        return None

    def removal(self, address: str) -> tuple[Layout, bytes]:
        """Return the field, off."""
        return (self._field.id,), audience_line(address, on=False)

    def says(self, key: str, *, on: bool) -> bool:
        """Return whether the field is known to say this of a contact."""
        return self._contacts.says(key, on=on)

    def note_changed(self, key: str, address: str) -> None:
        """Note that a change of the contact was sent: later rows are then sent without a comparison."""
        self._contacts.note_changed(key, address)
