"""Settings that include more rows. If one is switched on after the first run, older rows are missing.

A bookmark says up to when a stream was read, but not with which settings. So the state has the names of the
settings that have been on since the bookmarks began. After a full refresh this starts again.

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
"""The settings, and for each a stream whose bookmarks show that there was an earlier run."""

logger = logging.getLogger("tap-listrak")


def warn_of_missing_rows(tap: TapSession) -> None:
    """Log which settings were switched on after the first run, and save in the state which were on before.

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
        state.setdefault("bookmarks", {})  # `check_state` refuses a state without them
    else:
        state.pop(STATE_KEY, None)
