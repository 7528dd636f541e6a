"""A list's profile fields (Listrak: segmentation fields) and their groups, by name or id."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from listrak_api import routes
from target_listrak.config.names import (
    AmbiguousNameError,
    UnknownNameError,
    find_by_name,
    folded,
    same_name,
)
from target_listrak.delivery.lookups import Query, look_up, look_up_each

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from target_listrak.delivery.connection import Connection

__all__ = ["FieldGroup", "ProfileField", "ProfileFields"]

_PRETENDED: Final = -1000
"""Ids below this stand for fields and groups that a dry run would create."""


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


class ProfileFields:
    """The profile fields of one list, read when first needed (one request, and one for each group).

    Args:
        connection: The connection to Listrak.
        list_id: The list; 0 for one that a dry run would create.
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
        """Return all groups of the list."""
        with self._lock:
            if self._groups is None:
                self._groups, self._fields = self._read() if self._list_id else ([], [])
            return self._groups

    def all(self) -> list[ProfileField]:
        """Return all fields of the list."""
        self.groups()
        return self._fields

    def column_name(self, column: int) -> str:
        """Return the name of a column in the first line of an import file."""
        return next((one.path for one in self.all() if one.id == column), "External Contact ID")

    def find(self, wanted: str | int, group: FieldGroup | None = None) -> ProfileField:
        """Return the field of a name, a `Group.Field`, or an id.

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
            return find_by_name(wanted, fields, "profile field", of=f"list {self._list_name!r}")
        except UnknownNameError as error:
            paths = ", ".join(f"{one.path} ({one.id})" for one in fields)
            raise UnknownNameError(error.message, hint=f"There is: {paths or 'none'}.") from None

    def find_in(self, wanted: str | int, group: FieldGroup) -> ProfileField:
        """Return the field of a name or id in one group only: what records name must not reach other fields.

        Raises:
            NameLookupError: There is none, or more than one.
        """
        fields = [one for one in self.all() if one.group.id == group.id]
        return find_by_name(wanted, fields, "profile field", of=f"group {group.name!r}")

    def group(self, wanted: str | int, *, create: bool = False) -> FieldGroup:
        """Return the group of a name or id.

        Args:
            wanted: Name or id.
            create: Create a group of that name if there is none.

        Raises:
            NameLookupError: There is none, or more than one.
        """
        try:
            return find_by_name(wanted, self.groups(), "profile field group", of=f"list {self._list_name!r}")
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
        """Create a field, or in a dry run only its representation."""
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
            adopted[:] = same_name(name, self._read_fields([group]))[:1]
            return adopted[0].id if adopted else None

        what = f"field {group.name}.{name} ({data_type})"
        new_id = self._create(routes.CREATE_SEGMENTATION_FIELD, ids, body, find, what)
        # A field that somebody else created meanwhile may have another type, which counts.
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
        done = "would be created" if self._connection.dry_run else "is created"
        self._connection.logger.info("Profile %s of list %r %s", what, self._list_name, done)
        if self._connection.dry_run:
            return _PRETENDED - len(self._fields) - len(self._groups or ())
        return self._connection.create("email", route, {"listId": self._list_id, **ids}, body, find)

    def _read(self) -> tuple[list[FieldGroup], list[ProfileField]]:
        groups = self._read_groups()
        return groups, self._read_fields(groups)

    def _read_groups(self) -> list[FieldGroup]:
        ids = {"listId": self._list_id}
        rows = look_up(self._connection, "email", routes.SEGMENTATION_FIELD_GROUPS, ids)
        return [
            FieldGroup(row["segmentationFieldGroupId"], str(row["segmentationFieldGroupName"]))
            for row in rows
        ]

    def _read_fields(self, groups: Sequence[FieldGroup]) -> list[ProfileField]:
        queries = [Query({"listId": self._list_id, "segmentationFieldGroupId": group.id}) for group in groups]
        found = look_up_each(self._connection, "email", routes.SEGMENTATION_FIELDS, queries)
        return [
            ProfileField(
                row["segmentationFieldId"],
                str(row["segmentationFieldName"]),
                group,
                str(row.get("dataType") or "Text"),
                row.get("maxLength"),
            )
            for group, rows in zip(groups, found, strict=True)
            for row in rows
        ]
