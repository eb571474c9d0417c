"""The one-dimensional regression of several studies: samples of a curve with noise, and networks that fit them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizers.rules.adam import Adam
from optimizers.studies.networks import Bundle, outputs_of, train_bundle
from surfaces.network.mlp import MLP
from surfaces.network.network import Network

Floats = NDArray[np.floating[Any]]
LOW, HIGH = -2.0, 2.0
GRID = np.linspace(LOW, HIGH, 161)
"""The places at which fits are drawn."""
TEST = 500
"""The number of test samples."""
ROOMS = (8, 32, 128)
"""The numbers of neurons for which there is room in a hidden layer."""
WORK = 500_000_000
"""The most steps × networks × samples × weights of a part of a study: about half a second on a core."""
STRIDE = 250
"""Steps of a training between two parts of a study."""


def truth(x: Any) -> Floats:
    """The curve without noise, y = sin 3x + x/2, that of the data set "curve"."""
    x = np.asarray(x, dtype=float)
    return np.sin(3 * x) + x / 2


def draw(rng: np.random.Generator, count: int, noise: float) -> tuple[Floats, Floats]:
    """Inputs (count,), uniform between `LOW` and `HIGH`, and targets (count,) with noise of this standard deviation."""
    x = rng.uniform(LOW, HIGH, count)
    return x, truth(x) + noise * rng.standard_normal(count)


def with_room(width: int, activation: str = "tanh") -> MLP:
    """The model of a network with one input, one output and one hidden layer, with room for at least `width` neurons.

    A few sizes serve all widths, so that few programs are compiled; see `starts_within`.
    """
    return MLP((1, next(room for room in ROOMS if room >= width), 1), activation)


def starts_within(model: MLP, width: int, rng: np.random.Generator, count: int) -> Floats:
    """Initial weights (count, n) of networks with `width` neurons, by He's normal initialisation with zero biases.

    All weights of the other neurons of the model are zero, and stay zero: where φ(0) = 0, the gradient of each of the
    two is a multiple of the other. So the network computes the same as without them.
    """
    room = model.widths[1]
    w = np.zeros((count, model.size), np.float32)
    w[:, :width] = math.sqrt(2) * rng.standard_normal((count, width))
    w[:, 2 * room : 2 * room + width] = math.sqrt(2 / width) * rng.standard_normal((count, width))
    return w


def fits(model: MLP, x: Floats, y: Floats, starts: Floats, steps: int, rate: float) -> Iterator[Bundle]:
    """Train one network on each data set, x and y (networks, N), by Adam on all samples with squared error."""
    columns = (np.asarray(v, dtype=np.float32)[..., None] for v in (x, y))
    networks = [Network(model, inputs, targets, objective="mse") for inputs, targets in zip(*columns, strict=True)]
    return train_bundle(networks, Adam(rate), starts, steps, stride=stride_of(len(x), x.shape[1], model.size))


def stride_of(networks: int, samples: int, weights: int) -> int:
    """Steps of a training between two parts of a study, fewer where a step takes long."""
    return max(1, min(STRIDE, WORK // (networks * samples * weights)))


def values_of(model: MLP, weights: Any, x: Any) -> Floats:
    """The values (networks, N) of networks with one input and one output, at x (N,) or (networks, N)."""
    return outputs_of(model, weights, np.asarray(x)[..., None])[..., 0].astype(float)
