"""Whether a record says that its contact agreed to receive messages.

The option `subscribed` names the property that says so. Without it a property named like Listrak's own
`subscriptionState` counts; if a record has none, `optedOut` and `unsubscribeDate` as Listrak writes them;
then the names that shops and CRMs use (`consent_names`). No setting names those, so they unsubscribe nobody:
a no only keeps the record from subscribing. A value that is neither yes nor no rejects the row. Last come
names that no list knows, by their words (`consent_words`): of those only a clear no counts.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Final

from target_listrak.input.consent_names import How, consent_reading, holds_consent
from target_listrak.input.consent_values import (
    Answer,
    answer_of,
    boolean_answer,
    is_empty,
    says_active,
    says_joined,
    says_left,
    state_answer,
)
from target_listrak.values.dates import is_later
from target_listrak.values.deletions import Mark, happened
from target_listrak.values.plain import folded_name, plain_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Consent", "agreeing_property", "is_listrak_state", "objects_in"]

_AGAINST: Final = frozenset({How.REFUSED, How.MAY_REFUSE, How.IN_USE, How.NOT_IN_USE})
"""Readings that count beside the property that `subscribed` names: those that clearly say no."""

_NOT_YES: Final = frozenset({Answer.OTHER_NO, Answer.NOT_IN_USE, Answer.UNREADABLE})

_STATE, _OPTED_OUT, _UNSUBSCRIBED, _SUBSCRIBED = (
    "subscriptionstate",
    "optedout",
    "unsubscribedate",
    "subscribedate",
)
_MAY_SPEAK: Final = frozenset({How.MAY_AGREE, How.MAY_BE_STATE, How.MAY_REFUSE})
"""Readings by the words of a name: they keep nobody who left."""
_OPENED: Final = _MAY_SPEAK | {None, How.STATE}
"""Readings of names under which an object is looked into, and not taken for a value."""
_OF_ALL: Final = frozenset({"newsletter", "newsletters", "emailnewsletter", "marketing", "emailmarketing"})
"""Names, read by their words, of consent as a whole: beside them `optin` is about something else, such as the
offers of partners in PrestaShop."""
_DEEPEST: Final = 4
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
            return name == self.property or how in _AGAINST or how is How.AGREED
        return is_listrak_state(name) or how is not None or holds_consent(name, self._channel)

    def says(self, record: Mapping[str, object]) -> tuple[Answer, str]:
        """Return what a record says.

        Returns:
            The answer, and the property that gives it.
        """
        if self.property is not None:
            answer, name = self._answer(record.get(self.property)), self.property
        else:
            answer, name = _listrak_answer(record)
        if answer is Answer.YES:
            found = self._contradicted(record, name)
            return (answer, name) if found[0] is Answer.SILENT else found
        return self._known(record) if answer is Answer.SILENT else (answer, name)

    def is_plain(self, name: str, value: object) -> bool:
        """Return whether a watched property's value says nothing against the contact by itself."""
        if self.property is not None and name != self.property:
            return self.contradiction({name: value})[0] is Answer.SILENT
        return self.says({name: value})[0] in {Answer.YES, Answer.SILENT}

    def contradiction(self, record: Mapping[str, object]) -> tuple[Answer, str]:
        """Return what contradicts a yes in an object in which the contact's address stands."""
        return self._contradicted(record, self.property or "")

    def _contradicted(self, record: Mapping[str, object], yes: str) -> tuple[Answer, str]:
        """Return what contradicts the yes of a property: an opt-out, or a record that is not in use.

        The dates beside Listrak's own state are older than it.
        """
        of_listrak = is_listrak_state(yes)
        for name, value in record.items():
            is_older = name == yes or (of_listrak and is_listrak_state(name))
            how = None if is_older else consent_reading(name, self._channel)
            if how in _AGAINST or (how is How.AGREED and says_left(value)):
                answer = answer_of(how, value, record)
                if answer in _NOT_YES:
                    return answer, name
        return Answer.SILENT, ""

    def _known(self, record: Mapping[str, object]) -> tuple[Answer, str]:
        """Return what the known names say together: a no takes precedence, then anything unclear.

        A date of agreeing that is missing, and a no by the words of a name, count only if nothing else says
        that the person agreed.
        """
        answers: dict[Answer, str] = {}
        lesser: dict[Answer, str] = {}
        for name, how, value in _consent_in(record, self._channel):
            answer = Answer.SILENT if is_listrak_state(name) else answer_of(how, value, record)
            counts_less = (how is How.AGREED_AT and answer is Answer.EMPTY) or (
                how is How.MAY_AGREE and answer is Answer.OTHER_NO and folded_name(name) not in _OF_ALL
            )
            (lesser if counts_less else answers).setdefault(answer, name)
        for answer in (Answer.OTHER_NO, Answer.NOT_IN_USE, Answer.NOT_YET, Answer.UNREADABLE, Answer.EMPTY):
            if answer in answers:
                return answer, answers[answer]
        if lesser and Answer.YES not in answers:
            answer = min(lesser, key=[Answer.OTHER_NO, Answer.EMPTY].index)
            return answer, lesser[answer]
        return (Answer.YES, answers[Answer.YES]) if Answer.YES in answers else (Answer.SILENT, "")

    def _answer(self, value: object) -> Answer:
        if is_empty(value):
            return Answer.EMPTY
        if self._values is None:
            answer = boolean_answer(value)
            return state_answer(value) if answer is Answer.UNREADABLE and isinstance(value, str) else answer
        if isinstance(value, list | dict):
            return Answer.UNREADABLE
        return Answer.YES if plain_value(value) in self._values else Answer.NO


def agreeing_property(record: Mapping[str, object], channel: str) -> str:
    """Return the property by whose known name a record says that its contact agrees to receive messages.

    An empty opt-out or date of unsubscribing says so, too: a table of all contacts has such a column. So does
    an event of subscribing: a feed of events has those who join beside those who leave.

    Returns:
        "" if there is none, or another property says that the contact does not agree.
    """
    answers: dict[Answer, str] = {}
    for name, how, value in _consent_in(record, channel):
        if how is How.MAY_BE_STATE and says_joined(value) and not is_listrak_state(name):
            answers.setdefault(Answer.YES, name)
        # Who left agreed once.
        if how is not How.AGREED_AT and how not in _MAY_SPEAK:
            answer = answer_of(how, value, record)
            if (how is How.REFUSED and is_empty(value)) or (how is How.STATE and says_active(name, value)):
                answer = Answer.YES
            answers.setdefault(answer, name)
    no = {Answer.OTHER_NO, Answer.NOT_IN_USE}
    return "" if no & answers.keys() else answers.get(Answer.YES, "")


def _consent_in(
    record: Mapping[str, object], channel: str, outer: str = ""
) -> Iterator[tuple[str, How, object]]:
    """Yield the properties that say something about consent, also those inside the objects that hold them.

    Yields:
        Name (`subscriptions.email.marketing.consent`), reading and value.
    """
    for name, value in record.items():
        whole = f"{outer}.{name}" if outer else name
        how = consent_reading(whole, channel)
        inner = objects_in(value, whole) if outer or holds_consent(name, channel) else []
        if inner and how in _OPENED:
            if whole.count(".") < _DEEPEST:
                for place, one in inner:
                    yield from _consent_in(one, channel, place)
        elif how is not None:
            yield whole, how, value


def objects_in(value: object, place: str) -> list[tuple[str, Mapping[str, object]]]:
    """Return the objects in a value and the names of their places; a database may give back JSON text.

    In a list of objects each says which channel it is about: `[{"channel": "email", "status": …}]`.
    """
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(value)
    if isinstance(value, dict):
        return [(place, value)]
    found = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    return [(f"{place}.{_channel_of(one)}".rstrip("."), one) for one in found]


def _channel_of(one: Mapping[str, object]) -> str:
    names = {folded_name(name): value for name, value in one.items()}
    channel = next((names[name] for name in ("channel", "type", "kind") if name in names), "")
    return channel if isinstance(channel, str) else ""


def _listrak_answer(record: Mapping[str, object]) -> tuple[Answer, str]:
    """Return what a record says in properties named like Listrak's own, and in which."""
    found = {folded_name(name): name for name in record if is_listrak_state(name)}
    if _STATE in found:
        return state_answer(record[found[_STATE]]), found[_STATE]
    for known in (_OPTED_OUT, _UNSUBSCRIBED):
        if known in found:
            answer = _left(known, record, found)
            if answer is not Answer.SILENT:
                return answer, found[known]
    return Answer.SILENT, ""


def _left(known: str, record: Mapping[str, object], found: Mapping[str, str]) -> Answer:
    """Read `optedOut`, or a date of unsubscribing that no later one of subscribing follows.

    Listrak writes a boolean into the one and a date into the other. What is written otherwise unsubscribes
    nobody; it only keeps the record from subscribing.
    """
    value = record[found[known]]
    mark = happened(value)
    if mark is not Mark.DELETED:
        return Answer.UNREADABLE if mark is Mark.DOUBTFUL else Answer.SILENT
    is_boolean = boolean_answer(value) is Answer.YES
    if known == _UNSUBSCRIBED and not is_boolean:
        since = record.get(found.get(_SUBSCRIBED, ""))
        return Answer.SILENT if is_later(since, value) else Answer.NO
    return Answer.NO if known == _OPTED_OUT and is_boolean else Answer.OTHER_NO
