"""Profile fields (Listrak: segmentation fields): from properties and names to ids, types and lengths."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from listrak_api import routes
from target_listrak.config.names import (
    AmbiguousNameError,
    NameLookupError,
    UnknownNameError,
    find_by_name,
    folded,
    same_name,
)
from target_listrak.values.characters import escaped
from target_listrak.values.formats import Formatter, formatter
from target_listrak.values.reading import Reading

if TYPE_CHECKING:
    from target_listrak.config.destination import Destination
    from target_listrak.delivery.connection import Connection

__all__ = ["Column", "FieldGroup", "ProfileField", "ProfileFields", "columns_of"]

_PRETENDED: Final = -1000
"""Ids below this stand for fields and groups that a dry run did not make."""
_TEXT_LENGTH: Final = 250
_LENGTHS: Final = {"Numeric": 18, "Date": 10, "CheckBox": 3}


class FieldGroup(NamedTuple):
    """A profile field group of a list."""

    id: int
    name: str


class ProfileField(NamedTuple):
    """A profile field of a list."""

    id: int
    name: str
    group: FieldGroup
    data_type: str
    max_length: int | None

    @property
    def path(self) -> str:
        """`Group.Field`."""
        return f"{self.group.name}.{self.name}"


class Column(NamedTuple):
    """A property of the stream and the field that takes it."""

    property: str
    field: ProfileField
    format: Formatter


class ProfileFields:
    """The profile fields of one list, read when first needed (one request, and one for each group).

    Args:
        connection: The connection to Listrak.
        list_id: The list; 0 for one that a dry run only pretends to have made.
        list_name: Its name, for error texts.
    """

    def __init__(self, connection: Connection, list_id: int, list_name: str) -> None:
        self._connection = connection
        self._list_id = list_id
        self._list_name = list_name
        self._lock = threading.RLock()
        self._groups: list[FieldGroup] | None = None
        self._fields: list[ProfileField] = []

    def groups(self) -> list[FieldGroup]:
        """All groups of the list."""
        with self._lock:
            if self._groups is None:
                self._groups, self._fields = self._read() if self._list_id else ([], [])
            return self._groups

    def all(self) -> list[ProfileField]:
        """All fields of the list."""
        self.groups()
        return self._fields

    def column_name(self, column: int) -> str:
        """What a column is called in the first line of an import file."""
        return next((one.path for one in self.all() if one.id == column), "External Contact ID")

    def find(self, wanted: str | int, group: FieldGroup | None = None) -> ProfileField:
        """The field of a name, a `Group.Field`, or an id.

        Args:
            wanted: A number is an id; a text is a name first, then `Group.Field`, then an id.
            group: Decides between fields of the same name.

        Raises:
            NameLookupError: There is none, or more than one.
        """
        fields = self.all()
        if isinstance(wanted, str):
            named = same_name(wanted, fields)
            if group is not None and len(named) > 1:
                named = [one for one in named if one.group.id == group.id] or named
            named = named or [one for one in fields if folded(one.path) == folded(wanted)]
            if len(named) == 1:
                return named[0]
            if named:
                paths = ", ".join(f"{one.path} ({one.id})" for one in named)
                text = f"{len(named)} profile fields of list {self._list_name!r} are called {wanted!r}"
                raise AmbiguousNameError(
                    text, hint=f"Set field_group, or write Group.Field or the id: {paths}."
                )
        try:
            return find_by_name(wanted, fields, f"profile field of list {self._list_name!r}")
        except UnknownNameError as error:
            paths = ", ".join(f"{one.path} ({one.id})" for one in fields)
            raise UnknownNameError(error.message, hint=f"There is: {paths or 'none'}.") from None

    def find_in(self, wanted: str | int, group: FieldGroup) -> ProfileField:
        """The field of a name or id in one group only: what records name must not reach other fields.

        Raises:
            NameLookupError: There is none, or more than one.
        """
        fields = [one for one in self.all() if one.group.id == group.id]
        return find_by_name(wanted, fields, f"profile field of group {group.name!r}")

    def group(self, wanted: str | int, *, create: bool = False) -> FieldGroup:
        """The group of a name or id.

        Args:
            wanted: Name or id.
            create: Make a group of that name if there is none.

        Raises:
            NameLookupError: There is none, or more than one.
        """
        try:
            return find_by_name(wanted, self.groups(), f"profile field group of list {self._list_name!r}")
        except UnknownNameError:
            if not create or not isinstance(wanted, str):
                raise
        body = {"segmentationFieldGroupName": wanted, "position": len(self.groups()) + 1}

        def find() -> int | None:
            return next((one.id for one in same_name(wanted, self._read_groups())), None)

        route = routes.CREATE_SEGMENTATION_FIELD_GROUP
        made = FieldGroup(self._create(route, {}, body, find, f"group {wanted!r}"), wanted)
        self.groups().append(made)
        return made

    def create(self, name: str, group: FieldGroup, data_type: str, max_length: int) -> ProfileField:
        """Make a field. A dry run only pretends."""
        position = sum(one.group.id == group.id for one in self.all()) + 1
        body = {
            "segmentationFieldName": name,
            "dataType": data_type,
            "maxLength": max_length,
            "position": position,
        }
        ids = {"segmentationFieldGroupId": group.id}
        adopted: list[ProfileField] = []

        def find() -> int | None:
            adopted[:] = same_name(name, self._read_fields(group))[:1]
            return adopted[0].id if adopted else None

        what = f"field {group.name}.{name} ({data_type})"
        new_id = self._create(routes.CREATE_SEGMENTATION_FIELD, ids, body, find, what)
        # One that somebody else created meanwhile may have another type: what Listrak says counts.
        made = adopted[0] if adopted else ProfileField(new_id, name, group, data_type, max_length)
        self._fields.append(made)
        return made

    def _create(
        self,
        route: routes.Route,
        ids: Mapping[str, object],
        body: dict[str, object],
        find: Callable[[], int | None],
        what: str,
    ) -> int:
        self._connection.logger.info("Profile %s of list %r is created", what, self._list_name)
        if self._connection.dry_run:
            return _PRETENDED - len(self._fields) - len(self._groups or ())
        return self._connection.create("email", route, {"listId": self._list_id, **ids}, body, find)

    def _read(self) -> tuple[list[FieldGroup], list[ProfileField]]:
        groups = self._read_groups()
        return groups, [field for group in groups for field in self._read_fields(group)]

    def _read_groups(self) -> list[FieldGroup]:
        pages = self._connection.client("email").pages(
            routes.SEGMENTATION_FIELD_GROUPS, {"listId": self._list_id}
        )
        return [
            FieldGroup(row["segmentationFieldGroupId"], str(row["segmentationFieldGroupName"]))
            for page in pages
            for row in page.rows
        ]

    def _read_fields(self, group: FieldGroup) -> list[ProfileField]:
        ids = {"listId": self._list_id, "segmentationFieldGroupId": group.id}
        pages = self._connection.client("email").pages(routes.SEGMENTATION_FIELDS, ids)
        return [
            ProfileField(
                row["segmentationFieldId"],
                str(row["segmentationFieldName"]),
                group,
                str(row.get("dataType") or "Text"),
                row.get("maxLength"),
            )
            for page in pages
            for row in page.rows
        ]


def columns_of(
    destination: Destination,
    fields: ProfileFields,
    schema: Mapping[str, Any],
    used: set[str],
    connection: Connection,
) -> list[Column]:
    """Match a stream's properties to a list's profile fields.

    Args:
        destination: The destination, with `fields`, `field_group` and `create_missing`.
        fields: The list's fields. Missing ones are made where that is allowed.
        schema: The stream's schema.
        used: Properties that have another use (the address, for example): `auto` leaves them out.
        connection: For its log.

    Returns:
        The columns, in the order of the setting or of the schema.

    Raises:
        ConfigurationError: A field or group is unknown or ambiguous, or two properties go to one field.
    """
    properties: Mapping[str, Any] = schema.get("properties") or {}
    create = bool(destination.option("create_missing"))
    reading = Reading.of(destination.options, connection.config)
    group = _group(destination, fields, create=create)
    explicit = destination.option("fields")
    if isinstance(explicit, Mapping):
        columns = [
            _explicit(destination, fields, name, goal, properties.get(name), group, create=create)
            for name, goal in explicit.items()
        ]
    else:
        columns = _auto(destination, fields, properties, used, group, create=create, connection=connection)
    _check_unique(destination, columns)
    return [
        one._replace(format=formatter(one.field.data_type, one.field.max_length, reading)) for one in columns
    ]


def _group(destination: Destination, fields: ProfileFields, *, create: bool) -> FieldGroup | None:
    wanted = destination.option("field_group")
    if wanted is None:
        return None
    try:
        return fields.group(wanted, create=create)
    except NameLookupError as error:
        raise destination.error("field_group", error.message, error.hint) from None


def _explicit(  # noqa: PLR0913, PLR0917 - the parts of one thing
    destination: Destination,
    fields: ProfileFields,
    name: str,
    goal: str | int,
    schema: object,
    group: FieldGroup | None,
    *,
    create: bool,
) -> Column:
    try:
        field = fields.find(goal, group)
    except NameLookupError as error:
        missing = isinstance(goal, str) and not goal.isdigit() and isinstance(error, UnknownNameError)
        if not create or not missing:
            raise destination.error(f"fields.{name}", error.message, error.hint) from None
        path, _, field_name = str(goal).rpartition(".")
        home = fields.group(path, create=True) if path else group
        if home is None:
            hint = "Set field_group, or write Group.Field."
            raise destination.error("field_group", f"the new field {goal!r} needs a group", hint) from None
        field = fields.create(field_name, home, *_type_for(schema))
    return Column(name, field, formatter(field.data_type, field.max_length))


def _auto(  # noqa: PLR0913 - the parts of one thing
    destination: Destination,
    fields: ProfileFields,
    properties: Mapping[str, Any],
    used: set[str],
    group: FieldGroup | None,
    *,
    create: bool,
    connection: Connection,
) -> list[Column]:
    columns, unmatched = [], []
    for name, schema in properties.items():
        if name in used or name.startswith("_sdc_"):
            continue
        try:
            field = fields.find(name, group)
        except NameLookupError as error:
            if not isinstance(error, UnknownNameError):
                raise destination.error("fields", f"property {name!r}: {error.message}", error.hint) from None
            if not create or not _is_plain(schema):
                unmatched.append(name)
                continue
            if group is None:
                hint = "It is where create_missing puts new fields."
                raise destination.error(
                    "field_group", f"the new field {name!r} needs a group", hint
                ) from None
            field = fields.create(name, group, *_type_for(schema))
        columns.append(Column(name, field, formatter(field.data_type, field.max_length)))
    if unmatched:
        connection.log_once(
            "%s: no profile field matches %s",
            f"destinations.{destination.label}",
            ", ".join(map(escaped, unmatched)),
        )
    return columns


def _check_unique(destination: Destination, columns: list[Column]) -> None:
    taken: dict[int, str] = {}
    for column in columns:
        other = taken.setdefault(column.field.id, column.property)
        if other != column.property:
            text = f"the properties {other!r} and {column.property!r} both go to {column.field.path}"
            raise destination.error("fields", text, "Name each property's field in `fields`.")


def _types(schema: object) -> set[str]:
    """The JSON types that a property may have, null aside."""
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
    """Type and length of the field for a property."""
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
