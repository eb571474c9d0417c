"""Nadam."""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import beta1, beta2, convention, epsilon, learning_rate


class State(NamedTuple):
    """m, v: the moments; b1, b2: the running products of β₁ (or μ) and of β₂."""

    m: Array
    v: Array
    b1: Array
    b2: Array


class Nadam(Optimizer):
    r"""Adam with Nesterov's look-ahead in its mean of gradients (Dozat 2016).

    $$ m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
       \hat m = \frac{\beta_1 m}{1 - \beta_1^{t+1}} + \frac{(1 - \beta_1) g}{1 - \beta_1^t}, \quad
       \hat v = \frac{v}{1 - \beta_2^t}, \quad w \leftarrow w - \eta \frac{\hat m}{\sqrt{\hat v} + \varepsilon} $$

    Conventions "textbook" and "optax" are `optax.nadam(η, β₁, β₂, eps=ε)`. Convention "pytorch" is
    `torch.optim.NAdam(lr=η, betas=(β₁, β₂), eps=ε)`: in m̂ it replaces β₁ by Dozat's warm-up of the momentum,
    μ_t = β₁(1 − ½·0.96^{0.004 t}), which rises from β₁/2 to within 1 % of β₁ in 24,000 steps. Keras has 0.96ᵗ instead
    of 0.96^{0.004 t}, and needs 96 steps for this. PyTorch computes the product of the μ in float32, so the paths agree
    to 10⁻⁹ only.

    ε bounds the effective learning rate by η/ε, as in Adam.
    """

    name = "Nadam"
    year = 2016
    predecessor = "adam"
    idea = "Look ahead along the mean gradient, as Nesterov does along the velocity."
    shown_on = "surface=rosenbrock"
    source = "T. Dozat (2016), Incorporating Nesterov momentum into Adam, algorithm 2"
    libraries = (
        ("optax", "nadam(learning_rate, b1=0.9, b2=0.999, eps=1e-08)"),
        ("PyTorch", "NAdam(lr=0.002, betas=(0.9, 0.999), eps=1e-08, momentum_decay=0.004)"),
        ("Keras", "Nadam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07)"),
    )
    watch = (
        "After the first steps the current gradient has the weight 1 − β₁² in m̂, where Adam gives it 1 − β₁. On a "
        "ravine along an axis it overshoots less than Adam, as long as η is small compared with the distance to the "
        "minimum."
    )
    equations = (
        ("g", "grad(w)"),
        ("m", "β1*m + (1 - β1)*g"),
        ("v", "β2*v + (1 - β2)*g**2"),
        ("m_hat", "β1*m/(1 - β1**(t + 1)) + (1 - β1)*g/(1 - β1**t)"),
        ("v_hat", "v/(1 - β2**t)"),
        ("w", "w - η*m_hat/(sqrt(v_hat) + ε)"),
    )
    differences = (
        ("pytorch", "μ", "β1*(1 - 0.96**(0.004*t)/2)"),
        ("pytorch", "μ_next", "β1*(1 - 0.96**(0.004*(t + 1))/2)"),
        ("pytorch", "b1", "b1*μ"),
        ("pytorch", "m_hat", "μ_next*m/(1 - b1*μ_next) + (1 - μ)*g/(1 - b1)"),
    )
    rate_unit = "length"
    scale_free = True
    preconditioned = True

    learning_rate: float = learning_rate(2e-3)
    beta1: float = beta1()
    beta2: float = beta2()
    epsilon: float = epsilon()
    convention: str = convention("PyTorch raises the momentum from β₁/2 to within 1 % of β₁ in 24,000 steps.")

    def init(self, w: Array) -> State:
        one = jnp.ones_like(w[:1])
        return State(m=jnp.zeros_like(w), v=jnp.zeros_like(w), b1=one, b2=one)

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        g = gradient(w)
        m = self.beta1 * state.m + (1 - self.beta1) * g
        v = self.beta2 * state.v + (1 - self.beta2) * g**2
        μ, μ_next = self._momentum(t), self._momentum(t + 1)
        b1, b2 = μ * state.b1, self.beta2 * state.b2
        m_hat, v_hat = μ_next * m / (1 - b1 * μ_next) + (1 - μ) * g / (1 - b1), v / (1 - b2)
        rate = self.learning_rate / (jnp.sqrt(v_hat) + self.epsilon)
        values = {"m_hat": m_hat, "v_hat": v_hat}
        return w - rate * m_hat, State(m, v, b1, b2), Step(w, g, m_hat, rate, values=values)

    def preconditioner(self, state: State) -> Array:
        return jnp.sqrt(state.v / (1 - state.b2)) + self.epsilon

    def stability_limit(self) -> float | None:
        if self.convention == "pytorch":
            return None  # it changes with μ
        return (2 + 2 * self.beta1) / ((1 + 2 * self.beta1) * (1 - self.beta1) * self.learning_rate)

    def _momentum(self, t: Array) -> Any:
        if self.convention == "pytorch":
            # a power in the loop, but a single number, whatever the runs and coordinates
            return self.beta1 * (1 - 0.96 ** (0.004 * t) / 2)
        return self.beta1
