"""Reads whether a record says that its contact agreed to receive messages.

The first of these that says something counts:

1. the property that the option `subscribed` names;
2. `subscriptionState`, as Listrak writes it;
3. `optedOut` and `unsubscribeDate`, as Listrak writes them;
4. the names that shops and CRMs use (`consent_names`);
5. unknown names, read by their words (`consent_words`): only a clear no counts.

A yes does not count if another property clearly says no. The names of the last two groups are in no setting,
so they unsubscribe nobody: a no only keeps the record from subscribing. A value that is neither yes nor no
rejects the row, except under an unknown name.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Final

from target_listrak.input.consent_names import Meaning, holds_consent, meaning_of
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

__all__ = ["BY_WORDS", "Consent", "agreeing_property", "is_listrak_state", "objects_in"]

_AGAINST: Final = frozenset({Meaning.REFUSED, Meaning.MAY_REFUSE, Meaning.IN_USE, Meaning.NOT_IN_USE})
"""Meanings that count even if `subscribed` names another property, because they clearly say no."""

_NOT_YES: Final = frozenset({Answer.UNNAMED_NO, Answer.NOT_IN_USE, Answer.UNREADABLE})

_STATE, _OPTED_OUT, _UNSUBSCRIBED, _SUBSCRIBED = (
    "subscriptionstate",
    "optedout",
    "unsubscribedate",
    "subscribedate",
)
BY_WORDS: Final = frozenset({Meaning.MAY_AGREE, Meaning.MAY_BE_STATE, Meaning.MAY_REFUSE})
"""Meanings by the words of an unknown name."""
_SEARCHED: Final = BY_WORDS | {None, Meaning.STATE}
"""Meanings of names whose value, if it is an object, is searched for properties of consent."""
_WHOLE_CONSENT: Final = frozenset(
    {"newsletter", "newsletters", "emailnewsletter", "marketing", "emailmarketing"}
)
"""Unknown names that mean consent as a whole. If a record has one, `optin` is about something else, such as
the offers of partners in PrestaShop."""
_CHECKBOXES: Final = frozenset(
    {
        *("newsletter", "newsletters", "emailnewsletter", "newslettersignup", "newsletteryn"),
        *("marketingemail", "marketingemails", "emailmarketing", "mailing", "mailings"),
        *("consentyn", "optinyn", "werbung", "emailwerbung"),
    }
)
"""Unknown names that spreadsheets give to a column of marks: a blank cell is a box that is not ticked."""
_MAX_DEPTH: Final = 4
_LISTRAK: Final = frozenset({_STATE, _OPTED_OUT, _UNSUBSCRIBED, _SUBSCRIBED})


def is_listrak_state(name: str) -> bool:
    """Return whether a property is named like one in which Listrak itself gives a contact's state."""
    return folded_name(name) in _LISTRAK


class Consent:
    """Reads the consent of one stream's records.

    Args:
        property: The property that the option `subscribed` names; `None` if it is not set.
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
        meaning = meaning_of(name, self._channel)
        if self.property is not None:
            return name == self.property or meaning in _AGAINST or meaning is Meaning.AGREED
        return is_listrak_state(name) or meaning is not None or holds_consent(name, self._channel)

    def says(self, record: Mapping[str, object]) -> tuple[Answer, str]:
        """Return what a record says, and the property that says so."""
        if self.property is not None:
            answer, name = self._answer(record.get(self.property)), self.property
        else:
            answer, name = _listrak_answer(record)
        if answer is Answer.YES:
            found = self._contradicted(record, name)
            return (answer, name) if found[0] is Answer.NOTHING else found
        return self._known(record) if answer is Answer.NOTHING else (answer, name)

    def is_plain(self, name: str, value: object) -> bool:
        """Return whether a watched property's value says nothing against the contact by itself."""
        if self.property is not None and name != self.property:
            return self.contradiction({name: value})[0] is Answer.NOTHING
        return self.says({name: value})[0] in {Answer.YES, Answer.NOTHING}

    def contradiction(self, record: Mapping[str, object]) -> tuple[Answer, str]:
        """Return what contradicts a yes in the object that holds the contact's address, and the property."""
        return self._contradicted(record, self.property or "")

    def _contradicted(self, record: Mapping[str, object], yes: str) -> tuple[Answer, str]:
        """Return what contradicts a yes: an opt-out, or a record that is not in use; and the property.

        Args:
            record: The record.
            yes: The property that says yes. If it is Listrak's own state, Listrak's dates beside it are older
                than it, and do not contradict it.
        """
        of_listrak = is_listrak_state(yes)
        for name, value in record.items():
            is_older = name == yes or (of_listrak and is_listrak_state(name))
            meaning = None if is_older else meaning_of(name, self._channel)
            if meaning in _AGAINST or (meaning is Meaning.AGREED and says_left(value)):
                answer = answer_of(meaning, value, record)
                if answer in _NOT_YES:
                    return answer, name
        return Answer.NOTHING, ""

    def _known(self, record: Mapping[str, object]) -> tuple[Answer, str]:
        """Return what the properties say together: a no takes precedence, then an unclear value.

        A missing date of agreeing, and a no under an unknown name, count only if no other property says that
        the person agreed.
        """
        answers: dict[Answer, str] = {}
        weak: dict[Answer, str] = {}
        for name, meaning, value in _consent_in(record, self._channel):
            answer = Answer.NOTHING if is_listrak_state(name) else answer_of(meaning, value, record)
            if meaning is Meaning.MAY_AGREE and is_empty(value) and folded_name(name) in _CHECKBOXES:
                answer = Answer.EMPTY
            is_weak = (meaning in {Meaning.AGREED_AT, Meaning.MAY_AGREE} and answer is Answer.EMPTY) or (
                meaning is Meaning.MAY_AGREE
                and answer is Answer.UNNAMED_NO
                and folded_name(name) not in _WHOLE_CONSENT
            )
            (weak if is_weak else answers).setdefault(answer, name)
        for answer in (Answer.UNNAMED_NO, Answer.NOT_IN_USE, Answer.NOT_YET, Answer.UNREADABLE, Answer.EMPTY):
            if answer in answers:
                return answer, answers[answer]
        if weak and Answer.YES not in answers:
            answer = min(weak, key=[Answer.UNNAMED_NO, Answer.EMPTY].index)
            return answer, weak[answer]
        return (Answer.YES, answers[Answer.YES]) if Answer.YES in answers else (Answer.NOTHING, "")

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
    """Return the property that says, by its known name, that the contact agrees to receive messages.

    An empty opt-out or date of unsubscribing says so too, as a table of all contacts has such a column. So
    does an event of subscribing, as a feed of events has people who subscribe and people who leave.

    Returns:
        "" if there is none, or another property says that the contact does not agree.
    """
    answers: dict[Answer, str] = {}
    for name, meaning, value in _consent_in(record, channel):
        if meaning is Meaning.MAY_BE_STATE and says_joined(value) and not is_listrak_state(name):
            answers.setdefault(Answer.YES, name)
        # A date of agreeing says nothing here: a person who left has one too.
        if meaning is not Meaning.AGREED_AT and meaning not in BY_WORDS:
            answer = answer_of(meaning, value, record)
            if (meaning is Meaning.REFUSED and is_empty(value)) or (
                meaning is Meaning.STATE and says_active(name, value)
            ):
                answer = Answer.YES
            answers.setdefault(answer, name)
    no = {Answer.UNNAMED_NO, Answer.NOT_IN_USE}
    return "" if no & answers.keys() else answers.get(Answer.YES, "")


def _consent_in(
    record: Mapping[str, object], channel: str, outer: str = ""
) -> Iterator[tuple[str, Meaning, object]]:
    """Yield the properties about consent, also those inside objects.

    Yields:
        Name (`subscriptions.email.marketing.consent`), meaning and value.
    """
    for name, value in record.items():
        whole = f"{outer}.{name}" if outer else name
        meaning = meaning_of(whole, channel)
        inner = objects_in(value, whole) if outer or holds_consent(name, channel) else []
        if inner and meaning in _SEARCHED:
            if whole.count(".") < _MAX_DEPTH:
                for path, inner_object in inner:
                    yield from _consent_in(inner_object, channel, path)
        elif meaning is not None:
            yield whole, meaning, value


def objects_in(value: object, place: str) -> list[tuple[str, Mapping[str, object]]]:
    """Return the objects in a value, which may be JSON text, each with its path.

    In a list, each object names its channel, which becomes a part of its path:
    `[{"channel": "email", "status": …}]`.
    """
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(value)
    if isinstance(value, dict):
        return [(place, value)]
    objects = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    return [(f"{place}.{_channel_of(item)}".rstrip("."), item) for item in objects]


def _channel_of(consent: Mapping[str, object]) -> str:
    """Return the channel that an object of consent names; "" if it names none."""
    names = {folded_name(name): value for name, value in consent.items()}
    channel = next((names[name] for name in ("channel", "type", "kind") if name in names), "")
    return channel if isinstance(channel, str) else ""


def _listrak_answer(record: Mapping[str, object]) -> tuple[Answer, str]:
    """Return what a record says in properties named like Listrak's own, and the property."""
    found = {folded_name(name): name for name in record if is_listrak_state(name)}
    if _STATE in found:
        return state_answer(record[found[_STATE]]), found[_STATE]
    for known in (_OPTED_OUT, _UNSUBSCRIBED):
        if known in found:
            answer = _left(known, record, found)
            if answer is not Answer.NOTHING:
                return answer, found[known]
    return Answer.NOTHING, ""


def _left(known: str, record: Mapping[str, object], found: Mapping[str, str]) -> Answer:
    """Read `optedOut`, or a date of unsubscribing that is not followed by a later date of subscribing.

    Listrak writes a boolean into `optedOut` and a date into `unsubscribeDate`. Other values unsubscribe
    nobody: they only keep the record from subscribing.
    """
    value = record[found[known]]
    mark = happened(value)
    if mark is not Mark.DELETED:
        return Answer.UNREADABLE if mark is Mark.DOUBTFUL else Answer.NOTHING
    is_boolean = boolean_answer(value) is Answer.YES
    if known == _UNSUBSCRIBED and not is_boolean:
        since = record.get(found.get(_SUBSCRIBED, ""))
        return Answer.NOTHING if is_later(since, value) else Answer.NO
    return Answer.NO if known == _OPTED_OUT and is_boolean else Answer.UNNAMED_NO
