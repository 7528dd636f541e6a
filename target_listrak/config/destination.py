"""One destination of the setting `destinations`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from listrak_api.errors import ConfigurationError
from target_listrak.config.destination_members import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Destination", "place"]


def place(pattern: str, member: str = "") -> str:
    """A member's place in the settings, for error texts."""
    return f"destinations.{pattern}.{member}" if member else f"destinations.{pattern}"


@dataclass(frozen=True)
class Destination:
    """One entry of the setting `destinations`, checked.

    Attributes:
        pattern: The stream's name or pattern.
        kind: The kind of destination.
        options: The members that were given.
    """

    pattern: str
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def option(self, name: str) -> Any:  # noqa: ANN401 - the option's own type
        """A member's value, or its default."""
        return self.options.get(name, OPTIONS[name].default)

    @property
    def clears(self) -> bool:
        """Whether null and empty text clear a field: asked for, or implied by Overwrite."""
        return bool(self.option("null_handling") == "clear" or self.option("update_type") == "Overwrite")

    def error(self, member: str, message: str, hint: str = "") -> ConfigurationError:
        """An error about one member, naming it."""
        name = place(self.pattern, member)
        return ConfigurationError(f"{name}: {message}", setting=name, hint=hint)
