"""What Listrak says about an import and its contacts, in words that are not documented.

The API documents its ten counts (`subscribedCount`, `previouslyUnsubscribedCount` …) but not the words of
`status` and `importResult`. So words are compared without case and blanks, an import has ended when it has an
`endDate`, and an unknown word does not count as success.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from target_listrak.delivery.import_status import letters_of, means_failure
from target_listrak.outcomes import Declined, NotLoaded, Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Result", "reason_of", "result_of", "summary_text"]


class Result(Enum):
    """The result of one contact of an import."""

    DONE = "done"
    ALREADY = "already"
    UNSUBSCRIBED = "unsubscribed"
    ALREADY_UNSUBSCRIBED = "already_unsubscribed"
    PREVIOUSLY_UNSUBSCRIBED = "previously_unsubscribed"
    PENDING = "pending"
    BANNED = "banned"
    SUPPRESSED = "suppressed"
    BAD_ADDRESS = "bad_email_address"
    UNKNOWN_CONTACT = "unknown_contact"
    FAILED = "failed"
    UNKNOWN_WORD = "unknown_result"


_WORDS = {
    "subscribed": Result.DONE,
    "resubscribed": Result.DONE,
    "added": Result.DONE,
    "created": Result.DONE,
    "updated": Result.DONE,
    "imported": Result.DONE,
    "processed": Result.DONE,
    "success": Result.DONE,
    "succeeded": Result.DONE,
    "alreadysubscribed": Result.ALREADY,
    "unchanged": Result.ALREADY,
    "unsubscribed": Result.UNSUBSCRIBED,
    "removed": Result.UNSUBSCRIBED,
    "alreadyunsubscribed": Result.ALREADY_UNSUBSCRIBED,
    "previouslyunsubscribed": Result.PREVIOUSLY_UNSUBSCRIBED,
    "pending": Result.PENDING,
    "banned": Result.BANNED,
    "suppressed": Result.SUPPRESSED,
    "invalid": Result.BAD_ADDRESS,
    "invalidemail": Result.BAD_ADDRESS,
    "invalidemailaddress": Result.BAD_ADDRESS,
    "skipped": Result.UNKNOWN_CONTACT,
    "notfound": Result.UNKNOWN_CONTACT,
    "notsubscribed": Result.UNKNOWN_CONTACT,
    "unknown": Result.UNKNOWN_CONTACT,
}

_REASONS = {
    Result.UNSUBSCRIBED: "the contact is unsubscribed",
    Result.ALREADY_UNSUBSCRIBED: "the contact is unsubscribed",
    Result.PREVIOUSLY_UNSUBSCRIBED: "the contact had unsubscribed; only `resubscribe` subscribes it again",
    Result.PENDING: "the contact has not confirmed its subscription yet",
    Result.BANNED: "the address is banned from the list",
    Result.SUPPRESSED: "the address is on a suppression list",
    Result.BAD_ADDRESS: "Listrak takes the address for invalid",
    Result.UNKNOWN_CONTACT: "the list has no such contact, and this destination makes none",
    Result.FAILED: "Listrak could not load the row",
    Result.UNKNOWN_WORD: "Listrak gave a result that is not known to mean success",
}


_WRONG = frozenset({Result.BAD_ADDRESS, Result.FAILED, Result.UNKNOWN_WORD})
"""Results that reject a row. All others that do not load it decline it."""


def result_of(text: object) -> Result:
    """Return the meaning of an `importResult`."""
    word = letters_of(text)
    found = _WORDS.get(word)
    if found is not None:
        return found
    return Result.FAILED if means_failure(word) else Result.UNKNOWN_WORD


def reason_of(result: Result, text: object = "") -> NotLoaded:
    """Return why a row was not loaded: declined, or rejected if it is wrong or the result unknown."""
    reason = _REASONS[result]
    if result in {Result.FAILED, Result.UNKNOWN_WORD} and letters_of(text):
        reason = f"{reason} ({letters_of(text)[:40]})"
    code = (
        "previously_unsubscribed"
        if result in {Result.UNSUBSCRIBED, Result.ALREADY_UNSUBSCRIBED}
        else result.value
    )
    return (Rejected if result in _WRONG else Declined)(code, reason)


def summary_text(summary: Mapping[str, Any]) -> str:
    """Return an import's counts that are not zero, for the log."""
    counts = {name.removesuffix("Count"): value for name, value in summary.items() if value}
    return (
        ", ".join(f"{name} {value:,}" for name, value in counts.items() if isinstance(value, int))
        or "nothing"
    )
