"""The training of one racer, as far as it has come."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from app.common.racers import Racer
from app.common.setting import without_looks
from app.network.settings import Training
from optimizers import Optimizer
from optimizers.training import Piece
from surfaces.network import DataSet, Network

Observer = Callable[["Run", Piece], Any]
"""A function of a module's top level, for it travels by its name: from a run and a piece of it to arrays."""


@dataclasses.dataclass(eq=False)
class Run:
    """The training of one racer, as far as it has come.

    Attributes:
        key: all that decides the outcome; runs with equal keys are the same run.
        blocks: the most weights that a piece holds.
        pieces: the pieces so far; the first is the start. On the page they come without weights.
        seen: by observer, its result for each piece, in order; may lag behind `pieces`.
        finished: whether no further piece will come.
        error: a sentence, where training ended in an error.
        device: the JAX device that trains it; None on the page.
        fetch: returns the weights of the pieces, where these came without.
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

    @property
    def last(self) -> int:
        """The last step taken."""
        return self.pieces[-1].last if self.pieces else 0

    @property
    def diverged(self) -> int:
        """The step at which a number stopped being finite, or −1."""
        return self.pieces[-1].diverged if self.pieces else -1

    def steps(self) -> np.ndarray:
        """The steps after which weights were kept, (k,)."""
        return np.concatenate([p.steps for p in list(self.pieces)])

    def weights(self) -> np.ndarray:
        """The weights kept, (k, n) float32."""
        return self.fetch() if self.fetch else np.concatenate([p.weights for p in list(self.pieces)])

    def losses(self) -> np.ndarray:
        """The loss of each step's batch, (last,)."""
        return np.concatenate([p.losses for p in list(self.pieces)])

    def updates(self) -> np.ndarray:
        """‖w_next − w‖ of each step and layer, (last, layers)."""
        return np.concatenate([p.updates for p in list(self.pieces)])

    def looks(self, name: str) -> list[Any]:
        """The results of an observer so far, piece by piece, without pieces that hold no weights."""
        return [result for result in self.seen.get(name, [])[: len(self.pieces)] if result is not None]

    def behind(self, name: str) -> bool:
        """Whether an observer has not seen every piece yet."""
        return not self.error and len(self.seen.get(name, ())) < len(self.pieces)

    def snapshot(self, names: Iterable[str]) -> Run:
        """The run as far as all these observers have seen it; it no longer grows."""
        count = min([len(self.pieces), *(len(self.seen.get(name, [])) for name in names)])
        return dataclasses.replace(self, pieces=self.pieces[: max(1, count)])


def runs_of(training: Training, data: DataSet, token: Any) -> list[Run]:
    """One run a racer, before its first step.

    Args:
        token: stands for the data in the key of a run.
    """
    shared = without_looks(training, racers=())
    stride, blocks = training.stride(data), training.blocks(data)
    return [
        Run(
            racer,
            training.network(racer, data),
            training.rule(racer),
            data,
            training.of(racer, "batch_size") or None,
            (shared, stride, dataclasses.replace(racer, slot=0, hidden=False), token),
            blocks,
        )
        for racer in training.racers
    ]


def bare(piece: Piece) -> Piece:
    """A piece without its weights, which the page does not need."""
    return dataclasses.replace(piece, weights=piece.weights[:, :0], preconditioners=piece.preconditioners[:, :0])


def weights_of(runs: Sequence[Run]) -> np.ndarray:
    """The weights of the only run of these."""
    (run,) = runs
    return run.weights()
