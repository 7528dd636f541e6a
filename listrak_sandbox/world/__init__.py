"""The generated world: a retailer's Listrak account, every row a pure function of seed and time."""

from __future__ import annotations


class World:
    """The generated part of what the sandbox serves."""

    def __init__(self, seed: int, scale: str) -> None:
        self.seed = seed
        self.scale = scale
