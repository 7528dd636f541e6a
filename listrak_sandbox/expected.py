"""What a complete extraction must return: counts, and a digest of the keys."""

from __future__ import annotations

from hashlib import blake2b


class Digest:
    """Counts rows and sums up their keys, in any order."""

    def __init__(self) -> None:
        self._count = 0
        self._sum = 0

    def add(self, *keys: object) -> None:
        """Add one row by the values of its key columns, in the stream's order of keys."""
        text = "\x1f".join(map(str, keys))
        self._count += 1
        self._sum += int.from_bytes(blake2b(text.encode(), digest_size=8).digest())

    def result(self) -> dict[str, object]:
        """Give ``{count, digest}``; the digest is 16 hexadecimal digits."""
        return {"count": self._count, "digest": f"{self._sum % 2**64:016x}"}
