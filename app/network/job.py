"""A training as the page sees it: its runs, and the results of observers.

The training itself runs in a trainer (`app.network.trainer`), so that no page waits for it.
"""

from __future__ import annotations

import dataclasses
import itertools
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from app.network.connection import Connection
from app.network.run import Observer, Run, runs_of, weights_of
from app.network.settings import Training
from optimizers.training import Piece
from surfaces.network import DataSet

MOST_ENDLESS = 5_000_000
"""The most steps of a training without a limit, whose losses then take 100 MB."""


class Job:
    """A training of all racers of a page, side by side.

    Args:
        training: the settings.
        data: the samples.
        observers: functions of the weights of each piece, by name.
        connection: the connection to the trainer.
        earlier: a job whose finished runs are reused where they are the same.
    """

    _numbers = itertools.count(1)

    def __init__(
        self,
        training: Training,
        data: DataSet,
        observers: dict[str, Observer],
        connection: Connection,
        earlier: Job | None = None,
    ) -> None:
        self.number = next(Job._numbers)
        self.training = training
        self.data = data
        self.observers = dict(observers)
        self.blocks = training.blocks(data)
        self.connection = connection
        self.requests = 0
        """The number of requests made besides the training itself."""
        self.begun = False
        self.seconds = 0.0
        """The duration of the training so far."""
        self.pace = 0.0
        """Seconds per step of one run so far, without the first pieces, which may wait for the compiler."""
        self._legs: dict[int, int] = {}
        """The number of the last request to train, by the index of the run."""
        self._answers: dict[str, Any] = {}
        self._lasting: set[str] = set()
        self._changed = threading.Condition()
        token = connection.token(data)
        self.runs = runs_of(training, data, token)
        if earlier is not None and earlier.connection is connection:
            self._lasting = {key for key in earlier._lasting if earlier._answers.get(key) is not None}
            self._answers = {key: earlier._answers[key] for key in self._lasting}
        taken = self._take_over(earlier) if earlier is not None and earlier.connection is connection else {}
        for k, run in enumerate(self.runs):
            if k not in taken:
                run.pieces.append(_start(run))
                run.fetch = _fetch(weakref.ref(self), k)
        weakref.finalize(self, connection.close, self.number).atexit = False
        connection.open(self, earlier.number if taken and earlier is not None else None, taken)

    def _take_over(self, earlier: Job) -> dict[int, int]:
        """Return which runs an earlier job has already trained: its index, by the index in this job."""
        trained = {
            r.key: i
            for i, r in enumerate(earlier.runs)
            if r.finished and r.last and not r.error and (r.last <= self.training.steps or self.training.endless)
        }
        taken = {k: trained[run.key] for k, run in enumerate(self.runs) if run.key in trained}
        for k, i in taken.items():
            former = earlier.runs[i]
            fetch = _fetch(weakref.ref(self), k)
            pieces = list(former.pieces)
            self.runs[k] = dataclasses.replace(former, racer=self.runs[k].racer, pieces=pieces, seen={}, fetch=fetch)
        return taken

    @property
    def steps(self) -> int:
        """Return the number of steps that the page shows: those that are set, or without a limit those taken."""
        if self.training.endless:
            return max([1, *(run.last for run in self.runs)])
        return self.training.steps

    def begin(self, steps: int = 0, *, resume: bool = True) -> None:
        """Train every run up to the last step of the settings; a run goes on from where it is.

        Args:
            steps: how many steps each run takes, if not all that are left.
            resume: whether runs that were trained before go on, too.
        """
        last = MOST_ENDLESS if self.training.endless else self.training.steps
        targets = {
            k: min(last, run.last + steps) if steps else last
            for k, run in enumerate(self.runs)
            if not run.error and run.diverged < 0 and run.last < last and (resume or not run.finished or not run.last)
        }
        self.begun = True
        if not targets:
            return
        leg = next(Job._numbers)
        for k in targets:
            self._legs[k] = leg
            self.runs[k].finished = False
        self.connection.send("begin", self.number, leg, targets)

    def follow(self, training: Training) -> bool:
        """Take over settings that differ in the number of steps alone; return whether the runs can.

        A training that is going on goes on to the new number of steps.
        """
        if not training.endless and any(run.last > training.steps for run in self.runs):
            return False
        before, self.training = self.training, training
        changed = (before.steps, before.endless) != (training.steps, training.endless)
        if changed and self.begun and self.training_now:
            self.begin()
        return True

    def stop(self) -> None:
        """Stop training after the current pieces; the steps taken so far are kept."""
        self.connection.send("stop", self.number)

    @property
    def stopped(self) -> bool:
        """Return whether training was stopped before every run had ended."""
        return self.begun and not self.training_now and any(self.can_go_on(run) for run in self.runs)

    def can_go_on(self, run: Run) -> bool:
        """Return whether a run has steps left to take."""
        left = self.training.endless or run.last < self.training.steps
        return left and run.diverged < 0 and not run.error

    @property
    def training_now(self) -> bool:
        """Return whether a run is unfinished, also before training begins."""
        return any(not run.finished for run in self.runs)

    @property
    def busy(self) -> bool:
        """Return whether a requested result is still missing."""
        if self.begun and self.training_now:
            return True
        if any(run.behind(name) for run in self.runs for name in list(self.observers)):
            return True
        return any(answer is None for answer in list(self._answers.values()))

    @property
    def progress(self) -> float:
        """Return the share, 0 to 1, of all steps of all racers that were taken or will never be taken."""
        if not self.runs:
            return 1.0
        done = sum(self.steps if run.diverged >= 0 or run.error else min(run.last, self.steps) for run in self.runs)
        return done / (self.steps * len(self.runs))

    def observe(self, name: str, observer: Observer) -> bool:
        """Request the results of an observer for every run; return whether they are complete so far."""
        if name not in self.observers:
            self.observers[name] = observer
            self.requests += 1
            self.connection.send("observe", self.number, name, observer)
        return not any(run.behind(name) for run in self.runs)

    def wait_for_starts(self) -> None:
        """Wait until the observers have seen all existing pieces: the starts, and the runs that were reused."""
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    not any(run.behind(name) for run in self.runs for name in self.observers)
                    or not self.connection.alive
                )
            )

    def ask(
        self, key: str, function: Callable[..., Any], runs: Sequence[int], *arguments: Any, lasting: bool = False
    ) -> Any:
        """Return the result of a slow function of runs, or None until it is ready.

        Args:
            key: the name of the request; each key is computed once.
            function: a function at the top level of a module. It takes the runs with their weights, then the arguments.
            runs: the indices of the runs.
            lasting: whether the result also serves the jobs that follow this one; the key then names all that it
                depends on.

        Returns:
            The result, or the ValueError that the function raised.
        """
        if key not in self._answers:
            self._answers[key] = None
            if lasting:
                self._lasting.add(key)
            self.requests += 1
            self.connection.send("ask", self.number, key, function, tuple(runs), arguments)
        return self._answers[key]

    def answer(self, key: str, function: Callable[..., Any], runs: Sequence[int], *arguments: Any) -> Any:
        """Wait for the result of a function of runs, as `ask`, and return it without keeping it.

        Raises:
            ValueError: if the function raised it, or if the trainer has ended.
        """
        self.ask(key, function, runs, *arguments)
        with self._changed:
            self._changed.wait_for(lambda: self._answers[key] is not None or not self.connection.alive)
        result = self._answers.pop(key)
        if result is None:
            raise ValueError(self.connection.lost)
        if isinstance(result, Exception):
            raise result
        return result

    def receive(self, kind: str, *content: Any) -> None:
        """Process a message from the trainer."""
        if kind == "piece":
            k, piece, self.seconds, self.pace = content
            self.runs[k].pieces.append(piece)
        elif kind == "seen":
            k, name, result = content
            self.runs[k].seen.setdefault(name, []).append(result)
        elif kind == "finished":
            k, error, leg = content
            if error or leg == self._legs.get(k, 0):  # otherwise it was asked to go on meanwhile
                self.runs[k].error = error
                self.runs[k].finished = True
        elif kind == "thin":
            k, stride, count = content
            self.runs[k].thin(stride, count)
        elif kind == "answer":
            key, result = content
            self._answers[key] = result
        with self._changed:
            self._changed.notify_all()

    def lose(self, reason: str) -> None:
        """End all unfinished runs and requests, because the trainer has ended."""
        for run in self.runs:
            if not run.finished or any(run.behind(name) for name in self.observers):
                run.error = run.error or reason
                run.finished = True
        for key, answer in list(self._answers.items()):
            if answer is None:
                self._answers[key] = ValueError(reason)
        with self._changed:
            self._changed.notify_all()


def _start(run: Run) -> Piece:
    """Return the first piece of a run, without weights."""
    none = np.zeros(0, np.float32)
    updates = np.zeros((0, len(run.network.model.bounds)), np.float32)
    return Piece(0, none, updates, np.zeros(1, int), np.zeros((1, 0), np.float32), np.zeros((1, 0), np.float32), -1)


def _fetch(job: weakref.ref[Job], k: int) -> Callable[[], np.ndarray]:
    """Return a function that asks the trainer for the weights of run `k`."""
    counter = itertools.count()

    def fetch() -> np.ndarray:
        owner = job()
        if owner is None:
            raise ValueError("The training that held these weights has ended.")
        return np.asarray(owner.answer(f"weights-{k}-{next(counter)}", weights_of, (k,)))

    return fetch
