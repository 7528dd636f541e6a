"""What streams share in a run: settings, clients, bookmarks, prefetcher, output, progress."""

from __future__ import annotations

import contextlib
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

from singer_sdk import Tap
from singer_sdk.helpers._state import StateWriter

from listrak_api.errors import ConfigurationError, NotFoundError
from listrak_api.phone_forms import NumberForm
from listrak_api.settings import has_credentials, zone_from_config
from tap_listrak.incremental.bookmarks import Bookmarks
from tap_listrak.output.progress import Progress
from tap_listrak.output.report import RequestCounts
from tap_listrak.output.writer import Output
from tap_listrak.records.profile_fields import ProfileFieldCache
from tap_listrak.settings import APIS, Settings
from tap_listrak.sync.deleted_parents import parent_was_deleted
from tap_listrak.sync.empty_answers import EmptyAnswers, send_again_if_empty
from tap_listrak.sync.prefetcher import Prefetcher
from tap_listrak.sync.reconciliation import Reconciliation
from tap_listrak.sync.refusals import Refusals
from tap_listrak.sync.repeated_warnings import RepeatedWarnings
from tap_listrak.sync.steps import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from zoneinfo import ZoneInfo

    from singer_sdk import Stream
    from singer_sdk.helpers.types import TapState
    from singer_sdk.singerlib.encoding import GenericSingerWriter

    from listrak_api.client import Client
    from listrak_api.routes import Api
    from tap_listrak.sync.steps import Request


class TapSession(Tap):
    """The part of the tap that streams use.

    Attributes:
        prefetcher: Fetches pages ahead of their turn; a new one for each root stream.
        fields: The profile fields of lists.
        output: Standard output.
        request_counts: The run's requests by stream.
    """

    _state_writer: CoveringStateWriter

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's arguments, passed on as they are
        self._clients: dict[Api, Client] = {}
        self._closed_requests = 0
        self._lock = threading.Lock()
        self.request_counts = RequestCounts()
        self.prefetcher: Prefetcher[Rows] = Prefetcher(1)
        self.fields = ProfileFieldCache()
        self.output = Output()
        super().__init__(message_writer=kwargs.pop("message_writer", None) or self.output, **kwargs)
        self._state_writer = CoveringStateWriter(self.message_writer)

    @cached_property
    def settings(self) -> Settings:
        """The settings' values."""
        return Settings.from_config(self.config)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of Listrak's dates."""
        return zone_from_config(self.config)

    @cached_property
    def apis(self) -> tuple[Api, ...]:
        """The APIs that have credentials in the settings. All of them if none has, as in discovery."""
        with contextlib.suppress(ConfigurationError):
            return tuple(api for api in APIS if has_credentials(self.config, api)) or APIS
        return APIS

    @cached_property
    def phone_path_form(self) -> NumberForm:
        """The form in which Listrak takes phone numbers in paths, learned or set."""
        return NumberForm(self.config.get("phone_path_form"))

    @cached_property
    def bookmarks(self) -> Bookmarks:
        """The run's bookmarks. Makes a token request: the run's start is never later than Listrak's clock.

        Raises:
            ConfigurationError: ``start_date`` is later than that.
        """
        settings = self.settings
        started_at = self.client(settings.apis[0]).started_at()
        if settings.start_date is not None and settings.start_date > started_at:
            # Nothing would be read, but the bookmarks would move to the run's start.
            message = (
                f"start_date ({settings.start_date:%Y-%m-%dT%H:%M:%SZ}) is in the future: "
                f"it is now {started_at:%Y-%m-%dT%H:%M:%SZ}"
            )
            hint = "Set it to the start of the history that you want, or leave it out to read all of it."
            raise ConfigurationError(message, setting="start_date", hint=hint)
        return Bookmarks(
            self.state,
            started_at=started_at,
            start_date=settings.start_date,
            end_date=settings.end_date,
            overlap=settings.overlap,
            partition_names={
                name: getattr(stream, "partition_names", ()) for name, stream in self.streams.items()
            },
            frozen=any(stream.ABORT_AT_RECORD_COUNT is not None for stream in self.streams.values()),
        )

    @cached_property
    def reconciliation(self) -> Reconciliation:
        """Compares the activity of messages with their summaries."""
        return Reconciliation(self)

    @cached_property
    def empty_answers(self) -> EmptyAnswers:
        """How often, and when, a page that came empty is asked for again."""
        return EmptyAnswers.of(self.config)

    @cached_property
    def warnings(self) -> RepeatedWarnings:
        """Warnings that are logged once, at the end of the run."""
        return RepeatedWarnings()

    @cached_property
    def refusals(self) -> Refusals:
        """What Listrak refuses of one list alone."""
        return Refusals(self)

    @cached_property
    def progress(self) -> Progress:
        """Logs the progress of the run."""
        return Progress(self.request_count)

    def client(self, api: Api) -> Client:
        """Return the client of one API, created when it is first asked for. Safe from any thread.

        Raises:
            ConfigurationError: There are no credentials for it.
        """
        # Imported here so that --version and --about need not load an HTTP library.
        from listrak_api.client import Client  # noqa: PLC0415
        from listrak_api.settings import ConnectionSettings  # noqa: PLC0415

        with self._lock:
            if api not in self._clients:
                client = self._clients[api] = Client(ConnectionSettings.from_config(self.config, api))
                client.observer = self.request_counts.count
            return self._clients[api]

    def request_count(self) -> int:
        """Return how many requests have been made, retries included, token requests left out."""
        with self._lock:
            return self._closed_requests + _requests(self._clients.values())

    def send(self, stream: Stream, context: Mapping[str, Any], request: Request, cursor: str | None) -> Rows:
        """Request a page for a stream. Safe from any thread.

        A page of a parent that was deleted meanwhile is empty. Empty lists are requested again.

        Raises:
            NotFoundError: Listrak answers 404, although the parent exists.
            ListrakError: What the client raises otherwise.
        """
        try:
            with self.request_counts.of(stream.name):
                rows = request.send(self, cursor)
                if cursor is None and stream.parent_stream_type is None:
                    rows = send_again_if_empty(self, stream, request, rows)
                return rows
        except NotFoundError as error:
            if stream.parent_stream_type is not None and parent_was_deleted(
                self, self.warnings, context, error
            ):
                return Rows([], parent_deleted=True)
            raise

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Provide a prefetcher while a root stream and its descendants run."""
        limited = any(one.ABORT_AT_RECORD_COUNT is not None for one in self.streams.values())
        # With a record limit most of what would be fetched ahead is never read.
        self.prefetcher = Prefetcher(1 if limited else self.settings.max_concurrency, weigh=Rows.weigh)
        try:
            yield
        except BaseException:
            # After an error, requests for later pages are abandoned, with their retries.
            self.prefetcher.close()
            self._close_clients()
            raise
        finally:
            self.prefetcher.close()
            self.output.flush()

    def _close_clients(self) -> None:
        with self._lock:
            clients, self._clients = self._clients, {}
            self._closed_requests += _requests(clients.values())
        for client in clients.values():
            client.close()

    def write_state(self) -> None:
        """Write what is buffered, then a STATE message, unless it would repeat the last message."""
        for stream in self.streams.values():
            stream.flush()  # type: ignore[attr-defined]  # all streams are of this package
        self.state_writer.write_state(self.state)

    def write_last_state(self) -> None:
        """Write a STATE message at the end of a run that fails, if other messages followed the last one.

        Bookmarks move only after the rows before them are written, so the state is always valid. With BATCH
        messages some of these rows may still be buffered. Then the last STATE is written again.
        """
        writer = self._state_writer
        # Until streams are discovered this is the SDK's own writer, and nothing was written.
        if isinstance(writer, CoveringStateWriter) and writer.behind:
            written = writer.written if self.config.get("batch_config") else self.state
            if written is not None:
                self.state_writer.write_state(written)


class CoveringStateWriter(StateWriter):
    """Writes a STATE also when it has not changed, if other messages followed the last one.

    Some targets, such as target-jsonl, forget a STATE when records follow it.

    Args:
        writer: Where messages go.
    """

    def __init__(self, writer: GenericSingerWriter[Any, Any]) -> None:
        super().__init__(writer)
        self._writer = writer

    @property
    def behind(self) -> bool:
        """Whether messages followed the last STATE. Always true of writers other than this project's own."""
        return self._writer.behind if isinstance(self._writer, Output) else True

    @property
    def written(self) -> TapState | None:
        """The last state that was written."""
        return self._last_emitted_state

    def write_state(self, state: TapState) -> None:
        """Write a STATE message if the state has changed, or if messages followed the last one."""
        if self.behind:
            self._last_emitted_state = None
        super().write_state(state)


def _requests(clients: Iterable[Client]) -> int:
    return sum(client.stats.snapshot().requests for client in clients)
