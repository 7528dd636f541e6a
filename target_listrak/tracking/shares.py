"""The largest shares of rejected and of declined rows with which a run is still a success."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listrak_api.errors import ListrakError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from target_listrak.tracking.tallies import Tally

__all__ = ["RejectShareError", "check_shares"]


class RejectShareError(ListrakError):
    """More of a destination's records were rejected, or declined, than the settings allow."""


def _at(tally: Tally) -> str:
    return "" if tally.title == tally.stream else f" ({tally.destination})"


def check_shares(tallies: Iterable[Tally], rejects_path: Path) -> None:
    """Fail where more rows were rejected or declined than allowed.

    Raises:
        RejectShareError: The text names the setting, the streams and their rows.
    """
    tallies = list(tallies)
    over = [("rejected", one, one.rejected, one.max_reject_share) for one in tallies if one.over_reject_share]
    over += [
        ("declined", one, one.declined, one.max_declined_share) for one in tallies if one.over_declined_share
    ]
    if not over:
        return
    setting = "max_reject_share" if over[0][0] == "rejected" else "max_declined_share"
    shares = ", ".join(
        f"stream {one.stream!r}{_at(one)} has {rows:,} of {one.confirmed:,} {result}, more than the share of "
        f"{most:g}"
        for result, one, rows, most in over
    )
    way_out = "Fix the source" if over[0][0] == "rejected" else "See who was declined and why"
    raise RejectShareError(
        f"{setting}: {shares} that is allowed. STATE is held back.",
        hint=f"{rejects_path} has the reasons. {way_out}, or raise {setting}.",
    )
