"""Fails a run with too large a share of rejected or declined rows."""

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


def check_shares(tallies: Iterable[Tally], rejects_path: Path) -> None:
    """Fail where more rows were rejected or declined than allowed.

    Raises:
        RejectShareError: The text names the setting, the streams and their rows.
    """
    tallies = list(tallies)
    rejected = [
        _share(tally, tally.rejected, "rejected", tally.max_reject_share)
        for tally in tallies
        if tally.over_reject_share
    ]
    declined = [
        _share(tally, tally.declined, "declined", tally.max_declined_share)
        for tally in tallies
        if tally.over_declined_share
    ]
    if not rejected and not declined:
        return
    setting, remedy = "max_declined_share", "See who was declined and why"
    if rejected:
        setting, remedy = "max_reject_share", "Fix the source"
    raise RejectShareError(
        f"{setting}: {', '.join(rejected + declined)} that is allowed. STATE is held back.",
        hint=f"{rejects_path} has the reasons. {remedy}, or increase {setting}.",
    )


def _share(tally: Tally, rows: int, result: str, limit: float | None) -> str:
    destination = "" if tally.title == tally.stream else f" ({tally.destination})"
    counts = f"{rows:,} of {tally.confirmed:,} {result}"
    return f"stream {tally.stream!r}{destination} has {counts}, more than the share of {limit:g}"
