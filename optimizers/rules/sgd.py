"""Gradient descent."""

from typing import NamedTuple

from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import learning_rate


class State(NamedTuple):
    """Gradient descent has no state."""


class SGD(Optimizer):
    r"""A step against the gradient (Cauchy 1847); stochastic if the gradient is a sample's (Robbins & Monro 1951).

    $$ w \leftarrow w - \eta \nabla L(w) $$

    Equal to `optax.sgd(η)` and `torch.optim.SGD(lr=η)`.
    """

    name = "SGD"
    year = 1847
    idea = "Step against the gradient, which points uphill."
    source = "A.-L. Cauchy (1847); H. Robbins & S. Monro (1951), A stochastic approximation method"
    libraries = (
        ("optax", "sgd(learning_rate)"),
        ("PyTorch", "SGD(lr=0.001)"),
        ("Keras", "SGD(learning_rate=0.01)"),
    )
    watch = (
        "On a quadratic with largest curvature λ it diverges for η > 2/λ. Far below this limit, half the learning rate "
        "takes twice as many steps."
    )
    equations = (("g", "grad(w)"), ("w", "w - η*g"))

    linear = True

    learning_rate: float = learning_rate(1e-2)

    def init(self, w: Array) -> State:
        return State()

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        g = gradient(w)
        return w - self.learning_rate * g, State(), Step(w, g, g, self.learning_rate)

    def stability_limit(self) -> float:
        return 2 / self.learning_rate

    @classmethod
    def fastest(cls, low: float, high: float) -> dict[str, float]:
        return {"learning_rate": 2 / (low + high)}
