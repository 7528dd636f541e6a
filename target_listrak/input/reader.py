"""Reads Singer messages, one per line, from bytes.

The SDK's readers decode text, and log a line that they cannot read, with people's data in it. This reader
decodes bytes, which is about five times as fast. Its errors have the number of a line and nothing of its
content.
"""

from __future__ import annotations

import codecs
import re
import sys
from collections import Counter
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerReader
from singer_sdk.singerlib.exceptions import InvalidInputLine

from listrak_api.errors import ListrakError
from target_listrak.input.unreadable import DUPLICATE_PROPERTY, has_duplicates, unreadable
from target_listrak.sdk import override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["InputError", "Reader", "record_as_read", "record_of"]

_TYPE = re.compile(r"[A-Z_]{1,30}")
_BLOCK = 1 << 18
"""The most bytes that are read at a time."""
_MIN_CONSECUTIVE = 8
"""With fewer consecutive lines the fast path is not faster."""
_MAX_BEGINNING = 1_000
"""The most bytes before `"record"` in a line that can go to the fast path."""
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"{\0", b"\0{")
_TRUNCATED_HINT = (
    "The source stopped too early: see its log, and run again. Rows before this line are not affected."
)


class InputError(ListrakError, InvalidInputLine):
    """The input is not valid Singer input. The text gives the line's number and nothing of its content."""


class Reader(GenericSingerReader[bytes]):
    """Reads messages and passes each to the callback of its type.

    Attributes:
        line_number: The line being read, from 1.
        line: Its bytes.
        on_start: Called before the first line is read.
        on_failure: Called with the exception that ended the reading early, before it is raised again.
        on_consecutive: Called with a stream and consecutive lines that begin like its records, before they
            are decoded. Returns whether it took them all; otherwise they go to the callbacks one by one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.line_number = 0
        self.line = b""
        self.on_start: Callable[[], None] = lambda: None
        self.on_failure: Callable[[BaseException], None] = lambda _: None
        self.on_consecutive: Callable[[str, Sequence[bytes]], bool] = lambda _stream, _lines: False
        self._beginning = b""
        self._stream = ""
        self._cut = False
        self._decode = _decode

    @property
    @override
    def default_input(self) -> IO[bytes]:
        """Standard input, as bytes."""
        return sys.stdin.buffer

    @override
    def process_lines(
        self, file_input: IO[Any] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        """Read all lines.

        Args:
            file_input: Lines as bytes or text; standard input if there is none.
            callbacks: The function that takes a message, by the message's type.

        Returns:
            How many messages there were of each type.

        Raises:
            InputError: A line is not a Singer message.
        """
        # The bytes of a text file: it would be slow to decode them and encode them again.
        lines = getattr(file_input, "buffer", file_input) if file_input is not None else self.default_input
        counts: Counter[str] = Counter()
        try:
            self.on_start()
            for block, self._cut in _blocks(lines):
                self._read_block(block, callbacks, counts)
        except BaseException as error:
            self.on_failure(error)
            raise
        return counts

    def _read_block(
        self,
        lines: list[bytes],
        callbacks: dict[str, Callable[[dict[str, Any]], None]],
        counts: Counter[str],
    ) -> None:
        """Pass lines that begin alike to `on_consecutive`, and all others to the callbacks, one by one."""
        start = 0
        while start < len(lines):
            end = self._end_of_alike(lines, start)
            if end - start >= _MIN_CONSECUTIVE and self.on_consecutive(self._stream, lines[start:end]):
                self.line_number += end - start
                counts["RECORD"] += end - start
            else:
                for line in lines[start:end]:
                    self._read_line(line, callbacks, counts)
            start = end

    def _end_of_alike(self, lines: list[bytes], start: int) -> int:
        """Return the index after the last line, from `start` on, that begins like the last record."""
        end, beginning = start + 1, self._beginning
        if beginning and lines[start].startswith(beginning):
            while end < len(lines) and lines[end].startswith(beginning):
                end += 1
        return end

    def _read_line(
        self, line: bytes, callbacks: dict[str, Callable[[dict[str, Any]], None]], counts: Counter[str]
    ) -> None:
        self.line_number += 1
        self.line = line
        # `deserialize_json` and `_dispatch` are inlined here for speed: nearly all lines are RECORD messages.
        try:
            message = self._decode(line)
            is_record = message["type"] == "RECORD"
        except Exception:  # noqa: BLE001 - `deserialize_json` raises it again and reports it
            message, is_record = self.deserialize_json(line), False
        if is_record and "RECORD" in callbacks:
            if has_duplicates(line, message):
                message["record"] = DUPLICATE_PROPERTY
            try:
                callbacks["RECORD"](message)
            except InputError as error:
                raise self._with_line_number(error) from None
            counts["RECORD"] += 1
            if not (self._beginning and line.startswith(self._beginning)):
                self._note_beginning(line, message["stream"])
        elif message or line.strip():
            counts[self._dispatch(message, callbacks)] += 1

    def _note_beginning(self, line: bytes, stream: object) -> None:
        """Remember a record's line up to `"record"`, as consecutive records begin alike."""
        end = line.find(b'"record"', 0, _MAX_BEGINNING)
        self._beginning = line[: max(end, 0)]
        self._stream = str(stream)

    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        """Decode one line; fractions become `Decimal`, so that no digit is lost.

        Args:
            line: The line.

        Returns:
            The message; empty for a blank line. The `record` of a complete RECORD message that cannot be used
            is an `Unreadable`.

        Raises:
            InputError: The line is not a JSON object.
        """
        if self.line_number == 1:  # some programs begin a file with a byte order mark
            self.line = line = line.removeprefix(codecs.BOM_UTF8)
        try:
            message = self._decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
            if not line.strip():
                return {}
            if (message := unreadable(line, error)) is not None:
                return message
            if self.line_number == 1 and line[:2] in _UTF_16:
                msg = "not UTF-8: the file looks like UTF-16. Save it as UTF-8"
            elif self._cut:
                msg = f"the input ends in the middle of this line ({_cause(error)})"
                raise self._error(msg, _TRUNCATED_HINT) from None
            else:
                msg = f"no valid JSON ({_cause(error)})"
            raise self._error(msg) from None
        if not isinstance(message, dict):
            msg = "no JSON object"
            raise self._error(msg)
        return message

    @staticmethod
    def assert_line_requires(line_dict: dict[str, Any], requires: set[str]) -> None:
        """Check that a message has the members that its type needs.

        Raises:
            InputError: Something is missing; the SDK would print the whole message here.
        """
        missing = sorted(requires.difference(line_dict))
        if missing:
            message = f"a message lacks {', '.join(missing)}"
            raise InputError(message)

    def _dispatch(
        self, message: dict[str, Any], callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> str:
        kind = message.get("type")
        callback = callbacks.get(kind) if isinstance(kind, str) else None
        if callback is None:
            known = isinstance(kind, str) and _TYPE.fullmatch(kind)
            msg = f"a message of an unknown type{f' ({kind})' if known else ''}"
            raise self._error(msg)
        try:
            callback(message)
        except InputError as error:
            raise self._with_line_number(error) from None
        return str(kind)

    def _with_line_number(self, error: InputError) -> InputError:
        """Return an error with the line's number, if it has none yet."""
        return error if error.message.startswith("Line ") else self._error(error.message)

    def _error(
        self,
        what: str,
        hint: str = "The tap, or a program between tap and target, did not write Singer messages.",
    ) -> InputError:
        return InputError(f"Line {self.line_number} of the input: {what}", hint=hint)


_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def record_of(line: bytes) -> object:
    """Return the record of a line that was decoded by column before: a dict, or an `Unreadable`.

    Raises:
        DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError: The line cannot be decoded.
    """
    message = _decode(line)
    return DUPLICATE_PROPERTY if has_duplicates(line, message) else message["record"]


def record_as_read(line: bytes) -> object:
    """Return the record of a line; one that cannot be decoded is an `Unreadable`.

    Raises:
        InputError: The line is not a RECORD message.
    """
    try:
        return record_of(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        message = unreadable(line, error)
        if message is None:
            raise InputError(_cause(error)) from None
        return message["record"]


def _blocks(lines: Any) -> Iterator[tuple[list[bytes], bool]]:  # noqa: ANN401 - whatever gives lines, or bytes
    """Yield the lines that are available, without waiting for more, and whether the last is incomplete."""
    read = getattr(lines, "read1", None)
    if read is None:
        for text in lines:
            line = text if isinstance(text, bytes) else text.encode()
            yield [line], not line.endswith(b"\n")
        return
    incomplete: list[bytes] = []  # parts of a line whose end has not arrived yet
    while data := read(_BLOCK):
        *whole, rest = data.split(b"\n")
        if whole:
            whole[0] = b"".join([*incomplete, whole[0]])
            incomplete.clear()
            yield whole, False
        if rest:
            incomplete.append(rest)
    if incomplete:
        yield [b"".join(incomplete)], True


def _cause(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, ArithmeticError):
        return "Number out of range"  # an exponent that not even a Decimal has
    return str(error)  # msgspec's text has the kind of error and the position, and nothing of the content
