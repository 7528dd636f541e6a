"""Counts and digests of what a complete extraction must return, whatever the order of rows."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MODULUS = 2**64


class Digest:
    """A count of rows, and the sum of a hash of each row's key: the same for any order of rows.

    A row's hash is BLAKE2b (8 bytes) of its key values as text, joined by the unit separator (U+001F).
    """

    def __init__(self) -> None:
        self.count = 0
        self.sum = 0

    def add(self, *key: object) -> None:
        """Count one row, given its key values in the order of the stream's key columns."""
        text = "\x1f".join(map(str, key))
        self.count += 1
        self.sum += int.from_bytes(blake2b(text.encode(), digest_size=8).digest())

    def result(self) -> dict[str, object]:
        """Return ``{count, digest}``, the digest as 16 hexadecimal digits."""
        return {"count": self.count, "digest": f"{self.sum % MODULUS:016x}"}


def digest(keys: Iterable[tuple[object, ...]]) -> dict[str, object]:
    """Return ``{count, digest}`` of rows by their keys."""
    sums = Digest()
    for key in keys:
        sums.add(*key)
    return sums.result()


def chosen(selection: Mapping[str, str], name: str) -> set[str]:
    """Return the names in a comma-separated query parameter; empty if it is absent."""
    return {one.strip() for one in selection.get(name, "").split(",") if one.strip()}
