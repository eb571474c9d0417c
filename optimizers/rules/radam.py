"""RAdam."""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import beta1, beta2, convention, epsilon, learning_rate

RECTIFICATION = "sqrt((ρ - 4)*(ρ - 2)*ρ_inf/((ρ_inf - 4)*(ρ_inf - 2)*ρ))"


class State(NamedTuple):
    """m, v: the moments; b1, b2: the running products β₁ᵗ and β₂ᵗ; ρ: the number of gradients that v averages over."""

    m: Array
    v: Array
    b1: Array
    b2: Array
    ρ: Array


class RAdam(Optimizer):
    r"""Adam that starts as momentum, until its second moment averages over enough gradients (Liu et al. 2020).

    $$ \rho_\infty = \frac{2}{1 - \beta_2} - 1, \quad \rho_t = \rho_\infty - \frac{2 t \beta_2^t}{1 - \beta_2^t}, \quad
       r_t = \sqrt{\frac{(\rho_t - 4)(\rho_t - 2)\rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2)\rho_t}} $$

    $$ w \leftarrow w - \eta\, r_t \frac{\hat m}{\sqrt{\hat v} + \varepsilon} \;\text{ if } \rho_t > 4, \qquad
       w \leftarrow w - \eta\, \hat m \;\text{ else} $$

    The moments m̂ and v̂ are Adam's. The threshold 4 is the paper's: `optax.radam(η, β₁, β₂, eps=ε, threshold=4)`.
    Convention "optax" is `optax.radam(η, β₁, β₂, eps=ε)`, with threshold 5. Convention "pytorch" is
    `torch.optim.RAdam(lr=η, betas=(β₁, β₂), eps=ε)`, also with threshold 5, which adds ε before v is corrected:
    (√v + ε)/√(1 − β₂ᵗ). Keras does not have it.

    ε has no effect until the steps adapt, and then the same one as in Adam. For β₂ ≤ 0.6 (2/3 if the threshold is 5)
    ρ∞ does not exceed the threshold, and the rule remains momentum forever.
    """

    name = "RAdam"
    year = 2020
    predecessor = "adam"
    idea = "Begin as momentum, until enough gradients have been seen to trust the second moment."
    source = "L. Liu et al. (2020), On the variance of the adaptive learning rate and beyond, algorithm 2"
    libraries = (
        ("optax", "radam(learning_rate, b1=0.9, b2=0.999, eps=1e-08, threshold=5.0)"),
        ("PyTorch", "RAdam(lr=0.001, betas=(0.9, 0.999), eps=1e-08)"),
    )
    watch = (
        "It starts as momentum and turns into Adam as r rises towards 1. With the default β₂, r is 0.37 after 300 "
        "steps and 0.83 after 2,000."
    )
    beginning = (
        "With the default β₂ the first four steps (five in the PyTorch and optax conventions) are η times the mean "
        "gradient. The next step adapts: with the default β₁ it moves each coordinate by at most 0.02 η (0.03 η in "
        "those conventions)."
    )
    equations = (
        ("g", "grad(w)"),
        ("m", "β1*m + (1 - β1)*g"),
        ("v", "β2*v + (1 - β2)*g**2"),
        ("m_hat", "m/(1 - β1**t)"),
        ("v_hat", "v/(1 - β2**t)"),
        ("ρ_inf", "2/(1 - β2) - 1"),
        ("ρ", "ρ_inf - 2*t*β2**t/(1 - β2**t)"),
        ("r", f"{RECTIFICATION} if ρ > 4 else 1"),
        ("w", "w - η*r*m_hat/(sqrt(v_hat) + ε) if ρ > 4 else w - η*m_hat"),
    )
    differences = (
        ("pytorch", "r", f"{RECTIFICATION} if ρ > 5 else 1"),
        ("pytorch", "w", "w - η*r*sqrt(1 - β2**t)*m_hat/(sqrt(v) + ε) if ρ > 5 else w - η*m_hat"),
        ("optax", "r", f"{RECTIFICATION} if ρ > 5 else 1"),
        ("optax", "w", "w - η*r*m_hat/(sqrt(v_hat) + ε) if ρ > 5 else w - η*m_hat"),
    )
    rate_unit = "both"
    preconditioned = True

    learning_rate: float = learning_rate(1e-3)
    beta1: float = beta1()
    beta2: float = beta2()
    epsilon: float = epsilon()
    convention: str = convention("PyTorch and optax wait for ρ > 5; PyTorch adds ε before v is corrected.")

    def init(self, w: Array) -> State:
        one = jnp.ones_like(w[:1])
        return State(m=jnp.zeros_like(w), v=jnp.zeros_like(w), b1=one, b2=one, ρ=one)

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        g = gradient(w)
        m = self.beta1 * state.m + (1 - self.beta1) * g
        v = self.beta2 * state.v + (1 - self.beta2) * g**2
        b1, b2 = self.beta1 * state.b1, self.beta2 * state.b2
        m_hat, v_hat = m / (1 - b1), v / (1 - b2)
        # a difference of numbers near ρ∞: in float32 its error is some hundredths for β₂ = 0.999, in every library
        ρ = self._largest() - 2 * t * b2 / (1 - b2)
        state = State(m, v, b1, b2, ρ)
        rate = self.learning_rate / self.preconditioner(state)
        values = {"m_hat": m_hat, "v_hat": v_hat, "r": self._rectification(ρ)}
        return w - rate * m_hat, state, Step(w, g, m_hat, rate, values=values)

    def preconditioner(self, state: State) -> Array:
        if self.convention == "pytorch":
            root = (jnp.sqrt(state.v) + self.epsilon) / jnp.sqrt(1 - state.b2)
        else:
            root = jnp.sqrt(state.v / (1 - state.b2)) + self.epsilon
        return jnp.where(self._adapts(state.ρ), root / self._rectification(state.ρ), jnp.ones_like(root))

    def stability_limit(self) -> float:
        return (2 + 2 * self.beta1) / ((1 - self.beta1) * self.learning_rate)

    def _largest(self) -> Any:
        """ρ∞."""
        return 2 / (1 - self.beta2) - 1

    def _adapts(self, ρ: Array) -> Array:
        return ρ > (4 if self.convention == "textbook" else 5)

    def _rectification(self, ρ: Array) -> Array:
        """r, or 1 as long as the steps do not adapt; 5 then replaces ρ and ρ∞, so that the root stays finite."""
        adapts = self._adapts(ρ)
        ρ, largest = jnp.where(adapts, ρ, 5.0), jnp.where(adapts, self._largest(), 5.0)
        return jnp.sqrt((ρ - 4) * (ρ - 2) * largest / ((largest - 4) * (largest - 2) * ρ))
