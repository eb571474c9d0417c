"""The loss of a network with one hidden neuron."""

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from surfaces.parameter import NON_NEGATIVE, parameter
from surfaces.surface import Box, CriticalPoint, Surface, polished

_SAMPLES = 40
_TRUTH = (1.2, 1.5)
_FEATURE = np.linspace(-2.0, 2.0, _SAMPLES)
_CLEAN = _TRUTH[1] * np.tanh(_TRUTH[0] * _FEATURE)
_NOISE = np.random.default_rng(0).standard_normal(_SAMPLES)


class TinyNetwork(Surface):
    r"""The mean squared error of v tanh(w x) over 40 samples of 1.5 tanh(1.2 x) with noise.

    $$ L(w, v) = \tfrac1N \sum_i \left( v \tanh(w x_i) - y_i \right)^2 $$

    Because tanh is odd, (−w, −v) is the same network as (w, v): the minimum has a twin, with a saddle at the origin
    between them. SGD that starts at zero weights stays there. For large |w| the neuron saturates, and the slope along
    w vanishes.
    """

    name = "Tiny network"
    formula = r"\tfrac1N \sum_i \left( v \tanh(w x_i) - y_i \right)^2"
    teaches = (
        "Flipping both signs gives the same network, with a saddle at zero weights: SGD never moves if it starts there."
    )
    source = "R. Hecht-Nielsen (1990), On the algebraic structure of feedforward network weight spaces"
    theme = "models"
    axes = ("w", "v")

    noise: float = parameter(
        "σ",
        default=0.2,
        low=0.0,
        high=1.0,
        legal=NON_NEGATIVE,
        tuned=False,
        doc="Standard deviation of the noise in the targets.",
    )
    feature: Any = dataclasses.field(default_factory=lambda: _FEATURE)
    clean: Any = dataclasses.field(default_factory=lambda: _CLEAN)
    disturbance: Any = dataclasses.field(default_factory=lambda: _NOISE)

    @property
    def data(self) -> tuple[Array, Array, Array]:
        return self.feature, self.clean, self.disturbance

    def loss(self, w: Array, batch: Any, key: Array | None = None, train: bool = True) -> Array:
        x, y, n = (v.reshape(v.shape + (1,) * (w.ndim - v.ndim)) for v in batch)
        noise = jnp.reshape(self.noise, (1, -1, *[1] * (w.ndim - 2))[: w.ndim])
        return jnp.mean((w[1:2] * jnp.tanh(w[0:1] * x) - y - noise * n) ** 2, axis=0)

    def __call__(self, w: Array) -> Array:
        return self.loss(w, self.data)

    @property
    def domain(self) -> Box:
        return (-3.4, 3.4), (-2.3, 2.3)

    @property
    def start(self) -> tuple[float, ...]:
        return (-2.4, 1.5)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        (best,) = polished(self, [CriticalPoint(_TRUTH, "minimum")])
        twin = best._replace(position=tuple(-x for x in best.position))
        return best, twin, CriticalPoint((0.0, 0.0), "saddle")
