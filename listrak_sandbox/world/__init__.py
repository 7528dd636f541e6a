"""The generated world: a retailer's Listrak account, every row a pure function of seed and time."""

from __future__ import annotations

from listrak_sandbox.world.lists import MailingList
from listrak_sandbox.world.scale import SCALE_SHAPES
from listrak_sandbox.world.sends import BlockCache

OVERLAP = 3
"""One of this many contacts of a list is on the next list too."""


class World:
    """The generated part of what the sandbox serves.

    Attributes:
        lists: Its lists by id.
    """

    def __init__(self, seed: int, scale: str) -> None:
        self.seed = seed
        self.scale = scale
        self.lists: dict[int, MailingList] = {}
        cache = BlockCache()
        first_person = 1000
        for number, shape in enumerate(SCALE_SHAPES[scale], 1):
            generated_list = MailingList(seed, number, shape, first_person, cache)
            self.lists[generated_list.list_id] = generated_list
            first_person += shape.contacts - shape.contacts // OVERLAP
