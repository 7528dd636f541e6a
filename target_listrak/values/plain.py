"""Names and values in a form that can be compared whatever their spelling."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from target_listrak.values.characters import plain_form

__all__ = ["folded_name", "plain_value"]

_MAX_NUMBER: Final = 10**15


def folded_name(name: str) -> str:
    """Return the form of a property's name by which names are compared: `_sdc_deleted_at` → `sdcdeletedat`.

    Case, separators and invisible characters make no difference.
    """
    return "".join(character for character in plain_form(name) if character.isalnum()).casefold()


def plain_value(value: object) -> str:
    """Return the text by which scalars are compared: `True` → `true`, 1.0 → `1`, ` Yes ` → `yes`.

    Null and blank text are "". All numbers that are too large to be a code are "number".
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal):
        finite = not isinstance(value, Decimal) or value.is_finite()
        if not (
            finite and -_MAX_NUMBER < value < _MAX_NUMBER
        ):  # a float that is not a number is not between them
            return "number"
        return str(int(value)) if value == int(value) else str(value)
    return plain_form(str(value)).strip().casefold()
