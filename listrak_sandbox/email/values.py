"""What Listrak accepts: addresses and profile values, and how new values are merged with stored ones."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA_TYPES = ("Text", "Numeric", "RadioButton", "CheckBox", "CommentArea", "Date", "ContentBlock")
LONGEST_ADDRESS = 254
"""Characters of an address (RFC 5321)."""
_NEVER = re.compile(r"[\s<>()\[\],;:\\]")
_NUMERIC = re.compile(r"-?\d+(\.\d{1,2})?")
_SWITCH = {"on": "on", "true": "on", "1": "on", "off": "off", "false": "off", "0": "off"}
_TEXTS = ("Text", "CommentArea", "ContentBlock")


class InvalidValue(ValueError):  # noqa: N818  the vendor's own word
    """A value does not fit its field; the text says why, without the value."""


def checked(field: Mapping[str, Any], value: str) -> str:
    """Return a value as it is stored; an empty one fits every field.

    Args:
        field: The API's SegmentationField.
        value: What was given.

    Raises:
        InvalidValue: It is too long, or not a value of the field's type.
    """
    kind = field["dataType"]
    text = value if kind in _TEXTS else value.strip()
    if not text:
        return ""
    if len(text) > field["maxLength"]:
        message = f"At most {field['maxLength']} characters are allowed."
        raise InvalidValue(message)
    if kind in {"CheckBox", "RadioButton"}:
        switch = _SWITCH.get(text.lower())
        if switch is None:
            message = "'on' or 'off' is expected."
            raise InvalidValue(message)
        return switch
    if kind == "Numeric" and not _NUMERIC.fullmatch(text):
        message = "Digits with at most two decimals are expected."
        raise InvalidValue(message)
    if kind == "Date":
        try:
            datetime.strptime(text, "%m/%d/%Y")  # noqa: DTZ007  only whether it is a day counts
        except ValueError:
            message = "A date MM/DD/YYYY is expected."
            raise InvalidValue(message) from None
    return text


def plausible(email: str) -> bool:
    """Return whether a text looks like an address to Listrak."""
    local, at, domain = email.strip().rpartition("@")
    return (
        bool(at and local and domain)
        and "@" not in local
        and "." in domain.strip(".")
        and not domain.startswith((".", "-"))
        and not domain.endswith(".")
        and not _NEVER.search(email.strip())
        and len(email) <= LONGEST_ADDRESS
    )


def merged(
    fields: Mapping[int, Mapping[str, Any]], stored: dict[int, str], given: Mapping[int, str], update: str
) -> dict[int, str]:
    """Return stored values with given ones applied.

    Fields that are not among `given` keep what they have, whatever the kind of update.

    Args:
        fields: The list's profile fields by id.
        stored: What the contact has.
        given: Checked values by field id; empty for a field that was named without a value.
        update: ``Update``: an empty value changes nothing. ``Append``: texts are appended to the stored
            text, values of other types replace it. ``Overwrite``: an empty value clears.
    """
    result = dict(stored)
    for identifier, value in given.items():
        if not value:
            if update == "Overwrite":
                result.pop(identifier, None)
            continue
        field = fields[identifier]
        if update == "Append" and field["dataType"] in _TEXTS:
            result[identifier] = (result.get(identifier, "") + value)[: field["maxLength"]]
        else:
            result[identifier] = value
    return result
