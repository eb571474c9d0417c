"""Steps to converge against the rotation of a ravine, and against its condition number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizers import OPTIMIZERS
from optimizers.search import draw_starts
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
from surfaces import SURFACES, Rotated
from surfaces.parameter import AT_LEAST_ONE, parameter

RULES = ("sgd", "momentum", "adagrad", "rmsprop", "adam")
ANGLES = np.linspace(0.0, 45.0, 11)
"""In degrees. By symmetry of the square of the starts and of the rules, 45° is the furthest from the axes."""
CONDITIONS = np.geomspace(1.0, 1000.0, 10)
TURNED = (0.0, 45.0)
"""The angles at which the condition number varies."""


class Found(NamedTuple):
    """Steps against the angle (rules, angles), and against the condition number at both angles (rules, 2, κ).

    The steps are medians over the starts, with a band from the 10th to the 90th percentile, infinite where runs do not
    arrive. `rate` is the best learning rate.
    """

    angles: NDArray[np.float64]
    rate: NDArray[np.float64]
    median: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    conditions: NDArray[np.float64]
    condition_rate: NDArray[np.float64]
    condition_median: NDArray[np.float64]
    condition_low: NDArray[np.float64]
    condition_high: NDArray[np.float64]


class Rotation(Study):
    r"""Each rule minimises a quadratic ravine that is rotated by θ, at the best of a fixed set of learning rates.

    A rule with a single learning rate for all directions is unaffected by the rotation. Rules that divide each
    coordinate by the size of its gradients solve the ravine along the axes as if it were round, and lose this advantage
    when the ravine lies between the axes.
    """

    name = "Rotation and conditioning"
    label = "Rotation"
    group = "Optimizers"
    rows = ("P1",)
    about = (
        "Along the axes Adagrad and RMSprop take about 5 steps. Turned by 22.5° or more, Adagrad takes more than 100; "
        "RMSprop takes more than 200, or does not arrive within 2,000. At κ = 100 rotation changes little for SGD, "
        "momentum and Adam; at κ = 1,000 Adam takes about four times as many steps at 45° as along the axes. With κ, "
        "SGD's steps along the axes grow from 3 to 800 or more; those of momentum stay below 100."
    )
    source = "J. Duchi, E. Hazan & Y. Singer (2011), Adaptive subgradient methods"
    seconds = 8.0

    condition_number: float = parameter(
        "κ", default=100.0, low=1.0, high=1000.0, log=True, legal=AT_LEAST_ONE, doc="Condition number of the ravine."
    )
    starts: int = starts(20, 100)
    steps: int = most_steps()

    def run(self, seed: int = 0) -> Iterator[Progress]:
        """Search and count rule by rule; see `Study.run`."""
        surface = Rotated(SURFACES["quadratic_ravine"]())
        turned, conditions = (grid.ravel() for grid in np.meshgrid(TURNED, CONDITIONS, indexing="ij"))
        places = {
            "angle": np.concatenate([ANGLES, turned]),
            "condition_number": np.concatenate([np.full(len(ANGLES), self.condition_number), conditions]),
        }
        starts = [draw_starts(surface, int(self.starts), seed, tuning=tuning) for tuning in (True, False)]
        done: list[Best | None] = [None] * len(RULES)
        for k, key in enumerate(RULES):
            search = best_steps(
                surface,
                OPTIMIZERS[key](),
                places,
                np.concatenate(starts),
                rates=RATES,
                steps=int(self.steps),
                threshold=THRESHOLD,
            )
            found = _found(stacked(done, len(ANGLES) + turned.size))
            done[k] = yield from in_parts(search, found, k / len(RULES), 1 / len(RULES))
            yield Progress((k + 1) / len(RULES), _found(stacked(done, len(ANGLES) + turned.size)))

    def finding(self, found: Any) -> str:
        """The median steps of each rule along the axes and at 45°."""
        names = [OPTIMIZERS[key].name for key in RULES]
        words = spelled_ends(names, found.median, int(self.steps))
        return f"Median steps along the axes and at 45°: {words}."

    def table(self, found: Any) -> Table:
        """The best learning rate and the steps of each rule at each place."""
        columns = ("optimizer", "rotation (degrees)", "condition number", "best learning rate", "median steps",
                   "10th percentile", "90th percentile")  # fmt: skip
        rows: list[tuple[float | int | str, ...]] = []
        for k, key in enumerate(RULES):
            name = OPTIMIZERS[key].name
            for j, angle in enumerate(found.angles):
                numbers = (found.rate, found.median, found.low, found.high)
                rows.append((name, float(angle), float(self.condition_number), *(float(x[k, j]) for x in numbers)))
            for i, angle in enumerate(TURNED):
                for j, condition in enumerate(found.conditions):
                    numbers = (found.condition_rate, found.condition_median, found.condition_low, found.condition_high)
                    rows.append((name, angle, float(condition), *(float(x[k, i, j]) for x in numbers)))
        return Table(columns, rows)


def _found(best: Best) -> Found:
    """The results apart for angles and condition numbers."""
    count = len(ANGLES)
    rate, median, low, high = (values[:, :count] for values in best)
    rest = [values[:, count:].reshape(len(values), len(TURNED), -1) for values in best]
    return Found(ANGLES, rate, median, low, high, CONDITIONS, *rest)
