"""Initialisations: the distributions from which the initial weights of a network are drawn."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType

import jax
import jax.numpy as jnp
from jax import Array


@dataclasses.dataclass(frozen=True)
class Initialization:
    """The distribution of the initial weights in a matrix; biases are initially zero.

    Attributes:
        name: the name on the page.
        formula: the distribution or the constant in LaTeX.
        variance: (inputs, outputs, σ) → the variance of each weight, or None if all weights are the same constant.
        uniform: whether the distribution is uniform rather than normal.
        source: the authors and the year, or a remark.
    """

    name: str
    formula: str
    variance: Callable[[int, int, float], float] | None
    uniform: bool = False
    source: str = ""

    def scale(self, shape: tuple[int, int], sigma: float) -> float:
        """The scale of the weights in a matrix (inputs, outputs).

        That is the standard deviation of a normal distribution, the bound of a uniform one, or the constant itself.
        """
        if self.variance is None:
            return 0.0 if self.name == "zeros" else sigma
        deviation = self.variance(*shape, sigma) ** 0.5
        return 3.0**0.5 * deviation if self.uniform else deviation  # U(−b, b) has the variance b²/3

    def draw(self, key: Array, shape: tuple[int, int], scale: Array, dtype: str) -> Array:
        """A random weight matrix (inputs, outputs) with the given scale ()."""
        if self.variance is None:
            return jnp.full(shape, scale, dtype)
        if self.uniform:
            return jax.random.uniform(key, shape, dtype, -scale, scale)
        return scale * jax.random.normal(key, shape, dtype)


Variance = Callable[[int, int, float], float]


def _family(name: str, source: str, formula: str, variance: Variance) -> dict[str, Initialization]:
    """The normal and the uniform initialisation with a certain variance."""
    normal, uniform = rf"\mathcal N\left(0, {formula}\right)", rf"U\left(\pm\sqrt{{3 \cdot {formula}}}\right)"
    key = name.lower()
    return {
        f"{key}_normal": Initialization(f"{name} normal", normal, variance, False, source),
        f"{key}_uniform": Initialization(f"{name} uniform", uniform, variance, True, source),
    }


INITIALIZATIONS: Mapping[str, Initialization] = MappingProxyType(
    {
        "zeros": Initialization("zeros", "0", None, source="it never breaks the symmetry between neurons"),
        "constant": Initialization(
            "constant", r"\sigma", None, source="it does not break the symmetry between neurons either"
        ),
        "normal": Initialization("normal", r"\mathcal N(0, \sigma^2)", lambda i, o, s: s * s),
        **_family(
            "LeCun",
            "Y. LeCun et al. (1998), Efficient backprop: variance 1/n; some lectures print √(1/n)",
            r"\tfrac{1}{n_\text{in}}",
            lambda i, o, s: 1 / i,
        ),
        **_family(
            "Xavier",
            "X. Glorot & Y. Bengio (2010), Understanding the difficulty of training deep feedforward neural networks",
            r"\tfrac{2}{n_\text{in} + n_\text{out}}",
            lambda i, o, s: 2 / (i + o),
        ),
        **_family(
            "He", "K. He et al. (2015), Delving deep into rectifiers", r"\tfrac{2}{n_\text{in}}", lambda i, o, s: 2 / i
        ),
    }
)
"""Every initialisation by its key."""
