"""The report at the end of a run: row accounting, and where the rejects file is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_listrak.tracking.local_files import replay_command
from target_listrak.tracking.tallies import closing_table, log_metrics

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection

    from target_listrak.tracking.rejects import RejectsFile
    from target_listrak.tracking.tallies import Tally

__all__ = ["report_rejects", "report_tallies"]


def report_tallies(logger: logging.Logger, tallies: Collection[Tally], note: str = "") -> None:
    """Log the row accounting, and give its figures to the SDK's metrics.

    Args:
        logger: The plugin's logger.
        tallies: One per incoming stream.
        note: For a dry run: what it cannot know.
    """
    logger.info("Accounting%s:", " (dry run: nothing was written)" if note else "")
    for line in closing_table(tallies):
        logger.info("%s", line)
    if note:
        logger.info("%s", note)
    for tally in tallies:
        log_metrics(tally)


def report_rejects(logger: logging.Logger, rejects: RejectsFile) -> None:
    """Log how many records were not loaded, where they are, and how they are loaded once corrected."""
    if rejects.count:
        text = "Records that were not loaded: %s, with their reasons, in %s"
        logger.warning(text, f"{rejects.count:,}", rejects.path)
        logger.warning("Corrected, they are loaded by: %s", replay_command(rejects.path))
