"""Email lists by name or id."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from listrak_api import routes
from target_listrak.channels.email.events import Events
from target_listrak.channels.email.profile_fields import ProfileFields
from target_listrak.config.names import NameLookupError, UnknownNameError, find_by_name, same_name
from target_listrak.delivery.lookups import look_up

if TYPE_CHECKING:
    from target_listrak.config.destination import Destination
    from target_listrak.delivery.connection import Connection

__all__ = ["EmailList", "Lists"]

_NEW_LIST: dict[str, Any] = {"bounceHandling": "Standard", "bounceUnsubscribeCount": 3}


class EmailList(NamedTuple):
    """An email list: `listId` and `listName`."""

    id: int
    name: str


class Lists:
    """The account's email lists, read once; their fields and events, read when first needed. Thread safe.

    Args:
        connection: The connection to Listrak.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.RLock()
        self._all: list[EmailList] | None = None
        self._fields: dict[int, ProfileFields] = {}
        self._events: dict[tuple[int, str], Events] = {}

    def all(self) -> list[EmailList]:
        """Return every list of the account (`GET /List`)."""
        with self._lock:
            if self._all is None:
                self._all = self._read()
            return self._all

    def _read(self) -> list[EmailList]:
        rows = look_up(self._connection, "email", routes.LISTS)
        return [EmailList(row["listId"], str(row["listName"])) for row in rows]

    def find(self, wanted: str | int) -> EmailList:
        """Return the list of a name or id.

        Raises:
            NameLookupError: There is none, or more than one of that name.
        """
        return find_by_name(wanted, self.all(), "List")

    def of(self, destination: Destination) -> EmailList | None:
        """Return the list of a destination, created if that is allowed; `None` if records name theirs.

        Raises:
            ConfigurationError: It is unknown or ambiguous.
        """
        if "list" not in destination.options:
            return None
        wanted = destination.option("list")
        with self._lock:
            try:
                return self.find(wanted)
            except NameLookupError as error:
                may_make = destination.option("create_list") and isinstance(wanted, str)
                if not may_make or not isinstance(error, UnknownNameError):
                    raise destination.error("list", error.message, error.hint) from None
            return self._make(wanted, destination)

    def fields(self, email_list: EmailList) -> ProfileFields:
        """Return the profile fields of a list, read when first asked for."""
        with self._lock:
            if email_list.id not in self._fields:
                self._fields[email_list.id] = ProfileFields(self._connection, email_list.id, email_list.name)
            return self._fields[email_list.id]

    def events(self, email_list: EmailList) -> Events:
        """Return the events of a list, read when first asked for."""
        with self._lock:
            if email_list not in self._events:
                self._events[email_list] = Events(self._connection, email_list.id, email_list.name)
            return self._events[email_list]

    def _make(self, name: str, destination: Destination) -> EmailList:
        given = destination.option("create_list")
        body = {**_NEW_LIST, **(given if isinstance(given, dict) else {}), "listName": name}
        listrak = self._connection
        listrak.logger.info("List %r does not exist%s", name, "" if listrak.dry_run else ": it is created")

        def find() -> int | None:
            return next((one.id for one in same_name(name, self._read())), None)

        new_id = 0 if listrak.dry_run else listrak.create("email", routes.CREATE_LIST, {}, body, find)
        made = EmailList(new_id, name)
        self.all().append(made)
        return made
