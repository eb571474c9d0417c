"""Momentum."""

import math
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import learning_rate, momentum


class State(NamedTuple):
    """a: the velocity, a sum of past gradients, each multiplied by β in every later step."""

    a: Array


class Momentum(Optimizer):
    r"""The heavy ball: the velocity is a sum of past gradients, which fade by a factor β in each step (Polyak 1964).

    $$ a \leftarrow \beta a + \nabla L(w), \qquad w \leftarrow w - \eta a, \qquad a_0 = 0 $$

    There is no dampening, so on a constant slope g the steps grow to η g/(1 − β). Equal to `optax.sgd(η, momentum=β)`
    and `torch.optim.SGD(lr=η, momentum=β)`. Keras's `SGD(η, momentum=β)` stores v = −η a, which gives the same path as
    long as η is constant.

    Lecture notes differ in letters (ρ or γ for β) and in signs. The update v ← γ v − η g goes with w ← w + v, and
    v ← γ v + η g goes with w ← w − v. The mixture of v ← γ v − η g and w ← w − v climbs.
    """

    name = "Momentum"
    year = 1964
    predecessor = "sgd"
    idea = "Keep a velocity, so that past gradients keep pushing."
    source = "B. T. Polyak (1964), Some methods of speeding up the convergence of iteration methods"
    libraries = (
        ("optax", "sgd(learning_rate, momentum)"),
        ("PyTorch", "SGD(momentum, lr=0.001, dampening=0)"),
        ("Keras", "SGD(momentum, learning_rate=0.01)"),
    )
    watch = (
        "It overshoots a minimum with curvature λ if η λ > (1 − √β)², and swings back. Along the floor of a ravine, "
        "where η λ < 1, it is at most 2/(1 − β) times as fast as SGD with the same η."
    )
    equations = (("g", "grad(w)"), ("a", "β*a + g"), ("w", "w - η*a"))

    linear = True

    learning_rate: float = learning_rate(1e-2)
    momentum: float = momentum()

    def init(self, w: Array) -> State:
        return State(a=jnp.zeros_like(w))

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        g = gradient(w)
        a = self.momentum * state.a + g
        parts = {
            "momentum": -self.learning_rate * self.momentum * state.a,
            "gradient": -self.learning_rate * g,
        }
        return w - self.learning_rate * a, State(a), Step(w, g, a, self.learning_rate, parts)

    def stability_limit(self) -> float:
        return (2 + 2 * self.momentum) / self.learning_rate

    @classmethod
    def fastest(cls, low: float, high: float) -> dict[str, float]:
        least, most = math.sqrt(low), math.sqrt(high)  # Polyak (1964)
        return {"learning_rate": (2 / (most + least)) ** 2, "momentum": ((most - least) / (most + least)) ** 2}
