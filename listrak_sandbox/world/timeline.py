"""What one recipient does with one message: drawn once for all time; answers show what is past by now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from listrak_sandbox.world import words
from listrak_sandbox.world.calendar import DAY, text

if TYPE_CHECKING:
    from collections.abc import Iterable

WINDOW = 30 * DAY
"""World time after its send within which anything about a message happens."""

_SPAN = 65_536
ACTIVITY_TYPES = ("Open", "Read", "Click", "Bounce", "Unsubscribe", "Abuse", "Conversion")


class Seen(NamedTuple):
    """What has happened with one recipient so far.

    Attributes:
        first: World time of the first activity.
        opened: Whether it was opened.
        read: Whether it was read.
        bounce: JSON text of the bounce's reason, or None.
        clicks: World time and link number of each click, in order.
        total: Order total in hundredths, 0 without an order.
        unsubscribed: Whether the recipient unsubscribed through it.
        abuse: Whether it was reported as abuse.
    """

    first: int
    opened: bool = False
    read: bool = False
    bounce: str | None = None
    clicks: tuple[tuple[int, int], ...] = ()
    total: int = 0
    unsubscribed: bool = False
    abuse: bool = False

    def has(self, kind: str) -> bool:
        """Return whether activity of a kind of `ACTIVITY_TYPES` is among it."""
        return bool(
            {
                "Open": self.opened,
                "Read": self.read,
                "Click": self.clicks,
                "Bounce": self.bounce,
                "Unsubscribe": self.unsubscribed,
                "Abuse": self.abuse,
                "Conversion": self.total,
            }[kind]
        )


class Habits:
    """How often recipients do what: thresholds over the first draw of a recipient.

    Below `idle` nothing ever happens; then come bounces, opens, opens with clicks, opens with abuse.
    """

    def __init__(self, clicks: float, links: int) -> None:
        self.links = links
        self.idle = int(0.66 * _SPAN)
        self.bounces = int(0.69 * _SPAN)
        self.clicks_from = int((0.996 - clicks) * _SPAN)
        self.clicks_until = int(0.996 * _SPAN)

    def seen(self, draw: tuple[Any, ...], send: int, now: int, left: int | None = None) -> Seen | None:
        """Return what has happened with a recipient by now; None when nothing has.

        Args:
            draw: Ten draws of the recipient's own.
            send: World time of the send to it.
            now: World time of the clock.
            left: World time at which it unsubscribed through this message, if it ever does.
        """
        kind = draw[0]
        if kind < self.idle:
            if left is None or left >= now:
                return None
            return Seen(left, opened=True, unsubscribed=True)
        if kind < self.bounces:
            first = send + 60 + int((draw[1] / _SPAN) ** 6 * 3 * DAY)
            if left is not None:
                first = min(first, left)
            if first >= now:
                return None
            reason = words.BOUNCES[draw[2] % len(words.BOUNCES)]
            return Seen(first, bounce=reason, unsubscribed=left is not None and left < now)
        limit = send + WINDOW - 1800
        first = send + 120 + int((draw[1] / _SPAN) ** 5 * (WINDOW - DAY))
        if left is not None and left < first:
            first = left
        if first >= now:
            return None
        clicks: tuple[tuple[int, int], ...] = ()
        total = 0
        abuse = False
        if kind >= self.clicks_from:
            if kind < self.clicks_until:
                clicks, total = self._clicks(draw, first, limit, now)
            else:
                abuse = first + int((draw[2] / _SPAN) ** 2 * (limit - first)) < now
        read = draw[3] % 2 == 0 and first + 15 + draw[3] % 40 < now
        gone = left is not None and left < now
        return Seen(first, opened=True, read=read, clicks=clicks, total=total, unsubscribed=gone, abuse=abuse)

    def _clicks(
        self, draw: tuple[Any, ...], first: int, limit: int, now: int
    ) -> tuple[tuple[tuple[int, int], ...], int]:
        """Return the clicks so far, each later than the one before, and the order total so far."""
        times = [
            first + 20 + int((draw[4 + n] / _SPAN) ** 3 * (limit - first)) for n in range(1 + draw[7] % 3)
        ]
        times.sort()
        clicks = []
        last = first
        for number, time in enumerate(times):
            last = max(time, last + 1)
            if last >= now:
                break
            clicks.append((last, (draw[7] // 3 + number * (draw[7] % 2)) % self.links))
        if not clicks or draw[8] % 4:
            return tuple(clicks), 0
        ordered = clicks[0][0] + 240 + int((draw[8] / _SPAN) ** 2 * (limit - clicks[0][0]))
        return tuple(clicks), 1500 + draw[9] % 28_500 if ordered < now else 0


IDLE = (
    '{"abuse":false,"activityDate":null,"bounce":false,"bounceReason":null,"click":false,"clickCount":0,'
    '"emailAddress":"'
)
"""How the row of a recipient begins with whom nothing has happened; its address follows."""


def idle_text(send: str) -> str:
    """Write what comes between the address and the external contact id of such a row."""
    return (
        f'","open":false,"orderTotal":0.0,"read":false,"sendDate":"{send}",'
        '"unsubscribe":false,"visitDate":null,"externalContactID":'
    )


def active_text(email: str, outside: str, send: str, seen: Seen, tail: str) -> str:
    """Write the activity row of a recipient with whom something has happened, as JSON.

    Args:
        email: The recipient's address.
        outside: JSON text of its external contact id.
        send: Send date as text.
        seen: What has happened.
        tail: More members, beginning with a comma.
    """
    first, opened, read, bounce, clicks, total, unsubscribed, abuse = seen
    visit = f'"{text(clicks[0][0])}"' if clicks else "null"
    reason = f'"{bounce}"' if bounce else "null"
    return (
        f'{{"abuse":{_JSON[abuse]},"activityDate":"{text(first)}","bounce":{_JSON[bounce is not None]},'
        f'"bounceReason":{reason},"click":{_JSON[bool(clicks)]},'
        f'"clickCount":{len(clicks)},"emailAddress":"{email}","open":{_JSON[opened]},'
        f'"orderTotal":{total / 100},"read":{_JSON[read]},"sendDate":"{send}",'
        f'"unsubscribe":{_JSON[unsubscribed]},"visitDate":{visit},"externalContactID":{outside}{tail}}}'
    )


_JSON = ("false", "true")


class Totals:
    """Sums over the activity of some recipients."""

    __slots__ = (
        "abuse", "bounces", "clickers", "clicks", "conversions", "links", "opens", "reads", "revenue", "sent",
        "unsubscribes",
    )  # fmt: skip

    def __init__(self, links: int) -> None:
        self.sent = self.bounces = self.opens = self.reads = self.clicks = self.clickers = 0
        self.conversions = self.revenue = self.unsubscribes = self.abuse = 0
        self.links = [0] * links

    def count(self, rows: Iterable[tuple[Any, ...]]) -> Totals:
        """Count entries of sends (the last member of each is what was seen)."""
        for entry in rows:
            self.sent += 1
            seen: Seen | None = entry[-1]
            if seen is None:
                continue
            self.opens += seen.opened
            self.reads += seen.read
            self.bounces += seen.bounce is not None
            self.unsubscribes += seen.unsubscribed
            self.abuse += seen.abuse
            if seen.clicks:
                self.clickers += 1
                self.clicks += len(seen.clicks)
                for _, link in seen.clicks:
                    self.links[link] += 1
            if seen.total:
                self.conversions += 1
                self.revenue += seen.total
        return self

    def add(self, other: Totals) -> None:
        """Add other sums to these."""
        for name in self.__slots__:
            if name != "links":
                setattr(self, name, getattr(self, name) + getattr(other, name))
        self.links = [one + two for one, two in zip(self.links, other.links, strict=True)]
