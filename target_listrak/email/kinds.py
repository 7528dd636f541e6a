"""The kinds `email_list`, `email_unsubscribe` and `profile_fields`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from target_listrak.config.property_names import nothing_to_write, property_like
from target_listrak.config.property_paths import MEMBERSHIP
from target_listrak.delivery.import_body import encode_line
from target_listrak.email.beta_route import BetaRoute
from target_listrak.email.buffer import NEW_EMAIL, Buffer, ContactKey, ExternalContact, Line
from target_listrak.email.contacts import Contacts
from target_listrak.email.import_files import Plan
from target_listrak.email.list_loader import ListLoader
from target_listrak.email.mapping import FieldValuesMapping, Mapper, RowMapping
from target_listrak.email.profile_fields import columns_of
from target_listrak.email.results import Result, reason_of
from target_listrak.email.session import EmailSession
from target_listrak.outcomes import UNCHANGED, Declined, Outcome, Rejected, RowRejected
from target_listrak.values.addresses import Address, comparison_key
from target_listrak.values.formats import as_text
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from target_listrak.email.lists import EmailList
    from target_listrak.tracking.tallies import Row

__all__ = ["EmailListLoader", "EmailUnsubscribeLoader", "ProfileFieldsLoader"]

_REMOVE = Plan("RemoveSubscribers")
_EXTERNAL_ID_NAMES = ("externalcontactid",)


class FieldsLoader(ListLoader):
    """What `email_list` and `profile_fields` share: properties go to profile fields.

    Attributes:
        needs_fields: Whether a stream without a property for any field is an error.
    """

    needs_fields: ClassVar[bool] = False

    _external_id: str | None = None

    def make_mapper(self, email_list: EmailList, schema: dict[str, Any]) -> Mapper:
        """Match the schema's properties to the list's fields, making missing ones where that is allowed."""
        option = self.destination.option
        self._external_id = external_id = self.external_id_column(schema)
        names = ("list_from", "external_id", "new_email", "member", "member_from", "field_values")
        used = {str(self.destination.options[name]) for name in names if name in self.destination.options}
        used |= {self._email, str(external_id)}
        fields = self.run.session(EmailSession).lists.fields(email_list)
        columns = columns_of(self.destination, fields, schema, used, self.run.connection)
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
        """The property that goes to the external contact id."""
        return self.destination.options.get("external_id") or property_like(schema, _EXTERNAL_ID_NAMES)

    def find_addresses(
        self, email_list: EmailList, buffer: Buffer, *, include_unsubscribed: bool
    ) -> Sequence[int]:
        """Turn the external ids of rows into addresses; decline rows whose contact the list does not know.

        Returns:
            The rows that are left to load, those with an address among them.
        """
        wanted = {key.sent: index for key, index in buffer.rows.items() if isinstance(key, ExternalContact)}
        if not wanted:
            return range(len(buffer))
        contacts = Contacts(self.run, email_list, self.destination)
        found = contacts.addresses_of(wanted.keys(), include_unsubscribed=include_unsubscribed)
        unknown = {
            index: reason_of(Result.UNKNOWN_CONTACT) for name, index in wanted.items() if name not in found
        }
        done: dict[int, Outcome] = dict(unknown)
        for external_id, address in found.items():
            index, key = wanted[external_id], comparison_key(address)
            if key in buffer.rows:  # another row of the batch has the contact's address: one is enough
                done[index] = UNCHANGED
            else:
                buffer.rename(index, key, address)
        self.settle_all(buffer, done)
        return [index for index in range(len(buffer)) if index not in done]


class EmailListLoader(FieldsLoader):
    """Adds subscribers, with external id and profile fields.

    Side effect: subscribes. People who had unsubscribed stay so unless `resubscribe` is on.
    """

    kinds: ClassVar[tuple[str, ...]] = ("email_list",)

    def make_plan(self) -> Plan:
        """Add subscribers and their values."""
        option = self.destination.option
        return Plan(
            "AddSubscribers",
            option("update_type"),
            trigger_journey=option("trigger_journeys"),
            event_ids=tuple(option("event_ids")),
        )

    @property
    def keep_lines(self) -> bool:
        """Whom the import finds unsubscribed is loaded once more where `resubscribe` is on."""
        return bool(self.destination.option("resubscribe"))

    def take_leaving(self, record: dict[str, Any], row: Row) -> None:
        """Unsubscribe the contact, found by its address or, where the record has none, by its external id."""
        name = self._external_id
        contact = self.leaving_contact(record, name) if name else self.leaving_address(record)
        line = Line(contact.key, (), encode_line([contact.sent]))
        self.add(self.list_of(record), _REMOVE, line, row)

    def withdraw(self, record: Mapping[str, Any]) -> None:
        """Take rows of the contact that would subscribe it out of the open batches of the record's list.

        A record that names no list, or one that there is not, is taken for one of every list.
        """
        keys: set[ContactKey] = set(self.possible_keys(record) or ())
        external = as_text(record.get(self._external_id)) if self._external_id else ""
        if isinstance(external, str) and external:
            keys.add(ExternalContact(external))
        try:
            lists = [self.list_of(record).id]
        except RowRejected:
            lists = list(dict.fromkeys(batch.list_id for batch in self.batches))
        for list_id in lists:
            self.run.session(EmailSession).open_batches.withdraw(list_id, keys)

    def load(self, email_list: EmailList, plan: Plan, buffer: Buffer) -> None:
        """Load a batch: changes of address and double opt-in by calls, the rest by import, then resubscribe.

        Changes of address go first, so that a row for the new address in the same batch finds the contact
        moved.
        """
        if plan.removes:
            indices = self.find_addresses(email_list, buffer, include_unsubscribed=True)
            if indices:
                self.load_by_import(email_list, plan, buffer, indices)
            return
        single = self.single(email_list, plan, buffer)
        by_call = self.destination.option("double_opt_in")
        single_rows: list[int] = []
        if by_call or any(NEW_EMAIL in layout for layout in buffer.layouts):
            single_rows = [
                index for index in range(len(buffer)) if by_call or NEW_EMAIL in buffer.layout(index)
            ]
        if single_rows:
            self.settle_all(buffer, self.calls(single_rows, single))
        done = set(single_rows)
        rest = (
            [index for index in range(len(buffer)) if index not in done]
            if single_rows
            else range(len(buffer))
        )
        if rest:
            self.importer(plan, email_list).load(
                email_list, buffer, rest, single, lambda outcomes: self._finish(email_list, buffer, outcomes)
            )

    def calls(self, indices: list[int], single: Callable[[int], Outcome]) -> dict[int, Outcome]:
        """Load rows by a call each, several at a time."""
        outcomes: dict[int, Outcome] = {}

        def one(index: int) -> None:
            outcomes[index] = single(index)

        self.run.calls.run_all([lambda index=index: one(index) for index in indices])  # type: ignore[misc]
        return outcomes

    def _finish(self, email_list: EmailList, buffer: Buffer, outcomes: dict[int, Outcome]) -> None:
        """Subscribe again whom the import found unsubscribed, if that is asked for; then settle."""
        if self.destination.option("resubscribe"):
            before = reason_of(Result.PREVIOUSLY_UNSUBSCRIBED)
            again = [
                index
                for index, outcome in outcomes.items()
                if isinstance(outcome, Declined) and outcome.code == before.code
            ]
            if again:
                outcomes = outcomes | self.calls(again, self.single(email_list, self.plan, buffer))
        self.settle_all(buffer, outcomes)


class EmailUnsubscribeLoader(ListLoader):
    """Unsubscribes contacts. Never subscribes anybody."""

    kinds: ClassVar[tuple[str, ...]] = ("email_unsubscribe",)

    def make_plan(self) -> Plan:
        """Remove subscribers."""
        return _REMOVE


class ProfileFieldsLoader(FieldsLoader):
    """Updates profile fields of known contacts, by address or external id. Never subscribes anybody."""

    kinds: ClassVar[tuple[str, ...]] = ("profile_fields",)
    needs_fields: ClassVar[bool] = True

    def make_plan(self) -> Plan:
        """Update known contacts."""
        option = self.destination.option
        return Plan(
            "UpdateSubscribers", option("update_type"), include_unsubscribed=option("include_unsubscribed")
        )

    @property
    def _by_external_id(self) -> str | None:
        """The property with the external id, where that is what finds the contact."""
        return None if self._email else self.destination.options.get("external_id")

    def find_email(self, schema: Mapping[str, Any]) -> str:
        """The property with the address; none is needed where there is an external id."""
        if "external_id" in self.destination.options and "email" not in self.destination.options:
            return property_like(schema, ("email", "emailaddress")) or ""
        return super().find_email(schema)

    def external_id_column(self, schema: Mapping[str, Any]) -> str | None:
        """The external id finds the contact; it is not changed."""
        del schema
        return None

    def make_mapper(self, email_list: EmailList, schema: dict[str, Any]) -> Mapper:
        """Take fields from properties, or from one property that holds an object of them."""
        name = self.destination.option("field_values")
        if name is None:
            return super().make_mapper(email_list, schema)
        fields = {one.id: one for one in self.run.session(EmailSession).lists.fields(email_list).all()}
        place = f"{self.stream}: {name}"

        def report(key: str) -> None:
            self.run.connection.log_once(
                "%s: %r is not a profile field id (a positive whole number); it is left out", place, key
            )

        option = self.destination.option
        member = option("member") or (MEMBERSHIP if option("member_from") else None)
        return FieldValuesMapping(
            name,
            fields,
            member=member,
            on_bad_value=option("on_bad_value"),
            report=report,
            reading=Reading.of(self.destination.options, self.run.config),
        )

    def columns_wanted(self) -> tuple[str, ...] | None:
        """As for any list, unless the external id is what finds the contact."""
        return None if self._by_external_id else super().columns_wanted()

    def contact(self, record: Mapping[str, Any]) -> Address | ExternalContact:
        """The record's address; or its external id, which `load` turns into an address."""
        name = self._by_external_id
        if name is None:
            return super().contact(record)
        external = as_text(record.get(name))
        if isinstance(external, InvalidValue) or not external:
            raise RowRejected(Rejected("no_external_id", f"{name}: an external contact id is needed"))
        return ExternalContact(external)

    def load(self, email_list: EmailList, plan: Plan, buffer: Buffer) -> None:
        """Load a batch: by the beta route where that is asked for and the account has it, else by import."""
        indices: Sequence[int] = range(len(buffer))
        if self._by_external_id:
            unsubscribed = bool(self.destination.option("include_unsubscribed"))
            indices = self.find_addresses(email_list, buffer, include_unsubscribed=unsubscribed)
        if indices and not (
            self.destination.option("route") == "beta"
            and self._load_by_beta(email_list, plan, buffer, indices)
        ):
            self.load_by_import(email_list, plan, buffer, indices)

    def _load_by_beta(
        self, email_list: EmailList, plan: Plan, buffer: Buffer, indices: Sequence[int]
    ) -> bool:
        beta = BetaRoute(self.run, self.importer(plan, email_list))
        return beta.load(email_list, buffer, indices, lambda outcomes: self.settle_all(buffer, outcomes))
