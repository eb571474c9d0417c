"""What a stack of affine maps can fit, with and without an activation function between them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizers.rules.adam import Adam
from optimizers.studies import declared
from optimizers.studies.networks import losses_of, outputs_of, seeds_of, starts_of, train_bundle
from optimizers.studies.study import Progress, Study, Table
from surfaces.digits import percent, short
from surfaces.network import DATASETS, MLP, DataSet, Network
from surfaces.parameter import parameter

Floats = NDArray[np.floating]
KINDS = ("identity", "tanh")
"""The activation functions, in the order of the axis of the result."""
MOMENTS = 20
"""The number of records after the start."""
SIDE = 40
"""Points of the grid of outputs in each direction."""


class Found(NamedTuple):
    """The result; what is not computed yet is NaN, or 0 in pictures.

    Attributes:
        steps: (moments,), the steps of the records.
        losses: (activations, depths, seeds, moments), the mean squared error over the training samples.
        accuracies: (activations, depths, seeds), the share of training samples classified correctly at the end.
        pictures: (activations, depths, moments, SIDE, SIDE) uint8, the output for class 1 on a grid, from 0 to 1 as 0
            to 255, with the first row at the lowest x₂; for the seed that ends with the lowest loss.
        linear_loss, linear_accuracy: those of the best affine map, by least squares.
        linear_picture: (SIDE, SIDE), its output on the grid.
        x, labels: (samples, 2) and (samples,), the training samples.
        extent: (low, high), the range of the grid along both inputs.
    """

    steps: NDArray[np.int64]
    losses: Floats
    accuracies: Floats
    pictures: NDArray[np.uint8]
    linear_loss: float
    linear_accuracy: float
    linear_picture: NDArray[np.uint8]
    x: Floats
    labels: NDArray[np.int64]
    extent: tuple[float, float]


class LinearStack(Study):
    """Stacks of one or more affine maps, trained with and without an activation function between them.

    Without one, the stack is an affine map, whatever its depth. So its mean squared error cannot be below that of the
    best affine map, which least squares give in closed form.
    """

    name = "Stack of linear layers"
    label = "Linear stack"
    seconds = 6.0
    group = "Architecture"
    rows = ("N2",)
    about = (
        "Without an activation function, networks of every depth end at the loss of the best linear model, which "
        "cannot separate the classes. Two affine maps with tanh between them are enough to separate them."
    )
    source = "M. Minsky & S. Papert (1969), Perceptrons; A. Saxe et al. (2014), Exact solutions to deep linear networks"

    data: str = parameter(
        "D",
        default="xor",
        choices={key: DATASETS[key].name for key in ("xor", "circles", "moons", "spirals")},
        tuned=False,
        title="Data",
        doc="Data set of two inputs and two classes.",
    )
    depth: int = declared.whole("L", 3, 2, 6, "The largest number of affine maps.", title="Largest depth")
    width: int = declared.whole("n", 16, 2, 64, "Neurons in each hidden layer.", log=True)
    learning_rate: float = declared.learning_rate()
    steps: int = declared.steps(1000)
    seeds: int = declared.seeds(5, 1, 20)

    def run(self, seed: int = 0) -> Iterator[Progress]:
        data = DATASETS[self.data]().make(seed).standardised()
        x, y = data.train.x, data.train.y
        grid, extent = _grid(data)
        maps = best_affine_map(x, y)
        stride = max(1, self.steps // MOMENTS)
        steps = np.unique([*range(0, self.steps, stride), self.steps])
        losses = np.full((len(KINDS), self.depth, self.seeds, len(steps)), np.nan)
        accuracies = np.full(losses.shape[:3], np.nan)
        pictures = np.zeros((len(KINDS), self.depth, len(steps), SIDE, SIDE), np.uint8)
        linear = _with_bias(x) @ maps
        fixed = (
            float(losses_of("mse", linear, y)),
            _accuracy(linear, y),
            _picture((_with_bias(grid) @ maps)[:, 1]),
            x,
            y.argmax(axis=1),
            extent,
        )
        parts = list(itertools.product(range(self.depth), enumerate(KINDS)))
        rule = Adam(self.learning_rate)
        for done, (hidden, (row, kind)) in enumerate(parts):
            model = MLP((2, *[self.width] * hidden, 2), kind)
            starts = starts_of(model, seeds_of(self.seeds, seed), "xavier_normal")
            records = []
            network = Network(model, x, y, objective="mse")
            for k, bundle in enumerate(train_bundle(network, rule, starts, self.steps, stride=stride)):
                outputs = outputs_of(model, bundle.weights, x)
                losses[row, hidden, :, k] = losses_of("mse", outputs, y)
                records.append(bundle.weights)
                share = (done + bundle.step / self.steps) / len(parts)
                if bundle.step < self.steps:
                    yield self._progress(share, steps, losses, accuracies, pictures, fixed)
            accuracies[row, hidden] = [_accuracy(each, y) for each in outputs]
            ends = losses[row, hidden, :, -1]
            if np.isfinite(ends).any():
                best = np.stack(records)[:, int(np.nanargmin(ends))]
                pictures[row, hidden] = _picture(outputs_of(model, best, grid)[..., 1])
            yield self._progress((done + 1) / len(parts), steps, losses, accuracies, pictures, fixed)

    @staticmethod
    def _progress(share: float, steps: NDArray[np.int64], *parts: object) -> Progress:
        *grown, fixed = parts
        copies = [np.copy(part) for part in grown]  # type: ignore[call-overload]
        return Progress(share, Found(steps, *copies, *fixed))  # type: ignore[misc]

    def finding(self, found: Found) -> str:
        """The lowest losses of both kinds of stack, and the accuracies there."""
        ends = found.losses[..., -1]
        if not np.isfinite(ends).any(axis=(1, 2)).all():
            return ""
        words = []
        for row in range(len(KINDS)):
            depth, best = np.unravel_index(int(np.nanargmin(ends[row])), ends.shape[1:])
            accuracy = percent(float(found.accuracies[row, depth, best]))
            words.append((short(float(ends[row, depth, best]), 3), accuracy))
        (plain, correct), (other, most) = words
        return (
            f"Without an activation function the lowest loss is {plain}, and least squares give "
            f"{short(found.linear_loss, 3)}; {correct} of the training samples are classified correctly. With "
            f"{KINDS[1]} the lowest loss is {other}, and {most} are classified correctly."
        )

    def table(self, found: Found) -> Table:
        columns = ("activation", "affine maps", "lowest loss", "highest loss", "accuracy", "loss / least squares")
        rows: list[tuple[float | int | str, ...]] = [
            ("least squares", 1, found.linear_loss, found.linear_loss, found.linear_accuracy, 1.0)
        ]
        for (row, kind), depth in itertools.product(enumerate(KINDS), range(self.depth)):
            ends = found.losses[row, depth, :, -1]
            if not np.isfinite(ends).any():
                continue
            best = int(np.nanargmin(ends))
            values = float(ends[best]), float(np.nanmax(ends)), float(found.accuracies[row, depth, best])
            rows.append((kind, depth + 1, *values, float(ends[best]) / found.linear_loss))
        return Table(columns, rows)


def best_affine_map(x: Floats, y: Floats) -> Floats:
    """The weights (inputs + 1, outputs) of the affine map with the smallest mean squared error; the last row is b."""
    return np.asarray(np.linalg.lstsq(_with_bias(x), y.astype(float), rcond=None)[0])


def _with_bias(x: Floats) -> Floats:
    return np.concatenate([x, np.ones((len(x), 1))], axis=1, dtype=float)


def _accuracy(outputs: Floats, y: Floats) -> float:
    return float((outputs.argmax(axis=1) == y.argmax(axis=1)).mean())


def _picture(outputs: Floats) -> NDArray[np.uint8]:
    """Outputs (…, SIDE²) as shades (…, SIDE, SIDE), 0 to 1 as 0 to 255; what lies beyond has the shade of the end."""
    shades = np.rint(255 * np.clip(np.nan_to_num(outputs), 0, 1)).astype(np.uint8)
    return shades.reshape(*outputs.shape[:-1], SIDE, SIDE)


def _grid(data: DataSet) -> tuple[Floats, tuple[float, float]]:
    """The points (SIDE², 2) of a grid round the training samples, and its range."""
    reach = 1.1 * float(np.abs(data.train.x).max())
    line = np.linspace(-reach, reach, SIDE, dtype=np.float32)
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2), (-reach, reach)
