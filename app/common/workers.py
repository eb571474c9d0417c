"""Work that pages hand to a worker in a separate process, and its results on their way back.

A page has a `Job`. It asks a `Process`, which several pages share, and receives what the worker sends: "result" any
number of times, "failed" if something went wrong, and "ended" at the end.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from app.common.child import Child

MOST_MEMORY = 2 * 2**30
"""Bytes beyond which an idle process is replaced by a new one, because compiled programs accumulate."""


class Receiver(Protocol):
    """What receives the messages of a worker: a job."""

    number: int

    def receive(self, kind: str, *content: Any) -> None: ...


class Process:
    """A worker in a separate process, or in several that share the work of each job.

    Args:
        module: the name of the module that the processes run.
        lost: what jobs say if a process ends before they do.
        flags: options of XLA for the processes.
        count: the number of processes.
    """

    def __init__(self, module: str, lost: str, flags: tuple[str, ...] = (), count: int = 1) -> None:
        self._jobs: dict[int, weakref.ref[Receiver]] = {}
        self._busy: dict[int, int] = {}
        """The number of processes that have not ended a job yet."""
        self._lost = lost
        self._lock = threading.Lock()
        self.alive = True
        self._children = [Child(module, self._deliver, self._lose, flags) for _ in range(count)]

    @property
    def processes(self) -> list[int]:
        """The ids of the processes."""
        return [child.process for child in self._children]

    @property
    def memory(self) -> int:
        """The resident bytes of the processes; 0 if the system does not report them."""
        return sum(map(resident, self.processes))

    @property
    def idle(self) -> bool:
        """Whether no job waits for the worker."""
        return not any(self._job(number) for number in list(self._jobs))

    def compute(self, job: Receiver, *content: Any) -> None:
        """Let the worker begin the work of a job."""
        self._jobs[job.number] = weakref.ref(job)
        self._busy[job.number] = len(self._children)
        for k, child in enumerate(self._children):
            child.send("compute", job.number, *self.share(k, *content))

    def share(self, k: int, *content: Any) -> tuple[Any, ...]:
        """The part of a job's work that process k does; a worker of several processes has to divide it."""
        return content

    def stop(self, number: int) -> None:
        """Let the worker stop a job after the parts that it computes now."""
        for child in self._children:
            child.send("stop", number)

    def _deliver(self, number: int, kind: str, *content: Any) -> None:
        job = self._job(number)
        if kind == "ended":
            with self._lock:
                self._busy[number] -= 1
                if self._busy[number]:
                    return
                del self._busy[number]
            self._jobs.pop(number, None)
        if job is not None:
            job.receive(kind, *content)

    def _lose(self) -> None:
        with self._lock:
            if not self.alive:
                return
            self.alive = False
        self.end()  # the other processes too: no job knows which part of its work was theirs
        for number in list(self._jobs):
            if (job := self._job(number)) is not None:
                job.receive("failed", self._lost)
                job.receive("ended")

    def _job(self, number: int) -> Receiver | None:
        reference = self._jobs.get(number)
        return reference() if reference else None

    def end(self) -> None:
        """Kill the worker."""
        for child in self._children:
            child.end()


def resident(process: int) -> int:
    """The resident bytes of a process; 0 if the system does not report them."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


P = TypeVar("P", bound=Process)


class Shared(Generic[P]):
    """The process that all pages share; a new one if the last has ended, or is idle and has grown large.

    Args:
        start: starts a process.
    """

    def __init__(self, start: Callable[[], P]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._process: P | None = None

    def __call__(self) -> P:
        with self._lock:
            if self._process is not None and self._process.idle and self._process.memory > MOST_MEMORY:
                self._process.end()
                self._process = None
            if self._process is None or not self._process.alive:
                self._process = self._start()
            return self._process


class Job:
    """The work of one page, as that page sees it.

    Attributes:
        number: distinguishes all jobs of the server.
        running: whether the worker computes it.
        stopping: whether it is to stop, and still computes a part.
        error: why the work failed, empty if it did not.
        seconds: the duration of the last computation.

    Args:
        connect: returns the worker, when it is needed.
    """

    _numbers = itertools.count(1)

    def __init__(self, connect: Callable[[], Process]) -> None:
        self.number = next(Job._numbers)
        self.running = self.stopping = False
        self.error = ""
        self.seconds = 0.0
        self._began = 0.0
        self._connect = connect
        self._worker: Process | None = None
        self._changed = threading.Condition()

    def take(self, *content: Any) -> None:
        """Keep a result of the worker."""
        raise NotImplementedError

    def start(self, *content: Any) -> None:
        """Hand the work to the worker."""
        self.running, self.stopping, self.error, self._began = True, False, "", time.monotonic()
        self._worker = self._connect()
        self._worker.compute(self, *content)
        weakref.finalize(self, self._worker.stop, self.number).atexit = False

    def stop(self) -> None:
        """Stop after the part that is being computed; what is there is kept."""
        if self._worker is not None:
            self.stopping = self.running
            self._worker.stop(self.number)

    def receive(self, kind: str, *content: Any) -> None:
        """Process a message from the worker."""
        with self._changed:
            if kind == "result":
                self.take(*content)
            elif kind == "failed":
                (self.error,) = content
            elif kind == "ended":
                self.seconds = time.monotonic() - self._began
                self.running = self.stopping = False
            self._changed.notify_all()

    def wait(self, timeout: float) -> bool:
        """Wait until the computation has ended; return whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: not self.running, timeout)
