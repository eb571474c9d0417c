"""Newton's method."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import learning_rate


class State(NamedTuple):
    """Newton's method has no state."""


class Newton(Optimizer):
    r"""A jump to the stationary point of the local quadratic approximation (Newton 1669, Simpson 1740).

    $$ w \leftarrow w - \eta\, \bigl(\nabla^2 L(w)\bigr)^{-1} \nabla L(w) $$

    With η = 1 it is undamped and solves a quadratic in one step. Where the Hessian is singular, the step is not finite
    and the run counts as diverged. A step counts as 1 + n gradient evaluations: the gradient and n columns of the
    Hessian.
    """

    name = "Newton"
    year = 1740
    idea = "Use the curvature as well: jump to the minimum of the parabola with this slope and curvature."
    source = "T. Simpson (1740), Essays on several curious and useful subjects; J. Nocedal & S. Wright (2006), ch. 3"
    watch = (
        "It converges to stationary points of any kind: saddles and maxima attract it as minima do. It does not "
        "always reach the nearest stationary point."
    )
    equations = (("g", "grad(w)"), ("d", "solve(hessian(w), g)"), ("w", "w - η*d"))
    rate_unit = "none"
    scale_free = True
    dense = True
    linear = True

    learning_rate: float = learning_rate(1.0)

    def init(self, w: Array) -> State:
        return State()

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        g = gradient(w)
        hessian = jnp.moveaxis(gradient.hessian(w), (0, 1), (-2, -1))
        d = jnp.moveaxis(jnp.linalg.solve(hessian, jnp.moveaxis(g, 0, -1)[..., None])[..., 0], -1, 0)
        step = Step(w, g, d, self.learning_rate, values={"d": d}, evaluations=1 + w.shape[0])
        return w - self.learning_rate * d, State(), step
