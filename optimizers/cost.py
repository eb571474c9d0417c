"""`estimate` predicts the cost of a run from shapes alone: nothing is compiled and nothing is computed."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import numpy as np

from optimizers.engine import RECORDS, bucket, first_step
from optimizers.noise import Noise, NoNoise
from optimizers.optimizer import Optimizer
from surfaces.surface import Surface

BYTES_PER_NUMBER = 8  # float64
DRAWING = 2
"""The number of arrays as large as the noise while it is drawn: the random bits, and the numbers made from them."""


class Cost(NamedTuple):
    """The cost of a run or of a batch of runs.

    Attributes:
        peak: the most bytes in use at a time, while the runs are computed and judged.
        result: the bytes of the `Trace`.
        work: the number of coordinates, over all gradient evaluations; numbers of the data instead, if there are more
            of these. A core takes ten to forty nanoseconds for each.
    """

    peak: int
    result: int
    work: float


def estimate(
    surface: Surface,
    optimizer: Optimizer,
    steps: int,
    *,
    noise: Noise | None = None,
    runs: int | None = None,
    record: tuple[str, ...] = RECORDS,
) -> Cost:
    """The cost of `trace` with these arguments, at stride 1 in float64.

    Args:
        surface, optimizer, noise: those of a single run.
        steps: the number of steps.
        runs: the length of a batch, None for a single run.
        record: as in `trace`.
    """
    n = len(surface.start)
    state, step = jax.eval_shape(first_step, optimizer, surface, np.zeros(n, np.float32))
    samples = sum(math.prod(np.shape(leaf)) for leaf in jax.tree.leaves(surface.data))
    # the loop returns positions and losses, and the states as well if `Step`s are worked out from them afterwards
    needs_states = "states" in record or "step" in record
    looped = n + 1 + (_numbers(state) if needs_states else 0)
    later = n * len(jax.tree.leaves(step)) if "step" in record else 0  # every leaf is broadcast to the coordinates
    drawn = 0 if isinstance(noise, NoNoise | None) else DRAWING * max(n, samples)
    count = 1 if runs is None else runs
    copies = 1 if runs is None else 2  # the axis of runs is moved to the front
    rows = count * (bucket(steps) + 1)
    result = count * (steps + 1) * (looped + later)
    judged = 2 * (steps + 1) * n  # the status of a run compares all its points with the last one
    peak = max(rows * (copies * (looped + later) + drawn) + result, result + judged)
    work = float(count) * (steps + 1) * step.evaluations * max(n, samples)
    return Cost(BYTES_PER_NUMBER * peak, BYTES_PER_NUMBER * result, work)


def _numbers(tree: Any) -> int:
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(tree))
