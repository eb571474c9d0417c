"""DropConnect, a change of the weights."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from surfaces.network.mlp import MLP
from surfaces.network.regularizer import Regularizer
from surfaces.parameter import UNIT, parameter


class DropConnect(Regularizer):
    r"""Each entry of a weight matrix is set to zero with the probability p in every step.

    $$ W \leftarrow \frac{B}{1 - p} \odot W, \qquad B_{ij} \sim \mathrm{Bernoulli}(1 - p) $$

    Biases stay. The paper draws a matrix B for each sample; here, the samples of a batch share it, as in its code for
    convolutions. Evaluation uses the network as it is; the paper samples the sums of each neuron from a Gaussian there.
    """

    name = "DropConnect"
    formula = r"W \leftarrow \tfrac{1}{1 - p}\, B \odot W, \quad B_{ij} \sim \mathrm{Bernoulli}(1 - p)"
    about = "Each entry of a weight matrix is set to zero with the probability p; the others are divided by 1 − p."
    source = "L. Wan et al. (2013), Regularization of neural networks using DropConnect"
    place = "weights"
    strength = "probability"

    probability: float = parameter(
        "p",
        default=0.3,
        low=0.0,
        high=0.9,
        legal=UNIT,
        tuned=False,
        title="DropConnect",
        doc="Probability with which an entry of a weight matrix is set to zero in a step.",
    )

    def weights(self, model: MLP, w: Array, key: Array) -> Array:
        kept = jax.random.uniform(key, w.shape, w.dtype) >= self.probability
        dropped = jnp.where(kept, w / (1 - self.probability), jnp.zeros_like(w))
        pairs = zip(model.unravel(w), model.unravel(dropped), strict=True)
        return model.ravel([layer._replace(W=thinned.W) for layer, thinned in pairs])
