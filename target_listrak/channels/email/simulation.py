"""What a dry run would have changed on an email list, so that its row accounting equals that of a real run.

A dry run writes nothing, but the result of a row depends on the state of its contact, and on what earlier
rows would have done. So states are looked up, and changes are noted here instead of being sent.

Some things cannot be looked up: whether an address is banned, suppressed or pending, and whether Listrak
takes every value. A dry run says so in its report.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from listrak_api import routes
from listrak_api.errors import NotFoundError
from target_listrak.channels.email.import_results import Result
from target_listrak.delivery.lookups import pages_of
from target_listrak.values.addresses import comparison_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_listrak.delivery.connection import Connection

__all__ = ["NOT_KNOWN", "SimulatedList", "SimulatedLists"]

NOT_KNOWN: Final = (
    "A dry run cannot know what Listrak tells only when it is written to: contacts that are banned,"
    " suppressed, blocked or pending are counted as accepted, and so is what Listrak would refuse."
)

SUBSCRIBED: Final = "Subscribed"
UNSUBSCRIBED: Final = "Unsubscribed"
PENDING: Final = "Pending"
_FEW: Final = 100
"""The most contacts that are looked up one by one; for more, the whole list is read, with fewer requests."""


class SimulatedList:
    """The contacts of one list as a dry run would leave them. Thread safe.

    Args:
        connection: The connection to Listrak; only read from.
        list_id: The list; 0 for one that the dry run would have created.
    """

    def __init__(self, connection: Connection, list_id: int) -> None:
        self._connection = connection
        self._list_id = list_id
        self._states: dict[str, str | None] = {}
        self._external: dict[str, str] = {}
        self._whole = not list_id
        self._lock = threading.RLock()

    def state(self, address: str) -> str | None:
        """Return the state of a contact: `Subscribed`, `Unsubscribed`, `Pending`, or `None` without one."""
        key = comparison_key(address)
        with self._lock:
            if not self._whole and key not in self._states:
                self.look_up([address])
            return self._states.get(key)

    def look_up(self, addresses: Iterable[str]) -> None:
        """Read the states of contacts that are not known yet.

        `GET /List/{listId}/Contact/{address}` for a few, `GET /List/{listId}/Contact` for many.
        """
        with self._lock:
            keys = {comparison_key(address): address for address in addresses}
            missing = {} if self._whole else {key: keys[key] for key in keys if key not in self._states}
            if len(self._states) + len(missing) > _FEW:
                self._read_all()
                return
            for key, address in missing.items():
                self._states[key] = self._read(address)

    def note(self, address: str, state: str | None, external_id: str = "") -> None:
        """Note the state that a contact would have from now on, and the external id that it would have."""
        with self._lock:
            self._states[comparison_key(address)] = state
            if external_id:
                self._external[external_id] = address

    def by_external_id(self, external_id: str) -> str | None:
        """Return the address of a contact that would have received this external id."""
        return self._external.get(external_id)

    def import_one(self, import_type: str, address: str, external_id: str, *, includes_all: bool) -> Result:
        """Return the result that an import would have for one contact; note what it would have changed.

        Args:
            import_type: As in `import_files.Plan`.
            address: The contact.
            external_id: The external id that the row gives it; "" for none.
            includes_all: Whether unsubscribed contacts are updated as well.
        """
        state = self.state(address)
        if import_type == "RemoveSubscribers":
            return self._remove(address, state)
        if import_type == "UpdateSubscribers":
            if state == UNSUBSCRIBED:
                return Result.DONE if includes_all else Result.PREVIOUSLY_UNSUBSCRIBED
            if state == PENDING:
                return Result.PENDING
            return Result.DONE if state == SUBSCRIBED else Result.UNKNOWN_CONTACT
        if state is None or (state == SUBSCRIBED and external_id):
            self.note(address, SUBSCRIBED, external_id)
        results = {
            SUBSCRIBED: Result.ALREADY,
            UNSUBSCRIBED: Result.PREVIOUSLY_UNSUBSCRIBED,
            PENDING: Result.PENDING,
        }
        return Result.DONE if state is None else results[state]

    def _remove(self, address: str, state: str | None) -> Result:
        if state == SUBSCRIBED:
            self.note(address, UNSUBSCRIBED)
            return Result.UNSUBSCRIBED
        return Result.ALREADY_UNSUBSCRIBED if state == UNSUBSCRIBED else Result.UNKNOWN_CONTACT

    def _read(self, address: str) -> str | None:
        ids = {"listId": self._list_id, "contactIdentifier": address}
        try:
            contact = self._connection.client("email").get(routes.CONTACT, ids)
        except NotFoundError:
            return None
        state = contact.get("subscriptionState")
        return str(state) if state in {UNSUBSCRIBED, PENDING} else SUBSCRIBED

    def _read_all(self) -> None:
        if self._whole:
            return
        ids = {"listId": self._list_id}
        for state in (SUBSCRIBED, UNSUBSCRIBED):
            params = {"subscriptionState": state}
            for page in pages_of(self._connection, "email", routes.CONTACTS, ids, params):
                for row in page.rows:
                    # What an earlier row would have changed stays.
                    self._states.setdefault(comparison_key(str(row["emailAddress"])), state)
        self._whole = True


class SimulatedLists:
    """The simulated lists of a run, by id: all streams of one list share one.

    Args:
        connection: The connection to Listrak.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lists: dict[object, SimulatedList] = {}
        self._lock = threading.Lock()

    def of(self, list_id: int, name: str) -> SimulatedList:
        """Return one list; those that a dry run would have created all have the id 0 and differ by name."""
        key: object = list_id or name
        with self._lock:
            return self._lists.setdefault(key, SimulatedList(self._connection, list_id))
