"""Where the weights of a network begin: a variance for each layer, and a distribution of that variance."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType

import jax
import jax.numpy as jnp
from jax import Array


@dataclasses.dataclass(frozen=True)
class Initialization:
    """How a weight matrix is drawn; biases begin at zero.

    Attributes:
        name: what it is called.
        formula: its variance or value in LaTeX.
        variance: (inputs, outputs, σ) → variance of each weight, or None where all are one constant.
        source: who, when.
    """

    name: str
    formula: str
    variance: Callable[[int, int, float], float] | None
    uniform: bool = False
    source: str = ""

    def scale(self, shape: tuple[int, int], sigma: float) -> float:
        """The number that all weights of a matrix (inputs, outputs) scale with: the standard deviation, the bound of a
        uniform distribution, or the constant itself. σ is that of those that have one.
        """
        if self.variance is None:
            return 0.0 if self.name == "zeros" else sigma
        deviation = self.variance(*shape, sigma) ** 0.5
        return 3.0**0.5 * deviation if self.uniform else deviation  # U(±b) has variance b²/3

    def draw(self, key: Array, shape: tuple[int, int], scale: Array, dtype: str) -> Array:
        """A weight matrix (inputs, outputs) of a scale ()."""
        if self.variance is None:
            return jnp.full(shape, scale, dtype)
        if self.uniform:
            return jax.random.uniform(key, shape, dtype, -scale, scale)
        return scale * jax.random.normal(key, shape, dtype)


Variance = Callable[[int, int, float], float]


def _family(name: str, source: str, formula: str, variance: Variance) -> dict[str, Initialization]:
    normal, uniform = rf"\mathcal N\left(0, {formula}\right)", rf"U\left(\pm\sqrt{{3 \cdot {formula}}}\right)"
    key = name.lower()
    return {
        f"{key}_normal": Initialization(f"{name} normal", normal, variance, False, source),
        f"{key}_uniform": Initialization(f"{name} uniform", uniform, variance, True, source),
    }


INITIALIZATIONS: Mapping[str, Initialization] = MappingProxyType(
    {
        "zeros": Initialization("zeros", "0", None, source="never breaks the symmetry between neurons"),
        "constant": Initialization("constant", r"\sigma", None, source="the same symmetry, elsewhere"),
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
