"""Listrak's beta route for profile fields, which queues imports itself.

`POST /List/{listId}/Contact/SegmentationField`; not every account has it. Its answer means that the values
are queued, not that they are applied: rows are confirmed by the imports that it starts. It runs among the
list's imports, one at a time, because the order of two imports with a common contact is undefined.
"""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listrak_api import routes
from listrak_api.errors import ListrakError, LostAnswerError, RequestRefusedError
from target_listrak.channels.email.importer import SentRows
from target_listrak.channels.email.session import EmailSession
from target_listrak.delivery.lookups import ONCE_MORE, pages_of
from target_listrak.delivery.polling import APPEARS_WITHIN
from target_listrak.delivery.worker_pool import Stopped
from target_listrak.outcomes import UNCHANGED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from listrak_api.answers import Answer
    from target_listrak.channels.email.buffer import Buffer
    from target_listrak.channels.email.importer import Importer
    from target_listrak.channels.email.lists import EmailList
    from target_listrak.delivery.run import Run
    from target_listrak.outcomes import Outcome

__all__ = ["BetaRoute"]

_CONTACTS_AT_ONCE: Final = 10_000
_SENDINGS: Final = 3
_RECENT: Final = timedelta(days=2)
"""How far back imports are listed to recognise new ones; more than the difference of time zones."""
_NO_ACCESS: Final = "ERROR_INTEGRATION_CANNOT_ACCESS_BETA_ROUTE"


class BetaRoute:
    """Sends values of known contacts by the beta route.

    Args:
        run: The run.
        importer: Waits for the imports that the route starts.
    """

    def __init__(self, run: Run, importer: Importer) -> None:
        self._run = run
        self._importer = importer

    def load(
        self,
        email_list: EmailList,
        buffer: Buffer,
        indices: Sequence[int],
        confirm: Callable[[dict[int, Outcome]], None],
    ) -> bool:
        """Send rows, wait until Listrak has loaded them, and confirm them.

        A row without a value is not sent, and unchanged: Listrak refuses the whole request because of it.

        Returns:
            False if the account lacks the route: nothing was sent, and nothing is confirmed.

        Raises:
            ListrakError: As the client; also if the imports that were started are not named.
        """
        empty = {index for index in indices if not any(buffer.cells(index)[1].values())}
        indices = [index for index in indices if index not in empty]
        for start in range(0, len(indices), _CONTACTS_AT_ONCE):
            part = indices[start : start + _CONTACTS_AT_ONCE]
            try:
                outcomes = self._send(email_list, buffer, part)
            except RequestRefusedError as error:
                if error.code != _NO_ACCESS or start:
                    raise
                self._run.connection.log_once(
                    "The account has no access to Listrak's beta route; import files are used instead"
                )
                return False
            confirm(outcomes)
        confirm(dict.fromkeys(empty, UNCHANGED))
        return True

    def _send(self, email_list: EmailList, buffer: Buffer, indices: Sequence[int]) -> dict[int, Outcome]:
        if self._run.dry_run:
            return self._importer.simulate(email_list, buffer, indices, carries_values=True)
        others = self._run.session(EmailSession).other_imports
        others.wait(email_list)
        before = self._imports(email_list)
        answer, lost = self._post(email_list, [self._contact(buffer, index) for index in indices])
        import_ids = set(re.findall(r"\d+", answer.resource_id or ""))
        if lost or not import_ids:
            # The import of a lost request must have ended before newer values of the same contacts are sent.
            import_ids |= self._appeared(email_list, before)
        if not import_ids:
            message = (
                f"Listrak took {len(indices):,} contacts by the beta route, but neither named nor listed an "
                "import of them"
            )
            raise ListrakError(message, hint="They cannot be confirmed. Use `route: import`.")
        for import_id in import_ids:
            others.note_own(email_list, import_id)
        sent = SentRows(email_list, sorted(import_ids), "by the beta route", buffer, indices)
        return self._importer.await_results(sent, carries_values=True)

    def _post(self, email_list: EmailList, body: list[dict[str, object]]) -> tuple[Answer, bool]:
        """Send contacts; return the answer, and whether an earlier answer was lost.

        After a lost answer they are sent again: setting the same values twice changes nothing.
        """
        ids, lost = {"listId": email_list.id}, False
        for sending in range(1, _SENDINGS + 1):
            try:
                return self._run.connection.client("email").send(
                    routes.SAVE_CONTACT_FIELD_VALUES, ids, body=body
                ), lost
            except LostAnswerError:
                if sending == _SENDINGS:
                    raise
                lost = True
        raise AssertionError  # pragma: no cover - the last sending returns or raises

    def _imports(self, email_list: EmailList) -> set[str]:
        """Return the ids of the list's imports of the last days (`GET /List/{listId}/ListImport`)."""
        client = self._run.connection.client("email")
        params = {"startDate": client.started_at() - _RECENT}
        ids = {"listId": email_list.id}
        pages = pages_of(self._run.connection, "email", routes.LIST_IMPORTS, ids, params, repeats=ONCE_MORE)
        return {str(row["importFileId"]) for page in pages for row in page.rows}

    def _appeared(self, email_list: EmailList, before: set[str]) -> set[str]:
        """Return the ids of imports that the list did not have before, after waiting for them to appear.

        Raises:
            Stopped: The run is being ended.
        """
        pause = min(1.0, float(self._run.config["import_poll_seconds"]))
        deadline = time.monotonic() + APPEARS_WITHIN
        while not (new := self._imports(email_list) - before) and time.monotonic() < deadline:
            if self._run.stopping.wait(pause):
                raise Stopped
        return new

    @staticmethod
    def _contact(buffer: Buffer, index: int) -> dict[str, object]:
        address, cells = buffer.cells(index)
        values = [{"segmentationFieldId": column, "value": cell} for column, cell in cells.items() if cell]
        return {"emailAddress": address, "segmentationFieldValues": values}
