"""The worker: it computes the cells that pages ask for, the matrices of several pages in turns.

It runs in separate processes (`python -m app.matrix.worker`) with a lower priority than the server, so that they use
the cores that the pages leave idle. Messages are pickles.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from app.common.child import serve

MOST_PROGRAMS = 50
"""The programs that are kept, about 5 MB each: a unit uses its own once, and seldom again."""

Unit = tuple[str, tuple[str, ...]]
"""A rule, and the tests that it runs in one compiled program."""


class Work:
    """The units that are left of one matrix.

    Attributes:
        number: that of the job.
        trials, seed: the settings of the matrix.
        left: the units that no thread has taken.
        running: the number of units that threads compute now.
        stopped: whether no cell is wanted any more.
    """

    def __init__(self, number: int, units: list[Unit], trials: int, seed: int) -> None:
        self.number = number
        self.trials = trials
        self.seed = seed
        self.left = deque(units)
        self.running = 0
        self.stopped = False


class Worker:
    """Computes the units of all jobs, one on each device at a time.

    Args:
        send: a function of a job's number and a message to that job, called from any thread.
    """

    def __init__(self, send: Callable[..., None]) -> None:
        import jax

        from surfaces.compiled import LANDSCAPE_BYTES, LANDSCAPE_PROGRAMS

        LANDSCAPE_PROGRAMS.limit = MOST_PROGRAMS * LANDSCAPE_BYTES
        self._send = send
        self._work: OrderedDict[int, Work] = OrderedDict()
        self._changed = threading.Condition()
        for device in jax.local_devices():
            threading.Thread(target=self._compute, args=(device,), name="cells", daemon=True).start()

    def receive(self, kind: str, number: int, *content: Any) -> None:
        """Carry out a message from a page: "compute" some units of a matrix, or "stop" a job."""
        with self._changed:
            if kind == "compute":
                self._work[number] = Work(number, *content)
                self._end(self._work[number])  # at once, if all units went to other processes
                self._changed.notify_all()
            elif (work := self._work.get(number)) is not None:
                work.stopped = True
                work.left.clear()
                self._end(work)

    def _compute(self, device: Any) -> None:
        """Compute units on a device, as long as the process lives."""
        from optimizers.diagnostics.matrix import cell

        while True:
            with self._changed:
                self._changed.wait_for(lambda: any(work.left for work in self._work.values()))
                work = next(work for work in self._work.values() if work.left)
                self._work.move_to_end(work.number)  # jobs take turns
                rule, tests = work.left.popleft()
                work.running += 1
            error = ""
            try:
                for test in tests:
                    if work.stopped:
                        break
                    self._send(work.number, "result", cell(test, rule, work.trials, work.seed, device))
            except Exception as problem:  # the page shows it
                error = f"{rule}: {type(problem).__name__}: {problem}"
            with self._changed:
                work.running -= 1
                if error:
                    self._send(work.number, "failed", error)
                self._end(work)

    def _end(self, work: Work) -> None:
        """Report the end of a job, if no unit of it is left or running."""
        if not work.left and not work.running and self._work.get(work.number) is work:
            del self._work[work.number]
            self._send(work.number, "ended")


if __name__ == "__main__":
    serve(Worker)
