"""What a run looked like from its landscape: distance, slope and sharpness along the path, the rates it took, and how
often it crossed the valley, how far it overshot and how long it spent on flat ground.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import numpy as np

from optimizers.engine import Trace
from optimizers.status import steps_to
from surfaces.calculus import Floats, double, gradients, steepest
from surfaces.curvature import top_eigenvalues
from surfaces.surface import Surface


def distances(run: Trace) -> Floats:
    """Distance from every point to the nearest of the lowest minima, curves of minima included.

    Args:
        run: a single one, recorded at every step.

    Returns:
        (steps + 1,), NaN where no minimum is known, and from a divergence on.
    """
    return _finite(run, run.surface.distance_to_minimum(run.positions))


def gradient_norms(run: Trace) -> Floats:
    """The length of the true gradient, without noise, at every point.

    Args:
        run: a single one, recorded at every step.

    Returns:
        (steps + 1,), NaN from a divergence on.
    """
    with np.errstate(over="ignore"):
        return _finite(run, np.linalg.norm(gradients(run.surface, run.positions.T), axis=0))


def effective_rates(run: Trace) -> Floats:
    """What each coordinate's direction was multiplied with: the step size, after all scaling and schedules.

    Args:
        run: a single one, recorded at every step with `step`.

    Returns:
        (steps + 1, n), NaN at step 0, which no step led to, and from a divergence on.

    Raises:
        ValueError: if the steps were not recorded.
    """
    if run.step is None:
        raise ValueError("the run was made without recording its steps: trace(…, record=(…, 'step'))")
    rates = np.broadcast_to(run.step.rate, run.positions[1:].shape)
    return _finite(run, np.concatenate([np.full((1, rates.shape[1]), np.nan), rates]))


def sharpnesses(run: Trace) -> Floats:
    """The largest eigenvalue of the Hessian at every point; of P⁻¹H where the rule divides by P, which is what its
    `stability_limit` is a limit on (Cohen et al. 2021; 2022 for adaptive rules).

    P of a step is held against the Hessian where that step was taken.

    Args:
        run: a single one, recorded at every step; of a preconditioned rule with `states`.

    Returns:
        (steps + 1,), NaN from a divergence on, and for preconditioned rules at the last point, which no step left.

    Raises:
        ValueError: if the states of a preconditioned rule were not recorded.
    """
    scales = None
    points = run.positions
    if run.optimizer.preconditioned:
        if run.states is None:
            raise ValueError("the run was made without recording its states: trace(…, record=(…, 'states'))")
        states = jax.tree.map(lambda leaf: np.moveaxis(leaf, 0, -1), run.states)
        with double():
            scales = np.broadcast_to(run.optimizer.preconditioner(states), points[1:].T.shape).T
        points = points[:-1]
    with double():
        leaves = jax.tree.map(lambda leaf: np.asarray(leaf, dtype="float64"), run.surface)
        found = np.asarray(_sharpest(leaves, points, scales), dtype=float)
    if scales is not None:
        found = np.append(found, np.nan)
    return _finite(run, found)


@jax.jit
def _sharpest(surface: Any, points: Any, scales: Any) -> Any:
    return jax.lax.map(lambda at: top_eigenvalues(surface, at[0], scale=at[1])[0], (points, scales))


WIDEST = 100
"""Coordinates up to which a whole Hessian is worked out."""


def crossings(run: Trace, share: float = 1e-2) -> int | None:
    """How often a run crossed the valley on its way down: sign changes of its position along the steepest direction.

    The position is (w − w*) · q, with w* the lowest minimum and q the eigenvector of the Hessian there that has the
    largest eigenvalue.

    Args:
        run: a single one, recorded at every step.
        share: of the start's height above w*: once the loss is within it, crossings count no more.

    Returns:
        None where no single lowest minimum is known, and in more than 100 dimensions.
    """
    minima = run.surface.minima()
    if len(minima) != 1 or run.surface.curves() or minima.shape[1] > WIDEST:
        return None
    reached = steps_to(run, share)
    way = run.positions[: (run.last if reached is None else reached) + 1]
    sides = np.sign((way - minima[0]) @ _across(run.surface))
    sides = sides[sides != 0]
    return int((sides[1:] != sides[:-1]).sum())


def overshoot(run: Trace) -> float | None:
    """How far a run went beyond the minimum, as a share of the way from the start to it.

    max over t of (w_t − w*) · d / |w* − w_0|, with w* the lowest minimum nearest to the end and d the direction from
    the start to it; 0 if it never went beyond.

    Args:
        run: a single one, recorded at every step.

    Returns:
        None where no minimum is known, where the run starts on it, and of a run that diverged.
    """
    if run.surface.lowest() is None or run.status.kind == "diverged":
        return None
    minima = run.surface.minima()
    minimum = minima[np.argmin(np.linalg.norm(minima - run.positions[run.last], axis=1))]
    way = minimum - run.positions[0]
    length = float(np.linalg.norm(way))
    if length == 0:
        return None
    return max(0.0, float(((run.positions - minimum) @ way).max()) / length**2)


def steps_on_flat_ground(run: Trace, slope: float = 0.2, share: float = 1e-2) -> int:
    """How many steps a run took on ground that is nearly flat and not the bottom, such as round a saddle.

    Args:
        run: a single one, recorded at every step.
        slope: the true gradient is at most this, times the start's height over the diagonal of the domain.
        share: of the start's height above the lowest minimum (where none is known, the lowest loss of the run): the
            loss is above it.
    """
    (x0, x1), (y0, y1) = run.surface.domain
    losses = run.losses[: run.last]
    bottom = run.surface.lowest()
    heights = losses - (run.losses[: run.last + 1].min() if bottom is None else bottom)
    if not len(heights) or heights[0] <= 0:
        return 0
    flat = gradient_norms(run)[: run.last] <= slope * heights[0] / np.hypot(x1 - x0, y1 - y0)
    return int((flat & (heights > share * heights[0])).sum())


@functools.lru_cache(maxsize=32)
def _across(surface: Surface) -> Floats:
    """The steepest direction at the lowest minimum."""
    return steepest(surface, surface.minima()[0])


def _finite(run: Trace, values: Floats) -> Floats:
    """The values as far as the run stayed with the finite numbers."""
    values = np.array(values, dtype=float)
    values[run.last + 1 :] = np.nan
    return values
