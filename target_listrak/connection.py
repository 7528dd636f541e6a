"""Listrak as one run of the target sees it: a client for each API, what is made there, what is said once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Literal

from listrak_api.client import Client
from listrak_api.errors import ListrakError
from listrak_api.settings import ConnectionSettings

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping

    from listrak_api.routes import Route

__all__ = ["Api", "Connection"]

Api = Literal["email", "sms", "data"]


class Connection:
    """The run's way to Listrak. Thread safe.

    Args:
        config: The plugin's settings.
        logger: The plugin's logger.

    Attributes:
        dry_run: Everything but writing to Listrak is done.
    """

    def __init__(self, config: Mapping[str, Any], logger: logging.Logger) -> None:
        self.config = config
        self.logger = logger
        self.dry_run: bool = config["dry_run"]
        self._clients: dict[str, Client] = {}
        self._logged: set[str] = set()
        self._lock = threading.Lock()

    def client(self, api: Api) -> Client:
        """The client of one API, made when it is first asked for.

        Raises:
            ConfigurationError: The API's credentials are missing.
        """
        with self._lock:
            if api not in self._clients:
                self._clients[api] = Client(ConnectionSettings.from_config(self.config, api), api)
            return self._clients[api]

    def close_clients(self) -> None:
        """Break off what is under way: waiting requests fail, retries are given up."""
        with self._lock:
            clients = list(self._clients.values())  # worker threads may still ask for one more
        for client in clients:
            client.close()

    def create(self, api: Api, route: Route, ids: Mapping[str, object], body: Mapping[str, object]) -> str:
        """Make something that Listrak gives an id to.

        Returns:
            The id.

        Raises:
            ListrakError: Listrak refused it, or did not name the id. A lost answer is not repeated: what was
                made is found by its name in the next run.
        """
        answer = self.client(api).send(route, ids, body=body)
        if answer.resource_id is None:
            message = f"{route} was carried out, but Listrak did not name the id of what it made"
            raise ListrakError(message, hint="Run again: it will be found by its name.")
        return answer.resource_id

    def log_once(self, text: str, *args: object) -> None:
        """Log something that would otherwise be said again and again."""
        said = text % args
        with self._lock:
            if said in self._logged:
                return
            self._logged.add(said)
        self.logger.warning("%s", said)
