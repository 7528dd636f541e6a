"""Processes running imports beside the requests, on the same event loop."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from listrak_sandbox.email.import_jobs import Job

SLICE_SECONDS = 0.01
"""The longest time for which imports block the event loop."""


class Runner:
    """Processes all running imports of a sandbox in turn, so that the rows of concurrent imports mix."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []
        self._task: asyncio.Task[None] | None = None

    def start(self, job: Job) -> None:
        """Start a job. Must be called on the event loop."""
        self._jobs.append(job)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        while self._jobs:
            until = time.monotonic() + SLICE_SECONDS
            busy = True
            while busy and time.monotonic() < until:
                busy = False
                for job in self._jobs:
                    for _ in range(self._rows_per_turn()):
                        busy = job.step() or busy
            self._jobs = [job for job in self._jobs if job.running]
            await asyncio.sleep(0 if busy else 0.005)

    def _rows_per_turn(self) -> int:
        """Return 1 while there are several imports, more for a single one: looking at the clock is slow."""
        return 1 if len(self._jobs) > 1 else 64
