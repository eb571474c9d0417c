"""Mixup, a change of the batch."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from surfaces.network.regularizer import Regularizer
from surfaces.parameter import NON_NEGATIVE, parameter


class Mixup(Regularizer):
    r"""Each sample of a batch is averaged with another one, inputs and targets alike.

    $$ x_i \leftarrow m\, x_i + (1 - m)\, x_{\pi(i)}, \qquad y_i \leftarrow m\, y_i + (1 - m)\, y_{\pi(i)}, \qquad
    m \sim \mathrm{Beta}(\alpha, \alpha) $$

    The permutation π and the weight m are drawn once for each batch, as in the authors' code. If T has Student's
    distribution with 2α degrees of freedom, ½ + ½ T/√(2α + T²) has the distribution Beta(α, α), and the polar method
    of Bailey (1994) gives T from two uniform numbers. At α = 0, m is 0 or 1.
    """

    name = "Mixup"
    formula = r"x_i \leftarrow m\, x_i + (1 - m)\, x_{\pi(i)}, \quad m \sim \mathrm{Beta}(\alpha, \alpha)"
    about = "Each sample is averaged with another one of its batch, inputs and targets alike."
    source = "H. Zhang, M. Cisse, Y. N. Dauphin & D. Lopez-Paz (2018), mixup: beyond empirical risk minimization"
    place = "inputs"
    strength = "alpha"

    alpha: float = parameter(
        "α",
        default=0.2,
        low=0.0,
        high=2.0,
        legal=NON_NEGATIVE,
        tuned=False,
        title="Mixup",
        doc="Parameter of the distribution Beta(α, α) of the weight of each sample in its average with another.",
    )

    def batch(self, x: Array, y: Array, key: Array) -> tuple[Array, Array]:
        first, second, third = jax.random.split(key, 3)
        # jax.random.beta has loops that take ten seconds to compile here
        power = jax.random.uniform(first, (), x.dtype) ** (1 / jnp.asarray(self.alpha, x.dtype))
        cosine = jnp.cos(2 * jnp.pi * jax.random.uniform(second, (), x.dtype))
        m = 0.5 + 0.5 * cosine / jnp.sqrt(cosine**2 + power / (1 - power))
        partner = jax.random.permutation(third, len(x))
        return m * x + (1 - m) * x[partner], m * y + (1 - m) * y[partner]
