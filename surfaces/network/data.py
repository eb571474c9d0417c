"""Data for networks: training, validation and test samples, each apart from the others."""

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
"""Numbers that are worked on at a time."""
SHARES = (0.6, 0.2, 0.2)
"""Training, validation, test."""


@dataclasses.dataclass(frozen=True, eq=False)
class Samples:
    """x (N, inputs) and y (N, outputs), float32; classes are rows of zeros with a one."""

    x: Floats
    y: Floats

    def __len__(self) -> int:
        return len(self.x)


@dataclasses.dataclass(frozen=True, eq=False)
class DataSet:
    """Samples in three parts. The validation part chooses among runs; the test part is looked at once, at the end.

    Attributes:
        task: "classes" or "values".
        names: of the classes, or of the outputs.
        mean, deviation: (inputs,), what standardisation took away; 0 and 1 before it.
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
        """Inputs with mean 0 and deviation 1 over the training part, whose numbers serve the other two as well.

        An input that does not vary keeps its scale.
        """
        mean = self.train.x.mean(axis=0, dtype=np.float64)
        squares = sum(np.square(rows - mean).sum(axis=0) for rows in _rows(self.train.x))
        deviation = np.sqrt(squares / len(self.train))
        deviation = np.where(deviation > 0, deviation, 1.0)

        def scaled(part: Samples) -> Samples:
            x = np.empty_like(part.x)
            for rows, own in zip(_rows(part.x), _rows(x), strict=True):
                own[:] = (rows - mean) / deviation
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
    """Some rows of (N, inputs) at a time, so that float64 takes little memory beside float32."""
    most = max(1, PART // max(1, x.shape[1]))
    return (x[k : k + most] for k in range(0, max(1, len(x)), most))


def one_hot(labels: Any, classes: int) -> Floats:
    """Rows of zeros with a one, (N, classes), for labels (N,) from 0."""
    return np.eye(classes, dtype=np.float32)[np.asarray(labels, dtype=int)]


def split(name: str, task: Task, x: Any, y: Floats, names: tuple[str, ...], seed: int) -> DataSet:
    """Shuffle, and cut into training, validation and test by `SHARES`; each part has at least one sample.

    Args:
        x: (N, inputs).
        y: (N, outputs).

    Raises:
        ValueError: on fewer than three samples, or a number that is not finite.
    """
    x = np.asarray(x, dtype=np.float32)
    count = len(x)
    if count < 3:
        raise ValueError(f"{name} has {count} samples; training, validation and test need three at least")
    for what, values in (("inputs", x), ("targets", y)):
        finite = np.isfinite(values).all(axis=1)
        if not finite.all():
            row = int(np.argmin(finite))
            raise ValueError(f"{name}: the {what} of sample {row + 1} hold a value that is not a finite number")
    order = np.random.default_rng(seed).permutation(count)
    held = max(1, round(SHARES[1] * count)), max(1, round(SHARES[2] * count))
    cuts = np.split(order, [count - held[0] - held[1], count - held[1]])
    train, validation, test = (Samples(x[cut], y[cut]) for cut in cuts)
    return DataSet(name, task, train, validation, test, names)


def samples(default: int) -> Any:
    """N: how many samples a source draws."""
    return parameter(
        "N",
        default=default,
        low=30,
        high=5000,
        log=True,
        integer=True,
        legal=Interval(6, math.inf, True, False),
        tuned=False,
        doc="Samples in all three parts.",
    )


class Source(Declared):
    """Where data come from: a frozen record of parameters that draws the same samples from the same seed."""

    key: ClassVar[str] = ""
    name: ClassVar[str]
    task: ClassVar[Task]
    about: ClassVar[str]
    """A sentence on what they are and what they show."""
    source: ClassVar[str]
    widths: ClassVar[tuple[int, ...]] = (16, 16)
    """Hidden layers that suit them."""

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        """Inputs (N, d), and labels (N,) from 0 or values (N, k)."""
        raise NotImplementedError

    def make(self, seed: int = 0) -> DataSet:
        """The data in three parts, as they are: not standardised."""
        x, y = self.draw(np.random.default_rng([seed, 1]))
        if self.task == "classes":
            classes = int(y.max()) + 1
            return split(self.name, self.task, x, one_hot(y, classes), tuple(map(str, range(classes))), seed)
        return split(self.name, self.task, x, y.astype(np.float32), ("y",), seed)
