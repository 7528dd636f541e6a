"""The kind `audience`: a CheckBox profile field says who is in it: one field, or one that records name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from listrak_api.errors import RequestRefusedError
from target_listrak.channels.email.audience_members import AudienceMembers, audience_line
from target_listrak.channels.email.buffer import ExternalContact, Line
from target_listrak.channels.email.fields_loader import EXTERNAL_NAMES, KnownContactsLoader, external_id_of
from target_listrak.channels.email.import_files import Plan
from target_listrak.channels.email.mapping import Mapper, RowMapping, name_or_id
from target_listrak.channels.email.new_fields import NewField, create_fields
from target_listrak.channels.email.session import EmailSession
from target_listrak.config.names import NameLookupError, UnknownNameError
from target_listrak.config.property_names import property_like
from target_listrak.config.property_paths import MEMBERSHIP
from target_listrak.delivery.import_body import decode_line
from target_listrak.delivery.mirror import Filled, Mirror, MirroredStream
from target_listrak.outcomes import UNCHANGED, Rejected, RowRejected, rejected_by
from target_listrak.values.addresses import Address
from target_listrak.values.characters import escaped
from target_listrak.values.formats import as_boolean, is_missing
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.plain import folded_name
from target_listrak.values.row_faults import as_faults, with_faults

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from target_listrak.channels.email.lists import EmailList
    from target_listrak.channels.email.profile_fields import ProfileField
    from target_listrak.config.destination import Destination
    from target_listrak.delivery.loader import Delivery
    from target_listrak.delivery.run import Run
    from target_listrak.outcomes import Fault
    from target_listrak.tracking.tallies import Row

__all__ = ["AudienceLoader"]

_CHECK_BOX_LENGTH: Final = 3


class Place(NamedTuple):
    """The list and field of a destination; None for what the records name."""

    list: EmailList | None
    field: ProfileField | None


@dataclass(frozen=True, eq=False)
class Audience:
    """One audience in a run.

    Attributes:
        list: Its list.
        field: Its field.
        on: The plan of imports that set contacts on.
        off: The plan of imports that set them off, unsubscribed ones included, who may still be on.
        members: Who is on.
        mirror: Its mirror, if the destination mirrors.
    """

    list: EmailList
    field: ProfileField
    on: Plan
    off: Plan
    members: AudienceMembers
    mirror: Mirror | None


class AudienceLoader(KnownContactsLoader):
    """Keeps a CheckBox field of contacts equal to a stream's membership.

    The field is read first, so only differences are imported. With `mirror`, members whom no record names are
    set off at the end, unsubscribed people who are still on included. Streams that feed the same field share
    its members. With `field_from` or `list_from` each record names its audience, and each audience that a
    record names is mirrored by itself.

    Side effect: with `subscribe`, contacts that the list does not know are subscribed. Without it nobody is.
    """

    kinds: ClassVar[tuple[str, ...]] = ("audience",)

    def __init__(self, delivery: Delivery, resolved: Place) -> None:
        super().__init__(delivery, resolved.list)
        option = self.destination.option
        by_name = MEMBERSHIP if "member_from" in self.destination.options else None
        self._member: str | None = option("member") or by_name
        self._field_from: str | None = option("field_from")
        self._writes_fields = "fields" in self.destination.options
        self._unnamed = {"member", "ismember"}
        if resolved.field is not None:
            self._unnamed.add(folded_name(resolved.field.name))
        self._audiences: dict[tuple[int, str, object], Audience | Rejected] = {}

    @classmethod
    def resolve(cls, run: Run, destination: Destination) -> Any:  # noqa: ANN401 - each kind resolves to what it needs
        """Find list and field, unless the records name them; create the field if that is allowed."""
        email_list = super().resolve(run, destination)
        wanted = destination.options.get("field")
        if email_list is None:
            return Place(None, None)
        try:
            return Place(email_list, wanted and _find_field(run, destination, email_list, wanted))
        except NameLookupError as error:
            raise destination.error("field", error.message, error.hint) from None

    @classmethod
    def describe(cls, destination: Destination, resolved: Any) -> str:  # noqa: ANN401 - each kind resolves to what it needs
        """Describe the destination: kind, list and field."""
        option = destination.option
        home = resolved.list.name if resolved.list else f"list by {option('list_from')}"
        field = f"field by {option('field_from')}" if option("field_from") else str(option("field"))
        return f"{destination.kind}: {home}, {resolved.field.path if resolved.field else field}"

    @classmethod
    def fills(cls, destination: Destination, resolved: Any) -> Sequence[Filled]:  # noqa: ANN401 - each kind resolves to what it needs
        """Return the field and, if unknown contacts are subscribed, the list; not what records name."""
        if resolved.list is None:
            return ()
        field = [] if resolved.field is None else [_filled(destination, resolved.list, resolved.field)]
        return [*field, *cls.fills_list(destination, resolved.list)]

    @classmethod
    def fills_list(cls, destination: Destination, email_list: EmailList) -> Sequence[Filled]:
        """Return the list itself, if unknown contacts are subscribed."""
        what = ("email list", email_list.id, email_list.name)
        return [Filled(what, mirrored=False)] if destination.option("subscribe") else ()

    def make_plan(self) -> Plan:
        """Update known contacts, or subscribe unknown ones as well."""
        option = self.destination.option
        if option("subscribe"):
            return Plan("AddSubscribers", option("update_type"))
        return Plan(
            "UpdateSubscribers", option("update_type"), include_unsubscribed=option("include_unsubscribed")
        )

    # The stream

    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Read who is on, before the first record, unless the records name the audience."""
        super().schema(schema, key_properties)
        if self._member is not None and self._member not in (schema.get("properties") or {}):
            text = f"stream {self.stream!r} has no property {self._member!r}"
            raise self.destination.error(
                "member", text, f"It has: {', '.join(map(escaped, schema.get('properties') or {}))}."
            )
        if self.destination.option("mirror") is not False and self.watched is None:
            self.watched = MirroredStream(self.tracker.tally)
            self.run.mirrors.hold(self.tracker.hold())
        if self._list is not None and self._field_from is None:
            self.mirror = self.audience_of({}).mirror

    def find_email(self, schema: Mapping[str, Any]) -> str:
        """Return the property with the address, which contacts need to be subscribed."""
        if self.destination.option("subscribe"):
            return super(KnownContactsLoader, self).find_email(schema)
        return super().find_email(schema)

    def external_id_column(self, schema: Mapping[str, Any]) -> str | None:
        """Return the property with the external id of new subscribers; None if it only finds contacts."""
        if not self.destination.option("subscribe"):
            return None
        return self.destination.options.get("external_id") or property_like(schema, EXTERNAL_NAMES)

    def make_mapper(self, email_list: EmailList, schema: dict[str, Any]) -> Mapper:
        """Create the mapping of further columns beside the audience's own: none, unless `fields` is given."""
        if self._writes_fields:
            return super().make_mapper(email_list, schema)
        return RowMapping((), external_id=self.external_id_column(schema))

    @property
    def key_properties(self) -> Sequence[str]:
        """The properties that name the contact and the audience."""
        return (*super().key_properties, *filter(None, [self._field_from]))

    def columns_wanted(self) -> None:
        """Return None: records are compared with the present state one by one."""

    # Which audience

    def audience_of(self, record: Mapping[str, Any]) -> Audience:
        """Return the audience of a record, read from Listrak when it is first named.

        Raises:
            RowRejected: The record names none, or one that does not exist.
            ConfigurationError: Another destination fills what one of the two mirrors.
        """
        email_list = self.list_of(record)
        wanted = self._wanted_field(record)
        key = (email_list.id, email_list.name, wanted)
        found = self._audiences.get(key)
        if found is None:
            found = self._audiences[key] = self._find_audience(email_list, wanted)
        if isinstance(found, Rejected):
            raise RowRejected(found)
        return found

    def _wanted_field(self, record: Mapping[str, Any]) -> str | int:
        if self._field_from is None:
            return self.destination.option("field")  # type: ignore[no-any-return]  # checked before
        wanted = name_or_id(record.get(self._field_from))
        if wanted is None:
            reason = f"{self._field_from}: expected the name or id of the audience's field"
            raise RowRejected(Rejected("no_audience", reason))
        return wanted

    def _find_audience(self, email_list: EmailList, wanted: str | int) -> Audience | Rejected:
        place = self._field_from or "field"
        try:
            field = _find_field(self.run, self.destination, email_list, wanted)
        except NameLookupError as error:
            return Rejected("unknown_audience", f"{place}: {error.message}")
        except RequestRefusedError as error:
            return rejected_by(error)
        for other in self._audiences.values():  # by name in one record, by id in another
            if isinstance(other, Audience) and other.list == email_list and other.field == field:
                return other
        return self._follow(email_list, field)

    def _follow(self, email_list: EmailList, field: ProfileField) -> Audience:
        topic = field.id
        on = replace(self.plan, topic=topic)
        off = Plan("UpdateSubscribers", include_unsubscribed=True, topic=topic)
        mirrors, filled = self.run.mirrors, _filled(self.destination, email_list, field)
        mirrors.fill(self.destination, [filled])
        members = mirrors.members(filled.what, lambda: AudienceMembers(self, email_list, field, off))
        mirror = None
        if self.watched is not None:
            mirror = mirrors.join(filled.what, self.destination, members, self.tracker.hold, self.watched)
        return Audience(email_list, field, on, off, members, mirror)

    def mirror_of(self, record: Mapping[str, Any]) -> Mirror | None:
        """Return the mirror of the record's audience."""
        try:
            return self.mirror or self.audience_of(record).mirror
        except RowRejected:
            return None

    # The rows

    def take(self, record: dict[str, Any], row: Row) -> None:
        """Compare one record with the field; put it into the batch if it differs."""
        try:
            contact = self.contact(record)
            audience = self.audience_of(record)
        except RowRejected as ended:
            raise RowRejected(with_faults(ended.rejected, self._email, self.faults(record))) from None
        wanted = self._wanted(record)
        # A contact that is set off gets no other values: unsubscribed contacts would get them, too.
        values: dict[int, str] = {}
        if wanted:
            layout, line = self._mapper_of(audience.list)(record, contact)
            values = dict(zip(layout, decode_line(line)[1:], strict=True))
            values.pop(audience.field.id, None)
        self._set(audience, contact, row, values, wanted=wanted)

    def faults(self, record: Mapping[str, Any]) -> Sequence[Fault]:
        """Return what is wrong with a record's membership and values."""
        try:
            self._wanted(record)
        except RowRejected as ended:
            return [*as_faults(ended.rejected), *super().faults(record)]
        return super().faults(record)

    def take_leaving(self, record: dict[str, Any], row: Row) -> None:
        """Set the contact `off`: its source deleted the record, and `allow_deletes` is on."""
        name = self.by_external_id
        contact = self.leaving_contact(record, name) if name else self.leaving_address(record)
        self._set(self.audience_of(record), contact, row, {}, wanted=False)

    def withdraw(self, record: Mapping[str, Any]) -> None:
        """Withdraw rows that would subscribe the contact from the open batches of its list."""
        if self.destination.option("subscribe"):
            self.withdraw_contact(record, self._external_id)

    def _set(
        self,
        audience: Audience,
        contact: Address | ExternalContact,
        row: Row,
        values: Mapping[int, str],
        *,
        wanted: bool,
    ) -> None:
        contact = self._known(audience, contact)
        has_values = any(values.values()) or (self.destination.clears and bool(values))
        if isinstance(contact, Address):
            if not has_values and audience.members.says(contact.key, on=wanted):
                self.tracker.end(row, UNCHANGED)
                return
            audience.members.note_changed(contact.key, contact.sent)
        plan = audience.on if wanted else audience.off
        text = audience_line(contact.sent, *values.values(), on=wanted)
        self.add(audience.list, plan, Line(contact.key, (audience.field.id, *values), text), row)

    @staticmethod
    def _known(audience: Audience, contact: Address | ExternalContact) -> Address | ExternalContact:
        """Return the address of a contact that has only an external id, if exactly one member has that id."""
        if isinstance(contact, Address):
            return contact
        keys = list(audience.members.keys_of(contact.sent))
        known = audience.members.address_of(keys[0]) if len(keys) == 1 else None
        return contact if known is None else Address(known, keys[0])

    def possible_keys(self, record: Mapping[str, Any]) -> Collection[str] | None:
        """Return whom a record could mean, by its address or, without one, by its external id."""
        external = external_id_of(record, self.by_external_id)
        has_address = self._email and not is_missing(record.get(self._email))
        if external and not has_address:
            mirror = self.mirror_of(record)
            if mirror is None:
                return None
            # Listrak may hold the id as it is spelled here, from before such spellings were read as one.
            spelled = {external, str(record[str(self.by_external_id)])}
            return {key for one in spelled for key in mirror.members.keys_of(one)}
        return super().possible_keys(record) if self._email else None

    def _check_unnamed(self, record: Mapping[str, Any]) -> None:
        """Reject a record that says no in a property called like the field, or `member`."""
        for name, value in record.items():
            if folded_name(name) in self._unnamed and as_boolean(value) is False:
                reason = (
                    f"{name}: the record says that the contact is no member; set `member` to this property"
                )
                raise RowRejected(Rejected("not_a_member", reason))

    def _wanted(self, record: Mapping[str, Any]) -> bool:
        """Return whether the record says that its contact is in the audience.

        Raises:
            RowRejected: It says neither.
        """
        if self._member is None:
            self._check_unnamed(record)
            return True
        member = as_boolean(record.get(self._member))
        if isinstance(member, bool):
            return member
        reason = member.reason if isinstance(member, InvalidValue) else "the value is missing"
        raise RowRejected(Rejected("bad_value", f"{self._member}: {reason}"))


def _filled(destination: Destination, email_list: EmailList, field: ProfileField) -> Filled:
    """Return the field; the name stands for the id of a list that a dry run would create."""
    what = ("audience", email_list.id, email_list.name, field.id)
    return Filled(what, destination.option("mirror") is not False)


def _find_field(run: Run, destination: Destination, email_list: EmailList, wanted: str | int) -> ProfileField:
    """Return the field of an audience, created if that is allowed.

    Raises:
        NameLookupError: There is none of that name, or it is not a CheckBox.
        ConfigurationError: The group is unknown.
        CreationLimitError: More fields would be created than `max_created` allows.
    """
    fields = run.session(EmailSession).lists.fields(email_list)
    group, create = destination.option("field_group"), destination.option("create_missing")
    try:
        home = fields.group(group, create=create) if group is not None else None
    except NameLookupError as error:
        raise destination.error("field_group", error.message, error.hint) from None
    try:
        by_record = "field_from" in destination.options
        field = fields.find_in(wanted, home) if by_record and home else fields.find(wanted, home)
    except UnknownNameError:
        if not (create and home and isinstance(wanted, str)):
            raise
        new = NewField(wanted, home, "CheckBox", _CHECK_BOX_LENGTH)
        (field,) = create_fields(run, destination, fields, [new])
    if field.data_type.lower() != "checkbox":
        text = f"{field.path} is of type {field.data_type}, and an audience needs a CheckBox"
        raise NameLookupError(text)
    return field
