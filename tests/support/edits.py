"""Misspellings of a name by one edit: a letter left out, added, replaced, or swapped with the next."""

from __future__ import annotations

import os
import random
import string
from typing import TYPE_CHECKING

from seeds import SEED

if TYPE_CHECKING:
    from collections.abc import Collection

ALPHABET = string.ascii_lowercase + "_"
PER_NAME = int(os.environ.get("LISTRAK_SLIPS", "3"))
"""``LISTRAK_SLIPS``: how many misspellings are tried of each name (3); 0 tries all, several hundred each."""


def all_edits(name: str) -> set[str]:
    """All of them."""
    cuts = [(name[:place], name[place:]) for place in range(len(name) + 1)]
    left_out = {head + tail[1:] for head, tail in cuts if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    replaced = {head + letter + tail[1:] for head, tail in cuts if tail for letter in ALPHABET}
    added = {head + letter + tail for head, tail in cuts for letter in ALPHABET}
    return (left_out | swapped | replaced | added) - {name, ""}


def misspellings(name: str, valid: Collection[str]) -> list[str]:
    """Some of them, the same ones every time, without those that are another valid name."""
    every = sorted(all_edits(name) - set(valid))
    if not PER_NAME or len(every) <= PER_NAME:
        return every
    return random.Random(f"{SEED} {name}").sample(every, PER_NAME)
