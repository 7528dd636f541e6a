"""The kind `audience`: a CheckBox profile field that tells who is in a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from target_listrak.config.names import NameLookupError, UnknownNameError
from target_listrak.config.property_paths import MEMBERSHIP
from target_listrak.email.audience_members import OFF_PLAN, AudienceMembers, audience_line
from target_listrak.email.buffer import Line
from target_listrak.email.import_files import Plan
from target_listrak.email.list_loader import ListLoader
from target_listrak.email.session import EmailSession
from target_listrak.outcomes import UNCHANGED, Rejected, RowRejected
from target_listrak.values.characters import escaped
from target_listrak.values.formats import as_boolean
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.plain import folded_name
from target_listrak.values.row_faults import as_faults, with_faults

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run
    from target_listrak.email.lists import EmailList
    from target_listrak.email.profile_fields import ProfileField
    from target_listrak.outcomes import Fault
    from target_listrak.tracking.tallies import Row, RowTracker
    from target_listrak.values.addresses import Address

__all__ = ["AudienceLoader"]

_CHECK_BOX_LENGTH = 3


class Audience(NamedTuple):
    """The list and the field of an audience."""

    list: EmailList
    field: ProfileField


class AudienceLoader(ListLoader):
    """Keeps a CheckBox field of known contacts equal to a stream's membership. Never subscribes anybody.

    What the field says is read first, so only differences are imported. With `mirror`, members whom no record
    names are set off at the end; unsubscribed people who are still on are included. Streams that feed the
    same field share its members.
    """

    kinds: ClassVar[tuple[str, ...]] = ("audience",)

    def __init__(
        self, run: Run, stream: str, destination: Destination, tracker: RowTracker, resolved: Audience
    ) -> None:
        super().__init__(run, stream, destination, tracker, resolved.list)
        self._fills = self.fills(resolved)
        self._target = resolved.list
        self._field = resolved.field
        by_name = MEMBERSHIP if "member_from" in destination.options else None
        self._member: str | None = destination.option("member") or by_name
        self._unnamed = {folded_name(self._field.name), "member", "ismember"}
        self._members: AudienceMembers | None = None

    @classmethod
    def resolve(cls, run: Run, destination: Destination) -> Any:  # noqa: ANN401 - each kind resolves to what it needs
        """Find list and field; make the field where that is allowed."""
        email_list = run.session(EmailSession).lists.of(destination)
        assert email_list is not None  # noqa: S101 - given before; for the type checker
        fields = run.session(EmailSession).lists.fields(email_list)
        wanted, group = destination.option("field"), destination.option("field_group")
        create = destination.option("create_missing")
        try:
            home = fields.group(group, create=create) if group is not None else None
        except NameLookupError as error:
            raise destination.error("field_group", error.message, error.hint) from None
        try:
            field = fields.find(wanted, home)
        except NameLookupError as error:
            if not (create and home and isinstance(wanted, str) and isinstance(error, UnknownNameError)):
                raise destination.error("field", error.message, error.hint) from None
            field = fields.create(wanted, home, "CheckBox", _CHECK_BOX_LENGTH)
        if field.data_type.lower() != "checkbox":
            text = f"{field.path} is of type {field.data_type}, and an audience needs a CheckBox"
            raise destination.error("field", text)
        return Audience(email_list, field)

    @classmethod
    def describe(cls, destination: Destination, resolved: Any) -> str:  # noqa: ANN401 - each kind resolves to what it needs
        """Kind, list and field."""
        return f"{destination.kind}: {resolved.list.name}, {resolved.field.path}"

    @classmethod
    def fills(cls, resolved: Any) -> Hashable:  # noqa: ANN401 - each kind resolves to what it needs
        """The field. A dry run gives a list that it would create no id of its own."""
        return "audience", resolved.list.id, resolved.list.name, resolved.field.id

    def make_plan(self) -> Plan:
        """Update known contacts."""
        return Plan("UpdateSubscribers", include_unsubscribed=self.destination.option("include_unsubscribed"))

    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Read who is on, before the first record."""
        super().schema(schema, key_properties)
        if self._member is not None and self._member not in (schema.get("properties") or {}):
            text = f"stream {self.stream!r} has no property {self._member!r}"
            raise self.destination.error(
                "member", text, f"It has: {', '.join(map(escaped, schema.get('properties') or {}))}."
            )
        if self._members is None:
            what = self._fills
            self._members = self.run.mirrors.members(
                what, lambda: AudienceMembers(self, self._target, self._field)
            )
            if self.destination.option("mirror") is not False:
                self.mirror = self.run.mirrors.join(what, self.destination, self._members, self.tracker.hold)

    def take(self, record: dict[str, Any], row: Row) -> None:
        """Compare one record with what is so; put it into the batch if it differs."""
        try:
            address = self.address(record)
        except RowRejected as ended:
            raise RowRejected(with_faults(ended.rejected, self._email, self.faults(record))) from None
        self._set(address, row, wanted=self._wanted(record))

    def faults(self, record: Mapping[str, Any]) -> Sequence[Fault]:
        """What is wrong with a record's membership."""
        try:
            self._wanted(record)
        except RowRejected as ended:
            return as_faults(ended.rejected)
        return ()

    def take_leaving(self, record: dict[str, Any], row: Row) -> None:
        """Set the contact `off`: its source deleted the record, and `allow_deletes` says so."""
        self._set(self.leaving_address(record), row, wanted=False)

    def _set(self, address: Address, row: Row, *, wanted: bool) -> None:
        assert self._members is not None  # noqa: S101 - given before; for the type checker
        if self._members.says(address.key, on=wanted):
            self.tracker.end(row, UNCHANGED)
            return
        self._members.note_changed(address.key, address.sent)
        plan = self.plan if wanted else OFF_PLAN
        line = audience_line(address.sent, on=wanted)
        self.add(self._target, plan, Line(address.key, (self._field.id,), line), row)

    def columns_wanted(self) -> None:
        """Each record is compared with what is so: one by one."""

    def _check_unnamed(self, record: Mapping[str, Any]) -> None:
        """Reject a record that says no in a property called like the field, or `member`."""
        for name, value in record.items():
            if folded_name(name) in self._unnamed and as_boolean(value) is False:
                reason = (
                    f"{name}: the record says that the contact is no member; set `member` to this property"
                )
                raise RowRejected(Rejected("not_a_member", reason))

    def _wanted(self, record: Mapping[str, Any]) -> bool:
        """Whether the record says that its contact is in the audience.

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
