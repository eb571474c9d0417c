"""AdamW."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import beta1, beta2, epsilon, learning_rate, weight_decay


class State(NamedTuple):
    """m, v: the moments; b1, b2: the running products β₁ᵗ and β₂ᵗ."""

    m: Array
    v: Array
    b1: Array
    b2: Array


class AdamW(Optimizer):
    r"""Adam with decoupled weight decay, which bypasses the moments (Loshchilov & Hutter 2019).

    $$ w \leftarrow w - \eta \left( \frac{\hat m}{\sqrt{\hat v} + \varepsilon} + \lambda w \right) $$

    The moments m̂ and v̂ are Adam's. Equal to `optax.adamw(η, β₁, β₂, eps=ε, weight_decay=λ)` and `torch.optim.AdamW`.
    The default λ is PyTorch's 0.01; optax's is 10⁻⁴. The `weight_decay` of PyTorch's Adam is a different rule: it adds
    the gradient of the L2 penalty λ/2 ‖w‖² before the moments are updated.

    ε bounds the effective learning rate by η/ε, as in Adam, and does not affect the decay.
    """

    name = "AdamW"
    year = 2019
    predecessor = "adam"
    idea = "Decay the weights directly, not through the gradient."
    shown_on = "surface=rosenbrock"
    source = "I. Loshchilov & F. Hutter (2019), Decoupled weight decay regularization, algorithm 2"
    libraries = (
        ("optax", "adamw(learning_rate, b1=0.9, b2=0.999, eps=1e-08, weight_decay=0.0001)"),
        ("PyTorch", "AdamW(lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01)"),
        ("Keras", "AdamW(learning_rate=0.001, weight_decay=0.004, beta_1=0.9, beta_2=0.999, epsilon=1e-07)"),
    )
    watch = (
        "The decay pulls towards the origin, so for a while the run rests beside a minimum that lies elsewhere; this "
        "offset fades as v forgets the steep start. A minimum with a coordinate beyond ±1/λ stays out of reach."
    )
    equations = (
        ("g", "grad(w)"),
        ("m", "β1*m + (1 - β1)*g"),
        ("v", "β2*v + (1 - β2)*g**2"),
        ("m_hat", "m/(1 - β1**t)"),
        ("v_hat", "v/(1 - β2**t)"),
        ("w", "w - η*(m_hat/(sqrt(v_hat) + ε) + λ*w)"),
    )
    rate_unit = "length"
    scale_free = True
    preconditioned = True

    learning_rate: float = learning_rate(1e-3)
    beta1: float = beta1()
    beta2: float = beta2()
    epsilon: float = epsilon()
    weight_decay: float = weight_decay()

    def init(self, w: Array) -> State:
        one = jnp.ones_like(w[:1])
        return State(m=jnp.zeros_like(w), v=jnp.zeros_like(w), b1=one, b2=one)

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        g = gradient(w)
        m = self.beta1 * state.m + (1 - self.beta1) * g
        v = self.beta2 * state.v + (1 - self.beta2) * g**2
        b1, b2 = self.beta1 * state.b1, self.beta2 * state.b2
        m_hat, v_hat = m / (1 - b1), v / (1 - b2)
        rate = self.learning_rate / (jnp.sqrt(v_hat) + self.epsilon)
        shrink = -self.learning_rate * self.weight_decay * w
        step = Step(w, g, m_hat, rate, extras={"decay": shrink}, values={"m_hat": m_hat, "v_hat": v_hat})
        return w - rate * m_hat + shrink, State(m, v, b1, b2), step

    def preconditioner(self, state: State) -> Array:
        return jnp.sqrt(state.v / (1 - state.b2)) + self.epsilon

    def stability_limit(self) -> float:
        return (1 + self.beta1) * (2 - self.learning_rate * self.weight_decay) / ((1 - self.beta1) * self.learning_rate)
