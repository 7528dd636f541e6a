"""What shops call the status of an order, as Listrak's words.

Only words that mean one thing are here. What `delivered`, `open`, `new`, `failed` or `partially shipped` are
depends on the shop: the option `status_values` says it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from target_listrak.channels.retail.spellings import plain_name
from target_listrak.values.plain import plain_value

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["STATUS_WORDS", "own_statuses", "status_word"]

_PREFIX: Final = re.compile(r"\s*(?:wc[-_]|sales\s+order\s*:)\s*", re.IGNORECASE)
"""What WooCommerce stores before each status, and what NetSuite shows before it."""

_WORDS: Final[Mapping[str, str]] = {
    "Completed": "complete",
    "Canceled": "cancelled voided",
    "Returned": "refunded fullyrefunded",
    "Hold": "onhold holded manualverificationrequired",
    "Shipped": "fulfilled dispatched",
    "Pending": "pendingpayment awaitingpayment pendingapproval",
    "Processing": "awaitingfulfillment awaitingshipment pendingfulfillment inprogress",
    "BackOrder": "backordered onbackorder",
    "PreOrder": "preordered",
}

STATUS_WORDS: Final[Mapping[str, str]] = {
    word: status for status, words in _WORDS.items() for word in words.split()
}
"""Words of Magento, WooCommerce, Shopify, BigCommerce, NetSuite and Salesforce Commerce, without case and
separators, and the status of Listrak's that they are."""


def status_word(value: object) -> str:
    """Return a status as a word to compare: `wc-on-hold` → `onhold`, 11.0 → `11`; "" for no value."""
    text = value if isinstance(value, str) else plain_value(value)
    return plain_name(_PREFIX.sub("", text, count=1) if _PREFIX.match(text) else text)


def own_statuses(given: Mapping[str, object], choices: tuple[str, ...]) -> dict[str, str]:
    """Read the option `status_values`.

    Args:
        given: From the source's words to Listrak's.
        choices: Listrak's statuses.

    Returns:
        From the source's words, as `status_word` gives them, to Listrak's.

    Raises:
        LookupError: A word goes to none of Listrak's, or two of them are one word; the text says which.
    """
    names = {plain_name(choice): choice for choice in choices}
    found: dict[str, str] = {}
    for word, goal in given.items():
        status = names.get(plain_name(str(goal)))
        if status is None:
            message = f"{word!r}: Listrak has no order status {goal!r}; it has: {', '.join(choices)}"
            raise LookupError(message)
        key = status_word(str(word))
        if not key or found.setdefault(key, status) != status:
            message = f"{word!r}: expected each word once, with one status"
            raise LookupError(message)
    return found
