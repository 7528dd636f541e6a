"""Seeded randomness with direct access: any block of draws is a pure function of its name."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

_RECORDS = {width: struct.Struct(f"<{width}H") for width in (4, 10)}
SPAN = 65_536
"""Each draw is an integer from 0 to 65,535."""


def block(name: str, rows: int, width: int) -> list[tuple[Any, ...]]:
    """Draw `rows` tuples of `width` integers below 65,536; the name alone decides them."""
    record = _RECORDS[width]
    data = hashlib.shake_128(name.encode()).digest(rows * record.size)
    return list(record.iter_unpack(data))


def number(name: str, below: int) -> int:
    """Draw one integer from 0 to below - 1."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest()) % below


def raw(name: str, size: int) -> bytes:
    """Draw `size` bytes."""
    return hashlib.shake_128(name.encode()).digest(size)
