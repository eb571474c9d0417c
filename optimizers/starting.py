"""The learning rate that a racer starts with, computed from the surface."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from optimizers.optimizer import Optimizer
from surfaces.calculus import Floats, curvatures, gradients
from surfaces.surface import Surface

GRID = 61
MOST_ENTRIES = 2000
PATCH = 8
"""Points along each side of a square in the search for a maximum."""
ROUNDS, PATIENCE = 60, 8
SETTLED = 1.0005
"""The search ends after `ROUNDS` rounds, or when `PATIENCE` rounds have raised the maximum by less than this factor."""
UNBOUNDED = 1e4
"""If the search raises the grid's maximum by this factor, the values are taken to have no bound."""


def starting_learning_rate(surface: Surface, rule: type[Optimizer]) -> float | None:
    """The learning rate that a racer starts with on a surface, to two digits, within the declared range.

    - For rules whose steps scale with the gradient: 0.5 / max|λ|, where λ are the eigenvalues of the Hessian over the
      part of the domain whose loss is at most that of the start. If these have no bound, as at a kink: the learning
      rate at which the steepest gradient there makes a step of 1 % of the domain's width.
    - For rules whose steps do not scale with the gradient: 1 % of the domain's width.
    - For rules whose steps scale at first and not later (RAdam): the smaller of the two.
    - For rules that find their own scale: the declared default.

    The surface is taken before its rotation, so that all rotations start with the same learning rate. None for a rule
    without a learning rate.
    """
    inner = surface.unrotated
    (left, right), _ = inner.domain

    return rate_in_units(rule, lambda: right - left, lambda: _steepness(inner))


def starting_reason(surface: Surface, rule: type[Optimizer]) -> str:
    """A sentence on how `starting_learning_rate` chooses; empty for a rule without a learning rate."""
    if "learning_rate" not in rule.parameters():
        return ""
    length = "1 % of the width of the surface's domain"
    unbounded = "because the curvature is unbounded here"
    if rule.rate_unit == "none":
        return "The learning rate starts at the rule's default, because the rule finds the scale of its steps itself."
    if rule.rate_unit == "length":
        return f"The learning rate starts at {length}, because the steps do not depend on the scale of the gradient."
    steep = (
        "half the inverse of the largest curvature in the part of the domain that is no higher than the start"
        if _bounded(surface.unrotated)
        else f"the value at which the steepest gradient makes a step as long as {length}, {unbounded}"
    )
    if rule.rate_unit == "curvature":
        return f"The learning rate starts at {steep}."
    return f"The learning rate starts at the smaller of two values: {length}, and {steep}."


def _steepness(surface: Surface) -> float:
    """The largest curvature, or if it has no bound, the value for which 0.5 / value is 0.01 · width / max ‖∇L‖."""
    (left, right), _ = surface.domain
    return largest_curvature(surface) if _bounded(surface) else 50 * _steepest_slope(surface) / (right - left)


def _bounded(surface: Surface) -> bool:
    """Whether the largest curvature has a bound; where there is none at all, it is hidden in kinks."""
    return 0 < largest_curvature(surface) < np.inf


def rate_in_units(rule: type[Optimizer], length: Callable[[], float], curvature: Callable[[], float]) -> float | None:
    """The starting learning rate on a landscape of which length and largest curvature are known.

    Args:
        rule: the rule.
        length: returns the width of the domain; 0 if it is unknown.
        curvature: returns the largest curvature; 0 if it is unknown. Each function is called only if it is needed.
    """
    declared = rule.parameters().get("learning_rate")
    if declared is None:
        return None
    rates = []
    if rule.rate_unit in ("length", "both") and (width := length()) > 0:
        rates.append(0.01 * width)
    if rule.rate_unit in ("curvature", "both") and (largest := curvature()) > 0:
        rates.append(0.5 / largest)
    if not rates:
        return float(declared.default)
    return float(f"{np.clip(min(rates), declared.low, declared.high):.2g}")


@functools.lru_cache(maxsize=32)
def largest_curvature(surface: Surface) -> float:
    """max |λ| of the Hessian in the part of the domain that is no higher than the start; infinite if unbounded.

    The search begins at the peaks of a grid, at the critical points and at the start, because a ridge may be narrower
    than a cell of the grid, and because the maximum may lie on the level line of the start. It looks in squares that
    move as long as they find a larger value, and are halved otherwise. The grid lies in the plane that is drawn, and
    gets coarser as the number of coordinates grows: a Hessian of a thousand coordinates has a million entries.
    """
    low, high = np.array(surface.domain).T
    side = min(GRID, max(2, MOST_ENTRIES // len(surface.start)))
    special = np.array([surface.start, *(point.position for point in surface.critical_points())], dtype=float)
    special = special[[True, *((special[1:, :2] >= low) & (special[1:, :2] <= high)).all(axis=1)]]
    points = np.concatenate([_grid(surface, side), special])
    losses, sizes = curvatures(surface, points.T)
    ceiling = losses[side**2]
    sizes = _below(ceiling, losses, sizes)
    seeds = [*_peaks(sizes[: side**2].reshape(side, side)), *range(side**2, len(points))]
    # every round of the search takes as many points as the grid, so that one compiled program serves both
    seeds = sorted(seeds, key=lambda k: -sizes[k])[: len(points) // PATCH**2]
    if not seeds:
        return float(sizes.max())
    return _search(surface, ceiling, points, seeds, sizes, (high - low) / (side - 1))


def _search(surface: Surface, ceiling: float, points: Floats, seeds: list[int], sizes: Floats, cell: Floats) -> float:
    """The largest |λ| in squares around the seeds, each of which is two cells wide at first."""
    low, high = np.array(surface.domain).T
    first = float(sizes.max())
    places, tops, history = points[seeds], sizes[seeds], [first]
    offsets = np.stack(np.meshgrid(*[np.linspace(-1, 1, PATCH)] * 2), axis=-1).reshape(-1, 2)
    width = np.tile(cell, (len(seeds), 1))
    count = len(seeds) * PATCH**2
    for _ in range(ROUNDS):
        near = np.repeat(places[:, None], PATCH**2, axis=1)
        near[..., :2] = np.clip(near[..., :2] + width[:, None] * offsets, low, high)
        batch = np.concatenate([near.reshape(count, -1), points[count:]])
        values = _below(ceiling, *curvatures(surface, batch.T))[:count].reshape(len(seeds), -1)
        best = values.argmax(axis=1)
        better = values.max(axis=1) > tops
        places = np.where(better[:, None], near[np.arange(len(seeds)), best], places)
        tops = np.maximum(tops, values.max(axis=1))
        width = np.where(better[:, None], width, width / 2)
        history.append(max(first, float(tops.max())))
        if history[-1] > UNBOUNDED * first:
            return np.inf
        if len(history) > PATIENCE and history[-1] <= SETTLED * history[-1 - PATIENCE]:
            break
    return history[-1]


def _below(ceiling: float, losses: Floats, sizes: Floats) -> Floats:
    """The sizes, with −1 where the loss is above the ceiling or the size is not finite."""
    return np.where((losses <= ceiling) & np.isfinite(sizes), sizes, -1.0)


def _grid(surface: Surface, side: int) -> Floats:
    """The points (side², n) of a grid in the plane that is drawn, row by row."""
    (x0, x1), (y0, y1) = surface.domain
    x, y = np.meshgrid(np.linspace(x0, x1, side), np.linspace(y0, y1, side))
    return surface.embed(np.stack([x.ravel(), y.ravel()])).T


def _peaks(sizes: Floats) -> list[int]:
    """The indices of values on a grid that are not negative, and no smaller than their eight neighbours."""
    around = np.pad(sizes, 1, constant_values=-np.inf)
    rows, columns = sizes.shape
    shifted = [around[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    return list(np.flatnonzero((sizes >= np.max(shifted, axis=0)) & (sizes >= 0)))


def _steepest_slope(surface: Surface) -> float:
    """max ‖∇L‖ over the points of the grid whose loss is at most that of the start."""
    points = np.concatenate([_grid(surface, GRID), [surface.start]]).T
    losses, _ = curvatures(surface, points)
    slopes = np.linalg.norm(gradients(surface, points), axis=0)
    return float(slopes[losses <= losses[-1]].max())
