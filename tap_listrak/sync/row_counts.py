"""How many rows a stream that is read in full had in the last run: a short answer removes none.

An answer that comes short with status 200 looks like one after which most rows were deleted. Loaders would
delete them by ACTIVATE_VERSION. So the state keeps one number for each such stream, and where more than half
of the rows are gone at once, they stay downstream until the next run finds as few.

In the state, beside ``bookmarks``: ``{"row_counts": {"campaigns": 118}}``.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from tap_listrak.sync.session import TapSession

STATE_KEY = "row_counts"

LEAST_SHARE = 0.5
"""The share of the last run's rows that must be there for the others to count as deleted."""

FEW_ROWS = 10
"""Up to this many rows in the last run, any number may have been deleted since."""

logger = logging.getLogger("tap-listrak")


def confirms_deletions(tap: TapSession, stream: str, rows: int) -> bool:
    """Return whether what was not read may count as deleted, and note the number of rows for the next run.

    Args:
        tap: The tap; its state is changed in place.
        stream: The name of a stream that was read in full.
        rows: How many rows it had.
    """
    state = cast("dict[str, Any]", tap.state)
    counts = state.get(STATE_KEY)
    counts = dict(counts) if isinstance(counts, dict) else {}
    last = counts.get(stream)
    counts[stream] = rows
    state[STATE_KEY] = dict(sorted(counts.items()))
    state.setdefault("bookmarks", {})  # a state without is refused
    if type(last) is not int or last <= FEW_ROWS or rows >= last * LEAST_SHARE:
        return True
    logger.warning(
        "%s had %d rows in the last run and has %d now. In case Listrak's answer is short, no "
        "ACTIVATE_VERSION is sent for it in this run, so that loaders delete no rows; the next run sends it "
        "if the rows are still missing then",
        stream,
        last,
        rows,
    )
    return False
