"""Adadelta."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import decay, epsilon


class State(NamedTuple):
    """G, H: running means of squared gradients and of squared steps."""

    G: Array
    H: Array


class Adadelta(Optimizer):
    r"""Gradients scaled by the root mean square of past steps over that of past gradients (Zeiler 2012).

    $$ G \leftarrow \gamma G + (1 - \gamma) g^2, \quad
       \Delta = \frac{\sqrt{H + \varepsilon}}{\sqrt{G + \varepsilon}}\, g, \quad w \leftarrow w - \Delta, \quad
       H \leftarrow \gamma H + (1 - \gamma) \Delta^2 $$

    Δ uses the H of the previous step. Equal to `optax.adadelta(1.0, rho=γ, eps=ε)` and `torch.optim.Adadelta(lr=1)`.
    Without a learning rate optax's version climbs, because it omits the minus sign.

    ε starts the motion: with H = 0, each coordinate of the first step has length √(ε/(1 − γ)) if its gradient is far
    above this number. The larger ε is, the sooner the steps become long.
    """

    name = "Adadelta"
    year = 2012
    predecessor = "adagrad"
    idea = "Forget old gradients, and measure steps in units of past steps, so that no learning rate is needed."
    source = "M. D. Zeiler (2012), ADADELTA: an adaptive learning rate method, algorithm 1"
    libraries = (
        ("optax", "adadelta(learning_rate=None, rho=0.9, eps=1e-06)"),
        ("PyTorch", "Adadelta(lr=1.0, rho=0.9, eps=1e-06)"),
        ("Keras", "Adadelta(learning_rate=0.001, rho=0.95, epsilon=1e-07)"),
    )
    watch = (
        "It has no learning rate. As gradients and steps fade, its effective rate tends to 1, so it settles if the "
        "largest curvature is below 2 and keeps moving if it is above 2."
    )
    beginning = (
        "Each coordinate of the first step is at most √(ε/(1 − γ)) long (0.003 with the default values), and on a "
        "constant slope the steps grow slowly from there: a slow start is normal."
    )
    equations = (
        ("g", "grad(w)"),
        ("G", "γ*G + (1 - γ)*g**2"),
        ("Δ", "sqrt(H + ε)/sqrt(G + ε)*g"),
        ("w", "w - Δ"),
        ("H", "γ*H + (1 - γ)*Δ**2"),
    )
    scale_free = True

    decay: float = decay(0.9)
    epsilon: float = epsilon(1e-6)

    def init(self, w: Array) -> State:
        return State(G=jnp.zeros_like(w), H=jnp.zeros_like(w))

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        g = gradient(w)
        G = self.decay * state.G + (1 - self.decay) * g**2
        rate = jnp.sqrt(state.H + self.epsilon) / jnp.sqrt(G + self.epsilon)
        delta = rate * g
        H = self.decay * state.H + (1 - self.decay) * delta**2
        return w - delta, State(G, H), Step(w, g, g, rate, values={"Δ": delta})
