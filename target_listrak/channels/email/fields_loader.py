"""What the kinds share that write profile fields, or that find contacts of the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from target_listrak.channels.email.buffer import Buffer, ContactKey, ExternalContact
from target_listrak.channels.email.contacts import Contacts
from target_listrak.channels.email.every_row import EveryRow
from target_listrak.channels.email.field_matching import columns_of
from target_listrak.channels.email.import_results import Result, reason_of
from target_listrak.channels.email.list_loader import ListLoader
from target_listrak.channels.email.mapping import Mapper, RowMapping
from target_listrak.channels.email.session import EmailSession
from target_listrak.config.property_names import EMAIL_NAMES, nothing_to_write, property_like
from target_listrak.outcomes import UNCHANGED, Outcome, Rejected, RowRejected
from target_listrak.values.addresses import comparison_key
from target_listrak.values.formats import is_missing
from target_listrak.values.keys import as_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_listrak.channels.email.import_files import Plan
    from target_listrak.channels.email.lists import EmailList
    from target_listrak.values.addresses import Address

__all__ = ["EXTERNAL_NAMES", "FieldsLoader", "KnownContactsLoader", "external_id_of"]

EXTERNAL_NAMES: Final = ("externalcontactid",)


def external_id_of(record: Mapping[str, Any], name: str | None) -> str:
    """Return the external contact id that a record has under a name; "" if it has none that can be read."""
    value = record.get(name) if name else None
    external = "" if isinstance(value, list | dict | bool) else as_key(value)
    return external if isinstance(external, str) else ""


class FieldsLoader(ListLoader):
    """What `email_list` and `profile_fields` share: properties go to profile fields.

    Attributes:
        needs_fields: Whether a stream without a property for any field is an error.
    """

    needs_fields: ClassVar[bool] = False

    _external_id: str | None = None

    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Find the properties with the address and the external id, then match the others."""
        self._external_id = self.external_id_column(schema)
        super().schema(schema, key_properties)

    def make_mapper(self, email_list: EmailList, schema: dict[str, Any]) -> Mapper:
        """Match the schema's properties to the list's fields, and create missing ones if that is allowed."""
        option = self.destination.option
        external_id = self._external_id
        names = (
            "list_from",
            "field_from",
            "external_id",
            "new_email",
            "member",
            "member_from",
            "field_values",
        )
        used = {str(self.destination.options[name]) for name in names if name in self.destination.options}
        used |= {self._email, str(external_id)}
        fields = self.run.session(EmailSession).lists.fields(email_list)
        columns = columns_of(self.destination, fields, schema, used, self.run)
        if not columns and self.needs_fields:
            raise nothing_to_write(self.destination, self.stream, schema.get("properties") or {})
        return RowMapping(
            columns,
            external_id=external_id,
            new_email=self.destination.options.get("new_email"),
            clears=self.destination.clears,
            on_bad_value=option("on_bad_value"),
        )

    def external_id_column(self, schema: Mapping[str, Any]) -> str | None:
        """Return the property that goes to the external contact id."""
        return self.destination.options.get("external_id") or property_like(schema, EXTERNAL_NAMES)

    def withdraw_contact(self, record: Mapping[str, Any], external_id: str | None) -> None:
        """Withdraw rows that would subscribe a contact from the open batches of the record's list.

        For a record that names no list, or one that does not exist, all lists are meant.
        """
        keys: set[ContactKey] = set(self.possible_keys(record) or ())
        external = external_id_of(record, external_id)
        if external:
            keys.add(ExternalContact(external))
        try:
            lists = [self.list_of(record).id]
        except RowRejected:
            lists = list(dict.fromkeys(batch.list_id for batch in self.batches))
        for list_id in lists:
            self.run.session(EmailSession).open_batches.withdraw(list_id, keys)

    def find_addresses(
        self, email_list: EmailList, buffer: Buffer, *, include_unsubscribed: bool
    ) -> Sequence[int]:
        """Turn the external ids of rows into addresses; decline rows whose contact the list does not know.

        Returns:
            The rows that are left to load, including those that had an address.
        """
        wanted = buffer.external_ids()
        if not wanted:
            return range(len(buffer))
        contacts = Contacts(self.run, email_list, self.destination)
        found = contacts.addresses_of(wanted.keys(), include_unsubscribed=include_unsubscribed)
        done: dict[int, Outcome] = {}
        for external_id, indices in wanted.items():
            address = found.get(external_id)
            for index in indices:
                if address is None:
                    done[index] = reason_of(Result.UNKNOWN_CONTACT)
                elif comparison_key(address) in buffer.rows and not isinstance(buffer, EveryRow):
                    done[index] = UNCHANGED  # another row of the batch removes the contact: one is enough
                else:
                    buffer.rename(index, comparison_key(address), address)
        self.confirm_all(buffer, done)
        return [index for index in range(len(buffer)) if index not in done]

    def find_leaving(self, email_list: EmailList, buffer: Buffer) -> Sequence[int]:
        """Do what `find_addresses` does for rows that remove, also by addresses that contacts had before."""
        indices = self.find_addresses(email_list, buffer, include_unsubscribed=True)
        moves, place = self.run.session(EmailSession).moves, (email_list.id, email_list.name)
        done: dict[int, Outcome] = {}
        for key, address in moves.among(place, buffer.rows).items():
            index = buffer.rows[key]
            if comparison_key(address) in buffer.rows:
                done[index] = UNCHANGED  # another row removes the contact
            else:
                buffer.rename(index, comparison_key(address), address)
        self.confirm_all(buffer, done)
        return [index for index in indices if index not in done]


class KnownContactsLoader(FieldsLoader):
    """What the kinds share that load known contacts only: found by address, or by external id.

    A record without an address is found by its external id, also if the stream has addresses.
    """

    @property
    def by_external_id(self) -> str | None:
        """The property with the external id that finds contacts, if there is one."""
        external: str | None = self.destination.options.get("external_id")
        return external

    @property
    def finds_by_external_id(self) -> bool:
        """Whether records may name their contact by its external id alone."""
        return self.by_external_id is not None

    @property
    def key_properties(self) -> Sequence[str]:
        """The properties with the address, the external id and the list."""
        return (*super().key_properties, *filter(None, [self.by_external_id]))

    def find_email(self, schema: Mapping[str, Any]) -> str:
        """Return the property with the address, which may be missing if there is an external id."""
        if "external_id" in self.destination.options and "email" not in self.destination.options:
            return property_like(schema, EMAIL_NAMES) or ""
        return super().find_email(schema)

    def external_id_column(self, schema: Mapping[str, Any]) -> str | None:
        """Return None: the external id finds the contact, and is not changed."""
        del schema
        return None

    def columns_wanted(self) -> tuple[str, ...] | None:
        """Return the same as for any list; None if contacts are found by their external id."""
        return super().columns_wanted() if self._email else None

    def contact(self, record: Mapping[str, Any]) -> Address | ExternalContact:
        """Return the record's address; or its external id, which `load` turns into an address."""
        name = self.by_external_id
        if name is None or (self._email and not is_missing(record.get(self._email))):
            return super().contact(record)
        external = external_id_of(record, name)
        if external:
            return ExternalContact(external)
        ways = f"{self._email} or {name}: an address or" if self._email else f"{name}:"
        raise RowRejected(Rejected("no_external_id", f"{ways} an external contact id is needed"))

    def make_buffer(self, plan: Plan) -> Buffer:
        """Create the rows of a batch.

        Where an address and an external id may name one contact, its rows are merged when that is known.
        """
        if self.finds_by_external_id and self._email and not plan.removes:
            return EveryRow(clears=self.destination.clears)
        return super().make_buffer(plan)

    def load(self, email_list: EmailList, plan: Plan, buffer: Buffer) -> None:
        """Load a batch, after external ids have become addresses."""
        for part in self.parts(plan, buffer, self.found(email_list, plan, buffer)):
            if part:
                self.load_by_import(email_list, plan, buffer, part)

    def found(self, email_list: EmailList, plan: Plan, buffer: Buffer) -> Sequence[int]:
        """Return the rows whose contact's address is known now; the others are declined."""
        if plan.removes:
            return self.find_leaving(email_list, buffer)
        if not buffer.by_external_id:
            return range(len(buffer))
        return self.find_addresses(email_list, buffer, include_unsubscribed=plan.include_unsubscribed)
