"""All that is wrong with a row, in one rejection: fixed once, it is not rejected again for the next fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listrak_api.errors import ListrakError
from target_listrak.outcomes import Fault, Rejected, RowRejected
from target_listrak.values.characters import escaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_listrak.values.invalid_value import InvalidValue

__all__ = ["InvalidValueError", "RowFaults", "as_faults", "rejection", "with_faults"]

_MOST_NAMED: Final = 10
_MOST_KEPT: Final = 50
_LONGEST_NAME: Final = 80


class InvalidValueError(ListrakError):
    """A value does not fit its field, and `on_bad_value` is `fail`."""


def rejection(code: str, faults: Sequence[Fault]) -> Rejected:
    """Create a rejection that names every fault.

    Args:
        code: What the rejection is counted as; each fault has a code of its own.
        faults: At least one.
    """
    named = [f"{_short(one.property)}: {one.reason}" if one.property else one.reason for one in faults]
    reason = "; ".join(named[:_MOST_NAMED])
    if len(named) > _MOST_NAMED:
        reason += f"; and {len(named) - _MOST_NAMED} more"
    kept = len(faults) > 1 or faults[0].code != code
    return Rejected(code, reason, tuple(faults[:_MOST_KEPT]) if kept else ())


def as_faults(rejected: Rejected, name: str = "") -> tuple[Fault, ...]:
    """Return the faults of a rejection.

    Args:
        rejected: The rejection.
        name: The property that it is about, where it does not say so itself.
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
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[:_LONGEST_NAME]}\u2026"


class RowFaults:
    """What happens to values that do not fit (`on_bad_value`); collects the faults of one row.

    Only the thread that reads the input uses it.
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
        """Note a value without which the row cannot be loaded, whatever `on_bad_value` says.

        Args:
            name: The property.
            invalid: What is wrong with its value.
            code: The rejection's code, if it is not the value's own.
        """
        self._code = self._code or code or invalid.code
        self._faults.append(Fault(name, invalid.code, invalid.reason))

    def gathered(self) -> list[Fault]:
        """Return the faults of the row, and begin with the next row."""
        found, self._faults, self._code = self._faults, [], ""
        return found

    def check(self) -> None:
        """End the row.

        Raises:
            RowRejected: It had faults; the rejection names them all.
        """
        if self._faults:
            code = self._code
            raise RowRejected(rejection(code, self.gathered()))
