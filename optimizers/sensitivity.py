"""Whether a run is sensitive to rounding: whether a shadow run, which starts within rounding of it, departs from it.

Another compiled program, processor or version of a library rounds the last digit differently, as the shadow does. A
chaotic run magnifies the difference until its path is visibly another one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optimizers.engine import Trace
from optimizers.optimizer import Optimizer
from optimizers.schedules import Scheduled
from surfaces.calculus import Floats

NUDGE = 1 - 8 * 2.0**-52
"""Eight units in the last place, the error of a few steps. A coordinate of zero stays zero, as under rounding."""
VISIBLE = 1e-4
"""A visible gap, over the domain's diagonal, or over the distance from its centre for a run that is farther away.

A tenth of the gap that can be seen, because the gap to a run of another program may be larger than that to the shadow.
"""
APART = 1e-9
"""The gap, over the same length, up to which two runs are known to have the same status."""

SENTENCE = (
    "It is sensitive to rounding: a difference in the last digit grows until the path is another one, so another "
    "program or machine may show a different path."
)


def nudged(optimizer: Optimizer, start: ArrayLike) -> tuple[Optimizer, Floats]:
    """The rule and the start of the shadow run, in which the start and the learning rate differ by rounding.

    The learning rate is changed as well because every step rounds, even of a run that forgets its start. Of a rule
    without a learning rate, the first parameter is changed.
    """
    return _nudged(optimizer), np.asarray(start, dtype=float) * NUDGE


def _nudged(optimizer: Optimizer) -> Optimizer:
    if isinstance(optimizer, Scheduled):
        return optimizer.replace(inner=_nudged(optimizer.inner))
    names = [name for name, spec in optimizer.parameters().items() if not spec.static]
    name = "learning_rate" if "learning_rate" in names else next(iter(names), None)
    return optimizer if name is None else optimizer.replace(**{name: getattr(optimizer, name) * NUDGE})


def sensitive(run: Trace, shadow: Trace) -> NDArray[np.bool_]:
    """Whether a run and its shadow are visibly apart at some step, or differ in status.

    Args:
        run, shadow: single runs, or batches of equal length, recorded at every step with positions and losses.

    Returns:
        shape (), or (runs,) for a batch.
    """
    (x0, x1), (y0, y1) = run.surface.domain
    centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    with np.errstate(over="ignore", invalid="ignore"):
        gap = np.linalg.norm(run.positions - shadow.positions, axis=-1)
        length = np.maximum(run.surface.diagonal, np.linalg.norm(run.positions[..., :2] - centre, axis=-1))
        visible = (gap > VISIBLE * length).any(axis=-1)
        close = (gap <= APART * length).all(axis=-1)
    if not run.diverged.ndim:
        return np.asarray(visible or (not close and run.status.kind != shadow.status.kind))
    for k in map(int, np.flatnonzero(~close & ~visible)):
        visible[k] = run[k].status.kind != shadow[k].status.kind
    return visible
