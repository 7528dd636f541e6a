"""Invisible characters: found, named and removed.

A byte order mark, a zero-width space or a no-break space makes texts differ that look the same. Names are
compared without such characters. An address with one is rejected, and the reason names the character.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["escaped", "first_invisible", "named", "plain_form", "without_invisible"]

# What Unicode calls "default ignorable", blank letters, and control characters that are no white space.
_INVISIBLE: Final = re.compile(
    "["
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
    "\u00ad\u034f\u0600-\u0605\u061c\u06dd\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "]"
)


def first_invisible(text: str) -> int | None:
    """Return the index of the first invisible character that is not white space; `None` if there is none."""
    match = _INVISIBLE.search(text)
    return match.start() if match else None


def without_invisible(text: str, instead: str = "") -> str:
    """Return a text without invisible characters.

    Args:
        text: Any text. White space stays.
        instead: The text that replaces each of them.
    """
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub(instead, text)


def plain_form(text: str) -> str:
    """Return a text without invisible characters and in the Unicode form NFKC.

    No-break and other special spaces become plain spaces, and full-width digits become plain digits.
    """
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFKC", without_invisible(text))


def named(character: str) -> str:
    """Name a character by its code point, such as `U+200B`."""
    return f"U+{ord(character):04X}"


def escaped(text: str) -> str:
    """Return a name for an error text: invisible characters and special spaces are written as escapes."""
    return "".join(
        character
        if character == " " or (character.isprintable() and not _INVISIBLE.match(character))
        else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text
    )
