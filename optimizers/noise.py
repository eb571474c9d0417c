"""Noise in gradients: in each step the rule sees a landscape that differs a little from the true one.

All noise is drawn before the run and keyed by step, so that a longer run begins with the same noise. A rule receives
the gradient of the noisy landscape as a function: the two gradients of a SAM step therefore see the same mini-batch.
"""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from optimizers.optimizer import Landscape
from surfaces.parameter import NON_NEGATIVE, POSITIVE, Declared, Interval, parameter
from surfaces.surface import Surface


class Noise(Declared):
    """Draws the random numbers of each step, and turns the surface into the landscape of that step."""

    name: ClassVar[str]
    formula: ClassVar[str] = ""
    difference: ClassVar[str] = ""
    """A sentence that defines ξ, the noisy gradient minus the true one."""
    only_gradient: ClassVar[bool] = True
    """Whether the loss and the Hessian at the current point are without noise."""

    def draw(self, key: Array, w: Array, data: Any) -> Any:
        """The random numbers of one step of one run, a pytree of arrays.

        Args:
            key: a JAX key.
            w: (n,), for its shape and dtype.
            data: the samples of the surface, or None.
        """
        return ()

    def landscape(self, surface: Surface, drawn: Any, w: Array) -> Landscape:
        """The function that the rule sees in a step from w."""
        return surface

    def ignores_seed(self, surface: Surface) -> bool:
        """Whether every step sees the true gradient, so that runs with different seeds are the same run."""
        return False

    def objection(self, surface: Surface) -> str:
        """The reason why this noise cannot be used on a surface; an empty string if it can."""
        return ""


class NoNoise(Noise):
    """The true gradient."""

    name = "none"

    def ignores_seed(self, surface: Surface) -> bool:
        return True


class Isotropic(Noise):
    r"""Adds noise of the same strength in every direction to the gradient, by tilting the landscape about w_t.

    $$ \tilde L(w) = L(w) + \xi^\top (w - w_t), \qquad \nabla \tilde L = \nabla L + \xi $$

    ξ has mean 0 and standard deviation σ in each coordinate, and is normal or uniform.
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
        doc="Standard deviation in each coordinate.",
    )
    distribution: str = parameter(
        "ξ", default="normal", choices={"normal": "normal", "uniform": "uniform"}, tuned=False, doc="Distribution of ξ."
    )

    def draw(self, key: Array, w: Array, data: Any) -> Array:
        if self.distribution == "uniform":
            bound = 3.0**0.5  # variance 1
            return jax.random.uniform(key, w.shape, w.dtype, -bound, bound)
        return jax.random.normal(key, w.shape, w.dtype)

    def ignores_seed(self, surface: Surface) -> bool:
        return not np.any(self.scale)

    def landscape(self, surface: Surface, drawn: Array, w: Array) -> Landscape:
        tilt = self.scale * drawn
        return lambda u: surface(u) + jnp.sum(tilt * (u - w), axis=0)


class Shifted(Noise):
    r"""Shifts the landscape at random, as mini-batches do: directions of large curvature are noisy directions.

    $$ \tilde L(w) = L(w - s), \quad s_i \sim \mathcal N(0, \sigma^2), \qquad
       \operatorname{Cov} \nabla \tilde L \approx \sigma^2 H^2 $$

    A mini-batch of B samples whose minima have the standard deviation s corresponds to σ = s/√B. This noise drives SGD
    out of sharp minima and leaves it in flat ones (Keskar et al. 2017; Zhu et al. 2019; Jastrzębski et al. 2017).
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

    def ignores_seed(self, surface: Surface) -> bool:
        return not np.any(self.scale)

    def landscape(self, surface: Surface, drawn: Array, w: Array) -> Landscape:
        shift = self.scale * drawn
        return lambda u: surface(u - shift)


class HeavyTailed(Noise):
    r"""Adds noise to the gradient that is mostly small and sometimes huge, by tilting the landscape about w_t.

    $$ \nabla \tilde L = \nabla L + \xi, \qquad P(|\xi_i| > x) = \left(1 + \frac x\sigma\right)^{-\alpha} $$

    ξ is symmetric: a Pareto distribution of the second kind (Lomax 1954) with a random sign. Its variance is infinite
    for α ≤ 2, and its mean does not exist for α ≤ 1. The noise of mini-batches of networks can have such tails
    (Şimşekli et al. 2019; Zhang et al. 2020).
    """

    name = "heavy-tailed"
    formula = r"\nabla L + \xi, \quad P(|\xi_i| > x) = (1 + x/\sigma)^{-\alpha}"
    difference = "ξ is the noise drawn for this step, whose size exceeds x with the chance (1 + x/σ)^−α."

    scale: float = parameter(
        "σ",
        default=0.1,
        low=1e-3,
        high=10.0,
        log=True,
        legal=NON_NEGATIVE,
        doc="Scale: for α = 1 the median size in each coordinate.",
    )
    tail: float = parameter(
        "α", default=1.5, low=0.5, high=5.0, log=True, legal=POSITIVE, doc="Tail index: smaller for heavier tails."
    )

    def draw(self, key: Array, w: Array, data: Any) -> Array:
        return jax.random.laplace(key, w.shape, w.dtype)  # |ξ| follows from its size, which is exponential

    def landscape(self, surface: Surface, drawn: Array, w: Array) -> Landscape:
        tilt = self.scale * jnp.sign(drawn) * jnp.expm1(jnp.abs(drawn) / self.tail)
        return lambda u: surface(u) + jnp.sum(tilt * (u - w), axis=0)


class Sparse(Noise):
    r"""Hides the gradient in most coordinates: in each step each coordinate is seen with the chance p.

    $$ \tilde L(w) = L\bigl(w_t + m \odot (w - w_t)\bigr), \qquad \nabla \tilde L(w_t) = m \odot \nabla L(w_t), \qquad
       P(m_i = 1) = p $$

    So do features that occur in few samples, such as rare words (Duchi, Hazan & Singer 2011).
    """

    name = "sparse"
    formula = r"m \odot \nabla L, \quad P(m_i = 1) = p"
    difference = "ξ is the negative gradient in the coordinates that are hidden in this step, and 0 in the others."
    only_gradient = False

    share: float = parameter(
        "p",
        default=0.1,
        low=0.01,
        high=1.0,
        log=True,
        legal=Interval(0.0, 1.0, False, True),
        doc="The chance that a coordinate is seen in a step.",
    )

    def draw(self, key: Array, w: Array, data: Any) -> Array:
        return jax.random.uniform(key, w.shape, w.dtype)

    def landscape(self, surface: Surface, drawn: Array, w: Array) -> Landscape:
        mask = (drawn < self.share).astype(w.dtype)
        return lambda u: surface(w + mask * (u - w))


class MiniBatch(Noise):
    r"""Takes the gradient on a mini-batch: each step draws B different samples from the whole data set.

    $$ \tilde L(w) = \frac1B \sum_{i \in \mathcal B_t} \ell_i(w) $$

    B = N is the full batch. Only for surfaces with data.
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
        samples = _samples(surface)
        if self.batch_size > samples:
            return f"batch_size must be at most the {samples} samples; got {self.batch_size}"
        return ""

    def ignores_seed(self, surface: Surface) -> bool:
        return surface.data is not None and self.batch_size == _samples(surface)

    def draw(self, key: Array, w: Array, data: Any) -> Array:
        samples = jax.tree.leaves(data)[0].shape[0]
        return jax.random.permutation(key, samples)[: self.batch_size]

    def landscape(self, surface: Surface, drawn: Array, w: Array) -> Landscape:
        batch = jax.tree.map(lambda data: data[drawn], surface.data)
        return lambda u: surface.loss(u, batch)


def as_noise(noise: Any) -> Noise:
    """A noise as it is, or none for None.

    Raises:
        TypeError: if it is neither.
    """
    if noise is None:
        return NoNoise()
    if not isinstance(noise, Noise):
        raise TypeError(f"noise must be a noise, such as Isotropic(0.1), or None; got {noise!r}")
    return noise


def _samples(surface: Surface) -> int:
    """The number of samples of a surface with data."""
    return len(jax.tree.leaves(surface.data)[0])


NOISES: dict[str, type[Noise]] = {
    "none": NoNoise,
    "isotropic": Isotropic,
    "shifted": Shifted,
    "heavy_tailed": HeavyTailed,
    "sparse": Sparse,
    "mini_batch": MiniBatch,
}
