"""The possible results of a row: accepted, unchanged, declined, rejected. Imports nothing of this package.

A row that is wrong (unreadable, a value that does not fit, no key) is *rejected*: the source has to be fixed.
A row that is right, but that Listrak or missing consent does not allow to be loaded (previously unsubscribed,
opted out, not on the list), is *declined*. This is normal: only rejected rows count against
`max_reject_share`. Reasons are logged and written to the rejects file. They never have a person's data.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from listrak_api.errors import RequestRefusedError

__all__ = [
    "ACCEPTED",
    "UNCHANGED",
    "Declined",
    "Fault",
    "NotLoaded",
    "Outcome",
    "Rejected",
    "RowDeclined",
    "RowNotLoaded",
    "RowRejected",
    "rejected_by",
]


class _HasReason(Protocol):
    @property
    def code(self) -> str: ...

    @property
    def reason(self) -> str: ...


class Loaded(enum.Enum):
    """The results of a row that needs nothing more: Listrak has it, or it is skipped."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"


ACCEPTED: Final[Literal[Loaded.ACCEPTED]] = Loaded.ACCEPTED
"""Listrak took the row."""
UNCHANGED: Final[Literal[Loaded.UNCHANGED]] = Loaded.UNCHANGED
"""Nothing had to be written: Listrak has the row already, or `unmapped_streams: skip` skips it."""


class Fault(NamedTuple):
    """One fault of a row.

    Attributes:
        property: The record's property, such as `birthday`; "" if the fault is of the whole record.
        code: A stable word, such as `not_a_date`.
        reason: One sentence for a person, without the value.
    """

    property: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Declined:
    """A row that is right, but that Listrak or missing consent does not allow to be loaded.

    Attributes:
        code: A stable word for the rejects file, such as `previously_unsubscribed`.
        reason: One sentence for a person, without anybody's data.
    """

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is wrong.

    Attributes:
        code: A stable word for the rejects file, such as `bad_value`.
        reason: One sentence for a person. It says what was expected, and never has the value.
        faults: All faults of the row, if there are more than the reason names.
    """

    code: str
    reason: str
    faults: tuple[Fault, ...] = ()

    @classmethod
    def of(cls, bad: _HasReason, name: str = "") -> Rejected:
        """Return the rejection of a row for a value that cannot be used.

        Args:
            bad: The code and reason of the value (`values.InvalidValue`).
            name: The record's property, put before the reason.
        """
        return cls(bad.code, f"{name}: {bad.reason}" if name else bad.reason)


NotLoaded = Declined | Rejected
"""Why a row was not loaded. Both have `code` and `reason`."""

Outcome = Loaded | Declined | Rejected
"""The result of a row."""


class RowNotLoaded(Exception):  # noqa: N818 - a result, not an error of the program
    """Raised while a row is prepared. The row goes to the rejects file. Raise one of the two classes below.

    Args:
        outcome: Why the row is not loaded.
    """

    def __init__(self, outcome: NotLoaded) -> None:
        super().__init__(outcome.code)
        self.outcome = outcome


class RowRejected(RowNotLoaded):
    """Raised for a row that is wrong."""

    def __init__(self, rejected: Rejected) -> None:
        super().__init__(rejected)
        self.rejected = rejected


class RowDeclined(RowNotLoaded):
    """Raised for a row that is right and must not be loaded."""

    def __init__(self, declined: Declined) -> None:
        super().__init__(declined)


def rejected_by(error: RequestRefusedError) -> Rejected:
    """Return the rejection of a row that Listrak refused: its code and its text (masked by the client)."""
    reason = "Listrak refused it: " + (error.code or f"HTTP {error.status}")
    return Rejected("refused", f"{reason}: {error.message}" if error.message else reason)
