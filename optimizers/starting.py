"""Where a learning rate starts: computed from the surface, never looked up in a table."""

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
"""Points along each side of the squares in which a maximum is searched."""
ROUNDS, PATIENCE = 60, 8
"""Searches at most, and those after which a maximum that has risen by less than `SETTLED` is taken."""
SETTLED = 1.0005
UNBOUNDED = 1e4
"""A maximum that the search raises by this factor above the grid's has no bound."""


def starting_learning_rate(surface: Surface, rule: type[Optimizer]) -> float | None:
    """The learning rate that a racer starts with on a surface, to two digits, within the declared range.

    It is worked out on the surface before that is turned, so that every rotation starts with the same. Where the step
    scales with the gradient it is 0.5 / max|λ|, λ the Hessian's eigenvalues over the part of the domain whose loss is
    at most the start's; where those have no bound, as at a kink, the rate at which the steepest slope there makes a
    step of 1 % of the domain's width. Where the step does not scale it is 1 % of the domain's width; where it does
    first and does not later (RAdam), the smaller of the two; where the rule finds its own scale, the declared
    default. None for a rule without a learning rate.
    """
    inner = surface.unrotated
    (left, right), _ = inner.domain

    return rate_in_units(rule, lambda: right - left, lambda: _steepness(inner))


def starting_reason(surface: Surface, rule: type[Optimizer]) -> str:
    """A sentence on how `starting_learning_rate` is chosen on a surface; empty where a rule has no learning rate."""
    if "learning_rate" not in rule.parameters():
        return ""
    length = "1 % of the width of the surface's domain"
    unbounded = "because the curvature has no bound here"
    if rule.rate_unit == "one":
        return (
            "The learning rate starts at the rule's default, because the rule finds the scale of its steps by itself."
        )
    if rule.rate_unit == "length":
        return f"The learning rate starts at {length}, because the scale of the gradient does not change the step."
    steep = (
        "half the inverse of the largest curvature over the ground no higher than the start"
        if _bounded(surface.unrotated)
        else f"the value at which the steepest gradient makes a step of {length}, {unbounded}"
    )
    if rule.rate_unit == "curvature":
        return f"The learning rate starts at {steep}."
    return f"The learning rate starts at the smaller of two values: {length}, and {steep}."


def _steepness(surface: Surface) -> float:
    """The largest curvature; where it has no bound, the value for which 0.5 / value is 0.01 · width / slope."""
    (left, right), _ = surface.domain
    return _largest(surface) if _bounded(surface) else 50 * _steepest_slope(surface) / (right - left)


def _bounded(surface: Surface) -> bool:
    return bool(np.isfinite(_largest(surface)))


def rate_in_units(rule: type[Optimizer], length: Callable[[], float], curvature: Callable[[], float]) -> float | None:
    """The same, where the landscape's length and its largest curvature are known by other means; each is asked for
    only where it counts, and one that is 0 says nothing.
    """
    declared = rule.parameters().get("learning_rate")
    if declared is None:
        return None
    rates = []
    if rule.rate_unit in ("length", "both") and (wide := length()) > 0:
        rates.append(0.01 * wide)
    if rule.rate_unit in ("curvature", "both") and (steep := curvature()) > 0:
        rates.append(0.5 / steep)
    if not rates:
        return float(declared.default)
    return float(f"{np.clip(min(rates), declared.low, declared.high):.2g}")


def largest_curvature(surface: Surface) -> float:
    """max |λ| of the Hessian over the part of the domain where the loss is at most the start's; infinite where the
    curvature has no bound there.

    It is that of the surface before it is turned. From the peaks among the points of a grid, the critical points and
    the start the largest value is searched in squares that move as long as they find a larger one, and else halve: a
    ridge may be narrower than a cell of the grid, and the largest value may lie on the level line of the start. The
    grid lies in the drawn plane and thins as coordinates grow in number: a Hessian of a thousand coordinates has a
    million entries.
    """
    return _largest(surface.unrotated)


@functools.lru_cache(maxsize=32)
def _largest(surface: Surface) -> float:
    low, high = np.array(surface.domain).T
    side = min(GRID, max(2, MOST_ENTRIES // len(surface.start)))
    known = np.array([surface.start, *(point.position for point in surface.critical_points())], dtype=float)
    known = known[[True, *((known[1:, :2] >= low) & (known[1:, :2] <= high)).all(axis=1)]]
    points = np.concatenate([_grid(surface, side), known])
    losses, sizes = curvatures(surface, points.T)
    ceiling = losses[side**2]
    sizes = _below(ceiling, losses, sizes)
    seeds = [*_peaks(sizes[: side**2].reshape(side, side)), *range(side**2, len(points))]
    # every search has as many points as this one, so that one compiled program serves them all
    seeds = sorted(seeds, key=lambda k: -sizes[k])[: len(points) // PATCH**2]
    if not seeds:
        return float(sizes.max())
    return _searched(surface, ceiling, points, seeds, sizes, (high - low) / (side - 1))


def _searched(surface: Surface, ceiling: float, points: Floats, seeds: list[int], sizes: Floats, cell: Floats) -> float:
    """The largest |λ| in squares round the seeds, each at first two cells wide."""
    low, high = np.array(surface.domain).T
    first = float(sizes.max())
    places, tops, history = points[seeds], sizes[seeds], [first]
    offsets = np.stack(np.meshgrid(*[np.linspace(-1, 1, PATCH)] * 2), axis=-1).reshape(-1, 2)
    width = np.tile(cell, (len(seeds), 1))
    taken = len(seeds) * PATCH**2
    for _ in range(ROUNDS):
        near = np.repeat(places[:, None], PATCH**2, axis=1)
        near[..., :2] = np.clip(near[..., :2] + width[:, None] * offsets, low, high)
        batch = np.concatenate([near.reshape(taken, -1), points[taken:]])
        found = _below(ceiling, *curvatures(surface, batch.T))[:taken].reshape(len(seeds), -1)
        best = found.argmax(axis=1)
        better = found.max(axis=1) > tops
        places = np.where(better[:, None], near[np.arange(len(seeds)), best], places)
        tops = np.maximum(tops, found.max(axis=1))
        width = np.where(better[:, None], width, width / 2)
        history.append(max(first, float(tops.max())))
        if history[-1] > UNBOUNDED * first:
            return np.inf
        if len(history) > PATIENCE and history[-1] <= SETTLED * history[-1 - PATIENCE]:
            break
    return history[-1]


def _below(ceiling: float, losses: Floats, sizes: Floats) -> Floats:
    """The sizes, or −1 where the loss is above a ceiling."""
    return np.where((losses <= ceiling) & np.isfinite(sizes), sizes, -1.0)


def _grid(surface: Surface, side: int) -> Floats:
    """Points (side², n) of the drawn plane, row by row."""
    (x0, x1), (y0, y1) = surface.domain
    x, y = np.meshgrid(np.linspace(x0, x1, side), np.linspace(y0, y1, side))
    return surface.embed(np.stack([x.ravel(), y.ravel()])).T


def _peaks(sizes: Floats) -> list[int]:
    """Where a grid's values are positive and no smaller than those of the eight neighbours."""
    around = np.pad(sizes, 1, constant_values=-np.inf)
    rows, columns = sizes.shape
    shifted = [around[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    return list(np.flatnonzero((sizes >= np.max(shifted, axis=0)) & (sizes >= 0)))


def _steepest_slope(surface: Surface) -> float:
    """max ‖∇L‖ over the points of the grid where the loss is at most the start's."""
    points = np.concatenate([_grid(surface, GRID), [surface.start]]).T
    losses, _ = curvatures(surface, points)
    slopes = np.linalg.norm(gradients(surface, points), axis=0)
    return float(slopes[losses <= losses[-1]].max())
