"""Where a learning rate starts: computed from the surface, never looked up in a table."""

from __future__ import annotations

import numpy as np

from optimizers.optimizer import Optimizer
from surfaces.calculus import curvatures
from surfaces.surface import Surface

GRID = 61


def starting_learning_rate(surface: Surface, rule: type[Optimizer]) -> float | None:
    """The learning rate that a racer starts with on a surface, to two digits, within the declared range.

    Where the step scales with the gradient it is 0.5 / max|λ|, λ the Hessian's eigenvalues over the part of
    the domain whose loss is at most the start's; where it does not, 1 % of the domain's width; where the rule
    finds its own scale, the declared default. None for a rule without a learning rate.
    """
    declared = rule.parameters().get("learning_rate")
    if declared is None:
        return None
    if rule.rate_unit == "one":
        return float(declared.default)
    if rule.rate_unit == "length":
        (left, right), _ = surface.domain
        rate = 0.01 * (right - left)
    else:
        rate = 0.5 / largest_curvature(surface)
    return float(f"{np.clip(rate, declared.low, declared.high):.2g}")


def largest_curvature(surface: Surface) -> float:
    """max |λ| of the Hessian over a grid of the domain where the loss is at most the start's."""
    (x0, x1), (y0, y1) = surface.domain
    x, y = np.meshgrid(np.linspace(x0, x1, GRID), np.linspace(y0, y1, GRID))
    start = np.asarray(surface.start, dtype=float)
    losses, sizes = curvatures(surface, np.stack([np.append(x, start[0]), np.append(y, start[1])]))
    return float(sizes[losses <= losses[-1]].max())
