"""Settings that let more rows in and are switched on after a first run: older rows stay missing.

A bookmark shows up to when a stream was read, and not with which settings. So the state names those settings
that were on since the bookmarks began; a full refresh begins anew.

In the state, beside ``bookmarks``: ``{"read_with": ["include_test_messages"]}``.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from tap_listrak.sync.session import TapSession

STATE_KEY = "read_with"

_FIRST_STREAM: Final = {
    "include_test_messages": "messages",
    "include_previous_versions": "conversation_message_activity",
}
"""The settings, and a stream whose bookmarks show that there was a run before."""

logger = logging.getLogger("tap-listrak")


def warn_of_missing_rows(tap: TapSession) -> None:
    """Log which settings were switched on after the first run; note in the state which were on before.

    Args:
        tap: The tap; its state is changed in place.
    """
    state = cast("dict[str, Any]", tap.state)
    bookmarks, known = state.get("bookmarks") or {}, state.get(STATE_KEY)
    known = known if isinstance(known, list) else []
    kept = []
    for setting, stream in _FIRST_STREAM.items():
        if not getattr(tap.settings, setting):
            continue
        if stream not in bookmarks or setting in known:
            kept.append(setting)
        else:
            logger.warning(
                "%s was switched on after the first run: the rows before the bookmark that it lets in stay "
                "missing. Run once with --full-refresh to read them",
                setting,
            )
    if kept:
        state[STATE_KEY] = kept
        state.setdefault("bookmarks", {})  # a state without is refused
    else:
        state.pop(STATE_KEY, None)
