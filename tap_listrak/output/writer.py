"""Standard output: messages encoded by msgspec, written in pieces that a signal cannot tear."""

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
    """Collects RECORD messages and writes them in larger pieces; other messages go out at once, after them.

    The SDK's writers flush after each record, which is most of the time that a record takes.

    Attributes:
        busy: Whether a write is under way, so that a signal's handler must not write.
        released: Called after the write that was under way when it was set, if it is.
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
        self._keep(bytes(self.format_message(message)))  # the SDK uses its buffer again
        self.behind = message.type is not SingerMessageType.STATE
        if message.type is not SingerMessageType.RECORD or self._size >= BUFFER_BYTES:
            self.flush()

    def write_lines(self, lines: bytes) -> None:
        """Write whole lines that are encoded already.

        Args:
            lines: Messages as JSON, each with its line break.
        """
        self._keep(lines)
        self.behind = True
        if self._size >= BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is kept. A signal that arrives meanwhile is dealt with afterwards: no line is torn."""
        if not self._pending:
            return
        self.busy = True
        try:
            pending = b"".join(self._pending)  # a page that stands alone is not copied
            self._pending, self._size = [], 0
            if sys.stdout is None:  # it was closed before the program began
                message = "standard output is closed"
                raise BrokenPipeError(message)
            buffer = getattr(sys.stdout, "buffer", None)
            if buffer is None:  # a text stream that somebody put there, as tests do
                sys.stdout.write(pending.decode())
            else:
                rest = memoryview(pending)
                while rest:  # unbuffered (PYTHONUNBUFFERED), a write that a signal interrupts ends short
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
