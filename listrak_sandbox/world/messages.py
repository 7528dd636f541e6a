"""Messages of a list: broadcasts on a schedule without end, conversations, transactional messages."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from listrak_sandbox.world import draws, words
from listrak_sandbox.world.calendar import DAY, NO_DATE, START_TIME, minute_text

if TYPE_CHECKING:
    from listrak_sandbox.world.sends import Sends

SUMMED = (
    "bounceCount", "clickCount", "conversionCount", "openCount", "readCount", "sentCount",
    "unsubscribeCount", "visitCount",
)  # fmt: skip
"""Counts of a conversation's summary that are the sums of its messages' own."""
QUARTER = 900
LONG_LEAD = 12 * DAY
"""How long before its send a message is scheduled at most."""


@dataclass
class Message:
    """One message: a broadcast, or one that a conversation owns.

    Attributes:
        message_id: Its id.
        number: Its place among the list's broadcasts, or its conversation's messages.
        list_number: 1 for the first list.
        send: World time of its (first) send.
        sends: Its recipients and what they do.
        links: How many links it has.
        test: Whether it is a test message.
        current: False for a message of a previous version of its conversation.
        campaign_id: The campaign it belongs to; 0 for none.
    """

    message_id: int
    number: int
    list_number: int
    send: int
    sends: Sends
    links: int
    test: bool = False
    current: bool = True
    campaign_id: int = 0

    def record(self, now: int) -> dict[str, object]:
        """Return it as the API's Message."""
        return {
            "messageId": self.message_id,
            "sendDate": minute_text(self.send),
            "messageStatus": "Sent" if self.send < now else "Scheduled",
            "campaignId": self.campaign_id,
            "externalCampaignId": f"EXT-{self.number:04}" if self.number % 3 else None,
            "subject": self.subject,
        }

    @property
    def subject(self) -> str:
        """Its subject line, awkward characters included."""
        return f"{words.SUBJECTS[self.message_id % len(words.SUBJECTS)]} ({self.number})"

    def extended(self, now: int) -> dict[str, object]:
        """Return it as the API's MessageExtended."""
        html = (
            f"<html><body><h1>{self.number}</h1><p>“Hello” &amp; good day,\r\n\tdear friend</p></body></html>"
        )
        return {
            **self.record(now),
            "enableUniversalEmailKeySetting": self.number % 4 == 0,
            "bodyHtml": html,
            "bodyText": None if self.number % 6 == 0 else f"Hello, dear friend\n\n{self.subject}",
            "codePage": 65001,
            "enablePassalong": self.number % 5 == 0,
            "enableTracking": True,
            "fromEmail": f"news{self.list_number}@example.com",
            "fromName": 'The "Example" Shop',
            "googleAnalyticsCampaignName": None if self.number % 3 else f"campaign_{self.campaign_id}",
            "googleAnalyticsCampaignContent": None if self.number % 3 else 'hero, "left"',
            "replyEmail": "reply@example.com",
            "savedAudienceId": 0,
            "toName": "#[Customer.First Name]#",
        }

    def status(self, now: int) -> dict[str, object]:
        """Return it as the API's MessageStatus."""
        sent = self.send < now
        count = self.sends.totals(now).sent if sent else 0
        return {
            "sendCount": count,
            "startDate": minute_text(self.send) if sent else NO_DATE,
            "endDate": minute_text(self.send + QUARTER) if self.send + QUARTER < now else NO_DATE,
            "status": "Sent" if sent else "Scheduled",
            "type": "Test" if self.test else "Broadcast",
        }

    def link(self, number: int, now: int, clicks: int | None = None) -> dict[str, object]:
        """Return one of its links as the API's MessageLink."""
        description, url = words.LINKS[number % len(words.LINKS)]
        return {
            "linkId": self.message_id * 10 + number,
            "linkDescription": description,
            "linkUrl": f"{url}&m={self.message_id}" if "?" in url else url,
            "clickCount": self.sends.totals(now).links[number] if clicks is None else clicks,
        }

    def link_records(self, now: int) -> list[dict[str, object]]:
        """Return all its links."""
        clicks = self.sends.totals(now).links
        return [self.link(number, now, clicks[number]) for number in range(self.links)]

    def summary(self, now: int) -> dict[str, object]:
        """Return it as the API's MessageSummary, the sums of its activity."""
        sums = self.sends.totals(now)
        return {
            "averageOrderValue": round(sums.revenue / sums.conversions / 100, 2) if sums.conversions else 0.0,
            "bounceCount": sums.bounces,
            "clickCount": sums.clicks,
            "conversionCount": sums.conversions,
            "openCount": sums.opens,
            "passAlongCount": 0,
            "readCount": sums.reads,
            "revenue": sums.revenue / 100,
            "sentCount": sums.sent,
            "unsubscribeCount": sums.unsubscribes,
            "visitCount": sums.clickers,
        }


class Schedule:
    """When a list's broadcasts go out: a rhythm with jitter, at full quarters of an hour, without end."""

    def __init__(self, name: str, messages: int, first: int, last: int | None) -> None:
        self._name = name
        self._first = first
        self._last = last
        self._interval = max(((last or START_TIME) - first) // max(messages, 1), 2 * QUARTER)
        self._known: list[int] = []
        self._growing = threading.Lock()

    def send(self, number: int) -> int:
        """Return the world time of the n-th broadcast; grows with the number."""
        if len(self._known) <= number:
            with self._growing:
                while len(self._known) <= number:
                    here = len(self._known)
                    jitter = draws.number(f"{self._name}/{here}", max(self._interval // 2, 1))
                    self._known.append((self._first + here * self._interval + jitter) // QUARTER * QUARTER)
        return self._known[number]

    def created(self, number: int) -> int:
        """Return the world time from which the n-th broadcast is there, scheduled."""
        return self.send(number) - (LONG_LEAD if number % 2 == 0 else 2 * DAY) + 1

    def exists(self, number: int) -> bool:
        """Return whether there is an n-th broadcast at all."""
        return self._last is None or self._first + (number + 1) * self._interval <= self._last

    def sent_before(self, time: int) -> int:
        """Count the broadcasts sent before a world time."""
        if time <= self._first:
            return 0
        number = max(0, (time - self._first) // self._interval - 1)
        while number and not self.exists(number - 1):
            number -= 1
        while self.exists(number) and self.send(number) < time:
            number += 1
        return number

    def numbers(self, now: int) -> list[int]:
        """Return the numbers of the broadcasts that are there at a world time, sent or scheduled."""
        last = self.sent_before(now + LONG_LEAD)
        return [number for number in range(last) if self.created(number) < now]


@dataclass
class Conversation:
    """One conversation.

    Attributes:
        conversation_id: Its id.
        number: Its place among the list's.
        start: World time from which it is there.
        end: World time at which it expires; None: never.
        messages: Its own messages, those of previous versions included.
        campaign_id: The campaign it belongs to.
    """

    conversation_id: int
    number: int
    start: int
    end: int | None
    messages: list[Message]
    campaign_id: int

    def record(self, now: int) -> dict[str, object]:
        """Return it as the API's Conversation."""
        ended = self.end is not None and self.end < now
        return {
            "conversationId": self.conversation_id,
            "conversationName": words.CONVERSATIONS[self.number % len(words.CONVERSATIONS)],
            "campaignId": self.campaign_id,
            "expirationDate": None if self.end is None else minute_text(self.end),
            "status": "Expired" if ended else "Active",
        }

    def summary(self, now: int) -> dict[str, object]:
        """Return it as the API's ConversationSummary, the sums over all its messages."""
        parts = [message.summary(now) for message in self.messages]

        def total(name: str) -> int:
            return sum(int(str(part[name])) for part in parts)

        revenue = round(sum(float(str(part["revenue"])) for part in parts), 2)
        conversions = total("conversionCount")
        return {
            "averageOrderValue": round(revenue / conversions, 2) if conversions else 0.0,
            **{name: total(name) for name in SUMMED},
            "deliveredCount": total("sentCount") - total("bounceCount"),
            "revenue": revenue,
        }


@dataclass
class Transactional:
    """One transactional message.

    Attributes:
        message_id: Its id.
        number: Its place among the list's.
        sends: Its recipients and what they do.
        campaign_id: The campaign it belongs to.
    """

    message_id: int
    number: int
    sends: Sends
    campaign_id: int

    def record(self) -> dict[str, object]:
        """Return it as the API's TransactionalMessage."""
        name = words.TRANSACTIONAL[self.number % len(words.TRANSACTIONAL)]
        return {
            "transactionalMessageId": self.message_id,
            "transactionalMessageName": name,
            "campaignId": self.campaign_id,
            "externalCampaignId": None if self.number % 2 else f"TX-{self.number:04}",
            "subject": f'{name}: your order "#{self.number}", thank you',
        }
