"""AMSGrad."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import beta1, beta2, convention, epsilon, learning_rate


class State(NamedTuple):
    """m, v: the moments; v_hat: the largest v so far; b1, b2: the running products β₁ᵗ and β₂ᵗ."""

    m: Array
    v: Array
    v_hat: Array
    b1: Array
    b2: Array


class AMSGrad(Optimizer):
    r"""Adam that divides by the root of the largest second moment so far (Reddi, Kale & Kumar 2018).

    $$ m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
       \hat v \leftarrow \max(\hat v, v), \quad w \leftarrow w - \eta \frac{m}{\sqrt{\hat v} + \varepsilon} $$

    The paper corrects neither moment: `optax.amsgrad(η, β₁, β₂, eps=ε, bias_correction_mu=False,
    bias_correction_nu=False)`. Convention "optax" is `optax.amsgrad(η, β₁, β₂, eps=ε)`: it corrects both moments, v
    before the maximum is taken. Convention "pytorch" is `torch.optim.Adam(lr=η, betas=(β₁, β₂), eps=ε, amsgrad=True)`:
    it corrects both moments, v̂ after the maximum is taken. Keras's `Adam(amsgrad=True)` is PyTorch's with ε added to
    √v̂, before the correction.

    ε bounds the effective learning rate by η/ε. Once a gradient g has occurred, √v̂ never falls below
    √(1 − β₂) |g|, and an ε far below this number has no influence.
    """

    name = "AMSGrad"
    year = 2018
    predecessor = "adam"
    idea = "Divide by the largest second moment so far, so that the effective rate never rises."
    shown_on = "surface=rosenbrock"
    source = "S. J. Reddi, S. Kale & S. Kumar (2018), On the convergence of Adam and beyond, algorithm 2"
    libraries = (
        ("optax", "amsgrad(learning_rate, b1=0.9, b2=0.999, eps=1e-08)"),
        ("PyTorch", "Adam(lr=0.001, betas=(0.9, 0.999), eps=1e-08, amsgrad=True)"),
        ("Keras", "Adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07, amsgrad=True)"),
    )
    watch = (
        "A single steep place slows down a coordinate for the rest of the run. The effective rate never rises, except "
        "in the PyTorch convention, where the correction lets it rise. Without the corrections the first step is √10 η "
        "with the default values."
    )
    equations = (
        ("g", "grad(w)"),
        ("m", "β1*m + (1 - β1)*g"),
        ("v", "β2*v + (1 - β2)*g**2"),
        ("v_hat", "max(v_hat, v)"),
        ("w", "w - η*m/(sqrt(v_hat) + ε)"),
    )
    differences = (
        ("pytorch", "m_hat", "m/(1 - β1**t)"),
        ("pytorch", "w", "w - η*m_hat/(sqrt(v_hat/(1 - β2**t)) + ε)"),
        ("optax", "v_hat", "max(v_hat, v/(1 - β2**t))"),
        ("optax", "m_hat", "m/(1 - β1**t)"),
        ("optax", "w", "w - η*m_hat/(sqrt(v_hat) + ε)"),
    )
    rate_unit = "length"
    scale_free = True
    preconditioned = True

    learning_rate: float = learning_rate(1e-3)
    beta1: float = beta1()
    beta2: float = beta2()
    epsilon: float = epsilon()
    convention: str = convention(
        "The paper corrects neither moment; optax corrects v before the maximum is taken, PyTorch v̂ afterwards."
    )

    def init(self, w: Array) -> State:
        zero, one = jnp.zeros_like(w), jnp.ones_like(w[:1])
        return State(m=zero, v=zero, v_hat=zero, b1=one, b2=one)

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        g = gradient(w)
        m = self.beta1 * state.m + (1 - self.beta1) * g
        v = self.beta2 * state.v + (1 - self.beta2) * g**2
        b1, b2 = self.beta1 * state.b1, self.beta2 * state.b2
        m_hat = m if self.convention == "textbook" else m / (1 - b1)
        v_hat = jnp.maximum(state.v_hat, v / (1 - b2) if self.convention == "optax" else v)
        state = State(m, v, v_hat, b1, b2)
        rate = self.learning_rate / self.preconditioner(state)
        values = {} if self.convention == "textbook" else {"m_hat": m_hat}
        return w - rate * m_hat, state, Step(w, g, m_hat, rate, values=values)

    def preconditioner(self, state: State) -> Array:
        v_hat = state.v_hat / (1 - state.b2) if self.convention == "pytorch" else state.v_hat
        return jnp.sqrt(v_hat) + self.epsilon

    def stability_limit(self) -> float:
        return (2 + 2 * self.beta1) / ((1 - self.beta1) * self.learning_rate)
