"""Adagrad."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import convention, epsilon, learning_rate


class State(NamedTuple):
    """G: the sum of squared gradients."""

    G: Array


class Adagrad(Optimizer):
    r"""Gradients divided by the root of the sum of their squares, per coordinate (Duchi, Hazan & Singer 2011).

    $$ G \leftarrow G + g^2, \qquad w \leftarrow w - \frac{\eta}{\sqrt{G + \varepsilon}}\, g, \qquad G_0 = 0 $$

    The textbook's formula is `optax.adagrad(η, initial_accumulator_value=0, eps=ε)`. Convention "optax" is
    `optax.adagrad(η, eps=ε)`, and Keras's: it starts at G₀ = 0.1, which is not scale-free, because 0.1 has the unit of
    a squared gradient. Convention "pytorch" is `torch.optim.Adagrad(lr=η, eps=ε)`: √G + ε, with ε outside the root.

    ε prevents 0/0 while all gradients so far are zero. The first step has length η if |g| is far above √ε (above ε, if
    ε is outside the root), and length η |g|/√ε (η |g|/ε) if |g| is far below.
    """

    name = "Adagrad"
    year = 2011
    predecessor = "sgd"
    idea = "Give each coordinate its own learning rate, which falls as its squared gradients add up."
    source = "J. Duchi, E. Hazan & Y. Singer (2011), Adaptive subgradient methods for online learning"
    libraries = (
        ("optax", "adagrad(learning_rate, initial_accumulator_value=0.1, eps=1e-07)"),
        ("PyTorch", "Adagrad(lr=0.01, initial_accumulator_value=0, eps=1e-10)"),
        ("Keras", "Adagrad(learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-07)"),
    )
    watch = (
        "G never falls, so the effective learning rate η/√(G + ε) never rises, and a steep start slows down the whole "
        "run. On a constant slope, step t has length η/√t."
    )
    equations = (("g", "grad(w)"), ("G", "G + g**2"), ("w", "w - η/sqrt(G + ε)*g"))
    differences = (("pytorch", "w", "w - η/(sqrt(G) + ε)*g"),)
    rate_unit = "length"
    scale_free = True
    preconditioned = True

    learning_rate: float = learning_rate(1e-2)
    epsilon: float = epsilon()
    convention: str = convention("PyTorch puts ε outside the root; optax and Keras start with G = 0.1.")

    def init(self, w: Array) -> State:
        return State(G=jnp.full_like(w, 0.1 if self.convention == "optax" else 0.0))

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        g = gradient(w)
        state = State(G=state.G + g**2)
        rate = self.learning_rate / self.preconditioner(state)
        return w - rate * g, state, Step(w, g, g, rate)

    def preconditioner(self, state: State) -> Array:
        if self.convention == "pytorch":
            return jnp.sqrt(state.G) + self.epsilon
        return jnp.sqrt(state.G + self.epsilon)

    def stability_limit(self) -> float:
        return 2 / self.learning_rate
