"""Imports of a list that this run did not start: two that run at once and share a contact have no order.

Another process may load the same list, a marketer may import a file, a run that was killed may have left an
import that goes on. Before a file is sent, the list's recent imports are listed, and the file waits until all
others have ended. It is no lock: two processes that look in the same moment both find nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listrak_api import routes
from listrak_api.errors import NotFoundError
from target_listrak.delivery.import_status import has_ended, has_failed
from target_listrak.delivery.lookups import pages_of
from target_listrak.delivery.polling import APPEARS_WITHIN, ImportFailedError
from target_listrak.delivery.worker_pool import Stopped

if TYPE_CHECKING:
    from target_listrak.channels.email.lists import EmailList
    from target_listrak.delivery.run import Run

__all__ = ["OtherImports"]

_ZONES: Final = timedelta(hours=14)
"""How far the time of a query may be off, if Listrak reads it as wall time of any zone."""


@dataclass
class _Seen:
    """What is known of one list's imports.

    Attributes:
        own: Ids of imports that this run started.
        over: Ids of others that have ended: an import that has ended is not asked for again.
        looked_at: When the last look found no other import under way (`time.monotonic()`).
    """

    own: set[str] = field(default_factory=set)
    over: set[str] = field(default_factory=set)
    looked_at: float | None = None


class OtherImports:
    """Waits until nobody else's import of a list is under way.

    The imports of one list are sent by one thread at a time, so what is known of a list needs no lock.

    Args:
        run: The run, with `wait_for_imports`, `import_timeout` and `import_poll_seconds`.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lists: dict[int, _Seen] = {}
        self._patience = float(run.config["wait_for_imports"])
        self._poll = float(run.config["import_poll_seconds"])

    def note_own(self, email_list: EmailList, import_id: str) -> None:
        """Note that this run started an import: it is not somebody else's."""
        self._of(email_list).own.add(import_id)

    def wait(self, email_list: EmailList) -> None:
        """Wait until the list has no unfinished import but this run's own.

        One request where all other imports are known to have ended, and one more for each that is not; none
        within `import_poll_seconds` of the last look, in a dry run, or where `wait_for_imports` is 0.

        Raises:
            ImportFailedError: One was still under way after `wait_for_imports` seconds: nothing was sent.
            Stopped: The run is being ended.
            ListrakError: As the client.
        """
        seen = self._of(email_list)
        started = time.monotonic()
        recent = seen.looked_at is not None and started - seen.looked_at < self._poll
        if recent or self._run.dry_run or not self._patience:
            return
        said = False
        while others := self._unfinished(email_list, seen, unknown_is_over=self._waited(started)):
            text = f"list {email_list.name!r} has an import that this run did not start: {others[0]}"
            left = started + self._patience - time.monotonic()
            if left <= 0:
                raise self._given_up(text)
            if not said:
                self._run.logger.info(
                    "Nothing is sent yet: %s has not ended; waiting up to wait_for_imports (%g seconds)",
                    text,
                    self._patience,
                )
                said = True
            if self._run.stopping.wait(min(self._poll, left)):
                raise Stopped
        seen.looked_at = time.monotonic()

    def _given_up(self, text: str) -> ImportFailedError:
        message = f"{text}, and it has not ended within wait_for_imports ({self._patience:g} seconds)"
        return ImportFailedError(
            f"Nothing more was sent: {message}",
            hint="What was not sent is not confirmed: the next run sends it. Let one process load a list at a"
            " time, or raise wait_for_imports. If that import will never end, set wait_for_imports to 0: then"
            " nothing is looked for.",
        )

    @staticmethod
    def _waited(started: float) -> bool:
        """Return whether an import that was just started would be known to its status route by now."""
        return time.monotonic() - started > APPEARS_WITHIN

    def _unfinished(self, email_list: EmailList, seen: _Seen, *, unknown_is_over: bool) -> list[str]:
        """Return the ids of others' imports that are running (`GET …/ListImport` and `…/Status` of each)."""
        client = self._run.connection.client("email")
        patience = timedelta(seconds=float(self._run.config["import_timeout"]))
        since = {"startDate": client.started_at() - _ZONES - patience}
        ids = {"listId": email_list.id}
        found = []
        pages = pages_of(self._run.connection, "email", routes.LIST_IMPORTS, ids, since, repeats=0)
        for page in pages:
            for row in page.rows:
                import_id = str(row["importFileId"])
                # By its name too: an own import whose id was lost with the answer.
                if self._run.id in str(row.get("importFileName")):
                    seen.own.add(import_id)
                if import_id not in seen.own and import_id not in seen.over:
                    found.append(import_id)
        unfinished = []
        for import_id in found:
            try:
                status = client.get(routes.LIST_IMPORT_STATUS, {**ids, "importFileId": import_id})
                over = isinstance(status, dict) and (has_ended(status) or has_failed(status))
            except NotFoundError:
                over = unknown_is_over
            if over:
                seen.over.add(import_id)
            else:
                unfinished.append(import_id)
        return unfinished

    def _of(self, email_list: EmailList) -> _Seen:
        return self._lists.setdefault(email_list.id, _Seen())
