"""Measures of a run on its landscape.

Along the path: distance, gradient norm, sharpness and effective learning rates. Of the whole run: how often it crossed
the valley, how far it overshot, and how long it stayed on flat ground.

Counts and shares have a dead zone in proportion to the start, so that they do not count rounding. None of them changes
if surface and start are rotated, or if the loss or all coordinates are multiplied by a positive number.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from optimizers.engine import MOST_DENSE, Trace
from optimizers.optimizer import Optimizer
from optimizers.status import scale, steps_to
from surfaces.calculus import Floats, double, gradients, valleys
from surfaces.compiled import compiled
from surfaces.curvature import top_eigenvalues
from surfaces.parameter import map_parameters
from surfaces.surface import LOWEST, Surface


def distances(run: Trace) -> Floats:
    """The distance from every point to the nearest of the lowest minima, including curves of minima.

    Args:
        run: a single run, recorded at every step.

    Returns:
        (steps + 1,), NaN from a divergence on, and everywhere if no minimum is known.
    """
    return _finite(run, run.surface.distance_to_minimum(run.positions))


def gradient_norms(run: Trace) -> Floats:
    """The norm of the true gradient, without noise, at every point.

    Args:
        run: a single run, recorded at every step.

    Returns:
        (steps + 1,), NaN from a divergence on.
    """
    with np.errstate(over="ignore"):
        return _finite(run, np.linalg.norm(gradients(run.surface, run.positions.T), axis=0))


def effective_rates(run: Trace) -> Floats:
    """The effective learning rate of each coordinate, after all scaling and schedules: the factor on its direction.

    Args:
        run: a single run, recorded at every step with `step`.

    Returns:
        (steps + 1, n), NaN at the start, to which no step led, and from a divergence on.

    Raises:
        ValueError: if the steps were not recorded.
    """
    if run.step is None:
        raise ValueError("the run did not record its steps: use trace(…, record=(…, 'step'))")
    rates = np.broadcast_to(run.step.rate, run.positions[1:].shape)
    return _finite(run, np.concatenate([np.full((1, rates.shape[1]), np.nan), rates]))


def stability_limits(optimizer: Optimizer, steps: int) -> Floats:
    """The largest curvature at which a rule does not grow, in the step from each point of a run.

    Args:
        optimizer: the rule; under a schedule the limit changes with the learning rate.
        steps: the number of steps of the run.

    Returns:
        (steps + 1,), the last value for the step that would follow; infinite for a learning rate of zero, NaN if no
        limit is known.
    """
    with double(), np.errstate(divide="ignore"):
        # arrays, because division by a learning rate of zero raises for Python's floats
        rule = map_parameters(np.asarray, optimizer.in_step(jnp.arange(1.0, steps + 2)))
        limit = rule.stability_limit()
        return np.broadcast_to(np.nan if limit is None else np.asarray(limit, dtype=float), (steps + 1,))


def sharpnesses(run: Trace) -> Floats:
    """The largest eigenvalue of the Hessian at every point, which `stability_limit` bounds (Cohen et al. 2021).

    For a preconditioned rule it is that of P⁻¹H (Cohen et al. 2022), with the Hessian at the point from which a step
    was taken and the P of that step.

    Args:
        run: a single run, recorded at every step; for a preconditioned rule with `states`.

    Returns:
        (steps + 1,), NaN from a divergence on, and for preconditioned rules at the last point, from which no step was
        taken.

    Raises:
        ValueError: if the states of a preconditioned rule were not recorded.
    """
    scales = None
    points = run.positions
    if run.optimizer.preconditioned:
        if run.states is None:
            raise ValueError("the run did not record its states: use trace(…, record=(…, 'states'))")
        states = jax.tree.map(lambda leaf: np.moveaxis(leaf, 0, -1), run.states)
        with double():
            scales = np.broadcast_to(run.optimizer.preconditioner(states), points[1:].T.shape).T
        points = points[:-1]
    with double():
        leaves = jax.tree.map(lambda leaf: np.asarray(leaf, dtype="float64"), run.surface)
        values = np.asarray(_largest_eigenvalues(leaves, points, scales), dtype=float)
    if scales is not None:
        values = np.append(values, np.nan)
    return _finite(run, values)


@compiled
def _largest_eigenvalues(surface: Any, points: Any, scales: Any) -> Any:
    return jax.lax.map(lambda at: top_eigenvalues(surface, at[0], scale=at[1])[0], (points, scales))


SIDE = 1e-9
"""The dead zone between the sides of a valley, as a share of the distance up its wall to the height of the start."""
ROUND = 1e-2
"""If the two largest curvatures differ by this share or less, the ground is round and has no valley."""
SAME = 0.5
"""The least cosine between the directions across the same valley at successive points."""
BEYOND = 5e-4
"""The dead zone of an overshoot, as a share of the distance from the start to the minimum."""


def crossings(run: Trace, share: float = 1e-2) -> int | None:
    r"""The number of times that a run crossed the valley on its way down.

    Let q be the eigenvector of the Hessian at w with the largest eigenvalue λ, with the sign chosen so that q turns as
    little as possible from point to point. The slope across the valley is a = ∇L(w) · q, and the wall on which w lies
    rises a²/(2λ) above the floor of the valley, where a = 0. A point is on the side sign(a) of the valley if

    $$ \frac{a^2}{2 \lambda} > \varepsilon^2\, (L(w_0) - L^*), \qquad \varepsilon = 10^{-9}, $$

    and on neither side otherwise. A crossing is a change of sides; it counts as long as the height of the run is above
    `share` of its initial height L(w₀) − L*. On a parabola q is the same everywhere, a = λ (w − w*) · q, and SGD
    crosses in every step if ηλ > 1 and never if ηλ < 1. In a bent valley, such as Rosenbrock's, q follows the bend. In
    more than two dimensions, q is the eigenvector at the minimum.

    Args:
        run: a single run, recorded at every step.
        share: the share of the initial height above the lowest minimum below which crossings no longer count.

    Returns:
        None if there is not exactly one lowest minimum, if the run starts there, in more than 100 dimensions, and if
        the two largest curvatures at the minimum are within 1 % of each other, so that there is no valley.
    """
    surface, minima = run.surface, run.surface.minima()
    if len(minima) != 1 or surface.curves() or minima.shape[1] > MOST_DENSE:
        return None
    heights = scale(run)
    if heights.starts_lowest or not math.isfinite(heights.height):
        return None
    across = _across(run, minima[0], heights.diagonal)
    if across is None:
        return None
    low = steps_to(run, share)
    slopes, walls, numbers = (values[: (run.last if low is None else low) + 1] for values in across)
    clear = walls > SIDE**2 * heights.height
    sides, numbers = np.sign(slopes[clear]), numbers[clear]
    return int(((sides[1:] != sides[:-1]) & (numbers[1:] == numbers[:-1])).sum())


def _across(run: Trace, minimum: Floats, size: float) -> tuple[Floats, Floats, Floats] | None:
    """The slope across the valley, the height of its wall and the number of the valley, at every point of a run.

    The height is 0 where there is no valley. The number rises by one where q turns by more than it does within the
    same valley.

    Args:
        run: as in `crossings`.
        minimum: the lowest minimum.
        size: a length over which the surface changes.

    Returns:
        None if there is no valley at the minimum.
    """
    points = run.positions
    plane = points.shape[1] == 2
    # for all points, although few of them may be needed: one compiled program then serves all racers
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        places = np.vstack([minimum, points]) if plane else minimum[None]
        q, slopes, curvatures = valleys(run.surface, places, size)
        in_valley = curvatures[:, -1] - curvatures[:, -2] > ROUND * abs(curvatures[:, -1])
        if not in_valley[0]:
            return None
        if plane:
            q, slopes, curvatures, in_valley = q[1:], slopes[1:], curvatures[1:], in_valley[1:]
        else:
            slopes = curvatures[0, -1] * ((points - minimum) @ q[0])
            q, in_valley = np.broadcast_to(q, points.shape), np.broadcast_to(in_valley, len(points))
        cosines = np.sum(q[1:] * q[:-1], axis=1)
        changes = ~(in_valley[1:] & in_valley[:-1] & (abs(cosines) > SAME))
        slopes = slopes * np.cumprod(np.concatenate([[1.0], np.where(cosines < 0, -1.0, 1.0)]))
        walls = np.where(in_valley & (curvatures[:, -1] > 0), slopes**2 / (2 * curvatures[:, -1]), 0.0)
    return slopes, walls, np.cumsum(np.concatenate([[0], changes]))


def overshoot(run: Trace) -> float | None:
    r"""The largest distance of a run beyond the minimum, as a share of the distance from the start to the minimum.

    Let w* be the lowest minimum nearest to the end, and d = (w* − w₀)/|w* − w₀|. The overshoot is

    $$ \max_t \frac{(w_t - w^*) \cdot d}{|w^* - w_0|}. $$

    If the minima nearest to the end form a curve, it is the maximum over t of −σ(w_t)/σ(w₀), where σ(w) is the signed
    distance to the curve. Values of 1/2,000 or less count as 0.

    Args:
        run: a single run, recorded at every step.

    Returns:
        None if no minimum is known, if the run starts at one, and if it diverged.
    """
    if run.surface.lowest() is None or run.status.kind == "diverged" or scale(run).starts_lowest:
        return None
    beyond = _beyond(run.surface, run.positions)
    largest = float(np.max(beyond)) if beyond is not None else math.nan
    return None if math.isnan(largest) else largest if largest > BEYOND else 0.0


def _beyond(surface: Surface, positions: Floats) -> Floats | None:
    """The distance of every point beyond the minimum, as a share of the distance from the first point to it.

    None if the first point lies at the minimum.
    """
    points = [point for point in surface.critical_points() if point.kind in LOWEST]
    gaps = [np.linalg.norm(positions[-1] - np.asarray(p.position)) for p in points if p.kind != "curve"]
    curves = [abs(surface.signed_distance(positions[-1], k)) for k in range(len(surface.curves()))]
    if curves and min(curves) < min(gaps, default=np.inf):
        distances = surface.signed_distance(positions, int(np.argmin(curves)))
        return -distances / distances[0] if distances[0] else None
    minimum = np.asarray([p for p in points if p.kind != "curve"][int(np.argmin(gaps))].position)
    start_to_minimum = minimum - positions[0]
    length = float(np.linalg.norm(start_to_minimum))
    # divided before they are multiplied, because the product of two long vectors may overflow
    return np.asarray((positions - minimum) / length @ (start_to_minimum / length)) if length else None


def steps_on_flat_ground(run: Trace, slope: float = 0.2, share: float = 1e-2) -> int | None:
    """The number of steps on ground that is nearly flat but not at the bottom, such as around a saddle.

    These are the steps from points with |∇L| ≤ slope · u/D and L − L* > share · u, where u is the unit of heights and D
    the diagonal of the domain, as `optimizers.status` defines them.

    Args:
        run: a single run, recorded at every step.
        slope: the largest gradient of flat ground, as a share of u/D.
        share: the largest height of the bottom, as a share of u.

    Returns:
        None if the run starts at the lowest minimum.
    """
    heights = scale(run)
    if heights.starts_lowest or not heights.unit:
        return None
    flat = gradient_norms(run)[: run.last] <= slope * heights.unit / heights.diagonal
    above = run.losses[: run.last] - heights.bottom > share * heights.unit
    return int((flat & above).sum())


def _finite(run: Trace, values: Floats) -> Floats:
    """The values, with NaN from the divergence of the run on."""
    values = np.array(values, dtype=float)
    values[run.last + 1 :] = np.nan
    return values
