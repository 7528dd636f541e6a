"""The email API, ``/email/v1``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listrak_sandbox.email import contact_rows, contacts, conversations, messages, others, profile_fields
from listrak_sandbox.email.access import PageCache, list_state
from listrak_sandbox.email.expected import expected
from listrak_sandbox.email.imports import Imports
from listrak_sandbox.envelope import Answer, json_answer, not_found
from listrak_sandbox.sandbox import Call, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from listrak_sandbox.sandbox import Sandbox


class EmailApi:
    """The email API of one sandbox."""

    name = "email"
    base = "/email/v1"

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._cache = PageCache(sandbox.scale)
        self._imports = Imports(sandbox)

    def routes(self) -> list[Route]:
        """Return every route of the email API that is served."""
        return [
            *others.routes(),
            *contacts.routes(self._cache),
            *self._imports.routes(),
            *messages.routes(self._cache),
            *conversations.routes(self._cache),
            *profile_fields.routes(self._imports),
        ]

    def control_routes(self) -> list[Route]:
        """Return ``GET /_sandbox/contacts?listId=&emailAddress=``: one contact's stored state."""
        return [Route("GET", "/contacts", self._contact)]

    def _contact(self, call: Call) -> Answer:
        """Answer one contact, or the addresses with a standing of their own when none is named."""
        call.ids["listId"] = call.query.get("listId", "")
        state = list_state(call)
        email = call.query.get("emailAddress", "")
        if not email:
            return json_answer(200, {"special": state.special})
        contact = state.find(email, call.now)
        standing = state.standing_of(email, call.now)
        if standing is None:
            raise not_found("contact")
        raised = [one["eventId"] for one in state.raised if str(one["emailAddress"]).lower() == email.lower()]
        if contact is None:
            return json_answer(200, {"emailAddress": email, "subscriptionState": standing, "events": raised})
        row = contact_rows.stored_text(
            state, contact, None, contact_rows.RowFormat(whole_seconds=False, keeps_method=True)
        )
        rest = f',"standing":"{standing}","events":{raised}}}'
        return Answer(200, (row[:-1] + rest).encode())

    def reset(self) -> None:
        """Forget kept pages; the rest is in the sandbox's world and store."""
        self._cache.clear(self.sandbox.scale)

    def expected(self, selection: Mapping[str, str]) -> dict[str, dict[str, object]]:
        """Return counts and digests of the email streams."""
        return expected(self.sandbox, selection)

    def written(self) -> dict[str, object]:
        """Return what was written: calls in order, imports with their rows, events raised, messages sent."""
        return {
            "email": self.sandbox.store.log,
            "imports": self._imports.written(),
            "sends": [one for one in self.sandbox.store.log if "transactionalMessageId" in one],
            "events": [
                {"listId": state.list_id, **one}
                for state in self.sandbox.store.lists.values()
                for one in state.raised
            ],
        }


def api(sandbox: Sandbox) -> EmailApi:
    """Create the email API of a sandbox."""
    return EmailApi(sandbox)
