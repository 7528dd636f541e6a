"""The kinds `email_list`, `email_unsubscribe` and `profile_fields`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from target_listrak.channels.email.beta_route import BetaRoute
from target_listrak.channels.email.buffer import NEW_EMAIL, Buffer, Line
from target_listrak.channels.email.fields_loader import FieldsLoader, KnownContactsLoader, external_id_of
from target_listrak.channels.email.import_files import Plan
from target_listrak.channels.email.import_results import Result, reason_of
from target_listrak.channels.email.list_members import Subscribers
from target_listrak.channels.email.mapping import FieldValuesMapping, Mapper, RowMapping
from target_listrak.channels.email.session import EmailSession
from target_listrak.config.property_paths import MEMBERSHIP
from target_listrak.delivery.import_body import encode_line
from target_listrak.delivery.mirror import Filled, Mirror, MirroredStream
from target_listrak.outcomes import Declined, Outcome, RowRejected
from target_listrak.values.formats import is_missing
from target_listrak.values.possible_keys import possible_addresses
from target_listrak.values.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from target_listrak.channels.email.lists import EmailList
    from target_listrak.config.destination import Destination
    from target_listrak.tracking.tallies import Row

__all__ = ["EmailListLoader", "EmailUnsubscribeLoader", "ProfileFieldsLoader"]

_REMOVE = Plan("RemoveSubscribers")


class EmailListLoader(FieldsLoader):
    """Adds subscribers, with external id and profile fields.

    Side effect: subscribes. People who had unsubscribed stay so unless `resubscribe` is on.
    """

    kinds: ClassVar[tuple[str, ...]] = ("email_list",)

    @classmethod
    def fills_list(cls, destination: Destination, email_list: EmailList) -> Sequence[Filled]:
        """Return the list; its name stands for the id of a list that a dry run would create."""
        what = ("email list", email_list.id, email_list.name)
        return [Filled(what, destination.option("mirror") is not False)]

    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Match the properties; before the first record, read who is on a list that is to be mirrored."""
        super().schema(schema, key_properties)
        if self.destination.option("mirror") is not False and self.watched is None:
            self.watched = MirroredStream(self.tracker.tally)
            self.run.mirrors.hold(self.tracker.hold())
            self.mirror = None if self._list is None else self._mirror_of(self._list)

    def _mirror_of(self, email_list: EmailList) -> Mirror:
        assert self.watched is not None  # noqa: S101 - see schema; for the type checker
        (filled,) = self.fills_list(self.destination, email_list)
        members = self.run.mirrors.members(filled.what, lambda: Subscribers(self, email_list))
        return self.run.mirrors.join(filled.what, self.destination, members, self.tracker.hold, self.watched)

    def mirror_of(self, record: Mapping[str, Any]) -> Mirror | None:
        """Return the mirror of the record's list."""
        if self.mirror is not None:
            return self.mirror
        try:
            return self._mirror_of(self.list_of(record))
        except RowRejected:
            return None

    @property
    def finds_by_external_id(self) -> bool:
        """Whether a deletion may name its contact by its external id alone."""
        return self._external_id is not None

    def possible_keys(self, record: Mapping[str, Any]) -> Collection[str] | None:
        """Return whom a record could mean, by its address and new address, or by its external id."""
        external = external_id_of(record, self._external_id)
        if external and self.watched is not None and is_missing(record.get(self._email)):
            mirror = self.mirror_of(record)
            return mirror.members.keys_of(external) if mirror is not None else None
        keys = super().possible_keys(record)
        new_email = self.destination.options.get("new_email")
        if keys is None or new_email is None or is_missing(record.get(new_email)):
            return keys
        new = possible_addresses(record.get(new_email))
        return None if new is None else {*keys, *new}

    def make_plan(self) -> Plan:
        """Add subscribers and their values."""
        option = self.destination.option
        return Plan(
            "AddSubscribers",
            option("update_type"),
            trigger_journey=option("trigger_journeys"),
        )

    @property
    def keep_lines(self) -> bool:
        """Whether lines are needed after the import: for contacts that are resubscribed by a call."""
        return bool(self.destination.option("resubscribe"))

    def take_leaving(self, record: dict[str, Any], row: Row) -> None:
        """Unsubscribe the contact, found by its address or, where the record has none, by its external id."""
        name = self._external_id
        contact = self.leaving_contact(record, name) if name else self.leaving_address(record)
        line = Line(contact.key, (), encode_line([contact.sent]))
        self.add(self.list_of(record), _REMOVE, line, row)

    def withdraw(self, record: Mapping[str, Any]) -> None:
        """Withdraw rows that would subscribe the contact from the open batches of the record's list."""
        self.withdraw_contact(record, self._external_id)

    def load(self, email_list: EmailList, plan: Plan, buffer: Buffer) -> None:
        """Load a batch: changes of address and double opt-in by calls, the rest by import; then resubscribe.

        Changes of address come first, so that a row of the new address in the same batch finds the contact.
        """
        if plan.removes:
            indices = self.find_leaving(email_list, buffer)
            if indices:
                self.load_by_import(email_list, plan, buffer, indices)
            return
        for part in self.parts(plan, buffer, range(len(buffer))):
            self._load_part(email_list, plan, buffer, part)

    def _load_part(self, email_list: EmailList, plan: Plan, buffer: Buffer, part: Sequence[int]) -> None:
        indices = self.to_send(email_list, plan, buffer, part)
        single = self.single(email_list, plan, buffer)
        option = self.destination.option
        by_call = option("double_opt_in") or option("subscribed_by_contact")
        single_rows: list[int] = []
        if by_call or any(NEW_EMAIL in layout for layout in buffer.layouts):
            single_rows = [index for index in indices if by_call or NEW_EMAIL in buffer.layout(index)]
        if single_rows:
            outcomes = self.calls(single_rows, single)
            self.note_events(plan, outcomes)
            self.confirm_all(buffer, outcomes)
        done = set(single_rows)
        rest = [index for index in indices if index not in done] if single_rows else indices
        if rest:
            again = (key for key, index in buffer.rows.items() if index not in done)
            self.run.session(EmailSession).moves.forget((email_list.id, email_list.name), again)
            self.importer(plan, email_list).load(
                email_list, buffer, rest, single, lambda outcomes: self._finish(email_list, buffer, outcomes)
            )

    def calls(self, indices: list[int], single: Callable[[int], Outcome]) -> dict[int, Outcome]:
        """Load each row by a call, several at a time."""
        outcomes: dict[int, Outcome] = {}

        def one(index: int) -> None:
            outcomes[index] = single(index)

        self.run.calls.run_all([lambda index=index: one(index) for index in indices])  # type: ignore[misc]
        return outcomes

    def _finish(self, email_list: EmailList, buffer: Buffer, outcomes: dict[int, Outcome]) -> None:
        """Resubscribe contacts that the import found unsubscribed, if `resubscribe` is on; then confirm."""
        if self.destination.option("resubscribe"):
            before = reason_of(Result.PREVIOUSLY_UNSUBSCRIBED)
            again = [
                index
                for index, outcome in outcomes.items()
                if isinstance(outcome, Declined) and outcome.code == before.code
            ]
            if again:
                outcomes = outcomes | self.calls(
                    again, self.single(email_list, self.plan_of(email_list), buffer)
                )
        self.note_events(self.plan_of(email_list), outcomes)
        self.confirm_all(buffer, outcomes)


class EmailUnsubscribeLoader(KnownContactsLoader):
    """Unsubscribes contacts, found by address or external id. Never subscribes anybody."""

    kinds: ClassVar[tuple[str, ...]] = ("email_unsubscribe",)

    def make_plan(self) -> Plan:
        """Remove subscribers."""
        return _REMOVE

    def make_mapper(self, email_list: EmailList, schema: dict[str, Any]) -> Mapper:
        """Return the address alone."""
        del email_list, schema
        return RowMapping(())


class ProfileFieldsLoader(KnownContactsLoader):
    """Updates profile fields of known contacts, by address or external id. Never subscribes anybody."""

    kinds: ClassVar[tuple[str, ...]] = ("profile_fields",)
    needs_fields: ClassVar[bool] = True

    def make_plan(self) -> Plan:
        """Update known contacts."""
        option = self.destination.option
        return Plan(
            "UpdateSubscribers", option("update_type"), include_unsubscribed=option("include_unsubscribed")
        )

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

    def load(self, email_list: EmailList, plan: Plan, buffer: Buffer) -> None:
        """Load a batch: by the beta route if it is set and the account has it, else by import."""
        if self.destination.option("route") == "beta":  # without external ids, and not to append
            beta, indices = BetaRoute(self.run, self.importer(plan, email_list)), range(len(buffer))
            if beta.load(email_list, buffer, indices, lambda outcomes: self.confirm_all(buffer, outcomes)):
                return
        super().load(email_list, plan, buffer)
