"""One sandbox: its clock, world, what was written, settings, log, and the API families it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from listrak_sandbox.auth import Tokens
from listrak_sandbox.clock import Clock
from listrak_sandbox.log import RequestLog
from listrak_sandbox.settings import Settings
from listrak_sandbox.store import Store
from listrak_sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

    import uvicorn

    from listrak_sandbox.config import Config
    from listrak_sandbox.envelope import Answer
    from listrak_sandbox.routing import Call, Route


class Family(Protocol):
    """One API: its routes, and what it has to say to the control routes."""

    name: str
    """``email``, ``sms`` or ``data``: also the name of the integration whose tokens it takes."""
    base: str
    """Base path: ``/email/v1``."""

    def routes(self) -> list[Route]:
        """Return its routes, templates below `base` as in the spec."""

    def control_routes(self) -> list[Route]:
        """Return control routes of its own, templates below ``/_sandbox``."""

    def reset(self) -> None:
        """Forget everything written and begin with the sandbox's current seed and scale."""

    def expected(self, selection: Mapping[str, str]) -> dict[str, dict[str, object]]:
        """Return ``{stream: {count, digest}}`` of a complete extraction (see `expected`)."""

    def written(self) -> dict[str, object]:
        """Return what was written through it since the last reset."""


class Hook(Protocol):
    """Something that sees each call before and after its handler: the faults."""

    async def before(self, call: Call) -> Answer | None:
        """See a call before its handler; an answer given here is sent instead of the handler's."""

    async def after(self, call: Call, answer: Answer) -> Answer:
        """See the answer before it is sent, and give the one to send."""

    def reset(self) -> None:
        """Switch off what was switched on."""


class Aborted(Exception):  # noqa: N818  no error: a hook did with the connection what it wanted
    """Raised by a hook that has dealt with the connection itself: nothing more is sent."""


class Sandbox:
    """Everything one running sandbox holds. Lives on one event loop; see `reset` for what comes back."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.seed = config.seed
        self.scale = config.scale
        self.settings = Settings.from_config(config)
        self.clock = Clock()
        self.tokens = Tokens()
        self.log = RequestLog()
        self.world = World(self.seed, self.scale)
        self.store = Store(self.world)
        self.families: list[Family] = []
        self.hooks: list[Hook] = []
        self.routes: list[Route] = []
        self.server: uvicorn.Server | None = None

    def reset(self, seed: int | None = None, scale: str | None = None) -> None:
        """Begin anew: clock, settings, world, everything written, the log. Tokens stay good."""
        self.seed = self.seed if seed is None else seed
        self.scale = scale or self.scale
        self.settings = Settings.from_config(self.config)
        self.clock.reset()
        self.world = World(self.seed, self.scale)
        self.store.close()
        self.store = Store(self.world)
        for family in self.families:
            family.reset()
        for hook in self.hooks:
            hook.reset()
        self.log.reset()
