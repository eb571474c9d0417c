"""Noise on the inputs, a change of the batch."""

from __future__ import annotations

import jax
from jax import Array

from surfaces.network.regularizer import Regularizer
from surfaces.parameter import NON_NEGATIVE, parameter


class InputNoise(Regularizer):
    r"""Gaussian noise is added to the inputs, drawn anew in every step.

    $$ x \leftarrow x + \sigma\, \xi, \qquad \xi \sim \mathcal N(0, 1) $$
    """

    name = "Input noise"
    formula = r"x \leftarrow x + \sigma\, \mathcal N(0, 1)"
    about = "Gaussian noise is added to the inputs, drawn anew in every step."
    source = "C. M. Bishop (1995), Training with noise is equivalent to Tikhonov regularization"
    place = "inputs"
    strength = "sigma"

    sigma: float = parameter(
        "σ",
        default=0.5,
        low=0.0,
        high=2.0,
        legal=NON_NEGATIVE,
        tuned=False,
        title="Input noise",
        doc="Standard deviation of the noise on the inputs, in the units of the networks' inputs.",
    )

    def batch(self, x: Array, y: Array, key: Array) -> tuple[Array, Array]:
        return x + self.sigma * jax.random.normal(key, x.shape, x.dtype), y
