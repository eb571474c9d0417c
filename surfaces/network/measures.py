"""What is read off a network at given weights: losses, accuracy, gradients and activations, layer by layer."""

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
"""Histograms, means and deviations are of the first so many training samples."""
WIDEST = 4.0
"""Histograms of activations go from −4 to 4, and what lies outside is in the first and the last bin."""


class Measures(NamedTuple):
    """Of a network at one vector of weights; with a leading axis, of as many vectors.

    Attributes:
        loss, validation_loss: the mean over all samples, penalty not included.
        accuracy, validation_accuracy: of classes; NaN for values.
        gradients: (layers,), ‖∇L‖ of each layer's part of the full gradient, penalty included.
        weights: (layers,), ‖w‖ of each layer's part.
        dead: (layers − 1,), the share of hidden units whose output is the same for every training sample, to 10⁻⁶:
            they pass nothing on, and of ReLU they do not learn.
        means, deviations: (layers − 1,), of the hidden outputs over units and the first `PROBE` samples.
        histograms: (layers − 1, bins), shares of the hidden outputs of the same samples.
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
    """The borders of the histograms' bins, (bins + 1,)."""
    return np.linspace(-WIDEST, WIDEST, BINS + 1)


def measure(network: Network, weights: Any, validation: tuple[Any, Any]) -> Measures:
    """The measures at weights (k, n), NumPy arrays with a leading axis k; `validation` is (x, y)."""
    found = _measure(network, np.asarray(weights), tuple(map(np.asarray, validation)))
    return Measures(*map(np.asarray, found))


@compiled(network=True)
def _measure(network: Network, weights: Array, validation: tuple[Array, Array]) -> Measures:
    return jax.lax.map(lambda w: _at(network, w, validation), weights)


def _at(network: Network, w: Array, validation: tuple[Array, Array]) -> Measures:
    model, each = network.model, LOSSES[network.objective].function
    # a class is a row of zeros with a one; other targets are values, however many a sample has
    binary = jnp.all((network.y == 0) | (network.y == 1))
    classes = binary & jnp.all(jnp.sum(network.y, axis=1) == 1) & (network.y.shape[1] > 1)
    signals = model.signals(w, network.x)
    outputs, checked = signals[-1][0], model(w, validation[0])
    hidden = [h for _, h in signals[:-1]]
    nothing = jnp.zeros(0, w.dtype)

    def share(outputs: Array, y: Array) -> Array:
        return jnp.where(classes, accuracy(outputs, y).astype(w.dtype), jnp.full((), jnp.nan, w.dtype))

    def over(function: Any, most: int | None = PROBE) -> Array:
        return jnp.stack([function(h[:most]) for h in hidden]) if hidden else nothing

    def histogram(h: Array) -> Array:
        place = jnp.clip((h + WIDEST) * (BINS / (2 * WIDEST)), 0, BINS - 1).astype(jnp.int32)
        return jnp.zeros(BINS, w.dtype).at[place.ravel()].add(1.0 / h.size)

    return Measures(
        jnp.mean(each(outputs, network.y)),
        jnp.mean(each(checked, validation[1])),
        share(outputs, network.y),
        share(checked, validation[1]),
        model.norms(jax.grad(network)(w)),
        model.norms(w),
        over(lambda h: jnp.mean((jnp.ptp(h, axis=0) <= 1e-6).astype(w.dtype)), None),
        over(jnp.mean),
        over(jnp.std),
        over(histogram) if hidden else jnp.zeros((0, BINS), w.dtype),
    )
