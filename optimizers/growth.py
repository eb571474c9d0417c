"""The convergence rate of rules that are linear on quadratics: how fast the distance to the minimum shrinks.

On a quadratic, such a rule multiplies its point and its state by the same matrix in every step. In the long run, their
norm is multiplied in each step by the spectral radius of the matrix: below 1 the rule converges, above 1 it diverges.
The radius is measured and not derived, so that it tests theories of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from optimizers import axes
from optimizers.noise import NoNoise
from optimizers.optimizer import Gradient, Optimizer
from optimizers.schedules import Scheduled
from surfaces.calculus import Floats, double, expand
from surfaces.compiled import compiled
from surfaces.surface import Surface

STEPS = 600
"""The steps of a measurement in many coordinates. After the first half, the slower directions have gone."""
DOUBLINGS = 24
"""In few coordinates, the matrix of a step is squared so many times: 16 million steps."""
FEW = 16
"""The most numbers of point and state for which this is done."""


def measurable(surface: Surface, optimizer: Optimizer) -> bool:
    """Whether a rule has a convergence rate on a surface: the loss is quadratic, and the rule linear and constant."""
    return surface.quadratic and optimizer.linear and not isinstance(optimizer, Scheduled)


def convergence_rates(
    surface: Surface, optimizer: Optimizer, over: Mapping[Any, Any] | None = None, steps: int = STEPS
) -> Floats:
    """The factors by which a rule multiplies the distance to the minimum in each step, in the long run.

    In few coordinates, the matrix of a step is applied to itself again and again, and divided by its norm each time, so
    that nothing overflows however fast a rule diverges: the logarithms of the norms add up to that of the growth over
    millions of steps. In many coordinates, point and state are followed and divided by their norm in the same way, and
    the rate is the geometric mean of the growth over the second half of the steps, with weights that fall to zero at
    both ends, so that a slow rotation averages out.

    Args:
        surface: a quadratic one.
        optimizer: a linear rule.
        over: what varies, as in `sweep`.
        steps: the number of steps in many coordinates.

    Returns:
        the rates in the shape of the axes, in float64.

    Raises:
        ValueError: if the surface is not quadratic, if the rule is not linear, or as `sweep`.
    """
    if not measurable(surface, optimizer):
        raise ValueError(
            f"{optimizer.name} on {surface.name} has no convergence rate: that needs a linear rule without a schedule, "
            "such as momentum, and a quadratic loss"
        )
    columns = axes.columns_of(over or {}, surface, optimizer, NoNoise(), 1, 0)
    shape = axes.shape_of(columns)
    index = np.unravel_index(np.arange(int(np.prod(shape, dtype=int))), shape) if shape else [np.zeros(1, int)]
    rule = optimizer
    rows: dict[axes.Path, Any] = {}
    for column in columns:
        values = column.values[index[column.dimension]]
        if column.path[0] == "optimizer":
            rule = axes.unchecked(rule, column.path[1:], values[None])
        elif column.path[0] == "surface":
            rows[column.path[1:]] = values
    with double():
        rule = jax.tree.map(lambda leaf: np.asarray(leaf, dtype="float64"), rule)
        hessians = _hessians(surface, rows)
        start = np.random.default_rng(0).standard_normal((len(surface.start), len(index[0])))
        leaves = len(jax.tree.leaves(jax.eval_shape(rule.init, start)))
        if (1 + leaves) * len(start) <= FEW:
            rates = np.asarray(_by_doubling(rule, hessians, start))
        else:
            rates = np.asarray(_by_steps(rule, hessians, start, np.int32(steps)))
    return rates.reshape(shape)


def _hessians(surface: Surface, rows: Mapping[axes.Path, Any]) -> Floats:
    """The Hessian of each run, (n, n, runs), or (n, n, 1) if all runs have the same surface."""
    point = np.asarray(surface.start, dtype=float)
    if not rows:
        return expand(surface, point)[2][..., None]
    table, which = np.unique(np.stack(list(rows.values()), axis=-1), axis=0, return_inverse=True)
    different = []
    for values in table:
        one = surface
        for path, value in zip(rows, values, strict=True):
            one = axes.with_value(one, path, float(value))
        different.append(expand(one, point)[2])
    return np.stack(different, axis=-1)[..., which.ravel()]


def _gradient(hessians: Any) -> Gradient:
    """The gradient of the quadratic with these Hessians about its minimum."""
    return Gradient(lambda w: 0.5 * jnp.sum(w * jnp.sum(hessians * w[None], axis=1), axis=0))


@compiled
def _by_doubling(rule: Any, hessians: Any, start: Any) -> Any:
    like = (start, rule.init(start))
    shapes = [leaf.shape for leaf in jax.tree.leaves(like)]

    def columns() -> Any:
        """The images of the unit vectors under a step."""
        for k in range(sum(shape[0] for shape in shapes)):
            unit = jnp.zeros((sum(shape[0] for shape in shapes), start.shape[1])).at[k].set(1.0)
            parts = jnp.split(unit, np.cumsum([shape[0] for shape in shapes])[:-1])
            w, state = jax.tree.unflatten(jax.tree.structure(like), parts)
            w, state, _ = rule.step(_gradient(hessians), w, state, jnp.ones((), start.dtype))
            yield jnp.concatenate(jax.tree.leaves((w, state)))

    def double_steps(_: Any, carry: Any) -> Any:
        matrix, total = carry
        matrix = jnp.einsum("ikr,kjr->ijr", matrix, matrix)
        norm = jnp.sqrt(jnp.sum(matrix**2, axis=(0, 1)))
        gone = norm == 0  # the minimum is reached, and stays
        matrix = matrix / jnp.where(gone, 1.0, norm)[None, None]
        return matrix, jnp.where(gone, -jnp.inf, 2 * total + jnp.log(jnp.where(gone, 1.0, norm)))

    matrix = jnp.stack(list(columns()), axis=1)
    _, total = jax.lax.fori_loop(0, DOUBLINGS, double_steps, (matrix, jnp.zeros(start.shape[1:])))
    return jnp.exp(total / 2.0**DOUBLINGS)


@compiled
def _by_steps(rule: Any, hessians: Any, start: Any, steps: Any) -> Any:
    half, end = (steps // 2).astype(start.dtype), steps.astype(start.dtype)

    def step(count: Array, carry: Any) -> Any:
        w, state, total, weights = carry
        t = count.astype(w.dtype)
        w, state, _ = rule.step(_gradient(hessians), w, state, t + 1.0)
        growth = jnp.sqrt(sum(jnp.sum(leaf**2, axis=0) for leaf in (w, *jax.tree.leaves(state))))
        growth = jnp.where(growth > 0, growth, 1.0)  # a point that has reached the minimum stays there
        w, state = jax.tree.map(lambda leaf: leaf / growth[None], (w, state))
        share = (t + 0.5 - half) / (end - half)
        weight = jnp.where(share > 0, jnp.sin(jnp.pi * share) ** 2, 0.0)
        return w, state, total + weight * jnp.log(growth), weights + weight

    zero = jnp.zeros(start.shape[1:])
    carry = (start, jax.tree.map(lambda leaf: leaf + jnp.zeros_like(start), rule.init(start)), zero, zero)
    w, _, total, weights = jax.lax.fori_loop(0, steps, step, carry)
    return jnp.where((w == 0).all(axis=0), 0.0, jnp.exp(total / weights))
