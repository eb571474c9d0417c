"""One number as a product of two: a valley that runs from sharp to flat."""

import numpy as np
from jax import Array

from surfaces.calculus import Floats
from surfaces.surface import Box, CriticalPoint, Surface

_VERTICES = 100


class MatrixFactorization(Surface):
    r"""The smallest linear network of two layers, v · u · x for the target x: both branches of uv = 1 are minima.

    $$ L(u, v) = \tfrac12 (uv - 1)^2 $$

    On the curve one curvature is zero and the other u² + 1/u²: 2 at (1, 1), more the further out. Gradient
    descent is stable where u² + v² < 2/η; from a sharp place a larger η catapults it to a flatter one. The
    origin is a saddle of curvatures ±1.
    """

    name = "Matrix factorization"
    formula = r"\tfrac12 (uv - 1)^2"
    teaches = "Minima can be a curve, and the rule with its rate chooses among them: large rates, flat minima."
    source = "A. Lewkowycz et al. (2020), The large learning rate phase of deep learning: the catapult mechanism"
    theme = "models"

    def __call__(self, w: Array) -> Array:
        u, v = w
        return 0.5 * (u * v - 1.0) ** 2

    @property
    def domain(self) -> Box:
        return (-2.5, 4.7), (-2.1, 2.5)

    @property
    def start(self) -> tuple[float, ...]:
        return (4.0, 0.3)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return (
            CriticalPoint((1.0, 1.0), "curve"),
            CriticalPoint((-1.0, -1.0), "curve"),
            CriticalPoint((0.0, 0.0), "saddle"),
        )

    def curves(self) -> tuple[Floats, ...]:
        (left, right), (bottom, top) = self.domain
        arms = ((1 / top, right), (1 / bottom, left))
        return tuple(_branch(inner, outer) for inner, outer in arms)


def _branch(inner: float, outer: float) -> Floats:
    """v = 1/u from |u| < 1 over (±1, ±1) outwards, in equal ratios: the bend is drawn as finely as the arms."""
    middle = np.copysign(1.0, outer)
    u = np.concatenate([np.geomspace(inner, middle, _VERTICES), np.geomspace(middle, outer, _VERTICES)[1:]])
    return np.stack([u, 1 / u], axis=1)
