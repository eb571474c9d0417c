"""One number as a product of two: a valley that runs from sharp to flat."""

import numpy as np
from jax import Array

from surfaces.calculus import Floats
from surfaces.surface import Box, CriticalPoint, Surface

_VERTICES = 200
_FARTHEST = 20.0


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
    axes = ("u", "v")

    def __call__(self, w: Array) -> Array:
        u, v = w
        return 0.5 * (u * v - 1.0) ** 2

    @property
    def domain(self) -> Box:
        return (-2.5, 4.7), (-2.1, 2.5)

    @property
    def start(self) -> tuple[float, ...]:
        return (3.6, 1.6)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return (
            CriticalPoint((1.0, 1.0), "curve"),
            CriticalPoint((-1.0, -1.0), "curve"),
            CriticalPoint((0.0, 0.0), "saddle"),
        )

    def curves(self) -> tuple[Floats, ...]:
        """v = 1/u in equal ratios over (±1, ±1), so that the bend is drawn as finely as the arms; as far as any map."""
        u = np.geomspace(1 / _FARTHEST, _FARTHEST, 2 * _VERTICES + 1)
        return tuple(np.stack([sign * u, sign / u], axis=1) for sign in (1.0, -1.0))
