"""What ``--test`` says about dates: the zone of Listrak's dates, and how it reads the dates of requests.

A recent contact's date is compared with Listrak's clock. Nothing else of the contact is shown.
``docs/certainty.md`` says what to do about the answers.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from listrak_api import routes
from listrak_api.dates import parse, to_wall_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from listrak_api.client import Client

_RECENT = timedelta(days=14)
_AROUND = timedelta(minutes=2)
_SHOWN = "%Y-%m-%d %H:%M:%S"


def describe_dates(client: Client, list_id: object, zone: ZoneInfo) -> Iterator[str]:
    """Return lines about the dates of a recent contact, and how Listrak reads the dates of requests.

    Makes three small reads at most.

    Args:
        client: The client of the email API.
        list_id: The list.
        zone: The time zone that is set.

    Raises:
        ListrakError: What the client raises.
    """
    now = client.now()
    recent = _subscribed(client, list_id, now - _RECENT, None)
    newest = max(recent.items(), key=lambda item: item[1], default=None)
    if newest is None:
        yield f"Dates: nobody subscribed to list {list_id} in the last {_RECENT.days} days."
        return
    key, text = newest
    instant = parse(text, zone)
    if instant is None:
        return
    yield (
        f"Dates: the newest contact of list {list_id} subscribed at {text} as Listrak writes it. With "
        f"timezone {zone.key} that is {instant.strftime(_SHOWN)} UTC. "
        f"Listrak's clock says {now.strftime(_SHOWN)} UTC."
    )
    if instant > now + _AROUND:
        yield "Dates: that lies ahead of the clock, so timezone is wrong: choose a zone further east."
    wall = to_wall_time(instant, zone).replace(tzinfo=UTC)
    if wall == instant:
        yield "Dates in requests: in this zone it makes no difference whether Listrak honours their offset."
        return
    honoured = key in _subscribed(client, list_id, instant - _AROUND, instant + _AROUND)
    dropped = key in _subscribed(client, list_id, wall - _AROUND, wall + _AROUND)
    reading = {
        (True, False): "Listrak takes them for UTC, as they are meant",
        (False, True): f"Listrak drops their offset and takes them for wall time of {zone.key}",
    }.get((honoured, dropped), "how Listrak reads them cannot be told from this contact")
    yield (
        f"Dates in requests: if timezone is right, {reading}. "
        "With overlap_minutes of 1440 or more nothing is lost either way."
    )


def _subscribed(client: Client, list_id: object, start: datetime, end: datetime | None) -> dict[str, str]:
    """Return when contacts last subscribed, as Listrak writes it, by email key."""
    params = {
        "subscriptionState": "Subscribed",
        "useOriginalSubscribeDate": False,
        "startDate": start,
        "endDate": end,
    }
    rows = client.get_page(routes.CONTACTS, {"listId": list_id}, params).rows
    dates = {str(row.get("emailKey")): row.get("resubscribeDate") or row.get("subscribeDate") for row in rows}
    return {key: str(text) for key, text in dates.items() if text}
