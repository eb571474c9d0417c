"""A small tanh network with a learning rate for each layer, whose edge of trainability is a fractal."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from surfaces.calculus import Floats
from surfaces.parameter import POSITIVE, Interval, parameter
from surfaces.surface import Box, CriticalPoint, Surface


class TanhNetwork(Surface):
    r"""The mean squared error of a network with one hidden layer of tanh on random data, by D and v.

    $$ L(D, v) = \tfrac1N \sum_i \left( \tfrac1n\, v \cdot \tanh((W_0 + \sqrt\rho\, D)\, x_i) - y_i \right)^2 $$

    D (n, n) is how far the hidden layer has moved from its random start W₀, and begins at zero. Gradient descent with
    the learning rate η moves the hidden layer by −η ρ ∇W L, and the output layer v (n,) by −η ∇v L. So ρ is the
    learning rate of the hidden layer divided by that of the output layer. There are as many samples as weights, n² + n.

    In the plane of the two rates, the boundary between runs that converge and runs that diverge is a fractal
    (Sohl-Dickstein 2024, with n = 16).
    """

    name = "Tanh network"
    formula = r"\tfrac1N \sum_i \left( \tfrac1n v \cdot \tanh((W_0 + \sqrt\rho D) x_i) - y_i \right)^2"
    teaches = "The boundary between learning rates that train and learning rates that diverge is a fractal."
    source = "J. Sohl-Dickstein (2024), The boundary of neural network trainability is fractal, arXiv:2402.06184"
    theme = "models"
    axes = ("D₀₀", "D₀₁")

    ratio: float = parameter(
        "ρ",
        default=1.0,
        low=1e-2,
        high=1e2,
        log=True,
        legal=POSITIVE,
        tuned=False,
        title="ratio of learning rates",
        doc="Learning rate of the hidden layer divided by that of the output layer.",
    )
    width: int = parameter(
        "n",
        default=8,
        low=2,
        high=16,
        integer=True,
        legal=Interval(1.0, 64.0),
        tuned=False,
        doc="Number of inputs, and of hidden neurons.",
    )

    def _drawn(self) -> tuple[Floats, Floats, Floats, Floats]:
        """W₀ (n, n), the initial v (n,), and the data x (N, n) and y (N,), all drawn from the normal distribution."""
        n, rng = int(self.width), np.random.default_rng(0)
        samples = n * n + n
        hidden, output = rng.standard_normal((n, n)), rng.standard_normal(n)
        return hidden, output, rng.standard_normal((samples, n)), rng.standard_normal(samples)

    def __call__(self, w: Array) -> Array:
        n = int(self.width)
        hidden, _, x, y = (jnp.asarray(values, w.dtype) for values in self._drawn())
        runs = w.shape[1:]
        ones = [1] * len(runs)
        ratio = jnp.reshape(self.ratio, (1, 1, -1, *ones[1:])[: 2 + len(runs)])  # one number, or one number per run
        weights = hidden.reshape(n, n, *ones) + jnp.sqrt(ratio) * w[: n * n].reshape(n, n, *runs)
        activations = jnp.tanh(jnp.einsum("hi...,di->h...d", weights, x))
        outputs = jnp.sum(w[n * n :][..., None] * activations, axis=0) / n
        return jnp.mean((outputs - y.reshape(*ones, -1)) ** 2, axis=-1)

    @property
    def domain(self) -> Box:
        return (-1.0, 1.0), (-1.0, 1.0)

    @property
    def start(self) -> tuple[Any, ...]:
        n = int(self.width)
        return (*[0.0] * (n * n), *self._drawn()[1].tolist())

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return ()
