"""SAM."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import learning_rate
from surfaces.parameter import NON_NEGATIVE, parameter


class State(NamedTuple):
    """SAM on top of gradient descent has no state."""


class SAM(Optimizer):
    r"""A climb of length ρ along the gradient, then a descent with the gradient found there (Foret et al. 2021).

    $$ \hat w = w + \rho \frac{\nabla L(w)}{\lVert \nabla L(w) \rVert}, \qquad w \leftarrow w - \eta \nabla L(\hat w) $$

    A step takes two gradients, both of the same mini-batch. Where ∇L(w) = 0 there is no climb: a guard prevents
    0/0, and acts nowhere else. Equal to `optax.contrib.sam(sgd(η), normalize(ρ·sgd))` in opaque mode.
    """

    name = "SAM"
    year = 2021
    predecessor = "sgd"
    idea = "Take the gradient where the loss nearby is highest, which leads to flat minima."
    shown_on = "surface=sharp_and_flat"
    source = "P. Foret et al. (2021), Sharpness-aware minimization, algorithm 1 with p = 2"
    libraries = (("optax", "contrib.sam(optimizer, adv_optimizer, sync_period=2)"),)
    watch = (
        "A step costs two gradients, so compare it with other rules at equal numbers of evaluations. At a minimum with "
        "largest curvature λ < 2/η it keeps jumping from side to side, at a distance of η λ ρ/(2 − η λ)."
    )
    equations = (("h", "grad(w)"), ("u", "w + ρ*h/norm(h)"), ("g", "grad(u)"), ("w", "w - η*g"))

    learning_rate: float = learning_rate(1e-2)
    radius: float = parameter(
        "ρ", default=0.05, low=1e-3, high=1.0, log=True, legal=NON_NEGATIVE, doc="Length of the climb."
    )

    def init(self, w: Array) -> State:
        return State()

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        h = gradient(w)
        norm = jnp.sqrt(jnp.sum(h**2, axis=0, keepdims=True))
        u = w + self.radius * h / jnp.where(norm == 0, 1.0, norm)
        g = gradient(u)
        step = Step(u, g, g, self.learning_rate, values={"h": h, "u": u}, evaluations=2)
        return w - self.learning_rate * g, State(), step
