"""One generated list with everything that belongs to it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from listrak_sandbox.world import draws, words
from listrak_sandbox.world.calendar import DAY, START_TIME, minute_text
from listrak_sandbox.world.messages import Conversation, Message, Schedule, Transactional
from listrak_sandbox.world.population import BLOCK, Population
from listrak_sandbox.world.profile import ProfileValues
from listrak_sandbox.world.sends import BlockCache, BroadcastSends, ContinuousSends
from listrak_sandbox.world.timeline import Habits

if TYPE_CHECKING:
    from listrak_sandbox.world.scale import ListShape

LAGS = (0, 0, 0, 1, 1, 2, 3)
"""How many broadcasts back the one lies that somebody unsubscribes through."""
LOOK_BACK = 12
"""How many broadcasts before that one are considered."""
WHOLE_LIST = 40
TEST = 17
NO_CAMPAIGN = 7
"""Each broadcast of so many goes to the whole list, is a test, belongs to no campaign."""
CONVERSATIONS_FROM = 5_000_000
"""Ids of a list's messages from here on are those of conversations' messages."""
HOUR = 3600
QUARTER = 900
"""No two broadcasts are closer than this on average: a bound when an id is looked up."""


class MailingList:
    """A generated list.

    Attributes:
        number: 1 for the first list.
        list_id: Its id.
        population: Its contacts.
        values: Their profile values.
        schedule: When its broadcasts go out.
    """

    def __init__(
        self, seed: int, number: int, shape: ListShape, first_person: int, cache: BlockCache
    ) -> None:
        self.number = number
        self.list_id = 40_000 + number * 137
        self.shape = shape
        self.population = Population(seed, number, shape, first_person)
        self.values = ProfileValues(seed, number, shape.fields)
        self.habits = Habits(shape.clicks, shape.links)
        self._name = f"{seed}/{number}"
        self._cache = cache
        self.schedule = Schedule(
            f"{self._name}/schedule", shape.messages, shape.first_message, shape.last_message
        )
        self._broadcasts: dict[int, Message] = {}
        self._left: dict[int, dict[int, int]] = {}
        self._left_blocks = 0

    def record(self) -> dict[str, object]:
        """Return it as the API's List."""
        number = self.number
        return {
            "listId": self.list_id,
            "listName": self.shape.name,
            "folderId": 10 + number % 3,
            "ipPoolId": 1 + number % 2,
            "bounceDomainAlias": f"bounce{number}.example.com",
            "bounceHandling": ("Standard", "Aggressive", "None")[number % 3],
            "bounceUnsubscribeCount": 3 + number,
            # Two decimals of a second, as recorded.
            "createDate": f"{minute_text(min(self.shape.since, 0) * DAY - DAY)}.{10 + number}",
            "enableBrowserLink": True,
            "enableDoubleOptIn": number % 2 == 0,
            "enableDynamicContent": True,
            "enableGoogleAnalytics": number % 2 == 1,
            "enableInternationalization": True,
            "enableListHygiene": False,
            "enableListRemovalHeader": True,
            "enableListRemovalLink": True,
            "enableListrakAnalytics": True,
            "enableSpamScorePersonalization": False,
            "enableToNamePersonalization": True,
            "enableUniversalEmailKeySetting": False,
            "fromEmail": f"news{number}@example.com",
            "fromName": 'The "Example" Shop',
            "googleTrackingDomains": ["shop.example.com", "www.example.com"] if number % 2 else None,
            "linkDomainAlias": f"links{number}.example.com",
            "mediaDomainAlias": f"media{number}.example.com" if number == 1 else None,
        }

    def campaign_id(self, number: int) -> int:
        """Return the id of the campaign that the n-th message belongs to; 0 for none."""
        return 0 if number % NO_CAMPAIGN == 0 else self.number * 1000 + number % len(words.CAMPAIGNS) + 1

    def broadcasts(self, now: int) -> list[Message]:
        """Return the broadcasts that are there at a world time, test and scheduled ones included."""
        return [self.broadcast(number) for number in self.schedule.numbers(now)]

    def broadcast(self, number: int) -> Message:
        """Return the n-th broadcast."""
        known = self._broadcasts.get(number)
        if known is None:
            known = self._broadcasts[number] = self._make(number)
        return known

    def find_broadcast(self, message_id: int, now: int) -> Message | None:
        """Find a broadcast that is there at a world time by its id."""
        number = message_id - self.number * 10_000_000 - 1
        if not 0 <= number < CONVERSATIONS_FROM or not self.schedule.exists(number):
            return None
        if number * QUARTER > now + 100 * DAY or self.schedule.created(number) >= now:
            return None
        return self.broadcast(number)

    def _make(self, number: int) -> Message:
        send = self.schedule.send(number)
        sends = BroadcastSends(
            f"{self._name}/broadcast/{number}",
            self.population,
            self.habits,
            self._cache,
            send,
            self._recipients(number, send),
            lambda now: self.left_through(number, now),
        )
        return Message(
            message_id=self.number * 10_000_000 + number + 1,
            number=number,
            list_number=self.number,
            send=send,
            sends=sends,
            links=self.shape.links,
            test=self._is_test(number),
            campaign_id=self.campaign_id(number),
        )

    def _is_test(self, number: int) -> bool:
        return not self.shape.steady and number % TEST == TEST // 5

    def _recipients(self, number: int, send: int) -> range:
        everybody = self.population.count(send)
        size = self.shape.recipients
        if self._is_test(number):
            size = 5
        elif not self.shape.steady:
            if number % WHOLE_LIST == WHOLE_LIST - 1:
                return range(everybody)
            size = size // 2 + draws.number(f"{self._name}/size/{number}", max(size, 1))
        size = min(size, everybody)
        first = draws.number(f"{self._name}/first/{number}", everybody - size + 1)
        return range(first, first + size)

    def left_through(self, number: int, now: int) -> dict[int, int]:
        """Return who unsubscribed through the n-th broadcast, and when (world time), at least by `now`."""
        need = -(-self.population.count(now) // BLOCK)
        if self._left_blocks < need:
            self.population.changed(now)
            for block in range(self._left_blocks, need):
                for contact in range(block * BLOCK, (block + 1) * BLOCK):
                    for moved in self.population.changes.get(contact, ())[::2]:
                        self._attribute(contact, moved)
            self._left_blocks = need
        return self._left.get(number, {})

    def _attribute(self, contact: int, moved: int) -> None:
        """Note through which broadcast a contact unsubscribed: a late one that it had received, or none."""
        lag = LAGS[(contact + moved) % len(LAGS)]
        latest = self.schedule.sent_before(moved) - 1 - lag
        for number in range(latest, max(latest - LOOK_BACK, -1), -1):
            send = self.schedule.send(number)
            # Within the window, and not in the minutes of the send itself: nobody leaves before it arrives.
            if self._is_test(number) or not send + HOUR < moved < send + 29 * DAY:
                continue
            if contact in self._recipients(number, send) and self.population.receives(contact, send):
                self._left.setdefault(number, {})[contact] = moved
                return

    @cached_property
    def all_conversations(self) -> list[Conversation]:
        """Every conversation there ever is, those that begin after the clock's start included."""
        shape = self.shape
        found = []
        for number in range(shape.conversations + 1 if shape.conversations else 0):
            late = number == shape.conversations
            start = START_TIME + 9 * DAY if late else (40 + 170 * number) * DAY + 7 * HOUR
            end = START_TIME + 20 * DAY if number == 1 else None
            found.append(
                Conversation(
                    conversation_id=self.number * 1000 + number + 1,
                    number=number,
                    start=start,
                    end=end,
                    messages=self._conversation_messages(number, start, end, late=late),
                    campaign_id=self.campaign_id(number),
                )
            )
        return found

    def _conversation_messages(
        self, number: int, start: int, end: int | None, *, late: bool
    ) -> list[Message]:
        interval = int(DAY / self.shape.conversation_sends)
        # The current version took over a while ago; one message of the version before is still to be read.
        takeover = start if late else start + 150 * DAY
        plan: list[tuple[int, int | None, bool]] = [] if late else [(start, takeover, False)]
        plan += [(takeover + step * DAY, end, True) for step in range(2 if late else 3)]
        messages = []
        for place, (begin, stop, current) in enumerate(plan):
            sends = ContinuousSends(
                f"{self._name}/conversation/{number}/{place}",
                self.population,
                self.habits,
                self._cache,
                begin,
                interval,
                stop,
            )
            messages.append(
                Message(
                    message_id=self.number * 10_000_000 + CONVERSATIONS_FROM + number * 100 + place + 1,
                    number=place,
                    list_number=self.number,
                    send=begin,
                    sends=sends,
                    links=self.shape.links,
                    current=current,
                    campaign_id=self.campaign_id(number),
                )
            )
        return messages

    def conversations(self, now: int) -> list[Conversation]:
        """Return the conversations that are there at a world time."""
        return [one for one in self.all_conversations if one.start < now]

    @cached_property
    def transactional(self) -> list[Transactional]:
        """Its transactional messages."""
        return [
            Transactional(
                message_id=self.number * 1000 + 500 + number,
                number=number,
                sends=ContinuousSends(
                    f"{self._name}/transactional/{number}",
                    self.population,
                    self.habits,
                    self._cache,
                    60 * DAY + number * DAY,
                    int(DAY / self.shape.transactional_sends),
                    resend_keys=True,
                ),
                campaign_id=self.campaign_id(number + 3),
            )
            for number in range(self.shape.transactional)
        ]
