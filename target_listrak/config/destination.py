"""One destination of the setting `destinations`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from listrak_api.errors import ConfigurationError
from target_listrak.config.destination_options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ANY_PROPERTY", "Destination", "place"]

ANY_PROPERTY: Final = "*"
"""In `fields`: the properties that it does not name; with `auto` they go to the fields of their names."""


def place(pattern: str, option: str = "") -> str:
    """Return the path of an option in the settings, for error texts: `destinations.people.list`."""
    return f"destinations.{pattern}.{option}" if option else f"destinations.{pattern}"


@dataclass(frozen=True)
class Destination:
    """One entry of the setting `destinations`, checked.

    Attributes:
        pattern: The stream's name or pattern.
        kind: The kind of destination.
        options: The options that were given.
        index: Its index in the entry's array, from 0; `None` where the entry is a single destination.
    """

    pattern: str
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    index: int | None = None

    @property
    def label(self) -> str:
        """The entry's name, with the index in its array: unique among the destinations of a run."""
        return self.pattern if self.index is None else f"{self.pattern}[{self.index}]"

    @property
    def position(self) -> int:
        """Its position among the destinations of a stream, from 0: rows go to them in this order."""
        return self.index or 0

    def option(self, name: str) -> Any:  # noqa: ANN401 - the option's own type
        """Return an option's value, or its default."""
        return self.options.get(name, OPTIONS[name].default)

    @property
    def field_goals(self) -> Mapping[str, Any]:
        """The fields that `fields` names, by property; none for `auto`."""
        fields = self.option("fields")
        return (
            {}
            if isinstance(fields, str)
            else {name: goal for name, goal in fields.items() if name != ANY_PROPERTY}
        )

    @property
    def matches_names(self) -> bool:
        """Whether properties go to the fields of their names: `auto`, or `"*": auto` beside others."""
        fields = self.option("fields")
        return isinstance(fields, str) or ANY_PROPERTY in fields

    @property
    def sign_properties(self) -> frozenset[str]:
        """The properties that the options name for consent and deletions: they need no field."""
        names = (self.options.get("subscribed"), *(self.option("delete_markers") or ()))
        return frozenset(name for name in names if isinstance(name, str))

    @property
    def clears(self) -> bool:
        """Whether null and empty text clear a field: asked for, or implied by Overwrite."""
        return bool(self.option("null_handling") == "clear" or self.option("update_type") == "Overwrite")

    def error(self, option: str, message: str, hint: str = "") -> ConfigurationError:
        """Create an error that names one option of the destination ("" means the destination itself)."""
        name = place(self.label, option)
        return ConfigurationError(f"{name}: {message}", setting=name, hint=hint)
