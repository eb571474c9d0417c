"""Noise on the weights."""

from __future__ import annotations

import jax
from jax import Array

from surfaces.network.mlp import MLP
from surfaces.network.regularizer import Regularizer
from surfaces.parameter import NON_NEGATIVE, parameter


class WeightNoise(Regularizer):
    r"""The gradient of a step is taken at weights with Gaussian noise, drawn anew in every step.

    $$ L(w + \sigma\, \xi), \qquad \xi \sim \mathcal N(0, 1) $$

    The noise is on all weights, also on biases.
    """

    name = "Weight noise"
    formula = r"L\bigl(w + \sigma\, \mathcal N(0, 1)\bigr)"
    about = "The gradient of a step is taken at weights with Gaussian noise, drawn anew in every step."
    source = "A. F. Murray & P. J. Edwards (1994), Enhanced MLP performance resulting from synaptic weight noise"
    place = "weights"
    strength = "sigma"

    sigma: float = parameter(
        "σ",
        default=0.05,
        low=0.0,
        high=0.5,
        legal=NON_NEGATIVE,
        tuned=False,
        title="Weight noise",
        doc="Standard deviation of the noise on the weights.",
    )

    def weights(self, model: MLP, w: Array, key: Array) -> Array:
        return w + self.sigma * jax.random.normal(key, w.shape, w.dtype)
