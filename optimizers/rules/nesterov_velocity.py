"""Nesterov's accelerated gradient after the change of variables."""

import math
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import learning_rate, momentum


class State(NamedTuple):
    """v: the velocity, which is −η times that of the look-ahead form."""

    v: Array


class NesterovVelocity(Optimizer):
    r"""Nesterov's method written for the look-ahead point x (Bengio, Boulanger-Lewandowski & Pascanu 2013).

    $$ v_{\text{prev}} = v, \qquad v \leftarrow \rho v - \eta \nabla L(x), \qquad
       x \leftarrow x + v + \rho (v - v_{\text{prev}}), \qquad v_0 = 0 $$

    For constant η and ρ = β it is the same method as `nesterov`: x is the look-ahead point of that rule,
    x = w − η β a = w + ρ v, and the gradient is taken at x itself. The equations call this point w. Equal to
    `optax.sgd(η, momentum=ρ, nesterov=True)` and `torch.optim.SGD(lr=η, momentum=ρ, nesterov=True)`. Keras's
    `SGD(η, momentum=ρ, nesterov=True)` has this form.
    """

    name = "Nesterov (velocity form)"
    year = 2013
    predecessor = "nesterov"
    idea = "Write Nesterov's method at the look-ahead point, where the gradient is taken."
    source = "Y. Bengio, N. Boulanger-Lewandowski & R. Pascanu (2013), Advances in optimizing recurrent networks"
    libraries = (
        ("optax", "sgd(learning_rate, momentum, nesterov=True)"),
        ("PyTorch", "SGD(momentum, lr=0.001, nesterov=True)"),
        ("Keras", "SGD(momentum, learning_rate=0.01, nesterov=True)"),
    )
    watch = (
        "It is Nesterov's method in another variable: with the same constant η and momentum its ball is ρ v ahead of "
        "Nesterov's, and if one of them settles, the other settles at the same point."
    )
    equations = (
        ("g", "grad(w)"),
        ("v_prev", "v"),
        ("v", "ρ*v - η*g"),
        ("w", "w + v + ρ*(v - v_prev)"),
    )

    linear = True

    learning_rate: float = learning_rate(1e-2)
    momentum: float = momentum(symbol="ρ")

    def init(self, w: Array) -> State:
        return State(v=jnp.zeros_like(w))

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        g = gradient(w)
        v = self.momentum * state.v - self.learning_rate * g
        move = v + self.momentum * (v - state.v)
        parts = {
            "momentum": self.momentum * self.momentum * state.v,
            "gradient": -(1 + self.momentum) * self.learning_rate * g,
        }
        # v includes the learning rate, so the rate is 1
        return w + move, State(v), Step(w, g, -move, 1.0, parts, values={"v_prev": state.v})

    def stability_limit(self) -> float:
        return (2 + 2 * self.momentum) / ((1 + 2 * self.momentum) * self.learning_rate)

    @classmethod
    def fastest(cls, low: float, high: float) -> dict[str, float]:
        root = math.sqrt(3 * high / low + 1)  # L. Lessard, B. Recht & A. Packard (2016), proposition 12
        return {"learning_rate": 4 / (3 * high + low), "momentum": (root - 2) / (root + 2)}
