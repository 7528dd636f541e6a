"""The kind `email_events`: raises events of a list on contacts that it knows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from listrak_api.errors import RequestRefusedError
from target_listrak.channels.email.applied_rows import content_of
from target_listrak.channels.email.buffer import Line
from target_listrak.channels.email.every_row import EveryRow
from target_listrak.channels.email.fields_loader import KnownContactsLoader
from target_listrak.channels.email.import_files import Plan
from target_listrak.channels.email.mapping import Mapper, RowMapping, name_or_id
from target_listrak.channels.email.session import EmailSession
from target_listrak.config.names import NameLookupError, UnknownNameError
from target_listrak.delivery.creations import Creations
from target_listrak.delivery.import_body import encode_line
from target_listrak.delivery.record_age import RecordAge
from target_listrak.outcomes import Rejected, RowRejected, rejected_by
from target_listrak.values.row_faults import with_faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from target_listrak.channels.email.buffer import Buffer
    from target_listrak.channels.email.events import Event, Events
    from target_listrak.channels.email.lists import EmailList
    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run
    from target_listrak.tracking.tallies import Row

__all__ = ["EmailEventsLoader"]


class EmailEventsLoader(KnownContactsLoader):
    """Raises an event for each record, by imports that update contacts the list knows.

    Side effect: raises events, which may start conversations and journeys. Nobody is subscribed; contacts
    that the list does not know, or that have unsubscribed, are declined. Records are not merged: the second
    ones of the contacts of a batch and event go into a second import, and so on.
    """

    kinds: ClassVar[tuple[str, ...]] = ("email_events",)

    @classmethod
    def resolve(cls, run: Run, destination: Destination) -> EmailList | None:
        """Find the list and, unless records name it, the event, which is created if that is allowed."""
        email_list = super().resolve(run, destination)
        wanted = destination.options.get("event")
        if email_list is not None and wanted is not None:
            events = run.session(EmailSession).lists.events(email_list)
            try:
                _find(run, destination, events, wanted)
            except NameLookupError as error:
                hint = error.hint
                if isinstance(error, UnknownNameError) and isinstance(wanted, str):
                    hint += " With create_missing: true it is created."
                raise destination.error("event", error.message, hint) from None
        return email_list

    @classmethod
    def describe(cls, destination: Destination, resolved: Any) -> str:  # noqa: ANN401 - each kind resolves to what it needs
        """Describe the destination: kind, list and event."""
        options = destination.options
        event = options["event"] if "event" in options else f"event by {options['event_from']}"
        return f"{super().describe(destination, resolved)}, {event}"

    def make_plan(self) -> Plan:
        """Update known contacts; the event is added for each record."""
        self._age = RecordAge(self.destination, self.run.config)
        self._plans_by_event: dict[int, Plan] = {}
        self._found: dict[tuple[int, str, object], int | Rejected] = {}
        return Plan("UpdateSubscribers")

    def make_mapper(self, email_list: EmailList, schema: dict[str, Any]) -> Mapper:
        """Return the address alone."""
        del email_list, schema
        return RowMapping(())

    def columns_wanted(self) -> None:
        """Return None: records are not merged, so they are taken one by one."""

    def take(self, record: dict[str, Any], row: Row) -> None:
        """Put one record into the batch of its list and event."""
        self._age.check(record)
        try:
            contact = self.contact(record)
            email_list = self.list_of(record)
            plan = self._plan_for(email_list, record)
        except RowRejected as ended:
            raise RowRejected(with_faults(ended.rejected, self._email, ())) from None
        line = Line(contact.key, (), encode_line([contact.sent]), content_of(record))
        self.add(email_list, plan, line, row)

    def make_buffer(self, plan: Plan) -> EveryRow:
        """Create the rows of a batch, which are not merged."""
        del plan
        return EveryRow()

    def parts(self, plan: Plan, buffer: Buffer, indices: Sequence[int]) -> Iterator[Sequence[int]]:
        """Return the rows of each import: as many imports as one contact has rows."""
        del plan
        assert isinstance(buffer, EveryRow)  # noqa: S101 - see make_buffer; for the type checker
        return buffer.rounds(indices)

    def _plan_for(self, email_list: EmailList, record: Mapping[str, Any]) -> Plan:
        """Return the plan that raises a record's event.

        Raises:
            RowRejected: The record names no event, or one that does not exist.
        """
        event_from = self.destination.options.get("event_from")
        wanted = self.destination.options.get("event")
        if event_from is not None:
            wanted = name_or_id(record.get(event_from))
            if wanted is None:
                raise RowRejected(Rejected("no_event", f"{event_from}: expected the name or id of an event"))
        key = (email_list.id, email_list.name, wanted)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._find(email_list, wanted, event_from or "event")
        if isinstance(found, Rejected):
            raise RowRejected(found)
        plan = self._plans_by_event.get(found)
        if plan is None:
            plan = self._plans_by_event[found] = replace(self.plan, event_ids=(found,), topic=found)
        return plan

    def _find(self, email_list: EmailList, wanted: object, place: str) -> int | Rejected:
        events = self.run.session(EmailSession).lists.events(email_list)
        try:
            return _find(self.run, self.destination, events, wanted).id  # type: ignore[arg-type]  # a name or an id
        except NameLookupError as error:
            return Rejected("unknown_event", f"{place}: {error.message}")
        except RequestRefusedError as error:
            return rejected_by(error)


def _find(run: Run, destination: Destination, events: Events, wanted: str | int) -> Event:
    """Return an event, created if that is allowed.

    Raises:
        NameLookupError: There is none of that name, or more than one, or it is blocked.
        CreationLimitError: More events would be created than `max_created` allows.
    """
    try:
        return events.find(wanted)
    except UnknownNameError:
        if not (destination.option("create_missing") and isinstance(wanted, str)):
            raise
    run.session(Creations, destination.label).allow(destination, [wanted])
    return events.find(wanted, create=True)
