"""Profile values of known SMS contacts: by import if possible, else by a call per contact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from listrak_api.phone_forms import number_forms
from target_listrak.channels.sms.contacts import UNKNOWN_NUMBER
from target_listrak.channels.sms.importer import SmsImporter
from target_listrak.channels.sms.loader import Entry, SmsLoader
from target_listrak.channels.sms.profiles import Profile, ProfileMapping, changes, unmoved, update_body
from target_listrak.outcomes import ACCEPTED, UNCHANGED, Declined, Outcome, Rejected
from target_listrak.values.formats import formatter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_listrak.channels.sms.loader import Resolved
    from target_listrak.delivery.loader import Delivery
    from target_listrak.outcomes import Fault
    from target_listrak.tracking.tallies import Row

__all__ = ["UpdatingLoader"]

_SMALLEST_IMPORT: Final = 10
"""Contacts with values for the same fields: for fewer, calls are quicker than an import."""

_DATE = formatter("Date")


class UpdatingLoader(SmsLoader):
    """Loads profile values of known numbers.

    Each contact is read first, and only differences are written. A contact whose changes a contact import can
    carry goes into one, unless a value is to be cleared: whether an empty cell clears is not documented. The
    others are written as a whole by `PUT`. When an import has ended, its contacts are read again, as it does
    not say what it dropped.
    """

    has_fields: ClassVar[bool] = True

    def __init__(self, delivery: Delivery, resolved: Resolved) -> None:
        super().__init__(delivery, resolved)
        self.mapping: ProfileMapping
        self._importer = SmsImporter(self.run, self.sender_code, self.stream)

    def schema(self, schema: dict[str, Any], key_properties: list[str]) -> None:
        """Find the phone number, and match the other properties to profile fields."""
        super().schema(schema, key_properties)
        names = [name for name in schema.get("properties") or {} if name != self.phone_property]
        self.mapping = ProfileMapping(self.run, self.destination, self.resolved.fields, names)

    def faults(self, record: dict[str, Any]) -> Sequence[Fault]:
        """Return what is wrong with a record's values."""
        return self.mapping.faults(record)

    def entry(self, number: str, record: dict[str, Any], row: Row) -> Entry:
        """Return the record's number and values."""
        entry = super().entry(number, record, row)
        if not entry.leaves:
            entry.profile = self.mapping.profile(record)
        return entry

    def update(self, entry: Entry, contact: Mapping[str, Any]) -> Outcome | None:
        """Write what differs from what Listrak holds.

        Returns:
            The row's outcome, or `None` for a contact that waits for the batch's import.
        """
        differing = changes(entry.profile, contact, self.mapping)
        if not differing:
            return ACCEPTED if entry.subscribed else UNCHANGED
        entry.before, entry.changes = dict(contact), differing
        entry.waits = not differing.clears and set(differing.system) <= set(self.mapping.listed)
        return None if entry.waits else self._put(entry)

    def work(self, entries: list[Entry]) -> None:
        """Make the calls for a batch, then import what waits for that."""
        super().work(entries)
        groups: dict[frozenset[int], list[tuple[Entry, dict[int, str]]]] = {}
        for entry in entries:
            if entry.waits:
                cells = self._cells(entry.profile)
                groups.setdefault(frozenset(cells), []).append((entry, cells))
        few = [entry for group in groups.values() if len(group) < _SMALLEST_IMPORT for entry, _ in group]
        self.side_by_side(few, self._put)
        for fields, group in groups.items():
            if len(group) < _SMALLEST_IMPORT:
                continue
            order = sorted(fields)
            rows = [(_as_listed(entry), {field: cells[field] for field in order}) for entry, cells in group]
            self._importer.load(rows, self.mapping.names)
            self.side_by_side([entry for entry, _ in group], self._confirm)

    def _cells(self, profile: Profile) -> dict[int, str]:
        """Return a profile as an import's cells, by field id; a field without a value has no cell."""
        cells = {field_id: value for field_id, value in profile.custom.items() if value}
        for name, value in profile.system.items():
            if value and name in self.mapping.listed:
                text = _DATE(value) if name == "birthday" else value
                cells[self.mapping.listed[name]] = str(text)
        return cells

    def _put(self, entry: Entry) -> Outcome:
        """Write a contact whole (`PUT …/Contact`)."""
        contact = entry.before or {}
        body = update_body(contact, entry.changes, self.mapping.writable)
        mapping, profile = self.mapping, entry.changes
        outcome = self.contacts.update(entry.number, body, lambda now: not changes(profile, now, mapping))
        if isinstance(outcome, Declined | Rejected) and entry.subscribed:
            return Rejected(outcome.code, f"subscribed, but the profile was not updated: {outcome.reason}")
        return outcome or ACCEPTED

    def _confirm(self, entry: Entry) -> Outcome:
        """Read a contact after its import; if values were dropped, write it by a call, to learn why."""
        if self.run.dry_run:
            return self._put(entry)
        before, now = entry.before or {}, self.contacts.read(entry.number)
        if now is None:
            return UNKNOWN_NUMBER
        dropped = unmoved(changes(entry.changes, now, self.mapping), before, now)
        if not dropped:  # what is neither new nor old is the new value in a form of Listrak's own
            return ACCEPTED
        entry.before, entry.changes = now, dropped
        return self._put(entry)


def _as_listed(entry: Entry) -> str:
    """Return the number as Listrak wrote it: which form an import takes is not documented."""
    written = str((entry.before or {}).get("phoneNumber") or "")
    return written if written in number_forms(entry.number) else entry.number
