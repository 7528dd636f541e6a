"""How large the world is: one shape per list."""

from __future__ import annotations

from dataclasses import dataclass

from listrak_sandbox.world.calendar import DAY, START_TIME


@dataclass(frozen=True)
class ListShape:
    """Size and habits of one list.

    Attributes:
        name: Its name.
        contacts: Contacts it has at the clock's start, unsubscribed ones included.
        messages: Broadcasts in the two years before the clock's start; they go on at this pace.
        recipients: Contacts a usual broadcast goes to; now and then one goes to the whole list.
        conversations: How many conversations it has.
        conversation_sends: Sends a day of each conversation message.
        transactional: How many transactional messages it has.
        transactional_sends: Sends a day of each of them.
        links: Links of a message.
        fields: How many of the profile fields it has.
        since: World day of its oldest contact.
        churn: Share of contacts that ever unsubscribe.
        clicks: Share of recipients that click.
        steady: Every broadcast alike: none to the whole list, no test messages.
        first_message: World time of the first broadcast.
        last_message: Broadcasts end there; None: they go on.
    """

    name: str
    contacts: int
    messages: int
    recipients: int
    conversations: int = 2
    conversation_sends: float = 1.0
    transactional: int = 1
    transactional_sends: float = 2.0
    links: int = 2
    fields: int = 16
    since: int = -900
    churn: float = 0.14
    clicks: float = 0.13
    steady: bool = False
    first_message: int = 9 * 3600
    last_message: int | None = None


MAIN, OUTLET, TRADE, WHOLESALE = (
    "Newsletter",
    "Outlet & Sale",
    'Trade "Pro" Customers',
    "Größen & Öko — Europe",
)

ENTERPRISE_LISTS = 60


def _enterprise() -> tuple[ListShape, ...]:
    """Give many lists of skewed sizes: the n-th has an n-th of the first one's contacts and messages."""
    names = (MAIN, OUTLET, TRADE, WHOLESALE)
    return tuple(
        ListShape(
            names[number - 1] if number <= len(names) else f"Region {number:02}",
            max(20_000 // number, 60),
            max(160 // number, 3),
            max(800 // number, 12),
            conversations=2 if number <= len(names) else 0,
            conversation_sends=0.5,
            transactional=1 if number <= len(names) else 0,
            fields=40 if number == 1 else 8,
        )
        for number in range(1, ENTERPRISE_LISTS + 1)
    )


SCALE_SHAPES: dict[str, tuple[ListShape, ...]] = {
    "tiny": (
        ListShape(MAIN, 160, 60, 60, churn=0.45, conversation_sends=0.2, transactional_sends=0.3, fields=40),
        ListShape(OUTLET, 60, 30, 25, 1, churn=0.45, conversation_sends=0.1, transactional_sends=0.2),
    ),
    "small": (
        ListShape(MAIN, 6500, 270, 130, transactional=2, fields=40, links=3),
        ListShape(OUTLET, 4000, 130, 90, conversation_sends=0.7),
        ListShape(TRADE, 1500, 60, 60, conversation_sends=0.5, transactional_sends=1.0, fields=8),
    ),
    "medium": (
        ListShape(MAIN, 60_000, 400, 700, conversation_sends=8, transactional=2, fields=40, links=3),
        ListShape(OUTLET, 40_000, 200, 500, conversation_sends=5, transactional_sends=8),
        ListShape(TRADE, 15_000, 100, 300, conversation_sends=4, fields=8),
        ListShape(WHOLESALE, 5000, 60, 150),
    ),
    "large": (
        ListShape(MAIN, 80_000, 300, 5000, conversation_sends=20, transactional=2, fields=40, links=3),
        ListShape(OUTLET, 40_000, 150, 2500, conversation_sends=10, transactional_sends=20),
        ListShape(TRADE, 20_000, 80, 1500, conversation_sends=5, fields=8),
        ListShape(WHOLESALE, 10_000, 60, 700),
    ),
    # Beyond one process: lists and sender codes to divide among many.
    "enterprise": _enterprise(),
    # For measurements: many middling messages, and one stream of half a million rows.
    "fanout": (
        ListShape(
            MAIN, 8000, 80, 5200, conversations=0, transactional=0, links=3, since=-3000, churn=0.0,
            clicks=0.0115, steady=True, last_message=START_TIME - 40 * DAY,
        ),
    ),
    "stream": (
        ListShape(
            MAIN, 520_000, 1, 500_000, conversations=0, transactional=0, links=3, since=-6000, churn=0.0,
            steady=True, first_message=600 * DAY, last_message=620 * DAY,
        ),
    ),
}  # fmt: skip
"""Shapes by scale."""
