"""Nesterov's accelerated gradient in the look-ahead form."""

import math
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import learning_rate, momentum


class State(NamedTuple):
    """a: the velocity."""

    a: Array


class Nesterov(Optimizer):
    r"""Momentum that looks ahead along the velocity and takes the gradient there (Nesterov 1983).

    $$ a \leftarrow \beta a + \nabla L(w - \eta \beta a), \qquad w \leftarrow w - \eta a, \qquad a_0 = 0 $$

    The ball on the map is w; the gradient is taken ahead of it. `optax.sgd(η, momentum=β, nesterov=True)` and
    `torch.optim.SGD(lr=η, momentum=β, nesterov=True)` return the look-ahead points w − η β a of this path.
    """

    name = "Nesterov"
    year = 1983
    predecessor = "momentum"
    idea = "Look ahead along the velocity, and brake before the minimum."
    source = "Y. Nesterov (1983), A method for solving the convex programming problem with rate O(1/k²)"
    libraries = (
        ("optax", "sgd(learning_rate, momentum, nesterov=True)"),
        ("PyTorch", "SGD(momentum, lr=0.001, nesterov=True)"),
        ("Keras", "SGD(momentum, learning_rate=0.01, nesterov=True)"),
    )
    watch = (
        "The look-ahead brakes before the minimum: if the curvature is at most 1/η, it overshoots less than momentum "
        "with the same η and β."
    )
    equations = (("g", "grad(w - η*β*a)"), ("a", "β*a + g"), ("w", "w - η*a"))

    linear = True

    learning_rate: float = learning_rate(1e-2)
    momentum: float = momentum()

    def init(self, w: Array) -> State:
        return State(a=jnp.zeros_like(w))

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        ahead = w - self.learning_rate * self.momentum * state.a
        g = gradient(ahead)
        a = self.momentum * state.a + g
        parts = {
            "momentum": -self.learning_rate * self.momentum * state.a,
            "gradient": -self.learning_rate * g,
        }
        return w - self.learning_rate * a, State(a), Step(ahead, g, a, self.learning_rate, parts)

    def stability_limit(self) -> float:
        return (2 + 2 * self.momentum) / ((1 + 2 * self.momentum) * self.learning_rate)

    @classmethod
    def fastest(cls, low: float, high: float) -> dict[str, float]:
        root = math.sqrt(3 * high / low + 1)  # L. Lessard, B. Recht & A. Packard (2016), proposition 12
        return {"learning_rate": 4 / (3 * high + low), "momentum": (root - 2) / (root + 2)}
