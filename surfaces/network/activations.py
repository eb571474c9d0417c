"""Activation functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType

import jax
import jax.numpy as jnp
from jax import Array


@dataclasses.dataclass(frozen=True)
class Activation:
    """An elementwise activation function φ.

    Attributes:
        name: the name on the page.
        formula: φ(z) in LaTeX.
        function: (z, a) → φ(z), where a is the learned slope, which most activation functions ignore.
        slope: the initial value of a, or None if φ has nothing to learn.
        source: the authors and the year, or a remark.
    """

    name: str
    formula: str
    function: Callable[[Array, Array | float], Array]
    slope: float | None = None
    source: str = ""


LEAK = 0.01
"""The slope of leaky ReLU below zero (Maas et al. 2013)."""


def _leaky(z: Array, a: Array | float) -> Array:
    return jnp.where(z > 0, z, a * z)  # the derivative at 0 is a by convention, 0 for ReLU


ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    {
        "identity": Activation("identity", "z", lambda z, a: z, source="a stack of affine maps is one affine map"),
        "relu": Activation("ReLU", r"\max(z, 0)", lambda z, a: _leaky(z, 0.0), source="Nair & Hinton (2010)"),
        "leaky_relu": Activation(
            "leaky ReLU", r"\max(z, 0.01\, z)", lambda z, a: _leaky(z, LEAK), source="Maas et al. (2013)"
        ),
        "prelu": Activation(
            "PReLU", r"\max(z, 0) + a \min(z, 0)", _leaky, slope=0.25, source="He et al. (2015), Delving deep"
        ),
        "sigmoid": Activation(
            "sigmoid", r"\frac{1}{1 + e^{-z}}", lambda z, a: jax.nn.sigmoid(z), source="its derivative is at most 1/4"
        ),
        "tanh": Activation("tanh", r"\tanh z", lambda z, a: jnp.tanh(z), source="LeCun et al. (1998)"),
        "gelu": Activation(
            "GELU",
            r"z\, \Phi(z)",
            lambda z, a: jax.nn.gelu(z, approximate=False),
            source="Hendrycks & Gimpel (2016), with the exact normal distribution function",
        ),
    }
)
"""Every activation function by its key."""
