"""Waiting for the end of an import."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from listrak_api.errors import Cause, ListrakError, NotFoundError
from target_listrak.delivery.import_status import has_ended, has_failed
from target_listrak.delivery.worker_pool import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_listrak.delivery.run import Run

__all__ = ["ImportFailedError", "await_import"]

_FIRST_PAUSE_SECONDS: Final = 0.1
_PAUSE_FACTOR: Final = 1.6
APPEARS_WITHIN: Final = 60.0
"""Seconds within which an import that was just started may still be unknown to its status route."""
_SENT_AGAIN: Final = "Its rows are not confirmed: the next run sends them again."


class ImportFailedError(ListrakError):
    """An import failed, or did not end in time. Its rows are not confirmed."""

    cause = Cause.UNAVAILABLE


def await_import(run: Run, where: str, read: Callable[[], Any]) -> None:
    """Read an import's status until it has ended: with short pauses at first, then `import_poll_seconds`.

    Args:
        run: The run, with its settings.
        where: What the import is called in error texts.
        read: Reads the status: an object with `status` and `endDate`.

    Raises:
        ImportFailedError: It failed, or did not end within `import_timeout` seconds.
        Stopped: The run is being ended.
        ListrakError: As `read`.
    """
    poll, timeout = float(run.config["import_poll_seconds"]), float(run.config["import_timeout"])
    started = time.monotonic()
    pause = min(_FIRST_PAUSE_SECONDS, poll)
    while True:
        if run.stopping.wait(pause):
            raise Stopped
        elapsed = time.monotonic() - started
        try:
            status = read()
        except NotFoundError:
            if elapsed > APPEARS_WITHIN:
                raise
            status = None
        if isinstance(status, dict):
            if has_failed(status):
                message = f"{where} failed: Listrak says {str(status.get('status'))[:80]!r}"
                raise ImportFailedError(message, hint=_SENT_AGAIN)
            if has_ended(status):
                return
        if elapsed > timeout:
            message = f"{where} has not ended within import_timeout ({timeout:g} seconds)"
            raise ImportFailedError(message, hint=f"{_SENT_AGAIN} Raise import_timeout if Listrak is slow.")
        pause = min(pause * _PAUSE_FACTOR, poll)
