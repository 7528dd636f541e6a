"""List imports: a file is built, sent, waited for, and each contact's result is matched back to its row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from listrak_api import routes
from listrak_api.errors import (
    LostAnswerError,
    PayloadTooLargeError,
    RequestRefusedError,
)
from target_listrak.channels.email.buffer import EXTERNAL_ID, Buffer, ColumnId
from target_listrak.channels.email.import_files import FileBuilder, ImportFile, Plan
from target_listrak.channels.email.import_results import Result, reason_of, result_of, summary_text
from target_listrak.channels.email.session import EmailSession
from target_listrak.delivery.polling import ImportFailedError, await_import
from target_listrak.delivery.worker_pool import Stopped
from target_listrak.outcomes import ACCEPTED, UNCHANGED, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from target_listrak.channels.email.applied_rows import NotedImports, Notes
    from target_listrak.channels.email.lists import EmailList
    from target_listrak.delivery.import_body import ImportBody
    from target_listrak.delivery.run import Run

__all__ = ["ImportFailedError", "Importer", "SentRows"]

_READINGS: Final = 4
"""How often results are read while there are fewer of them than contacts were processed."""
_SENDINGS: Final = 3
"""How often a file is sent if each answer is lost and the list's imports do not include it."""

_UNSUBSCRIBED: Final = frozenset(
    {Result.PREVIOUSLY_UNSUBSCRIBED, Result.ALREADY_UNSUBSCRIBED, Result.UNSUBSCRIBED}
)
"""Results of unsubscribed contacts: with `include_unsubscribed` their rows were applied."""

_LOOK: Final = "Look at the list's imports in Listrak, then run it again."

_UNSAFE = re.compile(r"[^A-Za-z0-9-]+")


class _Result(msgspec.Struct, gc=False):
    """The result of a contact, in the API's words."""

    emailAddress: Any = None  # noqa: N815 - the API's name
    importResult: Any = None  # noqa: N815 - the API's name


_results = msgspec.json.Decoder(list[_Result])
_ADDRESS = attrgetter("emailAddress")
_WORD = attrgetter("importResult")


@dataclass(frozen=True, slots=True)
class SentRows:
    """Rows that were sent, and the imports that load them.

    Attributes:
        email_list: The list.
        import_ids: The imports that hold them.
        name: The file's name, for texts.
        buffer: The batch that they belong to.
        indices: Which of its rows they are.
    """

    email_list: EmailList
    import_ids: Sequence[str]
    name: str
    buffer: Buffer
    indices: Sequence[int]


class Importer:
    """Loads batches of one stream by list imports.

    Args:
        run: The run.
        stream: The stream, for the files' names.
        plan: What the imports do.
        column_name: A column's name in the file's first line.
        keep_lines: Whether a batch's lines are needed after the import; else they are released as soon as
            they are sent.

    Attributes:
        noted: Notes the rows on disk before they are sent, for imports that act each time.
    """

    def __init__(
        self,
        run: Run,
        stream: str,
        plan: Plan,
        column_name: Callable[[ColumnId], str],
        *,
        keep_lines: bool = False,
    ) -> None:
        self._run = run
        self._plan = plan
        self._stream = _UNSAFE.sub("-", stream)[:40].strip("-") or "stream"
        self._builder = FileBuilder(run, self._stream, plan, column_name)
        self._keep_lines = keep_lines
        self.noted: NotedImports | None = None

    def load(
        self,
        email_list: EmailList,
        buffer: Buffer,
        indices: Sequence[int],
        single: Callable[[int], Outcome],
        confirm: Callable[[dict[int, Outcome]], None],
    ) -> None:
        """Load rows of a batch; returns when Listrak has confirmed them all.

        Args:
            email_list: The list.
            buffer: The batch.
            indices: Its rows.
            single: Loads one row without an import, for a file of one row that Listrak refuses.
            confirm: Called with the outcome of rows, file by file, as soon as they are known.

        Raises:
            ImportFailedError: An import failed or took too long.
            ListrakError: As the client.
        """
        for file in self._builder.files(buffer, indices):
            confirm(self._load_file(email_list, buffer, file, single))

    # Sending

    def _load_file(
        self, email_list: EmailList, buffer: Buffer, file: ImportFile, single: Callable[[int], Outcome]
    ) -> dict[int, Outcome]:
        number = next(self._run.session(EmailSession).file_numbers)
        name = f"singer-{self._stream}-{self._plan.import_type}-{self._run.id}-{number:05}.csv"
        rows = len(file.indices)
        if self._run.dry_run:
            self._run.logger.info(
                "Dry run: %s would be imported into list %r: %s rows", name, email_list.name, f"{rows:,}"
            )
            return self.simulate(email_list, buffer, file.indices, carries_values=self._carries(file))
        notes = self.noted.note(buffer, file.indices, name) if self.noted else None
        try:
            import_id = self._start(email_list, name, self._builder.body(name, buffer, file))
        except PayloadTooLargeError:
            self._settle(notes, {})
            if rows == 1:
                raise
            half = rows // 2
            parts = (file.indices[:half], file.indices[half:])
            halves = [
                self._load_file(email_list, buffer, ImportFile(file.update_type, file.columns, part), single)
                for part in parts
            ]
            return halves[0] | halves[1]
        except RequestRefusedError:
            self._settle(notes, {})
            if rows != 1:
                raise
            # Listrak's import page demands at least two contacts; whether the API does is not documented.
            return {file.indices[0]: single(file.indices[0])}
        self._run.logger.info(
            "Import %s (%s) of list %r: %s rows sent", name, import_id, email_list.name, f"{rows:,}"
        )
        if not self._keep_lines:
            buffer.forget_lines(file.indices)
        sent = SentRows(email_list, [import_id], name, buffer, file.indices)
        outcomes = self.await_results(sent, carries_values=self._carries(file))
        self._settle(notes, outcomes)
        return outcomes

    def _settle(self, notes: Notes | None, outcomes: Mapping[int, Outcome]) -> None:
        if self.noted is not None:
            self.noted.settle(notes, outcomes)

    def _start(self, email_list: EmailList, name: str, body: ImportBody) -> str:
        """Send the file, again only if Listrak does not have it, and return the import's id.

        Waits first for imports of the list that this run did not start.
        """
        client, ids = self._run.connection.client("email"), {"listId": email_list.id}
        others = self._run.session(EmailSession).other_imports
        others.wait(email_list)
        for sending in range(1, _SENDINGS + 1):
            try:
                answer = client.send(routes.START_LIST_IMPORT, ids, body_stream=body)
                found = answer.resource_id or self._find(email_list, name)
            except LostAnswerError:
                self._run.logger.warning(
                    "The answer to sending %s was lost; looking whether Listrak has it", name
                )
                found = self._find(email_list, name)
                if found is None and sending == _SENDINGS:
                    message = f"{name} was sent {sending} times; no answer came, and Listrak does not list it"
                    raise LostAnswerError(message, hint=_LOOK) from None
            if found is not None:
                others.note_own(email_list, found)
                return found
            self._run.logger.warning("Listrak does not have %s; it is sent again", name)
        message = f"Listrak took the file {name} but did not name the import, nor list it"
        raise ImportFailedError(message, hint=_LOOK)

    def _find(self, email_list: EmailList, name: str) -> str | None:
        """Return the import with this file's name; looks a few times, as it may not be listed at once."""
        for _ in range(_READINGS):
            self._wait(min(1.0, float(self._run.config["import_poll_seconds"])))
            for page in self._run.connection.client("email").pages(
                routes.LIST_IMPORTS, {"listId": email_list.id}
            ):
                for row in page.rows:
                    if row.get("importFileName") == name:
                        return str(row["importFileId"])
        return None

    def _carries(self, file: ImportFile) -> bool:
        """Return whether an import does something to contacts that were subscribed already."""
        return bool(file.columns or self._plan.event_ids)

    def simulate(
        self, email_list: EmailList, buffer: Buffer, indices: Sequence[int], *, carries_values: bool
    ) -> dict[int, Outcome]:
        """Return the outcomes that an import of rows would have, for a dry run."""
        simulated = self._run.session(EmailSession).simulated.of(email_list.id, email_list.name)
        rows = {index: buffer.cells(index) for index in indices}
        simulated.look_up(address for address, _ in rows.values())
        plan = self._plan
        outcomes: dict[int, Outcome] = {}
        for index, (address, cells) in rows.items():
            result = simulated.import_one(
                plan.import_type,
                address,
                cells.get(EXTERNAL_ID, ""),
                includes_all=plan.include_unsubscribed,
            )
            outcomes[index] = self._meaning(result, result.value, carries_values=carries_values)
        return outcomes

    # Confirming

    def await_results(self, sent: SentRows, *, carries_values: bool) -> dict[int, Outcome]:
        """Wait until an import, or several that belong together, have ended, and read their results.

        Args:
            sent: The rows and their imports.
            carries_values: Whether the import changes contacts that were subscribed already.

        Returns:
            The outcome of each row.

        Raises:
            ImportFailedError: One failed, or did not end within `import_timeout`.
        """
        client = self._run.connection.client("email")
        name, wanted = sent.name, set(sent.indices)
        every = [{"listId": sent.email_list.id, "importFileId": import_id} for import_id in sent.import_ids]
        processed = 0
        for ids in every:
            where = f"Import {name} ({ids['importFileId']}) of list {sent.email_list.name!r}"
            await_import(self._run, where, partial(client.get, routes.LIST_IMPORT_STATUS, ids))
            summary = client.get(routes.LIST_IMPORT_SUMMARY, ids)
            self._run.logger.info(
                "Import %s (%s) has ended: %s", name, ids["importFileId"], summary_text(summary)
            )
            processed += int(summary.get("processedCount") or 0)
        found: dict[int | None, Outcome] = {}
        for reading in range(_READINGS):
            if reading:
                self._wait(float(self._run.config["import_poll_seconds"]))
            for ids in every:
                self._read_results(ids, sent.buffer, found, carries_values=carries_values)
            if len(wanted.intersection(found)) >= min(len(wanted), processed):
                break
        nothing = reason_of(Result.UNKNOWN_CONTACT if self._only_known else Result.FAILED)
        return {index: found.get(index, nothing) for index in sent.indices}

    @property
    def _only_known(self) -> bool:
        return not self._plan.import_type.startswith("Add")

    def _read_results(
        self,
        ids: dict[str, object],
        buffer: Buffer,
        found: dict[int | None, Outcome],
        *,
        carries_values: bool,
    ) -> None:
        """Note the outcome of each contact of an import: by the row in the batch, None for other contacts."""
        outcomes: dict[str, Outcome] = {}
        pages = self._run.connection.client("email").pages(routes.LIST_IMPORT_CONTACTS, ids, decoder=_results)
        for page in pages:
            words = list(map(str, map(_WORD, page.rows)))
            for word in set(words).difference(outcomes):  # a handful of words for any number of rows
                outcomes[word] = self._outcome(word, carries_values=carries_values)
            indices = buffer.indices_of(map(str, map(_ADDRESS, page.rows)))
            found.update(zip(indices, map(outcomes.__getitem__, words), strict=True))

    def _outcome(self, word: object, *, carries_values: bool) -> Outcome:
        """Return what an `importResult` means for an import of this kind."""
        return self._meaning(result_of(word), word, carries_values=carries_values)

    def _meaning(self, result: Result, word: object, *, carries_values: bool) -> Outcome:
        if result is Result.DONE:
            return ACCEPTED
        if self._plan.removes:
            if result is Result.UNSUBSCRIBED:
                return ACCEPTED
            if result in {Result.ALREADY_UNSUBSCRIBED, Result.PREVIOUSLY_UNSUBSCRIBED}:
                return UNCHANGED
        elif result is Result.ALREADY:
            return ACCEPTED if carries_values else UNCHANGED
        elif result in _UNSUBSCRIBED and self._plan.include_unsubscribed:
            return ACCEPTED  # updated, and still unsubscribed
        if result is Result.ALREADY:
            result = Result.FAILED
        return reason_of(result, word)

    def _wait(self, seconds: float) -> None:
        if self._run.stopping.wait(seconds):
            raise Stopped
