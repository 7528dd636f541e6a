"""What Listrak refuses to show of one list (or sender code) while it shows the same of others.

One list without access would otherwise end every run before all that comes after it, day after day. So its
rows are left out: bookmarks stay before them, no stream concerned sends ACTIVATE_VERSION, everything else is
read, and the run ends with an error that names the list.

What is refused of the integration as a whole ends the run at once: wrong credentials, an area that was not
granted. Nothing in an answer tells the two apart, so it is found out: the account's lists are asked for again
after a refusal; an operation that is refused for all lists, or the first five, is the integration's; so is
one that is not authorised and was granted for no list, where other operations of the list are.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from listrak_api import routes
from listrak_api.errors import AuthenticationError, Cause, ListrakError, RequestRefusedError
from listrak_singer.wording import enumerated
from tap_listrak.sync.steps import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from singer_sdk import Stream

    from listrak_api.routes import Api, Route
    from tap_listrak.clients import Clients


logger = logging.getLogger("tap-listrak")

Place = tuple[str, object]
"""What a context belongs to, for example ``("listId", 7)``."""

_ATTEMPTS = 3
"""After so many refusals of one operation for one list, its other parts are not asked for."""
_ENOUGH = 5
"""Refused for so many lists, or for all if there are fewer, and granted for none: then it is the
integration that lacks access."""
_SHOWN = 10
_PROBES: dict[Api, Route] = {
    "email": routes.LISTS,
    "sms": routes.SENDER_CODES,
    "cross_channel": routes.CUSTOM_EVENTS,
}
"""What tells whether an integration still has access at all: all of them were read before anything else."""
_NAMES = {"listId": "list", "senderCodeId": "sender code", "eventUID": "custom event"}


class PartlyRefusedError(ListrakError):
    """Listrak refused to show parts of the account. All else was read and written before."""

    cause = Cause.DATA


class Refusals:
    """What was refused in one run. Safe from any thread.

    Args:
        clients: Asks Listrak whether the integration has access.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._lock = threading.Lock()
        self._granted: set[str] = set()
        self._served: set[Place] = set()
        self._places: Counter[str] = Counter()
        self._counts: Counter[tuple[str, Place]] = Counter()
        self._reasons: dict[Place, str] = {}

    def sent(self, stream: Stream, api: Api, context: Mapping[str, Any], send: Callable[[], Rows]) -> Rows:
        """Return a page; one without rows where Listrak refuses it for this list alone.

        Args:
            stream: The stream that asks.
            api: The API that is asked.
            context: What it asks about.
            send: Asks.

        Raises:
            ListrakError: What `send` raises, refusals of the integration as a whole among it.
        """
        place = next(((name, value) for name, value in context.items() if name[0] != "_"), None)
        if place is None:
            rows = send()
            with self._lock:
                self._places[str((stream.primary_keys or [""])[-1])] += len(rows.records)
            return rows
        if self._counts and self._counts[stream.name, place] >= _ATTEMPTS:
            return Rows([], refused=True)
        try:
            rows = send()
        except (AuthenticationError, RequestRefusedError) as refusal:
            self._judge(stream.name, api, place, refusal)
            return Rows([], refused=True)
        self._granted.add(stream.name)
        self._served.add(place)
        return rows

    def _judge(self, stream: str, api: Api, place: Place, refusal: ListrakError) -> None:
        """Note a refusal, or raise it if it is not about this list alone."""
        with self._lock:
            self._counts[stream, place] += 1
            first = self._counts[stream, place] == 1
            refused = {where for name, where in self._counts if name == stream}
            alone = stream in self._granted or len(refused) < min(self._places[place[0]], _ENOUGH)
            if isinstance(refusal, AuthenticationError) and stream not in self._granted:
                alone = alone and place not in self._served  # else it is an area that was not granted
            unheard_of = place not in self._reasons
            self._reasons.setdefault(place, str(refusal).partition("\n")[0])
        if not alone or (first and not self._has_access(api)):
            raise refusal
        if unheard_of:
            logger.warning(
                "Listrak refuses to show a part of %s: %s. The run reads everything else. Bookmarks stay "
                "before what is left out, the streams concerned send no ACTIVATE_VERSION, and the run ends "
                "with an error that names them",
                _named(place),
                self._reasons[place],
            )

    def _has_access(self, api: Api) -> bool:
        """Return whether the integration is still shown what it was shown at the beginning."""
        probe = _PROBES.get(api)
        with suppress(ListrakError):
            if probe is not None:
                self._clients.client(api).get_page(probe, count=1)
                return True
        return False

    def fail_if_any(self) -> None:
        """Raise an error that names what was refused, if anything was.

        Raises:
            PartlyRefusedError: Something was.
        """
        if not self._counts:
            return
        streams: dict[Place, list[str]] = {}
        for name, place in sorted(self._counts, key=str):
            streams.setdefault(place, []).append(name)
        parts = [
            f"{_named(place)}: {enumerated(names, _SHOWN)} ({self._reasons[place]})"
            for place, names in streams.items()
        ]
        message = f"Listrak refused to show parts of the account. {'; '.join(parts[:_SHOWN])}"
        if len(parts) > _SHOWN:
            message += f"; and of {len(parts) - _SHOWN} more"
        hint = (
            "Everything else was read. Give the integration access in Listrak: the next run reads from where "
            "the bookmarks stand. Or leave these out (list_ids, sender_code_ids, streams in the catalog)."
        )
        raise PartlyRefusedError(message, hint=hint)


def _named(place: Place) -> str:
    name, value = place
    return f"{_NAMES.get(name, name)} {value}"
