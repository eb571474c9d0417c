"""Loss functions of networks."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

import jax
import jax.numpy as jnp
from jax import Array

Task = Literal["classes", "values"]


@dataclasses.dataclass(frozen=True)
class Loss:
    """A loss function ℓ(outputs, targets), which returns one number per sample.

    Attributes:
        name: the name on the page.
        formula: ℓ in LaTeX, with the outputs ŷ, the targets y and the class k.
        function: outputs (B, k), targets (B, k) → (B,). Classes are one-hot rows.
        tasks: the tasks for which it can be chosen.
    """

    name: str
    formula: str
    function: Callable[[Array, Array], Array]
    tasks: tuple[Task, ...]


def _cross_entropy(outputs: Array, targets: Array) -> Array:
    return -jnp.sum(targets * jax.nn.log_softmax(outputs), axis=-1)


def _likelihood(outputs: Array, targets: Array) -> Array:
    return jnp.sum(0.5 * (outputs - targets) ** 2 + 0.5 * math.log(2 * math.pi), axis=-1)


LOSSES: Mapping[str, Loss] = MappingProxyType(
    {
        "cross_entropy": Loss(
            "cross-entropy",
            r"-\ln \frac{e^{\hat y_k}}{\sum_j e^{\hat y_j}}",
            _cross_entropy,
            ("classes",),
        ),
        "mse": Loss(
            "mean squared error",
            r"\tfrac1K \sum_j (\hat y_j - y_j)^2",
            lambda outputs, targets: jnp.mean((outputs - targets) ** 2, axis=-1),
            ("values", "classes"),
        ),
        "mae": Loss(
            "mean absolute error",
            r"\tfrac1K \sum_j |\hat y_j - y_j|",
            lambda outputs, targets: jnp.mean(jnp.abs(outputs - targets), axis=-1),
            ("values", "classes"),
        ),
        "likelihood": Loss(
            "Gaussian likelihood",
            r"\sum_j \tfrac12 (\hat y_j - y_j)^2 + \tfrac12 \ln 2\pi",
            _likelihood,
            ("values",),
        ),
    }
)
"""Every loss function by its key."""
