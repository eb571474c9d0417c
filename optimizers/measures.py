"""What a run looked like from its landscape: distance, slope and sharpness along the path, and the rates it took."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from optimizers.engine import Trace
from surfaces.calculus import Floats, double, gradients
from surfaces.curvature import top_eigenvalues


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


def _finite(run: Trace, values: Floats) -> Floats:
    """The values as far as the run stayed with the finite numbers."""
    values = np.array(values, dtype=float)
    values[run.last + 1 :] = np.nan
    return values
