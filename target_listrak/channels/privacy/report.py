"""The report of requests to forget somebody: which were made, and the status of each in Listrak."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Final

import msgspec

from listrak_api.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["COMPLETE", "NOT_FOUND", "PROCESSING", "ForgetReport", "ForgetRequest"]

PROCESSING: Final = "PROCESSING"
COMPLETE: Final = "COMPLETE"
NOT_FOUND: Final = "NOT_FOUND"
"""Not a status of Listrak's: it does not know the request."""


class ForgetRequest(msgspec.Struct, omit_defaults=False):
    """One line of the report. It holds no address and no number.

    Attributes:
        requestID: Listrak's id of the request.
        status: `PROCESSING` or `COMPLETE`, as Listrak said last; `NOT_FOUND` if it does not know the request.
        submittedDate: When Listrak took it, as Listrak writes it; null until that was asked.
        processedDate: When it was processed; null before.
        stream: The incoming stream.
        row: The row's number in it.
        person: SHA-256 of the address and number, so that somebody who has them can find the line.
    """

    requestID: str  # noqa: N815 - the API's name
    stream: str
    row: int
    person: str
    status: str = PROCESSING
    submittedDate: str | None = None  # noqa: N815 - the API's name
    processedDate: str | None = None  # noqa: N815 - the API's name


class ForgetReport:
    """The file of the setting `forget_report_path`: JSON lines, for its owner only. Thread safe.

    Requests of earlier runs stay in it; `pending` has those that were not complete.

    Args:
        path: The file.

    Raises:
        ConfigurationError: It cannot be read, or holds something else.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            lines = path.read_bytes().splitlines() if path.exists() else []
            self._requests = [msgspec.json.decode(line, type=ForgetRequest) for line in lines if line.strip()]
        except (OSError, msgspec.DecodeError) as error:
            raise self._unusable(error) from None

    @property
    def pending(self) -> list[ForgetRequest]:
        """The requests that were not complete when they were last asked about."""
        with self._lock:
            return [one for one in self._requests if one.status not in {COMPLETE, NOT_FOUND}]

    def add(self, request: ForgetRequest) -> None:
        """Write a request down: it is on disk when this returns.

        Raises:
            ConfigurationError: The file cannot be written.
        """
        with self._lock:
            self._requests.append(request)
            try:
                self._path.parent.mkdir(0o700, parents=True, exist_ok=True)
                _write(self._path, os.O_APPEND, [request])
            except OSError as error:
                raise self._unusable(error) from None

    def write(self) -> None:
        """Rewrite the file with all requests; do nothing if there are none.

        Raises:
            ConfigurationError: The file cannot be written.
        """
        with self._lock:
            if not self._requests:
                return
            beside = self._path.with_name(f"{self._path.name}.new")
            try:
                _write(beside, os.O_TRUNC, self._requests)
                beside.replace(self._path)
            except OSError as error:
                raise self._unusable(error) from None

    def _unusable(self, error: Exception) -> ConfigurationError:
        reason = getattr(error, "strerror", None) or "a line is no request to forget somebody"
        message = f"The report of requests to forget (setting forget_report_path) cannot be used: {reason}"
        hint = "Name another file, in a folder you may write to."
        return ConfigurationError(f"{message}: {self._path}", setting="forget_report_path", hint=hint)


def _write(path: Path, flag: int, requests: Iterable[ForgetRequest]) -> None:
    """Write lines so that they are on disk afterwards; only the file's owner may read them."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o600), "wb") as file:
        file.writelines(msgspec.json.encode(one) + b"\n" for one in requests)
        file.flush()
        os.fsync(file.fileno())
