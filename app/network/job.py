"""Training in the background: every racer in pieces, in turn, on all devices; stopped at any time with what was
learned kept.
"""

from __future__ import annotations

import dataclasses
import functools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import numpy as np

from app.network.settings import Training
from app.racers import Racer
from optimizers import Optimizer
from optimizers.training import Piece, train
from surfaces.network import DataSet, Network

Observer = Callable[["Run", Piece], Any]


@dataclasses.dataclass(eq=False)
class Run:
    """One racer's training, as far as it has come.

    Attributes:
        key: all that decides how it goes; runs of one key are one run.
        blocks: the most weights that a piece holds.
        pieces: what `train` handed out; the first holds the start.
        seen: by observer, what it saw of each piece, in order; may lag behind `pieces`.
        error: a sentence, where training ended in an error of its own.
    """

    racer: Racer
    network: Network
    rule: Optimizer
    data: DataSet
    batch_size: int | None
    device: Any
    key: Any
    blocks: int
    pieces: list[Piece] = dataclasses.field(default_factory=list)
    seen: dict[str, list[Any]] = dataclasses.field(default_factory=dict)
    finished: bool = False
    error: str = ""
    lock: Any = dataclasses.field(default_factory=threading.RLock)

    @property
    def last(self) -> int:
        """The last step that was taken."""
        return self.pieces[-1].last if self.pieces else 0

    @property
    def diverged(self) -> int:
        """The step at which it left the finite numbers, or −1."""
        return self.pieces[-1].diverged if self.pieces else -1

    def steps(self) -> np.ndarray:
        """The steps after which weights were kept, (k,)."""
        return np.concatenate([p.steps for p in list(self.pieces)])

    def weights(self) -> np.ndarray:
        """The weights kept, (k, n) float32."""
        return np.concatenate([p.weights for p in list(self.pieces)])

    def losses(self) -> np.ndarray:
        """The loss of each step's batch, (last,)."""
        return np.concatenate([p.losses for p in list(self.pieces)])

    def updates(self) -> np.ndarray:
        """‖w_next − w‖ of each step and layer, (last, layers)."""
        return np.concatenate([p.updates for p in list(self.pieces)])

    def look(self, name: str, observer: Observer) -> list[Any]:
        """What an observer sees of each piece; pieces that it has seen are not looked at again."""
        with self.lock:
            seen = self.seen.setdefault(name, [])
            while len(seen) < len(self.pieces):
                piece = self.pieces[len(seen)]
                with jax.default_device(self.device):
                    seen.append(observer(self, piece) if len(piece.steps) else None)
        return self.looks(name)

    def looks(self, name: str) -> list[Any]:
        """What an observer has seen of the pieces in hand."""
        return [one for one in self.seen.get(name, [])[: len(self.pieces)] if one is not None]

    def snapshot(self, names: Iterable[str]) -> Run:
        """The run as far as all these observers have seen it, which no longer grows."""
        count = min([len(self.pieces), *(len(self.seen.get(name, [])) for name in names)])
        return dataclasses.replace(self, pieces=self.pieces[: max(1, count)])


class Job:
    """All racers of a training, trained side by side.

    Every device has one thread, in which pieces of all racers of all sessions take turns: nobody waits for another's
    whole training, and no core has two at once.

    Args:
        training: what is trained.
        data: on what.
        observers: what is looked at after each piece, by name.
    """

    def __init__(self, training: Training, data: DataSet, observers: dict[str, Observer]) -> None:
        self.training = training
        self.data = data
        self.observers = dict(observers)
        self.steps = training.steps
        self.blocks = training.blocks(data)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._waiting = 0
        self.asked = 0
        """How many pieces of work have been asked for so far."""
        self.begun = False
        self.seconds = 0.0
        """How long training took, or takes so far."""
        self.pace = 0.0
        """Seconds that a step of one run took so far; without first pieces, which may wait for a compiler."""
        self._paced = 0
        self._extra: dict[str, Any] = {}
        self.runs: list[Run] = []
        devices = jax.devices()
        stride = training.stride(data)
        shared = dataclasses.replace(training, racers=(), views=("", "", ""), plane="")
        for k, racer in enumerate(training.racers):
            device = devices[k % len(devices)]
            batch = training.of(racer, "batch_size") or None
            network = jax.device_put(training.network(racer, data), device)
            key = (shared, stride, dataclasses.replace(racer, slot=0, hidden=False), id(data))
            self.runs.append(Run(racer, network, training.rule(racer), data, batch, device, key, self.blocks))
        self._stride = stride
        self._ways = [self._train(run, training.start(run.racer, data)) for run in self.runs]
        for run, way in zip(self.runs, self._ways, strict=True):
            run.pieces.append(next(way))

    def take_over(self, earlier: Job) -> None:
        """Runs of an earlier job that are what this one's would be, trained as far as they are."""
        there = {run.key: run for run in earlier.runs if run.finished and run.last and not run.error}
        for k, run in enumerate(self.runs):
            if found := there.get(run.key):
                self.runs[k] = dataclasses.replace(found, racer=run.racer)

    def warm(self) -> None:
        """Have the programs compiled while the user looks at the page: a piece of each run, which nobody sees."""
        for run in self.runs:
            if not run.finished:
                _thread_of(run.device).submit(self._try, run)

    def _try(self, run: Run) -> None:
        if self.begun or self._stop.is_set():
            return
        way = self._train(run, run.pieces[0].weights[0])
        next(way)
        next(way, None)

    def begin(self) -> None:
        """Start training, in the devices' threads, what is not trained yet."""
        self.begun = True
        self._began = time.monotonic()
        for run, way in zip(self.runs, self._ways, strict=True):
            if run.finished:
                continue
            self._submit(run.device, functools.partial(self._advance, run, way))

    def stop(self) -> None:
        """End training after the pieces in hand; what was learned is kept."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        """Whether it was stopped before every run had come to its end."""
        return self._stop.is_set() and any(run.last < self.steps and run.diverged < 0 for run in self.runs)

    @property
    def training_now(self) -> bool:
        return any(not run.finished for run in self.runs)

    @property
    def busy(self) -> bool:
        """Whether something is still being worked out: training, or what is looked at."""
        return self._waiting > 0

    @property
    def progress(self) -> float:
        """The share of all steps of all racers that were taken, or cannot be any more, 0 to 1."""
        if not self.runs:
            return 1.0
        done = sum(self.steps if run.diverged >= 0 or run.error else run.last for run in self.runs)
        return done / (self.steps * len(self.runs))

    def observe(self, name: str, observer: Observer) -> bool:
        """Have every run looked at by an observer; False while that is not done."""
        self.observers.setdefault(name, observer)
        behind = [run for run in self.runs if len(run.seen.get(name, [])) < len(run.pieces)]
        if not behind:
            return True
        if not self.training_now:
            for run in behind:
                key = f"{name}-{run.racer.id}"
                self.later(key, functools.partial(run.look, name, observer), run.device)
        return False

    def later(self, key: str, work: Callable[[], Any], device: Any = None) -> Any:
        """The result of something that takes a while, worked out once in a device's thread; None until it is there."""
        with self._lock:
            if key in self._extra:
                return self._extra[key]
            self._extra[key] = None

        def run() -> None:
            try:
                self._extra[key] = work()
            except ValueError as error:  # what cannot be drawn says why, in its panel
                self._extra[key] = error

        self._submit(device or jax.devices()[0], run)
        return None

    def _train(self, run: Run, start: Any) -> Iterator[Piece]:
        return train(
            run.network,
            run.rule,
            start,
            self.steps,
            batch_size=run.batch_size,
            seed=self.training.seed,
            stride=self._stride,
            preconditioners=True,
            blocks=self.blocks,
            device=run.device,
        )

    def _advance(self, run: Run, way: Iterator[Piece]) -> None:
        began, first = time.monotonic(), len(run.pieces) == 1
        try:
            piece = None if self._stop.is_set() else next(way, None)
            if piece is not None:
                run.pieces.append(piece)
            for name, observer in list(self.observers.items()):
                run.look(name, observer)
        except Exception as error:  # one racer's failure is said on its card, and leaves the others alone
            run.error = f"{type(error).__name__}: {error}"
            run.finished = True
            return
        finally:
            self.seconds = time.monotonic() - self._began
        if piece is not None and len(piece.losses) and not first:
            self._keep_pace(time.monotonic() - began, len(piece.losses))
        if piece is None or piece.diverged >= 0 or piece.last >= self.steps:
            run.finished = True
        else:
            self._submit(run.device, functools.partial(self._advance, run, way))

    def _keep_pace(self, seconds: float, steps: int) -> None:
        """All devices work at once: each second counts for so many."""
        with self._lock:
            total = self.pace * self._paced + seconds / len(jax.devices())
            self._paced += steps
            self.pace = total / self._paced

    def _submit(self, device: Any, work: Callable[[], Any]) -> None:
        with self._lock:
            self._waiting += 1
            self.asked += 1

        def done() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._waiting -= 1

        _thread_of(device).submit(done)


@functools.cache
def _thread_of(device: Any) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix=f"train-{device.id}")
