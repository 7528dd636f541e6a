"""Hears what child processes say, whichever way a test starts them and wherever it lets them write to."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

STREAMS = ("stdout", "stderr")
_PIECE = 1 << 20


class Overheard(subprocess.Popen):  # type: ignore[type-arg]
    """A child process whose standard output and standard error are heard, not by the test alone.

    What the test reads from pipes is noted on the way. A file that it gives is read once more at the end, and
    so is one that stands in for the null device. What goes to the test run's own streams, pytest captures.

    Attributes:
        started: All of them.
    """

    started: list[Overheard]

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Popen's own
        self._tapes: dict[str, _Tape] = {}
        self._files: dict[str, int] = {}
        command = args[0] if args else options["args"]
        self._name = Path(str(command if isinstance(command, (str, os.PathLike)) else command[0])).name
        for name in STREAMS:
            given = options.get(name)
            if given == subprocess.DEVNULL:
                with tempfile.TemporaryFile() as file:
                    options[name] = self._files[name] = os.dup(file.fileno())
            elif given is not None and given not in {subprocess.PIPE, subprocess.STDOUT}:
                self._files[name] = _readable(given)
        super().__init__(*args, **options)
        for name in STREAMS:
            stream = getattr(self, name)
            if stream is not None:
                setattr(self, name, self._taped(name, stream))
        self.started.append(self)

    def communicate(self, *args: Any, **options: Any) -> tuple[Any, Any]:  # noqa: ANN401 - Popen's own
        """Note what Popen reads past the streams."""
        before = {name: len(tape.heard) for name, tape in self._tapes.items()}
        said = super().communicate(*args, **options)
        for name, text in zip(STREAMS, said, strict=True):
            if text and len(self._tapes[name].heard) == before[name]:
                self._tapes[name].heard += text.encode() if isinstance(text, str) else text
        return said

    def said(self) -> Iterator[tuple[str, bytes]]:
        """Give what was said since the last time, with where; of files, all there is so far."""
        for name, tape in self._tapes.items():
            heard, tape.heard = bytes(tape.heard), bytearray()
            yield f"{name} of {self._name}", heard
        for name, descriptor in self._files.items():
            yield f"{name} of {self._name}", _all_of(descriptor)
        if self.returncode is not None:
            while self._files:
                os.close(self._files.popitem()[1])

    def _taped(self, name: str, stream: IO[Any]) -> IO[Any]:
        """Put a tape under a stream that the test reads from."""
        text = stream if isinstance(stream, io.TextIOWrapper) else None
        buffer = text.detach() if text else stream
        raw = buffer.detach()  # type: ignore[attr-defined] - Popen's pipes are buffered
        self._tapes[name] = tape = _Tape(os.dup(raw.fileno()))
        raw.close()
        reader = io.BufferedReader(tape)
        return io.TextIOWrapper(reader, encoding=text.encoding, errors=text.errors) if text else reader


class _Tape(io.FileIO):
    """The reading end of a pipe that notes what is read."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "rb")
        self.heard = bytearray()

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - any writable buffer
        count = super().readinto(buffer)
        self.heard += memoryview(buffer)[: count or 0]
        return count

    def readall(self) -> bytes:
        data = super().readall() or b""
        self.heard += data
        return data


def _readable(given: Any) -> int:  # noqa: ANN401 - a descriptor or a file
    """Open once more what a child writes to: by its name, or by its descriptor if it has none.

    Raises:
        OSError: It has no name and is open for writing only: what is said there would be heard by nobody.
    """
    name = getattr(given, "name", None)
    if isinstance(name, (str, os.PathLike)):
        return os.open(name, os.O_RDONLY)
    descriptor = os.dup(given if isinstance(given, int) else given.fileno())
    os.pread(descriptor, 0, 0)
    return descriptor


def _all_of(descriptor: int) -> bytes:
    """Read a file from its start, without moving the place where the child goes on to write."""
    content = bytearray()
    while piece := os.pread(descriptor, _PIECE, len(content)):
        content += piece
    return bytes(content)


@contextlib.contextmanager
def overhearing() -> Iterator[list[Overheard]]:
    """Hear all children that are started meanwhile; gives them."""
    Overheard.started = []
    own = subprocess.Popen
    subprocess.Popen = Overheard  # type: ignore[misc]
    try:
        yield Overheard.started
    finally:
        subprocess.Popen = own  # type: ignore[misc]
