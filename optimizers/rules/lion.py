"""Lion."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import beta1, beta2, learning_rate, weight_decay


class State(NamedTuple):
    """m: the mean of gradients."""

    m: Array


class Lion(Optimizer):
    r"""A step of η in every coordinate, against the sign of its mean gradient (Chen et al. 2023).

    $$ c = \beta_1 m + (1 - \beta_1) g, \qquad w \leftarrow w - \eta (\operatorname{sign}(c) + \lambda w), \qquad
       m \leftarrow \beta_2 m + (1 - \beta_2) g $$

    It was found by a search over programs, not derived. Equal to `optax.lion(η, β₁, β₂, weight_decay=λ)`, whose default
    λ is 10⁻³, and to Keras's `Lion(η, β₁, β₂, weight_decay=λ)`; PyTorch does not have it. There is no ε, because there
    is no division.
    """

    name = "Lion"
    year = 2023
    predecessor = "adamw"
    idea = "Keep only the sign of the mean gradient, so that all coordinates step equally far."
    source = "X. Chen et al. (2023), Symbolic discovery of optimization algorithms, algorithm 2"
    libraries = (
        ("optax", "lion(learning_rate, b1=0.9, b2=0.99, weight_decay=0.001)"),
        ("Keras", "Lion(learning_rate=0.001, beta_1=0.9, beta_2=0.99)"),
    )
    watch = (
        "Its steps do not shrink with the gradient: near a minimum each coordinate keeps jumping by η, and only a "
        "schedule that lowers η lets it settle."
    )
    equations = (
        ("g", "grad(w)"),
        ("c", "β1*m + (1 - β1)*g"),
        ("w", "w - η*(sign(c) + λ*w)"),
        ("m", "β2*m + (1 - β2)*g"),
    )
    rate_unit = "length"
    scale_free = True

    learning_rate: float = learning_rate(1e-4)
    beta1: float = beta1()
    beta2: float = beta2(0.99)
    weight_decay: float = weight_decay(0.0)

    def init(self, w: Array) -> State:
        return State(m=jnp.zeros_like(w))

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        g = gradient(w)
        c = self.beta1 * state.m + (1 - self.beta1) * g
        m = self.beta2 * state.m + (1 - self.beta2) * g
        direction = jnp.sign(c)
        shrink = -self.learning_rate * self.weight_decay * w
        step = Step(w, g, direction, self.learning_rate, extras={"decay": shrink}, values={"c": c})
        return w - self.learning_rate * direction + shrink, State(m), step
