"""Sign descent."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import learning_rate


class State(NamedTuple):
    """Sign descent has no state."""


class SignDescent(Optimizer):
    """A step by the sign of the slope."""

    name = "Sign descent"
    year = 2018
    source = "J. Bernstein et al. (2018), signSGD"
    watch = "Every step has the same length in every coordinate."
    equations = (("g", "grad(w)"), ("w", "w - η*sign(g)"))
    rate_unit = "length"
    scale_free = True

    learning_rate: float = learning_rate(1e-2)

    def init(self, w: Array) -> State:
        return State()

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        g = gradient(w)
        sign = jnp.sign(g)
        return w - self.learning_rate * sign, State(), Step(w, g, sign, self.learning_rate)
