"""Sends of one message: recipients by index, with what each has done by now, in blocks computed on demand."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from listrak_sandbox.world import draws
from listrak_sandbox.world.calendar import DAY, minute_text, text
from listrak_sandbox.world.population import STRANGERS
from listrak_sandbox.world.timeline import IDLE, WINDOW, Habits, Seen, Totals, active_text, idle_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from listrak_sandbox.world.calendar import Span
    from listrak_sandbox.world.population import Population

BLOCK = 2048
_KEPT_BLOCKS = 24


class Entry(NamedTuple):
    """One recipient of one message.

    Attributes:
        position: The recipient's place among all of the message, unchanging.
        contact: The contact's index in its population.
        send: World time of the send.
        seen: What has happened so far; None: nothing.
    """

    position: int
    contact: int
    send: int
    seen: Seen | None


class BlockCache:
    """Keeps the latest computed blocks of all sends of a world."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], list[Entry]] = OrderedDict()

    def get(self, key: tuple[object, ...]) -> list[Entry] | None:
        """Return a kept block."""
        return self._kept.get(key)

    def put(self, key: tuple[object, ...], entries: list[Entry]) -> None:
        """Keep a block, and forget the oldest beyond the limit."""
        self._kept[key] = entries
        while len(self._kept) > _KEPT_BLOCKS:
            try:
                self._kept.popitem(last=False)
            except KeyError:  # another thread was quicker
                return


class Sends(ABC):
    """All sends of one message."""

    fractions = False
    """Whether send dates are written with fractions of a second."""
    tails = False
    """Whether rows have members of their own; see `tail`."""

    def __init__(self, name: str, population: Population, habits: Habits, cache: BlockCache) -> None:
        self.name = name
        self.population = population
        self.habits = habits
        self._cache = cache
        self._settled: dict[int, Totals] = {}

    @abstractmethod
    def slots(self, now: int) -> int:
        """Count the places of recipients by now; some of them may be empty."""

    @abstractmethod
    def compute(self, block: int, now: int) -> list[Entry]:
        """Compute the entries of one block of `BLOCK` places."""

    @abstractmethod
    def last_send(self, block: int) -> int:
        """Return a world time that no send of a block comes after."""

    @abstractmethod
    def places(self, span: Span, now: int) -> tuple[int, int]:
        """Return the range of places whose sends can lie inside a span of send dates."""

    def settled(self, block: int, now: int) -> bool:
        """Return whether nothing can happen in a block any more."""
        return self.last_send(block) + WINDOW + DAY < now

    def block(self, block: int, now: int) -> list[Entry]:
        """Return the entries of one block, from the cache where they are there."""
        key = (self.name, block, None if self.settled(block, now) else now)
        entries = self._cache.get(key)
        if entries is None:
            entries = self.compute(block, now)
            self._cache.put(key, entries)
        return entries

    def entries(self, now: int, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
        """Return the entries by place, from `start` to before `stop`."""
        stop = self.slots(now) if stop is None else min(stop, self.slots(now))
        for block in range(start // BLOCK, -(-stop // BLOCK)):
            entries = self.block(block, now)
            if start <= block * BLOCK and (block + 1) * BLOCK <= stop:
                yield from entries
            else:
                yield from (entry for entry in entries if start <= entry.position < stop)

    def totals(self, now: int) -> Totals:
        """Sum up the activity by now; sums of settled blocks are kept."""
        sums = Totals(self.habits.links)
        for block in range(-(-self.slots(now) // BLOCK)):
            kept = self._settled.get(block)
            if kept is None:
                kept = Totals(self.habits.links).count(self.block(block, now))
                if self.settled(block, now):
                    self._settled[block] = kept
            sums.add(kept)
        return sums

    def send_text(self, entry: Entry) -> str:
        """Write the send date of an entry."""
        return text(entry.send) if self.fractions else minute_text(entry.send)

    def tail(self, entry: Entry) -> str:  # noqa: ARG002  for those that have one
        """Return more members of a row's JSON."""
        return ""

    def texts(self, entries: list[Entry]) -> str:
        """Write entries as JSON rows, comma separated."""
        if not entries:
            return ""
        emails = self.population.emails(max(entry.contact for entry in entries) + 1)
        first = self.population.person(0)
        rows = []
        last, sent, between, tail = -1, "", "", ""
        for entry in entries:
            _, contact, send, seen = entry
            if send != last:
                last, sent = send, self.send_text(entry)
                between = idle_text(sent)
            person = first + contact
            outside = f'"C-{person:07}"' if person % STRANGERS else "null"
            if self.tails:
                tail = self.tail(entry)
            # Two out of three rows are idle ones, and pages have thousands: they are put together right here.
            if seen is None:
                rows.append(f"{IDLE}{emails[contact]}{between}{outside}{tail}}}")
            else:
                rows.append(active_text(emails[contact], outside, sent, seen, tail))
        return ",".join(rows)

    def email(self, entry: Entry) -> str:
        """Return the address of an entry's contact."""
        return self.population.emails(entry.contact + 1)[entry.contact]


class BroadcastSends(Sends):
    """A broadcast: a range of the population's contacts, those subscribed at the time, within minutes."""

    def __init__(  # noqa: PLR0913, PLR0917  a record with a little arithmetic
        self,
        name: str,
        population: Population,
        habits: Habits,
        cache: BlockCache,
        send: int,
        contacts: range,
        left: Callable[[int], Mapping[int, int]],
    ) -> None:
        super().__init__(name, population, habits, cache)
        self.send = send
        self.contacts = contacts
        self._left = left

    def slots(self, now: int) -> int:
        """Count the places of recipients by now: all or none, but for the minutes of the send."""
        return 0 if now <= self.send else min(len(self.contacts), (now - self.send) * 1000)

    def last_send(self, block: int) -> int:
        """Return a world time that no send of a block comes after."""
        return self.send + (block + 1) * BLOCK // 1000 + 1

    def places(self, span: Span, now: int) -> tuple[int, int]:
        """Return the range of places inside a span; entries still need the exact test."""
        del span
        return 0, self.slots(now)

    def compute(self, block: int, now: int) -> list[Entry]:
        """Compute a block: a thousand sends a second of world time, in the contacts' order."""
        first = block * BLOCK
        size = min(BLOCK, len(self.contacts) - first)
        drawn = draws.block(f"{self.name}/{block}", size, 10)
        contact = self.contacts.start + first
        start, idle, seen, left = self.send, self.habits.idle, self.habits.seen, self._left(now)
        absent = self._absent(contact, contact + size)
        entries: list[Entry] = []
        append, new = entries.append, tuple.__new__
        for place, draw in enumerate(drawn, first):
            if contact not in absent:
                send = start + place // 1000
                if send >= now:
                    break
                if contact in left:
                    happened = seen(draw, send, now, left[contact])
                else:
                    happened = None if draw[0] < idle else seen(draw, send, now)
                # As Entry(…), which is four times as slow: this line runs millions of times.
                append(new(Entry, (place, contact, send, happened)))
            contact += 1
        return entries

    def _absent(self, first: int, last: int) -> set[int]:
        """Return the contacts of a range that were not subscribed when the message went out."""
        changes = self.population.changed(self.send)
        if not changes:
            return set()
        return {
            contact
            for contact in range(first, last)
            if contact in changes and not self.population.receives(contact, self.send)
        }


class ContinuousSends(Sends):
    """A message that goes out again and again to one contact after the other, until it is stopped."""

    fractions = True

    def __init__(  # noqa: PLR0913, PLR0917  a record with a little arithmetic
        self,
        name: str,
        population: Population,
        habits: Habits,
        cache: BlockCache,
        start: int,
        interval: int,
        stop: int | None = None,
        *,
        resend_keys: bool = False,
    ) -> None:
        super().__init__(name, population, habits, cache)
        self.start = start
        self.interval = max(interval, 60)
        self.stop = stop
        self.tails = resend_keys

    def slots(self, now: int) -> int:
        """Count the places by now, of which the last may still lie a little ahead."""
        until = now if self.stop is None else min(now, self.stop)
        return max(0, -(-(until - self.start) // self.interval))

    def last_send(self, block: int) -> int:
        """Return a world time that no send of a block comes after."""
        return self.start + (block + 1) * BLOCK * self.interval

    def places(self, span: Span, now: int) -> tuple[int, int]:
        """Return the range of places whose interval can lie inside a span of send dates."""
        slots = self.slots(now)
        low = (span.low // 1000 - self.start) // self.interval - 1
        high = (span.high // 1000 - self.start) // self.interval + 2
        return max(0, min(low, slots)), max(0, min(high, slots))

    def compute(self, block: int, now: int) -> list[Entry]:
        """Compute a block: each place has its interval, and an instant and a contact drawn for it."""
        first = block * BLOCK
        size = min(BLOCK, self.slots(now) - first)
        entries: list[Entry] = []
        habits = self.habits
        for place, draw in enumerate(draws.block(f"{self.name}/{block}", size, 10), first):
            send = self.start + place * self.interval + draw[9] * self.interval // draws.SPAN
            if send >= now:
                continue
            contact = self._contact(draw, send)
            if contact is None:
                continue
            left = send + 3600 + draw[5] * 7 if draw[6] % 200 == 0 else None
            entries.append(Entry(place, contact, send, habits.seen(draw, send, now, left)))
        return entries

    def _contact(self, draw: tuple[int, ...], send: int) -> int | None:
        """Pick a contact that is subscribed at the send; None when hardly anybody is."""
        count = self.population.count(send)
        if not count:
            return None
        contact = (draw[8] * draws.SPAN + draw[2]) % count
        for _ in range(min(count, 50)):
            if self.population.receives(contact, send):
                return contact
            contact = (contact + 1) % count
        return None

    def tail(self, entry: Entry) -> str:
        """Return the resend key of a transactional message's row."""
        return f',"resendKey":"{self.resend_key(entry)}"' if self.tails else ""

    def resend_key(self, entry: Entry) -> str:
        """Return the key by which a transactional message can be sent again."""
        return str(UUID(bytes=draws.raw(f"{self.name}/key/{entry.position}", 16)))
