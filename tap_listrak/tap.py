"""The tap: settings, streams, and what they share in a run."""

from __future__ import annotations

import contextlib
import difflib
import io
import logging
import signal
import sys
import threading
from functools import cached_property, partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.plugin_base import _ConfigInput
from singer_sdk.tap_base import CliTestOptionValue

from listrak_api.errors import ConfigurationError, NotFoundError
from listrak_api.settings import has_credentials
from tap_listrak.bookmarks import Bookmarks, check_state
from tap_listrak.cli import ListrakCommand, read_file, read_object
from tap_listrak.fields import FieldDirectory
from tap_listrak.gone import is_gone
from tap_listrak.lookahead import Lookahead
from tap_listrak.output import Output
from tap_listrak.progress import Progress
from tap_listrak.requests import Rows
from tap_listrak.settings import APIS, CONFIG_SCHEMA, Settings, unknown_settings, values_from_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType

    from singer_sdk import Stream

    from listrak_api.client import Client
    from listrak_api.routes import Api
    from tap_listrak.requests import Request
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
        self._closed_requests = 0
        self._lock = threading.Lock()
        self.lookahead: Lookahead[Rows] = Lookahead(1)
        self.fields = FieldDirectory()
        self.output = Output()
        super().__init__(message_writer=kwargs.pop("message_writer", None) or self.output, **kwargs)
        self._check_catalog()

    def setup_mapper(self) -> None:
        """Set up stream maps, also for streams that the catalog leaves out: parents of others among them.

        The SDK knows those of the catalog only, and fails when a parent is read for the sake of its children.
        """
        super().setup_mapper()
        for stream in self.streams.values():
            if stream.name not in self.mapper.stream_maps:
                self.mapper.register_raw_stream_schema(stream.name, stream.schema, stream.primary_keys)

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
            return self._closed_requests + _requests(self._clients.values())

    def send(self, stream: ListrakStream, context: Context, request: Request, cursor: str | None) -> Rows:
        """Ask Listrak for a page on behalf of a stream. Safe from any thread.

        Raises:
            NotFoundError: What was asked for is not there, though what it belongs to is.
            ListrakError: What the client raises otherwise.
        """
        try:
            return request.send(self, cursor)
        except NotFoundError:
            if stream.parent_stream_type is not None and is_gone(self, context):
                return Rows([])
            raise

    @contextlib.contextmanager
    def running(self, stream: ContextStream) -> Iterator[None]:
        """Hold what a root stream and its descendants need while they run: the lookahead and its threads."""
        stream.forget()
        limited = any(one.ABORT_AT_RECORD_COUNT is not None for one in self.streams.values())
        # With a record limit most of what would be fetched ahead is never read.
        self.lookahead = Lookahead(1 if limited else self.settings.max_concurrency, weigh=Rows.weigh)
        try:
            yield
        except BaseException:
            # What is in flight ahead of an error is given up, retries included.
            self.lookahead.close()
            self._close_clients()
            raise
        finally:
            self.lookahead.close()
            self.output.flush()
            self.progress.say(f"After {stream.name}")

    def _close_clients(self) -> None:
        with self._lock:
            clients, self._clients = self._clients, {}
            self._closed_requests += _requests(clients.values())
        for client in clients.values():
            client.close()

    def write_state(self) -> None:
        """Write a STATE message if anything changed since the last one, after everything that it covers."""
        for stream in self.streams.values():
            stream.flush()  # type: ignore[attr-defined]  # all streams are of this package
        self.state_writer.write_state(self.state)

    # --- what the SDK asks for

    @property
    def streams(self) -> dict[str, Stream]:
        """All streams, in the order in which they run: lists, then the others by name.

        Settings that name lists or profile fields are checked when the lists are there. Run by name alone, as
        the SDK does, other streams would be written before a slip in them is found.
        """
        if self._streams is None:
            by_name = super().streams
            self._streams = {"lists": by_name["lists"], **by_name}
        return self._streams

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
        """Check the settings: by their schema, then together. The values of secrets are never shown.

        Raises:
            ConfigValidationError: Values that their schema does not allow.
            ConfigurationError: Values that do not fit together, or credentials that are missing.
        """
        values_from_text(self._config, self.config_jsonschema["properties"])
        errors = [_without_secret(error) for error in super()._validate_config(raise_errors=False)]
        for line in unknown_settings(self._config, self.config_jsonschema["properties"]):
            self.logger.warning(line)
        if raise_errors:
            if errors:
                message = "Config validation failed"
                raise ConfigValidationError(message, errors=errors, schema=self.config_jsonschema)
            Settings.from_config(self._config)
        return errors

    def _check_catalog(self) -> None:
        names = self.streams.keys()
        for entry in self.input_catalog.streams if self.input_catalog else ():
            if entry.metadata.root.selected and entry.tap_stream_id not in names:
                near = difflib.get_close_matches(entry.tap_stream_id, names, n=1)
                message = f"the catalog selects a stream that does not exist: {entry.tap_stream_id!r}"
                hint = (f"Did you mean {near[0]!r}? " if near else "") + f"There are: {', '.join(names)}."
                raise ConfigurationError(message, setting="catalog", hint=hint)

    # --- the command line

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End at once, but between two lines, with the last state: what was read after it is read again."""
        # Meltano passes on the signal that its whole process group has got already: that changes nothing, the
        # end is near in any case. A second Ctrl-C ends the process at once.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if self.output.busy:
            self.output.released = partial(self._handle_termination, signum, frame)
            return
        self.logger.warning(
            "Stopped by %s: what is not covered by the last state is read again", _signal(signum)
        )
        self.output.flush()
        if not self.config.get("batch_config"):
            self.state_writer.write_state(self.state)
        sys.exit(128 + signum)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command with this project's way of telling errors."""
        return ListrakCommand.like(super().get_singer_command(), cls.logger)

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> _ConfigInput:
        """Read the config files as the SDK does, with errors that name the file.

        Raises:
            ConfigurationError: A file is not there, or is no JSON object.
        """
        for path in value:
            if path != "ENV":
                what = f"the config file {path}"
                read_object(read_file(Path(path), what, "config"), what, "config")
        return super().cb_config(ctx, param, value)

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Say what the credentials may read; exit code 1 if nothing. ``--test=schema`` is the SDK's."""
        if value != CliTestOptionValue.All.value:
            super().cb_test(ctx, param, value)
            return
        from tap_listrak.access import report  # noqa: PLC0415 - not needed for --version and --about

        config = ctx.params.get("config", _ConfigInput())
        tap = cls(config=config.config, parse_env_config=config.parse_env)
        ctx.exit(0 if report(tap, click.echo) else 1)

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Run as the SDK does, with errors that name the file.

        Raises:
            ConfigurationError: The state or the catalog is no JSON object.
        """
        files = {"state": state, "catalog": catalog}
        texts = {name: file.read() for name, file in files.items() if file is not None}
        for name, text in texts.items():
            value = read_object(text, f"the {name} file", name)
            if name == "catalog":
                from tap_listrak.catalogs import check_catalog  # noqa: PLC0415 - not needed for --about

                check_catalog(value)
        super().invoke(
            about=about,
            about_format=about_format,
            config=config,
            state=io.StringIO(texts["state"]) if "state" in texts else None,
            catalog=io.StringIO(texts["catalog"]) if "catalog" in texts else None,
        )


def _without_secret(error: str) -> str:
    """Return a validation error without the value if the setting is a secret."""
    for name, part in CONFIG_SCHEMA["properties"].items():
        if part.get("secret") and error.endswith(f"in config[{name!r}]"):
            return f"{name} must be a text"
    return error


def _requests(clients: Iterable[Client]) -> int:
    return sum(client.stats.snapshot().requests for client in clients)


def _signal(signum: int) -> str:
    return signal.Signals(signum).name


main = TapListrak.cli


if __name__ == "__main__":
    main()
