"""The connection to the worker, in a process that all pages share."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
import weakref
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

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
        root = str(Path(__file__).resolve().parents[2])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
        flags = (*QUICK, *(QUICK_010 if metadata.version("jaxlib").startswith("0.10.") else ()))
        environment["XLA_FLAGS"] = " ".join([environment.get("XLA_FLAGS", ""), *flags])
        command = [sys.executable, "-m", "app.matrix.worker"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self._outgoing: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._jobs: dict[int, weakref.ref[Receiver]] = {}
        self.alive = True
        for work in (self._write, self._listen):
            threading.Thread(target=work, name="matrix", daemon=True).start()

    @property
    def process(self) -> int:
        """The process id of the worker."""
        return self._process.pid

    def compute(self, job: Receiver, *content: Any) -> None:
        """Let the worker compute units for a job."""
        self._jobs[job.number] = weakref.ref(job)
        self._send("compute", job.number, *content)

    def stop(self, number: int) -> None:
        """Let the worker stop a job after its current cells."""
        self._send("stop", number)

    def _send(self, *message: Any) -> None:
        self._outgoing.put(pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL))

    def _write(self) -> None:
        stdin = self._process.stdin
        assert stdin
        with contextlib.suppress(OSError, ValueError):  # `_listen` notices when the process has ended
            while True:
                stdin.write(self._outgoing.get())
                stdin.flush()

    def _listen(self) -> None:
        stdout = self._process.stdout
        assert stdout
        with contextlib.suppress(EOFError, OSError, ValueError, pickle.UnpicklingError):
            while True:
                number, *message = pickle.load(stdout)
                if (job := self._job(number)) is not None:
                    job.receive(*message)
        self.alive = False
        for pipe in (stdout, self._process.stdin):
            with contextlib.suppress(OSError):  # what was not written yet is lost
                pipe.close()  # type: ignore[union-attr]
        for number in list(self._jobs):
            if (job := self._job(number)) is not None:
                job.receive("failed", LOST)
                job.receive("ended")

    def _job(self, number: int) -> Receiver | None:
        reference = self._jobs.get(number)
        return reference() if reference else None

    def end(self) -> None:
        """Kill the worker."""
        self._process.kill()
        self._process.wait()


_lock = threading.Lock()
_worker: Process | None = None


def shared() -> Process:
    """The worker that all pages share; a new one if the last has ended."""
    global _worker
    with _lock:
        if _worker is None or not _worker.alive:
            _worker = Process()
        return _worker
