"""Bagging: the mean of networks that were trained on resamples of the same data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optimizers.studies import curves, declared
from optimizers.studies.comparisons import compared
from optimizers.studies.curves import Floats
from optimizers.studies.networks import seeds_of, starts_of
from optimizers.studies.study import Progress, Study, Table
from surfaces.network.mlp import MLP


class Found(NamedTuple):
    """The result so far, NaN where it is missing.

    Attributes:
        x, y: (samples,), the training samples of the first data set.
        grid, truth: (points,), the places of the fits, and the curve without noise.
        members: (members, points), the fits of the first data set.
        alone: (points,), the fit of one network to all of its samples.
        member_errors: (data sets, members), the mean squared error of each member on the test samples.
        mean_errors: (data sets, members), that of the mean of the first 1, 2, … members.
        alone_errors: (data sets,), that of the network that was trained on all samples.
    """

    x: Floats
    y: Floats
    grid: Floats
    truth: Floats
    members: Floats
    alone: Floats
    member_errors: Floats
    mean_errors: Floats
    alone_errors: Floats


class Bagging(Study):
    r"""Networks trained on bootstrap samples, and the mean of their outputs (Breiman 1996).

    A bootstrap sample has as many samples as the training set, drawn from it with replacement. With the outputs
    $\hat y_k$ of M members and their mean $\bar y$,

    $$ (\bar y - y)^2 = \tfrac1M \sum_k (\hat y_k - y)^2 - \tfrac1M \sum_k (\hat y_k - \bar y)^2, $$

    so the error of the mean is at most the mean error of the members (Krogh & Vedelsby 1995). No such inequality holds
    against a single network that was trained on all samples; the study compares the two on several data sets.
    """

    name = "Bagging"
    group = "Ensembles"
    rows = ("N14",)
    about = (
        "The mean of networks trained on bootstrap samples has a lower test error than its members on average, and "
        "here also than a single network trained on all samples."
    )
    source = "L. Breiman (1996), Bagging predictors; A. Krogh & J. Vedelsby (1995), Neural network ensembles"
    seconds = 6.0

    members: int = declared.whole("M", 25, 2, 50, "Number of members.")
    samples: int = declared.samples(30, high=100)
    noise: float = declared.noise(0.4)
    width: int = declared.whole("n", 32, 1, 64, "Neurons in each of the two hidden layers.", log=True)
    steps: int = declared.steps(1000, high=3000)
    learning_rate: float = declared.learning_rate()
    data_sets: int = declared.whole("R", 12, 1, 20, "Number of data sets on which the comparison is repeated.")

    @property
    def model(self) -> MLP:
        """The model of a member."""
        return MLP((1, self.width, self.width, 1), "tanh")

    def run(self, seed: int = 0) -> Iterator[Progress]:
        m, r = self.members, self.data_sets
        nothing = [np.full(shape, np.nan) for shape in ((m, len(curves.GRID)), len(curves.GRID), (r, m), (r, m), r)]
        x, y = curves.draw(np.random.default_rng([seed, 0]), self.samples, self.noise)
        found = Found(x, y, curves.GRID, curves.truth(curves.GRID), *nothing)
        for k in range(r):
            rng = np.random.default_rng([seed, k])
            x, y = curves.draw(rng, self.samples, self.noise)
            test_x, test_y = curves.draw(rng, curves.TEST, self.noise)
            rows = resamples(self.samples, m, rng)
            starts = starts_of(self.model, seeds_of(m + 1, rng))
            for part in curves.fits(self.model, x[rows], y[rows], starts, self.steps, self.learning_rate):
                if part.step < self.steps:
                    yield Progress((k + part.step / self.steps) / r, found)
            found = Found(*map(np.copy, found))
            values = curves.values_of(self.model, part.weights, test_x)
            found.alone_errors[k] = np.square(values[0] - test_y).mean()
            found.member_errors[k] = np.square(values[1:] - test_y).mean(axis=1)
            found.mean_errors[k] = np.square(running_means(values[1:]) - test_y).mean(axis=1)
            if k == 0:
                drawn = curves.values_of(self.model, part.weights, curves.GRID)
                found.alone[:], found.members[:] = drawn[0], drawn[1:]
            yield Progress((k + 1) / r, found)

    def table(self, found: Found) -> Table:
        columns = ("data set", "mean error of the members", "error of their mean", "error of a single network")
        rows = [
            (k + 1, float(errors.mean()), float(found.mean_errors[k, -1]), float(found.alone_errors[k]))
            for k, errors in enumerate(found.member_errors)
            if np.isfinite(errors).all()
        ]
        return Table(columns, rows)

    def finding(self, found: Found) -> str:
        """What the data sets say of bagging against a single network, in a sentence."""
        names = ("bagging", "a single network")
        return compared(found.mean_errors[:, -1], found.alone_errors, names, "test error", unit="data sets")


def resamples(samples: int, members: int, rng: np.random.Generator) -> np.ndarray:
    """All samples, for the single network, and a bootstrap sample for each member, (1 + members, samples)."""
    drawn = rng.integers(samples, size=(members, samples))
    return np.concatenate([np.arange(samples)[None], drawn])


def running_means(values: Floats) -> Floats:
    """The mean of the first 1, 2, … rows, of the shape of `values`."""
    return np.asarray(np.cumsum(values, axis=0) / np.arange(1, len(values) + 1)[:, None])
