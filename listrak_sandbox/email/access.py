"""What the handlers of the email API share: finding lists and messages, and pages of activity."""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice
from typing import TYPE_CHECKING

from listrak_sandbox import paging
from listrak_sandbox.envelope import Answer, not_found, raw_page
from listrak_sandbox.finish import finish
from listrak_sandbox.world import records
from listrak_sandbox.world.calendar import Span, text, world_time
from listrak_sandbox.world.sends import BLOCK
from listrak_sandbox.world.timeline import ACTIVITY_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from listrak_sandbox.sandbox import Call
    from listrak_sandbox.settings import Settings
    from listrak_sandbox.store import ListState
    from listrak_sandbox.world.lists import MailingList
    from listrak_sandbox.world.sends import Entry, Sends

CACHE_BYTES = {"fanout": 256_000_000, "stream": 256_000_000}
"""Bytes of answers kept, where it is not `USUAL_CACHE_BYTES`: measurements are served from memory."""
USUAL_CACHE_BYTES = 64_000_000


class PageCache:
    """Keeps the bytes of answers that cannot have changed, up to a total size."""

    def __init__(self, scale: str) -> None:
        self._limit = CACHE_BYTES.get(scale, USUAL_CACHE_BYTES)
        self._size = 0
        self._kept: OrderedDict[tuple[object, ...], Answer] = OrderedDict()
        self._settings: Settings | None = None

    def serve(self, call: Call, key: tuple[object, ...], make: Callable[[], Answer]) -> Answer:
        """Return the kept answer of a key, or make and keep it, written as the settings say."""
        settings = call.sandbox.settings
        if self._settings is not settings:
            self._empty()
            self._settings = settings
        kept = self._kept.get(key)
        if kept is None:
            kept = finish(make(), settings)
            self._kept[key] = kept
            self._size += len(kept.body)
            while self._size > self._limit and len(self._kept) > 1:
                self._size -= len(self._kept.popitem(last=False)[1].body)
        else:
            self._kept.move_to_end(key)
        return Answer(kept.status, kept.body, finished=True)

    def clear(self, scale: str) -> None:
        """Forget everything, and take the limit of a scale."""
        self._limit = CACHE_BYTES.get(scale, USUAL_CACHE_BYTES)
        self._empty()

    def _empty(self) -> None:
        self._kept.clear()
        self._size = 0


def events_of(state: ListState) -> list[dict[str, object]]:
    """Return a list's events, generated ones first."""
    return (records.events(state.generated_list) if state.generated_list else []) + state.events


def event_groups_of(state: ListState) -> list[dict[str, object]]:
    """Return a list's event groups, generated ones first."""
    return (records.event_groups(state.generated_list) if state.generated_list else []) + state.event_groups


def list_state(call: Call) -> ListState:
    """Find the list of a call.

    Raises:
        ApiError: 404 ERROR_UNABLE_TO_LOCATE_RESOURCE.
    """
    state = call.sandbox.store.lists.get(call.id("listId"))
    if state is None:
        raise not_found("list")
    return state


def generated_list_of(call: Call) -> MailingList | None:
    """Find the generated list of a call; None for a list created through the API, on which nothing was sent.

    Raises:
        ApiError: 404 ERROR_UNABLE_TO_LOCATE_RESOURCE.
    """
    return list_state(call).generated_list


def request_key(call: Call) -> tuple[object, ...]:
    """Return what makes two requests ask for the same page."""
    return (call.route.name, tuple(call.ids.items()), tuple(sorted(call.query.items())))


def activity_page(call: Call, sends: Sends, *, by_activity: bool = False) -> Answer:
    """Answer a page of activity rows.

    Positions of its cursors are places of recipients.

    Args:
        call: The call, with ``activityType``, ``emailAddress``, ``startDate`` and ``endDate``.
        sends: The message's sends.
        by_activity: Filter by the first activity's date instead of the send date.

    Raises:
        ApiError: 400 ERROR_INVALID_PARAMETER.
    """
    now = world_time(call.now)
    asked = paging.read(call)
    span = Span(call.date_param("startDate"), call.date_param("endDate"))
    kind = call.word("activityType", ACTIVITY_TYPES, "")
    # The spec gives a conversation message's activity no filter by address: it is ignored there.
    email = call.query.get("emailAddress", "").lower() if "emailAddress" in call.route.params else ""
    inside = span.holds if sends.fractions else span.holds_whole

    def wanted(entry: Entry) -> bool:
        if by_activity:
            if entry.seen is None or not span.holds(entry.seen.first):
                return False
        elif not span.everything and not inside(entry.send):
            return False
        if kind and (entry.seen is None or not entry.seen.has(kind)):
            return False
        return not email or sends.email(entry) == email

    low, high = (0, sends.slots(now)) if by_activity else sends.places(span, now)
    unfiltered = span.everything and not kind and not email and not by_activity
    entries = sends.entries(now, max(asked.position, low), high)
    found = list(islice(entries if unfiltered else filter(wanted, entries), asked.count + 1))
    following = found.pop().position if len(found) > asked.count else None
    return raw_page(sends.texts(found), paging.cursor(call, following))


def clicker_page(call: Call, sends: Sends, link: int) -> Answer:
    """Answer a page of a link's clickers, one row per click.

    Positions of its cursors are places of recipients and the number of the click among theirs.

    Raises:
        ApiError: 400 ERROR_INVALID_PARAMETER.
    """
    now = world_time(call.now)
    asked = paging.read(call)
    span = Span(call.date_param("startDate"), call.date_param("endDate"))
    rows: list[str] = []
    following = None
    for entry in sends.entries(now, asked.position // 8):
        if entry.seen is None or not entry.seen.clicks:
            continue
        for number, (time, clicked) in enumerate(entry.seen.clicks):
            position = entry.position * 8 + number
            if clicked != link or position < asked.position or not span.holds(time):
                continue
            if len(rows) == asked.count:
                following = position
                break
            rows.append(f'{{"emailAddress":"{sends.email(entry)}","clickDate":"{text(time)}"}}')
        if following is not None:
            break
    return raw_page(",".join(rows), paging.cursor(call, following))


def whole(call: Call, sends: Sends) -> tuple[object, ...]:
    """Return the key under which an answer about sends can be kept: the time counts until all is settled."""
    now = world_time(call.now)
    slots = sends.slots(now)
    done = slots and slots == sends.slots(10**9) and sends.settled((slots - 1) // BLOCK, now)
    return (*request_key(call), None if done else now)
