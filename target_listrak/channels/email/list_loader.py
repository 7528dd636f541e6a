"""What the kinds share that load email lists by import files: a batch per list, an import per batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_listrak.channels.email.applied_rows import AppliedRows, content_of
from target_listrak.channels.email.batch_imports import BatchImports, acts_each_time, event_ids_of
from target_listrak.channels.email.buffer import Buffer, ContactKey, ExternalContact, Line
from target_listrak.channels.email.every_row import EveryRow
from target_listrak.channels.email.mapping import Mapper, RowMapping, name_or_id
from target_listrak.channels.email.open_batches import Chain
from target_listrak.channels.email.session import EmailSession
from target_listrak.config.kind_options import OPTIONS_BY_KIND
from target_listrak.config.names import NameLookupError
from target_listrak.config.property_names import EMAIL_NAMES, delimiter_hint, property_like
from target_listrak.delivery.loader import Prepared
from target_listrak.outcomes import Rejected, RowRejected
from target_listrak.tracking.tallies import Results, Row
from target_listrak.values.addresses import Address, parse, parse_many
from target_listrak.values.characters import escaped
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.keys import as_key
from target_listrak.values.possible_keys import possible_addresses
from target_listrak.values.row_faults import with_faults

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from target_listrak.channels.email.import_files import Plan
    from target_listrak.channels.email.lists import EmailList
    from target_listrak.config.destination import Destination
    from target_listrak.delivery.loader import Delivery
    from target_listrak.delivery.mirror import Filled
    from target_listrak.delivery.run import Run
    from target_listrak.input.columns import Columns
    from target_listrak.outcomes import Fault
    from target_listrak.tracking.tallies import Rows

__all__ = ["Batch", "ListLoader"]

_MOST_BATCH_BYTES = 32_000_000
"""The most bytes of a batch's lines, which are in memory; well below Listrak's limit of 195,000,000 bytes."""

_MOST_WITHDRAWN = 50_000
"""The most contacts to withdraw that a batch keeps; then it is closed."""


class Batch:
    """Rows of one stream for one list and plan (`open_batches.OpenBatch`).

    It must not refer to itself, in a closure for example: its rows would stay in memory until the garbage
    collector runs, which is seldom with objects as plain as these.
    """

    def __init__(self, loader: ListLoader, email_list: EmailList, plan: Plan) -> None:
        self.loader = loader
        self.stream = loader.stream
        self.position = loader.destination.position
        self.email_list = email_list
        self.plan = plan
        self.list_id = email_list.id
        self.buffer = loader.make_buffer(plan)

    def withdraw(self, keys: Collection[ContactKey]) -> None:
        """Withdraw the rows so far that would subscribe some contacts; they count as merged."""
        if self.plan.import_type == "AddSubscribers":
            self.buffer.withdraw(keys)
            if len(self.buffer.withdrawn) >= _MOST_WITHDRAWN:
                self.seal()

    def seal(self) -> None:
        """Close it and submit it."""
        self.loader.submit(self)


class ListLoader(BatchImports):
    """Loads one stream into one list, or into the lists that its records name.

    Each list and *plan* (adding or removing, say) has open batches (`open_batches.Chain`). A full batch is
    submitted to the worker pool with the list as its key: lists side by side, one import per list at a time.
    """

    def __init__(self, delivery: Delivery, resolved: Any) -> None:  # noqa: ANN401 - each kind resolves to what it needs
        super().__init__(delivery, resolved)
        self._list: EmailList | None = resolved
        self._list_from: str | None = self.destination.option("list_from")
        self._named: dict[object, EmailList | Rejected] = {}
        self._email = ""
        self._schema: dict[str, Any] = {}
        self._mappers: dict[int, Mapper] = {}
        self._chains: dict[tuple[EmailList, int], Chain[Batch]] = {}
        self.batch_rows: int = self.run.config["batch_size_rows"]

    @classmethod
    def resolve(cls, run: Run, destination: Destination) -> EmailList | None:
        """Find the destination's list; `None` if the records name theirs."""
        lists = run.session(EmailSession).lists
        # With `list_from`, too: if lists cannot be read, that is an error before a record is read.
        lists.all()
        if destination.kind == "email_list" or destination.option("subscribe"):
            run.session(EmailSession).leavers.needed = True
        if acts_each_time(destination):
            run.session(AppliedRows)  # a file that cannot be used is an error before a record is read
        found = lists.of(destination)
        if found is not None:
            try:
                event_ids_of(run, destination, found)
            except NameLookupError as error:
                raise destination.error("event_ids", error.message, error.hint) from None
        return found

    @classmethod
    def describe(cls, destination: Destination, resolved: EmailList | None) -> str:
        """Describe the destination: kind and list."""
        where = resolved.name if resolved else f"list by {destination.option('list_from')}"
        return f"{destination.kind}: {where}"

    @classmethod
    def fills(cls, destination: Destination, resolved: Any) -> Sequence[Filled]:  # noqa: ANN401 - each kind resolves to what it needs
        """Return the list, unless the records name it."""
        return () if resolved is None else cls.fills_list(destination, resolved)

    @classmethod
    def fills_list(cls, destination: Destination, email_list: EmailList) -> Sequence[Filled]:  # noqa: ARG003 - for subclasses
        """Return what the destination fills of a list; by default nothing that can be mirrored."""
        return ()

    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:  # noqa: ARG002 - for subclasses
        """Find the address property, and prepare the mapping if the list is known already."""
        self._schema = schema
        self._email = self.find_email(schema)
        self._mappers = {}
        if self._list is not None:
            self._mapper_of(self._list)

    def find_email(self, schema: Mapping[str, Any]) -> str:
        """Return the property with the address.

        Raises:
            ConfigurationError: There is none.
        """
        given = self.destination.option("email")
        properties = schema.get("properties") or {}
        found = given or property_like(schema, EMAIL_NAMES)
        if found is None or (given and given not in properties and not schema.get("additionalProperties")):
            text = (
                f"stream {self.stream!r} has no property {given!r}"
                if given
                else f"stream {self.stream!r} has no property for the address"
            )
            hint = f"It has: {', '.join(map(escaped, properties)) or 'none'}.{delimiter_hint(properties)}"
            raise self.destination.error("email", text, hint)
        return str(found)

    def take(self, record: dict[str, Any], row: Row) -> None:
        """Put one record's line into the batch of its list."""
        try:
            contact = self.contact(record)
            email_list = self._list or self.list_of(record)
        except RowRejected as ended:
            raise RowRejected(with_faults(ended.rejected, self._email, self.faults(record))) from None
        layout, text = self._mapper_of(email_list)(record, contact)
        plan = self.plan_of(email_list)
        content = content_of(record) if plan.event_ids else b""
        self.add(email_list, plan, Line(contact.key, layout, text, content), row)

    def faults(self, record: Mapping[str, Any]) -> Sequence[Fault]:
        """Return the faults of a record beside those of its key, as far as its list is not needed."""
        mapper = self._mapper_of(self._list) if self._list is not None else None
        return mapper.faults(record) if isinstance(mapper, RowMapping) else ()

    def columns_wanted(self) -> tuple[str, ...] | None:
        """Return address and mapped properties; None if records name their list, or hold an object."""
        mapper = self._mapper_of(self._list) if self._list is not None else None
        wanted = mapper.properties if isinstance(mapper, RowMapping) else None
        return None if wanted is None else (self._email, *wanted)

    def prepare(self, columns: Columns) -> Prepared:
        """Check addresses and create lines, by column."""
        addresses, *values = columns.values
        slow_path = columns.slow_path
        sent, keys = parse_many(addresses, slow_path)
        assert self._list is not None  # noqa: S101 - see columns_wanted; for the type checker
        mapper = self._mapper_of(self._list)
        assert isinstance(mapper, RowMapping)  # noqa: S101 - see columns_wanted; for the type checker
        return Prepared(keys, *mapper.lines(sent, values, slow_path), slow_path)

    def take_many(self, prepared: Prepared, start: int, rows: Rows) -> None:
        """Put lines into the list's batch, and into new ones when it is full."""
        assert self._list is not None  # noqa: S101 - see columns_wanted; for the type checker
        email_list, plan = self._list, self.plan_of(self._list)
        taken, count = 0, len(rows.lines)
        while taken < count:
            batch = self._batch(email_list, plan, None)
            room = max(1, self.batch_rows - len(batch.buffer))
            part = rows.part(taken, taken + room)
            first = start + taken
            taken += len(part.lines)
            keys, lines = prepared.keys[first : start + taken], prepared.lines[first : start + taken]
            if self._chain(email_list, plan).only(batch, keys):
                self.run.session(EmailSession).open_batches.flush_conflicting_many(batch, keys)
                batch.buffer.add_many(keys, prepared.layout, lines, part)
                self._seal_if_full(batch)
            else:
                for number, (key, text, record) in enumerate(zip(keys, lines, part.lines, strict=True)):
                    row = Row(part.first + number, part.checkpoint, record)
                    self._add(email_list, plan, Line(key, prepared.layout, text), row)
        self.run.session(EmailSession).open_batches.bound_memory(count)

    def contact(self, record: Mapping[str, Any]) -> Address | ExternalContact:
        """Return the record's contact: by address, unless a kind finds it by its external id.

        Raises:
            RowRejected: The record names none, or its address is invalid.
        """
        return self.address(record)

    def address(self, record: Mapping[str, Any]) -> Address:
        """Return the record's address.

        Raises:
            RowRejected: There is none, or it is invalid.
        """
        address = parse(record.get(self._email))
        if isinstance(address, InvalidValue):
            raise RowRejected(Rejected.of(address))
        return address

    @property
    def key_properties(self) -> Sequence[str]:
        """The properties with the address and, where the records name it, with the list."""
        return (self._email, self._list_from) if self._list_from else (self._email,)

    @property
    def finds_by_external_id(self) -> bool:
        """Whether records may name their contact by its external id alone."""
        return False

    def possible_keys(self, record: Mapping[str, Any]) -> Collection[str] | None:
        """Return the keys of the contacts that a record could mean."""
        cell = record.get(self._email)
        address = parse(cell)
        return (address.key,) if isinstance(address, Address) else possible_addresses(cell)

    def leaving_contact(self, record: Mapping[str, Any], external_id: str) -> Address | ExternalContact:
        """Return the contact of a record whose contact is to be removed: by address, else by external id.

        Args:
            record: The record. For a deletion some sources send the key properties only.
            external_id: The property with the external contact id.

        Raises:
            RowRejected: It has neither, or its address is invalid.
        """
        external = as_key(record.get(external_id))
        if isinstance(external, str) and external and self._lacks_address(record):
            return ExternalContact(external)
        return self.leaving_address(record, external_id)

    def leaving_address(self, record: Mapping[str, Any], external_id: str | None = None) -> Address:
        """Return the address of a record whose contact is to be removed.

        Args:
            record: The record.
            external_id: The property with the external contact id, for the reason.

        Raises:
            RowRejected: It has none, or its address is invalid.
        """
        address = parse(record.get(self._email))
        if isinstance(address, Address):
            return address
        if not self._lacks_address(record):
            raise RowRejected(Rejected.of(address))
        other = external_id or ("an external id (setting external_id)" if self._knows_external_ids else "")
        ways = " or ".join(one for one in (self._email, other) if one)
        reason = f"the source deleted the record and sent its key only: it must send {ways} with deletions"
        raise RowRejected(Rejected("deleted", reason))

    def _lacks_address(self, record: Mapping[str, Any]) -> bool:
        address = parse(record.get(self._email))
        return isinstance(address, InvalidValue) and address.code == "no_email_address"

    @property
    def _knows_external_ids(self) -> bool:
        return "external_id" in OPTIONS_BY_KIND[self.destination.kind]

    def list_of(self, record: Mapping[str, Any]) -> EmailList:
        """Return the record's list.

        Raises:
            RowRejected: It names none, or one that does not exist.
        """
        if self._list is not None:
            return self._list
        wanted = name_or_id(record.get(str(self._list_from)))
        if wanted is None:
            raise RowRejected(Rejected("no_list", f"{self._list_from}: the name or id of a list is needed"))
        known = self._named.get(wanted)
        if known is None:
            try:
                known = self.run.session(EmailSession).lists.find(wanted)
                self.run.mirrors.fill(self.destination, self.fills_list(self.destination, known))
                self.plan_of(known)
            except NameLookupError as error:
                known = Rejected("unknown_list", f"{self._list_from}: {error.message}")
            self._named[wanted] = known
        if isinstance(known, Rejected):
            raise RowRejected(known)
        return known

    def add(self, email_list: EmailList, plan: Plan, line: Line, row: Row) -> None:
        """Put a row into an open batch of its list and plan; submit the batch when it is full."""
        self._add(email_list, plan, line, row)
        self.run.session(EmailSession).open_batches.bound_memory()

    def _add(self, email_list: EmailList, plan: Plan, line: Line, row: Row) -> None:
        batch = self._batch(email_list, plan, line)
        self.run.session(EmailSession).open_batches.flush_conflicting(batch, line.key)
        batch.buffer.add(line, row)
        self._seal_if_full(batch)

    def flush(self) -> None:
        """Submit all open batches."""
        for batch in self.batches:
            batch.seal()

    @property
    def batches(self) -> Sequence[Batch]:
        """The open batches."""
        return [batch for chain in self._chains.values() for batch in chain]

    def _chain(self, email_list: EmailList, plan: Plan) -> Chain[Batch]:
        key = (email_list, plan.topic)
        chain = self._chains.get(key)
        if chain is None:
            chain = self._chains[key] = Chain()
        return chain

    def _batch(self, email_list: EmailList, plan: Plan, line: Line | None) -> Batch:
        """Return the open batch for a row; without a row, the first of the plan."""
        chain = self._chain(email_list, plan)
        if len(chain) == 1 and chain[0].plan is plan and not (line and chain[0].buffer.must_follow(line)):
            return chain[0]
        batch = chain.first(plan) if line is None else chain.find(plan, line)
        if batch is None:
            chain.make_room()
            batch = Batch(self, email_list, plan)
            chain.append(batch)
            self.run.session(EmailSession).open_batches.open(batch)
        return batch

    def _seal_if_full(self, batch: Batch) -> None:
        if len(batch.buffer) >= self.batch_rows or batch.buffer.bytes >= _MOST_BATCH_BYTES:
            batch.seal()

    def submit(self, batch: Batch) -> None:
        """Submit a batch to the worker pool with its list as the key; wait while the pool is full."""
        email_list, plan, buffer = batch.email_list, batch.plan, batch.buffer
        chain = self._chain(email_list, plan)
        self.run.session(EmailSession).open_batches.flush_earlier(batch)
        chain.flush_before(batch)
        chain.remove(batch)
        self.run.session(EmailSession).open_batches.closed(batch)
        if buffer.withdrawn:
            dropped = buffer.drop_withdrawn()
            self.tracker.confirm(dropped, Results(merged=dropped.total()))
        if not len(buffer):
            buffer.close()
            return

        def job() -> None:
            try:
                self.load(email_list, plan, buffer)
            finally:
                buffer.close()

        self.run.imports.submit(("list", email_list.id), job, buffer.weight)

    def _mapper_of(self, email_list: EmailList) -> Mapper:
        mapper = self._mappers.get(email_list.id)
        if mapper is None:
            self._mappers[email_list.id] = mapper = self.make_mapper(email_list, self._schema)
        return mapper

    # What the kinds decide

    def make_buffer(self, plan: Plan) -> Buffer:
        """Create the rows of a batch; those of a contact are merged, unless each of them counts."""
        return (Buffer if plan.merges else EveryRow)(clears=self.destination.clears)

    def make_mapper(self, email_list: EmailList, schema: dict[str, Any]) -> Mapper:  # noqa: ARG002 - for subclasses
        """Create the mapper from records of this schema to lines for this list; by default the address."""
        return RowMapping(())
