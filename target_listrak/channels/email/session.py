"""What all email destinations of one run share."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from target_listrak.channels.email.lists import Lists
from target_listrak.channels.email.moves import Moves
from target_listrak.channels.email.open_batches import OpenBatches
from target_listrak.channels.email.other_imports import OtherImports
from target_listrak.channels.email.simulation import SimulatedLists
from target_listrak.delivery.leavers import Leavers

if TYPE_CHECKING:
    from target_listrak.delivery.run import Run

__all__ = ["EmailSession"]


class EmailSession:
    """What all email destinations of one run share: `run.session(EmailSession)`.

    Args:
        run: The run.

    Attributes:
        lists: The account's email lists and their profile fields.
        open_batches: The batches that are being filled, by list.
        simulated: The lists as a dry run would leave them.
        other_imports: Waits for imports that this run did not start.
        file_numbers: Numbers of the run's import files.
        leavers: Whom records take off lists, by list.
        moves: Contacts whose address was changed.
    """

    def __init__(self, run: Run) -> None:
        self.lists = Lists(run.connection)
        self.open_batches = OpenBatches()
        self.simulated = SimulatedLists(run.connection)
        self.other_imports = OtherImports(run)
        self.file_numbers = itertools.count(1)
        self.leavers = Leavers()
        self.moves = Moves()
