"""Adam."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import beta1, beta2, epsilon, learning_rate


class State(NamedTuple):
    """m, v: the moments; b1, b2: the running products β₁ᵗ and β₂ᵗ (powers in the loop take five times as long)."""

    m: Array
    v: Array
    b1: Array
    b2: Array


class Adam(Optimizer):
    r"""The mean gradient over the root mean square, both corrected for their start at zero (Kingma & Ba 2015).

    $$ m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
       \hat m = \frac{m}{1 - \beta_1^t}, \quad \hat v = \frac{v}{1 - \beta_2^t}, \quad
       w \leftarrow w - \eta \frac{\hat m}{\sqrt{\hat v} + \varepsilon} $$

    Equal to `optax.adam(η, β₁, β₂, eps=ε)` and `torch.optim.Adam`. Keras adds ε to √v, before the correction.

    ε bounds the effective learning rate by η/ε. If ε is far below √v̂, it has no influence. If it is far above √v̂, the
    step is η m̂/ε: momentum, at a learning rate set by ε. Lectures that call ε unimportant mean the first case, those
    that call it important the second.
    """

    name = "Adam"
    year = 2015
    predecessor = "rmsprop"
    idea = "Add momentum to RMSprop, and correct both means for their start at zero."
    source = "D. P. Kingma & J. Ba (2015), Adam: a method for stochastic optimization, algorithm 1"
    libraries = (
        ("optax", "adam(learning_rate, b1=0.9, b2=0.999, eps=1e-08)"),
        ("PyTorch", "Adam(lr=0.001, betas=(0.9, 0.999), eps=1e-08)"),
        ("Keras", "Adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07)"),
    )
    watch = (
        "The first step has length η in every coordinate, however steep the surface is. Near a minimum it settles, but "
        "v keeps fading there, and once the effective rate η/√v̂ is too large for the curvature, the steps grow again "
        "in a burst: on the ravine after about 10⁴ steps with the default β₂."
    )
    equations = (
        ("g", "grad(w)"),
        ("m", "β1*m + (1 - β1)*g"),
        ("v", "β2*v + (1 - β2)*g**2"),
        ("m_hat", "m/(1 - β1**t)"),
        ("v_hat", "v/(1 - β2**t)"),
        ("w", "w - η*m_hat/(sqrt(v_hat) + ε)"),
    )
    rate_unit = "length"
    scale_free = True
    preconditioned = True

    learning_rate: float = learning_rate(1e-3)
    beta1: float = beta1()
    beta2: float = beta2()
    epsilon: float = epsilon()

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
        values = {"m_hat": m_hat, "v_hat": v_hat}
        return w - rate * m_hat, State(m, v, b1, b2), Step(w, g, m_hat, rate, values=values)

    def preconditioner(self, state: State) -> Array:
        return jnp.sqrt(state.v / (1 - state.b2)) + self.epsilon

    def stability_limit(self) -> float:
        return (2 + 2 * self.beta1) / ((1 - self.beta1) * self.learning_rate)
