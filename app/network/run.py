"""The record of the training of one racer."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from app.common.racers import Racer
from app.common.setting import without_looks
from app.network.settings import Training
from optimizers import Optimizer
from optimizers.training import Piece, Stride, recorded
from surfaces.network import DataSet, Network

Observer = Callable[["Run", Piece], Any]
"""A function from a run and one of its pieces to arrays. It is at the top level of a module, because it is pickled."""


@dataclasses.dataclass(eq=False)
class Run:
    """The training of one racer so far.

    Attributes:
        key: everything that determines the outcome of a number of steps; runs with equal keys take the same steps.
        blocks: the largest number of recorded weights per piece.
        pieces: the pieces so far; the first is the start. On the page, they have no weights.
        seen: the results of each observer for the pieces in order; may lag behind `pieces`.
        finished: whether there will be no further piece.
        error: a sentence, if training ended with an error.
        device: the JAX device that trains it; None on the page.
        fetch: returns the weights, if the pieces have none.
    """

    racer: Racer
    network: Network
    rule: Optimizer
    data: DataSet
    batch_size: int | None
    key: Any
    blocks: int
    pieces: list[Piece] = dataclasses.field(default_factory=list)
    seen: dict[str, list[Any]] = dataclasses.field(default_factory=dict)
    finished: bool = False
    error: str = ""
    device: Any = None
    fetch: Callable[[], np.ndarray] | None = None
    lock: Any = dataclasses.field(default_factory=threading.Lock)
    """A lock that is held while pieces and results are thinned."""

    @property
    def recorded(self) -> int:
        """Return how many times weights were recorded."""
        return sum(len(piece.steps) for piece in list(self.pieces))

    @property
    def last(self) -> int:
        """Return the last step taken."""
        return self.pieces[-1].last if self.pieces else 0

    @property
    def diverged(self) -> int:
        """Return the step at which a number stopped being finite, or −1."""
        return self.pieces[-1].diverged if self.pieces else -1

    def steps(self) -> np.ndarray:
        """Return the steps at which weights were recorded, (k,)."""
        return np.concatenate([p.steps for p in list(self.pieces)])

    def weights(self) -> np.ndarray:
        """Return the recorded weights, (k, n) float32."""
        return self.fetch() if self.fetch else np.concatenate([p.weights for p in list(self.pieces)])

    def losses(self) -> np.ndarray:
        """Return the loss of each step's batch, (last,)."""
        return np.concatenate([p.losses for p in list(self.pieces)])

    def updates(self) -> np.ndarray:
        """Return ‖w_next − w‖ of each step and layer, (last, layers)."""
        return np.concatenate([p.updates for p in list(self.pieces)])

    def looks(self, name: str) -> list[Any]:
        """Return the results of an observer so far, for the pieces that hold weights."""
        return [result for result in self.seen.get(name, [])[: len(self.pieces)] if result is not None]

    def behind(self, name: str) -> bool:
        """Return whether an observer has not seen every piece yet."""
        return not self.error and len(self.seen.get(name, ())) < len(self.pieces)

    def snapshot(self, names: Iterable[str]) -> Run:
        """Return a copy of the run with the pieces that all these observers have seen."""
        with self.lock:
            count = min([len(self.pieces), *(len(self.seen.get(name, [])) for name in names)])
            seen = {name: list(results) for name, results in self.seen.items()}
            return dataclasses.replace(self, pieces=self.pieces[: max(1, count)], seen=seen)

    def thin(self, stride: Stride, count: int) -> None:
        """Keep the records that `stride` asks for, and the last one, in the first `count` pieces."""
        last = next(int(piece.steps[-1]) for piece in reversed(self.pieces[:count]) if len(piece.steps))
        with self.lock:
            for i, piece in enumerate(self.pieces[:count]):
                keep = recorded(piece.steps, stride) | (piece.steps == last)
                if keep.all():
                    continue
                arrays = {name: getattr(piece, name)[keep] for name in ("steps", "weights", "preconditioners")}
                self.pieces[i] = dataclasses.replace(piece, **arrays)
                for results in self.seen.values():
                    if i < len(results):
                        results[i] = _rows(results[i], keep)


def runs_of(training: Training, data: DataSet, token: Any) -> list[Run]:
    """Return one run per racer, before its first step.

    Args:
        token: identifies the data in the key of a run.
    """
    shared = without_looks(training, racers=(), steps=1, endless=False)  # more steps continue a run
    blocks = training.blocks(data)
    return [
        Run(
            racer,
            training.network(racer, data),
            training.rule(racer),
            data,
            training.of(racer, "batch_size") or None,
            (shared, dataclasses.replace(racer, slot=0, hidden=False), token),
            blocks,
        )
        for racer in training.racers
    ]


def _rows(result: Any, keep: np.ndarray) -> Any:
    """Return some rows of an observer's result: an array, a tuple of arrays, or None."""
    if result is None:
        return None
    if isinstance(result, tuple):
        rows = [column[keep] for column in result]
        return type(result)(*rows) if hasattr(result, "_fields") else tuple(rows)
    return result[keep]


def bare(piece: Piece) -> Piece:
    """Return a piece without its weights, which the page does not need."""
    return dataclasses.replace(piece, weights=piece.weights[:, :0], preconditioners=piece.preconditioners[:, :0])


def weights_of(runs: Sequence[Run]) -> np.ndarray:
    """Return the weights of a single run, passed as a sequence."""
    (run,) = runs
    return run.weights()
