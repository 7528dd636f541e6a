"""The members of a Phone List: read before the run, and unsubscribed if no record names them."""

from __future__ import annotations

import functools
import threading
from collections import Counter
from typing import TYPE_CHECKING, Final

from target_listrak.channels.sms.standing import State
from target_listrak.delivery.mirror import Members, Missing
from target_listrak.outcomes import Declined, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_listrak.channels.sms.contacts import SmsContacts
    from target_listrak.channels.sms.sender_codes import PhoneList
    from target_listrak.delivery.run import Run

__all__ = ["PhoneListMembers"]

_WAVE: Final = 10_000
"""Calls that are submitted at a time."""


class PhoneListMembers(Members):
    """The members of a Phone List from before the first record, by canonical number.

    Listrak does not say whether people who left a list are still listed, so the state of each member whom no
    record names is looked up before anybody is removed.

    Args:
        run: The run.
        stream: The first stream that feeds the list, for the log.
        contacts: The sender code's contacts.
        phone_list: The list.
    """

    def __init__(self, run: Run, stream: str, contacts: SmsContacts, phone_list: PhoneList) -> None:
        self.title = f"Phone List {phone_list.name}"
        self._run = run
        self._stream = stream
        self._contacts = contacts
        self._list = phone_list
        self._lock = threading.Lock()
        self._listed = {int(number) for number in contacts.members(phone_list) if number}
        self._named: set[int] = set()
        self._listed_but_off = 0
        self._to_remove: list[int] = []
        run.logger.info("%s: %s current members in %s", stream, f"{len(self._listed):,}", self.title)

    def keep(self, key: str) -> None:
        """Note that a record names a number."""
        self._named.add(int(key))

    def found(self, number: str, state: State) -> None:
        """Note the state before the run of a number that a record names; called from worker threads."""
        if state not in (State.SUBSCRIBED, State.PENDING) and int(number) in self._listed:
            with self._lock:
                self._listed_but_off += 1

    def missing(self) -> Missing:
        """Look up the members whom no record names. Pending ones cannot be unsubscribed: left alone."""
        candidates = sorted(self._listed - self._named)
        states = self._states(candidates)
        self._to_remove = [number for number in candidates if states[number] is State.SUBSCRIBED]
        pending = sum(state is State.PENDING for state in states.values())
        if pending:
            self._say(f"{pending:,} members whom no record names are pending and left alone")
        off = len(candidates) - len(self._to_remove) - pending + self._listed_but_off
        return Missing(len(self._to_remove), len(self._listed) - off)

    def remove(self) -> int:
        """**Unsubscribe** the members whom no record names."""
        outcomes: Counter[str] = Counter()

        def unsubscribe(number: int) -> None:
            outcome = self._contacts.unsubscribe(str(number), self._list)
            with self._lock:
                if isinstance(outcome, Declined | Rejected):
                    outcomes[outcome.code] += 1
                elif outcome is None:
                    outcomes[""] += 1

        self._in_waves(self._to_remove, unsubscribe)
        removed = outcomes.pop("", 0)
        for code, count in outcomes.items():
            self._say(f"{count:,} members could not be unsubscribed: {code}")
        return removed

    def _states(self, numbers: list[int]) -> dict[int, State]:
        states: dict[int, State] = {}

        def look(number: int) -> None:
            states[number] = self._contacts.state(str(number), self._list)

        self._in_waves(numbers, look)
        return states

    def _in_waves(self, numbers: list[int], make: Callable[[int], None]) -> None:
        for first in range(0, len(numbers), _WAVE):
            wave = numbers[first : first + _WAVE]
            self._run.calls.run_all([functools.partial(make, number) for number in wave])

    def _say(self, text: str) -> None:
        self._run.logger.warning("Stream %s, %s: %s.", self._stream, self.title, text)
