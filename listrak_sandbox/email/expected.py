"""What a complete extraction of the email API returns, stream by stream."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from listrak_sandbox.dates import as_answered
from listrak_sandbox.email import contact_rows
from listrak_sandbox.email.access import event_groups_of, events_of
from listrak_sandbox.email.imports import kept_imports
from listrak_sandbox.expected import chosen, digest
from listrak_sandbox.store import SUBSCRIBED, UNSUBSCRIBED
from listrak_sandbox.world import records
from listrak_sandbox.world.calendar import text, world_time
from listrak_sandbox.world.sends import ContinuousSends

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from listrak_sandbox.sandbox import Sandbox
    from listrak_sandbox.settings import Settings
    from listrak_sandbox.store import ListState
    from listrak_sandbox.world.lists import MailingList
    from listrak_sandbox.world.messages import Conversation, Message
    from listrak_sandbox.world.sends import Sends

Key = tuple[object, ...]


class _EmailKey(msgspec.Struct, rename="camel"):
    email_key: str


class Extraction:
    """The keys of all rows of one list that an extraction returns at one instant.

    Args:
        state: The list.
        now: The clock's time.
        settings: The settings, which decide about imports that are purged.
        tests: Whether test messages are included.
        previous: Whether messages of previous versions of conversations are included.
    """

    def __init__(
        self, state: ListState, now: datetime, settings: Settings, *, tests: bool, previous: bool
    ) -> None:
        self.state = state
        self.list_id = state.list_id
        self.when = world_time(now)
        self.kept = kept_imports(state, now, settings)
        self.tests = tests
        self.previous = previous

    @property
    def generated_lists(self) -> list[MailingList]:
        """The generated list, or nothing for one created through the API."""
        return [self.state.generated_list] if self.state.generated_list else []

    def messages(self) -> Iterator[Message]:
        """Return the broadcasts."""
        for generated in self.generated_lists:
            yield from (one for one in generated.broadcasts(self.when) if self.tests or not one.test)

    def conversations(self) -> Iterator[Conversation]:
        """Return the conversations."""
        for generated in self.generated_lists:
            yield from generated.conversations(self.when)

    def conversation_messages(self) -> Iterator[tuple[Conversation, Message]]:
        """Return the messages of conversations."""
        for conversation in self.conversations():
            for message in conversation.messages:
                if (message.current or self.previous) and message.send < self.when:
                    yield conversation, message

    def named(self, rows: Iterable[Mapping[str, object]], name: str) -> Iterator[Key]:
        """Return the keys of records that have an id of their own below the list."""
        return ((self.list_id, row[name]) for row in rows)

    def of_generated(
        self, make: Callable[[MailingList], list[dict[str, object]]], name: str
    ) -> Iterator[Key]:
        """Return the keys of a generated list's records."""
        return self.named(chain.from_iterable(map(make, self.generated_lists)), name)

    def contacts(self) -> Iterator[Key]:
        """Return the keys of contacts in both states."""
        decoder = msgspec.json.Decoder(_EmailKey)
        for kind in (SUBSCRIBED, UNSUBSCRIBED):
            for _, row in contact_rows.rows(self.state, contact_rows.Query(state=kind), self.when):
                yield self.list_id, decoder.decode(row).email_key

    def links(self, message: Message, *parents: object) -> Iterator[Key]:
        """Return the keys of a message's links."""
        return ((self.list_id, *parents, message.message_id * 10 + number) for number in range(message.links))

    def clickers(self, message: Message, *parents: object) -> Iterator[Key]:
        """Return the keys of the clicks on a message's links."""
        for entry in message.sends.entries(self.when):
            for time, number in entry.seen.clicks if entry.seen else ():
                link = message.message_id * 10 + number
                yield self.list_id, *parents, link, message.sends.email(entry), text(time)

    def activity(self, sends: Sends, *parents: object) -> Iterator[Key]:
        """Return the keys of a message's activity rows."""
        for entry in sends.entries(self.when):
            email = sends.email(entry)
            if isinstance(sends, ContinuousSends):
                last = (sends.send_text(entry), *([sends.resend_key(entry)] if sends.tails else []))
                yield self.list_id, *parents, email, *last
            else:
                yield self.list_id, *parents, email

    def imports(self) -> Iterator[int]:
        """Return the ids of list imports."""
        past, jobs = self.kept
        yield from (one.import_id for one in past)
        yield from (one.import_id for one in jobs)

    def import_contacts(self) -> Iterator[Key]:
        """Return the keys of the results of list imports."""
        past, jobs = self.kept
        for one in past:
            yield from ((self.list_id, one.import_id, row["emailAddress"]) for row in one.contacts(self.when))
        for job in jobs:
            yield from ((self.list_id, job.import_id, email) for email in job.emails)

    def split_tests(self) -> Iterator[tuple[dict[str, object], list[dict[str, object]]]]:
        """Return the split tests with their messages."""
        for generated in self.generated_lists:
            yield from records.split_tests(generated, self.when)


STREAMS: dict[str, Callable[[Extraction], Iterable[Key]]] = {
    "lists": lambda one: [(one.list_id,)],
    "campaigns": lambda one: one.of_generated(records.campaigns, "campaignId"),
    "profile_field_groups": lambda one: one.named(
        list(one.state.groups.values()), "segmentationFieldGroupId"
    ),
    "profile_fields": lambda one: (
        (one.list_id, row["segmentationFieldGroupId"], row["segmentationFieldId"])
        for row in list(one.state.fields.values())
    ),
    "contacts": lambda one: one.contacts(),
    "messages": lambda one: ((one.list_id, row.message_id) for row in one.messages()),
    "message_details": lambda one: ((one.list_id, row.message_id) for row in one.messages()),
    "message_statuses": lambda one: ((one.list_id, row.message_id) for row in one.messages()),
    "message_summaries": lambda one: ((one.list_id, row.message_id) for row in one.messages()),
    "message_activity": lambda one: chain.from_iterable(
        one.activity(row.sends, row.message_id) for row in one.messages()
    ),
    "message_links": lambda one: chain.from_iterable(
        one.links(row, row.message_id) for row in one.messages()
    ),
    "message_link_clickers": lambda one: chain.from_iterable(
        one.clickers(row, row.message_id) for row in one.messages()
    ),
    "conversations": lambda one: ((one.list_id, row.conversation_id) for row in one.conversations()),
    "conversation_summaries": lambda one: ((one.list_id, row.conversation_id) for row in one.conversations()),
    "conversation_messages": lambda one: (
        (one.list_id, of.conversation_id, row.message_id) for of, row in one.conversation_messages()
    ),
    "conversation_message_details": lambda one: (
        (one.list_id, of.conversation_id, row.message_id) for of, row in one.conversation_messages()
    ),
    "conversation_message_summaries": lambda one: (
        (one.list_id, of.conversation_id, row.message_id) for of, row in one.conversation_messages()
    ),
    "conversation_message_activity": lambda one: chain.from_iterable(
        one.activity(row.sends, of.conversation_id, row.message_id) for of, row in one.conversation_messages()
    ),
    "conversation_message_links": lambda one: chain.from_iterable(
        one.links(row, of.conversation_id, row.message_id) for of, row in one.conversation_messages()
    ),
    "conversation_message_link_clickers": lambda one: chain.from_iterable(
        one.clickers(row, of.conversation_id, row.message_id) for of, row in one.conversation_messages()
    ),
    "transactional_messages": lambda one: (
        (one.list_id, row.message_id) for generated in one.generated_lists for row in generated.transactional
    ),
    "transactional_message_activity": lambda one: chain.from_iterable(
        one.activity(row.sends, row.message_id)
        for generated in one.generated_lists
        for row in generated.transactional
    ),
    "split_tests": lambda one: ((one.list_id, test["splitTestId"]) for test, _ in one.split_tests()),
    "split_test_messages": lambda one: (
        (one.list_id, test["splitTestId"], row["messageId"])
        for test, messages in one.split_tests()
        for row in messages
    ),
    "saved_audiences": lambda one: one.of_generated(records.saved_audiences, "savedAudienceId"),
    "saved_messages": lambda one: one.of_generated(records.saved_messages, "savedMessageId"),
    "saved_message_details": lambda one: one.of_generated(records.saved_messages, "savedMessageId"),
    "events": lambda one: one.named(events_of(one.state), "eventId"),
    "event_groups": lambda one: one.named(event_groups_of(one.state), "eventGroupId"),
    "list_imports": lambda one: ((one.list_id, number) for number in one.imports()),
    "list_import_statuses": lambda one: ((one.list_id, number) for number in one.imports()),
    "list_import_summaries": lambda one: ((one.list_id, number) for number in one.imports()),
    "list_import_contacts": lambda one: one.import_contacts(),
}
"""The keys of each stream's rows on one list, in the order of its key columns."""

ACCOUNT: dict[str, Callable[[], list[Key]]] = {
    "folders": lambda: [(row["folderId"],) for row in records.folders()],
    "ip_pools": lambda: [(row["ipPoolId"],) for row in records.ip_pools()],
    "content": lambda: [(row["contentId"],) for row in records.contents()],
    "content_folders": lambda: [(row["contentFolderId"],) for row in records.content_folders()],
}
"""The same for streams that belong to no list."""


def expected(sandbox: Sandbox, selection: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """Return ``{stream: {count, digest}}`` of a complete extraction now; dates in keys are UTC.

    Args:
        sandbox: The sandbox.
        selection: ``streams`` and ``list_ids`` (comma separated), ``include_test_messages`` and
            ``include_previous_versions`` (``true``), as the tap's settings of those names; ``as_told``
            (``true``): dates are those that answers tell, the first of two instants with one wall time.
    """
    wanted, lists = chosen(selection, "streams"), chosen(selection, "list_ids")
    now, from_answers = sandbox.clock.now(), selection.get("as_told") == "true"
    parts = [
        Extraction(
            state,
            now,
            sandbox.settings,
            tests=selection.get("include_test_messages") == "true",
            previous=selection.get("include_previous_versions") == "true",
        )
        for state in list(sandbox.store.lists.values())
        if not lists or str(state.list_id) in lists
    ]
    found = {
        name: digest(
            tuple(as_answered(value, sandbox.settings) for value in key) if from_answers else key
            for key in chain.from_iterable(map(keys, parts))
        )
        for name, keys in STREAMS.items()
        if not wanted or name in wanted
    }
    return found | {name: digest(make()) for name, make in ACCOUNT.items() if not wanted or name in wanted}
