"""Runs for the checks of sentences, with the starting learning rate unless another one is passed."""

from __future__ import annotations

from typing import Any

import numpy as np

from optimizers import OPTIMIZERS, Optimizer, Trace, starting_learning_rate, trace
from optimizers.noise import Noise
from surfaces import SURFACES, Surface
from surfaces.calculus import expand


def texts_of(kind: type[Surface]) -> tuple[str, ...]:
    """All texts of a surface: its lesson, its docstring, and its parameters' meanings."""
    return kind.teaches, kind.prose, *(p.doc for p in kind.parameters().values())


def rule_for(surface: Surface, key: str, **values: Any) -> Optimizer:
    """The rule, with its starting learning rate on a surface unless `values` has one."""
    if "learning_rate" in OPTIMIZERS[key].parameters() and "learning_rate" not in values:
        values["learning_rate"] = starting_learning_rate(surface, OPTIMIZERS[key])
    return OPTIMIZERS[key](**values)


def run(
    surface: Surface | str,
    key: str,
    steps: int,
    start: Any = None,
    noise: Noise | None = None,
    seed: Any = 0,
    **values: Any,
) -> Trace:
    """The run of a rule, with positions and losses."""
    surface = SURFACES[surface]() if isinstance(surface, str) else surface
    rule = rule_for(surface, key, **values)
    return trace(surface, rule, start, steps, noise=noise, seed=seed, record=("positions", "losses"))


def end(surface: Surface | str, key: str, steps: int, **options: Any) -> np.ndarray:
    """The last point of a run, (n,); for a batch (runs, n)."""
    return np.asarray(run(surface, key, steps, **options).positions[..., -1, :])


def kind_at(surface: Surface, w: Any) -> str:
    """The kind of the minimum nearest to a point."""
    return surface.critical_points()[int(surface.nearest_minimum(w))].kind


def slope(surface: Surface, w: Any) -> np.ndarray:
    """The gradient at a point, (n,)."""
    return expand(surface, np.asarray(w, dtype=float))[1]


def hessian(surface: Surface, w: Any) -> np.ndarray:
    """The Hessian at a point, (n, n)."""
    return expand(surface, np.asarray(w, dtype=float))[2]


def loss(surface: Surface, w: Any) -> float:
    """The loss at a point."""
    return float(expand(surface, np.asarray(w, dtype=float))[0])


def curvatures(surface: Surface, w: Any) -> np.ndarray:
    """The eigenvalues of the Hessian at a point, in ascending order."""
    return np.linalg.eigvalsh(hessian(surface, w))


def grid(surface: Surface, side: int) -> np.ndarray:
    """The points of a grid in the domain, (side², 2)."""
    (x0, x1), (y0, y1) = surface.domain
    x, y = np.meshgrid(np.linspace(x0, x1, side), np.linspace(y0, y1, side))
    return np.stack([x.ravel(), y.ravel()], axis=1)
