"""The learning rates that a surface suggests, and those for which no minimum is stable."""

from __future__ import annotations

import functools

import numpy as np

from app.common.digits import short
from app.common.racers import Choice, built
from optimizers import OPTIMIZERS, Optimizer, Scheduled, starting, starting_learning_rate
from surfaces import SURFACES, Surface
from surfaces.calculus import curvatures


def suggested(surface: Choice, rule: str) -> float | None:
    """The initial learning rate of a rule on a surface; None for a rule without one."""
    return starting_learning_rate(_level(surface), OPTIMIZERS[rule])


def reason(surface: Choice, rule: str) -> str:
    """A sentence that explains how the initial learning rate is chosen."""
    return starting.starting_reason(_level(surface), OPTIMIZERS[rule])


def caution(surface: Choice, rule: Optimizer) -> str:
    """A warning if no minimum of the surface is stable for the learning rate of a rule, else an empty string.

    It considers the learning rate without its schedule.
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
    """The smallest sharpness of all minima; None if no minimum with a finite curvature is known."""
    level = _level(surface)
    minima = np.array([p.position for p in level.critical_points() if p.kind in ("minimum", "local minimum")])
    if not len(minima):
        return None
    least = float(np.min(curvatures(level, minima.T)[1]))
    return least if np.isfinite(least) and least > 0 else None


@functools.lru_cache(maxsize=64)
def _level(surface: Choice) -> Surface:
    """The surface without rotation, cached for all racers, because curvatures do not depend on the rotation."""
    level: Surface = built(SURFACES, surface)
    return level
