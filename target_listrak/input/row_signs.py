"""Judges what a record says about itself: deleted, a past version, agreed or not.

Only here do deletions (`deletions`) and consent (`consent`) become results of rows. The records of all kinds
of destinations pass through here before their loaders get them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from target_listrak.config.kind_options import OPTIONS_BY_KIND
from target_listrak.config.property_paths import value_at
from target_listrak.input.consent import BY_WORDS, Consent, agreeing_property, is_listrak_state, objects_in
from target_listrak.input.consent_names import Meaning, holds_consent, meaning_of
from target_listrak.input.consent_values import Answer
from target_listrak.input.envelopes import is_envelope, layers
from target_listrak.outcomes import Declined, Rejected, RowDeclined, RowRejected
from target_listrak.values.characters import escaped
from target_listrak.values.deletions import DeleteMarkers, Mark, delete_markers

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from target_listrak.config.destination import Destination

__all__ = ["PAST_VERSION", "RowSigns", "check_subscribed"]

PAST_VERSION: Final = "past_version"
"""The code of rows that are past versions: they say nothing about the present state."""

_MAX_NAMES: Final = 10_000
"""How many names of properties are kept at most: some sources have new names in every record."""

_OPT_OUTS: Final = frozenset({Meaning.REFUSED, Meaning.MAY_REFUSE, Meaning.NOT_IN_USE})
_REMOVING_KINDS: Final = frozenset({"email_unsubscribe", "sms_unsubscribe", "sms_opt_out"})

_WAY_OUT: Final = (
    "If this property means something else, map it to null (`stream_maps`), or name the one that counts "
    "(`subscribed`)"
)
_DECLINED: Final = {
    Answer.NO: Declined("no_consent", "the record says that the contact did not agree or has unsubscribed"),
    Answer.UNNAMED_NO: Declined(
        "no_consent",
        f"the record says that the contact did not agree. {_WAY_OUT}",
    ),
    Answer.NOT_IN_USE: Declined(
        "not_in_use",
        "the record says that it is not in use (inactive, archived, disabled, blocked). If this property "
        "means something else, map it to null (`stream_maps`)",
    ),
    Answer.NOT_YET: Declined(
        "pending", "the record says that the contact has not confirmed its subscription"
    ),
    Answer.EMPTY: Declined(
        "consent_missing", "the value is missing: the record does not say that the contact agreed"
    ),
}


def check_subscribed(destination: Destination) -> None:
    """Check that the option `subscribed` does not name an opt-out: each value would be read the wrong way.

    Raises:
        ConfigurationError: It names one, and `subscribed_values` does not say which of its values mean
        agreed.
    """
    name = destination.options.get("subscribed")
    if name is None or destination.options.get("subscribed_values"):
        return
    channel = _channel(destination)
    if meaning_of(str(name).rpartition(".")[2], channel) in _OPT_OUTS:
        text = f"{name!r} is named like an opt-out: a yes there means that the contact does not agree"
        hint = "Write in subscribed_values which of its values mean that the contact agrees, such as [false]."
        raise destination.error("subscribed", text, hint)


def _channel(destination: Destination) -> str:
    return "sms" if destination.kind.startswith("sms") else "email"


class RowSigns:
    """Judges the records of one stream.

    Args:
        destination: The stream's destination.
        markers: The run's setting `delete_markers`.
        is_data: Returns whether a property is data for the destination, and not a marker.
        nulls: Texts that mean that there is no value (the setting `null_values`).
        known: The properties that a SCHEMA of the stream had in this run. A record that lacks one means null:
            many extractors leave nulls out, and a later SCHEMA may have lost the column.
    """

    def __init__(
        self,
        destination: Destination,
        markers: object,
        is_data: Callable[[str], bool] = lambda _name: False,
        nulls: Container[str] = (),
        known: Iterable[str] = (),
    ) -> None:
        option, options = destination.option, OPTIONS_BY_KIND[destination.kind]
        own = delete_markers(option("delete_markers"))
        self._own = own
        self._nulls = nulls
        self._deletions = DeleteMarkers({**delete_markers(markers), **own}, is_data)
        self._can_allow = "allow_deletes" in options
        self._allow_deletes = self._can_allow and bool(option("allow_deletes"))
        self._kind = destination.kind
        self._channel = _channel(destination)
        self._removes = destination.kind in _REMOVING_KINDS
        self._consent: Consent | None = None
        self._unsubscribe = False
        if "subscribed" in options and ("subscribe" not in options or option("subscribe")):
            self._consent = Consent(
                option("subscribed"),
                option("subscribed_values"),
                self._channel,
            )
            self._unsubscribe = bool(option("unsubscribe"))
        paths = (
            tuple(str(destination.options.get(name) or "").split(".")[:-1])
            for name in ("email", "phone", "subscribed")
        )
        self._contact_paths = [path for path in paths if path]
        # Known names that cannot matter. With them, most records cost one comparison of sets.
        self._irrelevant: set[str] = set()
        self._expected = frozenset(
            name
            for name in known
            # Listrak writes its own properties into every record. A name that is read by its words is too
            # uncertain to say anything by being absent.
            if not is_listrak_state(name)
            and meaning_of(name, self._channel) is not Meaning.MAY_AGREE
            and self.watches(name)
            and not self.is_plain(name, None)
        )

    # By record

    def leaves(self, record: Mapping[str, Any]) -> bool:
        """Return whether a record says that its contact is to be removed, and the destination does so.

        Returns:
            False if the record is to be loaded.

        Raises:
            RowRejected: It is a deletion and `allow_deletes` is off, or what it says cannot be read.
            RowDeclined: It is a past version of its row, or says that the contact did not agree.
        """
        absent = dict.fromkeys(self._expected - record.keys())
        by_names = self._consent is None or self._consent.property is None
        if not absent and by_names and record.keys() <= self._irrelevant:
            return False
        if self._removes:
            record = {**record, **absent}
        relevant = [name for name in record if self.watches(name)]
        if len(self._irrelevant) < _MAX_NAMES:
            self._irrelevant.update(record.keys() - set(relevant))
        if missing := [name for name in relevant if self._is_null(record[name])]:
            record = {**record, **dict.fromkeys(missing)}
        inner = list(layers(record)) if any(map(is_envelope, relevant)) else []
        mark, name = self._find(record, *inner)
        if mark is Mark.DELETED and self._allow_deletes:
            return True
        if mark is not Mark.NONE:
            self._refuse(mark, name)
        found = (objects_in(value_at(record, path), path[-1]) for path in self._contact_paths)
        around = [inner_object for objects in found for _, inner_object in objects]
        if self._removes:
            self._check_agreement(record, *inner, *around)
        answers = self._consent_of(record, inner, around, absent)
        return any(self._disagrees(*answer) for answer in answers)

    def _consent_of(
        self,
        record: Mapping[str, Any],
        inner: Sequence[Mapping[str, Any]],
        around: Sequence[Mapping[str, Any]],
        absent: Mapping[str, None],
    ) -> list[tuple[Answer, str]]:
        """Return what a record says about consent, each answer with its property.

        Args:
            record: The record.
            inner: The objects inside it that hold the row, if it is an envelope.
            around: The objects that hold the contact's address or consent.
            absent: Properties that it leaves out. They count as null if nothing says that the contact agreed.
        """
        if self._consent is None:
            return []
        if self._consent.property is not None:
            return [self._consent.says(record), *map(self._consent.contradiction, around)]
        answers = [self._consent.says(layer) for layer in (record, *inner, *around)]
        if absent and all(answer is not Answer.YES for answer, _ in answers):
            answers.append(self._consent.says(absent))
        return answers

    def _find(self, *layers_: Mapping[str, Any]) -> tuple[Mark, str]:
        """Return the first mark of a record or the objects inside it, and the property that has it."""
        for layer in layers_:
            mark, name = self._deletions.find(layer, filter(self._deletions.is_marker, layer))
            if mark is not Mark.NONE:
                return mark, name
        return Mark.NONE, ""

    def _check_agreement(self, *layers_: Mapping[str, Any]) -> None:
        """Decline a record that says that its contact agrees: it may come from a table of all contacts."""
        name = next(filter(None, (agreeing_property(layer, self._channel) for layer in layers_)), "")
        if name:
            reason = f"{name}: the record says that the contact agrees, so nobody is removed by it"
            raise RowDeclined(Declined("still_agrees", reason))

    def _refuse(self, mark: Mark, name: str) -> None:
        if mark is Mark.PAST:
            raise RowDeclined(
                Declined(PAST_VERSION, f"{name}: the record is a past version of its row; another one counts")
            )
        if mark is Mark.DOUBTFUL:
            reason = f"{name}: the value says neither that the source deleted the record nor that it did not"
            raise RowRejected(Rejected("unclear_deletion", reason))
        reason = "allow_deletes is off" if self._can_allow else f"{self._kind} removes nobody for it"
        raise RowRejected(Rejected("deleted", f"{name}: the source deleted the record, and {reason}"))

    def _disagrees(self, answer: Answer, name: str) -> bool:
        if answer in {Answer.YES, Answer.NOTHING}:
            return False
        if answer is Answer.NO and self._unsubscribe:
            return True
        if answer is Answer.UNREADABLE:
            reason = f"{name}: the value says neither that the contact agreed nor that it did not. {_WAY_OUT}"
            raise RowRejected(Rejected("unclear_consent", reason))
        declined = _DECLINED[answer]
        raise RowDeclined(Declined(declined.code, f"{name}: {declined.reason}"))

    def consent_sources(self, names: Iterable[str]) -> str:
        """Return a sentence about the properties from which consent is read; "" if nobody is subscribed.

        Args:
            names: The stream's properties.
        """
        if self._consent is None:
            return ""
        if self._consent.property is not None:
            return f"who agreed is read from {escaped(self._consent.property)}"
        known: list[str] = []
        by_words: list[str] = []
        for name in names:
            if self._consent.watches(name):
                uncertain = meaning_of(name, self._channel) in BY_WORDS and not is_listrak_state(name)
                (by_words if uncertain else known).append(escaped(name))
        parts = [f"who agreed is read from {', '.join(known)}"] if known else []
        parts += [f"of {', '.join(by_words)} only a clear no counts"] if by_words else []
        return "; ".join(parts) or "no property tells who agreed: every record subscribes its person"

    # By column

    def watches(self, name: str) -> bool:
        """Return whether the result of a record can depend on a property of this name."""
        if self._deletions.is_marker(name) or is_envelope(name) or self._holds_contact(name):
            return True
        if self._removes and (meaning_of(name, self._channel) or holds_consent(name, self._channel)):
            return True
        return self._consent is not None and self._consent.watches(name)

    def _is_null(self, value: object) -> bool:
        return isinstance(value, str) and value.strip() in self._nulls

    def _holds_contact(self, name: str) -> bool:
        """Return whether an object of this name holds the contact's address or consent."""
        return any(path[0] == name for path in self._contact_paths)

    @property
    def named(self) -> tuple[str, ...]:
        """The properties that the destination's options name for deletions and consent."""
        named = self._consent.property if self._consent is not None else None
        return (*self._own, *filter(None, [named]))

    @property
    def required(self) -> tuple[str, ...]:
        """Properties whose absence means something: records that lack one take the slow path."""
        named = self._consent.property if self._consent is not None else None
        return tuple(self._expected if named is None else {*self._expected, named})

    def is_plain(self, name: str, value: object) -> bool:
        """Return whether a property's value by itself says nothing against loading the record.

        Args:
            name: A property for which `watches` holds.
            value: Its value.
        """
        value = None if self._is_null(value) else value
        if self._deletions.is_marker(name) and self._deletions.says(name, value) is not Mark.NONE:
            return False
        if (isinstance(value, dict) and is_envelope(name)) or (value and self._holds_contact(name)):
            return False
        if self._removes and agreeing_property({name: value}, self._channel):
            return False
        if self._consent is None or not self._consent.watches(name):
            return True
        return self._consent.is_plain(name, value)
