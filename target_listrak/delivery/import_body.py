"""Import files of email and SMS: their lines, and the body of the request that carries a file.

Every cell is quoted and quotes in it are doubled, so commas, quotes and line ends survive. Example:
`"ann@example.com","Ann ""A"" Lee"`.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["MAX_FILE_BYTES", "ImportBody", "decode_line", "encode_line"]

MAX_FILE_BYTES: Final = 195_000_000
"""Listrak's limit for a file, before base64."""

_CELL: Final = re.compile(r'"([^"]*(?:""[^"]*)*)"')  # the csv module refuses cells of more than 128 kB
_CHUNK: Final = 3 * 65_536  # a multiple of three, so that the pieces' base64 joins


def encode_line(cells: Sequence[str]) -> bytes:
    """Return one line of the file: every cell quoted, quotes doubled, UTF-8, ended by a line feed."""
    text = '","'.join(cells)
    if text.count('"') != 2 * (len(cells) - 1):
        text = '","'.join([cell.replace('"', '""') for cell in cells])
    return f'"{text}"\n'.encode()


def decode_line(line: bytes) -> list[str]:
    """Return the cells of a line that `encode_line` created."""
    return [cell.replace('""', '"') for cell in _CELL.findall(line.decode())]


class ImportBody:
    """The body of an import's POST, created while it is sent: the whole base64 text is never in memory.

    Args:
        head: Everything but `fileStream`.
        lines: The file's lines.
    """

    def __init__(self, head: dict[str, object], lines: Sequence[bytes]) -> None:
        self._prefix = msgspec.json.encode(head)[:-1] + b',"fileStream":"'
        self._lines = lines
        self.file_bytes = sum(map(len, lines))

    def __len__(self) -> int:
        """Return the size of the body in bytes."""
        return len(self._prefix) + -(-self.file_bytes // 3) * 4 + 2

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body in pieces."""
        yield self._prefix
        for piece in self._pieces():
            yield b2a_base64(piece, newline=False)
        yield b'"}'

    def _pieces(self) -> Iterator[bytes]:
        """Yield the file in pieces whose length is a multiple of three, except for the last one."""
        pending: list[bytes] = []
        size = 0
        for line in self._lines:
            pending.append(line)
            size += len(line)
            if size >= _CHUNK:
                whole = b"".join(pending)
                cut = size - size % 3
                yield whole[:cut]
                pending, size = [whole[cut:]], size - cut
        if size:
            yield b"".join(pending)
