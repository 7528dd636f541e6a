"""The error of a run that would do more to people than an option of its destination allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listrak_api.errors import ListrakError

if TYPE_CHECKING:
    from target_listrak.config.destination import Destination

__all__ = ["LimitError"]


class LimitError(ListrakError):
    """A run would exceed a limit of its destination. What it did before is not undone.

    Args:
        destination: The destination.
        option: The option that sets the limit. The text names it.
        message: How the limit would be exceeded, and what was done before.
        hint: What to do if the rows are right, and if they are not.
    """

    def __init__(self, destination: Destination, option: str, message: str, hint: str) -> None:
        super().__init__(destination.error(option, message).message, hint=hint)
