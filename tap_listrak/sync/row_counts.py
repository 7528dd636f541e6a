"""The number of rows of each stream that is read in full, so that a short answer does not delete rows.

A short answer with status 200 looks as if rows had been deleted in Listrak. At ACTIVATE_VERSION loaders would
delete them. So the state has the number of rows of the last run. If more than half of them are missing, they
stay downstream until the next run finds as few.

In the state, beside ``bookmarks``: ``{"row_counts": {"campaigns": 118}}``.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from tap_listrak.sync.session import TapSession

STATE_KEY = "row_counts"

LEAST_SHARE = 0.5
"""The share of the last run's rows that must still exist for the others to count as deleted."""

FEW_ROWS = 10
"""Up to this many rows in the last run, any number may have been deleted since."""

logger = logging.getLogger("tap-listrak")


def confirms_deletions(tap: TapSession, stream: str, rows: int) -> bool:
    """Return whether rows that were not read count as deleted; save the number of rows for the next run.

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
    state.setdefault("bookmarks", {})  # `check_state` refuses a state without them
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
