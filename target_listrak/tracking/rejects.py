"""The records that were declined or rejected, with their reasons: a file that is itself Singer input.

Each line is the line that was read, with a member `rejected` beside `record`: `outcome` (`declined` or
`rejected`), code, reason, destination, source row number and, for more than one fault, `faults`. SCHEMA lines
precede the records they describe. Corrected, the file can be piped into the target again.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from typing import IO, TYPE_CHECKING, Any

import msgspec

from listrak_api.errors import ConfigurationError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["RejectsFile"]

# Members stay as they were written: a number may have more digits, or a larger exponent, than a float takes.
_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encoder = msgspec.json.Encoder(decimal_format="number")
_SURROGATE = re.compile("[\ud800-\udfff]")
_REJECTED = ',"rejected":'
_DAY_SECONDS = 86_400


class RejectsFile:
    """The rejects file: created with the first such record, readable by its owner only (mode 0600).

    An existing file is never changed: it may be the input of this run, or not read yet. The new file then
    gets a number before its suffix.

    Args:
        path: The setting `rejects_path`.
        logger: Gets one message with the path when the file is created.

    Attributes:
        path: The file, with its number if it has one.
        count: Records written so far.
    """

    def __init__(self, path: Path, logger: logging.Logger) -> None:
        self.path = path
        self.count = 0
        self.declined = 0
        self._wanted = path
        self._logger = logger
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self._schemas: dict[str, bytes] = {}
        self._written: dict[str, bytes] = {}

    def schema(self, stream: str, line: bytes) -> None:
        """Remember a stream's SCHEMA line, to be written before its next rejected record."""
        with self._lock:
            self._schemas[stream] = line

    def write(
        self, stream: str, line: bytes, rejected: dict[str, object], properties: dict[str, Any] | None = None
    ) -> None:
        """Write one record that was not loaded.

        Args:
            stream: The stream's name as it came in.
            line: The RECORD line as it was read.
            rejected: Outcome, code, reason, destination and source row number.
            properties: The whole record, if earlier records of the same contact were merged into it.

        Raises:
            ConfigurationError: `rejects_path` cannot be written.
        """
        text = _line(line, rejected, properties)
        with self._lock, self._writing():
            file = self._file or self._open()
            schema = self._schemas.get(stream)
            if schema is not None and self._written.get(stream) != schema:
                file.write(schema.rstrip() + b"\n")
                self._written[stream] = schema
            file.write(text + b"\n")
            self.count += 1
            self.declined += rejected.get("outcome") == "declined"

    def flush(self) -> None:
        """Pass everything written so far to the operating system. Called before a STATE is passed on.

        Raises:
            ConfigurationError: The file cannot be written, for example because the disk is full.
        """
        with self._lock, self._writing():
            if self._file is not None:
                self._file.flush()

    def close(self) -> None:
        """Close the file, if there is one.

        Raises:
            ConfigurationError: The rest of it cannot be written.
        """
        with self._lock, self._writing():
            file, self._file = self._file, None
            if file is not None:
                file.close()

    def remove_old(self, days: int) -> None:
        """**Delete** rejects files of earlier runs, in the same folder, that are older than a number of days.

        Only files with names that this class gives are deleted: `rejects.singer`, `rejects.1.singer` …
        """
        wanted, oldest = self._wanted, time.time() - days * _DAY_SECONDS
        own = re.compile(rf"{re.escape(wanted.stem)}(\.\d+)?{re.escape(wanted.suffix)}")
        removed = 0
        with contextlib.suppress(OSError):
            for file in wanted.parent.iterdir():
                is_rejects_file = file != self.path and own.fullmatch(file.name) and file.is_file()
                if is_rejects_file and file.stat().st_mtime < oldest:
                    file.unlink()
                    removed += 1
        if removed:
            self._logger.info("Deleted %d rejects files older than rejects_keep_days (%d)", removed, days)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Turn an error of the file system into one that names the setting."""
        try:
            yield
        except OSError as error:
            message = (
                f"The rejects file (setting rejects_path) cannot be written: {error.strerror}: {self.path}"
            )
            hint = "Free some space there, or name a file in a folder that has some."
            raise ConfigurationError(message, setting="rejects_path", hint=hint) from error

    def _open(self) -> IO[bytes]:
        """Create the file under the first name that no file has."""
        wanted = self.path
        try:
            wanted.parent.mkdir(0o700, parents=True, exist_ok=True)
            for number in range(1, 10_000):
                try:
                    descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                    break
                except FileExistsError:
                    self.path = wanted.with_name(f"{wanted.stem}.{number}{wanted.suffix}")
            else:
                message = f"The folder of the rejects file holds 10,000 of them already: {wanted.name}"
                raise ConfigurationError(
                    message, setting="rejects_path", hint="Move them away, or set rejects_keep_days."
                )
        except OSError as error:
            message = f"The rejects file (setting rejects_path) cannot be written: {error.strerror}"
            raise ConfigurationError(
                message, setting="rejects_path", hint="Name a file in a folder you may write to."
            ) from error
        self._file = os.fdopen(descriptor, "wb")
        self._logger.warning(
            "Records that are not loaded (declined or rejected) are written to %s", self.path
        )
        return self._file


def _line(line: bytes, rejected: dict[str, object], properties: dict[str, Any] | None) -> bytes:
    """Return a record's line with `rejected` added to it."""
    try:
        text = line.decode()
        message: dict[str, object] = {**_decoder.decode(text)}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # The line cannot be decoded (NaN, a lone surrogate) and has to stay as it is: read again, it is
        # rejected again until somebody corrects it. Bytes that are not UTF-8 become escapes.
        text = _SURROGATE.sub(
            lambda found: f"\\u{ord(found[0]):04x}", line.decode("utf-8", "surrogateescape").strip()
        )
        return _without_rejected(text[:-1]).encode() + b',"rejected":' + _encoder.encode(rejected) + b"}"
    if properties is not None:
        message["record"] = properties
    message["rejected"] = rejected
    return _encoder.encode(message)


def _without_rejected(text: str) -> str:
    """Return a message's text, without its last brace, less the `rejected` that an earlier run added."""
    start = text.rfind(_REJECTED)
    try:
        msgspec.json.decode(text[start + len(_REJECTED) :], type=dict[str, Any])
    except msgspec.DecodeError:
        return text
    return text[:start] if start > 0 else text
