"""What the neurons of a network compute: a picture of each, at the recorded steps of a run."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax, nn
from numpy.typing import NDArray

from app.network.observers import along, extent, filled
from app.network.run import Run
from optimizers.training import Piece
from surfaces.compiled import compiled
from surfaces.network import FEATURES, MLP, DataSet, Network

GRID = 24
"""Pixels of a picture over two inputs, in each direction."""
CURVE = 32
"""Pixels of a picture of a curve over one input, in each direction."""
SHOWN, OUTPUTS = 8, 10
"""The most neurons of a layer, and the most outputs, that have a picture: the first ones."""
HIDDEN = 64
"""About how many hidden neurons have a picture, of all layers together."""
MOST_PIXELS = 1024
"""The most inputs of data whose neurons have pictures, if they are more than two."""
PROBE = 500
"""The validation samples, the first ones, over which neurons of later layers are compared with the inputs."""


class Neurons(NamedTuple):
    """The neurons that have a picture, at k recorded weights, layer by layer.

    Attributes:
        pictures: (k, neurons, pixels) uint8, 128 for zero, as in `app.figures.marks.Graph`.
        biases: (k, neurons).
        low, high: (k, neurons), the ends of the numbers in each picture.
        weights: (k, edges), between the neurons of each layer and those of the layer before, row by row of W; with
            two inputs or fewer, the first layer's weights come first.
    """

    pictures: NDArray[np.uint8]
    biases: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    weights: NDArray[np.float32]


def fits(data: DataSet) -> bool:
    """Whether neurons on these data have pictures."""
    return data.inputs <= MOST_PIXELS


def has_plane(data: DataSet) -> bool:
    """Whether neurons are drawn as functions of the inputs, and the inputs beside them."""
    return data.dimensions <= 2


def grid(data: DataSet) -> tuple[int, int]:
    """The rows and columns of a picture."""
    if data.dimensions == 1:
        return CURVE, CURVE
    if data.dimensions == 2:
        return GRID, GRID
    side = round(data.inputs**0.5)
    return (side, side) if side**2 == data.inputs else (1, data.inputs)


def shown(model: MLP) -> tuple[int, ...]:
    """The number of neurons that have a picture, of each hidden layer and of the outputs."""
    *hidden, outputs = model.widths[1:]
    most = min(SHOWN, HIDDEN // max(1, len(hidden)))
    return (*(min(width, most) for width in hidden), min(outputs, OUTPUTS))


def observe_neurons(run: Run, piece: Piece) -> Neurons:
    """The pictures of neurons, with their biases and the weights between them."""
    data, model = run.data, run.network.model
    weights = filled(run, piece.weights)
    softmax = data.task == "classes"
    if has_plane(data):
        values, biases, edges = _on_points(run.network.evaluated, weights, points(data), softmax=softmax)
    else:
        x = np.asarray(data.validation.x[:PROBE], np.float32)
        values, biases, edges = _on_pixels(run.network.evaluated, weights, x)
    kept = len(piece.steps)
    values, biases, edges = (np.asarray(array)[:kept] for array in (values, biases, edges))
    shares = softmax and has_plane(data)
    return Neurons(painted(values, data, shown(model)[-1] if shares else 0), biases, *_ends(values), edges)


def _ends(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    return values.min(axis=-1), values.max(axis=-1)


def points(data: DataSet) -> NDArray[np.float32]:
    """The inputs (points, inputs) at which neurons on one or two inputs are evaluated: the highest row first."""
    if data.dimensions == 1:
        return np.asarray(data.inputs_at(along(data, CURVE)[:, None]), np.float32)
    (x0, x1), (y0, y1) = extent(data)
    across, up = np.meshgrid(np.linspace(x0, x1, GRID), np.linspace(y1, y0, GRID))
    return np.asarray(data.inputs_at(np.stack([across.ravel(), up.ravel()], axis=-1)), np.float32)


@compiled(static=("softmax",), network=True)
def _on_points(network: Network, weights: Array, x: Array, *, softmax: bool) -> tuple[Array, Array, Array]:
    """The outputs of neurons (k, neurons, points), of outputs the probabilities; biases and weights."""
    model = network.model

    def at(w: Array) -> tuple[Array, Array, Array]:
        *hidden, last = (h for _, h in model.signals(w, x, network.x))
        outputs = [*hidden, nn.softmax(last) if softmax else last]
        pictures = [h[:, :count].T for h, count in zip(outputs, shown(model), strict=True)]
        return jnp.concatenate(pictures), *_parameters(model, w, model.widths[0])

    return lax.map(at, weights)


@compiled(network=True)
def _on_pixels(network: Network, weights: Array, x: Array) -> tuple[Array, Array, Array]:
    """For each neuron and input (k, neurons, inputs): in the first layer the weight, in later ones the covariance of
    the neuron's output with the input over the samples x.
    """
    model = network.model

    def at(w: Array) -> tuple[Array, Array, Array]:
        first, *later = shown(model)
        centred = x - jnp.mean(x, axis=0)[None]
        pictures = [model.unravel(w)[0].W[:, :first].T]
        for (_, h), count in zip(model.signals(w, x, network.x)[1:], later, strict=True):
            pictures.append((h[:, :count].T @ centred) / len(x))
        return jnp.concatenate(pictures), *_parameters(model, w, 0)

    return lax.map(at, weights)


def _parameters(model: MLP, w: Array, inputs: int) -> tuple[Array, Array]:
    """The biases of the neurons that are shown, and the weights between them and from so many inputs."""
    layers = model.unravel(w)
    counts = (inputs, *shown(model))
    biases = [layer.b[:count] for layer, count in zip(layers, counts[1:], strict=True)]
    edges = [jnp.ravel(layer.W[:i, :o]) for layer, (i, o) in zip(layers, itertools.pairwise(counts), strict=True) if i]
    return jnp.concatenate(biases), jnp.concatenate(edges) if edges else jnp.zeros(0, w.dtype)


def painted(values: NDArray[Any], data: DataSet, shares: int = 0) -> NDArray[np.uint8]:
    """The pixels (…, pixels) of numbers (…, nodes, points), each picture as strong as its largest finite number in
    absolute value; the last nodes, `shares` of them, are shares of 1.
    """
    values = np.where(np.isfinite(values), values, 0.0)
    largest = np.abs(values).max(axis=-1, keepdims=True)
    if shares:
        largest[..., -shares:, :] = 1.0
    relative = values / np.where(largest > 0, largest, 1.0)
    if data.dimensions == 1:
        relative = _areas(relative)
    return np.asarray(np.rint(128 + 127 * relative), np.uint8)


def _areas(curves: NDArray[Any]) -> NDArray[Any]:
    """Pictures (…, CURVE²) of the areas between curves (…, CURVE), from −1 to 1, and their middle line."""
    half = CURVE // 2
    height = half * np.clip(curves, -1, 1)[..., None, :]
    above = np.clip(height - np.arange(half)[::-1, None], 0, 1)
    below = np.clip(-height - np.arange(half)[:, None], 0, 1)
    return np.concatenate([above, -below], axis=-2).reshape(*curves.shape[:-1], -1)


def input_names(data: DataSet) -> tuple[str, ...]:
    """The names of one or two inputs and their features."""
    plain = ("x",) if data.dimensions == 1 else ("x₁", "x₂")
    names = [*plain]
    for key in data.features:
        if key == "products":
            names += ["".join(pair) for pair in itertools.combinations(plain, 2)]
        else:
            names += [FEATURES[key].name.replace("xᵢ", name) for name in plain]
    return tuple(names)
