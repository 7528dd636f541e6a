"""One list import, processed row by row: what it does with each contact, and the results."""

from __future__ import annotations

import time
import zlib
from array import array
from collections import Counter
from typing import TYPE_CHECKING, Any

from listrak_sandbox.clock import text_of
from listrak_sandbox.email.access import events_of
from listrak_sandbox.email.import_plan import ADD, ADD_WITH_DATA, REMOVE, UPDATE, Plan
from listrak_sandbox.email.values import InvalidValue, checked, merged, plausible
from listrak_sandbox.store import BANNED, PENDING, SUBSCRIBED, SUPPRESSED, UNSUBSCRIBED, Contact, ListState
from listrak_sandbox.world.past_imports import RESULTS, summary
from listrak_sandbox.world.population import LONGEST_NUMBER, address, external_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from listrak_sandbox.clock import Clock

WORDS = tuple(RESULTS)
REFUSED = {BANNED: "Banned", SUPPRESSED: "Suppressed", PENDING: "Pending"}
"""Standings in which nobody is imported, and the words for them."""
WRITTEN_ROWS = 20_000
"""How many rows of an import the control route returns."""


class Job:
    """One import made through the API.

    Attributes:
        import_id: Its id.
        state: The list it writes to.
        plan: What it does.
        started: Sandbox time of its start.
        ended: Sandbox time of its end; None while it runs.
        status: Its status word.
        outcome: ``complete``, ``fail`` or ``stall``.
        running_word: Status word while it is running.
        included_word: Result word of an unsubscribed contact that was updated (`includeUnsubscribed`).
        failed_word: Status word when it ends as a failure.
        share_done: Share of the rows that are taken before it fails or stalls.
        skipped_rows: Rows without a contact: unreadable, or without an address.
        ignored_values: Values that did not fit their fields, and changed nothing.
        journeys: New subscribers that entered journeys.
    """

    def __init__(self, import_id: int, state: ListState, plan: Plan, data: bytes, clock: Clock) -> None:
        self.import_id = import_id
        self.state = state
        self.plan = plan
        self.clock = clock
        self.started = clock.now()
        self.ended: datetime | None = None
        self.status = "Queued"
        self.outcome = "complete"
        self.end_word = "Completed"
        self.running_word = "Processing"
        self.failed_word = "Failed"
        self.included_word = "Updated"
        self.share_done = 0.5
        self.seconds = 0.0
        self.skipped_rows = 0
        self.ignored_values = 0
        self.journeys = 0
        self.done_rows = 0
        self.emails: list[str] = []
        self.results = array("B")
        self._packed = zlib.compress(data, 1)
        self.row_count = data.count(b"\n") + 1
        self._rows: Iterator[list[str] | None] | None = plan.rows(data)
        self._seen: dict[str, int] = {}
        self._begun = time.monotonic()
        self._by_address = any(column.kind == "Email" for column in plan.columns)
        # An Event cell names its event, or its id.
        self._events: dict[str, list[int]] = {}
        for one in events_of(state):
            identifier = int(str(one["eventId"]))
            self._events |= {str(identifier): [identifier], str(one["eventName"]).lower(): [identifier]}
        self._by_external: dict[str, Contact] | None = None

    @property
    def running(self) -> bool:
        """Whether it is queued or running."""
        return self._rows is not None

    def wait(self, seconds: float) -> None:
        """Stay queued for some time before the first row is taken."""
        self._begun += seconds

    def stop(self) -> None:
        """Stop, without an end date."""
        self._rows = None

    def _finish(self, word: str) -> None:
        self._rows = None
        self._seen = {}
        self._by_external = None
        self.ended = self.clock.now()
        self.status = word

    def due(self) -> bool:
        """Return whether the next row is due: rows are spread over the seconds that an import takes."""
        if time.monotonic() < self._begun:
            return False
        if not self.seconds:
            return True
        share = (time.monotonic() - self._begun) / self.seconds
        return share >= 1 or self.done_rows < share * self.row_count

    def step(self) -> bool:
        """Take the next row.

        Returns:
            Whether there is more to do at once; False also while it must wait for its time.
        """
        if self._rows is None or not self.due():
            return False
        self.status = self.running_word
        if self.outcome != "complete" and self.done_rows >= (self.row_count - 1) * self.share_done:
            if self.outcome == "stall":
                self._rows = None
            else:
                self._finish(self.failed_word)
            return False
        try:
            row = next(self._rows)
        except StopIteration:
            if self.seconds and time.monotonic() - self._begun < self.seconds:
                return False
            self._finish(self.end_word)
            return False
        self.done_rows += 1
        self._take(row)
        return True

    def _take(self, row: list[str] | None) -> None:
        """Process one row: read its cells, and apply the import to its contact."""
        email = external = ""
        events: list[int] = []
        values: dict[int, str] = {}
        width = len(row) if row else 0
        for column in self.plan.columns:
            cell = (row[column.place] if row and column.place < width else "") or column.default
            if column.kind == "Email":
                email = cell.strip()
            elif column.kind == "ExternalContactID":
                external = cell.strip()
            elif column.kind == "Event":
                events += self._events.get(cell.strip().lower(), ())
            else:
                self._value(column.field, cell, values)
        if row and not self._by_address and external:
            found = self._external(external)
            if found is None:
                self._note(external, "Skipped")
                return
            email = found.email
        if not row or not email:
            self.skipped_rows += 1
            return
        word = self._apply(email, external, values)
        if events and word in {"Subscribed", "Already Subscribed", "Updated", "Unsubscribed"}:
            at = text_of(self.clock.now())
            self.state.raised += [{"eventId": one, "emailAddress": email, "at": at} for one in events]
        self._note(email, word)

    def _value(self, identifier: int, cell: str, values: dict[int, str]) -> None:
        """Read a profile value. An invalid one, or one of a deleted field, is left out."""
        field = self.state.fields.get(identifier)
        try:
            if field is not None:
                values[identifier] = checked(field, cell)
        except InvalidValue:
            self.ignored_values += 1

    def _note(self, email: str, word: str) -> None:
        """Note a contact's result; of several rows of one contact the first that did something counts."""
        lowered = email.lower()
        place = self._seen.get(lowered)
        if place is None:
            self._seen[lowered] = len(self.emails)
            self.emails.append(email)
            self.results.append(WORDS.index(word))

    def _external(self, external: str) -> Contact | None:
        if self._by_external is None:
            self._by_external = {one.external: one for one in self.state.order if one.external}
        stored = self._by_external.get(external)
        if stored is not None or self.state.generated_list is None:
            return stored
        population = self.state.generated_list.population
        digits = external.removeprefix("C-")
        if not digits.isdigit() or len(digits) > LONGEST_NUMBER:
            return None
        person = int(digits)
        if external_id(person) != external or person < population.person(0):
            return None
        return self.state.find(address(person), self.clock.now())

    def _apply(self, email: str, external: str, values: dict[int, str]) -> str:
        """Apply the import to one contact; return its result word."""
        now = self.clock.now()
        if not plausible(email):
            return "Invalid Email"
        standing = self.state.standing_of(email, now)
        if self.plan.import_type == REMOVE:
            return self._remove(email, standing, now)
        if standing in REFUSED:
            return REFUSED[standing]
        if standing is None:
            return "Skipped" if self.plan.import_type == UPDATE else self._add(email, external, values, now)
        return self._update(email, external, values, now, known_off=standing == UNSUBSCRIBED)

    def _add(self, email: str, external: str, values: dict[int, str], now: datetime) -> str:
        contact = Contact(email, PENDING, None)
        contact.subscribe(now, "Import")
        self.journeys += self.plan.trigger_journey
        if external:
            contact.external = external
        if self.plan.import_type == ADD_WITH_DATA:
            contact.values = merged(self.state.fields, {}, values, self.plan.update)
        self.state.put(contact)
        return "Subscribed"

    def _update(
        self, email: str, external: str, values: dict[int, str], now: datetime, *, known_off: bool
    ) -> str:
        updating = self.plan.import_type == UPDATE
        if known_off and not (updating and self.plan.include_unsubscribed):
            return "Previously Unsubscribed"
        found = self.state.adopt(email, now)
        if found is None:
            return "Skipped"
        if external:
            found.external = external
        if self.plan.import_type != ADD and values:
            found.values = merged(self.state.fields, found.values, values, self.plan.update)
        self.state.version += 1
        if known_off:
            return self.included_word
        return "Updated" if updating else "Already Subscribed"

    def _remove(self, email: str, standing: str | None, now: datetime) -> str:
        if standing == UNSUBSCRIBED:
            return "Already Unsubscribed"
        contact = self.state.adopt(email, now) if standing == SUBSCRIBED else None
        if contact is None:
            return "Skipped"
        contact.unsubscribe(now, "Import")
        self.state.version += 1
        return "Unsubscribed"

    def record(self) -> dict[str, object]:
        """Return it as the API's ListImport."""
        return {
            "importFileId": self.import_id,
            "importFileName": self.plan.name,
            "importDate": text_of(self.started),
        }

    def status_record(self) -> dict[str, object]:
        """Return it as the API's ListImportStatus."""
        ended = None if self.ended is None else text_of(self.ended)
        return {"startDate": text_of(self.started), "endDate": ended, "status": self.status}

    def contacts(self, start: int = 0, stop: int | None = None) -> list[dict[str, object]]:
        """Return the contacts' results so far, or a part of them."""
        return [
            {"emailAddress": email, "importResult": WORDS[word]}
            for email, word in zip(self.emails[start:stop], self.results[start:stop], strict=True)
        ]

    def summary(self) -> dict[str, object]:
        """Return it as the API's ListImportSummary, so far."""
        counts = summary(Counter({WORDS[word]: count for word, count in Counter(self.results).items()}))
        counts["skippedCount"] = int(str(counts["skippedCount"])) + self.skipped_rows
        counts["processedCount"] = int(str(counts["processedCount"])) + self.skipped_rows
        return counts

    def written(self) -> dict[str, Any]:
        """Return it for the control route, its first rows decoded."""
        rows: list[list[str] | None] = []
        for row in self.plan.rows(zlib.decompress(self._packed)):
            if len(rows) == WRITTEN_ROWS:
                break
            rows.append(row)
        return {
            "listId": self.state.list_id,
            **self.record(),
            **self.status_record(),
            "importType": self.plan.import_type,
            "segmentationImportType": self.plan.update,
            "includeUnsubscribed": self.plan.include_unsubscribed,
            "triggerJourney": self.plan.trigger_journey,
            "columns": [
                {
                    "fileColumn": one.place,
                    "fileColumnType": one.kind,
                    "segmentationFieldId": one.field or None,
                    "defaultValue": one.default or None,
                }
                for one in self.plan.columns
            ],
            "summary": self.summary(),
            "skippedRows": self.skipped_rows,
            "ignoredValues": self.ignored_values,
            "enteredJourneys": self.journeys,
            "rowCount": self.done_rows,
            "rows": rows,
        }
