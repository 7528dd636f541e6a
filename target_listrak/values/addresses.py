"""Email addresses: checked without a network look-up, compared as Listrak compares them.

An address is sent as given, without the parts that certainly do not belong to it: surrounding white space,
`mailto:`, a name before angle brackets, quotes around the whole, full-width forms. Listrak keeps the
spelling. A doubtful address is rejected with the reason. Two addresses are the same contact if their keys are
equal.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, ValidatedEmail, validate_email

from target_listrak.values.characters import first_invisible, named
from target_listrak.values.invalid_value import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Address", "comparison_key", "parse", "parse_many", "parse_with_care"]


class Address(NamedTuple):
    """An address that can be a contact.

    Attributes:
        sent: The address as it is sent.
        key: The address normalised and in lower case: equal for all spellings of a contact.
    """

    sent: str
    key: str


_MISSING = InvalidValue("no_email_address", "the record has no email address")


def _bad(cause: str) -> InvalidValue:
    return InvalidValue("bad_email_address", f"not an email address: {cause}")


_NOBODY: Final = Address("", "")
_MAX_LENGTH: Final = 254
_MAX_LOCAL: Final = 64

# Placeholders that shops fill in if a person gave no address: `noemail@…`, `none@none.…`.
_PLACEHOLDER_LOCAL: Final = (
    r"no[-_.]?(?:e[-_.]?)?mail(?:[-_.]?(?:address|given|provided))?|not[-_.]?(?:given|provided)"
)
_REPEATED_WORD: Final = "none|null|nil|na|unknown|nobody|anonymous|test"
_PLACEHOLDER: Final = re.compile(rf"^(?:(?:{_PLACEHOLDER_LOCAL})@|({_REPEATED_WORD})@\1\.)", re.IGNORECASE)

# Addresses that can be checked without the library: ASCII, dots between atoms, no two hyphens in a row (they
# have a meaning in IDNA), a top-level domain of letters. The library checks all others.
_ATOMS: Final = r"[A-Za-z0-9_+\-]+(?:\.[A-Za-z0-9_+\-]+)*"
_NO_PLACEHOLDER: Final = rf"(?!(?=[aAnNtTuU])(?i:{_PLACEHOLDER_LOCAL}|{_REPEATED_WORD})(?:@|\Z))"
"""Checks the first letter first, because every address is checked."""
_PLAIN_LOCAL = re.compile(_NO_PLACEHOLDER + _ATOMS)
_PLAIN = re.compile(
    rf"{_NO_PLACEHOLDER}(?=[^@]{{1,{_MAX_LOCAL}}}@){_ATOMS}"
    r"@(?:[A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,20}){0,2}\.){1,4}([A-Za-z]{2,24})"
)
# The library refuses these, except for `test`, which test data uses and which reaches nobody.
_RESERVED: Final = frozenset(name.rsplit(".", 1)[-1] for name in SPECIAL_USE_DOMAIN_NAMES)
_MAX_DOMAINS: Final = 10_000
_plain_domains: set[str] = set()


_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_IN_BRACKETS: Final = re.compile(
    r"""(?:"[^"<>@]*"|'[^'<>@]*'|[^"<>@,;]*)\s*<\s*(?:mailto:)?([^<>\s]+)\s*>""", re.IGNORECASE
)
_QUOTED: Final = re.compile(r"""=?(["'])([^"'\s]+@[^"'\s]+)\1""")

# Doubtful forms and their reasons. The first that matches counts.
_DOUBTS: Final = (
    (
        re.compile(r"^[^@]*[(\[{<]\s*at\s*[)\]}>]", re.IGNORECASE),
        _bad("it is written with (at) instead of @"),
    ),
    (re.compile(r"^[^@]*$"), _bad("it has no @ sign")),
    (_PLACEHOLDER, _bad("it is a placeholder, filled in where a person gave no address")),
    (re.compile(r"@\s*@"), _bad("it has two @ signs")),
    (re.compile(r"@.*@", re.DOTALL), _bad("the cell holds more than one address, or a second @ sign")),
    (re.compile(r"^@|@$"), _bad("the part before or after the @ sign is missing")),
    (re.compile(r"[<>]"), _bad("it has angle brackets in a place where they make no sense")),
    (re.compile(r"[^\S\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"), _bad("it contains a blank")),
    (re.compile(r"\s"), _bad("it contains a special blank, such as a no-break blank (U+00A0)")),
    (re.compile(r"[,;:]"), _bad("it contains a comma, colon or semicolon")),
    (re.compile(r"\.$"), _bad("it ends in a dot (the end may be missing)")),
    (
        re.compile(r"^['`=\u2018\u2019\u00b4]"),
        _bad("it begins with a quote or an equals sign, as spreadsheets write"),
    ),
    (re.compile(r"[?*\ufffd].*@"), _bad("a character is lost or masked (`?`, `*`)")),
    (re.compile(r"%[0-9a-f]{2}.*@", re.IGNORECASE), _bad("it is URL-encoded")),
)
_NO_TEXT: Final = _bad("expected a string")
_NO_DOMAIN: Final = _bad("the part after the @ sign is not a domain")
_NO_LOCAL: Final = _bad("the part before the @ sign is invalid")


def parse(value: object) -> Address | InvalidValue:
    """Check an address and return it with the key by which it is compared.

    Args:
        value: The record's value.

    Returns:
        The address, or the reason why it is not one (without the address). No network look-up is made.
    """
    if not isinstance(value, str):
        return _MISSING if value is None else _NO_TEXT
    text = value.strip()
    if not text:
        return _MISSING
    match = _PLAIN.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if match:
        key = text.lower()
        if key[match.start(1) :] not in _RESERVED:
            return Address(text, key)
    return _parse_with_care(text)


def parse_many(values: Sequence[object], slow_path: set[int]) -> tuple[list[str], list[str]]:
    """Check a column of addresses, as `parse` does for each of them.

    Args:
        values: The records' values.
        slow_path: The indices of rows without a valid address are added.

    Returns:
        The addresses to send, and their keys; empty texts for rows that were added to `slow_path`.
    """
    sent: list[str] = []
    keys: list[str] = []
    for index, value in enumerate(values):
        # The domain of nearly all addresses was seen before. Then only the local part is checked.
        if isinstance(value, str):
            local, _, domain = value.partition("@")
            if domain in _plain_domains and len(local) <= _MAX_LOCAL and _PLAIN_LOCAL.fullmatch(local):
                sent.append(value)
                keys.append(value.lower())
                continue
        address = parse(value)
        if isinstance(address, InvalidValue):
            slow_path.add(index)
            address = _NOBODY
        else:
            _note_domain(address.sent)
        sent.append(address.sent)
        keys.append(address.key)
    return sent, keys


def _note_domain(text: str) -> None:
    """Remember the domain of an address that was checked without the library."""
    if _PLAIN.fullmatch(text) and text.rpartition(".")[2].lower() not in _RESERVED:
        domain = text.partition("@")[2]
        if len(domain) < _MAX_LENGTH - _MAX_LOCAL:
            if len(_plain_domains) >= _MAX_DOMAINS:
                _plain_domains.clear()
            _plain_domains.add(domain)


def parse_with_care(text: str) -> Address | InvalidValue:
    """Do what `parse` does, without the fast path. Tests compare the two."""
    position = first_invisible(text)
    if position is not None:
        return _invisible(text, position)
    text = _without_wrapping(text if text.isascii() else text.translate(_FULL_WIDTH))
    for doubt, reason in _DOUBTS:
        if doubt.search(text):
            return reason
    if not text.isascii() and (found := _look_alike(text)):
        return _bad(f"it contains a special form of a character ({named(found)})")
    try:
        found_address: ValidatedEmail = validate_email(
            text, check_deliverability=False, test_environment=True
        )
    except EmailNotValidError:
        return _cause(text)
    return Address(text, found_address.normalized.lower())


_parse_with_care = functools.lru_cache(maxsize=10_000)(parse_with_care)


def _without_wrapping(text: str) -> str:
    """Return an address without a name before it, `mailto:` or quotes around the whole."""
    if match := _IN_BRACKETS.fullmatch(text):
        return match[1]
    if match := _QUOTED.fullmatch(text):
        return match[2]
    return text[len("mailto:") :].lstrip() if text[:7].lower() == "mailto:" else text


def _invisible(text: str, position: int) -> InvalidValue:
    """Return the reason for an invisible character: which, and where."""
    before, at, _ = text.partition("@")
    domain_end = len(text.rstrip("".join(char for char in text if first_invisible(char) is not None)))
    if not at:
        place = "in a text without @ sign"
    elif position == 0:
        place = "before the address"
    elif position < len(before):
        place = "before the @ sign"
    else:
        place = "after the domain" if position >= domain_end else "in the domain"
    return _bad(f"it contains an invisible character ({named(text[position])}) {place}")


def _look_alike(text: str) -> str:
    """Return the first compatibility character (Unicode), such as a ligature; "" if there is none."""
    local = unicodedata.normalize("NFC", text.partition("@")[0])
    return next((char for char in local if unicodedata.normalize("NFKC", char) != char), "")


def _cause(text: str) -> InvalidValue:
    """Return the reason for an address that the library refuses: its local part or its domain."""
    local = text.partition("@")[0]
    try:
        validate_email(f"{local}@example.com", check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return _NO_LOCAL
    return _NO_DOMAIN


def comparison_key(text: str) -> str:
    """Return the key of an address that Listrak returned: the same as `parse` gives for what was sent.

    Args:
        text: An address in an answer, which need not be valid.

    Returns:
        The key; for a text that is not an address, the text in lower case.
    """
    address = parse(text)
    return text.strip().lower() if isinstance(address, InvalidValue) else address.key
