"""Matrix factorization in its smallest case: curves of minima that run from sharp to flat."""

import numpy as np
from jax import Array
from numpy.typing import ArrayLike

from surfaces.calculus import Floats
from surfaces.surface import Box, CriticalPoint, Surface

_VERTICES = 200
_FARTHEST = 20.0
_BISECTIONS = 60  # enough to shrink a bracket of a few hundred to the resolution of float64


class MatrixFactorization(Surface):
    r"""The smallest linear network with two layers, v · u · x for the target x: both branches of uv = 1 are minima.

    $$ L(u, v) = \tfrac12 (uv - 1)^2 $$

    On both curves one curvature is zero and the other is u² + 1/u²: 2 at (1, 1), and larger further out. Gradient
    descent is stable on them where u² + v² < 2/η; from a sharp minimum a larger η catapults it to a flatter one. The
    origin is a saddle with curvatures ±1.
    """

    name = "Matrix factorization"
    formula = r"\tfrac12 (uv - 1)^2"
    teaches = "The minima form curves: up to η = 0.2, a larger learning rate takes SGD to a flatter minimum."
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
        """Both branches of v = 1/u, far beyond the domain, with vertices in equal ratios for smooth bends."""
        u = np.geomspace(1 / _FARTHEST, _FARTHEST, 2 * _VERTICES + 1)
        return tuple(np.stack([sign * u, sign / u], axis=1) for sign in (1.0, -1.0))

    def nearest_on_curve(self, w: ArrayLike, k: int) -> Floats:
        """The nearest points on the branch ±(e^τ, e^−τ), by bisection in τ.

        Half the derivative of the squared distance to (a, b) is (e^τ − a) e^τ − (e^−τ − b) e^−τ. It is negative one
        vertex before the nearest vertex of the polyline and positive one vertex after it, which brackets its root.
        """
        sign = 1.0 if k == 0 else -1.0
        points = sign * np.asarray(w, dtype=float)
        a, b = points[..., 0], points[..., 1]
        vertices = np.log(self.curves()[0][:, 0])
        gaps = (np.exp(vertices) - a[..., None]) ** 2 + (np.exp(-vertices) - b[..., None]) ** 2
        nearest, apart = vertices[np.argmin(gaps, axis=-1)], vertices[1] - vertices[0]
        # beyond the polyline, |τ| of the nearest point is at most log(1 + the larger coordinate of the point)
        beyond = np.log1p(np.maximum(abs(a), abs(b)))
        low = np.where(nearest == vertices[0], np.minimum(nearest - apart, -beyond), nearest - apart)
        high = np.where(nearest == vertices[-1], np.maximum(nearest + apart, beyond), nearest + apart)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            rising = (np.exp(middle) - a) * np.exp(middle) - (np.exp(-middle) - b) * np.exp(-middle) > 0
            low, high = np.where(rising, low, middle), np.where(rising, middle, high)
        return sign * np.stack([np.exp((low + high) / 2), np.exp(-(low + high) / 2)], axis=-1)
