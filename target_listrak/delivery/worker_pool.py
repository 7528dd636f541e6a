"""Worker threads that run imports and calls while the input is read, in order where order matters.

Each job has a *key*. The jobs of one key run one after the other, in the order given; different keys
run side by side. A list is the key of its imports (two running imports that share a contact have no order), a
contact is the key of its calls.

`concurrent.futures` waits for its threads when the interpreter ends, so a SIGTERM could wait for an answer
that does not come. These threads are daemons: their work can be abandoned, as the state tracker has not
confirmed it.
"""

from __future__ import annotations

import functools
import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence

__all__ = ["Stopped", "WorkerPool"]

Job = Callable[[], None]


class Stopped(Exception):  # noqa: N818 - an end, not an error of the code
    """The run was ended from outside (SIGTERM, SIGINT, or an error elsewhere) while this was waiting."""


class WorkerPool:
    """Threads that run jobs: those of one key in order, those of different keys side by side.

    Args:
        name: For the threads' names.
        threads: How many jobs run at a time at most. A thread is started when a job needs it.
        budget: Total weight (bytes) of jobs that wait or run, at most. A job that is alone always fits.
        stopping: Set when the run ends early: no further job is started.
    """

    def __init__(self, name: str, *, threads: int, budget: int, stopping: threading.Event) -> None:
        self.failure: BaseException | None = None
        self._name = name
        self._max_threads = threads
        self._budget = budget
        self._stopping = stopping
        self._changed = threading.Condition()
        self._jobs: dict[Hashable, deque[tuple[Job, int]]] = {}
        self._ready: deque[Hashable] = deque()
        self._threads = 0
        self._idle = 0
        self._running = 0
        self._weight = 0
        self._closed = False

    def submit(self, key: Hashable, job: Job, weight: int = 1) -> None:
        """Queue a job, after waiting until enough other jobs are done.

        Args:
            key: Jobs of the same key run in the order given, one at a time.
            job: What to do. If it raises, the pool fails and starts no further job.
            weight: Memory that the job holds, in bytes.

        Raises:
            Exception: What another job failed with.
            Stopped: The run is being ended.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._over or not self._weight or self._weight + weight <= self._budget
            )
            self.check()
            self._weight += weight
            waiting = self._jobs.get(key)
            if waiting is not None:
                waiting.append((job, weight))
                return
            self._jobs[key] = deque([(job, weight)])
            self._ready.append(key)
            if self._idle:
                self._changed.notify_all()
            elif self._threads < self._max_threads:
                self._threads += 1
                name = f"{self._name}-{self._threads}"
                threading.Thread(target=self._work, name=name, daemon=True).start()

    def check(self) -> None:
        """Raise what a job failed with, or `Stopped`; do nothing otherwise."""
        if self.failure is not None:
            raise self.failure
        if self._closed or self._stopping.is_set():
            raise Stopped

    def drain(self) -> None:
        """Wait until every job that was submitted is done.

        Raises:
            Exception: What a job failed with, once those that were running have ended.
            Stopped: The run is being ended.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._running if self._over else not self._jobs)
        self.check()

    def run_all(self, jobs: Sequence[Job]) -> None:
        """Run jobs side by side and wait for them. Called by a thread of another pool.

        Raises:
            Exception: What one of them failed with.
            Stopped: The run is being ended.
        """
        done = [False] * len(jobs)

        def run(number: int, job: Job) -> None:
            job()
            with self._changed:
                done[number] = True
                self._changed.notify_all()

        for number, job in enumerate(jobs):
            self.submit(object(), functools.partial(run, number, job))
        with self._changed:
            self._changed.wait_for(lambda: self._over or all(done))
        if not all(done):
            self.check()

    def close(self) -> None:
        """Start nothing more; running jobs go on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_idle(self, timeout: float) -> bool:
        """Wait until no job is running.

        Args:
            timeout: Seconds to wait at most.

        Returns:
            Whether none is running.
        """
        with self._changed:
            return self._changed.wait_for(lambda: not self._running, timeout)

    @property
    def _over(self) -> bool:
        """Whether no further job is started."""
        return self.failure is not None or self._closed or self._stopping.is_set()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                self._changed.wait_for(lambda: bool(self._ready) and not self._over)
                self._idle -= 1
                key = self._ready.popleft()
                job, weight = self._jobs[key][0]
                self._running += 1
            failure: BaseException | None = None
            try:
                job()
            except BaseException as error:  # noqa: BLE001 - raised again by check() in the reading thread
                failure = error
            del job  # frees its memory while this thread waits for the next job
            self._finish_job(key, weight, failure)

    def _finish_job(self, key: Hashable, weight: int, failure: BaseException | None) -> None:
        with self._changed:
            self._running -= 1
            self._weight -= weight
            if failure is not None and self.failure is None and not isinstance(failure, Stopped):
                self.failure = failure
            waiting = self._jobs[key]
            waiting.popleft()
            if waiting:
                self._ready.append(key)
            else:
                del self._jobs[key]
            self._changed.notify_all()
