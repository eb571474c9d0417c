"""Data sets for networks, split into training, validation and test samples."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from surfaces.network.losses import Task
from surfaces.parameter import Declared, Interval, parameter

Floats = NDArray[np.float32]
PART = 2**20
"""How many numbers are processed at a time."""
SHARES = (0.6, 0.2, 0.2)
"""The shares of the training, validation and test parts."""


@dataclasses.dataclass(frozen=True, eq=False)
class Samples:
    """Inputs x (N, inputs) and targets y (N, outputs), float32; classes are one-hot rows."""

    x: Floats
    y: Floats

    def __len__(self) -> int:
        return len(self.x)


@dataclasses.dataclass(frozen=True, eq=False)
class DataSet:
    """Samples in three parts: training, validation to choose among runs, and test, to be used once, at the end.

    Attributes:
        task: "classes" or "values".
        names: the names of the classes or of the outputs.
        mean, deviation: (inputs,), the mean and the standard deviation before standardisation, or 0 and 1 without it.
    """

    name: str
    task: Task
    train: Samples
    validation: Samples
    test: Samples
    names: tuple[str, ...]
    mean: Floats | float = 0.0
    deviation: Floats | float = 1.0

    @property
    def inputs(self) -> int:
        return self.train.x.shape[1]

    @property
    def outputs(self) -> int:
        return self.train.y.shape[1]

    def standardised(self) -> DataSet:
        """The data set with inputs of mean 0 and standard deviation 1 over the training part.

        The other two parts are shifted and scaled by the same numbers. A constant input keeps its scale.
        """
        mean = self.train.x.mean(axis=0, dtype=np.float64)
        squares = sum(np.square(rows - mean).sum(axis=0) for rows in _rows(self.train.x))
        deviation = np.sqrt(squares / len(self.train))
        deviation = np.where(deviation > 0, deviation, 1.0)

        def scaled(part: Samples) -> Samples:
            x = np.empty_like(part.x)
            for rows, target in zip(_rows(part.x), _rows(x), strict=True):
                target[:] = (rows - mean) / deviation
            return Samples(x, part.y)

        return dataclasses.replace(
            self,
            train=scaled(self.train),
            validation=scaled(self.validation),
            test=scaled(self.test),
            mean=mean.astype(np.float32),
            deviation=deviation.astype(np.float32),
        )


def _rows(x: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """The rows of an array (N, inputs) in blocks, so that computing in float64 takes little memory."""
    block = max(1, PART // max(1, x.shape[1]))
    return (x[k : k + block] for k in range(0, max(1, len(x)), block))


def one_hot(labels: Any, classes: int) -> Floats:
    """One-hot rows (N, classes) for labels (N,), which count from 0."""
    return np.eye(classes, dtype=np.float32)[np.asarray(labels, dtype=int)]


def split(name: str, task: Task, x: Any, y: Floats, names: tuple[str, ...], seed: int) -> DataSet:
    """The samples, shuffled and split into training, validation and test parts by `SHARES`.

    Args:
        x: (N, inputs).
        y: (N, outputs).

    Raises:
        ValueError: if there are fewer than three samples, or if a number is not finite.
    """
    x = np.asarray(x, dtype=np.float32)
    count = len(x)
    if count < 3:
        raise ValueError(f"{name} has {count} samples; training, validation and test need at least three")
    for kind, values in (("inputs", x), ("targets", y)):
        finite = np.isfinite(values).all(axis=1)
        if not finite.all():
            row = int(np.argmin(finite))
            raise ValueError(f"{name}: the {kind} of sample {row + 1} contain a value that is not a finite number")
    order = np.random.default_rng(seed).permutation(count)
    validation_count, test_count = (max(1, round(share * count)) for share in SHARES[1:])
    parts = np.split(order, [count - validation_count - test_count, count - test_count])
    train, validation, test = (Samples(x[part], y[part]) for part in parts)
    return DataSet(name, task, train, validation, test, names)


def samples(default: int) -> Any:
    """Declare N, the number of samples that a source draws."""
    return parameter(
        "N",
        default=default,
        low=30,
        high=5000,
        log=True,
        integer=True,
        legal=Interval(6, math.inf, True, False),
        tuned=False,
        doc="Number of samples in the three parts together.",
    )


class Source(Declared):
    """A source of data: a frozen record of parameters that generates the same samples for the same seed."""

    key: ClassVar[str] = ""
    name: ClassVar[str]
    task: ClassVar[Task]
    about: ClassVar[str]
    """A sentence or two on what the data are and what they show."""
    source: ClassVar[str]
    widths: ClassVar[tuple[int, ...]] = (16, 16)
    """The widths of hidden layers that suit the data."""

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        """Random inputs (N, d) and their labels (N,), which count from 0, or values (N, k)."""
        raise NotImplementedError

    def make(self, seed: int = 0) -> DataSet:
        """The data set for a seed, not standardised."""
        x, y = self.draw(np.random.default_rng([seed, 1]))
        if self.task == "classes":
            classes = int(y.max()) + 1
            return split(self.name, self.task, x, one_hot(y, classes), tuple(map(str, range(classes))), seed)
        return split(self.name, self.task, x, y.astype(np.float32), ("y",), seed)
