"""Backfill: contacts are read again when `profile_fields` changes, since no date shows what their rows lack.

The state has some values for it beside the bookmark of a list:

- a digest of the setting, so that a change is noticed,
- the time from which contacts were first read,
- how far the backfill has come, and for which digest, so that it can be interrupted.

Their size does not depend on the setting.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_listrak.incremental.bookmarks import format_bookmark, parse_bookmark

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta


SETTING, FROM, AGAIN = "profile_fields", "read_from", "read_again_until"
AGAIN_FOR = "read_again_for"
"""Names in the state."""


def digest(profile_fields: str | tuple[int | str, ...]) -> str | None:
    """Return the digest of the setting for the state; None for ``none``."""
    if profile_fields == "none":
        return None
    names = (
        profile_fields
        if isinstance(profile_fields, str)
        else sorted({_folded(one) for one in profile_fields})
    )
    return hashlib.blake2b(json.dumps(names).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Backfill:
    """Whether a list's contacts are read again, from when, and what to put into the state.

    Args:
        setting: The digest of `profile_fields` as it is now.
        bookmark: Up to when contacts have been read (UTC); None before the first reading.
        remembered: The values in the state (see `Bookmarks.remembered`).
        start_date: The setting.
    """

    setting: str | None
    bookmark: datetime | None
    remembered: Mapping[str, Any]
    start_date: datetime | None

    @property
    def due(self) -> bool:
        """Whether fields were switched on, or others chosen, since the last run."""
        return (
            self.bookmark is not None
            and self.setting is not None
            and self.setting != self.remembered.get(SETTING)
        )

    def since(self, overlap: timedelta) -> datetime | None:
        """Return from when to read again (UTC): where the first reading began; None for everything.

        The present `start_date` is ignored: rows before it that were loaded earlier would keep their gaps.
        """
        start = self._time(FROM)
        done = self._time(AGAIN) if self.remembered.get(AGAIN_FOR) == self.setting else None
        return start if done is None else max(done - overlap, start or done - overlap)

    def progress(self, until: datetime | None, run_until: datetime) -> dict[str, Any]:
        """Return what to put into the state when contacts are written up to a time.

        Args:
            until: Up to when; None at the end of the run.
            run_until: Up to when the run reads.
        """
        if not self.due:
            first = self.bookmark is None and self.start_date is not None
            start = {FROM: format_bookmark(self.start_date)} if first and self.start_date else {}
            return {SETTING: self.setting, AGAIN: None, AGAIN_FOR: None, **start}
        reached = run_until if until is None else min(until, run_until)
        if until is None and (self.bookmark is None or reached >= self.bookmark):
            return {SETTING: self.setting, AGAIN: None, AGAIN_FOR: None}
        return {AGAIN: format_bookmark(reached), AGAIN_FOR: self.setting}

    def _time(self, name: str) -> datetime | None:
        value = self.remembered.get(name)
        return None if value is None else parse_bookmark(value, stream="contacts")


def _folded(one: int | str) -> str:
    return str(one).strip().casefold()
