"""Profile fields of a list: which exist, which a setting names, and the types of their values."""

from __future__ import annotations

import contextlib
import re
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from listrak_api import routes
from listrak_api.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from listrak_api.client import Client
    from listrak_api.routes import Route
    from tap_listrak.clients import Clients
    from tap_listrak.records.row import Row
    from tap_listrak.settings import IdOrName

_ON = frozenset({"on", "true", "1", "yes"})
_OFF = frozenset({"off", "false", "0", "no"})
_NUMBER = re.compile(r"-?\d+(?P<decimals>\.\d+)?", re.ASCII)
_DATES = ("%m/%d/%Y", "%Y-%m-%d", "%m/%d/%Y %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True, slots=True)
class ProfileField:
    """A profile field of a list.

    Args:
        group_id: Id of its group.
        group: Name of its group.
        field_id: Its id. Fields of the same name have different ids in different lists.
        name: Its name. Unique within its group.
        kind: Listrak's data type: Text, Numeric, CheckBox, RadioButton, CommentArea, Date or ContentBlock.
        column: Its name in `profileFields`: the field's name, or ``Group.Field`` where several groups of the
            list have a field of that name.
    """

    group_id: int
    group: str
    field_id: int
    name: str
    kind: str
    column: str

    @property
    def full_name(self) -> str:
        """``Group.Field``."""
        return f"{self.group}.{self.name}"

    def value(self, text: object) -> object:
        """Convert a value to the type of its field: number, boolean, ISO date. Other texts stay as they are.

        Nothing gets lost: `segmentationFieldValues` has what Listrak sent.
        """
        if not isinstance(text, str):
            return text
        word = text.strip()
        if self.kind in {"CheckBox", "RadioButton"}:
            return True if word.lower() in _ON else False if word.lower() in _OFF else text
        if self.kind == "Numeric" and (match := _NUMBER.fullmatch(word)):
            return float(word) if match["decimals"] else int(word)
        if self.kind == "Date":
            for form in _DATES:
                with contextlib.suppress(ValueError):
                    return datetime.strptime(word, form).date().isoformat()  # noqa: DTZ007 - a date has no zone
        return text


class Doubts(Protocol):
    """Asks again for what came empty: `tap_listrak.sync.empty_answers.EmptyAnswers`."""

    def ask_again(self, client: Client, what: str, read: Callable[[], list[Row]]) -> list[Row]:
        """Return what comes when it is read again."""


class ProfileFieldCache:
    """The profile fields of lists, read from Listrak once a run for each list. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lists: dict[int, tuple[ProfileField, ...]] = {}
        self._locks: dict[int, threading.Lock] = {}
        self._undoubted = set[int]()

    def fields(
        self, clients: Clients, list_id: int, doubts: Doubts | None = None
    ) -> tuple[ProfileField, ...]:
        """Return a list's profile fields, in the order of groups and positions.

        Args:
            clients: The client of each API.
            list_id: The list.
            doubts: Asks again for groups, and fields of a group, that come empty; None takes that for none.

        Raises:
            ListrakError: What the client raises.
        """
        with self._lock:
            lock = self._locks.setdefault(list_id, threading.Lock())
        with lock:
            if list_id not in self._lists or (doubts is not None and list_id in self._undoubted):
                reading = _Reading(clients, doubts)
                self._lists[list_id] = reading.fields(list_id)
                (self._undoubted.add if reading.undoubted else self._undoubted.discard)(list_id)
            return self._lists[list_id]


def select_fields(
    fields: Sequence[ProfileField], wanted: str | Sequence[IdOrName]
) -> tuple[ProfileField, ...]:
    """Return the fields that the setting names, of those that a list has.

    Args:
        fields: The list's fields.
        wanted: ``all``, ``none``, or names (``Field`` or ``Group.Field``, regardless of case) and ids.

    Raises:
        ConfigurationError: A name occurs in several groups.
    """
    if isinstance(wanted, str):
        return tuple(fields) if wanted == "all" else ()
    chosen = dict.fromkeys(field for one in wanted for field in _matching(fields, one))
    return tuple(field for field in fields if field in chosen)


def check_field_names(directories: Mapping[int, Sequence[ProfileField]], wanted: Sequence[IdOrName]) -> None:
    """Refuse names and ids that no list has, before contacts are read without them.

    Args:
        directories: The fields of each list.
        wanted: The setting's names and ids.

    Raises:
        ConfigurationError: No list has one of them, or it occurs in several groups of a list.
    """
    for one in wanted:
        if not any(_matching(fields, one) for fields in directories.values()):
            names = sorted({field.full_name for fields in directories.values() for field in fields})
            message = f"profile_fields: {one!r} is not a profile field of any list that is read"
            raise ConfigurationError(
                message, setting="profile_fields", hint=f"There are: {', '.join(names) or 'none'}."
            )


def _matching(fields: Sequence[ProfileField], one: IdOrName) -> list[ProfileField]:
    if isinstance(one, int):
        return [field for field in fields if field.field_id == one]
    wanted = one.strip().casefold()
    found = [field for field in fields if wanted in {field.name.casefold(), field.full_name.casefold()}]
    if len(found) > 1:
        message = f"profile_fields: {one!r} occurs in several groups"
        names = ", ".join(field.full_name for field in found)
        raise ConfigurationError(message, setting="profile_fields", hint=f"Write one of: {names}.")
    return found or [field for field in fields if str(field.field_id) == wanted]


class _Reading:
    """One reading of a list's profile fields.

    Args:
        clients: The client of each API.
        doubts: Asks again for what comes empty; None takes that for none.

    Attributes:
        undoubted: Whether something came empty and was not asked for again.
    """

    def __init__(self, clients: Clients, doubts: Doubts | None) -> None:
        self._client = clients.client("email")
        self._doubts = doubts
        self.undoubted = False

    def fields(self, list_id: int) -> tuple[ProfileField, ...]:
        """Return the fields, in the order of groups and positions."""
        rows: list[tuple[Row, Row]] = []
        for group in self._rows(routes.SEGMENTATION_FIELD_GROUPS, {"listId": list_id}):
            ids = {"listId": list_id, "segmentationFieldGroupId": int(group["segmentationFieldGroupId"])}
            rows += [(group, field) for field in self._rows(routes.SEGMENTATION_FIELDS, ids)]
        names = Counter(str(field["segmentationFieldName"]) for _, field in rows)
        return tuple(_field(group, field, names) for group, field in rows)

    def _rows(self, route: Route, ids: Mapping[str, int]) -> list[Row]:
        rows = list(self._client.rows(route, ids))
        if rows or self._doubts is None:
            self.undoubted |= not rows
            return rows
        return self._doubts.ask_again(
            self._client, "profile_fields", lambda: list(self._client.rows(route, ids))
        )


def _field(group: Row, field: Row, names: Counter[str]) -> ProfileField:
    group_name, name = str(group["segmentationFieldGroupName"]), str(field["segmentationFieldName"])
    return ProfileField(
        group_id=int(group["segmentationFieldGroupId"]),
        group=group_name,
        field_id=int(field["segmentationFieldId"]),
        name=name,
        kind=str(field.get("dataType")),
        column=name if names[name] == 1 else f"{group_name}.{name}",
    )
