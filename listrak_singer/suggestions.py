"""Suggestions for errors about an unknown name: the nearest of the known names."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["did_you_mean", "distance", "nearest"]

_SEPARATORS = re.compile(r"[\s_.-]+")


def distance(one: str, other: str) -> int:
    """Count the edits between two names: letters added, left out, replaced, or swapped with the next.

    The standard library's difflib measures similarity, and ranks some names with two edits before names with
    one.
    """
    from rapidfuzz.distance import OSA  # noqa: PLC0415 - needed after a mistake only

    return OSA.distance(one, other)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Find the known name that a word was probably meant to be.

    Args:
        word: The word: `dryrun`.
        known: The names that exist.

    Returns:
        The name with the fewest edits, case and separators aside (`dry_run`); None if none is similar.
    """
    folded = _folded(word)
    ranked = sorted((distance(folded, _folded(name)), distance(word, name), name) for name in known)
    if not ranked:
        return None
    edits, _, name = ranked[0]
    if edits <= max(1, len(folded) // 4):
        return name
    close = difflib.get_close_matches(word.casefold(), [one.casefold() for _, _, one in ranked], n=1)
    return next((one for _, _, one in ranked if close and one.casefold() == close[0]), None)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint for an error about an unknown name: the nearest name, and all names that exist."""
    names = sorted(known)
    there = f"There is: {', '.join(names)}." if names else "There is none."
    found = nearest(word, names)
    return there if found is None else f"Did you mean {found!r}? {there}"


def _folded(name: str) -> str:
    return _SEPARATORS.sub("", name).casefold()
