"""The events of an email list, by name or id."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from listrak_api import routes
from target_listrak.config.names import NameLookupError, UnknownNameError, find_by_name, same_name
from target_listrak.delivery.lookups import look_up

if TYPE_CHECKING:
    from target_listrak.delivery.connection import Connection

__all__ = ["Event", "Events"]

_PRETENDED = -1
"""Ids from here down stand for events that a dry run would create."""


class Event(NamedTuple):
    """An event of a list: `eventId`, `eventName`, and whether it is blocked, so that it is never raised."""

    id: int
    name: str
    blocked: bool = False


class Events:
    """The events of one list, read when first needed (`GET /List/{listId}/Event`). Thread safe.

    Args:
        connection: The connection to Listrak.
        list_id: The list; 0 for one that a dry run would create.
        list_name: Its name, for error texts.
    """

    def __init__(self, connection: Connection, list_id: int, list_name: str) -> None:
        self._connection = connection
        self._list_id = list_id
        self._list_name = list_name
        self._lock = threading.RLock()
        self._all: list[Event] | None = None

    def find(self, wanted: str | int, *, create: bool = False) -> Event:
        """Return the event of a name or id.

        Args:
            wanted: A number is an id; a text is a name first, then an id.
            create: Create one of that name if there is none.

        Raises:
            NameLookupError: There is none, or more than one, or it is blocked; the hint lists what there is.
        """
        with self._lock:
            if self._all is None:
                self._all = self._read()
            try:
                found = find_by_name(wanted, self._all, "event", of=f"list {self._list_name!r}")
            except UnknownNameError:
                if not create or not isinstance(wanted, str):
                    raise
                found = self._create(wanted)
                self._all.append(found)
        if found.blocked:
            message = f"the event {found.name!r} of list {self._list_name!r} is blocked"
            raise NameLookupError(message, hint="Make it active in Listrak, or name another one.")
        return found

    def _read(self) -> list[Event]:
        if not self._list_id:
            return []
        rows = look_up(self._connection, "email", routes.EVENTS, {"listId": self._list_id})
        return [
            Event(row["eventId"], str(row["eventName"]), str(row.get("status")).lower() == "blocked")
            for row in rows
        ]

    def _create(self, name: str) -> Event:
        done = "would be created" if self._connection.dry_run else "is created"
        self._connection.logger.info("Event %r of list %r %s", name, self._list_name, done)
        if self._connection.dry_run:
            return Event(_PRETENDED - len(self._all or ()), name)

        def find() -> int | None:
            return next((one.id for one in same_name(name, self._read())), None)

        body = {"eventName": name, "status": "Active"}
        ids = {"listId": self._list_id}
        return Event(self._connection.create("email", routes.CREATE_EVENT, ids, body, find), name)
