"""What a run looked like from its landscape: distance, slope and sharpness along the path, the rates it took, and how
often it crossed the valley, how far it overshot and how long it spent on flat ground.

Counts and shares have a dead zone in proportion to the start, so that none of them counts rounding, and none changes
with a rotation of surface and start or where the loss or all coordinates are multiplied by a number.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from optimizers.engine import Trace
from optimizers.optimizer import Optimizer
from optimizers.status import scale, steps_to
from surfaces.calculus import Floats, double, gradients, valleys
from surfaces.compiled import compiled
from surfaces.curvature import top_eigenvalues
from surfaces.parameter import map_parameters
from surfaces.surface import LOWEST, Surface


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


def stability_limits(optimizer: Optimizer, steps: int) -> Floats:
    """The largest curvature on which a rule does not grow, in the step from each point of a run.

    Args:
        optimizer: the rule; under a schedule each step has its own learning rate, and so its own limit.
        steps: how many the run takes.

    Returns:
        (steps + 1,), the last for the step that would follow; infinite at a learning rate of zero, NaN where no limit
        is known.
    """
    with double(), np.errstate(divide="ignore"):
        # arrays, because a Python float refuses to divide by a learning rate of zero
        rule = map_parameters(np.asarray, optimizer.in_step(jnp.arange(1.0, steps + 2)))
        limit = rule.stability_limit()
        return np.broadcast_to(np.nan if limit is None else np.asarray(limit, dtype=float), (steps + 1,))


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


@compiled
def _sharpest(surface: Any, points: Any, scales: Any) -> Any:
    return jax.lax.map(lambda at: top_eigenvalues(surface, at[0], scale=at[1])[0], (points, scales))


WIDEST = 100
"""Coordinates up to which a whole Hessian is worked out."""
SIDE = 1e-9
"""The dead zone of a side of the valley, as a share of the way up its wall to the height of the start."""
ROUND = 1e-2
"""Where the two largest curvatures differ by at most this share, no direction leads across a valley."""
SAME = 0.5
"""The cosine of the most by which a step may turn the direction across the valley: beyond, it is another valley."""
BEYOND = 5e-4
"""The dead zone of an overshoot, as a share of the way from the start to the minimum."""


def crossings(run: Trace, share: float = 1e-2) -> int | None:
    r"""How often a run crossed the valley on its way down: the changes of sign of the slope across the valley.

    With q the eigenvector of the Hessian at w that has the largest eigenvalue λ, turned the same way from step to step,
    the slope across is a = ∇L(w) · q, and the wall on which w stands rises a²/(2λ) above the floor of the valley, where
    a = 0. A point is on the side sign(a) of the valley where

    $$ \frac{a^2}{2 \lambda} > \varepsilon^2\, (L(w_0) - L^*), \qquad \varepsilon = 10^{-9}, $$

    and else on neither; sides are counted until the loss is within `share` of the start's height L(w₀) − L*. On a
    parabola q is the same everywhere, a = λ (w − w*) · q, and SGD crosses with each step where ηλ > 1 and never where
    ηλ < 1. On a bent valley, such as Rosenbrock's, q follows the bend. In more than two dimensions q is that at the
    minimum.

    Args:
        run: a single one, recorded at every step.
        share: of the start's height above w*: once the loss is within it, crossings count no more.

    Returns:
        None where no single lowest minimum is known, where the run starts on it, in more than 100 dimensions, and
        where the two largest curvatures at the minimum are within 1 % of each other, so that there is no valley.
    """
    surface, minima = run.surface, run.surface.minima()
    if len(minima) != 1 or surface.curves() or minima.shape[1] > WIDEST:
        return None
    measures = scale(run)
    if measures.starts_lowest or not math.isfinite(measures.height):
        return None
    across = _across(run, minima[0], measures.diagonal)
    if across is None:
        return None
    reached = steps_to(run, share)
    slopes, walls, numbers = (values[: (run.last if reached is None else reached) + 1] for values in across)
    seen = walls > SIDE**2 * measures.height
    sides, numbers = np.sign(slopes[seen]), numbers[seen]
    return int(((sides[1:] != sides[:-1]) & (numbers[1:] == numbers[:-1])).sum())


def _across(run: Trace, minimum: Floats, size: float) -> tuple[Floats, Floats, Floats] | None:
    """At every point of a run: the slope across the valley, the height of the wall (0 where there is no valley), and
    the number of the valley, which goes up where q turns by more than a step along one valley does.

    Returns:
        None where there is no valley at the minimum.
    """
    points = run.positions
    plane = points.shape[1] == 2
    # of all points, also where few are asked for: so that one program serves all racers
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        places = np.vstack([minimum, points]) if plane else minimum[None]
        q, slopes, curvatures = valleys(run.surface, places, size)
        clear = curvatures[:, -1] - curvatures[:, -2] > ROUND * abs(curvatures[:, -1])
        if not clear[0]:
            return None
        if plane:
            q, slopes, curvatures, clear = q[1:], slopes[1:], curvatures[1:], clear[1:]
        else:
            slopes = curvatures[0, -1] * ((points - minimum) @ q[0])
            q, clear = np.broadcast_to(q, points.shape), np.broadcast_to(clear, len(points))
        turns = np.sum(q[1:] * q[:-1], axis=1)
        other = ~(clear[1:] & clear[:-1] & (abs(turns) > SAME))
        slopes = slopes * np.cumprod(np.concatenate([[1.0], np.where(turns < 0, -1.0, 1.0)]))
        walls = np.where(clear & (curvatures[:, -1] > 0), slopes**2 / (2 * curvatures[:, -1]), 0.0)
    return slopes, walls, np.cumsum(np.concatenate([[0], other]))


def overshoot(run: Trace) -> float | None:
    r"""How far a run went beyond the minimum, as a share of the way from the start to it.

    With w* the lowest minimum nearest to the end and d = (w* − w₀)/|w* − w₀|,

    $$ \max_t \frac{(w_t - w^*) \cdot d}{|w^* - w_0|}; $$

    where the minima nearest to the end are a curve, with σ(w) the signed distance to that curve,
    max over t of −σ(w_t)/σ(w₀). What is at most 1/2000 counts as 0.

    Args:
        run: a single one, recorded at every step.

    Returns:
        None where no minimum is known, where the run starts on one, and of a run that diverged.
    """
    if run.surface.lowest() is None or run.status.kind == "diverged" or scale(run).starts_lowest:
        return None
    beyond = _beyond(run.surface, run.positions)
    most = float(np.max(beyond)) if beyond is not None else math.nan
    return None if math.isnan(most) else most if most > BEYOND else 0.0


def _beyond(surface: Surface, positions: Floats) -> Floats | None:
    """How far every point lies beyond the minimum, as a share of the way from the first point to it; None where the
    first point lies on it.
    """
    lowest = [k for k, point in enumerate(surface.critical_points()) if point.kind in LOWEST]
    points = [surface.critical_points()[k] for k in lowest]
    gaps = [np.linalg.norm(positions[-1] - np.asarray(p.position)) for p in points if p.kind != "curve"]
    curves = [abs(surface.signed_distance(positions[-1], k)) for k in range(len(surface.curves()))]
    if curves and min(curves) < min(gaps, default=np.inf):
        distances = surface.signed_distance(positions, int(np.argmin(curves)))
        return -distances / distances[0] if distances[0] else None
    minimum = np.asarray([p for p in points if p.kind != "curve"][int(np.argmin(gaps))].position)
    way = minimum - positions[0]
    length = float(np.linalg.norm(way))
    # divided before they are multiplied: the product of two long ways may be beyond the numbers
    return np.asarray((positions - minimum) / length @ (way / length)) if length else None


def steps_on_flat_ground(run: Trace, slope: float = 0.2, share: float = 1e-2) -> int | None:
    """How many steps a run took on ground that is nearly flat and not the bottom, such as round a saddle.

    With u the unit of heights and D the diagonal of the domain, as `optimizers.status` defines them, those are the
    steps from points with |∇L| ≤ slope · u/D and L − L* > share · u.

    Args:
        run: a single one, recorded at every step.
        slope: as a share of u/D.
        share: as a share of u.

    Returns:
        None where the run starts at the lowest minimum.
    """
    measures = scale(run)
    if measures.starts_lowest or not measures.unit:
        return None
    heights = run.losses[: run.last] - measures.bottom
    flat = gradient_norms(run)[: run.last] <= slope * measures.unit / measures.diagonal
    return int((flat & (heights > share * measures.unit)).sum())


def _finite(run: Trace, values: Floats) -> Floats:
    """The values as far as the run stayed with the finite numbers."""
    values = np.array(values, dtype=float)
    values[run.last + 1 :] = np.nan
    return values
