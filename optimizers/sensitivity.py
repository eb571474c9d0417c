"""Whether rounding decides where a run goes: a shadow run that begins within rounding of it comes apart from it.

Another compiled program, processor or version of a library rounds differently in the last digit, as the shadow does.
A chaotic run enlarges that until another path can be seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optimizers.engine import Trace
from optimizers.optimizer import Optimizer
from optimizers.schedules import Scheduled
from surfaces.calculus import Floats

NUDGE = 1 - 8 * 2.0**-52
"""Eight units in the last place, the error of a few steps: of zero coordinates, which no rounding moves, it is zero."""
VISIBLE = 1e-4
"""A gap over the domain's diagonal, or over the distance of a run that is further out. It is a tenth of what can be
seen, because the gap to another program's run may be larger than that to the shadow.
"""
APART = 1e-9
"""Relative gap below which two runs have the same status."""

SENTENCE = (
    "It is sensitive to rounding: a difference in the last digit grows into another path, so another program or "
    "machine may show another one."
)


def nudged(optimizer: Optimizer, start: ArrayLike) -> tuple[Optimizer, Floats]:
    """The rule and the start of the shadow: start and learning rate are a few units in the last place off, for a run
    that forgets its start rounds at every step still. A rule without a learning rate has its first parameter changed.
    """
    return _nudged(optimizer), np.asarray(start, dtype=float) * NUDGE


def _nudged(optimizer: Optimizer) -> Optimizer:
    if isinstance(optimizer, Scheduled):
        return optimizer.replace(inner=_nudged(optimizer.inner))
    names = [name for name, spec in optimizer.parameters().items() if not spec.static]
    name = "learning_rate" if "learning_rate" in names else next(iter(names), None)
    return optimizer if name is None else optimizer.replace(**{name: getattr(optimizer, name) * NUDGE})


def sensitive(run: Trace, shadow: Trace) -> NDArray[np.bool_]:
    """Whether a run and its shadow come visibly apart, or end with another status.

    Args:
        run, shadow: recorded at every step with positions and losses; single runs, or batches of equal length.

    Returns:
        shape (), or (runs,) for a batch.
    """
    (x0, x1), (y0, y1) = run.surface.domain
    diagonal = np.hypot(x1 - x0, y1 - y0)
    centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    with np.errstate(over="ignore", invalid="ignore"):
        gap = np.linalg.norm(run.positions - shadow.positions, axis=-1)
        size = np.maximum(diagonal, np.linalg.norm(run.positions[..., :2] - centre, axis=-1))
        found = (gap > VISIBLE * size).any(axis=-1)
        apart = ~(gap <= APART * size).all(axis=-1)
    if not run.diverged.ndim:
        return np.asarray(found or (apart and run.status.kind != shadow.status.kind))
    for k in np.flatnonzero(apart & ~found):
        found[k] = run[int(k)].status.kind != shadow[int(k)].status.kind
    return found
