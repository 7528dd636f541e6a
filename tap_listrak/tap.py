"""The tap: settings, streams, and what they share in a run."""

from __future__ import annotations

import contextlib
import logging
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Tap

from listrak_api.errors import ConfigurationError
from listrak_api.settings import has_credentials
from tap_listrak.bookmarks import Bookmarks, check_state
from tap_listrak.fields import FieldDirectory
from tap_listrak.lookahead import Lookahead
from tap_listrak.progress import Progress
from tap_listrak.settings import APIS, CONFIG_SCHEMA, Settings, unknown_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listrak_api.client import Client
    from listrak_api.routes import Api
    from tap_listrak.requests import Request, Rows
    from tap_listrak.sdk import Context, ContextStream
    from tap_listrak.streams.base import ListrakStream

logger = logging.getLogger("tap-listrak")


class TapListrak(Tap):
    """Singer tap for Listrak, the email and SMS marketing platform."""

    name = "tap-listrak"
    package_name = "singer-listrak"
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_SCHEMA

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's arguments, passed on as they are
        self._clients: dict[Api, Client] = {}
        self._lock = threading.Lock()
        self.lookahead: Lookahead[Rows] = Lookahead(1)
        self.fields = FieldDirectory()
        super().__init__(**kwargs)

    # --- what streams share

    @cached_property
    def settings(self) -> Settings:
        """The settings' values."""
        return Settings.from_config(self.config)

    @cached_property
    def apis(self) -> tuple[Api, ...]:
        """The APIs that there are credentials for; all of them if there are none at all, as in discovery."""
        with contextlib.suppress(ConfigurationError):
            return tuple(api for api in APIS if has_credentials(self.config, api)) or APIS
        return APIS

    @cached_property
    def bookmarks(self) -> Bookmarks:
        """The run's bookmarks. Asks for a token: the run's start is never later than Listrak's clock says."""
        settings = self.settings
        return Bookmarks(
            self.state,
            started_at=self.client(settings.apis[0]).started_at(),
            start_date=settings.start_date,
            end_date=settings.end_date,
            overlap=settings.overlap,
            frozen=any(stream.ABORT_AT_RECORD_COUNT is not None for stream in self.streams.values()),
        )

    @cached_property
    def progress(self) -> Progress:
        """Says where the run is."""
        return Progress(self.request_count)

    def client(self, api: Api) -> Client:
        """Return the client of one API, made when it is first asked for. Safe from any thread.

        Raises:
            ConfigurationError: There are no credentials for it.
        """
        # Imported here so that --version and --about need not load an HTTP library.
        from listrak_api.client import Client  # noqa: PLC0415
        from listrak_api.settings import ConnectionSettings  # noqa: PLC0415

        with self._lock:
            if api not in self._clients:
                self._clients[api] = Client(ConnectionSettings.from_config(self.config, api))
            return self._clients[api]

    def request_count(self) -> int:
        """Return how many requests have been made, retries included, token requests left out."""
        with self._lock:
            return sum(client.stats.snapshot().requests for client in self._clients.values())

    def send(self, stream: ListrakStream, context: Context, request: Request, cursor: str | None) -> Rows:
        """Ask Listrak for a page on behalf of a stream. Safe from any thread."""
        del stream, context
        return request.send(self, cursor)

    @contextlib.contextmanager
    def running(self, stream: ContextStream) -> Iterator[None]:
        """Hold what a root stream and its descendants need while they run: the lookahead and its threads."""
        stream.forget()
        limited = any(one.ABORT_AT_RECORD_COUNT is not None for one in self.streams.values())
        # With a record limit most of what would be fetched ahead is never read.
        self.lookahead = Lookahead(1 if limited else self.settings.max_concurrency)
        try:
            yield
        finally:
            self.lookahead.close()
            self.progress.finish()

    def write_state(self) -> None:
        """Write a STATE message if anything changed since the last one, after everything that it covers."""
        for stream in self.streams.values():
            stream.flush()  # type: ignore[attr-defined]  # all streams are of this package
        self.state_writer.write_state(self.state)

    # --- what the SDK asks for

    def discover_streams(self) -> list[ListrakStream]:
        """Return all streams. Discovery needs no credentials: Listrak's reports have fixed columns."""
        from tap_listrak.streams import STREAMS  # noqa: PLC0415 - not needed for --version and --about

        return [stream(self) for stream in STREAMS]

    def load_state(self, state: dict[str, Any]) -> None:
        """Take in the state.

        Raises:
            ConfigurationError: It cannot be used; the text says why and what to do.
        """
        check_state(state)
        super().load_state(state)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        for line in unknown_settings(self._config, self.config_jsonschema["properties"]):
            self.logger.warning(line)
        errors = super()._validate_config(raise_errors=raise_errors)
        if raise_errors:
            Settings.from_config(self._config)
        return errors


main = TapListrak.cli


if __name__ == "__main__":
    main()
