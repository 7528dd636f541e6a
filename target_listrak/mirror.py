"""Whether those who left may be removed: the setting `mirror`, the same for audiences and SMS lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listrak_api.errors import ListrakError
from target_listrak.destinations import place

if TYPE_CHECKING:
    import logging

    from target_listrak.destinations import Destination

__all__ = ["MirrorStopError", "may_remove"]


class MirrorStopError(ListrakError):
    """Mirroring would remove more than `max_removed_share` of the membership: nobody was removed."""


def may_remove(  # noqa: PLR0913 - the parts of one thing
    destination: Destination, stream: str, *, complete: bool, left: int, before: int, logger: logging.Logger
) -> bool:
    """Whether those who left are removed now. Asked at the end of well-formed input.

    Args:
        destination: The destination, with `mirror` and `max_removed_share`.
        stream: The stream's name.
        complete: Whether an ACTIVATE_VERSION for the records' version came after the stream's last record.
        left: How many members the stream does not have.
        before: How many members there were before the run.
        logger: Told why nobody is removed.

    Returns:
        True if they are to be removed; False if the destination does not mirror, the stream was not complete,
        or nobody left.

    Raises:
        MirrorStopError: It would be too many.
    """
    mirror = destination.option("mirror")
    if mirror is False or not left:
        return False
    if mirror is True and not complete:
        logger.warning(
            "%s: no ACTIVATE_VERSION came after the last record of stream %s, so %s who may have left stay."
            " (mirror: end_of_input removes without one, for sources that send none)",
            place(destination.pattern, "mirror"),
            stream,
            f"{left:,}",
        )
        return False
    most = destination.option("max_removed_share")
    if left > most * before:
        setting = place(destination.pattern, "max_removed_share")
        msg = (
            f"{setting}: stream {stream!r} lacks {left:,} of {before:,} members, more than the share of"
            f" {most:g} that may be removed at a time. Nobody was removed, and STATE is held back."
        )
        raise MirrorStopError(
            msg,
            hint="If they have really left, raise max_removed_share for one run; if not, mend the source.",
        )
    return True
