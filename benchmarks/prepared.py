"""The bytes that the stand-in serves, made before anybody measures.

Rows have the members, the order and the date forms of Listrak's API. A page is a template of some rows in
which the page's number is filled in, so that two million different rows need no two million steps. Dates lie
a fixed time before the present, so that a tap that reads by date finds all of it new.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec

LIST_ID = 1
GROUP_ID = 7
SENDER_CODE = 11
PHONE_LIST = 21
FIELDS = ("First Name", "Last Name", "Loyalty Tier", "Loyalty Points")
"""The profile fields of the list; their ids begin with `FIRST_FIELD_ID`."""
FIRST_FIELD_ID = 101
FIRST_MESSAGE_ID = 5001
MAX_COUNT = 5000
DEFAULT_COUNT = 1000

_PLACE = b"@@@@"
"""Where a page's number goes, four digits."""
_ACTIVE = 3
"""Every so many recipients has activity."""


_CONTACT_YEARS = 4
"""Years in which the list's contacts subscribed, evenly."""
_CONTACT = (
    b'{"emailAddress":"contact%07d@customer.example","subscriptionState":"Subscribed","subscribeDate":"%b",'
    b'"segmentationFieldValues":[]}'
)


@dataclass(frozen=True)
class Shape:
    """How much there is to read.

    Args:
        messages: Messages of the one list.
        recipients: Activity rows of each message.
        links: Links of each message.
        clickers: Clicks on each link.
    """

    messages: int = 80
    recipients: int = 5200
    links: int = 3
    clickers: int = 40

    def counts(self) -> dict[str, int]:
        """Give the records that a complete extraction has, by stream."""
        return {
            "messages": self.messages,
            "message_activity": self.messages * self.recipients,
            "message_links": self.messages * self.links,
            "message_link_clickers": self.messages * self.links * self.clickers,
            "message_summaries": self.messages,
        }


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def _exact(moment: datetime, number: int) -> str:
    return f"{_text(moment)}.{number * 7919 % 1000:03}0000"


class World:
    """All rows of one shape, as JSON.

    Args:
        shape: How much there is.
        now: The present; everything lies before it.
    """

    def __init__(self, shape: Shape, now: datetime | None = None) -> None:
        self.shape = shape
        self._now = (now or datetime.now(UTC)).replace(microsecond=0)
        self.created = self._now - timedelta(days=80)
        self.page = lru_cache(maxsize=160)(self._page)

    @property
    def message_ids(self) -> range:
        """The messages' ids."""
        return range(FIRST_MESSAGE_ID, FIRST_MESSAGE_ID + self.shape.messages)

    def lists(self) -> list[dict[str, object]]:
        """Give the one list."""
        return [
            {
                "listId": LIST_ID,
                "listName": "Newsletter",
                "folderId": None,
                "ipPoolId": None,
                "bounceDomainAlias": None,
                "bounceHandling": "Standard",
                "bounceUnsubscribeCount": 3,
                "createDate": _text(self.created),
                "enableListHygiene": True,
            }
        ]

    def messages(self, start: str = "", end: str = "") -> list[dict[str, object]]:
        """Give the messages sent in a stretch of time (ISO 8601, compared by the second)."""
        low, high = start[:19], end[:19]
        found = []
        for number, message_id in enumerate(self.message_ids):
            sent = self._sent(number)
            if sent >= low and (not high or sent <= high):
                found.append(
                    {
                        "messageId": message_id,
                        "sendDate": sent,
                        "messageStatus": "Sent",
                        "campaignId": None,
                        "externalCampaignId": f"EXT-{message_id}",
                        "subject": f'New in: "{message_id}", just for you',
                    }
                )
        return found

    def links(self, message_id: int) -> list[dict[str, object]]:
        """Give the links of a message."""
        return [
            {
                "linkId": message_id * 10 + number,
                "linkDescription": f"Link {number}",
                "linkUrl": f"https://shop.example/{message_id}/{number}?utm_source=listrak",
                "clickCount": self.shape.clickers,
            }
            for number in range(self.shape.links)
        ]

    def clickers(self) -> list[dict[str, object]]:
        """Give the clicks on a link; they are alike for all links."""
        clicked = self._now - timedelta(days=40)
        return [
            {
                "emailAddress": f"contact{number:05}.0000@customer.example",
                "clickDate": _exact(clicked + timedelta(minutes=number), number),
            }
            for number in range(self.shape.clickers)
        ]

    def summary(self) -> dict[str, object]:
        """Give the summary of a message: alike for all, and in agreement with the activity's rows."""
        return {
            "averageOrderValue": 61.5,
            "bounceCount": 0,
            "clickCount": self.shape.links * self.shape.clickers,
            "conversionCount": 12,
            "openCount": self.shape.recipients // _ACTIVE,
            "passAlongCount": 0,
            "readCount": self.shape.recipients // _ACTIVE,
            "revenue": 738.0,
            "sentCount": self.shape.recipients,
            "unsubscribeCount": 0,
            "visitCount": 90,
        }

    def activity(self, cursor: int, count: int) -> bytes:
        """Give a whole answer with a page of activity rows.

        Args:
            cursor: Index of the page's first row.
            count: Rows on a page.
        """
        return self.page(cursor, min(count, self.shape.recipients - cursor))

    def contacts(self, start: str, end: str, cursor: int, count: int) -> bytes:
        """Give a whole answer with a page of subscribers, of whom there are as many as recipients.

        Args:
            start: The first second of subscription (ISO 8601); empty for no lower end.
            end: The last one; empty for no upper end.
            cursor: Index of the page's first row among those of the dates.
            count: Rows on a page.
        """
        everybody = self.shape.recipients
        step = _CONTACT_YEARS * 365 * 86_400 / everybody
        oldest = self._now - timedelta(days=_CONTACT_YEARS * 365)

        def index(text: str) -> int:
            since = datetime.fromisoformat(text[:19]).replace(tzinfo=UTC) - oldest
            return min(max(math.ceil(since.total_seconds() / step), 0), everybody)

        low = index(start) if start else 0
        high = index(end) if end else everybody
        first, last = low + cursor, min(low + cursor + count, high)
        following = f'"row-{cursor + count}"' if last < high else "null"
        day = _text(oldest + timedelta(seconds=step * first))
        rows = b",".join(_CONTACT % (number, day.encode()) for number in range(first, last))
        return b'{"status":200,"nextPageCursor":%b,"data":[%b]}' % (following.encode(), rows)

    def _page(self, first: int, rows: int) -> bytes:
        following = first + rows
        cursor = f'"row-{following}"' if following < self.shape.recipients else "null"
        number = b"%04d" % (first // MAX_COUNT)
        data = self._template(first % MAX_COUNT, rows).replace(_PLACE, number)
        return b'{"status":200,"nextPageCursor":%b,"data":[%b]}' % (cursor.encode(), data)

    @lru_cache(maxsize=8)  # noqa: B019 - the world lives as long as its process
    def _template(self, first: int, rows: int) -> bytes:
        return ",".join(self._row(number) for number in range(first, first + rows)).encode()

    def _row(self, number: int) -> str:
        active = number % _ACTIVE == 0
        sent = self._now - timedelta(days=60, seconds=-(number // 1000))
        seen = f'"{_exact(sent + timedelta(seconds=61 * (number % 997)), number)}"' if active else "null"
        clicks = number % 2 + 1 if active and number % 12 == 0 else 0
        word = "true" if active else "false"
        clicked = "true" if clicks else "false"
        return (
            f'{{"abuse":false,"activityDate":{seen},"bounce":false,"bounceReason":null,"click":{clicked},'
            f'"clickCount":{clicks},"emailAddress":"contact{number:05}.@@@@@customer.example","open":{word},'
            f'"orderTotal":{number % 90 + 0.5 if clicks else 0.0},"read":{word},"sendDate":"{_text(sent)}",'
            f'"unsubscribe":false,"visitDate":{seen if clicks else "null"},'
            f'"externalContactID":"C-@@@@-{number:05}"}}'
        )

    def _sent(self, number: int) -> str:
        return _text(self._now - timedelta(days=60) + timedelta(hours=number // 4, minutes=number % 4))


def resource(data: object) -> bytes:
    """Put data into Listrak's envelope."""
    return msgspec.json.encode({"status": 200, "data": data})


def collection(rows: list[dict[str, object]], cursor: int, count: int) -> bytes:
    """Cut a page out of rows and put it into Listrak's envelope."""
    end = cursor + count
    following = f"row-{end}" if end < len(rows) else None
    return msgspec.json.encode({"status": 200, "nextPageCursor": following, "data": rows[cursor:end]})
