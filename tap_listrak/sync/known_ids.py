"""The ids of lists, sender codes and phone lists in the state, to notice an answer that omits some.

Everything else belongs to one of these. One that an answer omits would not be read. At the end of the run
ACTIVATE_VERSION would delete it, and all below it, from the loader's tables. So the ids are kept in the state
(as many as there are, whatever the history), and a missing one is looked up by its id. Listrak answers 404 if
it was deleted. With a row, the answer was short. A run in which nothing is missing makes no extra request.

In the state, beside ``bookmarks``: ``{"known_ids": {"lists": [[7], [8]], "phone_lists": [[3, 41]]}}``, the
values of the stream's key.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from listrak_api.errors import NotFoundError, RequestRefusedError
from listrak_singer.wording import enumerated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from listrak_api.routes import Route
    from tap_listrak.records.row import Row
    from tap_listrak.sync.session import TapSession

logger = logging.getLogger("tap-listrak")

STATE_KEY = "known_ids"
_SHOWN = 10


class KnownIds:
    """The ids that earlier runs have seen in one collection, below one parent.

    Args:
        tap: The tap; its state is changed in place.
        stream: The stream's name.
        keys: Its key: the parent's ids, then its own.
        context: The parent's ids.
    """

    def __init__(
        self, tap: TapSession, stream: str, keys: tuple[str, ...], context: Mapping[str, Any]
    ) -> None:
        self._tap = tap
        self._stream = stream
        self._keys = keys
        self._parent = tuple(context[name] for name in keys[:-1])
        self._state = cast("dict[str, Any]", tap.state)

    def missing(self, found: Collection[int], chosen: Collection[object]) -> list[int]:
        """Return the ids that an earlier run has seen and this one has not.

        Args:
            found: The ids that came.
            chosen: The ids that a setting chooses; empty for all.
        """
        return sorted(one for one in self._known() - set(found) if not chosen or one in chosen)

    def look_up(self, route: Route, missing: Sequence[int]) -> tuple[list[Row], list[int]]:
        """Look up missing ids, one by one.

        Args:
            route: Reads one by its id.
            missing: The ids.

        Returns:
            The rows that still exist, and the ids of which nothing is known: Listrak's answer is not an
            object, or Listrak refuses the request. After a refusal the remaining ids are not looked up.

        Raises:
            ListrakError: What the client raises otherwise.
        """
        parent = dict(zip(self._keys, self._parent, strict=False))
        rows: list[Row] = []
        refused: list[int] = []
        deleted: list[int] = []
        for number, one in enumerate(missing):
            try:
                row = self._tap.client(route.api).get(route, {**parent, self._keys[-1]: one})
            except NotFoundError as error:
                (deleted if error.is_listraks else refused).append(one)
            except RequestRefusedError:
                refused += missing[number:]
                break
            else:
                if isinstance(row, dict):
                    rows.append(row)
                else:
                    refused.append(one)
        if deleted:
            logger.info(
                "Deleted in Listrak since the last run: %s of %s", enumerated(deleted, _SHOWN), self._stream
            )
        return rows, refused

    def save(self, present: Iterable[int], *, narrowed: bool) -> None:
        """Save the ids in the state for the next run, and remove the bookmarks of what was deleted.

        Args:
            present: The ids.
            narrowed: Whether a setting left some out. Their ids stay in the state.
        """
        before = self._known()
        kept = before | set(present) if narrowed else set(present)
        for one in before - kept:
            self._tap.bookmarks.forget(dict(zip(self._keys, (*self._parent, one), strict=True)))
        others = [one for one in self._entries() if tuple(one[:-1]) != self._parent]
        self._state.setdefault("bookmarks", {})  # `check_state` refuses a state without them
        known = self._state.get(STATE_KEY)
        known = self._state[STATE_KEY] = known if isinstance(known, dict) else {}
        known[self._stream] = sorted([*others, *([*self._parent, one] for one in kept)])

    def _entries(self) -> list[list[int]]:
        known = self._state.get(STATE_KEY)
        entries = known.get(self._stream) if isinstance(known, dict) else None
        if entries is None:
            return self._ids_in_bookmarks()
        return [
            one
            for one in (entries if isinstance(entries, list) else [])
            if isinstance(one, list) and len(one) == len(self._keys) and all(type(n) is int for n in one)
        ]

    def _known(self) -> set[int]:
        return {one[-1] for one in self._entries() if tuple(one[:-1]) == self._parent}

    def _ids_in_bookmarks(self) -> list[list[int]]:
        """Return the ids in the bookmarks, for a state of a version that did not save known ids."""
        found = {
            tuple(part["context"][name] for name in self._keys)
            for entry in self._state.get("bookmarks", {}).values()
            for part in entry.get("partitions", [])
            if all(type(part["context"].get(name)) is int for name in self._keys)
        }
        return [list(one) for one in sorted(found)]


def warn_of_short_answer(stream: str, ids: list[int]) -> None:
    """Log that an answer omitted rows."""
    logger.warning(
        "Listrak's answer omitted %d of %s that still exist (%s). They are read one by one where Listrak "
        "allows it; no ACTIVATE_VERSION is sent for %s and the streams below it, so that loaders delete no "
        "rows there",
        len(ids),
        stream,
        enumerated(ids, _SHOWN),
        stream,
    )
