"""Where a learning rate starts: computed from the surface, never looked up in a table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from optimizers.optimizer import Optimizer
from surfaces.calculus import curvatures
from surfaces.surface import Surface

GRID = 61
MOST_ENTRIES = 2000


def starting_learning_rate(surface: Surface, rule: type[Optimizer]) -> float | None:
    """The learning rate that a racer starts with on a surface, to two digits, within the declared range.

    Where the step scales with the gradient it is 0.5 / max|λ|, λ the Hessian's eigenvalues over the part of
    the domain whose loss is at most the start's; where it does not, 1 % of the domain's width; where it does
    first and does not later (RAdam), the smaller of the two; where the rule finds its own scale, the declared
    default. None for a rule without a learning rate.
    """
    (left, right), _ = surface.domain
    return rate_in_units(rule, lambda: right - left, lambda: largest_curvature(surface))


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
    """max |λ| of the Hessian over a grid of the domain where the loss is at most the start's.

    The grid lies in the drawn plane and thins as coordinates grow in number, for a Hessian of a thousand
    coordinates has a million entries; the start is always among its points.
    """
    start = np.asarray(surface.start, dtype=float)
    (x0, x1), (y0, y1) = surface.domain
    side = min(GRID, max(2, MOST_ENTRIES // len(start)))
    x, y = np.meshgrid(np.linspace(x0, x1, side), np.linspace(y0, y1, side))
    plane = surface.embed(np.stack([x.ravel(), y.ravel()]))
    losses, sizes = curvatures(surface, np.column_stack([plane, start]))
    return float(sizes[losses <= losses[-1]].max())
