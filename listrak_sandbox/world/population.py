"""Contacts of a list: who subscribed when, left and came back; every contact a function of its index."""

from __future__ import annotations

import hashlib
import re
import threading
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from listrak_sandbox.world import draws, words
from listrak_sandbox.world.calendar import DAY, START_TIME

if TYPE_CHECKING:
    from listrak_sandbox.world.scale import ListShape

BLOCK = 4096
STRANGERS = 5
"""One person of this many has no customer number."""
LONGEST_NUMBER = 12
"""Digits of a person's number that are looked at: more than there will ever be."""
_NUMBER = re.compile(r"(\d+)@")
_FIRST, _LAST, _DOMAINS = len(words.FIRST), len(words.LAST), len(words.DOMAINS)


def address(person: int) -> str:
    """Return the address of a person; persons are numbered across all lists."""
    first = words.FIRST[person % _FIRST]
    last = words.LAST[person // _FIRST % _LAST]
    return f"{first}.{last}{person}@{words.DOMAINS[person // 7 % _DOMAINS]}"


def external_id(person: int) -> str | None:
    """Return a person's customer number, if it has one."""
    return f"C-{person:07}" if person % STRANGERS else None


def email_key(email: str) -> str:
    """Return Listrak's key of an address: 26 hexadecimal digits in upper case."""
    return hashlib.blake2b(email.lower().encode(), digest_size=13, person=b"emailkey").hexdigest().upper()


def universal_key(email: str) -> str:
    """Return the SHA-256 of an address in lower case, in hexadecimal."""
    return hashlib.sha256(email.lower().encode()).hexdigest()


@dataclass(frozen=True)
class Standing:
    """Where a contact stands at some instant; dates are world times.

    Attributes:
        subscribed: Whether it is subscribed.
        since: Its original subscription.
        resubscribed: Its latest subscription, if that is not the original one.
        left: When it unsubscribed, if it is unsubscribed now.
        changes: How often it has changed; 0 for one that never left.
    """

    subscribed: bool
    since: int
    resubscribed: int | None = None
    left: int | None = None
    changes: int = 0


class Population:
    """The contacts of one list, by index in order of their original subscription, without end."""

    def __init__(self, seed: int, list_id: int, shape: ListShape, first_person: int) -> None:
        self._name = f"{seed}/contacts/{list_id}"
        self._first = first_person
        self._since = shape.since * DAY
        self._step = (START_TIME - self._since) / max(shape.contacts, 1)
        self._empty = not shape.contacts
        self._churn = int(shape.churn * draws.SPAN)
        self._offset = int(self._step) or 1
        self._blocks = 0
        self.changes: dict[int, tuple[int, ...]] = {}
        self._emails: list[str] = []
        # What a complete extraction returns is computed beside the requests, in a thread of its own.
        self._growing = threading.Lock()

    def subscribed_at(self, index: int) -> int:
        """Return the world time of a contact's original subscription; grows with the index."""
        return self._since + int(index * self._step) + index * 2_654_435_761 % self._offset

    def count(self, time: int) -> int:
        """Count the contacts whose original subscription lies before a world time."""
        if self._empty or time <= self._since:
            return 0
        low = max(0, int((time - self._since) / self._step) - 2)
        return bisect_left(range(low + 6), time, lo=low, key=self.subscribed_at)

    def person(self, index: int) -> int:
        """Return the number of the person a contact is."""
        return self._first + index

    def emails(self, count: int) -> list[str]:
        """Return the addresses of at least the first `count` contacts, by index."""
        if len(self._emails) < count:
            with self._growing:
                have = len(self._emails)
                people = range(self._first + have, self._first + max(count, have + BLOCK))
                self._emails += map(address, people)
        return self._emails

    def index_of(self, email: str) -> int | None:
        """Return the index of the contact that has, or will once have, an address in lower case."""
        found = _NUMBER.search(email)
        if not found or len(found[1]) > LONGEST_NUMBER:
            return None
        index = int(found[1]) - self._first
        return index if index >= 0 and address(self._first + index) == email else None

    def changed(self, time: int) -> dict[int, tuple[int, ...]]:
        """Return when contacts left, came back, left again…, for all who subscribed before a world time.

        Contacts that never leave are absent; times may lie after `time`.
        """
        need = -(-self.count(time) // BLOCK) if self._churn else 0
        if self._blocks < need:
            with self._growing:
                while self._blocks < need:
                    self._note_changes(self._blocks)
                    self._blocks += 1
        return self.changes

    def _note_changes(self, block: int) -> None:
        drawn = draws.block(f"{self._name}/{block}", BLOCK, 4)
        for index, (kind, one, two, three) in enumerate(drawn, block * BLOCK):
            if kind < self._churn:
                self.changes[index] = self._timeline(index, kind, one, two, three)

    def _timeline(self, index: int, kind: int, one: int, two: int, three: int) -> tuple[int, ...]:
        left = self.subscribed_at(index) + 900 + int((one / draws.SPAN) ** 2 * 700 * DAY)
        if kind >= self._churn // 3:
            return (left,)
        back = left + DAY // 2 + int(two / draws.SPAN * 90 * DAY)
        if kind >= self._churn // 9:
            return (left, back)
        return (left, back, back + DAY + int(three / draws.SPAN * 200 * DAY))

    def standing(self, index: int, time: int) -> Standing:
        """Return where a contact stands at a world time (it must have subscribed before)."""
        since = self.subscribed_at(index)
        moves = [move for move in self.changed(time).get(index, ()) if move < time]
        if not moves:
            return Standing(subscribed=True, since=since)
        if len(moves) % 2:
            came_back = moves[-2] if len(moves) > 1 else None
            return Standing(
                subscribed=False, since=since, resubscribed=came_back, left=moves[-1], changes=len(moves)
            )
        return Standing(subscribed=True, since=since, resubscribed=moves[-1], changes=len(moves))

    def receives(self, index: int, time: int) -> bool:
        """Return whether a contact is subscribed at a world time."""
        if self.subscribed_at(index) >= time:
            return False
        if index >= self._blocks * BLOCK:
            self.changed(time)
        moves = self.changes.get(index)
        return moves is None or sum(move <= time for move in moves) % 2 == 0

    def first_at(self, stamp: int) -> int:
        """Return the index of the first contact whose original subscription is dated at or after a stamp."""
        if self._empty:
            return 0
        low = self.count(stamp // 1000)
        return low + sum(
            self.subscribed_at(index) * 1000 + self.subscribed_at(index) * 7919 % 1000 < stamp
            for index in range(low, low + 2)
        )


@lru_cache(maxsize=64)
def special_addresses(list_id: int, kind: str) -> tuple[str, ...]:
    """Return addresses with a standing of their own on a list: ``pending``, ``banned``, ``suppressed``."""
    return tuple(f"{kind}.{words.LAST[number * 3]}{list_id}{number}@example.com" for number in range(6))
