"""How batches of rows are loaded by imports, and what their results mean for the rows."""

from __future__ import annotations

import abc
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from target_listrak.channels.email.applied_rows import NotedImports
from target_listrak.channels.email.contact_pages import count_subscribed
from target_listrak.channels.email.contacts import Contacts
from target_listrak.channels.email.every_row import EveryRow
from target_listrak.channels.email.importer import Importer
from target_listrak.channels.email.session import EmailSession
from target_listrak.delivery.event_limit import EventLimit
from target_listrak.delivery.leavers import LEFT_IN_RUN, TOO_LATE
from target_listrak.delivery.loader import Loader, attempt
from target_listrak.delivery.removals import Removals
from target_listrak.outcomes import ACCEPTED, UNCHANGED, Declined, Outcome, Rejected
from target_listrak.tracking.tallies import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from target_listrak.channels.email.buffer import Buffer
    from target_listrak.channels.email.import_files import Plan
    from target_listrak.channels.email.lists import EmailList
    from target_listrak.config.destination import Destination
    from target_listrak.delivery.loader import Delivery
    from target_listrak.delivery.run import Run

__all__ = ["BatchImports", "acts_each_time", "event_ids_of"]


class BatchImports(Loader):
    """Loads batches by imports: the part of a loader that runs in worker threads.

    Attributes:
        plan: What the imports of the destination do, without events, as these have other ids in each list.
    """

    def __init__(self, delivery: Delivery, resolved: Any) -> None:  # noqa: ANN401 - each kind resolves to what it needs
        super().__init__(delivery, resolved)
        self.plan = self.make_plan()
        self._event_limit = self.run.session(EventLimit, self.destination.label)
        self._plans: dict[EmailList, Plan] = {}
        self._importers: dict[tuple[int, Plan], Importer] = {}
        self._notes: dict[tuple[int, Plan], NotedImports] = {}

    @abc.abstractmethod
    def make_plan(self) -> Plan:
        """Create the plan: what the imports of the destination do."""

    def plan_of(self, email_list: EmailList) -> Plan:
        """Return the plan of imports into a list, with the ids that `event_ids` have there.

        Raises:
            NameLookupError: The list has no such event.
        """
        plan = self._plans.get(email_list)
        if plan is None:
            ids = event_ids_of(self.run, self.destination, email_list)
            plan = self._plans[email_list] = replace(self.plan, event_ids=ids) if ids else self.plan
        return plan

    @property
    def keep_lines(self) -> bool:
        """Whether lines are kept after their import, as some rows are loaded once more."""
        return False

    def load(self, email_list: EmailList, plan: Plan, buffer: Buffer) -> None:
        """Load one batch and confirm its rows; runs in a worker thread."""
        self.load_by_import(email_list, plan, buffer, range(len(buffer)))

    def load_by_import(
        self, email_list: EmailList, plan: Plan, buffer: Buffer, indices: Sequence[int]
    ) -> None:
        """Load rows of a batch by one or more imports, and confirm them.

        Raises:
            EventLimitError: They would raise more events than `max_events` allows: nothing was sent.
            RemovalLimitError: They would remove more people than `max_removed` allows: nothing was sent.
            ListrakError: As `Importer.load`.
        """
        indices = self.to_send(email_list, plan, buffer, indices)
        if indices:
            self.import_rows(email_list, plan, buffer, indices)

    def import_rows(self, email_list: EmailList, plan: Plan, buffer: Buffer, indices: Sequence[int]) -> None:
        """Load rows that no earlier run has loaded, and whose events are allowed, and confirm them.

        Raises:
            RemovalLimitError: As `load_by_import`.
            ListrakError: As `Importer.load`.
        """
        if plan.removes:
            removals = self.run.session(Removals, self.destination.label)
            count = partial(count_subscribed, self.run, email_list, buffer, indices)
            removals.allow(self.destination, len(indices), count)

        def confirm(outcomes: Mapping[int, Outcome]) -> None:
            if plan.removes:
                removals.add(list(outcomes.values()).count(ACCEPTED))
            self.note_events(plan, outcomes)
            self.confirm_all(buffer, outcomes)

        single = self.single(email_list, plan, buffer)
        self.importer(plan, email_list).load(email_list, buffer, indices, single, confirm)

    def parts(self, plan: Plan, buffer: Buffer, indices: Sequence[int]) -> Iterator[Sequence[int]]:
        """Return the rows of each import of a batch, with one row of a contact at most, in their order.

        Args:
            plan: Whether the rows of a contact may be merged.
            buffer: The batch. Rows are taken from it part by part.
            indices: The rows to send; their addresses are known.
        """
        if not isinstance(buffer, EveryRow):
            yield indices
        elif plan.merges:
            yield buffer.merge(indices)
        else:
            yield from buffer.rounds(indices)

    def note_events(self, plan: Plan, outcomes: Mapping[int, Outcome]) -> None:
        """Take back the events of rows that raised none; a dry run reports the others."""
        if not plan.event_ids:
            return
        accepted = list(outcomes.values()).count(ACCEPTED)
        if not plan.removes:
            self._event_limit.give_back(len(outcomes) - accepted)
        if self.run.dry_run and accepted:
            self.tracker.remark("events would be raised", accepted)

    def to_send(
        self, email_list: EmailList, plan: Plan, buffer: Buffer, indices: Sequence[int]
    ) -> Sequence[int]:
        """Return the rows that are to be sent; the others are confirmed, or loaded without their events.

        Raises:
            EventLimitError: They would raise more events than `max_events` allows.
        """
        indices = self._without_leavers(email_list, plan, buffer, indices)
        indices = self._without_applied(email_list, plan, buffer, indices)
        if plan.event_ids and not plan.removes:  # removals are not held back by their events
            self._event_limit.claim(self.destination, len(indices))
        return indices

    def _without_leavers(
        self, email_list: EmailList, plan: Plan, buffer: Buffer, indices: Sequence[int]
    ) -> Sequence[int]:
        """Decline rows that would subscribe somebody whom another destination takes off; return the others.

        Notes whom rows take off the list.
        """
        leavers, label = self.run.session(EmailSession).leavers, self.destination.label
        place = (email_list.id, email_list.name)
        if plan.removes and leavers.needed:
            wanted = set(indices)
            keys = (key for key, index in buffer.rows.items() if index in wanted)
            if earlier := leavers.note(place, label, keys):
                self.run.connection.log_once(TOO_LATE, label, email_list.name, earlier)
        # With `resubscribe`, the order of the rows decides, as it does for those whom Listrak knows.
        if plan.import_type != "AddSubscribers" or self.destination.option("resubscribe"):
            return indices
        if not (found := leavers.among(place, label, buffer.rows)):
            return indices
        left = set(found).intersection(indices)
        self.confirm_all(buffer, dict.fromkeys(sorted(left), LEFT_IN_RUN))
        return [index for index in indices if index not in left]

    def _without_applied(
        self, email_list: EmailList, plan: Plan, buffer: Buffer, indices: Sequence[int]
    ) -> Sequence[int]:
        """Load rows that were sent before without what must not happen twice; return the others.

        Their events are not raised again, and their values not appended again. What else they say is loaded.
        """
        noted = self._noted(email_list, plan)
        outcomes = noted.earlier(buffer, indices) if noted else {}
        if not outcomes:
            return indices
        text = "the same as a record of an earlier run: it raises no event and appends nothing again"
        self.tracker.remark(text, len(outcomes))
        says_more = plan.import_type != "UpdateSubscribers" and plan.update_type != "Append"
        ended = {index: one for index, one in outcomes.items() if one is not UNCHANGED or not says_more}
        again = [index for index in outcomes if index not in ended]
        if again:
            self.load_by_import(email_list, replace(plan, event_ids=()), buffer, again)
        self.confirm_all(buffer, ended)
        return [index for index in indices if index not in outcomes]

    def _noted(self, email_list: EmailList, plan: Plan) -> NotedImports | None:
        """Return the notes on rows, for imports that do more each time."""
        if not acts_each_time(self.destination) or not plan.acts_each_time:
            return None
        key = (email_list.id, plan)
        if key not in self._notes:
            self._notes[key] = NotedImports(self.run, self.stream, email_list, plan)
        return self._notes[key]

    def single(self, email_list: EmailList, plan: Plan, buffer: Buffer) -> Callable[[int], Outcome]:
        """Return a function that loads one row without an import: an import of one row may be refused."""
        contacts = Contacts(self.run, email_list, self.destination, plan.event_ids)
        noted = self._noted(email_list, plan)

        def load_noted(index: int) -> Outcome:
            if noted is None:
                return load_one(index)
            notes = noted.note(buffer, [index], None)
            outcome = load_one(index)
            noted.settle(notes, {index: outcome})
            return outcome

        def load_one(index: int) -> Outcome:
            address, cells = buffer.cells(index)
            if plan.removes:
                outcome = attempt(lambda: contacts.unsubscribe(address))
                if plan.event_ids and outcome is ACCEPTED:
                    self.tracker.remark(
                        "unsubscribed by a call, for Listrak refused an import of one contact: no event was"
                        " raised"
                    )
                return outcome
            if plan.import_type == "UpdateSubscribers":
                include = plan.include_unsubscribed
                return attempt(lambda: contacts.update(address, cells, include_unsubscribed=include))
            return attempt(lambda: contacts.subscribe(address, cells))

        return load_noted

    def importer(self, plan: Plan, email_list: EmailList) -> Importer:
        """Return the importer of a plan and list."""
        key = (email_list.id, plan)
        if key not in self._importers:
            name = self.run.session(EmailSession).lists.fields(email_list).column_name
            importer = Importer(self.run, self.stream, plan, name, keep_lines=self.keep_lines)
            importer.noted = self._noted(email_list, plan)
            self._importers[key] = importer
        return self._importers[key]

    def confirm_all(self, buffer: Buffer, outcomes: Mapping[int, Outcome]) -> None:
        """Count a batch's rows by their outcomes, and the rows that were merged into them."""
        results = list(outcomes.values())
        accepted, unchanged, declined = results.count(ACCEPTED), results.count(UNCHANGED), 0
        if accepted + unchanged < len(results):
            for index, outcome in outcomes.items():
                if isinstance(outcome, Declined | Rejected):
                    line, merged = buffer.sources.record(index, clears=buffer.clears)
                    self.tracker.write_down(buffer.sources.number(index), line, outcome, merged)
                    declined += isinstance(outcome, Declined)
        checkpoints = buffer.sources.count_checkpoints(outcomes)
        rejected = len(results) - accepted - unchanged - declined
        counts = Results(accepted, unchanged, declined, rejected, merged=checkpoints.total() - len(results))
        self.tracker.confirm(checkpoints, counts)


def acts_each_time(destination: Destination) -> bool:
    """Return whether rows are noted, as loading one again would raise an event, or append to values."""
    option = destination.option
    raises = destination.kind == "email_events" or bool(option("event_ids"))
    return (raises and not option("repeat_events")) or option("update_type") == "Append"


def event_ids_of(run: Run, destination: Destination, email_list: EmailList) -> tuple[int, ...]:
    """Return the ids of the events that imports of a destination raise in a list.

    Raises:
        NameLookupError: The list has no such event.
    """
    wanted = destination.option("event_ids")
    if not wanted:
        return ()
    events = run.session(EmailSession).lists.events(email_list)
    return tuple(dict.fromkeys(events.find(one).id for one in wanted))
