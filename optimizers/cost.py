"""What a run will take, estimated from shapes alone: nothing is compiled and nothing is computed."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import numpy as np

from optimizers.engine import RECORDS, bucket, once
from optimizers.noise import Noise, NoNoise
from optimizers.optimizer import Optimizer
from surfaces.surface import Surface

NUMBER = 8
"""Bytes of a float64."""
DRAWING = 2
"""Arrays as large as the noise that exist while it is drawn: the random bits, and the numbers made of them."""


class Cost(NamedTuple):
    """The cost of runs.

    Attributes:
        peak: bytes that exist at once while the runs are computed and judged.
        kept: bytes that the `Trace` holds afterwards.
        work: coordinates (or, where there are more of them, numbers in the data) that gradients are evaluated for.
            A core takes ten to forty nanoseconds for each.
    """

    peak: int
    kept: int
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
    """The cost of `trace` with these arguments at stride 1 in float64.

    Args:
        surface, optimizer, noise: those of a single run.
        steps: how many.
        runs: the length of a batch, None for a single run.
        record: what is kept, as in `trace`.
    """
    n = len(surface.start)
    state, step = jax.eval_shape(once, optimizer, surface, np.zeros(n, np.float32))
    samples = sum(math.prod(np.shape(leaf)) for leaf in jax.tree.leaves(surface.data))
    remembers = "states" in record or "step" in record
    # positions and losses are known within the loop, and the states wherever something is worked out from them later
    looped = n + 1 + (_numbers(state) if remembers else 0)
    later = n * len(jax.tree.leaves(step)) if "step" in record else 0  # every leaf is broadcast to the coordinates
    drawn = 0 if isinstance(noise, NoNoise | None) else DRAWING * max(n, samples)
    count = 1 if runs is None else runs
    copies = 1 if runs is None else 2  # the runs are moved to the leading axis
    rows = count * (bucket(steps) + 1)
    kept = count * (steps + 1) * (looped + later)
    judged = 2 * (steps + 1) * n  # the status of one run compares all its points with the last
    peak = max(rows * (copies * (looped + later) + drawn) + kept, kept + judged)
    work = float(count) * (steps + 1) * step.evaluations * max(n, samples)
    return Cost(NUMBER * peak, NUMBER * kept, work)


def _numbers(tree: Any) -> int:
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(tree))
