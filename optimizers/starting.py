"""Where a learning rate starts: computed from the surface, never looked up in a table."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from optimizers.optimizer import Optimizer
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
    points = np.stack([x.ravel(), y.ravel()])
    with jax.enable_x64(True), jax.default_device(jax.local_devices(backend="cpu")[0]):
        leaves = jax.tree.map(lambda v: np.asarray(v, dtype="float64"), surface)
        losses, sizes = _curvatures(leaves, points)
        at_start, size_at_start = _curvatures(leaves, np.asarray(surface.start, dtype="float64")[:, None])
    below = np.asarray(losses) <= float(at_start[0])
    return float(np.max(np.asarray(sizes)[below], initial=float(size_at_start[0])))


@functools.partial(jax.jit)
def _curvatures(surface: Any, points: Any) -> Any:
    def size(w: Any) -> Any:
        return jnp.max(jnp.abs(jnp.linalg.eigvalsh(jax.hessian(surface)(w))))

    return surface(points), jax.vmap(size, in_axes=1)(points)
