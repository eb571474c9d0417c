"""Whether a run is sensitive to rounding: whether a shadow run, which starts within rounding of it, departs from it.

Another compiled program, processor or version of a library rounds the last digit differently, as the shadow does. A
chaotic run magnifies the difference until its path is visibly another one. So does a run that stands still within
rounding, if only in one coordinate, and then leaves, as RMSprop leaves a minimum when its steps have become too large:
the shadow may leave in step with it, because both are computed by the same program.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from optimizers.engine import Trace
from optimizers.optimizer import Optimizer
from optimizers.schedules import Schedule, Scheduled
from surfaces.calculus import Floats
from surfaces.surface import Surface

NUDGE = 1 - 8 * 2.0**-52
"""Eight units in the last place, the error of a few steps. A coordinate of zero stays zero, as under rounding."""
GROWN = 1e-6
"""The gap of a run that magnifies rounding, over the domain's diagonal, or over the distance from its centre for a run
that is farther away.

A gap can be seen from a thousandth of that length on. This is a thousandth of it, because the gap to a run of another
program may be a thousand times as large as that to the shadow.
"""
VISIBLE = 1e-4
"""A visible step, over the same length."""
STILL = 1e-12
"""The longest step within rounding, over the same length: the error of a few steps is a thousandth of it."""
APART = 1e-9
"""The gap, over the same length, up to which two runs are known to have the same status."""

SENTENCE = (
    "It is sensitive to rounding: a difference in the last digit grows until the path is visibly different, so "
    "another program or machine may show a different path."
)


def nudged(surface: Surface, optimizer: Optimizer, start: ArrayLike) -> tuple[Surface, Optimizer, Floats]:
    """The surface, the rule and the start of the shadow run, which differ from those of the run by rounding.

    Every step rounds, also of a run that forgets its start. Hence the learning rate is changed as well, or the first
    parameter of a rule without a learning rate. And a rotated surface is rotated further and bent: a run that converges
    to a minimum, and leaves it again because η is too large there, begins to leave from its rounding errors.
    """
    begin = np.asarray(start, dtype=float)
    return surface.nudged(begin), _nudged(optimizer), begin * NUDGE


def _nudged(optimizer: Optimizer) -> Optimizer:
    if isinstance(optimizer, Scheduled):
        return optimizer.replace(inner=_nudged(optimizer.inner))
    names = [name for name, spec in optimizer.parameters().items() if not spec.static]
    name = "learning_rate" if "learning_rate" in names else next(iter(names), None)
    return optimizer if name is None else optimizer.replace(**{name: getattr(optimizer, name) * NUDGE})


def sensitive(run: Trace, shadow: Trace) -> NDArray[np.bool_]:
    """Whether a run and its shadow depart from each other, or differ in status, or the run leaves a standstill.

    Args:
        run, shadow: single runs, or batches of equal length, recorded at every step with positions and losses.

    Returns:
        shape (), or (runs,) for a batch.
    """
    (x0, x1), (y0, y1) = run.surface.domain
    centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        gap = np.linalg.norm(run.positions - shadow.positions, axis=-1)
        length = np.maximum(run.surface.diagonal, np.linalg.norm(run.positions[..., :2] - centre, axis=-1))
        apart = (gap > GROWN * length).any(axis=-1) | _leaves(run, length)
        close = (gap <= APART * length).all(axis=-1)
    if not run.diverged.ndim:
        return np.asarray(apart or (not close and run.status.kind != shadow.status.kind))
    for k in map(int, np.flatnonzero(~close & ~apart)):
        apart[k] = run[k].status.kind != shadow[k].status.kind
    return apart


def _leaves(run: Trace, length: Floats) -> NDArray[np.bool_]:
    """Whether a run or one of its coordinates stands still within rounding and leaves, (), or (runs,) for a batch.

    Args:
        length: the length with which the steps are compared, (..., steps + 1).
    """
    moves = np.abs(np.diff(run.positions, axis=-2))
    if isinstance(run.optimizer, Scheduled):  # a warm-up and a drop shorten the steps without a standstill
        moves = moves / _factors(run.optimizer.schedule, moves.shape[-2])[:, None]
    length = length[..., 1:]
    whole = np.linalg.norm(moves, axis=-1)
    leaves = _follows(whole <= STILL * length, whole > VISIBLE * length, -1)
    # One coordinate may stand still and leave while the others move on. It moves within rounding in two steps in a row:
    # a coordinate that turns round does so in one, and one whose gradient is exactly zero does not move at all.
    limits = length[..., None]
    small = moves <= STILL * limits
    still = small[..., :-1, :] & small[..., 1:, :] & (moves[..., 1:, :] > 0)
    return leaves | _follows(still, (moves > VISIBLE * limits)[..., 1:, :], -2).any(axis=-1)


def _follows(first: NDArray[np.bool_], second: NDArray[np.bool_], axis: int) -> NDArray[np.bool_]:
    """Whether `second` is true anywhere along an axis after a place where `first` is true."""
    return np.asarray((np.maximum.accumulate(first, axis=axis) & second).any(axis=axis))


@functools.lru_cache(64)
def _factors(schedule: Schedule, steps: int) -> Floats:
    """The factor of the learning rate in each step, (steps,)."""
    return np.asarray(jax.vmap(schedule.factor)(jnp.arange(1.0, steps + 1)), dtype=float)
