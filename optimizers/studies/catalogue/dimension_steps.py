"""Steps to converge on a ravine against the number of its dimensions, and against its condition number."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from optimizers import OPTIMIZERS
from optimizers.studies.study import Progress, Study, Table
from optimizers.studies.tuned_steps import (
    RATES,
    THRESHOLD,
    Best,
    best_steps,
    in_parts,
    most_steps,
    spelled_ends,
    stacked,
    starts,
)
from surfaces.parameter import AT_LEAST_ONE, parameter
from surfaces.surface import Box, CriticalPoint, Surface

RULES = ("sgd", "momentum", "adagrad", "adam")
DIMENSIONS = (2, 4, 8, 16, 32)
LARGEST = DIMENSIONS[-1]
CONDITIONS = np.geomspace(1.0, 1000.0, 10)


class Found(NamedTuple):
    """Medians over the starts with a band from the 10th to the 90th percentile, and the best learning rates.

    Steps are infinite where runs do not arrive, and NaN where they are not known yet. The fields that begin with
    "fixed" and "grown" are (rules, dimensions), with the same condition number in all dimensions and with one that
    grows as n²; those that begin with "condition" are (rules, κ), in the largest dimension.
    """

    dimensions: NDArray[np.int64]
    fixed_rate: NDArray[np.float64]
    fixed_median: NDArray[np.float64]
    fixed_low: NDArray[np.float64]
    fixed_high: NDArray[np.float64]
    grown_rate: NDArray[np.float64]
    grown_median: NDArray[np.float64]
    grown_low: NDArray[np.float64]
    grown_high: NDArray[np.float64]
    conditions: NDArray[np.float64]
    condition_rate: NDArray[np.float64]
    condition_median: NDArray[np.float64]
    condition_low: NDArray[np.float64]
    condition_high: NDArray[np.float64]


class Ravines(Surface):
    r"""The ravine of `ravine_nd` in the first n of many coordinates; the others have no slope.

    So one program serves all dimensions, because a rule that treats coordinates one by one leaves the others in place.
    """

    name = "Ravines of several dimensions"
    formula = r"\tfrac12 \sum_{i < n} \lambda_i w_i^2"
    teaches = "The condition number decides how fast runs converge."
    source = "B. T. Polyak (1964); Y. Nesterov (2004), Introductory Lectures on Convex Optimization"
    theme = "ravines"
    quadratic = True

    dimension: float = parameter("n", default=2.0, low=2.0, high=LARGEST, legal=AT_LEAST_ONE, doc="Coordinates used.")
    condition_number: float = parameter("κ", default=30.0, low=1.0, high=1e4, legal=AT_LEAST_ONE, doc="Condition.")

    def __call__(self, w: Array) -> Array:
        runs = [1] * (w.ndim - 1)
        index = jnp.arange(w.shape[0], dtype=w.dtype).reshape(-1, *runs)
        n, kappa = (jnp.reshape(value, (1, -1)[: w.ndim]) for value in (self.dimension, self.condition_number))
        power = jnp.where(index == 0, 0.0, jnp.where(index == 1, 1.0, (index - 1) / (n - 1)))
        return 0.5 * jnp.sum(jnp.where(index < n, kappa**power, 0.0) * w**2, axis=0)

    @property
    def domain(self) -> Box:
        return (-3.0, 3.0), (-3.0, 3.0)

    @property
    def start(self) -> tuple[float, ...]:
        return (1.0,) * LARGEST

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return (CriticalPoint((0.0,) * LARGEST, "minimum"),)


class DimensionSteps(Study):
    r"""Each rule minimises quadratic ravines of n dimensions, at the best of a fixed set of learning rates.

    The curvatures run from 1 to κ in equal ratios, along the axes. Starts are drawn from the normal distribution. The
    condition number κ is either the same in all dimensions, or grows as n², as in a chain of n springs.
    """

    name = "Dimension and conditioning"
    label = "Dimension"
    group = "Optimizers"
    rows = ("P1",)
    about = (
        "With κ = 100, SGD takes about 90 to 170 steps, whether there are 2 dimensions or 32. With κ = n², its steps "
        "grow from 9 to 450 or more. Momentum and Adam stay below 100. Adagrad takes 5 or 6 steps for all n and κ, "
        "because the ravines lie along the axes."
    )
    source = "B. T. Polyak (1964); Y. Nesterov (2004), Introductory Lectures on Convex Optimization"
    seconds = 15.0

    condition_number: float = parameter(
        "κ",
        default=100.0,
        low=1.0,
        high=1000.0,
        log=True,
        legal=AT_LEAST_ONE,
        doc="Condition number of the ravines whose condition number does not depend on n.",
    )
    starts: int = starts(10, 50)
    steps: int = most_steps()

    def run(self, seed: int = 0) -> Iterator[Progress]:
        """Search and count rule by rule, dimension by dimension; see `Study.run`."""
        count = len(DIMENSIONS)
        by_dimension: list[list[Best | None]] = [[None] * count for _ in RULES]
        by_condition: list[Best | None] = [None] * len(RULES)
        done, parts = 0, len(RULES) * (count + 1)
        for k, key in enumerate(RULES):
            for j, n in enumerate((*DIMENSIONS, LARGEST)):
                conditions = CONDITIONS if j == count else np.array([self.condition_number, float(n * n)])
                search, found = self._search(key, n, conditions, seed), _found(by_dimension, by_condition)
                best = yield from in_parts(search, found, done / parts, 1 / parts)
                if j == count:
                    by_condition[k] = best
                else:
                    by_dimension[k][j] = best
                done += 1
                yield Progress(done / parts, _found(by_dimension, by_condition))

    def _search(self, key: str, n: int, conditions: NDArray[np.float64], seed: int) -> Generator[float, None, Best]:
        """Search the steps of a rule in n dimensions at condition numbers (k,)."""
        points = np.zeros((2 * int(self.starts), LARGEST))
        points[:, :n] = np.random.default_rng([seed, n]).standard_normal((len(points), n))
        return best_steps(
            Ravines(),
            OPTIMIZERS[key](),
            {"surface.dimension": np.full(len(conditions), float(n)), "surface.condition_number": conditions},
            points,
            rates=RATES,
            steps=int(self.steps),
            threshold=THRESHOLD,
        )

    def finding(self, found: Any) -> str:
        """The median steps of each rule with the fewest and with the most dimensions, if κ = n²."""
        names = [OPTIMIZERS[key].name for key in RULES]
        words = spelled_ends(names, found.grown_median, int(self.steps))
        return f"With κ = n², median steps in {DIMENSIONS[0]} and in {LARGEST} dimensions: {words}."

    def table(self, found: Any) -> Table:
        """The best learning rate and the steps of each rule in each dimension and at each condition number."""
        columns = ("optimizer", "dimension", "condition number", "best learning rate", "median steps",
                   "10th percentile", "90th percentile")  # fmt: skip
        rows: list[tuple[float | int | str, ...]] = []
        for k, key in enumerate(RULES):
            name = OPTIMIZERS[key].name
            for j, n in enumerate(found.dimensions):
                fixed, grown = found[1:5], found[5:9]
                rows.append((name, int(n), float(self.condition_number), *(float(x[k, j]) for x in fixed)))
                rows.append((name, int(n), float(n * n), *(float(x[k, j]) for x in grown)))
            for j, condition in enumerate(found.conditions):
                rows.append((name, LARGEST, float(condition), *(float(x[k, j]) for x in found[10:14])))
        return Table(columns, rows)


def _found(by_dimension: list[list[Best | None]], by_condition: list[Best | None]) -> Found:
    """The results so far as arrays."""
    both = [stacked(row, 2) for row in by_dimension]  # of each rule (dimensions, 2)
    values = [np.stack([getattr(one, name) for one in both]) for name in Best._fields]  # (rules, dimensions, 2)
    fixed, grown = ([value[..., i] for value in values] for i in range(2))
    conditioned = stacked(by_condition, len(CONDITIONS))
    arrays: list[Any] = [np.array(DIMENSIONS), *fixed, *grown, CONDITIONS, *conditioned]
    return Found(*arrays)
