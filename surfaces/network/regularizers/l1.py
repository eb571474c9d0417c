"""L1, a penalty on the weights."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from surfaces.network.regularizer import Regularizer
from surfaces.parameter import NON_NEGATIVE, parameter


class L1(Regularizer):
    r"""The sum of the absolute weights as a term of the loss; it includes biases, like the L2 penalty of `Network`.

    $$ L(w) + \lambda \lVert w \rVert_1 $$

    Its gradient has the same length for small and large weights, so it pulls small ones to zero. The derivative of |w|
    at 0 is 0.
    """

    name = "L1"
    formula = r"\lambda \lVert w \rVert_1"
    about = "The sum of the absolute weights is added to the loss; it pulls small weights to zero."
    source = "R. Tibshirani (1996), Regression shrinkage and selection via the lasso"
    place = "loss"
    strength = "factor"
    random = False

    factor: float = parameter(
        "λ",
        default=1e-4,
        low=0.0,
        high=0.01,
        legal=NON_NEGATIVE,
        tuned=False,
        title="L1 penalty",
        doc="L1 penalty in the loss: λ ‖w‖₁.",
    )

    def penalty(self, w: Array) -> Array:
        return self.factor * jnp.sum(jnp.sign(w) * w)  # |w|, with the derivative 0 at 0 instead of 1
