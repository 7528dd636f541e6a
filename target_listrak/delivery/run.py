"""The objects that all loaders of a run share: connection, worker pools, state tracker, rejects file."""

from __future__ import annotations

import secrets
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from target_listrak.delivery.connection import Connection
from target_listrak.delivery.mirror import Mirrors
from target_listrak.delivery.worker_pool import WorkerPool
from target_listrak.tracking.local_files import rejects_path
from target_listrak.tracking.rejects import RejectsFile
from target_listrak.tracking.state import StateTracker
from target_listrak.tracking.tallies import RowTracker, Tally

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Hashable, Mapping

    from target_listrak.config.destination import Destination

__all__ = ["Run"]

S = TypeVar("S")

_IMPORT_THREADS = 32
"""Imports that run at the same time. Their threads mostly wait; the client limits requests."""
_IMPORT_BUDGET = 56_000_000
"""Memory of the batches that wait or run, in bytes, without the one that is being filled. A batch of 100,000
rows fits, so the peak does not depend on how much faster the input is than Listrak."""
_CALL_BUDGET = 16_000_000
"""Memory of the rows whose calls wait or run, in bytes."""
_ABORT_SECONDS = 1.5
"""How long aborted jobs get to end, after their connections are closed."""


class Run:
    """One run of the target.

    Args:
        config: The plugin's settings.
        logger: The plugin's logger.
        write_state: Writes one STATE value (JSON).

    Attributes:
        connection: The clients of Listrak's APIs.
        dry_run: Whether nothing is written to Listrak.
        imports: Worker threads for import files: their keys are lists.
        calls: Worker threads for calls per contact, `max_concurrency` of them: their keys are contacts.
        stopping: Set when the run ends early. Wait on it instead of sleeping.
        tallies: One per incoming stream and destination, in the order in which they appeared. Its key is the
            stream's name, with the index in the array if a stream has several destinations.
        mirrors: The audiences and lists that are mirrored.
        id: Identifies the run: its start and random digits.
    """

    def __init__(
        self, config: Mapping[str, Any], logger: logging.Logger, write_state: Callable[[bytes], None]
    ) -> None:
        self.connection = Connection(config, logger)
        self.config = config
        self.logger = logger
        self.dry_run = self.connection.dry_run
        self.stopping = threading.Event()
        self.imports = WorkerPool(
            "import", threads=_IMPORT_THREADS, budget=_IMPORT_BUDGET, stopping=self.stopping
        )
        self.calls = WorkerPool(
            "call", threads=config["max_concurrency"], budget=_CALL_BUDGET, stopping=self.stopping
        )
        self.rejects = RejectsFile(rejects_path(config["rejects_path"]), logger)
        self.state_tracker = StateTracker(self._after_rejects(write_state), self.within_shares)
        self.tallies: dict[str, Tally] = {}
        self.mirrors = Mirrors(logger)
        self._sessions: dict[tuple[object, Hashable], Any] = {}
        self.id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"

    def session(self, kind: Callable[[Run], S], key: Hashable = None) -> S:
        """Return what the loaders of one channel share in this run, created when it is first asked for.

        The thread that reads the input asks first: it resolves all destinations before a record is read.

        Args:
            kind: The channel's class, such as `EmailSession`.
            key: Tells several of one class apart, such as the id of a sender code.
        """
        found = self._sessions.get((kind, key))
        if found is None:
            found = self._sessions[kind, key] = kind(self)
        return found

    def tracker(
        self, stream: str, text: str, destination: Destination | None = None, *, skipped: bool = False
    ) -> RowTracker:
        """Create the row tracker of a stream that has just appeared.

        Args:
            stream: The stream.
            text: Describes its destination in the report.
            destination: Its destination, whose limits take precedence over the run's; `None` if it has none.
            skipped: Whether `unmapped_streams` decides about its rows.
        """
        index = destination.index if destination is not None else None
        name = stream if index is None else f"{stream}[{index}]"
        tally = self.tallies.setdefault(name, Tally(stream, text, skipped=skipped, several=index is not None))
        own = destination.options if destination is not None else {}
        tally.max_reject_share = own.get("max_reject_share", self.config["max_reject_share"])
        tally.max_declined_share = own.get("max_declined_share", self.config["max_declined_share"])
        return RowTracker(stream, tally, self.state_tracker, self.rejects)

    def check(self) -> None:
        """Raise the error of a worker thread, if there is one. Called for every record.

        Raises:
            Exception: What a job failed with.
            Stopped: The run is being ended.
        """
        if self.imports.failure is not None or self.calls.failure is not None or self.stopping.is_set():
            self.imports.check()
            self.calls.check()

    def drain(self) -> None:
        """Wait until all submitted jobs are done.

        Raises:
            Exception: What the first failed job raised.
            Stopped: The run is being ended.
        """
        self.imports.drain()
        self.calls.drain()

    def end_early(self, grace: float) -> None:
        """Start nothing more, let running jobs end, and abort them after the grace period.

        Args:
            grace: Seconds that running imports and calls may still take.
        """
        deadline = time.monotonic() + grace
        for pool in (self.imports, self.calls):
            pool.close()
        for pool in (self.imports, self.calls):
            pool.wait_idle(max(0.0, deadline - time.monotonic()))
        self.stopping.set()
        self.connection.close_clients()
        for pool in (self.imports, self.calls):
            pool.wait_idle(_ABORT_SECONDS)

    def over_reject_share(self) -> list[Tally]:
        """Return the tallies that have more rejected rows so far than `max_reject_share` allows."""
        return [tally for tally in list(self.tallies.values()) if tally.over_reject_share]

    def over_declined_share(self) -> list[Tally]:
        """Return the tallies that have more declined rows so far than `max_declined_share` allows."""
        return [tally for tally in list(self.tallies.values()) if tally.over_declined_share]

    def within_shares(self) -> bool:
        """Return whether STATE may pass: no stream has more rejected or declined rows so far than allowed."""
        return not (self.over_reject_share() or self.over_declined_share())

    def _after_rejects(self, write_state: Callable[[bytes], None]) -> Callable[[bytes], None]:
        """Return a function that writes STATE after the rejects file, and nothing in a dry run."""

        def write(state: bytes) -> None:
            self.rejects.flush()  # declined and rejected rows that STATE covers must be in the file
            if not self.dry_run:
                write_state(state)

        return write
