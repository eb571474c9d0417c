"""Measures of a network at its weights: losses, accuracies, and gradients and activations of each layer."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from surfaces.compiled import compiled
from surfaces.network.losses import LOSSES
from surfaces.network.network import Network, accuracy

BINS = 41
PROBE = 500
"""Histograms, means and standard deviations are computed from this many training samples, the first ones."""
WIDEST = 4.0
"""Histograms of activations range from −4 to 4; values outside count in the first and the last bin."""


class Measures(NamedTuple):
    """Measures of a network at one vector of weights or, with a leading axis, at several.

    Attributes:
        loss, validation_loss: the mean loss over all samples, without the penalty.
        accuracy, validation_accuracy: the shares of samples classified correctly; NaN if the targets are values.
        gradients: (layers,), the norm of each layer's part of the full gradient, with the penalty.
        weights: (layers,), the norm of each layer's weights.
        dead: (layers − 1,), the share of hidden neurons with the same output for all training samples, to 10⁻⁶. They
            carry no information, and with ReLU they do not learn.
        means, deviations: (layers − 1,), over the hidden outputs for the first `PROBE` samples.
        histograms: (layers − 1, bins), the shares of the same outputs in each bin.
    """

    loss: Any
    validation_loss: Any
    accuracy: Any
    validation_accuracy: Any
    gradients: Any
    weights: Any
    dead: Any
    means: Any
    deviations: Any
    histograms: Any


def edges() -> np.ndarray:
    """The edges of the bins of the histograms, (bins + 1,)."""
    return np.linspace(-WIDEST, WIDEST, BINS + 1)


def measure(network: Network, weights: Any, validation: tuple[Any, Any]) -> Measures:
    """The measures at weights (k, n), as NumPy arrays with a leading axis k.

    Args:
        validation: the inputs and targets of the validation part.
    """
    measures = _measure(network.evaluated, np.asarray(weights), tuple(map(np.asarray, validation)))
    return Measures(*map(np.asarray, measures))


@compiled(network=True)
def _measure(network: Network, weights: Array, validation: tuple[Array, Array]) -> Measures:
    return jax.lax.map(lambda w: _at(network, w, validation), weights)


def _at(network: Network, w: Array, validation: tuple[Array, Array]) -> Measures:
    model, each = network.model, LOSSES[network.objective].function
    # targets are classes if all of them are one-hot rows with more than one column
    binary = jnp.all((network.y == 0) | (network.y == 1))
    classes = binary & jnp.all(jnp.sum(network.y, axis=1) == 1) & (network.y.shape[1] > 1)
    signals = model.signals(w, network.x)
    outputs, validation_outputs = signals[-1][0], network.outputs(w, validation[0])
    hidden = [h for _, h in signals[:-1]]

    def share(outputs: Array, y: Array) -> Array:
        return jnp.where(classes, accuracy(outputs, y).astype(w.dtype), jnp.full((), jnp.nan, w.dtype))

    def by_layer(function: Any, samples: int | None = PROBE) -> Array:
        return jnp.stack([function(h[:samples]) for h in hidden]) if hidden else jnp.zeros(0, w.dtype)

    def histogram(h: Array) -> Array:
        bins = jnp.clip((h + WIDEST) * (BINS / (2 * WIDEST)), 0, BINS - 1).astype(jnp.int32)
        return jnp.zeros(BINS, w.dtype).at[bins.ravel()].add(1.0 / h.size)

    return Measures(
        jnp.mean(each(outputs, network.y)),
        jnp.mean(each(validation_outputs, validation[1])),
        share(outputs, network.y),
        share(validation_outputs, validation[1]),
        model.norms(jax.grad(network)(w)),
        model.norms(w),
        by_layer(lambda h: jnp.mean((jnp.ptp(h, axis=0) <= 1e-6).astype(w.dtype)), None),
        by_layer(jnp.mean),
        by_layer(jnp.std),
        by_layer(histogram) if hidden else jnp.zeros((0, BINS), w.dtype),
    )
