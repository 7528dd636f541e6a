"""Reads the status of an import: whether it has ended, and whether it failed.

Listrak does not document the words of a status. They are compared without case and blanks. An import has
ended when it has an `endDate`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["has_ended", "has_failed", "letters_of", "means_failure"]

_NOT_LETTER = re.compile(r"[^a-z]+")
_NO_DATE = "0001-01-01"
"""What Listrak writes where there is no date."""


def letters_of(text: object) -> str:
    """Return a word of Listrak's as it is compared: its letters in lower case."""
    return _NOT_LETTER.sub("", str(text).lower())


def means_failure(word: str) -> bool:
    """Return whether a word, as `letters_of` returns it, says that something failed or was cancelled."""
    return any(part in word for part in ("fail", "error", "cancel"))


def has_ended(status: Mapping[str, Any]) -> bool:
    """Return whether an import has ended: it has an end date, and not the one that means no date."""
    end = status.get("endDate")
    return bool(end) and not str(end).startswith(_NO_DATE)


def has_failed(status: Mapping[str, Any]) -> bool:
    """Return whether an import's status says that it failed or was cancelled."""
    return means_failure(letters_of(status.get("status", "")))
