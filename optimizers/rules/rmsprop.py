"""RMSprop."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import convention, decay, epsilon, learning_rate


class State(NamedTuple):
    """G: the running mean of squared gradients."""

    G: Array


class RMSprop(Optimizer):
    r"""Gradients divided by their recent root mean square, per coordinate (Tieleman & Hinton 2012).

    $$ G \leftarrow \gamma G + (1 - \gamma) g^2, \qquad w \leftarrow w - \frac{\eta}{\sqrt{G + \varepsilon}}\, g,
       \qquad G_0 = 0 $$

    Conventions "textbook" and "optax" are `optax.rmsprop(η, decay=γ, eps=ε)`, and Keras's `RMSprop(η, rho=γ,
    epsilon=ε)`. Convention "pytorch" is `torch.optim.RMSprop(lr=η, alpha=γ, eps=ε)`: √G + ε, with ε outside the
    root. The default γ is 0.99 in PyTorch and 0.9 in the others.

    ε bounds the effective learning rate by η/√ε (by η/ε, if it is outside the root). Where ε dominates the root, the
    rule is gradient descent at this rate.
    """

    name = "RMSprop"
    year = 2012
    predecessor = "adagrad"
    idea = "Forget old gradients, so that steps do not die out."
    shown_on = "surface=rosenbrock"
    source = "T. Tieleman & G. Hinton (2012), Neural networks for machine learning, lecture 6.5"
    libraries = (
        ("optax", "rmsprop(learning_rate, decay=0.9, eps=1e-08, eps_in_sqrt=True)"),
        ("PyTorch", "RMSprop(lr=0.01, alpha=0.99, eps=1e-08)"),
        ("Keras", "RMSprop(learning_rate=0.001, rho=0.9, epsilon=1e-07)"),
    )
    watch = (
        "It forgets old gradients, so its steps do not die out: near a minimum with a curvature far above 2 √ε/η it "
        "keeps jumping by about η in each coordinate."
    )
    equations = (("g", "grad(w)"), ("G", "γ*G + (1 - γ)*g**2"), ("w", "w - η/sqrt(G + ε)*g"))
    differences = (("pytorch", "w", "w - η/(sqrt(G) + ε)*g"),)
    rate_unit = "length"
    scale_free = True
    preconditioned = True

    learning_rate: float = learning_rate(1e-3)
    decay: float = decay(0.9)
    epsilon: float = epsilon()
    convention: str = convention("PyTorch puts ε outside the root.")

    def init(self, w: Array) -> State:
        return State(G=jnp.zeros_like(w))

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        g = gradient(w)
        state = State(G=self.decay * state.G + (1 - self.decay) * g**2)
        rate = self.learning_rate / self.preconditioner(state)
        return w - rate * g, state, Step(w, g, g, rate)

    def preconditioner(self, state: State) -> Array:
        if self.convention == "pytorch":
            return jnp.sqrt(state.G) + self.epsilon
        return jnp.sqrt(state.G + self.epsilon)

    def stability_limit(self) -> float:
        return 2 / self.learning_rate
