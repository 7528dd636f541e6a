"""Profile values of SMS contacts: from a record's properties to what Listrak holds, and what would change.

A contact has five system fields (properties of its own) and custom profile fields
(`segmentationFieldValues`). Absent never clears; null and blank clear only if the destination says so.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from target_listrak.config.names import NameLookupError, find_by_name, folded
from target_listrak.config.property_names import property_like
from target_listrak.values import addresses
from target_listrak.values.characters import escaped
from target_listrak.values.dates import as_date
from target_listrak.values.formats import Formatter, formatter
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.reading import Reading
from target_listrak.values.row_faults import RowFaults

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_listrak.channels.sms.sender_codes import SmsField
    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run
    from target_listrak.outcomes import Fault

__all__ = [
    "SYSTEM_FIELDS",
    "Profile",
    "ProfileMapping",
    "changes",
    "create_body",
    "property_of",
    "unmoved",
    "update_body",
]


@dataclass
class Profile:
    """Values for one contact, formatted.

    Attributes:
        system: By property of the API's contact; `None` clears.
        custom: By profile field id; "" clears.
    """

    system: dict[str, str | None] = field(default_factory=dict)
    custom: dict[int, str] = field(default_factory=dict)

    def update(self, later: Profile) -> None:
        """Take in the values of a later record of the same contact: they win."""
        self.system.update(later.system)
        self.custom.update(later.custom)

    def __bool__(self) -> bool:
        """Return whether there is any value."""
        return bool(self.system or self.custom)

    @property
    def clears(self) -> bool:
        """Whether a value is to be cleared: an import file cannot say so."""
        return None in self.system.values() or "" in self.custom.values()


def _address(value: object) -> str | InvalidValue:
    if value is None or (isinstance(value, str) and not value.strip()):
        return ""
    address = addresses.parse(value)
    return address if isinstance(address, InvalidValue) else address.sent


def _birthday(value: object, date_order: str = "mdy") -> str | InvalidValue:
    date = as_date(value, Reading(date_order))  # as it is written: a birthday has no time zone
    if isinstance(date, dt.date):
        return f"{date.isoformat()}T00:00:00"
    return date or ""


class SystemField(NamedTuple):
    """A field that every SMS contact has: the API's property, its name in Listrak, and the formatter."""

    property: str
    name: str
    format: Formatter


SYSTEM_FIELDS: Final = (
    SystemField("firstName", "First Name", formatter("Text")),
    SystemField("lastName", "Last Name", formatter("Text")),
    SystemField("emailAddress", "Email Address", _address),
    SystemField("birthday", "Birthday", _birthday),
    SystemField("postalCode", "Postal Code", formatter("Text")),
)
_BY_NAME: Final = {folded(one.name): one for one in SYSTEM_FIELDS}


class _Column(NamedTuple):
    property: str
    format: Formatter
    system: str  # property of the contact, or "" for a custom field
    field_id: int  # 0 for a system field that is not among the profile fields


class ProfileMapping:
    """Which property of a stream's records goes to which field.

    Args:
        run: For the log.
        destination: The destination: its `fields`, `email`, `null_handling` and `on_bad_value`.
        fields: The sender code's profile fields.
        properties: The stream's properties that may be values: not the phone number's, for one.

    Attributes:
        listed: Ids under which system fields appear among the profile fields, if they do, by contact
            property.
        writable: Ids of the custom fields that can be written to.

    Raises:
        ConfigurationError: A field that the destination names is unknown, ambiguous or disabled.
    """

    def __init__(
        self, run: Run, destination: Destination, fields: list[SmsField], properties: Iterable[str]
    ) -> None:
        self._run = run
        self._destination = destination
        self._fields = fields
        self.listed = {
            _BY_NAME[folded(one.name)].property: one.id
            for one in fields
            if one.active and folded(one.name) in _BY_NAME
        }
        self.writable = {one.id for one in fields if one.active}
        # Of values that Listrak holds, and of values of the stream, which settings may have read otherwise.
        self._formats = {one.id: formatter(one.data_type, one.max_length) for one in fields}
        self._reading = Reading.of(destination.options, run.config)
        self._given = {one.id: formatter(one.data_type, one.max_length, self._reading) for one in fields}
        self.names = {one.id: one.name for one in fields}
        self._clears = destination.clears
        self._row_faults = RowFaults(destination.option("on_bad_value"))
        names = [name for name in properties if not name.startswith("_sdc_")]
        goals = destination.field_goals
        self._columns = [self._chosen(name, goal) for name, goal in goals.items()]
        if destination.matches_names:
            taken = {(column.system, column.field_id) for column in self._columns}
            others = self._matched([name for name in names if name not in goals])
            self._columns += [one for one in others if (one.system, one.field_id) not in taken]
        self._check_unique()

    @property
    def is_empty(self) -> bool:
        """Whether no property goes to any field."""
        return not self._columns

    def _check_unique(self) -> None:
        taken: dict[tuple[str, int], str] = {}
        for column in self._columns:
            other = taken.setdefault((column.system, column.field_id), column.property)
            if other != column.property:
                name = column.system or self.names[column.field_id]
                text = f"the properties {other!r} and {column.property!r} both go to {name}"
                raise self._destination.error("fields", text, "Name each property's field in `fields`.")

    def _matched(self, names: list[str]) -> list[_Column]:
        columns, unmatched = [], []
        email = self._destination.options.get("email")
        for name in names:
            column = self._column("emailAddress" if name == email else name, name)
            if column is None:
                if name not in self._destination.sign_properties:
                    unmatched.append(name)
            else:
                columns.append(column)
        if unmatched:
            self._run.connection.log_once(
                "%s: no profile field matches %s; not sent",
                self._destination.label,
                ", ".join(map(escaped, unmatched)),
            )
        return columns

    def _column(self, wanted: str, name: str) -> _Column | None:
        """Return the column for an active field of that name, if there is one; system fields come first."""
        system = _system_field(wanted)
        if system is not None:
            return _Column(name, system.format, system.property, self.listed.get(system.property, 0))
        same = [one for one in self._fields if folded(one.name) == folded(wanted)]
        if len(same) > 1:
            ids = ", ".join(str(one.id) for one in same)
            text = f"property {name!r} matches more than one profile field (ids {ids})"
            problem = self._destination.error("fields", text, "Name the properties' fields by id.")
            raise problem
        if same and not same[0].active:
            text = "Profile field %s is disabled in Listrak; its values are not sent"
            self._run.connection.log_once(text, same[0].name)
            return None
        return _Column(name, self._given[same[0].id], "", same[0].id) if same else None

    def _chosen(self, name: str, goal: str | int) -> _Column:
        if isinstance(goal, str) and (system := _system_field(goal)) is not None:
            return _Column(name, system.format, system.property, self.listed.get(system.property, 0))
        try:
            one = find_by_name(goal, self._fields, "SMS profile field")
        except NameLookupError as error:
            hint = f"{error.hint} System fields: {', '.join(system.name for system in SYSTEM_FIELDS)}."
            problem = self._destination.error(f"fields.{name}", error.message, hint)
            raise problem from None
        if not one.active:
            text = f"profile field {one.name!r} is disabled in Listrak"
            problem = self._destination.error(
                f"fields.{name}", text, "Enable it in Listrak, or leave it out."
            )
            raise problem
        system = _system_field(one.name)
        if system is not None:
            return _Column(name, system.format, system.property, one.id)
        return _Column(name, self._given[one.id], "", one.id)

    def profile(self, record: Mapping[str, object]) -> Profile:
        """Return the values of one record.

        Raises:
            RowRejected: A value does not fit its field, and `on_bad_value` is `reject_row`.
            InvalidValueError: The same, and `on_bad_value` is `fail`.
        """
        profile = Profile()
        for column in self._columns:
            if column.property not in record:
                continue
            value = self._formatted(column, record[column.property])
            if isinstance(value, InvalidValue):
                self._row_faults.treat(column.property, value)
                continue
            if value == "" and not self._clears:
                continue
            if column.system:
                profile.system[column.system] = value or None
            else:
                profile.custom[column.field_id] = value
        self._row_faults.check()
        return profile

    def _formatted(self, column: _Column, value: object) -> str | InvalidValue:
        return (
            _birthday(value, self._reading.date_order)
            if column.system == "birthday"
            else column.format(value)
        )

    def faults(self, record: Mapping[str, object]) -> list[Fault]:
        """Return the faults of a record's values, for a row that is also rejected for another reason."""
        if not self._row_faults.rejects:
            return []
        for column in self._columns:
            value = self._formatted(column, record.get(column.property))
            if isinstance(value, InvalidValue):
                self._row_faults.treat(column.property, value)
        return self._row_faults.gathered()

    def same(self, field_id: int, stored: object, value: str) -> bool:
        """Return whether a stored value equals the one to send, however Listrak writes it."""
        if stored is None or stored == "":
            return value == ""
        format_value = self._formats.get(field_id)
        return bool(stored == value) or (format_value is not None and format_value(stored) == value)


def _system_field(name: str) -> SystemField | None:
    found = _BY_NAME.get(folded(name))
    return found or (_BY_NAME["emailaddress"] if folded(name) == "email" else None)


def property_of(
    destination: Destination, schema: Mapping[str, Any], option: str, usual: tuple[str, ...]
) -> str:
    """Return the property that an option of the destination names, or one with a usual name.

    Args:
        destination: The destination.
        schema: The stream's schema.
        option: The option: `phone`.
        usual: Usual names, without case, spaces and underscores, the best first.

    Raises:
        ConfigurationError: The stream has no such property.
    """
    properties = list(schema.get("properties") or {})
    named: str | None = destination.options.get(option)
    if named is not None:
        if properties and named not in properties:
            text = f"the stream has no property {named!r}"
            problem = destination.error(option, text, f"It has: {', '.join(map(escaped, properties))}.")
            raise problem
        return named
    found = property_like(schema, usual)
    if found is not None:
        return found
    hint = f"Name the property. The stream has: {', '.join(map(escaped, properties)) or 'none'}."
    text = f"no property of the stream is named like a {option}"
    problem = destination.error(option, text, hint)
    raise problem


def changes(profile: Profile, contact: Mapping[str, Any], mapping: ProfileMapping) -> Profile:
    """Return the part of a profile that differs from what Listrak holds of a contact."""
    stored = _stored(contact)
    return Profile(
        {
            name: value
            for name, value in profile.system.items()
            if not _same_system(name, contact.get(name), value)
        },
        {
            field_id: value
            for field_id, value in profile.custom.items()
            if not mapping.same(field_id, stored.get(field_id), value)
        },
    )


def unmoved(profile: Profile, before: Mapping[str, Any], now: Mapping[str, Any]) -> Profile:
    """Return the part of a profile whose fields hold exactly what they held before."""
    old, new = _stored(before), _stored(now)
    return Profile(
        {name: value for name, value in profile.system.items() if before.get(name) == now.get(name)},
        {
            field_id: value
            for field_id, value in profile.custom.items()
            if old.get(field_id) == new.get(field_id)
        },
    )


def _same_system(name: str, stored: object, value: str | None) -> bool:
    if name == "birthday":
        return as_date(stored) == as_date(value)
    return (stored or None) == value


def _stored(contact: Mapping[str, Any]) -> dict[int, Any]:
    return {
        one["segmentationFieldId"]: one.get("value") for one in contact.get("segmentationFieldValues") or ()
    }


def create_body(number: str, profile: Profile) -> dict[str, Any]:
    """Return the body that creates a contact (`POST …/PhoneList/{id}/Contact`)."""
    return {
        "phoneNumber": number,
        **{name: value for name, value in profile.system.items() if value is not None},
        "segmentationFieldValues": _values(
            {field_id: value for field_id, value in profile.custom.items() if value}
        ),
    }


def update_body(
    contact: Mapping[str, Any], profile: Profile, writable: set[int], *, opted_out: bool = False
) -> dict[str, Any]:
    """Return the body that updates a contact (`PUT …/Contact`): its present values with the changes.

    Whether Listrak clears what is left out is not documented, so nothing is left out except values of
    disabled fields, which would be refused. The opt-out is kept, or set; it is never withdrawn.

    Args:
        contact: The contact as Listrak gave it.
        profile: What changes.
        writable: Ids of the custom fields that can be written to.
        opted_out: Opt the contact out of the sender code.
    """
    custom = {
        field_id: value
        for field_id, value in _stored(contact).items()
        if field_id in writable and value is not None
    }
    system = {one.property: contact.get(one.property) or None for one in SYSTEM_FIELDS}
    if as_date(system["birthday"]) is None:
        system["birthday"] = None  # Listrak's own "no date" is not to be written back as one
    return {
        "phoneNumber": contact["phoneNumber"],
        **system,
        **profile.system,
        "optedOut": opted_out or bool(contact.get("optedOut")),
        "segmentationFieldValues": _values({**custom, **profile.custom}),
    }


def _values(custom: Mapping[int, str]) -> list[dict[str, Any]]:
    return [{"segmentationFieldId": field_id, "value": value} for field_id, value in custom.items()]
