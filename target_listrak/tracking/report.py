"""The report at the end of a run: row accounting, rows that will be sent again, rejects file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_listrak.tracking.local_files import replay_command
from target_listrak.tracking.tallies import closing_table, log_metrics

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection

    from target_listrak.tracking.rejects import RejectsFile
    from target_listrak.tracking.state import StateTracker
    from target_listrak.tracking.tallies import Tally

__all__ = ["COLUMNS", "report_rejects", "report_state", "report_tallies", "sent_again"]

COLUMNS = {
    "accepted": "taken by Listrak",
    "unchanged": "nothing to write, Listrak had it already",
    "declined": "correct, but the person's consent or a limit of Listrak does not allow it",
    "rejected": "wrong, to be corrected in the source",
    "merged": "replaced by a later record of the same contact",
    "open": "no result: Listrak may have it or not",
}
"""The meaning of the columns of the closing table, by attribute of `Tally`."""
_TITLES = {"open": "not confirmed"}


def report_tallies(logger: logging.Logger, tallies: Collection[Tally], note: str = "") -> None:
    """Log the row accounting, and pass its figures to the SDK's metrics.

    Args:
        logger: The plugin's logger.
        tallies: One per incoming stream.
        note: For a dry run: what it cannot know; "" for a run that writes.
    """
    logger.info("Accounting%s:", " (dry run: nothing was written)" if note else "")
    for line in closing_table(tallies):
        logger.info("%s", line)
    used = [name for name in COLUMNS if any(getattr(tally, name) for tally in tallies)]
    if used:
        logger.info("%s", "; ".join(f"{_TITLES.get(name, name)}: {COLUMNS[name]}" for name in used))
    if note:
        logger.info("%s", note)
    for tally in tallies:
        if tally.read and tally.rejected == tally.read:
            text = (
                "%s: every row was rejected: look for a wrong setting. Once it is corrected, load the "
                "rejects file, or run the extractor with --full-refresh"
            )
            logger.warning(text, tally.destination)
    for tally in tallies:
        log_metrics(tally)


def report_state(logger: logging.Logger, tallies: Collection[Tally], state: StateTracker) -> None:
    """Log which rows the next run sends again, if any.

    Args:
        logger: The plugin's logger.
        tallies: All tallies of the run.
        state: Knows which rows the last STATE covers that was passed on.
    """
    if line := sent_again(tallies, state):
        logger.warning("%s", line)


def sent_again(tallies: Collection[Tally], state: StateTracker) -> str | None:
    """Return a sentence about the rows that no STATE covers that was passed on; `None` if there are none.

    Args:
        tallies: All tallies of the run.
        state: Knows which rows the last STATE covers that was passed on.
    """
    not_confirmed = sum(tally.open for tally in tallies)
    confirmed = sum(tally.confirmed for tally in tallies) - state.covered
    if not state.received:
        text = "{:,} rows are not confirmed, and the input has no STATE: load the same input again"
        return text.format(not_confirmed) if not_confirmed else None
    parts = [f"{confirmed:,} that are confirmed"] if confirmed else []
    parts += [f"{not_confirmed:,} that are not confirmed"] if not_confirmed else []
    if not parts:
        return None
    if not not_confirmed and confirmed == sum(tally.accepted + tally.unchanged for tally in tallies):
        return f"{confirmed:,} rows are in Listrak; the next run sends them again, as no STATE was passed on"
    covered = "" if state.covered else ", as no STATE was passed on"
    return f"The next run sends {confirmed + not_confirmed:,} rows again: {' and '.join(parts)}{covered}"


def report_rejects(logger: logging.Logger, rejects: RejectsFile, *, dry_run: bool = False) -> None:
    """Log how many records were not loaded, where they are, and how they are loaded once corrected.

    Args:
        logger: The plugin's logger.
        rejects: The rejects file of the run.
        dry_run: Whether the run wrote nothing: the run that writes rejects the same records again.
    """
    if not rejects.count:
        return
    wrong = rejects.count - rejects.declined
    text = "Records that were not loaded: %s (%s rejected, %s declined), with their reasons, in %s"
    logger.warning(text, f"{rejects.count:,}", f"{wrong:,}", f"{rejects.declined:,}", rejects.path)
    if dry_run:
        logger.warning("Correct rejected records in the source before the run that writes")
    elif wrong:
        logger.warning("Once corrected, they are loaded by: %s", replay_command(rejects.path))
