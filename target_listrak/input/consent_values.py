"""How the value of a property of consent is read: yes, no, not yet, missing, unclear."""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING, Any, Final

from target_listrak.input.consent_names import CONSENT_WORDS, STATUS_WORDS, How
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

    SILENT = "nothing"
    YES = "agreed"
    NO = "did not agree"
    OTHER_NO = "did not agree, by a property that no setting names"
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
    How.REFUSED: Answer.OTHER_NO,
    How.NOT_IN_USE: Answer.NOT_IN_USE,
    How.UNCONFIRMED: Answer.NOT_YET,
}
_LEFT: Final = frozenset({"unsubscribed", "optedout", "optout", "suppressed", "withdrawn", "revoked"})
_INNER: Final = ("state", "marketingstate", "consent", "status")
"""The keys under which consent objects of Shopify and Klaviyo hold the state."""
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
"""What an event or a keyword says of who joins."""
_ALL: Final = frozenset({"all", "blast", "basic", "x", "ja", "oui", "si", "sí", "sim"})
"""What Sailthru writes into `optout_email`, and others into a box that is ticked."""
_OF_ACCOUNTS: Final = frozenset({"disabled", "declined"})
"""Words of `state` that say nothing of consent: Shopify's customers without an account are `disabled`."""
_ENDED: Final = frozenset({"cancelled", "canceled"})
"""What Kit writes into `state` of who unsubscribed."""
_NO_ELSEWHERE: Final = frozenset({"nein", "non", "nee", "não", "nao"})
_SINCE: Final = ("subscribedat", "subscribeddate", "subscribedon", "datesubscribed", "subscribeat")
_YEAR: Final = re.compile(r"\b20\d\d\b")


def is_empty(value: object) -> bool:
    """Return whether a value is null or blank text."""
    return not plain_value(value)


def boolean_answer(value: object) -> Answer:
    """Read a boolean: true and false in the words and numbers that mean them."""
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


def answer_of(how: How, value: object, record: Mapping[str, object]) -> Answer:
    """Return what one property says, by how its name is read; `SILENT` if it says nothing."""
    if how in {How.IN_USE, How.NOT_IN_USE}:
        unused = boolean_answer(value) is Answer.NO if how is How.IN_USE else happened(value) is Mark.DELETED
        return Answer.NOT_IN_USE if unused else Answer.SILENT
    if how in {How.REFUSED, How.MAY_REFUSE}:
        return _refusal(how, value, record)
    if how is How.MAY_BE_STATE:
        left = isinstance(value, str) and left_by_words(folded_name(value))
        return Answer.OTHER_NO if left else Answer.SILENT
    if how is How.MAY_AGREE:
        return _perhaps_agreed(value)
    return _agreed_at(value) if how is How.AGREED_AT else _agreement(how, value)


def says_joined(value: object) -> bool:
    """Return whether an event, an action or a keyword says that a contact joined: `opt_in`, `START`."""
    return isinstance(value, str) and folded_name(value) in _JOINED


def says_left(value: object) -> bool:
    """Return whether a state says by its word that a contact left, and not only that it did not agree."""
    if isinstance(value, dict):
        value = _inner_state(value)
    return isinstance(value, str) and folded_name(value) in _LEFT


def says_active(name: str, value: object) -> bool:
    """Return whether a status of a subscriber says that messages are sent to it: `active`, `confirmed`.

    `status` alone may be that of an account.
    """
    word = folded_name(value) if isinstance(value, str) else ""
    return folded_name(name).startswith(("subscri", "email", "sms")) and CONSENT_WORDS.get(word, False)


def _inner_state(value: Mapping[Any, object]) -> object:
    """Return the state in an object of Shopify's or Klaviyo's."""
    inner = {folded_name(str(name)): part for name, part in value.items()}
    return next((inner[name] for name in _INNER if name in inner), None)


def _agreed_at(value: object) -> Answer:
    """Read a date of agreeing: 0001-01-01 is no date, `no` is a no; a year makes any text a date."""
    mark = happened(value)
    if mark is Mark.NONE:
        return Answer.OTHER_NO if boolean_answer(value) is Answer.NO else Answer.EMPTY
    dated = mark is Mark.DELETED or (isinstance(value, str) and _YEAR.search(value) is not None)
    return Answer.YES if dated else Answer.UNREADABLE


def _refusal(how: How, value: object, record: Mapping[str, object]) -> Answer:
    """Read an opt-out, or when it was made, unless a later date of subscribing follows."""
    mark = happened(value)
    left = _clearly_yes(value) if how is How.MAY_REFUSE else mark is Mark.DELETED
    if left and not _subscribed_since(value, record):
        return Answer.OTHER_NO
    if how is How.MAY_REFUSE:
        return Answer.SILENT
    if mark is Mark.DOUBTFUL:
        return Answer.UNREADABLE
    return Answer.SILENT if is_empty(value) else Answer.YES


def _agreement(how: How, value: object) -> Answer:
    """Read a property of consent, or a status."""
    if isinstance(value, dict):
        value = _inner_state(value)
    is_status = how is not How.AGREED
    answer = Answer.UNREADABLE if is_status else boolean_answer(value)
    if answer is Answer.UNREADABLE:
        answer = state_answer(value)
    if answer is Answer.NO:
        return Answer.OTHER_NO
    if answer is Answer.UNREADABLE and isinstance(value, str):
        answer = _word(folded_name(value), how)
    if not is_status or answer not in {Answer.EMPTY, Answer.UNREADABLE}:
        return answer
    number = plain_value(value)
    return Answer.UNREADABLE if how is How.STATE and number.isdecimal() and number != "1" else Answer.SILENT


def _word(word: str, how: How) -> Answer:
    """Read what other senders write into a status or into a property of consent."""
    if word in STATUS_WORDS and not (how is How.WORD and word in _OF_ACCOUNTS):
        return _ANSWERS[STATUS_WORDS[word]]
    if left_by_words(word) or (how is How.WORD and word in _ENDED):
        return Answer.OTHER_NO
    if how is How.AGREED and word in CONSENT_WORDS:
        return Answer.YES if CONSENT_WORDS[word] else Answer.OTHER_NO
    return Answer.UNREADABLE


def _clearly_yes(value: object) -> bool:
    """Return whether a value says yes by itself: true, a date, a word, or a list of what is suppressed."""
    if isinstance(value, list):
        return bool(value)
    word = folded_name(value) if isinstance(value, str) else ""
    return happened(value) is Mark.DELETED or word in _ALL or left_by_words(word)


def _perhaps_agreed(value: object) -> Answer:
    """Read a value by the words of its property's name: a yes, a no in whatever words, or nothing."""
    answer = boolean_answer(value)
    if answer is Answer.UNREADABLE and isinstance(value, str):
        word = folded_name(value)
        answer = Answer.NO if word in _NO_ELSEWHERE else state_answer(value)
        if answer is Answer.UNREADABLE:
            answer = _word(word, How.AGREED)
    if answer in {Answer.EMPTY, Answer.UNREADABLE}:
        return Answer.SILENT
    return Answer.OTHER_NO if answer is Answer.NO else answer


def _subscribed_since(left: object, record: Mapping[str, object]) -> bool:
    """Return whether a later date of subscribing follows a date of unsubscribing."""
    return any(is_later(value, left) for name, value in record.items() if folded_name(name) in _SINCE)
