"""Email addresses: checked without asking the network, compared as Listrak compares them.

What is sent is what was given, less surrounding space: Listrak keeps the spelling. Two addresses are the same
contact when their keys are equal.
"""

from __future__ import annotations

import functools
import re
from typing import Final, NamedTuple

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, ValidatedEmail, validate_email

from target_listrak.values import BadValue

__all__ = ["Address", "comparison_key", "parse", "parse_with_library"]


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
_MAX_LENGTH: Final = 254

# Addresses that need nothing of what the library knows: ASCII, dots between atoms, no hyphen next to another
# (IDNA gives those a meaning), an alphabetic end. Whatever else is left to the library.
_PLAIN = re.compile(
    r"(?=[^@]{1,64}@)[A-Za-z0-9_+\-]+(?:\.[A-Za-z0-9_+\-]+)*"
    r"@(?:[A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,20}){0,2}\.){1,4}([A-Za-z]{2,24})"
)
# Refused by the library, except `test`: made-up data uses it, and it reaches nobody.
_RESERVED: Final = frozenset(name.rsplit(".", 1)[-1] for name in SPECIAL_USE_DOMAIN_NAMES)


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
