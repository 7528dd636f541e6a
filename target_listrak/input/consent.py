"""Whether a record says that its contact agreed to receive messages.

The option `subscribed` names the property that says so. Without it a property named like Listrak's own
`subscriptionState` counts; if a record has none, `optedOut` and `unsubscribeDate` as Listrak writes them;
then the names that shops and CRMs use (`consent_names`). No setting names those, so they unsubscribe nobody:
a no only keeps the record from subscribing. A value that is neither yes nor no rejects the row.
"""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING, Final

from target_listrak.input.consent_names import STATUS_WORDS, How, consent_reading
from target_listrak.values.deletions import Mark, happened
from target_listrak.values.plain import folded_name, plain_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Answer", "Consent", "agreeing_property", "is_listrak_state"]


class Answer(enum.Enum):
    """What a record says about its contact's consent."""

    SILENT = "nothing"
    YES = "agreed"
    NO = "did not agree"
    OTHER_NO = "did not agree, by a property that no setting names"
    NOT_IN_USE = "the record of the person is not in use"
    NOT_YET = "has not confirmed yet"
    EMPTY = "the value is missing"
    UNREADABLE = "neither yes nor no"


_AGAINST: Final = frozenset({How.REFUSED, How.IN_USE, How.NOT_IN_USE})
"""Readings that count beside the property that `subscribed` names: those that clearly say no."""

_YES: Final = frozenset({"true", "t", "yes", "y", "on"})
_NO: Final = frozenset({"false", "f", "no", "n", "off"})
_STATES: Final = {
    "subscribed": Answer.YES,
    "unsubscribed": Answer.NO,
    "notsubscribed": Answer.NO,
    "optedout": Answer.NO,
    "optout": Answer.NO,
    "neversubscribed": Answer.NO,
    "nonsubscribed": Answer.NO,
    "notoptedin": Answer.NO,
    "neveroptedin": Answer.NO,
    "donotcontact": Answer.NO,
    "suppressed": Answer.NO,
    "withdrawn": Answer.NO,
    "revoked": Answer.NO,
    "denied": Answer.NO,
    "deleted": Answer.NO,
    "removed": Answer.NO,
    "optedin": Answer.YES,
    "optin": Answer.YES,
    "pending": Answer.NOT_YET,
}
_ANSWERS: Final = {
    How.REFUSED: Answer.OTHER_NO,
    How.NOT_IN_USE: Answer.NOT_IN_USE,
    How.UNCONFIRMED: Answer.NOT_YET,
}
_INNER: Final = ("state", "marketingstate", "consent", "status")
"""The keys under which consent objects of Shopify and Klaviyo hold the state."""
_SINCE: Final = ("subscribedat", "subscribeddate", "subscribedon", "datesubscribed", "subscribeat")
_STATE, _OPTED_OUT, _UNSUBSCRIBED, _SUBSCRIBED = (
    "subscriptionstate",
    "optedout",
    "unsubscribedate",
    "subscribedate",
)
_IS_DATE: Final = re.compile(r"(?:at|on|date|time|timestamp)$|^date")
"""Folded names of dates at which something happened: an empty value means that it did not happen."""
_YEAR: Final = re.compile(r"\b20\d\d\b")
_LISTRAK: Final = frozenset({_STATE, _OPTED_OUT, _UNSUBSCRIBED, _SUBSCRIBED})


def is_listrak_state(name: str) -> bool:
    """Return whether a property is named like one in which Listrak itself gives a contact's state."""
    return folded_name(name) in _LISTRAK


class Consent:
    """Reads the consent of one stream's records.

    Args:
        property: The property that the option `subscribed` names; `None` for Listrak's own.
        values: Its values that say yes (`subscribed_values`); all others say no. `None` reads a boolean.
        channel: `email` or `sms`: decides which known names count if no property is named.
    """

    def __init__(
        self,
        property: str | None = None,  # noqa: A002 - the field's word
        values: Iterable[object] | None = None,
        channel: str = "email",
    ) -> None:
        self.property = property
        self._channel = channel
        values = [values] if isinstance(values, str) else values
        self._values = None if values is None else frozenset(map(plain_value, values))

    def watches(self, name: str) -> bool:
        """Return whether the answer can depend on a property of the record."""
        how = consent_reading(name, self._channel)
        if self.property is not None:
            return name == self.property or how in _AGAINST
        return is_listrak_state(name) or how is not None

    def says(self, record: Mapping[str, object]) -> tuple[Answer, str]:
        """Return what a record says.

        Returns:
            The answer, and the property that gives it.
        """
        if self.property is not None:
            answer = self._answer(record.get(self.property))
            contradicted = self._contradicted(record) if answer is Answer.YES else None
            return contradicted or (answer, self.property)
        found = {folded_name(name): name for name in record if is_listrak_state(name)}
        if _STATE in found:
            return _state(record[found[_STATE]]), found[_STATE]
        if _OPTED_OUT in found:
            answer = _boolean(record[found[_OPTED_OUT]])
            if answer is Answer.YES:
                return Answer.NO, found[_OPTED_OUT]
        if _UNSUBSCRIBED in found and _has_left(record, found):
            return Answer.NO, found[_UNSUBSCRIBED]
        return self._known(record)

    def is_plain(self, name: str, value: object) -> bool:
        """Return whether a watched property's value says nothing against the contact by itself."""
        if self.property is not None and name != self.property:
            return self._contradicted({name: value}) is None
        return self.says({name: value})[0] in {Answer.YES, Answer.SILENT}

    def _contradicted(self, record: Mapping[str, object]) -> tuple[Answer, str] | None:
        """Return what contradicts a yes of the named property: an opt-out, or a record that is not in use."""
        for name, value in record.items():
            how = None if name == self.property else consent_reading(name, self._channel)
            if how is not None and how in _AGAINST:
                answer = _known_answer(how, value, record)
                if answer in {Answer.OTHER_NO, Answer.NOT_IN_USE}:
                    return answer, name
        return None

    def _known(self, record: Mapping[str, object]) -> tuple[Answer, str]:
        """Return what the known names say together: a no takes precedence, then anything unclear.

        A date of agreeing that is missing counts only if nothing else says that the person agreed.
        """
        answers: dict[Answer, str] = {}
        undated = ""
        for name, value in record.items():
            how = None if is_listrak_state(name) else consent_reading(name, self._channel)
            if how is not None:
                answer = _known_answer(how, value, record)
                if how is How.AGREED_AT and answer is Answer.EMPTY:
                    undated = undated or name
                else:
                    answers.setdefault(answer, name)
        for answer in (Answer.OTHER_NO, Answer.NOT_IN_USE, Answer.NOT_YET, Answer.UNREADABLE, Answer.EMPTY):
            if answer in answers:
                return answer, answers[answer]
        return (Answer.EMPTY, undated) if undated and Answer.YES not in answers else (Answer.SILENT, "")

    def _answer(self, value: object) -> Answer:
        if _is_empty(value):
            return Answer.EMPTY
        if self._values is None:
            answer = _boolean(value)
            return _state(value) if answer is Answer.UNREADABLE and isinstance(value, str) else answer
        if isinstance(value, list | dict):
            return Answer.UNREADABLE
        return Answer.YES if plain_value(value) in self._values else Answer.NO


def agreeing_property(record: Mapping[str, object], channel: str) -> str:
    """Return the property by whose known name a record says that its contact agrees to receive messages.

    An empty date of unsubscribing says so, too: a table of all contacts has such a column.

    Returns:
        "" if there is none, or another property says that the contact does not agree.
    """
    answers: dict[Answer, str] = {}
    for name, value in record.items():
        how = consent_reading(name, channel)
        if how is not None and how is not How.AGREED_AT:  # who left agreed once
            answer = _known_answer(how, value, record)
            if how is How.REFUSED and _is_empty(value) and _IS_DATE.search(folded_name(name)):
                answer = Answer.YES
            answers.setdefault(answer, name)
    no = {Answer.OTHER_NO, Answer.NOT_IN_USE}
    return "" if no & answers.keys() else answers.get(Answer.YES, "")


def _is_empty(value: object) -> bool:
    return not plain_value(value)


def _boolean(value: object) -> Answer:
    """Read a boolean: true and false in the words and numbers that mean them."""
    text = plain_value(value)
    if text in _YES or text == "1":
        return Answer.YES
    return Answer.NO if text in _NO or text == "0" else Answer.UNREADABLE


def _state(value: object) -> Answer:
    """Read a state as Listrak writes it. Numbers are unreadable: what they mean is not documented."""
    if _is_empty(value):
        return Answer.EMPTY
    if isinstance(value, bool):
        return Answer.YES if value else Answer.NO
    if not isinstance(value, str):
        return Answer.UNREADABLE
    return _STATES.get(folded_name(value), Answer.UNREADABLE)


def _known_answer(how: How, value: object, record: Mapping[str, object]) -> Answer:
    """Return what one property of a known name says; `SILENT` if it says nothing."""
    if how is How.IN_USE:
        return Answer.NOT_IN_USE if _boolean(value) is Answer.NO else Answer.SILENT
    if how is How.NOT_IN_USE:
        return Answer.NOT_IN_USE if happened(value) is Mark.DELETED else Answer.SILENT
    if how is How.AGREED_AT:
        return _agreed_at(value)
    return _refusal(value, record) if how is How.REFUSED else _agreement(how, value)


def _agreed_at(value: object) -> Answer:
    """Read a date of agreeing: 0001-01-01 is no date, `no` is a no; a year makes any text a date."""
    mark = happened(value)
    if mark is Mark.NONE:
        return Answer.OTHER_NO if _boolean(value) is Answer.NO else Answer.EMPTY
    dated = mark is Mark.DELETED or (isinstance(value, str) and _YEAR.search(value) is not None)
    return Answer.YES if dated else Answer.UNREADABLE


def _refusal(value: object, record: Mapping[str, object]) -> Answer:
    if happened(value) is Mark.DOUBTFUL:
        return Answer.UNREADABLE
    if happened(value) is Mark.DELETED and not _subscribed_since(value, record):
        return Answer.OTHER_NO
    return Answer.SILENT if _is_empty(value) else Answer.YES


def _agreement(how: How, value: object) -> Answer:
    if isinstance(value, dict):
        inner = {folded_name(name): part for name, part in value.items()}
        value = next((inner[name] for name in _INNER if name in inner), None)
    answer = _state(value) if how is How.STATE else _boolean(value)
    if answer is Answer.UNREADABLE:
        answer = _state(value)
    if answer is Answer.NO:
        return Answer.OTHER_NO
    if how is How.STATE and answer is Answer.UNREADABLE:
        word = STATUS_WORDS.get(folded_name(value)) if isinstance(value, str) else None
        answer = answer if word is None else _ANSWERS[word]
    unsaid = how is How.STATE and answer in {Answer.EMPTY, Answer.UNREADABLE}
    return Answer.SILENT if unsaid else answer


def _subscribed_since(left: object, record: Mapping[str, object]) -> bool:
    """Return whether a later date of subscribing follows a date of unsubscribing, both in ISO form."""
    dates = [value for name, value in record.items() if folded_name(name) in _SINCE]
    return isinstance(left, str) and any(isinstance(date, str) and date[:19] > left[:19] for date in dates)


def _has_left(record: Mapping[str, object], found: Mapping[str, str]) -> bool:
    """Return whether a record without a state has a date of unsubscribing and no later one of subscribing."""
    left = record[found[_UNSUBSCRIBED]]
    if _is_empty(left) or str(left).startswith("0001-01-01"):
        return False
    since = record.get(found.get(_SUBSCRIBED, ""))
    return not (isinstance(since, str) and isinstance(left, str) and since[:19] > left[:19])
