"""Which property of a stream goes to which profile field: by the option `fields`, or by name."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from target_listrak.channels.email.new_fields import NewField, create_fields, is_created
from target_listrak.config.names import NameLookupError, UnknownNameError, folded
from target_listrak.values.characters import escaped
from target_listrak.values.formats import Formatter, formatter
from target_listrak.values.metadata_names import is_metadata
from target_listrak.values.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from target_listrak.channels.email.profile_fields import FieldGroup, ProfileField, ProfileFields
    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run

__all__ = ["Column", "columns_of"]

_TEXT_LENGTH: Final = 250
_LENGTHS: Final = {"Numeric": 18, "Date": 10, "CheckBox": 3}


class Column(NamedTuple):
    """A property of the stream and the field that takes it."""

    property: str
    field: ProfileField
    format: Formatter


def columns_of(
    destination: Destination,
    fields: ProfileFields,
    schema: Mapping[str, Any],
    used: set[str],
    run: Run,
) -> list[Column]:
    """Match a stream's properties to a list's profile fields, and create missing ones if that is allowed.

    Args:
        destination: The destination, with `fields`, `field_group` and `create_missing`.
        fields: The list's fields.
        schema: The stream's schema.
        used: Properties that have another use (the address, for example): they go to no field by their name.
        run: For its log, and what it creates.

    Returns:
        The columns, in the order of the setting or of the schema.

    Raises:
        ConfigurationError: A field or group is unknown or ambiguous, or two properties go to one field.
        CreationLimitError: More fields would be created than `max_created` allows: none was.
    """
    create = bool(destination.option("create_missing"))
    matching = _Matching(destination, fields, _group(destination, fields, create=create), create)
    connection = run.connection
    properties: Mapping[str, Any] = schema.get("properties") or {}
    goals = destination.field_goals
    found = [(name, matching.named(name, goal, properties.get(name))) for name, goal in goals.items()]
    if not destination.matches_names:
        if left_out := matching.left_out(properties, used | goals.keys()):
            names = ", ".join(map(escaped, left_out))
            text = (
                "destinations.%s.fields names all that is sent; left out, though a field has the name: %s. "
                '("*": auto sends them, too)'
            )
            connection.log_once(text, destination.label, names)
    else:
        by_name, unmatched = matching.by_name(properties, used | goals.keys())
        unmatched = [name for name in unmatched if name not in destination.sign_properties]
        taken = {_key_of(field) for _, field in found}
        found += [(name, field) for name, field in by_name if _key_of(field) not in taken]
        if unmatched:
            names = ", ".join(escaped(one) or "a column without a name" for one in unmatched)
            place = f"destinations.{destination.label}"
            connection.log_once("%s: no profile field matches %s", place, names)
    _check_unique(destination, found)
    new = [field for _, field in found if isinstance(field, NewField)]
    created = iter(create_fields(run, destination, fields, new) if new else ())
    reading = Reading.of(destination.options, run.config)
    columns = []
    for name, match in found:
        field = next(created) if isinstance(match, NewField) else match
        columns.append(Column(name, field, formatter(field.data_type, field.max_length, reading)))
    return columns


def _group(destination: Destination, fields: ProfileFields, *, create: bool) -> FieldGroup | str | None:
    """Return the group of `field_group`; its name, if it does not exist yet and may be created."""
    wanted = destination.option("field_group")
    if wanted is None:
        return None
    try:
        return fields.group(wanted)
    except NameLookupError as error:
        if create and isinstance(wanted, str) and isinstance(error, UnknownNameError):
            return wanted
        raise destination.error("field_group", error.message, error.hint) from None


@dataclass(frozen=True)
class _Matching:
    """Finds the profile fields of one destination's properties.

    Attributes:
        destination: The destination.
        fields: The list's fields.
        group: The group of `field_group`, which decides between fields of one name; its name where it is to
            be created; `None` for all groups.
        create: Whether missing fields are created.
    """

    destination: Destination
    fields: ProfileFields
    group: FieldGroup | str | None
    create: bool

    @property
    def home(self) -> FieldGroup | None:
        """The group, if it exists."""
        return None if isinstance(self.group, str) else self.group

    def named(self, name: str, goal: str | int, schema: object) -> ProfileField | NewField:
        """Return the field that `fields` names for a property.

        Args:
            name: The property.
            goal: The field's id, name, or `Group.Field`.
            schema: The property's schema: the type of a field that is created.

        Raises:
            ConfigurationError: It is unknown or ambiguous, or nothing says in which group to create it.
        """
        try:
            return self.fields.find(goal, self.home)
        except NameLookupError as error:
            missing = isinstance(goal, str) and not goal.isdigit() and isinstance(error, UnknownNameError)
            if not self.create or not missing:
                raise self.destination.error(f"fields.{name}", error.message, error.hint) from None
        path, _, field_name = str(goal).rpartition(".")
        group = self._group_of(path) if path else self.group
        if group is None:
            hint = "Set field_group, or write Group.Field."
            raise self.destination.error("field_group", f"the new field {goal!r} needs a group", hint)
        return NewField(field_name, group, *_type_for(schema))

    def _group_of(self, name: str) -> FieldGroup | str:
        try:
            return self.fields.group(name)
        except UnknownNameError:
            return name

    def left_out(self, properties: Iterable[str], used: Container[str]) -> list[str]:
        """Return the properties of no use that have a field of their name."""
        found = []
        for name in properties:
            if name not in used and not is_metadata(name):
                with contextlib.suppress(NameLookupError):
                    self.fields.find(name, self.home)
                    found.append(name)
        return found

    def by_name(
        self, properties: Mapping[str, Any], used: set[str]
    ) -> tuple[list[tuple[str, ProfileField | NewField]], list[str]]:
        """Return the properties that have or get a field of their name, with it, and those that have none.

        Args:
            properties: The schemas of the stream's properties.
            used: Properties that have another use.

        Raises:
            ConfigurationError: A name is ambiguous, or nothing says in which group to create a field.
        """
        found: list[tuple[str, ProfileField | NewField]] = []
        unmatched = []
        for name, schema in properties.items():
            if name in used or is_metadata(name):
                continue
            field = self._same_name(name, schema)
            if field is None:
                unmatched.append(name)
            else:
                found.append((name, field))
        return found, unmatched

    def _same_name(self, name: str, schema: object) -> ProfileField | NewField | None:
        try:
            return self.fields.find(name, self.home)
        except UnknownNameError:
            if not (self.create and is_created(name) and _is_plain(schema)):
                return None
        except NameLookupError as error:
            text = f"property {name!r}: {error.message}"
            raise self.destination.error("fields", text, error.hint) from None
        if self.group is None:
            hint = "It is where create_missing puts new fields."
            raise self.destination.error("field_group", f"the new field {name!r} needs a group", hint)
        return NewField(name, self.group, *_type_for(schema))


def _check_unique(destination: Destination, found: list[tuple[str, ProfileField | NewField]]) -> None:
    taken: dict[int | str, str] = {}
    for name, field in found:
        other = taken.setdefault(_key_of(field), name)
        if other != name:
            text = f"the properties {other!r} and {name!r} both go to {field.path}"
            raise destination.error("fields", text, "Name each property's field in `fields`.")


def _key_of(field: ProfileField | NewField) -> int | str:
    """Return what tells a field apart from others."""
    return folded(field.path) if isinstance(field, NewField) else field.id


def _types(schema: object) -> set[str]:
    """Return the JSON types that a property may have, except for null."""
    if not isinstance(schema, Mapping):
        return set()
    given = schema.get("type", [])
    types = {given} if isinstance(given, str) else {str(one) for one in given}
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        types |= _types(choice)
    return types - {"null"}


def _is_plain(schema: object) -> bool:
    return not _types(schema) & {"object", "array"}


def _type_for(schema: object) -> tuple[str, int]:
    """Return type and length of the field for a property."""
    types = _types(schema)
    formats = _formats(schema)
    if types == {"boolean"}:
        data_type = "CheckBox"
    elif types and types <= {"integer", "number"}:
        data_type = "Numeric"
    elif formats & {"date", "date-time"}:
        data_type = "Date"
    else:
        length = schema.get("maxLength") if isinstance(schema, Mapping) else None
        return "Text", length if isinstance(length, int) and 0 < length <= _TEXT_LENGTH else _TEXT_LENGTH
    return data_type, _LENGTHS[data_type]


def _formats(schema: object) -> set[str]:
    if not isinstance(schema, Mapping):
        return set()
    found = {str(schema["format"])} if "format" in schema else set()
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found |= _formats(choice)
    return found
