"""What is looked at after each piece of a run: from its weights to arrays with the kept steps along axis 0."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from app.network.run import Observer, Run
from app.network.settings import SAMPLES
from optimizers.training import Piece
from surfaces.compiled import compiled
from surfaces.curvature import top_eigenvalues
from surfaces.network import DataSet, Network
from surfaces.network.measures import Measures, measure

SIDE = 48
"""Points of a decision boundary's grid in each direction."""
POINTS = 200
"""Points of a fitted curve."""
SHOWN = 400
"""Samples drawn as dots, at most."""


def filled(run: Run, weights: NDArray[Any]) -> NDArray[Any]:
    """The weights of a piece, the last of them repeated, so that one program serves pieces of any length."""
    missing = run.blocks - len(weights)
    return np.concatenate([weights, np.repeat(weights[-1:], missing, axis=0)]) if missing > 0 else weights


def observe_measures(run: Run, piece: Piece) -> Measures:
    held = (run.data.validation.x, run.data.validation.y)
    found = measure(run.network, filled(run, piece.weights), held)
    return Measures(*(column[: len(piece.steps)] for column in found))


@compiled(network=True)
def _outputs(network: Network, weights: Any, x: Any) -> Any:
    return jax.lax.map(lambda w: network.outputs(w, x), weights)


def _predicted(run: Run, piece: Piece, x: NDArray[Any]) -> NDArray[np.float32]:
    weights = filled(run, piece.weights)
    return np.asarray(_outputs(run.network.evaluated, weights, np.asarray(x, np.float32)))[: len(piece.steps)]


def observe_boundary(run: Run, piece: Piece) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The class and how sure it is (0 for chance, 255 for certain) on the grid, (k, SIDE²) each."""
    (x0, x1), (y0, y1) = extent(run.data)
    grid = np.stack(np.meshgrid(np.linspace(x0, x1, SIDE), np.linspace(y0, y1, SIDE)), axis=-1).reshape(-1, 2)
    return _sure(_predicted(run, piece, run.data.inputs_at(grid)))


def _sure(outputs: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    shifted = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    share = (shifted / shifted.sum(axis=-1, keepdims=True)).max(axis=-1)
    chance = 1 / outputs.shape[-1]
    sure = np.nan_to_num((share - chance) / (1 - chance))
    return outputs.argmax(axis=-1).astype(np.uint8), np.rint(255 * np.clip(sure, 0, 1)).astype(np.uint8)


def extent(data: DataSet) -> tuple[tuple[float, float], tuple[float, float]]:
    """A square round all training and validation samples of two inputs."""
    both = np.concatenate([data.train.x, data.validation.x])[:, :2]
    low, high = both.min(axis=0), both.max(axis=0)
    middle, half = (low + high) / 2, 0.56 * float((high - low).max())
    return (float(middle[0] - half), float(middle[0] + half)), (float(middle[1] - half), float(middle[1] + half))


def observe_fit(run: Run, piece: Piece) -> NDArray[np.float32]:
    """The outputs along the input, (k, POINTS)."""
    return _predicted(run, piece, run.data.inputs_at(along(run.data)[:, None]))[..., 0]


def along(data: DataSet, count: int = POINTS) -> NDArray[np.float64]:
    """Evenly spaced values (count,) of the first input, a little beyond all training samples."""
    x = data.train.x[:, 0]
    low, high = float(x.min()), float(x.max())
    room = 0.05 * (high - low)
    return np.linspace(low - room, high + room, count)


def observe_confusion(run: Run, piece: Piece) -> NDArray[np.uint8]:
    """Of the validation samples of each class (rows) the share given to each (columns), 0 to 255: (k, classes²)."""
    held, classes = run.data.validation, run.data.outputs
    given, true = _predicted(run, piece, held.x).argmax(axis=-1), held.y.argmax(axis=-1)
    counts = np.zeros((len(given), classes, classes))
    for k, row in enumerate(given):
        np.add.at(counts[k], (true, row), 1)
    share = counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1)
    return np.rint(255 * share).astype(np.uint8).reshape(len(given), -1)


def observe_predictions(run: Run, piece: Piece) -> NDArray[np.float32]:
    """The first output for validation samples, (k, samples)."""
    return _predicted(run, piece, run.data.validation.x[:SHOWN])[..., 0]


def observe_sharpness(run: Run, piece: Piece) -> NDArray[np.float64]:
    """λmax of the loss's Hessian, or of P⁻¹H for preconditioned rules, (k,)."""
    network = run.network.evaluated.first(SAMPLES)
    scaled = bool(piece.preconditioners.shape[-1])
    if scaled and piece.steps[0] == 0:
        return np.array([math.nan])  # before the first step there is no P
    scales = filled(run, piece.preconditioners) if scaled else None
    found = np.asarray(_largest(network, filled(run, piece.weights), scales), dtype=float)
    return found[: len(piece.steps)]


@compiled(network=True)
def _largest(network: Network, weights: Any, scales: Any) -> Any:
    return jax.lax.map(lambda at: top_eigenvalues(network, at[0], scale=at[1])[0], (weights, scales))


def test_results(runs: Sequence[Run], records: Sequence[Sequence[int]]) -> list[list[tuple[float, float]]]:
    """Loss and accuracy on the test samples of some recorded weights of each run; NaN of a run that diverged."""
    results = []
    for run, numbers in zip(runs, records, strict=True):
        if run.diverged >= 0:
            results.append([(math.nan, math.nan) for _ in numbers])
            continue
        piece = dataclasses.replace(
            run.pieces[-1], weights=run.weights()[[*numbers]], steps=np.zeros(len(numbers), int)
        )
        held = dataclasses.replace(run.data, validation=run.data.test)
        found = observe_measures(dataclasses.replace(run, data=held), piece)
        pairs = zip(found.validation_loss, found.validation_accuracy, strict=True)
        results.append([(float(loss), float(accuracy)) for loss, accuracy in pairs])
    return results


MEASURES: Mapping[str, Observer] = MappingProxyType({"measures": observe_measures})


def measures(run: Run) -> Measures:
    """What was measured of a run so far, along its kept steps."""
    return Measures(*(np.concatenate(column) for column in zip(*run.looks("measures"), strict=True)))


class Lowest(NamedTuple):
    """The lowest validation loss of a run's records: the number of the record, its step, and the loss."""

    record: int
    step: int
    loss: np.floating[Any]


def lowest_validation(run: Run) -> Lowest | None:
    """The lowest validation loss of a run, where early stopping would have ended it.

    None if the run has not begun, or if the held-out samples are those of the test.
    """
    run = run.snapshot(MEASURES)
    if run.data.held_out != "validation" or not run.last or not run.looks("measures"):
        return None
    losses = measures(run).validation_loss
    if not np.isfinite(losses).any():
        return None
    index = int(np.nanargmin(losses))
    return Lowest(index, int(run.steps()[index]), losses[index])


def seen(run: Run, name: str) -> Any:
    """What an observer has seen of a run so far: an array, or a tuple of them, along the kept steps."""
    found = run.looks(name)
    if isinstance(found[0], tuple):
        return tuple(np.concatenate(column) for column in zip(*found, strict=True))
    return np.concatenate(found)
