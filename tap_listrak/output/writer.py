"""Standard output: messages are encoded by msgspec, and a signal never interrupts a line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.singerlib.encoding import SingerMessageType

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_sdk.singerlib.messages import Message

BUFFER_BYTES = 1 << 16


class Output(MsgSpecWriter):
    """Collects RECORD messages and writes them in larger pieces. Other messages are written at once.

    The SDK's writers flush after each record, which takes most of the time of a record.

    Attributes:
        busy: Whether a write is in progress. Then a signal handler must not write.
        released: Set by a signal handler while `busy`; called once after that write.
        behind: Whether messages followed the last STATE.
    """

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._size = 0
        self.behind = False
        self.busy = False
        self.released: Callable[[], None] | None = None

    def write_message(self, message: Message) -> None:
        """Write a message, or keep it for the next write if it is a record."""
        self._keep(bytes(self.format_message(message)))  # a copy: the SDK reuses its buffer
        self.behind = message.type is not SingerMessageType.STATE
        if message.type is not SingerMessageType.RECORD or self._size >= BUFFER_BYTES:
            self.flush()

    def write_lines(self, lines: bytes) -> None:
        """Write complete lines that are encoded already.

        Args:
            lines: Messages as JSON, each with its line break.
        """
        self._keep(lines)
        self.behind = True
        if self._size >= BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is collected. A signal that arrives meanwhile is handled afterwards."""
        if not self._pending:
            return
        self.busy = True
        try:
            pending = b"".join(self._pending)  # no copy if it is a single page
            self._pending, self._size = [], 0
            if sys.stdout is None:  # it was closed before the program began
                message = "standard output is closed"
                raise BrokenPipeError(message)
            buffer = getattr(sys.stdout, "buffer", None)
            if buffer is None:  # a text stream in place of standard output, as in tests
                sys.stdout.write(pending.decode())
            else:
                rest = memoryview(pending)
                while rest:  # unbuffered (PYTHONUNBUFFERED), an interrupted write may be incomplete
                    rest = rest[buffer.write(rest) or 0 :]
            sys.stdout.flush()
        finally:
            self.busy = False
        if self.released is not None:
            released, self.released = self.released, None
            released()

    def _keep(self, lines: bytes) -> None:
        self._pending.append(lines)
        self._size += len(lines)
