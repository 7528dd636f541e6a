"""Collects all faults of a row into one rejection, so that a person can correct all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listrak_api.errors import ListrakError
from target_listrak.outcomes import Fault, Rejected, RowRejected
from target_listrak.values.characters import escaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_listrak.values.invalid_value import InvalidValue

__all__ = ["InvalidValueError", "RowFaults", "as_faults", "rejection", "with_faults"]

_MAX_NAMED: Final = 10
_MAX_KEPT: Final = 50
_MAX_NAME_LENGTH: Final = 80


class InvalidValueError(ListrakError):
    """A value does not fit its field, and `on_bad_value` is `fail`."""


def rejection(code: str, faults: Sequence[Fault]) -> Rejected:
    """Create a rejection that names every fault.

    Args:
        code: The code of the rejection; each fault has a code of its own.
        faults: The faults, at least one.
    """
    named = [
        f"{_short(fault.property)}: {fault.reason}" if fault.property else fault.reason for fault in faults
    ]
    reason = "; ".join(named[:_MAX_NAMED])
    if len(named) > _MAX_NAMED:
        reason += f"; and {len(named) - _MAX_NAMED} more"
    kept = len(faults) > 1 or faults[0].code != code
    return Rejected(code, reason, tuple(faults[:_MAX_KEPT]) if kept else ())


def as_faults(rejected: Rejected, name: str = "") -> tuple[Fault, ...]:
    """Return the faults of a rejection.

    Args:
        rejected: The rejection.
        name: The property of a rejection that has no faults of its own.
    """
    return rejected.faults or (Fault(name, rejected.code, rejected.reason),)


def with_faults(rejected: Rejected, name: str, more: Sequence[Fault]) -> Rejected:
    """Add the row's other faults to a rejection, whose code stays.

    Args:
        rejected: The rejection.
        name: The property that it is about.
        more: Further faults.
    """
    return rejection(rejected.code, [*as_faults(rejected, name), *more]) if more else rejected


def _short(name: str) -> str:
    shown = escaped(name)
    return shown if len(shown) <= _MAX_NAME_LENGTH else f"{shown[:_MAX_NAME_LENGTH]}\u2026"


class RowFaults:
    """Treats values that do not fit, as `on_bad_value` says, and collects the faults of one row.

    Only the thread that reads the input uses it.

    Args:
        treatment: The option `on_bad_value`.
    """

    def __init__(self, treatment: str) -> None:
        self.rejects = treatment == "reject_row"
        self._fails = treatment == "fail"
        self._code = ""
        self._faults: list[Fault] = []

    def treat(self, name: str, invalid: InvalidValue) -> None:
        """Reject the row for a value that does not fit, end the run, or leave the value out.

        Raises:
            InvalidValueError: `on_bad_value` is `fail`.
        """
        if self.rejects:
            self.reject(name, invalid, "bad_value")
        elif self._fails:
            hint = "The setting on_bad_value is fail; reject_row rejects the row, blank leaves the value out."
            msg = f"A value does not fit: {_short(name)}: {invalid.reason}"
            raise InvalidValueError(msg, hint=hint)

    def reject(self, name: str, invalid: InvalidValue, code: str = "") -> None:
        """Note a fault for which the row is rejected, whatever `on_bad_value` says.

        Args:
            name: The property.
            invalid: What is wrong with its value.
            code: The rejection's code, if it is not the value's own.
        """
        self._code = self._code or code or invalid.code
        self._faults.append(Fault(name, invalid.code, invalid.reason))

    def gathered(self) -> list[Fault]:
        """Return the faults of the row, and clear them for the next row."""
        found, self._faults, self._code = self._faults, [], ""
        return found

    def check(self) -> None:
        """Reject the row if it has faults, and clear them for the next row.

        Raises:
            RowRejected: The row has faults; the rejection has all of them.
        """
        if self._faults:
            code = self._code
            raise RowRejected(rejection(code, self.gathered()))
