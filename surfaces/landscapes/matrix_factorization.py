"""One number as a product of two: a valley that runs from sharp to flat."""

import numpy as np
from jax import Array
from numpy.typing import ArrayLike

from surfaces.calculus import Floats
from surfaces.surface import Box, CriticalPoint, Surface

_VERTICES = 200
_FARTHEST = 20.0
_BISECTIONS = 60  # a bracket of at most a few hundred, to float64's resolution


class MatrixFactorization(Surface):
    r"""The smallest linear network of two layers, v · u · x for the target x: both branches of uv = 1 are minima.

    $$ L(u, v) = \tfrac12 (uv - 1)^2 $$

    On the curve one curvature is zero and the other u² + 1/u²: 2 at (1, 1), and more the further
    out. Gradient descent is stable on it where u² + v² < 2/η; from a sharp place a larger η catapults it to a flatter
    one. The origin is a saddle with curvatures ±1.
    """

    name = "Matrix factorization"
    formula = r"\tfrac12 (uv - 1)^2"
    teaches = "The minima form a curve: up to η = 0.2, SGD ends at a flatter one the larger its learning rate."
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

    def nearest_on_curve(self, w: ArrayLike, k: int) -> Floats:
        """On the branch ±(e^τ, e^−τ), where the distance stops changing along τ.

        Half the derivative of the squared distance to (a, b) is (e^τ − a) e^τ − (e^−τ − b) e^−τ. Its sign is that of
        τ far out, and on both sides of the nearest vertex of the polyline: bisection between them.
        """
        sign = 1.0 if k == 0 else -1.0
        points = sign * np.asarray(w, dtype=float)
        a, b = points[..., 0], points[..., 1]
        vertices = np.log(self.curves()[0][:, 0])
        gaps = (np.exp(vertices) - a[..., None]) ** 2 + (np.exp(-vertices) - b[..., None]) ** 2
        nearest, apart = vertices[np.argmin(gaps, axis=-1)], vertices[1] - vertices[0]
        # a point beyond the drawn part has its nearest place at most where e^|τ| is its own larger coordinate
        beyond = np.log1p(np.maximum(abs(a), abs(b)))
        low = np.where(nearest == vertices[0], np.minimum(nearest - apart, -beyond), nearest - apart)
        high = np.where(nearest == vertices[-1], np.maximum(nearest + apart, beyond), nearest + apart)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            rising = (np.exp(middle) - a) * np.exp(middle) - (np.exp(-middle) - b) * np.exp(-middle) > 0
            low, high = np.where(rising, low, middle), np.where(rising, middle, high)
        return sign * np.stack([np.exp((low + high) / 2), np.exp(-(low + high) / 2)], axis=-1)
