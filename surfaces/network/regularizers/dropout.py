"""Dropout, a change of the hidden layers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from surfaces.network.regularizer import Regularizer
from surfaces.parameter import UNIT, parameter


class Dropout(Regularizer):
    r"""Each output of a hidden layer is set to zero with the probability p, for each sample and in every step.

    $$ h \leftarrow \frac{b}{1 - p}\, h, \qquad b \sim \mathrm{Bernoulli}(1 - p) $$

    The factor 1/(1 − p) keeps the mean, so evaluation uses the network as it is, as `torch.nn.Dropout(p)` does.
    """

    name = "Dropout"
    formula = r"h \leftarrow \tfrac{1}{1 - p}\, b\, h, \quad b \sim \mathrm{Bernoulli}(1 - p)"
    about = "Each output of a hidden layer is set to zero with the probability p; the others are divided by 1 − p."
    source = "N. Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from overfitting"
    place = "layers"
    strength = "probability"

    probability: float = parameter(
        "p",
        default=0.5,
        low=0.0,
        high=0.9,
        legal=UNIT,
        tuned=False,
        title="Dropout",
        doc="Probability with which an output of a hidden layer is set to zero in a step.",
    )

    def hidden(self, h: Array, key: Array) -> Array:
        kept = jax.random.uniform(key, h.shape, h.dtype) >= self.probability
        return jnp.where(kept, h / (1 - self.probability), jnp.zeros_like(h))
