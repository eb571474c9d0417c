"""Linear regression: the loss of a straight line through data."""

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from surfaces.parameter import POSITIVE, parameter
from surfaces.surface import Box, CriticalPoint, Surface

_SAMPLES = 40
_rng = np.random.default_rng(0)
_FEATURE = np.linspace(-1.7, 1.7, _SAMPLES)
_FEATURE = (_FEATURE - _FEATURE.mean()) / _FEATURE.std()
_TARGET = 0.5 + 1.5 * _FEATURE + 0.6 * _rng.standard_normal(_SAMPLES)


class LinearRegression(Surface):
    r"""The mean squared error of ŷ = w x + b over 40 samples, a loss surface of two parameters.

    $$ L(w, b) = \frac1N \sum_i (w x_i + b - y_i)^2, \qquad x_i = \text{offset} + \text{scale} \cdot z_i $$

    The feature z is standardised, so the Hessian is 2 [[μ² + s², μ], [μ, 1]] and its condition number κ satisfies
    κ + 1/κ + 2 = (1 + μ² + s²)²/s². With offset 0 and scale 1 the bowl is round: κ = 1. An offset of 5 alone raises κ
    to about 727, and a scale of 10 alone raises it to 100.
    """

    name = "Linear regression"
    formula = r"\tfrac1N \sum_i (w x_i + b - y_i)^2"
    teaches = "The data shape the surface: shifting or scaling the feature turns a round bowl into a ravine."
    source = "C. F. Gauss (1809), Theoria motus"
    theme = "models"
    quadratic = True
    axes = ("w", "b")

    offset: float = parameter("μ", default=1.0, low=-5.0, high=5.0, tuned=False, doc="Mean of the feature.")
    scale: float = parameter(
        "s",
        default=1.0,
        low=0.1,
        high=10.0,
        log=True,
        legal=POSITIVE,
        tuned=False,
        doc="Standard deviation of the feature.",
    )
    feature: Any = dataclasses.field(default_factory=lambda: _FEATURE)
    target: Any = dataclasses.field(default_factory=lambda: _TARGET)

    @property
    def data(self) -> tuple[Array, Array]:
        return self.feature, self.target

    def loss(self, w: Array, batch: tuple[Array, Array], key: Array | None = None, train: bool = True) -> Array:
        z, y = (v.reshape(v.shape + (1,) * (w.ndim - v.ndim)) for v in batch)
        slope, intercept = w[0:1], w[1:2]
        # axis 0 holds the samples and axis 1 the runs; a parameter is one number or one number per run
        row = (1, -1, *[1] * (w.ndim - 2))[: w.ndim]
        x = jnp.reshape(self.offset, row) + jnp.reshape(self.scale, row) * z
        return jnp.mean((slope * x + intercept - y) ** 2, axis=0)

    def __call__(self, w: Array) -> Array:
        return self.loss(w, self.data)

    def _best(self) -> tuple[float, float]:
        """The least-squares solution in closed form, which `Rotated` can compute while it is traced."""
        z, y = self.feature, self.target
        slope = ((z - z.mean()) * (y - y.mean())).mean() / ((z - z.mean()) ** 2).mean() / self.scale
        return slope, y.mean() - slope * (self.offset + self.scale * z.mean())

    @property
    def domain(self) -> Box:
        w, b = self._best()
        return (w - 3.6, w + 3.6), (b - 2.2, b + 2.2)

    @property
    def start(self) -> tuple[float, ...]:
        w, b = self._best()
        return (w - 2.8, b + 1.4)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        slope, intercept = self._best()
        return (CriticalPoint((float(slope), float(intercept)), "minimum"),)
