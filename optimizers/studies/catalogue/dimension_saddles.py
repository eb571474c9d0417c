"""The share of saddles among the critical points of random functions, against the dimension."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizers.studies.study import Progress, Study, Table
from optimizers.studies.tuned_steps import in_parts
from surfaces.digits import short
from surfaces.parameter import Interval, parameter

DIMENSIONS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 28, 32, 36, 40)
BATCHES = 20
"""The groups of samples from whose spread the intervals follow."""
INTERVAL = 2.093
"""The 97.5th percentile of Student's t with 19 degrees of freedom."""
PIECE = 2**20
"""The most entries of the matrices that are drawn at a time, which take 8 MB."""
BINS = 25
"""The number of heights at which the descending directions are counted."""


class Found(NamedTuple):
    """Shares among all critical points, for each dimension (k,); NaN where they are not known yet.

    Attributes:
        dimension: n, (k,).
        saddles, low, high: the share of saddles with its 95 % interval.
        extrema, extrema_low, extrema_high: the share of minima and maxima.
        heights: values of the function divided by √n, (bins,), in standard deviations of the function.
        descending: the mean share of the directions that descend from a critical point of that height, (k, bins), NaN
            where too few of them were drawn.
    """

    dimension: NDArray[np.int64]
    saddles: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    extrema: NDArray[np.float64]
    extrema_low: NDArray[np.float64]
    extrema_high: NDArray[np.float64]
    heights: NDArray[np.float64]
    descending: NDArray[np.float64]


class DimensionSaddles(Study):
    r"""What kind of point is a critical point of a random function of n variables?

    The function is Gaussian with mean 0 and covariance $\exp(-\lVert x - y \rVert^2 / 2)$. By the formula of Kac and
    Rice, its critical points are distributed like Hessians weighted by $|\det H|$, and the Hessian at height f is
    $H = M - f I$, where M is symmetric with independent normal entries of variance 2 on and 1 off the diagonal (Bray &
    Dean 2007). So the study draws M and f instead of functions, and only the averages are approximate. Heights are
    drawn from a wider normal distribution and weighted accordingly, because minima are low.
    """

    name = "Saddles in high dimension"
    label = "Saddles"
    group = "Optimizers"
    rows = ("P3",)
    about = (
        "Half of the critical points of a random function of two variables are saddles; with ten variables, more than "
        "99 % are. With 20 variables, fewer than one in a million is a minimum or a maximum. The lower a critical "
        "point lies, the fewer directions descend from it."
    )
    source = (
        "A. J. Bray & D. S. Dean (2007), Statistics of critical points of Gaussian fields on large-dimensional spaces; "
        "Y. Dauphin et al. (2014), Identifying and attacking the saddle point problem"
    )
    seconds = 6.0

    largest: int = parameter(
        "n",
        default=24,
        low=2,
        high=40,
        integer=True,
        legal=Interval(1.0, 40.0),
        title="Largest dimension",
        doc="The largest number of variables.",
    )
    samples: int = parameter(
        "N",
        default=20_000,
        low=1000,
        high=50_000,
        integer=True,
        log=True,
        legal=Interval(100.0, 50_000.0),
        doc="Number of matrices that are drawn for each dimension.",
    )

    def run(self, seed: int = 0) -> Iterator[Progress]:
        """Draw matrices dimension by dimension; see `Study.run`."""
        dimensions = np.array([n for n in DIMENSIONS if n <= self.largest])
        edges = np.linspace(-3.0, 3.0, BINS + 1)
        shares = np.full((6, len(dimensions)), np.nan)
        descending = np.full((len(dimensions), BINS), np.nan)
        work = np.concatenate([[0.0], np.cumsum(dimensions.astype(float) ** 2 + 20)])
        work /= work[-1]

        def found() -> Found:
            arrays: Any = (dimensions, *shares.copy(), (edges[1:] + edges[:-1]) / 2, descending.copy())
            return Found(*arrays)

        for k, n in enumerate(dimensions):
            drawn = hessians(int(n), int(self.samples), np.random.default_rng([seed, n]))
            values, heights, weights = yield from in_parts(drawn, found(), work[k], work[k + 1] - work[k])
            index = np.sum(values < 0, axis=1)
            extremal = (index == 0) | (index == n)
            middle, low, high = estimate(extremal, weights)
            shares[:, k] = 1 - middle, 1 - high, 1 - low, middle, low, high
            place = np.digitize(heights / np.sqrt(n), edges) - 1
            for b in range(BINS):
                inside = place == b
                if np.sum(inside) >= BATCHES:
                    descending[k, b] = np.average(index[inside] / n, weights=weights[inside])
            yield Progress(float(work[k + 1]), found())

    def finding(self, found: Any) -> str:
        """The shares of saddles in two dimensions and in the most, with their intervals."""
        two, most = (self._extrema(found, k) for k in (int(np.flatnonzero(found.dimension == 2)[0]), -1))
        return (
            f"In 2 dimensions the share of minima and maxima among critical points is {two}, in "
            f"{found.dimension[-1]} dimensions {most}. All others are saddles."
        )

    @staticmethod
    def _extrema(found: Found, k: int) -> str:
        low, high = short(float(found.extrema_low[k]), 2), short(float(found.extrema_high[k]), 2)
        return f"{short(float(found.extrema[k]), 2)} (95 % interval {low} to {high})"

    def table(self, found: Any) -> Table:
        """The shares in each dimension, with their intervals."""
        columns = ("dimension", "share of saddles", "95 % from", "95 % to", "share of minima and maxima", "95 % from ",
                   "95 % to ")  # fmt: skip
        rows = [tuple(map(float, row)) for row in zip(found.dimension, *found[1:7], strict=True)]
        return Table(columns, [(int(n), *rest) for n, *rest in rows])


def hessians(
    n: int, samples: int, rng: np.random.Generator
) -> Generator[float, None, tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
    """Hessians at critical points of the random function: eigenvalues (samples, n), heights and weights (samples,).

    The weights add up to 1. It yields the share that is drawn, after each `PIECE` of matrices, and returns the three.
    """
    spread = np.sqrt(1 + n)
    heights = spread * rng.standard_normal(samples)
    values = np.empty((samples, n))
    count = max(1, PIECE // n**2)
    for first in range(0, samples, count):
        part = slice(first, min(first + count, samples))
        square = rng.standard_normal((part.stop - first, n, n))
        symmetric = (square + np.swapaxes(square, 1, 2)) / np.sqrt(2)  # variance 2 on the diagonal and 1 off it
        values[part] = np.linalg.eigvalsh(symmetric) - heights[part, None]
        yield part.stop / samples
    # |det H| times the density of the heights divided by the one from which they were drawn, up to a factor
    logs = np.sum(np.log(np.abs(values)), axis=1) - heights**2 / 2 + heights**2 / (2 * spread**2)
    weights = np.exp(logs - np.max(logs))
    return values, heights, weights / np.sum(weights)


def estimate(event: NDArray[np.bool_], weights: NDArray[np.float64]) -> tuple[float, float, float]:
    """The weighted share of an event, with its 95 % interval from the ratios of `BATCHES` groups of samples."""
    count = len(event) // BATCHES * BATCHES
    grouped = weights[:count].reshape(BATCHES, -1)
    tops, bottoms = np.sum(grouped * event[:count].reshape(BATCHES, -1), axis=1), np.sum(grouped, axis=1)
    share = float(np.sum(weights * event) / np.sum(weights))
    # the residuals of a ratio of sums: their mean is 0, and their spread that of the ratio
    residuals = (tops - share * bottoms) / np.mean(bottoms)
    half = INTERVAL * float(np.std(residuals, ddof=1)) / np.sqrt(BATCHES)
    return share, max(0.0, share - half), min(1.0, share + half)
