"""Logistic regression: the loss of a classifier of two classes on a line."""

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from surfaces.parameter import NON_NEGATIVE, parameter
from surfaces.surface import Box, CriticalPoint, Surface, polished

_SAMPLES = 40
_rng = np.random.default_rng(1)
_LABEL = np.repeat([-1.0, 1.0], _SAMPLES // 2)
_FEATURE = _LABEL + 0.9 * _rng.standard_normal(_SAMPLES)
_FEATURE = (_FEATURE - _FEATURE.mean()) / _FEATURE.std()


class LogisticRegression(Surface):
    r"""The cross-entropy of p(y = 1) = σ(w x + b) over 40 samples of two overlapping classes, with a penalty on w.

    $$ L(w, b) = \tfrac1N \sum_i \ln\left( 1 + e^{-t_i (w x_i + b)} \right) + \tfrac\lambda2 w^2,
       \qquad t_i = \pm 1 $$

    The loss is convex and has a minimum because the classes overlap; on separable classes the weights would grow
    forever. For λ = 0 the slope never exceeds √(1 + mean x²) = √2, and far from the minimum the curvature vanishes.
    There the steps of Newton's method are too long: it diverges from (−4, 2), but converges from the default start.
    """

    name = "Logistic regression"
    formula = r"\tfrac1N \sum_i \ln\left( 1 + e^{-t_i (w x_i + b)} \right) + \tfrac\lambda2 w^2"
    teaches = "Convex, but not quadratic: far out the slope is constant, so SGD comes back at a constant speed."
    source = "D. R. Cox (1958), The regression analysis of binary sequences"
    theme = "models"
    axes = ("w", "b")

    decay: float = parameter(
        "λ",
        default=0.0,
        low=0.0,
        high=0.5,
        legal=NON_NEGATIVE,
        tuned=False,
        doc="Penalty λ/2 w² on w, but not on b.",
    )
    feature: Any = dataclasses.field(default_factory=lambda: _FEATURE)
    label: Any = dataclasses.field(default_factory=lambda: _LABEL)

    @property
    def data(self) -> tuple[Array, Array]:
        return self.feature, self.label

    def loss(self, w: Array, batch: tuple[Array, Array], key: Array | None = None, train: bool = True) -> Array:
        x, t = (v.reshape(v.shape + (1,) * (w.ndim - v.ndim)) for v in batch)
        margin = t * (w[0:1] * x + w[1:2])
        return jnp.mean(jnp.logaddexp(0.0, -margin), axis=0) + 0.5 * self.decay * w[0] ** 2

    def __call__(self, w: Array) -> Array:
        return self.loss(w, self.data)

    @property
    def domain(self) -> Box:
        return (-5.0, 6.0), (-3.6, 3.6)

    @property
    def start(self) -> tuple[float, ...]:
        return (-1.0, 1.0)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        # from 0 Newton's method converges for every λ, because the loss is convex and the feature standardised
        return polished(self, [CriticalPoint((0.0, 0.0), "minimum")])
