"""The reason why a value does not fit its field."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["InvalidValue", "too_long"]


@dataclass(frozen=True, slots=True)
class InvalidValue:
    """The reason why a value does not fit its field.

    Attributes:
        code: A stable word for the rejects file, such as `not_a_date`.
        reason: One sentence for a person. It says what was expected, and never has the value.
    """

    code: str
    reason: str


def too_long(length: int, limit: int) -> InvalidValue:
    """Return the reason for a value of more characters than its field holds."""
    return InvalidValue("too_long", f"the value has {length} characters, and the field holds {limit}")
