"""The states of a phone number on a Phone List."""

from __future__ import annotations

import enum

__all__ = ["State"]


class State(enum.Enum):
    """The state of a number on a Phone List."""

    UNKNOWN = "not a contact of the sender code"
    NEVER = "never on the list"
    SUBSCRIBED = "subscribed"
    PENDING = "waiting for a double opt-in or an age gate"
    UNSUBSCRIBED = "unsubscribed"
