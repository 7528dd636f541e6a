"""Mirroring a Phone List: at the end of input, members who are not in the stream are unsubscribed.

The rules that keep a broken source from emptying a list are all here. Candidates are the list's members
from before the first record, less every number the stream has named, in rejected rows too; each one's
state is looked up before anybody is removed.
"""

from __future__ import annotations

import functools
import threading
import weakref
from typing import TYPE_CHECKING, Final

from target_listrak.mirror import may_remove
from target_listrak.outcomes import Declined, Rejected
from target_listrak.sinks.sms_contacts import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_listrak.accounting import Journal
    from target_listrak.destinations import Destination
    from target_listrak.run import Run
    from target_listrak.sinks.sms_account import PhoneList
    from target_listrak.sinks.sms_contacts import SmsContacts

__all__ = ["SmsMirror"]

_WAVE: Final = 10_000
"""Calls that are handed over at a time."""

_MIRRORED: weakref.WeakKeyDictionary[Run, dict[tuple[int, int], str]] = weakref.WeakKeyDictionary()
"""Which stream mirrors which list, by run."""


class SmsMirror:
    """Keeps a Phone List equal to a stream.

    Args:
        run: The run.
        stream: The stream.
        destination: Its destination: `mirror` and `max_removed_share`.
        journal: STATE is held from now on, until `finish` went well.
        contacts: The sender code's contacts.
        phone_list: The list.

    Raises:
        ConfigurationError: Another stream of this run mirrors the list as well: each would remove the
            other's.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a loader has
        self,
        run: Run,
        stream: str,
        destination: Destination,
        journal: Journal,
        contacts: SmsContacts,
        phone_list: PhoneList,
    ) -> None:
        self._run = run
        self._stream = stream
        self._destination = destination
        self._journal = journal
        self._contacts = contacts
        self._list = phone_list
        place = (contacts.sender_code.id, phone_list.id)
        other = _MIRRORED.setdefault(run, {}).setdefault(place, stream)
        if other != stream:
            text = f"streams {other!r} and {stream!r} both mirror Phone List {phone_list.name!r}"
            problem = destination.error(
                "mirror", f"{text}: each would remove the members of the other", "Join them into one stream."
            )
            raise problem
        self._hold = journal.hold()
        self._lock = threading.Lock()
        self._members = {int(number) for number in contacts.members(phone_list)}
        text = "Phone List %s, mirrored: %s members are listed before the run"
        run.logger.info(text, phone_list.name, f"{len(self._members):,}")
        self._audience: set[int] = set()
        self._listed_but_off = 0

    def keep(self, number: str) -> None:
        """Note that the stream names a number: its member is not removed."""
        self._audience.add(int(number))

    def leave(self, number: str) -> None:
        """Note that the stream says a number leaves."""
        self._audience.discard(int(number))

    def seen(self, number: str, state: State) -> None:
        """Note how a number that the stream names stood before the run; called from worker threads."""
        if state not in (State.SUBSCRIBED, State.PENDING) and int(number) in self._members:
            with self._lock:
                self._listed_but_off += 1

    def finish(self, *, activated: bool) -> None:
        """Unsubscribe those who left, if all is as it must be, and let STATE pass.

        Args:
            activated: Whether an ACTIVATE_VERSION for the records' version came after the last record.

        Raises:
            MirrorStopError: More would be removed than `max_removed_share` allows. Nobody was removed.
            ListrakError: As the client. STATE stays held.
        """
        logger = self._run.logger
        if self._journal.account in self._run.over_reject_share():
            self._say("nobody is removed, for too many records were rejected")
            return
        candidates = sorted(self._members - self._audience)
        if activated or self._destination.option("mirror") is not True:
            states = self._states(candidates)
        else:  # nobody will be removed: may_remove says why
            states = dict.fromkeys(candidates, State.SUBSCRIBED)
        on = [number for number in candidates if states[number] is State.SUBSCRIBED]
        pending = sum(state is State.PENDING for state in states.values())
        off = len(candidates) - len(on) - pending + self._listed_but_off
        before = len(self._members) - off
        if pending:
            self._say(f"{pending:,} who left are pending, which cannot be unsubscribed; they are left alone")
        if may_remove(
            self._destination, self._stream, complete=activated, left=len(on), before=before, logger=logger
        ):
            self._remove(on)
        self._hold.release()

    def _states(self, numbers: list[int]) -> dict[int, State]:
        states: dict[int, State] = {}

        def look(number: int) -> None:
            states[number] = self._contacts.state(str(number), self._list)

        self._in_waves(numbers, look)
        return states

    def _remove(self, numbers: list[int]) -> None:
        removed = 0
        left: dict[str, int] = {}

        def remove(number: int) -> None:
            nonlocal removed
            outcome = self._contacts.unsubscribe(str(number), self._list)
            with self._lock:
                if isinstance(outcome, Declined | Rejected):
                    left[outcome.code] = left.get(outcome.code, 0) + 1
                elif outcome is None:
                    removed += 1

        self._in_waves(numbers, remove)
        self._journal.account.removed += removed
        for code, count in left.items():
            self._say(f"{count:,} who left could not be unsubscribed: {code}")

    def _in_waves(self, numbers: list[int], make: Callable[[int], None]) -> None:
        for first in range(0, len(numbers), _WAVE):
            wave = numbers[first : first + _WAVE]
            self._run.calls.run_all([functools.partial(make, number) for number in wave])

    def _say(self, text: str) -> None:
        self._run.logger.warning("Stream %s, Phone List %s: %s.", self._stream, self._list.name, text)
