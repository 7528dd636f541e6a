"""Reads the markers by which sources mark a record as deleted.

A record that is marked as deleted never subscribes anybody. The markers of public taps, loaders and databases
are known by name. Names are compared without case and separators: `_sdc_deleted_at`, `_SDC_DELETED_AT` and
`_sdcDeletedAt` are the same. A record whose marker means neither "deleted" nor "not deleted" is not loaded.

| reading | says deleted | says not deleted | |---|---|---| | date or boolean (`_sdc_deleted_at`,
`_fivetran_deleted`) | a date, true, 1, yes | null, "", false, 0, no | | operation (`_sdc_operation_type`,
`__op`) | d, delete … | null, "", i, u, c, r, insert, update … | | SQL Server's number (`_sdc_lsn_operation`)
| 1 (and d, delete …) | 2, 4; 3: the image before an update | | HVR's number (`hvr_op`) | 0 | 1, 2; 3 and 4:
images of an update | | status (`record_status`, Maxwell's `type`) | delete, deleted, remove, removed | any
other value | | an unknown name with a word of deletion (`datastream_metadata_is_deleted`) | a date, true, 1,
yes | any other value | | SAP's letter (`ROCANCEL`) | D, R | "", N, A; X: the image before an update | |
`@removed` (Microsoft Graph) | anything | null | | values of `delete_markers` | one of the values | any other
value |

The image before an update and a past version of a row (a sign of -1, `is_current: false`) are not deletions.
They are declined, because another record has the current version.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from target_listrak.values.dates import as_date_time
from target_listrak.values.plain import folded_name, plain_value

__all__ = ["MARKERS", "DeleteMarkers", "Mark", "Markers", "delete_markers", "happened"]

Markers = Mapping[str, Sequence[object] | None]
"""The setting `delete_markers`: from property to the values that mean deleted; `None`: date or boolean."""


class Mark(enum.Enum):
    """What a marker says about its record."""

    NONE = "not deleted"
    DELETED = "deleted"
    PAST = "a past version of the row"
    DOUBTFUL = "in doubt"


class _Reading(enum.Enum):
    DATE_OR_BOOLEAN = "a date or a boolean"
    OPERATION = "an operation"
    SOME_OPERATION = "an operation, if it is the word of one"
    ACTIVE = "whether it is the current version"
    CURRENT = "the same, if the value is clear"
    ENDED = "when the version ended"
    STATUS = "a status, if it is the word of a deletion"
    WORDS = "a date or a boolean, by the words of the name"
    SIGN = "-1 if the row is withdrawn"
    PRESENT = "anything at all"


_NAMES: Final[dict[_Reading, str]] = {
    _Reading.DATE_OR_BOOLEAN: (
        # Singer taps and loaders, Airbyte, PeerDB, Fivetran, Hevo, Debezium, dlt, HubSpot
        "_sdc_deleted_at _sdc_lsn_deleted_at _sdc_removed_at _sdc_deleted _sdc_is_deleted "
        "_ab_cdc_deleted_at _airbyte_cdc_deleted_at "
        "_peerdb_is_deleted _fivetran_deleted __hevo__marked_deleted "
        "__deleted _dlt_deleted _dlt_deleted_at _is_deleted cdc_deleted hs_deleted hs_is_deleted "
        # What applications call their own soft deletes
        "is_deleted is_row_deleted is_delete soft_deleted "
        "soft_delete marked_deleted delete_flag deleted_flag "
        "del_flag deleted_at deleted_on deleted_date "
        "deleted_time deleted_timestamp deleted_datetime date_deleted "
        "time_deleted soft_deleted_at deletion_date deletion_time deletion_timestamp deletion_requested_at "
        "is_removed removed_at removed_on removed_date date_removed record_deleted user_deleted "
        "account_deleted contact_deleted customer_deleted tombstone is_tombstone purged is_purged purged_at "
        "erased is_erased erased_at anonymized "
        "is_anonymized anonymized_at anonymised is_anonymised anonymised_at "
        "redacted is_redacted redacted_at gdpr_deleted gdpr_deleted_at gdpr_erased forgotten forgotten_at"
    ),
    _Reading.OPERATION: (
        "_sdc_operation_type _sdc_operation _sdc_lsn_operation _meta/op _change_type METADATA$ACTION "
        "header__change_oper cdc_operation cdc_op _cdc_operation sys_change_operation versions_operation "
        "hvr_op _metadata_change_type datastream_metadata_change_type dtl__capxaction "
        "rocancel recordmode 0recordmode"  # SAP BW
    ),
    _Reading.SOME_OPERATION: (
        "__op _op _operation op_type operation_type row_kind _rowkind _estuary_op dml_type event_type action "
        "change_operation change_type a_enttyp enttyp odq_changemode iuuc_operation _hoodie_operation "
        "_value_kind operation_name"
    ),
    _Reading.ACTIVE: "_fivetran_active",
    _Reading.CURRENT: "is_current is_current_version is_latest_version row_is_current current_flag",
    _Reading.ENDED: "dbt_valid_to _dlt_valid_to __end_at scd_valid_to scd_end_date",
    _Reading.STATUS: (
        "record_status account_status contact_status customer_status user_status "
        "post_status type kind event_name"  # Maxwell, Canal, wal2json, DynamoDB
    ),
    _Reading.SIGN: "_sign __sign mz_diff",  # ClickHouse, Materialize
}

MARKERS: Final[dict[str, _Reading]] = {
    name: reading for reading, names in _NAMES.items() for name in names.split()
}
"""The known markers, and how each is read. Names with the same folded form are the same."""

_BY_WORDS: Final = re.compile(
    r"deleted|^(?:artie|soft|hard|marked|to)*delete$|isdel(?:ete)?$|delet(?:e|ion)(?:at|date|flag|status|time|ts)$"
    r"|^loevm$|tombstone|erased|purged"
)
_OTHER_SUBJECT: Final = re.compile(
    r"not|undel|never|can|may|allow|auto|counts?$|number|total|items?|orders?|cart|lines?|files?|by$|ids?$|reason|undo"
)
"""Words with which a name is not about the deletion of its record: `deleted_items`."""
_DELETED_WORDS: Final = frozenset({"delete", "deleted", "remove", "removed", "trash", "trashed"})
_SET_WORDS: Final = _DELETED_WORDS | {"x"}
_DELETES: Final = frozenset({"d", "dl", "del", "delete", "deleted", "remove", "removed", "-d"})
_KEEPS: Final = frozenset(
    {"i", "ins", "insert", "inserted", "c", "create", "created", "r", "read", "s", "snapshot", "l", "load"}
    | {
        "u",
        "upd",
        "update",
        "updated",
        "upsert",
        "replace",
        "merge",
        "refresh",
        "update_postimage",
        "+i",
        "+u",
    }
)
_PAST: Final = frozenset({"update_preimage", "beforeimage", "update_before", "before", "-u", "ub"})
_SQL_SERVER: Final = {"1": Mark.DELETED, "2": Mark.NONE, "3": Mark.PAST, "4": Mark.NONE}
_HVR: Final = {"0": Mark.DELETED, "1": Mark.NONE, "2": Mark.NONE, "3": Mark.PAST, "4": Mark.PAST}
_SAP: Final = {"n": Mark.NONE, "a": Mark.NONE, "x": Mark.PAST, "d": Mark.DELETED, "r": Mark.DELETED}
_NUMBERS: Final = {
    "_sdc_lsn_operation": _SQL_SERVER,
    "__$operation": _SQL_SERVER,
    "hvr_op": _HVR,
    **dict.fromkeys(("rocancel", "recordmode", "0recordmode"), _SAP),
}
"""Operations that are written with numbers or letters of their own, by the lower-case name."""
_TRUE: Final = frozenset({"true", "t", "yes", "y", "1", "1.0", "on"})
_FALSE: Final = frozenset({"false", "f", "no", "n", "0", "0.0", "off"})
_DATE: Final = re.compile(
    r"(\d{4})[-/]?\d{2}[-/]?\d{2}(?:\D.*)?|\d{1,2}[-/.]\d{1,2}[-/.](\d{4})(?:\D.*)?", re.DOTALL
)
_EPOCH_YEAR: Final = 1970
_MAX_YEAR: Final = 9999
"""The year of dates that mean never."""
_EPOCHS: Final = (10.0**8, 10.0**19)
"""Seconds since 1970 of a date in 1973, and nanoseconds of one in 2286: other numbers are not dates."""

_MAX_NAMES: Final = 10_000
"""How many names of properties are kept at most: some sources have new names in every record."""

_IS_UPDATE: Final = "metadataisupdate"


_KNOWN: Final = {folded_name(name): reading for name, reading in MARKERS.items()}


def delete_markers(setting: object) -> Markers:
    """Read the setting or option `delete_markers`.

    Args:
        setting: A list of properties, or an object from property to the values that mean deleted: a list, one
            value, or true for a property that holds a date or a boolean.

    Raises:
        ValueError: It is neither.
    """
    if setting is None:
        return {}
    if not isinstance(setting, list | tuple | dict) or not all(
        isinstance(name, str) and name.strip() for name in setting
    ):
        message = "expected a list of properties, or an object from property to values"
        raise ValueError(message)
    if not isinstance(setting, dict):
        setting = dict.fromkeys(setting, True)
    markers: dict[str, tuple[object, ...] | None] = {}
    for name, values in setting.items():
        if values is True:
            markers[name] = None
            continue
        many = tuple(values) if isinstance(values, list | tuple) else (values,)
        if not many or any(
            value is None or value is False or isinstance(value, list | dict) for value in many
        ):
            message = f"{name}: expected true, a value, or a list of values"
            raise ValueError(message)
        markers[name] = many
    return markers


class DeleteMarkers:
    """Reads the deletion markers in the records of one stream.

    Args:
        own: The markers of `delete_markers`.
        is_data: Returns whether a property is data for the destination, and not a marker, whatever its name.
    """

    def __init__(
        self, own: Markers | None = None, is_data: Callable[[str], bool] = lambda _name: False
    ) -> None:
        self._own: dict[str, frozenset[str] | None] = {
            name: None if values is None else frozenset(map(plain_value, values))
            for name, values in (own or {}).items()
        }
        self._is_data = is_data
        self._readings: dict[str, _Reading | None] = {}

    def is_marker(self, name: str) -> bool:
        """Return whether a property of this name is a marker."""
        return name in self._own or self._reading(name) is not None

    def says(self, name: str, value: object) -> Mark:
        """Return what one marker says.

        Args:
            name: A property for which `is_marker` holds.
            value: Its value.
        """
        if name in self._own:
            values = self._own[name]
            if values is None:
                return happened(value)
            return Mark.DELETED if value is not None and plain_value(value) in values else Mark.NONE
        reading = self._reading(name)
        return _as_read(reading, name, value)

    def find(self, record: Mapping[str, object], names: Iterable[str]) -> tuple[Mark, str]:
        """Return what a record's markers say together.

        A deletion takes precedence over a value in doubt, and that over a past version.

        Args:
            record: The record.
            names: Its properties that are markers.

        Returns:
            The mark, and the property that says so ("" if none does).
        """
        found: dict[Mark, str] = {}
        for name in names:
            found.setdefault(self.says(name, record[name]), name)
        for mark in (Mark.DELETED, Mark.DOUBTFUL, Mark.PAST):
            if mark in found:
                if mark is Mark.DELETED and _is_update(record):
                    return Mark.PAST, found[mark]
                return mark, found[mark]
        return Mark.NONE, ""

    def _reading(self, name: str) -> _Reading | None:
        try:
            return self._readings[name]
        except KeyError:
            reading = _reading_of(name)
            if reading is not None and self._is_data(name):
                reading = None
            if len(self._readings) < _MAX_NAMES:
                self._readings[name] = reading
            return reading


def _reading_of(name: str) -> _Reading | None:
    folded = folded_name(name)
    if name == "__$operation":
        return _Reading.OPERATION
    if name == "@removed":  # Microsoft Graph: an object with the reason
        return _Reading.PRESENT
    if folded == "operation" and not name.startswith("_"):
        return None  # only `_operation` is a marker: without the underscore it may be data
    by_words = _BY_WORDS.search(folded) and not _OTHER_SUBJECT.search(folded)
    return _KNOWN.get(folded, _Reading.WORDS if by_words else None)


def _as_read(reading: _Reading | None, name: str, value: object) -> Mark:
    reader = _READERS.get(reading)
    mark = reader(value) if reader else _operation(value, _NUMBERS.get(name.lower()))
    # Names that begin with an underscore come from tools. Properties with other names may be data.
    certain = reading not in _UNCERTAIN or (reading is _Reading.SOME_OPERATION and name.startswith("_"))
    return mark if certain or mark is not Mark.DOUBTFUL else Mark.NONE


def _is_update(record: Mapping[str, object]) -> bool:
    """Return whether a Snowflake stream says that the deleted row is the image before an update."""
    return any(
        folded_name(name) == _IS_UPDATE and plain_value(value) in _TRUE
        for name, value in record.items()
        if "$" in name
    )


def _active(value: object) -> Mark:
    """Return whether the row is its current version (`_fivetran_active`)."""
    if not plain_value(value):
        return Mark.NONE
    return {Mark.DELETED: Mark.NONE, Mark.NONE: Mark.PAST}.get(happened(value), Mark.DOUBTFUL)


def _ended(value: object) -> Mark:
    ended = happened(value, never=Mark.NONE)
    return Mark.PAST if ended is Mark.DELETED else ended


def _status(value: object) -> Mark:
    return Mark.DELETED if plain_value(value) in _DELETED_WORDS else Mark.NONE


def _by_words(value: object) -> Mark:
    return Mark.DELETED if plain_value(value) in _SET_WORDS else happened(value)


def _sign(value: object) -> Mark:
    return Mark.PAST if plain_value(value) == "-1" else Mark.NONE


def _present(value: object) -> Mark:
    return Mark.DELETED if value else Mark.NONE


def happened(value: object, *, never: Mark = Mark.DOUBTFUL) -> Mark:
    """Return whether a date or a boolean says that something happened.

    Args:
        value: The value.
        never: The result for a date of the year 9999.
    """
    text = plain_value(value)
    if isinstance(value, list | dict):
        return Mark.DOUBTFUL
    if not text or text in _FALSE:
        return Mark.NONE
    if text in _TRUE:
        return Mark.DELETED
    if isinstance(value, int | float | Decimal):
        return Mark.DELETED if _is_epoch(value) else Mark.DOUBTFUL
    if date := _DATE.fullmatch(text):
        return _date(int(date[1] or date[2]), never)
    read = as_date_time(text)
    return _date(read.year, never) if isinstance(read, dt.datetime) else Mark.DOUBTFUL


def _is_epoch(value: float | Decimal) -> bool:
    try:
        return _EPOCHS[0] <= float(value) <= _EPOCHS[1]
    except (OverflowError, ValueError):
        return False


def _date(year: int, never: Mark) -> Mark:
    if year <= 1:
        return Mark.NONE  # 0001-01-01 and 0000-00-00 mean no date
    if year == _MAX_YEAR:
        return never
    return Mark.DELETED if year > _EPOCH_YEAR else Mark.DOUBTFUL  # 1900 and 1970 come from blanks and zeros


_OPERATIONS: Final = {
    **dict.fromkeys(("", "0", "false"), Mark.NONE),
    **dict.fromkeys(_DELETES, Mark.DELETED),
    **dict.fromkeys(_KEEPS, Mark.NONE),
    **dict.fromkeys(_PAST, Mark.PAST),
}


def _operation(value: object, numbers: Mapping[str, Mark] | None) -> Mark:
    """Read the operation that created the record."""
    text = plain_value(value)
    if numbers and text in numbers:
        return numbers[text]
    return _OPERATIONS.get(text, Mark.DOUBTFUL)


_READERS: Final[Mapping[_Reading | None, Callable[[object], Mark]]] = {
    _Reading.DATE_OR_BOOLEAN: happened,
    _Reading.WORDS: _by_words,
    _Reading.ACTIVE: _active,
    _Reading.CURRENT: _active,
    _Reading.ENDED: _ended,
    _Reading.STATUS: _status,
    _Reading.SIGN: _sign,
    _Reading.PRESENT: _present,
}
_UNCERTAIN: Final = frozenset({_Reading.SOME_OPERATION, _Reading.CURRENT, _Reading.WORDS})
"""Readings of names that may mean something else. If the value is in doubt, the property is no marker."""
