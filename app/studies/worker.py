"""The worker: it computes the studies that pages ask for, part by part, and several pages take turns.

It runs in a separate process (`python -m app.studies.worker`) with a lower priority than the server, so that it uses
the cores that the pages leave idle. Messages are pickles.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from app.common.child import serve

PAUSE = 0.2
"""The shortest time between two results of a study, in seconds: a picture is not drawn more often."""


class Work:
    """A study that is being computed.

    Attributes:
        number: that of the job.
        parts: the parts that are left.
        stopped: whether the page has stopped the job.
        sent: when the last result was sent.
        waiting: a result that has not been sent.
    """

    def __init__(self, number: int, parts: Iterator[Any]) -> None:
        self.number = number
        self.parts = parts
        self.stopped = False
        self.sent = 0.0
        self.waiting: Any = None


class Worker:
    """Computes the studies of all jobs, a part of one and then a part of the next.

    Args:
        send: a function of a job's number and a message to that job.
    """

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send
        self._work: OrderedDict[int, Work] = OrderedDict()
        self._changed = threading.Condition()
        threading.Thread(target=self._compute, name="studies", daemon=True).start()

    def receive(self, kind: str, number: int, *content: Any) -> None:
        """Carry out a message from a page: "compute" a study with its parameters and a seed, or "stop" a job."""
        with self._changed:
            if kind == "compute":
                self._work[number] = Work(number, parts(*content))
            elif (work := self._work.get(number)) is not None:
                work.stopped = True
            self._changed.notify_all()

    def _compute(self) -> None:
        """Compute parts, as long as the process lives."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._work)
                work = next(iter(self._work.values()))
                self._work.move_to_end(work.number)  # jobs take turns
            if not self._advance(work):
                with self._changed:
                    if self._work.get(work.number) is work:
                        del self._work[work.number]
                self._send(work.number, "ended")

    def _advance(self, work: Work) -> bool:
        """Compute the next part of a study; return whether there may be more."""
        try:
            progress = None if work.stopped else next(work.parts, None)
        except Exception as problem:  # the page shows it
            self._send(work.number, "failed", f"{type(problem).__name__}: {problem}")
            progress = None
        if progress is not None:
            work.waiting = progress
        now = time.monotonic()
        if work.waiting is not None and (progress is None or now - work.sent >= PAUSE):
            self._send(work.number, "result", *work.waiting)
            work.sent, work.waiting = now, None
        return progress is not None


def parts(key: str, values: dict[str, Any], seed: int) -> Iterator[Any]:
    """The parts of a study with these parameters. The imports take a second, so they wait until they are needed."""
    from optimizers.studies import STUDIES

    yield from STUDIES[key](**values).run(seed)


if __name__ == "__main__":
    serve(Worker)
