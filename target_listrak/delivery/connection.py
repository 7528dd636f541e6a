"""The run's connection to Listrak: a client for each API, safe creation of objects, warnings logged once."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, Final

from listrak_api.client import Client
from listrak_api.errors import LostAnswerError, RequestRefusedError, UnavailableError
from listrak_api.settings import ConnectionSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from listrak_api.routes import Api, Route

__all__ = ["Connection"]

_MAX_ATTEMPTS: Final = 3
"""How often a creation is sent if each answer is lost and Listrak does not list the object afterwards."""


class Connection:
    """The run's connection to Listrak. Thread safe.

    Args:
        config: The plugin's settings.
        logger: The plugin's logger.

    Attributes:
        dry_run: Whether nothing is written to Listrak.
    """

    def __init__(self, config: Mapping[str, Any], logger: logging.Logger) -> None:
        self.config = config
        self.logger = logger
        self.dry_run: bool = config["dry_run"]
        self._clients: dict[str, Client] = {}
        self._logged: set[str] = set()
        self._lock = threading.Lock()

    def client(self, api: Api) -> Client:
        """Return the client of one API, created when it is first asked for.

        Raises:
            ConfigurationError: The API's credentials are missing.
        """
        with self._lock:
            if api not in self._clients:
                self._clients[api] = Client(ConnectionSettings.from_config(self.config, api), api)
            return self._clients[api]

    def close_clients(self) -> None:
        """Abort what is under way: requests that wait fail, and nothing is retried."""
        with self._lock:
            clients = list(self._clients.values())  # a worker thread may add one meanwhile
        for client in clients:
            client.close()

    def create(
        self,
        api: Api,
        route: Route,
        ids: Mapping[str, object],
        body: Mapping[str, object],
        find: Callable[[], int | None],
    ) -> int:
        """**Create** an object that gets an id from Listrak: a list, a profile field, a group.

        If the answer is lost or names no id, or Listrak refuses because the name was taken meanwhile, the
        object is looked up by its name, and that one is used. The request is sent again only if no object
        has the name.

        Args:
            api: The API.
            route: The operation.
            ids: The path's ids.
            body: The body.
            find: Reads from Listrak which object has the name now, and returns its id; None if there is none.

        Returns:
            The id.

        Raises:
            ListrakError: Listrak refused it, or every answer was lost and nothing was created.
        """
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            try:
                answer = self.client(api).send(route, ids, body=body)
            except LostAnswerError:
                found = find()
                if found is None and attempt == _MAX_ATTEMPTS:
                    raise
            except RequestRefusedError:
                found = find()
                if found is None:
                    raise
            else:
                named = answer.resource_id or ""
                found = int(named) if named.isdecimal() else find()
                if found is None:
                    message = f"{route} was carried out, but Listrak neither named nor lists what was created"
                    raise UnavailableError(message, hint="Run again: it will be found by its name.")
            if found is not None:
                return found
            self.logger.warning("%s: the answer was lost and nothing was created; it is sent again", route)
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def log_once(self, text: str, *args: object, level: int = logging.WARNING) -> None:
        """Log a line, unless the same one was logged before."""
        message = text % args
        with self._lock:
            if message in self._logged:
                return
            self._logged.add(message)
        self.logger.log(level, "%s", message)
