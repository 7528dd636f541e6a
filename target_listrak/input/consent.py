"""Whether a record itself says that its contact agreed to get messages. Imports names only.

The setting `subscribed` names the property that says so. Without it a property called like Listrak's own
`subscriptionState` counts, and where a record has none, `optedOut` and `unsubscribeDate` as Listrak writes
them. Nothing is guessed: a value that is neither a yes nor a no is an error of the row.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

from target_listrak.values.plain import folded_name, plain_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Answer", "Consent", "is_listrak_state"]


class Answer(enum.Enum):
    """What a record says about its contact's consent."""

    SILENT = "nothing"
    YES = "agreed"
    NO = "did not agree"
    NOT_YET = "has not confirmed yet"
    EMPTY = "the value is missing"
    UNREADABLE = "neither yes nor no"


_YES: Final = frozenset({"true", "t", "yes", "y", "on"})
_NO: Final = frozenset({"false", "f", "no", "n", "off"})
_STATES: Final = {
    "subscribed": Answer.YES,
    "unsubscribed": Answer.NO,
    "notsubscribed": Answer.NO,
    "optedout": Answer.NO,
    "optout": Answer.NO,
    "pending": Answer.NOT_YET,
}
_STATE, _OPTED_OUT, _UNSUBSCRIBED, _SUBSCRIBED = (
    "subscriptionstate",
    "optedout",
    "unsubscribedate",
    "subscribedate",
)
_LISTRAK: Final = frozenset({_STATE, _OPTED_OUT, _UNSUBSCRIBED, _SUBSCRIBED})


def is_listrak_state(name: str) -> bool:
    """Whether a property is called like one in which Listrak itself tells how a contact stands."""
    return folded_name(name) in _LISTRAK


class Consent:
    """Reads the consent of one stream's records.

    Args:
        property: The property that the setting `subscribed` names; `None` for Listrak's own.
        values: Its values that say yes (`subscribed_values`); all others say no. `None` reads a boolean.
    """

    def __init__(self, property: str | None = None, values: Iterable[object] | None = None) -> None:  # noqa: A002 - the field's word
        self.property = property
        values = [values] if isinstance(values, str) else values
        self._values = None if values is None else frozenset(map(plain_value, values))

    def watches(self, name: str) -> bool:
        """Whether the answer can depend on a property of the record."""
        return name == self.property if self.property is not None else is_listrak_state(name)

    def says(self, record: Mapping[str, object]) -> tuple[Answer, str]:
        """What a record says.

        Returns:
            The answer, and the property that gives it.
        """
        if self.property is not None:
            return self._answer(record.get(self.property)), self.property
        found = {folded_name(name): name for name in record if is_listrak_state(name)}
        if _STATE in found:
            return _state(record[found[_STATE]]), found[_STATE]
        if _OPTED_OUT in found:
            answer = _boolean(record[found[_OPTED_OUT]])
            if answer is Answer.YES:
                return Answer.NO, found[_OPTED_OUT]
        if _UNSUBSCRIBED in found and _has_left(record, found):
            return Answer.NO, found[_UNSUBSCRIBED]
        return Answer.SILENT, ""

    def _answer(self, value: object) -> Answer:
        if _is_empty(value):
            return Answer.EMPTY
        if self._values is None:
            answer = _boolean(value)
            return _state(value) if answer is Answer.UNREADABLE and isinstance(value, str) else answer
        if isinstance(value, list | dict):
            return Answer.UNREADABLE
        return Answer.YES if plain_value(value) in self._values else Answer.NO


def _is_empty(value: object) -> bool:
    return not plain_value(value)


def _boolean(value: object) -> Answer:
    """A configured property: true and false in the words and numbers that mean them."""
    text = plain_value(value)
    if text in _YES or text == "1":
        return Answer.YES
    return Answer.NO if text in _NO or text == "0" else Answer.UNREADABLE


def _state(value: object) -> Answer:
    """A state as Listrak writes it. What its numbers mean is not documented, so they say nothing readable."""
    if _is_empty(value):
        return Answer.EMPTY
    if isinstance(value, bool):
        return Answer.YES if value else Answer.NO
    if not isinstance(value, str):
        return Answer.UNREADABLE
    return _STATES.get(folded_name(value), Answer.UNREADABLE)


def _has_left(record: Mapping[str, object], found: Mapping[str, str]) -> bool:
    """Whether a record without a state has a date of unsubscribing that no later subscribing follows."""
    left = record[found[_UNSUBSCRIBED]]
    if _is_empty(left) or str(left).startswith("0001-01-01"):
        return False
    since = record.get(found.get(_SUBSCRIBED, ""))
    return not (isinstance(since, str) and isinstance(left, str) and since[:19] > left[:19])
