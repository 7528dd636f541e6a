"""The kind `audience`: a CheckBox profile field that tells who is in a stream."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import msgspec

from listrak_api import routes
from target_listrak.accounting import Row
from target_listrak.addresses import Address, comparison_key, parse
from target_listrak.characters import escaped
from target_listrak.import_file import Buffer, encode_line
from target_listrak.imports import Plan
from target_listrak.ledger import Epoch
from target_listrak.membership import Membership
from target_listrak.mirror import may_remove
from target_listrak.names import NoSuchNameError
from target_listrak.outcomes import ACCEPTED, UNCHANGED, Declined, Outcome, Rejected, RowRejected
from target_listrak.property_paths import MEMBERSHIP
from target_listrak.sinks.list_rows import ListLoader
from target_listrak.values import BadValue, as_boolean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from target_listrak.accounting import Journal
    from target_listrak.destinations import Destination
    from target_listrak.lists import EmailList
    from target_listrak.profile_fields import ProfileField
    from target_listrak.run import Run

__all__ = ["AudienceLoader"]

_CHECK_BOX_LENGTH = 3


class Audience(NamedTuple):
    """The list and the field of an audience."""

    list: EmailList
    field: ProfileField


class _Value(msgspec.Struct):
    segmentationFieldId: int  # noqa: N815 - the API's name
    value: str | None = None


class _Contact(msgspec.Struct):
    emailAddress: str  # noqa: N815 - the API's name
    segmentationFieldValues: list[_Value] | None = None  # noqa: N815 - the API's name


class AudienceLoader(ListLoader):
    """Keeps a CheckBox field of known contacts equal to a stream's membership. Never subscribes anybody.

    Who is on is read first, so only differences are imported. With `mirror`, those who are on and not in the
    stream are set off at the end; unsubscribed people who are still on are included.
    """

    kinds: ClassVar[tuple[str, ...]] = ("audience",)

    def __init__(
        self, run: Run, stream: str, destination: Destination, journal: Journal, resolved: Audience
    ) -> None:
        super().__init__(run, stream, destination, journal, resolved.list)
        self._target = resolved.list
        self._field = resolved.field
        by_name = MEMBERSHIP if "member_from" in destination.options else None
        self._member: str | None = destination.option("member") or by_name
        # Setting `off` must reach the unsubscribed too: they may still be on.
        self._off_plan = Plan("UpdateSubscribers", include_unsubscribed=True)
        self._members: Membership | None = None
        self._hold = journal.hold() if destination.option("mirror") else None

    @classmethod
    def resolve(cls, run: Run, destination: Destination) -> Any:  # noqa: ANN401 - each kind resolves to what it needs
        """Find list and field; make the field where that is allowed."""
        email_list = run.lists.of(destination)
        assert email_list is not None  # noqa: S101 - given before; for the type checker
        fields = run.lists.fields(email_list)
        wanted, group = destination.option("field"), destination.option("field_group")
        create = destination.option("create_missing")
        try:
            home = fields.group(group, create=create) if group is not None else None
        except NoSuchNameError as error:
            raise destination.error("field_group", error.message, error.hint) from None
        try:
            field = fields.find(wanted, home)
        except NoSuchNameError as error:
            if not (create and home and isinstance(wanted, str) and error.message.startswith("there is no")):
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
            self._members = Membership()
            self._read_members(self._members)

    def take(self, record: dict[str, Any], row: Row) -> None:
        """Compare one record with what is so; put it into the batch if it differs."""
        address = self.address(record)
        assert self._members is not None  # noqa: S101 - given before; for the type checker
        self._members.note_seen(address.key)
        wanted = self._wanted(record)
        if self._members.was_on(address.key) is wanted:
            self.journal.end(row, UNCHANGED)
            return
        self._members.note_changed(address.key, address.sent)
        plan = self.plan if wanted else self._off_plan
        self.add(self._target, plan, address.key, (self._field.id,), self._line(address.sent, on=wanted), row)

    def columns_wanted(self) -> None:
        """Each record is compared with what is so: one by one."""

    def note_rejected(self, record: Mapping[str, Any]) -> None:
        """Protect the member whose record was rejected before it came here: it did not leave."""
        address = parse(record.get(self._email))
        if isinstance(address, Address) and self._members is not None:
            self._members.note_seen(address.key)

    def finish(self) -> None:
        """Set off who left, if the destination mirrors and the rules allow it; then let STATE pass.

        Raises:
            MirrorStopError: It would be too many.
        """
        if self._members is None:
            self._release()
            return
        left, before = self._members.left_count, self._members.size
        if may_remove(
            self.destination,
            self.stream,
            complete=self.activated,
            left=left,
            before=before,
            logger=self.run.logger,
        ):
            people = self._members.left()
            while part := list(islice(people, self._batch_rows)):
                self._remove(part)
        self._release()

    def close(self) -> None:
        """Let go of who is on."""
        if self._members is not None:
            self._members.close()

    def _release(self) -> None:
        if self._hold is not None:
            self._hold.release()

    def _wanted(self, record: Mapping[str, Any]) -> bool:
        """Whether the record says that its contact is in the audience.

        Raises:
            RowRejected: It says neither, or it is a deletion and `allow_deletes` is off.
        """
        if record.get("_sdc_deleted_at"):
            if not self.destination.option("allow_deletes"):
                raise RowRejected(
                    Rejected("deleted", "the source deleted the record, and allow_deletes is off")
                )
            return False
        if self._member is None:
            return True
        member = as_boolean(record.get(self._member))
        if isinstance(member, bool):
            return member
        reason = member.reason if isinstance(member, BadValue) else "the value is missing"
        raise RowRejected(Rejected("bad_value", f"{self._member}: {reason}"))

    def _remove(self, people: list[tuple[str, str]]) -> None:
        """Set contacts off by an import, and wait for it."""
        buffer = Buffer()
        epoch = Epoch()  # these are nobody's rows: they stand in no ledger
        for number, (key, address) in enumerate(people):
            buffer.add(key, (self._field.id,), self._line(address, on=False), Row(number, epoch, b""))
        single = self.single(self._target, self._off_plan, buffer)
        importer = self.importer(self._off_plan, self._target)

        def job() -> None:
            importer.load(self._target, buffer, range(len(buffer)), single, self._count_removed)

        try:
            self.run.imports.submit(("list", self._target.id), job, buffer.weight)
            self.run.imports.drain()
        finally:
            buffer.close()

    def _count_removed(self, outcomes: Mapping[int, Outcome]) -> None:
        reasons = Counter(
            outcome.code for outcome in outcomes.values() if isinstance(outcome, Declined | Rejected)
        )
        self.journal.account.removed += sum(one in {ACCEPTED, UNCHANGED} for one in outcomes.values())
        for code, count in reasons.items():
            self.run.logger.warning(
                "%s: %s who left could not be set off: %s", self.stream, f"{count:,}", code
            )

    def _read_members(self, members: Membership) -> None:
        """Read who is on, unsubscribed people included (`GET /List/{listId}/Contact`, both states)."""
        if (
            self._field.id < 0 or not self._target.id
        ):  # a dry run only pretends that they were made: nobody is on
            return
        for state in ("Subscribed", "Unsubscribed"):
            members.add_members(self._on(state))
        self.run.logger.info("%s: %s are on in %s", self.stream, f"{members.size:,}", self._field.path)

    def _on(self, state: str) -> Iterator[tuple[str, str]]:
        params = {"subscriptionState": state, "segmentationFieldIds": self._field.id}
        decoder = msgspec.json.Decoder(list[_Contact])
        pages = self.run.client("email").pages(
            routes.CONTACTS, {"listId": self._target.id}, params, decoder=decoder
        )
        for contact in (contact for page in pages for contact in page.rows):
            for value in contact.segmentationFieldValues or ():
                if value.segmentationFieldId == self._field.id and as_boolean(value.value) is True:
                    yield comparison_key(contact.emailAddress), contact.emailAddress

    @staticmethod
    def _line(address: str, *, on: bool) -> bytes:
        return encode_line([address, "on" if on else "off"])
