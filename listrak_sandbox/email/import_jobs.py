"""List imports at work: rows are taken one by one while requests go on being answered."""

from __future__ import annotations

import asyncio
import csv
import io
import sys
import time
import zlib
from array import array
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from listrak_sandbox.clock import text_of
from listrak_sandbox.email.values import InvalidValue, checked, merged
from listrak_sandbox.store import BANNED, PENDING, SUBSCRIBED, SUPPRESSED, UNSUBSCRIBED, Contact, ListState
from listrak_sandbox.world import records
from listrak_sandbox.world.past_imports import RESULTS, summary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from listrak_sandbox.clock import Clock

ADD, ADD_WITH_DATA = "AddSubscribers", "AddSubscribersAndSegmentationData"
REMOVE, UPDATE = "RemoveSubscribers", "UpdateSubscribers"
IMPORT_TYPES = (ADD, ADD_WITH_DATA, REMOVE, UPDATE)
WORDS = tuple(RESULTS)
SLICE_SECONDS = 0.01
"""Longest time for which an import keeps the event loop to itself."""
WRITTEN_ROWS = 20_000
"""Rows of an import that the control route gives back."""

# Values as long as a request may be: a huge cell is a value that does not fit, not a broken file.
csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True)
class Column:
    """One mapped column of an import file.

    Attributes:
        place: Its place, 0 for the first.
        kind: Email, SegmentationField, Event or ExternalContactID.
        field: Id of the profile field, if it is one.
        default: Value for empty cells.
    """

    place: int
    kind: str
    field: int = 0
    default: str = ""


@dataclass(frozen=True)
class Plan:
    """What an import was asked to do.

    Attributes:
        name: File name.
        import_type: One of `IMPORT_TYPES`.
        update: Update, Append or Overwrite.
        columns: Mapped columns.
        delimiter: Separates columns.
        qualifier: Encloses texts; empty for none.
        has_names: Whether the first row holds column names.
        include_unsubscribed: Whether an update reaches unsubscribed contacts.
        trigger_journey: Whether new subscribers enter the list's journeys.
    """

    name: str
    import_type: str
    update: str
    columns: tuple[Column, ...]
    delimiter: str = ","
    qualifier: str = '"'
    has_names: bool = False
    include_unsubscribed: bool = False
    trigger_journey: bool = False

    def rows(self, data: bytes) -> Iterator[list[str] | None]:
        """Read the rows of a file; None for one that cannot be read. Empty lines are no rows."""
        stream = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", errors="replace", newline="")
        reader = csv.reader(
            stream,
            delimiter=self.delimiter,
            quotechar=self.qualifier or None,
            quoting=csv.QUOTE_MINIMAL if self.qualifier else csv.QUOTE_NONE,
        )
        first = self.has_names
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield None
                continue
            if first:
                first = False
            elif row:
                yield row


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
        running_word: Status word while it is at work.
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
        self._events = {}
        if state.made is not None:
            self._events = {
                str(one["eventId"]): int(str(one["eventId"])) for one in records.events(state.made)
            }
            self._events |= {
                str(one["eventName"]).lower(): int(str(one["eventId"])) for one in records.events(state.made)
            }
        self._by_external: dict[str, Contact] | None = None

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._rows is not None

    def stop(self) -> None:
        """Stop working, without an end."""
        self._rows = None

    def _finish(self, word: str) -> None:
        self._rows = None
        self._seen = {}
        self._by_external = None
        self.ended = self.clock.now()
        self.status = word

    def due(self) -> bool:
        """Tell whether a row may be taken now, by the time an import shall last."""
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
        email = external = ""
        events: list[int] = []
        values: dict[int, str] = {}
        fields = self.state.fields
        width = len(row) if row else 0
        if not row:
            self.skipped_rows += 1
            return
        for column in self.plan.columns:
            cell = (row[column.place] if column.place < width else "") or column.default
            if column.kind == "Email":
                email = cell.strip()
            elif column.kind == "ExternalContactID":
                external = cell.strip()
            elif column.kind == "Event":
                event = self._events.get(cell.strip().lower())
                if event is not None:
                    events.append(event)
            elif column.field in fields:
                try:
                    values[column.field] = checked(fields[column.field], cell)
                except InvalidValue:
                    self.ignored_values += 1
        by_external = not any(column.kind == "Email" for column in self.plan.columns)
        if by_external and external:
            found = self._external(external)
            email = found.email if found else ""
        if not email:
            if by_external and external:
                self._note(external, "Skipped")
            else:
                self.skipped_rows += 1
            return
        word = self._apply(email, external, values)
        if word in {"Subscribed", "Already Subscribed", "Updated"}:
            at = text_of(self.clock.now()) if events else ""
            self.state.raised += [{"eventId": one, "emailAddress": email, "at": at} for one in events]
        self._note(email, word)

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
        if stored is not None or self.state.made is None:
            return stored
        population = self.state.made.population
        digits = external.removeprefix("C-")
        if not digits.isdigit() or len(digits) > 12:  # noqa: PLR2004
            return None
        from listrak_sandbox.world.population import address, external_id  # noqa: PLC0415

        person = int(digits)
        if external_id(person) != external or person < population.person(0):
            return None
        return self.state.find(address(person), self.clock.now())

    def _apply(self, email: str, external: str, values: dict[int, str]) -> str:
        """Do to one contact what the import is for, and give the word for it."""
        from listrak_sandbox.email.contacts import plausible  # noqa: PLC0415  they share the beta route

        if not plausible(email):
            return "Invalid Email"
        now = self.clock.now()
        state, kind = self.state, self.plan.import_type
        standing = state.standing_of(email, now)
        if kind == REMOVE:
            return self._remove(email, standing, now)
        word = {BANNED: "Banned", SUPPRESSED: "Suppressed", PENDING: "Pending"}.get(standing or "")
        if word:
            return word
        if standing is None:
            if kind == UPDATE:
                return "Skipped"
            contact = Contact(email, PENDING, None)
            contact.subscribe(now, "Import")
            self.journeys += self.plan.trigger_journey
            if external:
                contact.external = external
            if kind == ADD_WITH_DATA:
                contact.values = merged(state.fields, {}, values, self.plan.update)
            state.put(contact)
            if external and self._by_external is not None:
                self._by_external[external] = contact
            return "Subscribed"
        if standing == UNSUBSCRIBED and not (kind == UPDATE and self.plan.include_unsubscribed):
            return "Previously Unsubscribed"
        found = state.adopt(email, now)
        if found is None:
            return "Skipped"
        if external:
            found.external = external
        if kind != ADD and values:
            found.values = merged(state.fields, found.values, values, self.plan.update)
        state.version += 1
        return "Updated" if kind == UPDATE else "Already Subscribed"

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
        """Give it as the API's ListImport."""
        return {
            "importFileId": self.import_id,
            "importFileName": self.plan.name,
            "importDate": text_of(self.started),
        }

    def status_record(self) -> dict[str, object]:
        """Give it as the API's ListImportStatus."""
        ended = None if self.ended is None else text_of(self.ended)
        return {"startDate": text_of(self.started), "endDate": ended, "status": self.status}

    def contacts(self, start: int = 0, stop: int | None = None) -> list[dict[str, object]]:
        """Give the contacts' results so far, or a part of them."""
        return [
            {"emailAddress": email, "importResult": WORDS[word]}
            for email, word in zip(self.emails[start:stop], self.results[start:stop], strict=True)
        ]

    def summary(self) -> dict[str, object]:
        """Give it as the API's ListImportSummary, so far."""
        counts = summary(Counter({WORDS[word]: count for word, count in Counter(self.results).items()}))
        counts["skippedCount"] = int(str(counts["skippedCount"])) + self.skipped_rows
        counts["processedCount"] = int(str(counts["processedCount"])) + self.skipped_rows
        return counts

    def written(self) -> dict[str, Any]:
        """Give it for the control route, its first rows decoded."""
        rows = []
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


class Runner:
    """Works on all running imports of a sandbox, row by row in turn, so that imports of one list mix."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []
        self._task: asyncio.Task[None] | None = None

    def start(self, job: Job) -> None:
        """Begin with a job; must be called on the event loop."""
        self._jobs.append(job)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        while self._jobs:
            until = time.monotonic() + SLICE_SECONDS
            busy = True
            while busy and time.monotonic() < until:
                # A list: every job takes its turn, whatever the others say.
                busy = any([job.step() for job in self._jobs for _ in range(self._turn())])
            self._jobs = [job for job in self._jobs if job.running]
            await asyncio.sleep(0 if busy else 0.005)

    def _turn(self) -> int:
        """Rows at a turn: one where imports meet, many where one is alone (asking the time costs)."""
        return 1 if len(self._jobs) > 1 else 64
