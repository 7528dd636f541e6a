"""Email addresses: checked without asking the network, compared as Listrak compares them.

What is sent is what was given, less surrounding space: Listrak keeps the spelling. Two addresses are the same
contact when their keys are equal.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, ValidatedEmail, validate_email

from target_listrak.values import BadValue

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Address", "comparison_key", "parse", "parse_many", "parse_with_library"]


class Address(NamedTuple):
    """An address that can be a contact.

    Attributes:
        sent: The text to send.
        key: The same for every spelling of the same contact: normalised, in lower case.
    """

    sent: str
    key: str


_MISSING = BadValue("no_email_address", "the record has no email address")
_BAD = BadValue("bad_email_address", "not an email address")
_NOBODY: Final = Address("", "")
_MAX_LENGTH: Final = 254
_MAX_LOCAL: Final = 64

# Addresses that need nothing of what the library knows: ASCII, dots between atoms, no hyphen next to another
# (IDNA gives those a meaning), an alphabetic end. Whatever else is left to the library.
_ATOMS: Final = r"[A-Za-z0-9_+\-]+(?:\.[A-Za-z0-9_+\-]+)*"
_PLAIN_LOCAL = re.compile(_ATOMS)
_PLAIN = re.compile(
    rf"(?=[^@]{{1,{_MAX_LOCAL}}}@){_ATOMS}"
    r"@(?:[A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,20}){0,2}\.){1,4}([A-Za-z]{2,24})"
)
# Refused by the library, except `test`: made-up data uses it, and it reaches nobody.
_RESERVED: Final = frozenset(name.rsplit(".", 1)[-1] for name in SPECIAL_USE_DOMAIN_NAMES)
_MOST_DOMAINS: Final = 10_000
_plain_domains: set[str] = set()


def parse(value: object) -> Address | BadValue:
    """Check an address and give the key by which it is compared.

    Args:
        value: What a record holds.

    Returns:
        The address, or why it is none (without repeating it). No network look-up is made.
    """
    if not isinstance(value, str):
        return _MISSING if value is None else _BAD
    text = value.strip()
    if not text:
        return _MISSING
    match = _PLAIN.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if match:
        key = text.lower()
        if key[match.start(1) :] not in _RESERVED:
            return Address(text, key)
    return _parse_with_library(text)


def parse_many(values: Sequence[object], alone: set[int]) -> tuple[list[str], list[str]]:
    """Check a column of addresses: what `parse` gives for each of them.

    Args:
        values: What records hold.
        alone: Gets the rows, from 0, that hold none.

    Returns:
        What to send, and the keys; empty texts for rows that are in `alone`.
    """
    sent: list[str] = []
    keys: list[str] = []
    for index, value in enumerate(values):
        # Nearly all addresses are of a domain that others had before: then the part before it decides.
        if isinstance(value, str):
            local, _, domain = value.partition("@")
            if domain in _plain_domains and len(local) <= _MAX_LOCAL and _PLAIN_LOCAL.fullmatch(local):
                sent.append(value)
                keys.append(value.lower())
                continue
        address = parse(value)
        if isinstance(address, BadValue):
            alone.add(index)
            address = _NOBODY
        else:
            _note_domain(address.sent)
        sent.append(address.sent)
        keys.append(address.key)
    return sent, keys


def _note_domain(text: str) -> None:
    """Remember the domain of an address that needs nothing of what the library knows."""
    if _PLAIN.fullmatch(text) and text.rpartition(".")[2].lower() not in _RESERVED:
        domain = text.partition("@")[2]
        if len(domain) < _MAX_LENGTH - _MAX_LOCAL:
            if len(_plain_domains) >= _MOST_DOMAINS:
                _plain_domains.clear()
            _plain_domains.add(domain)


def parse_with_library(text: str) -> Address | BadValue:
    """The same answer as `parse`, always by the library: the measure for the short way."""
    try:
        found: ValidatedEmail = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return _BAD
    return Address(text, found.normalized.lower())


_parse_with_library = functools.lru_cache(maxsize=10_000)(parse_with_library)


def comparison_key(text: str) -> str:
    """The key of an address that Listrak returned: the same as `parse` gives for what was sent.

    Args:
        text: An address as an answer holds it, which need not be a valid one.

    Returns:
        The key; a text that is no address is compared in lower case.
    """
    address = parse(text)
    return text.strip().lower() if isinstance(address, BadValue) else address.key
