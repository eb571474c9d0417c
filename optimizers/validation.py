"""`cross_validate` searches the hyperparameters of a training run; validation samples choose, and test samples do not.

Each setting trains once for each fold of the data, and its score is the mean of the losses on the samples that were
held out (Stone 1974). Settings lie on a grid or are drawn at random: if only one of two hyperparameters matters, k²
random settings try k² values of it, and a grid of k × k tries k (Bergstra & Bengio 2012). `Search.projection` shows
which one matters. The test samples are used by `Search.test` alone, for the best setting.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax import Array
from numpy.typing import NDArray

from optimizers import axes
from optimizers.axes import Column
from optimizers.borrowed import as_rule
from optimizers.noise import NoNoise
from optimizers.optimizer import Optimizer
from optimizers.search import whole
from optimizers.training import train_together
from surfaces.calculus import Floats
from surfaces.compiled import compiled
from surfaces.network.data import DataSet
from surfaces.network.folds import fold, without_validation
from surfaces.network.losses import LOSSES
from surfaces.network.network import Network, accuracy

TOGETHER = 256
"""The most settings that train at the same time."""
MOST_TRAININGS = 20_000
"""The most trainings of a search, over all settings and folds."""


@dataclasses.dataclass(frozen=True, eq=False)
class Search:
    """The settings of a search, and their scores on the folds so far.

    Attributes:
        network: the network and its loss; its samples are not used.
        data: the data set.
        optimizer: the rule.
        columns: the values of each hyperparameter.
        losses: (folds, …), the mean loss over the held-out samples of each fold, without the penalty, with the shape of
            the axes; infinite if the training diverged.
        accuracies: (folds, …), the share of held-out samples classified correctly; NaN if targets are values or if the
            training diverged.
        count, steps, batch_size, seed, initialization, sigma, standardised: as in `cross_validation`.
    """

    network: Network
    data: DataSet
    optimizer: Optimizer
    columns: tuple[Column, ...]
    losses: Floats
    accuracies: Floats
    count: int
    steps: int
    batch_size: int | None
    seed: int
    initialization: str
    sigma: float
    standardised: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of values along each axis; all random ones share the first."""
        return axes.shape_of(self.columns)

    @property
    def scores(self) -> Floats:
        """The mean loss of each setting over the folds, with the shape of the axes."""
        return np.asarray(self.losses.mean(axis=0))

    def values(self, name: str) -> NDArray[Any]:
        """The values of a hyperparameter for every setting, with the shape of the axes.

        Raises:
            ValueError: if the search has no such axis.
        """
        column = next((c for c in self.columns if name in (c.name, ".".join(c.path))), None)
        if column is None:
            raise ValueError(f"{name!r} is no axis of this search; they are {', '.join(c.name for c in self.columns)}")
        lengths = [len(column.values) if d == column.dimension else 1 for d in range(len(self.shape))]
        return np.broadcast_to(column.values.reshape(lengths), self.shape)

    @property
    def best(self) -> dict[str, float]:
        """The setting with the lowest score.

        Raises:
            ValueError: if every setting diverged on some fold.
        """
        k = self._winner
        return {column.name: float(self.values(column.name).ravel()[k]) for column in self.columns}

    def projection(self, name: str) -> tuple[Floats, Floats]:
        """The different values of a hyperparameter (k,), and the best score with each of them (k,).

        The spread of the second array says how much the hyperparameter matters when the others are chosen well.
        """
        values, place = np.unique(self.values(name).ravel(), return_inverse=True)
        scores = np.full(len(values), np.inf)
        np.minimum.at(scores, place.ravel(), self.scores.ravel())
        return values, scores

    def fold(self, k: int) -> tuple[Floats, Floats]:
        """The losses and the accuracies on fold `k`, with the shape of the axes."""
        part = fold(self.data, k, self.count, seed=self.seed, standardised=self.standardised)
        losses, accuracies = self._measured(self._settings, part, self.seed + k)
        return losses.reshape(self.shape), accuracies.reshape(self.shape)

    def extended(self) -> Search:
        """The search with the scores on one more fold."""
        losses, accuracies = self.fold(len(self.losses))
        return self.with_scores([*self.losses, losses], [*self.accuracies, accuracies])

    def with_scores(self, losses: Sequence[Floats], accuracies: Sequence[Floats]) -> Search:
        """The search with these scores, one array for each fold so far."""
        return dataclasses.replace(self, losses=np.stack(losses), accuracies=np.stack(accuracies))

    def test(self) -> tuple[float, float]:
        """The loss and the accuracy on the test samples after training with the best setting on all others.

        This is the one use of the test samples. To test several settings, and to keep the best result, would make the
        result better than it will be on new samples.

        Raises:
            ValueError: if every setting diverged on some fold.
        """
        data = without_validation(self.data, standardised=self.standardised)
        losses, accuracies = self._measured([self._settings[self._winner]], data, self.seed)
        return float(losses[0]), float(accuracies[0])

    @property
    def _winner(self) -> int:
        scores = self.scores.ravel()
        k = int(np.argmin(scores))
        if not np.isfinite(scores[k]):
            raise ValueError(
                "every setting diverged on some fold: search in other ranges, or with lower learning rates"
            )
        return k

    @functools.cached_property
    def _settings(self) -> list[tuple[Network, Optimizer]]:
        """The network and the rule of every setting, in the order of the axes."""
        settings = []
        for index in np.ndindex(self.shape):
            nodes: dict[str, Any] = {"surface": self.network, "optimizer": self.optimizer}
            for column in self.columns:
                component, *path = column.path
                value = float(column.values[index[column.dimension]])
                nodes[component] = axes.with_value(nodes[component], tuple(path), value)
            settings.append((nodes["surface"], nodes["optimizer"]))
        return settings

    def _measured(
        self, settings: Sequence[tuple[Network, Optimizer]], data: DataSet, seed: int
    ) -> tuple[Floats, Floats]:
        """The loss and the accuracy of settings on the validation samples, (k,), after training on the rest."""
        dtype = self.losses.dtype
        x, y, *held_out = (v.astype(dtype) for part in (data.train, data.validation) for v in (part.x, part.y))
        start = self.network.model.initial(seed, self.initialization, self.sigma, str(dtype))
        losses, accuracies = np.full(len(settings), np.inf, dtype), np.full(len(settings), np.nan, dtype)
        for first in range(0, len(settings), TOGETHER):
            part = settings[first : first + TOGETHER]
            runs = train_together(
                [network.replace(x=x, y=y) for network, _ in part],
                [rule for _, rule in part],
                start,
                self.steps,
                batch_size=self.batch_size,
                seed=seed,
                stride=self.steps,
                record=False,
                dtype=str(dtype),
            )
            ended = [k for k, run in enumerate(runs) if run.diverged < 0]
            if not ended:
                continue
            weights = np.stack([runs[k].weights[-1] for k in ended])
            with jax.enable_x64(dtype == np.float64):
                loss, share = map(np.asarray, _measure(self.network.replace(x=x, y=y), weights, tuple(held_out)))
            places = first + np.array(ended)
            losses[places] = np.where(np.isfinite(loss), loss, np.inf)
            if data.task == "classes":
                accuracies[places] = np.where(np.isfinite(loss), share, np.nan)
        return losses, accuracies


def cross_validate(network: Network, data: DataSet, optimizer: Any, **options: Any) -> Search:
    """The scores of all settings on all folds; the arguments are those of `cross_validation`."""
    *_, search = cross_validation(network, data, optimizer, **options)
    return search


def cross_validation(network: Network, data: DataSet, optimizer: Any, **options: Any) -> Iterator[Search]:
    """Train every setting on one fold after the other, and yield the scores after each; see `plan_search`."""
    search = plan_search(network, data, optimizer, **options)
    for _ in range(search.count):
        search = search.extended()
        yield search


def plan_search(
    network: Network,
    data: DataSet,
    optimizer: Any,
    *,
    over: Mapping[Any, Any],
    count: int = 5,
    steps: int = 500,
    batch_size: int | None = 32,
    seed: int = 0,
    draws: int = 64,
    draw_seed: int = 0,
    initialization: str = "he_normal",
    sigma: float = 0.1,
    standardised: bool = True,
    dtype: str = "float32",
) -> Search:
    """A search before its first fold.

    In a fold all settings start from the same weights and see the same batches; the next fold has other ones.

    Args:
        network: a network with the model, the loss and the penalty of all trainings.
        data: the data set, whose training and validation samples are divided into folds.
        optimizer: the rule.
        over: what varies, by the name of a parameter of the rule, its schedule or the network, such as "learning_rate",
            "momentum" or "decay" (the L2 penalty; "surface.decay" if the rule has one, too): a `Grid`, a `Random`, or a
            list of values, as in `sweep`.
        count: the number of folds.
        steps, batch_size: as in `train`.
        seed: the seed of the folds, the initial weights and the batches.
        draws, draw_seed: as in `sweep`.
        initialization, sigma: as in `MLP.initial`.
        standardised: whether inputs are standardised by the training samples of each fold.
        dtype: "float32" or "float64".

    Raises:
        ValueError: if the samples cannot be divided so, if there are too many trainings, or as `sweep` and `train` do.
    """
    rule = as_rule(optimizer)
    columns = axes.columns_of(over, network, rule, NoNoise(), draws, draw_seed)
    if others := [column.name for column in columns if column.path[0] in ("start", "seed")]:
        raise ValueError(f"{others[0]!r} cannot be searched: every fold has its own initial weights and batches")
    count, steps = whole("count", count, 2, MOST_TRAININGS), whole("steps", steps, 1, 10_000_000)
    shape = axes.shape_of(columns)
    if (trainings := math.prod(shape) * count) > MOST_TRAININGS:
        raise ValueError(
            f"a search has at most {MOST_TRAININGS:,} trainings; got settings × folds = {trainings:,}: take fewer "
            "settings or folds"
        )
    none = np.zeros((0, *shape), dtype)
    options = count, steps, batch_size, seed, initialization, sigma, standardised
    return Search(network, data, rule, columns, none, none, *options)


@compiled(network=True)
def _measure(network: Network, weights: Array, held_out: tuple[Array, Array]) -> tuple[Array, Array]:
    """The mean loss without the penalty, and the accuracy, at each of the weights (k, n)."""

    def at(w: Array) -> tuple[Array, Array]:
        outputs = network.outputs(w, held_out[0])
        loss = LOSSES[network.objective].function(outputs, held_out[1]).mean()
        return loss, accuracy(outputs, held_out[1]).astype(w.dtype)

    return jax.lax.map(at, weights)
