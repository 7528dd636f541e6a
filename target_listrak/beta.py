"""Listrak's beta route for profile fields, which starts imports itself.

`POST /List/{listId}/Contact/SegmentationField`; not every account has it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from listrak_api import routes
from listrak_api.errors import ListrakError, RequestRefusedError
from target_listrak.outcomes import ACCEPTED, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_listrak.import_file import Buffer
    from target_listrak.imports import Importer
    from target_listrak.lists import EmailList
    from target_listrak.run import Run

__all__ = ["BetaRoute"]

_CONTACTS_AT_ONCE: Final = 10_000
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
        settle: Callable[[dict[int, Outcome]], None],
    ) -> bool:
        """Send rows, wait until Listrak has loaded them, and settle them.

        Returns:
            False if the account lacks the route: nothing was sent, and nothing is settled.

        Raises:
            ListrakError: As the client; also if the imports that were started are not named.
        """
        for start in range(0, len(indices), _CONTACTS_AT_ONCE):
            part = indices[start : start + _CONTACTS_AT_ONCE]
            try:
                outcomes = self._send(email_list, buffer, part)
            except RequestRefusedError as error:
                if error.code != _NO_ACCESS or start:
                    raise
                self._run.log_once(
                    "The account has no access to Listrak's beta route; import files are used instead"
                )
                return False
            settle(outcomes)
        return True

    def _send(self, email_list: EmailList, buffer: Buffer, indices: Sequence[int]) -> dict[int, Outcome]:
        if self._run.dry_run:
            return dict.fromkeys(indices, ACCEPTED)
        body = [self._contact(buffer, index) for index in indices]
        # Setting the same values twice is the same as once, so a lost answer may be repeated.
        answer = self._run.client("email").send(
            routes.SAVE_CONTACT_FIELD_VALUES, {"listId": email_list.id}, body=body, idempotent=True
        )
        import_ids = re.findall(r"\d+", answer.resource_id or "")
        if not import_ids:
            message = f"Listrak took {len(indices):,} contacts by the beta route but named no import of them"
            raise ListrakError(message, hint="They cannot be confirmed. Use `route: import`.")
        return self._importer.await_results(
            email_list, import_ids, "by the beta route", buffer, indices, carries_values=True
        )

    @staticmethod
    def _contact(buffer: Buffer, index: int) -> dict[str, object]:
        address, cells = buffer.cells(index)
        values = [{"segmentationFieldId": column, "value": cell} for column, cell in cells.items() if cell]
        return {"emailAddress": address, "segmentationFieldValues": values}
