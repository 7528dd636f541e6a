"""Reads the value of a property of consent: yes, no, not yet, missing, unclear."""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING, Any, Final

from target_listrak.input.consent_names import CONSENT_WORDS, STATUS_WORDS, Meaning
from target_listrak.input.consent_words import left_by_words
from target_listrak.values.dates import is_later
from target_listrak.values.deletions import Mark, happened
from target_listrak.values.plain import folded_name, plain_value

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Answer",
    "answer_of",
    "boolean_answer",
    "is_empty",
    "says_active",
    "says_joined",
    "says_left",
    "state_answer",
]


class Answer(enum.Enum):
    """What a record says about its contact's consent."""

    NOTHING = "nothing"
    YES = "agreed"
    NO = "did not agree"
    UNNAMED_NO = "did not agree, by a property that no setting names"
    NOT_IN_USE = "the record of the person is not in use"
    NOT_YET = "has not confirmed yet"
    EMPTY = "the value is missing"
    UNREADABLE = "neither yes nor no"


_YES: Final = frozenset({"true", "t", "yes", "y", "on", "1.0"})
_NO: Final = frozenset({"false", "f", "no", "n", "off", "0.0"})
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
    Meaning.REFUSED: Answer.UNNAMED_NO,
    Meaning.NOT_IN_USE: Answer.NOT_IN_USE,
    Meaning.UNCONFIRMED: Answer.NOT_YET,
}
_LEFT: Final = frozenset({"unsubscribed", "optedout", "optout", "suppressed", "withdrawn", "revoked"})
_STATE_KEYS: Final = ("state", "marketingstate", "consent", "status")
"""The keys under which consent objects of Shopify and Klaviyo have the state."""
_JOINED: Final = frozenset(
    {
        "subscribe",
        "subscribed",
        "resubscribe",
        "resubscribed",
        "optin",
        "optedin",
        "signup",
        "start",
        "unstop",
    }
)
"""Events and keywords of a person who subscribes."""
_SET: Final = frozenset({"all", "blast", "basic", "x", "ja", "oui", "si", "sí", "sim"})
"""What Sailthru writes into `optout_email`, and other sources for a checkbox that is set."""
_ACCOUNT_WORDS: Final = frozenset({"disabled", "declined"})
"""Words of `state` that are not about consent: Shopify's customers without an account are `disabled`."""
_CANCELLED: Final = frozenset({"cancelled", "canceled"})
"""What Kit writes into `state` of a person who unsubscribed."""
_NO_IN_OTHER_LANGUAGES: Final = frozenset({"nein", "non", "nee", "não", "nao"})
_SUBSCRIBED_AT: Final = ("subscribedat", "subscribeddate", "subscribedon", "datesubscribed", "subscribeat")
_YEAR: Final = re.compile(r"\b20\d\d\b")


def is_empty(value: object) -> bool:
    """Return whether a value is null or blank text."""
    return not plain_value(value)


def boolean_answer(value: object) -> Answer:
    """Read a boolean, or a word or number that means one; `UNREADABLE` for all other values."""
    text = plain_value(value)
    if text in _YES or text == "1":
        return Answer.YES
    return Answer.NO if text in _NO or text == "0" else Answer.UNREADABLE


def state_answer(value: object) -> Answer:
    """Read a state as Listrak writes it. Numbers are unreadable: what they mean is not documented."""
    if is_empty(value):
        return Answer.EMPTY
    if isinstance(value, bool):
        return Answer.YES if value else Answer.NO
    if not isinstance(value, str):
        return Answer.UNREADABLE
    return _STATES.get(folded_name(value), Answer.UNREADABLE)


def answer_of(meaning: Meaning, value: object, record: Mapping[str, object]) -> Answer:
    """Return what a property says, by the meaning of its name and its value; `NOTHING` if it says nothing."""
    if meaning in {Meaning.IN_USE, Meaning.NOT_IN_USE}:
        unused = (
            boolean_answer(value) is Answer.NO
            if meaning is Meaning.IN_USE
            else happened(value) is Mark.DELETED
        )
        return Answer.NOT_IN_USE if unused else Answer.NOTHING
    if meaning in {Meaning.REFUSED, Meaning.MAY_REFUSE}:
        return _refusal(meaning, value, record)
    if meaning is Meaning.MAY_BE_STATE:
        left = isinstance(value, str) and left_by_words(folded_name(value))
        return Answer.UNNAMED_NO if left else Answer.NOTHING
    if meaning is Meaning.MAY_AGREE:
        return _agreement_by_name(value)
    return _agreed_at(value) if meaning is Meaning.AGREED_AT else _agreement(meaning, value)


def says_joined(value: object) -> bool:
    """Return whether an event, an action or a keyword says that a contact joined: `opt_in`, `START`."""
    return isinstance(value, str) and folded_name(value) in _JOINED


def says_left(value: object) -> bool:
    """Return whether the word of a state means that the contact left, not only that it did not agree."""
    if isinstance(value, dict):
        value = _inner_state(value)
    return isinstance(value, str) and folded_name(value) in _LEFT


def says_active(name: str, value: object) -> bool:
    """Return whether a subscriber's status means that messages are sent to it: `active`, `confirmed`.

    A property that is only called `status` may be the status of an account, so it does not count.
    """
    word = folded_name(value) if isinstance(value, str) else ""
    return folded_name(name).startswith(("subscri", "email", "sms")) and CONSENT_WORDS.get(word, False)


def _inner_state(value: Mapping[Any, object]) -> object:
    """Return the state in an object of Shopify's or Klaviyo's."""
    inner = {folded_name(str(name)): part for name, part in value.items()}
    return next((inner[name] for name in _STATE_KEYS if name in inner), None)


def _agreed_at(value: object) -> Answer:
    """Read the date on which a person agreed. 0001-01-01 is no date; a text with a year is a date."""
    mark = happened(value)
    if mark is Mark.NONE:
        return Answer.UNNAMED_NO if boolean_answer(value) is Answer.NO else Answer.EMPTY
    dated = mark is Mark.DELETED or (isinstance(value, str) and _YEAR.search(value) is not None)
    return Answer.YES if dated else Answer.UNREADABLE


def _refusal(meaning: Meaning, value: object, record: Mapping[str, object]) -> Answer:
    """Read an opt-out or its date. It does not count if a date of subscribing in the record is later."""
    mark = happened(value)
    left = _clearly_yes(value) if meaning is Meaning.MAY_REFUSE else mark is Mark.DELETED
    if left and not _subscribed_since(value, record):
        return Answer.UNNAMED_NO
    if meaning is Meaning.MAY_REFUSE:
        return Answer.NOTHING
    if mark is Mark.DOUBTFUL:
        return Answer.UNREADABLE
    return Answer.NOTHING if is_empty(value) else Answer.YES


def _agreement(meaning: Meaning, value: object) -> Answer:
    """Read a property of consent, or a status."""
    if isinstance(value, dict):
        value = _inner_state(value)
    is_status = meaning is not Meaning.AGREED
    answer = Answer.UNREADABLE if is_status else boolean_answer(value)
    if answer is Answer.UNREADABLE:
        answer = state_answer(value)
    if answer is Answer.NO:
        return Answer.UNNAMED_NO
    if answer is Answer.UNREADABLE and isinstance(value, str):
        answer = _sender_word(folded_name(value), meaning)
    if not is_status or answer not in {Answer.EMPTY, Answer.UNREADABLE}:
        return answer
    number = plain_value(value)
    return (
        Answer.UNREADABLE
        if meaning is Meaning.STATE and number.isdecimal() and number != "1"
        else Answer.NOTHING
    )


def _sender_word(word: str, meaning: Meaning) -> Answer:
    """Read a word that other senders write into a status or into a property of consent."""
    if word in STATUS_WORDS and not (meaning is Meaning.WORD and word in _ACCOUNT_WORDS):
        return _ANSWERS[STATUS_WORDS[word]]
    if left_by_words(word) or (meaning is Meaning.WORD and word in _CANCELLED):
        return Answer.UNNAMED_NO
    if meaning is Meaning.AGREED and word in CONSENT_WORDS:
        return Answer.YES if CONSENT_WORDS[word] else Answer.UNNAMED_NO
    return Answer.UNREADABLE


def _clearly_yes(value: object) -> bool:
    """Return whether a value clearly means yes: true, a date, a word, or a list that is not empty."""
    if isinstance(value, list):
        return bool(value)
    word = folded_name(value) if isinstance(value, str) else ""
    return happened(value) is Mark.DELETED or word in _SET or left_by_words(word)


def _agreement_by_name(value: object) -> Answer:
    """Read the value of a property that is known only by the words of its name: yes, no or nothing."""
    answer = boolean_answer(value)
    if answer is Answer.UNREADABLE and isinstance(value, str):
        word = folded_name(value)
        if word in _SET:
            return Answer.YES
        answer = Answer.NO if word in _NO_IN_OTHER_LANGUAGES else state_answer(value)
        if answer is Answer.UNREADABLE:
            answer = _sender_word(word, Meaning.AGREED)
    if answer in {Answer.EMPTY, Answer.UNREADABLE}:
        return Answer.NOTHING
    return Answer.UNNAMED_NO if answer is Answer.NO else answer


def _subscribed_since(left: object, record: Mapping[str, object]) -> bool:
    """Return whether a date of subscribing in the record is later than a date of unsubscribing."""
    return any(is_later(value, left) for name, value in record.items() if folded_name(name) in _SUBSCRIBED_AT)
