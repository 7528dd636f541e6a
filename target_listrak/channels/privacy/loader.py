"""The kind `forget`: asks Listrak to erase the people of a stream. It cannot be undone."""

from __future__ import annotations

import hashlib
import time
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from listrak_api import routes
from listrak_api.errors import ListrakError, NotFoundError
from target_listrak.channels.privacy.asked import check_asked
from target_listrak.channels.privacy.report import NOT_FOUND, ForgetReport, ForgetRequest
from target_listrak.delivery.identifiers import identifier_properties, identifiers_of
from target_listrak.delivery.limits import LimitError
from target_listrak.delivery.loader import Delivery, Loader, attempt
from target_listrak.outcomes import ACCEPTED, UNCHANGED, Outcome, Rejected
from target_listrak.tracking.local_files import local_path
from target_listrak.values.addresses import comparison_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run
    from target_listrak.tracking.tallies import Row

__all__ = ["ForgetLoader"]

_FILE_NAME: Final = "target-listrak-forget.jsonl"
_BETWEEN_ROUNDS: Final = 1.0
"""Seconds between two rounds of asking for the requests that are not complete."""


class Report:
    """The run's report: `run.session(Report)`.

    Args:
        run: The run.
    """

    def __init__(self, run: Run) -> None:
        self.file = ForgetReport(
            local_path(
                "forget_report_path",
                run.config["forget_report_path"],
                _FILE_NAME,
                "The report of requests to forget",
            )
        )
        self._run = run
        self._asked = False

    def ask(self, seconds: float) -> None:
        """Ask for the status of all requests, also of earlier runs, and write the report. Once in a run.

        A failure is logged only: the requests were made, and the next run asks again.

        Args:
            seconds: How long to ask while some are not complete.
        """
        if self._asked or self._run.dry_run:
            return
        self._asked = True
        try:
            self._ask_all(time.monotonic() + seconds)
            self.file.write()
        except ListrakError as error:
            self._run.logger.warning("How far the requests to forget are could not be read: %s", error)
        waiting = len(self.file.pending)
        if waiting:
            text = "%d requests to forget are not complete yet; the next run asks for them again"
            self._run.logger.info(text, waiting)

    def _ask_all(self, deadline: float) -> None:
        """Ask for all requests that are not complete, until they are or the deadline has passed.

        Raises:
            ListrakError: What the client raises.
        """
        client = self._run.connection.client("privacy")
        while pending := self.file.pending:
            for one in pending:
                if self._run.stopping.is_set():
                    return
                try:
                    found = client.get(routes.FORGET_REQUEST, {"requestId": one.requestID})
                except NotFoundError:
                    self._run.logger.warning("Listrak does not know the request %s to forget", one.requestID)
                    one.status = NOT_FOUND
                    continue
                one.status = str(found.get("status"))
                one.submittedDate, one.processedDate = found.get("submittedDate"), found.get("processedDate")
            if time.monotonic() >= deadline or self._run.stopping.wait(_BETWEEN_ROUNDS):
                return


class ForgetLimitError(LimitError):
    """A run is about to erase more people than the settings allow."""


class ForgetLoader(Loader):
    """Asks Listrak to forget each record's person (`POST /Forget`), by address, number, or both.

    Side effect: **Listrak erases the person, for good**. Each request's id is written to the report
    (`forget_report_path`) as soon as Listrak has taken it, and its state at the end of the run. A person who
    is asked for twice is forgotten once: a request whose answer was lost is repeated.
    """

    kinds: ClassVar[tuple[str, ...]] = ("forget",)

    @classmethod
    def resolve(cls, run: Run, destination: Destination) -> None:
        """Check that the credentials are there, and the report can be read. Makes no request."""
        del destination
        run.connection.client("privacy")
        run.session(Report)

    def __init__(self, delivery: Delivery, resolved: None) -> None:
        super().__init__(delivery, resolved)
        self._report = self.run.session(Report)
        self._properties: dict[str, str] = {}
        self._seen: set[str] = set()
        self._most: int = self.destination.option("max_forgotten")

    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Find the properties that say who is meant.

        Raises:
            ConfigurationError: There is neither an address nor a number among them.
        """
        del key_properties
        self._properties = identifier_properties(self.delivery, schema)

    def take(self, record: dict[str, Any], row: Row) -> None:
        """Ask for one record's person, once in a run.

        Raises:
            RowRejected: The record says that the person did not ask for it, or nobody can be told from it.
            ForgetLimitError: It would exceed `max_forgotten`.
        """
        check_asked(record)
        found = identifiers_of(record, self._properties, self.run.config)
        names = (comparison_key(found.get("email", "")), found.get("phone", ""))
        person = hashlib.sha256(" ".join(filter(None, names)).encode()).hexdigest()
        if person in self._seen:
            self.tracker.end(row, UNCHANGED)
            return
        if len(self._seen) >= self._most:
            text = f"{self._most:,} people were asked for in this run, and no more are allowed"
            hint = "If more are to be erased, raise max_forgotten, and run again."
            raise ForgetLimitError(self.destination, "max_forgotten", text, hint)
        self._seen.add(person)
        work = partial(self._work, found, person, row)
        self.run.calls.submit(("forget", person), work, len(row.line))

    def flush(self) -> None:
        """Do nothing: each record is a call."""

    def close(self) -> None:
        """Ask for the status of all requests, unless the run was ended early."""
        if not self.run.stopping.is_set():
            self._report.ask(self.destination.option("max_wait_seconds"))

    def _work(self, found: Mapping[str, str], person: str, row: Row) -> None:
        if self.run.dry_run:
            self.tracker.remark("people would be forgotten")
            self.tracker.end(row, ACCEPTED)
            return
        self.tracker.end(row, attempt(partial(self._ask, found, person, row)))

    def _ask(self, found: Mapping[str, str], person: str, row: Row) -> Outcome:
        names = {"email": "emailAddress", "phone": "phoneNumber"}
        body = {names[kind]: value for kind, value in found.items()}
        client = self.run.connection.client("privacy")
        answer = client.send(routes.FORGET, body=body, idempotent=True)
        if not answer.resource_id:
            return Rejected("no_request_id", "Listrak took the request and gave it no id: ask Listrak")
        self._report.file.add(ForgetRequest(answer.resource_id, self.stream, row.number, person))
        return ACCEPTED
