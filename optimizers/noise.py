"""Where the noise of a gradient comes from: at each step the rule sees a landscape a little off the true one.

Every kind is drawn before the run, keyed by step, so that more steps keep the prefix, and every kind hands the
rule a *function*: the two gradients of a SAM step see the same mini-batch.
"""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Landscape
from surfaces.parameter import NON_NEGATIVE, Declared, Interval, parameter
from surfaces.surface import Surface


class Noise(Declared):
    """Draws what is random about a step and turns the surface into the landscape of that step."""

    name: ClassVar[str]
    formula: ClassVar[str] = ""
    difference: ClassVar[str] = ""
    """What ξ, the gradient in force minus the true one, is: a sentence."""
    only_gradient: ClassVar[bool] = True
    """Whether the loss and the Hessian at the current point are the true ones."""

    def draw(self, key: Array, w: Array, data: Any) -> Any:
        """What one step of one run draws: a pytree of arrays; w (n,) gives shape and dtype, `data` the samples."""
        return ()

    def landscape(self, surface: Surface, drawn: Any, w: Array) -> Landscape:
        """The function that the rule sees at this step, whose current point is w."""
        return surface

    def objection(self, surface: Surface) -> str:
        """The reason why this noise cannot be used on a surface; an empty string if it can."""
        return ""


class NoNoise(Noise):
    """The true gradient."""

    name = "none"


class Isotropic(Noise):
    r"""The gradient plus the same spread in every direction: the landscape tilted about the current point.

    $$ \tilde L(w) = L(w) + \xi^\top (w - w_t), \qquad \nabla \tilde L = \nabla L + \xi $$

    ξ has mean 0 and standard deviation σ in each coordinate, normal or uniform.
    """

    name = "isotropic"
    formula = r"\nabla L + \xi, \quad \operatorname{std} \xi_i = \sigma"
    difference = "ξ is the noise drawn for this step, with standard deviation σ in each coordinate."

    scale: float = parameter(
        "σ",
        default=0.1,
        low=1e-3,
        high=10.0,
        log=True,
        legal=NON_NEGATIVE,
        doc="Standard deviation per coordinate.",
    )
    distribution: str = parameter(
        "ξ", default="normal", choices={"normal": "normal", "uniform": "uniform"}, tuned=False, doc="Distribution of ξ."
    )

    def draw(self, key: Array, w: Array, data: Any) -> Array:
        if self.distribution == "uniform":
            bound = 3.0**0.5  # variance 1
            return jax.random.uniform(key, w.shape, w.dtype, -bound, bound)
        return jax.random.normal(key, w.shape, w.dtype)

    def landscape(self, surface: Surface, drawn: Array, w: Array) -> Landscape:
        tilt = self.scale * drawn
        return lambda u: surface(u) + jnp.sum(tilt * (u - w), axis=0)


class Shifted(Noise):
    r"""Mini-batch noise as a shifted landscape: steep directions are noisy directions.

    $$ \tilde L(w) = L(w - s), \quad s_i \sim \mathcal N(0, \sigma^2), \qquad
       \operatorname{Cov} \nabla \tilde L \approx \sigma^2 H^2 $$

    A batch of B samples whose minima scatter by s has σ = s/√B. This is what drives SGD out of sharp minima
    and leaves it in flat ones (Keskar et al. 2017; Zhu et al. 2019; Jastrzębski et al. 2017).
    """

    name = "shifted landscape"
    formula = r"\nabla L(w - s), \quad \operatorname{std} s_i = \sigma"
    difference = "ξ is the change of the gradient that the random shift of the landscape in this step causes."
    only_gradient = False

    scale: float = parameter(
        "σ",
        default=0.1,
        low=1e-3,
        high=2.0,
        log=True,
        legal=NON_NEGATIVE,
        doc="Standard deviation of the shift.",
    )

    def draw(self, key: Array, w: Array, data: Any) -> Array:
        return jax.random.normal(key, w.shape, w.dtype)

    def landscape(self, surface: Surface, drawn: Array, w: Array) -> Landscape:
        shift = self.scale * drawn
        return lambda u: surface(u - shift)


class MiniBatch(Noise):
    r"""Real mini-batches: each step draws B different samples of the data, anew from all.

    $$ \tilde L(w) = \frac1B \sum_{i \in \mathcal B_t} \ell_i(w) $$

    B = N is the full batch. Only where the surface has data.
    """

    name = "mini-batch"
    formula = r"\tfrac1B \sum_{i \in \mathcal B_t} \nabla \ell_i(w)"
    difference = "ξ is the difference between the gradient of this step's mini-batch and that of all samples."
    only_gradient = False

    batch_size: int = parameter(
        "B",
        default=8,
        low=1,
        high=40,
        integer=True,
        tuned=False,
        legal=Interval(1, float("inf"), True, False),
        doc="Samples per step.",
    )

    def objection(self, surface: Surface) -> str:
        if surface.data is None:
            return "This surface has no data to draw mini-batches from; choose isotropic or shifted noise"
        samples = len(jax.tree.leaves(surface.data)[0])
        if self.batch_size > samples:
            return f"batch_size must be at most the {samples} samples; got {self.batch_size}"
        return ""

    def draw(self, key: Array, w: Array, data: Any) -> Array:
        samples = jax.tree.leaves(data)[0].shape[0]
        return jax.random.permutation(key, samples)[: self.batch_size]

    def landscape(self, surface: Surface, drawn: Array, w: Array) -> Landscape:
        batch = jax.tree.map(lambda data: data[drawn], surface.data)
        return lambda u: surface.loss(u, batch)


NOISES: dict[str, type[Noise]] = {
    "none": NoNoise,
    "isotropic": Isotropic,
    "shifted": Shifted,
    "mini_batch": MiniBatch,
}
