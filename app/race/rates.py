"""The learning rates that a surface suggests, and those at which no minimum is stable."""

from __future__ import annotations

import functools

import numpy as np

from app.common.digits import short
from app.common.racers import Choice, built
from optimizers import OPTIMIZERS, Optimizer, Scheduled, starting, starting_learning_rate
from surfaces import SURFACES, Surface
from surfaces.calculus import curvatures


def suggested(surface: Choice, rule: str) -> float | None:
    """The learning rate that a rule starts with on a surface, None for a rule without one."""
    return starting_learning_rate(_level(surface), OPTIMIZERS[rule])


def reason(surface: Choice, rule: str) -> str:
    """How that learning rate is chosen, in a sentence."""
    return starting.starting_reason(_level(surface), OPTIMIZERS[rule])


def caution(surface: Choice, rule: Optimizer) -> str:
    """A few words if the learning rate is so large that the rule stays at no minimum of the surface, else empty.

    The word is about the learning rate itself, not about what a schedule makes of it.
    """
    rule = rule.inner if isinstance(rule, Scheduled) else rule
    limit = None if rule.preconditioned or not float(getattr(rule, "learning_rate", 0)) else rule.stability_limit()
    curvature = flattest(surface)
    if limit is None or curvature is None or float(limit) >= curvature:
        return ""
    rate = float(rule.learning_rate)  # type: ignore[attr-defined]
    product = float(limit) * rate
    return f"η > {short(product, 3)}/λ = {short(product / curvature, 3)}: no minimum is stable"


@functools.lru_cache(maxsize=256)
def flattest(surface: Choice) -> float | None:
    """The largest curvature λ at the minimum where that is least; None if no minimum with a curvature is known."""
    level = _level(surface)
    minima = np.array([p.position for p in level.critical_points() if p.kind in ("minimum", "local minimum")])
    if not len(minima):
        return None
    least = float(np.min(curvatures(level, minima.T)[1]))
    return least if np.isfinite(least) and least > 0 else None


@functools.lru_cache(maxsize=64)
def _level(surface: Choice) -> Surface:
    """The surface at a rotation of zero, one record for all racers: curvatures are the same at every rotation."""
    level: Surface = built(SURFACES, surface)
    return level
