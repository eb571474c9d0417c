"""The connection to the worker, in a process that all pages share."""

from __future__ import annotations

import threading
import weakref
from importlib import metadata
from typing import Any, Protocol

from app.common.child import Child

QUICK = ("--xla_backend_optimization_level=0",)
QUICK_010 = ("--xla_cpu_use_fusion_emitters=false", "--xla_cpu_parallel_codegen_split_count=1")
"""Flags with which XLA compiles in half the time: a matrix compiles 600 programs, and each runs for milliseconds. Those
of jaxlib 0.10 may be unknown to other versions, which end at an unknown flag."""
LOST = "The process that computes the tests ended, perhaps because memory ran out. Press Run to compute the rest."


class Receiver(Protocol):
    """What receives the messages of the worker: a job."""

    number: int

    def receive(self, kind: str, *content: Any) -> None: ...


class Process:
    """A worker in a separate process."""

    def __init__(self) -> None:
        flags = (*QUICK, *(QUICK_010 if metadata.version("jaxlib").startswith("0.10.") else ()))
        self._jobs: dict[int, weakref.ref[Receiver]] = {}
        self.alive = True
        self._child = Child("app.matrix.worker", self._deliver, self._lose, flags)

    @property
    def process(self) -> int:
        """The process id of the worker."""
        return self._child.process

    def compute(self, job: Receiver, *content: Any) -> None:
        """Let the worker compute units for a job."""
        self._jobs[job.number] = weakref.ref(job)
        self._child.send("compute", job.number, *content)

    def stop(self, number: int) -> None:
        """Let the worker stop a job after its current cells."""
        self._child.send("stop", number)

    def _deliver(self, number: int, *message: Any) -> None:
        if (job := self._job(number)) is not None:
            job.receive(*message)

    def _lose(self) -> None:
        self.alive = False
        for number in list(self._jobs):
            if (job := self._job(number)) is not None:
                job.receive("failed", LOST)
                job.receive("ended")

    def _job(self, number: int) -> Receiver | None:
        reference = self._jobs.get(number)
        return reference() if reference else None

    def end(self) -> None:
        """Kill the worker."""
        self._child.end()


_lock = threading.Lock()
_worker: Process | None = None


def shared() -> Process:
    """The worker that all pages share; a new one if the last has ended."""
    global _worker
    with _lock:
        if _worker is None or not _worker.alive:
            _worker = Process()
        return _worker
