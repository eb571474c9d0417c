"""AdaBelief."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import beta1, beta2, epsilon, learning_rate


class State(NamedTuple):
    """m: the mean of gradients; s: the mean square of g − m; b1, b2: the running products β₁ᵗ and β₂ᵗ."""

    m: Array
    s: Array
    b1: Array
    b2: Array


class AdaBelief(Optimizer):
    r"""Adam that divides by the deviation of the gradient from its mean, not by its size (Zhuang et al. 2020).

    $$ m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad s \leftarrow \beta_2 s + (1 - \beta_2)(g - m)^2 + \varepsilon,
       \quad \hat m = \frac{m}{1 - \beta_1^t}, \quad \hat s = \frac{s}{1 - \beta_2^t}, \quad
       w \leftarrow w - \eta \frac{\hat m}{\sqrt{\hat s} + \varepsilon} $$

    Equal to `optax.adabelief(η, β₁, β₂, eps=ε, eps_root=ε)`; PyTorch and Keras do not have it.

    ε appears twice. In s it accumulates to ε/(1 − β₂), which bounds the effective learning rate by η √((1 − β₂)/ε).
    This bound, not the ε outside the root, ends the growth of the steps on a constant slope. It is 316 η for the
    paper's ε = 10⁻⁸, and 3.2 million η for 10⁻¹⁶, the default of the paper's code, of optax and of this rule.
    """

    name = "AdaBelief"
    year = 2020
    predecessor = "adam"
    idea = "Divide by the deviation of the gradients from their mean: steady gradients get larger steps."
    shown_on = "surface=plateau"
    source = "J. Zhuang et al. (2020), AdaBelief optimizer: adapting stepsizes by the belief in observed gradients"
    libraries = (("optax", "adabelief(learning_rate, b1=0.9, b2=0.999, eps=1e-16, eps_root=1e-16)"),)
    watch = (
        "On a constant slope s fades and the steps grow far beyond η, until ε caps the effective rate at "
        "η √((1 − β₂)/ε)."
    )
    equations = (
        ("g", "grad(w)"),
        ("m", "β1*m + (1 - β1)*g"),
        ("s", "β2*s + (1 - β2)*(g - m)**2 + ε"),
        ("m_hat", "m/(1 - β1**t)"),
        ("s_hat", "s/(1 - β2**t)"),
        ("w", "w - η*m_hat/(sqrt(s_hat) + ε)"),
    )
    rate_unit = "length"
    scale_free = True
    preconditioned = True

    learning_rate: float = learning_rate(1e-3)
    beta1: float = beta1()
    beta2: float = beta2()
    epsilon: float = epsilon(1e-16, low=1e-16)

    def init(self, w: Array) -> State:
        one = jnp.ones_like(w[:1])
        return State(m=jnp.zeros_like(w), s=jnp.zeros_like(w), b1=one, b2=one)

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        g = gradient(w)
        m = self.beta1 * state.m + (1 - self.beta1) * g
        s = self.beta2 * state.s + (1 - self.beta2) * (g - m) ** 2 + self.epsilon
        b1, b2 = self.beta1 * state.b1, self.beta2 * state.b2
        m_hat, s_hat = m / (1 - b1), s / (1 - b2)
        rate = self.learning_rate / (jnp.sqrt(s_hat) + self.epsilon)
        values = {"m_hat": m_hat, "s_hat": s_hat}
        return w - rate * m_hat, State(m, s, b1, b2), Step(w, g, m_hat, rate, values=values)

    def preconditioner(self, state: State) -> Array:
        return jnp.sqrt(state.s / (1 - state.b2)) + self.epsilon

    def stability_limit(self) -> float:
        return (2 + 2 * self.beta1) / ((1 - self.beta1) * self.learning_rate)
