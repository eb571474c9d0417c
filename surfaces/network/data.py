"""Data sets for networks, split into training, validation and test samples."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from surfaces.network.features import expanded
from surfaces.network.losses import Task
from surfaces.parameter import Declared, Interval, parameter

Floats = NDArray[np.float32]
PART = 2**20
"""How many numbers are processed at a time."""
SHARE = 0.6
"""The share of training samples, unless another is asked for. Half of the others validate, and half test."""


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

    Where a file brings a test part and all other samples train, there is no validation part: `validation` and `test`
    are the same object, and `held_out` is "test".

    Attributes:
        task: "classes" or "values".
        names: the names of the classes or of the outputs.
        mean, deviation: (inputs,), the mean and the standard deviation before standardisation, or 0 and 1 without it.
        files: the names of the IDX files that the samples were read from, in the order in which `from_idx` takes them.
        features: the features among the inputs, which follow the plain inputs; see `surfaces.network.features`.
    """

    name: str
    task: Task
    train: Samples
    validation: Samples
    test: Samples
    names: tuple[str, ...]
    mean: Floats | float = 0.0
    deviation: Floats | float = 1.0
    features: tuple[str, ...] = ()
    plain: int = 0
    files: tuple[str, ...] = ()

    @property
    def dimensions(self) -> int:
        """The number of plain inputs, without features."""
        return self.plain or self.inputs

    def with_features(self, features: Sequence[str]) -> DataSet:
        """The data set, not standardised, with features after its inputs.

        Raises:
            ValueError: as `expanded`.
        """

        def wider(part: Samples) -> Samples:
            return Samples(expanded(part.x, features).astype(np.float32), part.y)

        if not features:
            return self
        plain = self.dimensions
        return dataclasses.replace(self._mapped(wider), features=tuple(features), plain=plain)

    def inputs_at(self, points: NDArray[Any]) -> NDArray[Any]:
        """The inputs (N, inputs) at points (N, dimensions) in the units of the first columns of the samples."""
        d = self.dimensions
        mean, deviation = (np.broadcast_to(np.asarray(v, float), self.inputs) for v in (self.mean, self.deviation))
        return (expanded(points * deviation[:d] + mean[:d], self.features) - mean) / deviation

    def _mapped(self, change: Callable[[Samples], Samples]) -> DataSet:
        """The data set with each part changed; a part that has two names keeps them."""
        test = change(self.test)
        validation = test if self.held_out == "test" else change(self.validation)
        return dataclasses.replace(self, train=change(self.train), validation=validation, test=test)

    @property
    def held_out(self) -> Literal["validation", "test"]:
        """What the samples in `validation` are."""
        return "test" if self.validation is self.test else "validation"

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
            self._mapped(scaled), mean=mean.astype(np.float32), deviation=deviation.astype(np.float32)
        )


def _rows(x: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """The rows of an array (N, inputs) in blocks, so that computing in float64 takes little memory."""
    block = max(1, PART // max(1, x.shape[1]))
    return (x[k : k + block] for k in range(0, max(1, len(x)), block))


def one_hot(labels: Any, classes: int) -> Floats:
    """One-hot rows (N, classes) for labels (N,), which count from 0."""
    return np.eye(classes, dtype=np.float32)[np.asarray(labels, dtype=int)]


def split(
    name: str,
    task: Task,
    x: Any,
    y: Floats,
    names: tuple[str, ...],
    seed: int,
    share: float = SHARE,
    test: Samples | None = None,
) -> DataSet:
    """The samples, shuffled and split into training, validation and test parts.

    Args:
        x: (N, inputs).
        y: (N, outputs).
        share: the share of training samples. Half of the others validate, and half test; if there is a test part
            already, all others validate.
        test: the test part, if it is known.

    Raises:
        ValueError: if there are fewer samples than parts, or if a number is not finite.
    """
    x = np.asarray(x, dtype=np.float32)
    count, others = len(x), (1 - share) * len(x)
    whole = test is not None and share == 1
    if whole:
        sizes = [0, 0]
    elif test is not None:
        sizes = [max(1, round(others)), 0]
    else:
        sizes = [max(1, round(others / 2))] * 2
    if count <= sum(sizes):
        words = "training, validation and test need at least three" if test is None else "there are too few to split"
        raise ValueError(f"{name} has {count} samples; {words}")
    for kind, values in (("inputs", x), ("targets", y)):
        finite = np.isfinite(values).all(axis=1)
        if not finite.all():
            row = int(np.argmin(finite))
            raise ValueError(f"{name}: the {kind} of sample {row + 1} contain a value that is not a finite number")
    order = np.random.default_rng(seed).permutation(count)
    parts = np.split(order, [count - sum(sizes), count - sizes[1]])
    train, validation, drawn = (Samples(x[part], y[part]) for part in parts)
    test = test or drawn
    return DataSet(name, task, train, test if whole else validation, test, names)


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
        doc="Number of training, validation and test samples together.",
    )


class Source(Declared):
    """A source of data: a frozen record of parameters that generates the same samples for the same seed."""

    key: ClassVar[str] = ""
    name: ClassVar[str]
    task: ClassVar[Task]
    about: ClassVar[str]
    """A sentence or two on what the data are and what they show."""
    source: ClassVar[str]
    drawn: ClassVar[bool] = True
    """Whether another seed draws other samples, of which any share may train."""
    widths: ClassVar[tuple[int, ...]] = (16, 16)
    """The widths of hidden layers that suit the data."""

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        """Random inputs (N, d) and their labels (N,), which count from 0, or values (N, k)."""
        raise NotImplementedError

    def make(self, seed: int = 0, share: float = SHARE) -> DataSet:
        """The data set for a seed, not standardised; `share` is that of the training samples."""
        x, y = self.draw(np.random.default_rng([seed, 1]))
        if self.task == "classes":
            classes = int(y.max()) + 1
            return split(self.name, self.task, x, one_hot(y, classes), tuple(map(str, range(classes))), seed, share)
        return split(self.name, self.task, x, y.astype(np.float32), ("y",), seed, share)
