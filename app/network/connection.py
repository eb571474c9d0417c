"""Messages between the jobs of the pages and a trainer."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Mapping
from typing import Any, Protocol

from app.network.run import Observer
from app.network.settings import Training
from surfaces.network import DataSet

LOST = "The training process ended, perhaps because memory ran out. Press Train to train again."


class Receiver(Protocol):
    """The receiver of a trainer's messages, such as `app.network.job.Job`."""

    number: int
    training: Training
    data: DataSet
    observers: dict[str, Observer]

    def receive(self, kind: str, *content: Any) -> None:
        """Process a message from the trainer."""

    def lose(self, reason: str) -> None:
        """End all unfinished runs and requests, because the trainer has ended."""


class Connection:
    """A connection that carries the messages of jobs to a trainer and back.

    Attributes:
        alive: whether the trainer answers.
        lost: the error of jobs whose trainer has ended.
    """

    lost = LOST

    def __init__(self) -> None:
        self.alive = True
        self._jobs: dict[int, weakref.ref[Receiver]] = {}
        self._tokens: dict[int, int] = {}
        self._numbers = itertools.count(1)

    @property
    def open_jobs(self) -> int:
        """Return how many jobs are open."""
        return len(self._jobs)

    def send(self, kind: str, *content: Any) -> None:
        """Send a message to the trainer."""
        raise NotImplementedError

    def token(self, data: DataSet) -> int:
        """Return the number of a data set, which is sent on first use."""
        if id(data) not in self._tokens:
            token = self._tokens[id(data)] = next(self._numbers)
            weakref.finalize(data, self._forget, id(data))
            self.send("data", token, data)
        return self._tokens[id(data)]

    def _forget(self, identity: int) -> None:
        self.send("forget", self._tokens.pop(identity))

    def open(self, job: Receiver, earlier: int | None, taken: Mapping[int, int]) -> None:
        """Open a job; `taken` maps its runs to the runs of an earlier job that it reuses."""
        self._jobs[job.number] = weakref.ref(job)
        token = self.token(job.data)
        self.send("open", job.number, job.training, token, job.observers, earlier, dict(taken))

    def close(self, number: int) -> None:
        """Stop a job that is no longer used, and release its runs."""
        self._jobs.pop(number, None)
        self.send("close", number)

    def deliver(self, number: int, kind: str, *content: Any) -> None:
        """Pass a message from the trainer to its job."""
        reference = self._jobs.get(number)
        if reference is not None and (job := reference()) is not None:
            job.receive(kind, *content)

    def lose(self) -> None:
        """Tell all jobs that the trainer has ended."""
        self.alive = False
        for reference in list(self._jobs.values()):
            if (job := reference()) is not None:
                job.lose(self.lost)
