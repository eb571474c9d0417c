"""The stops of sliders: the values to which a slider is dragged, and at which runs are computed while it is dragged.

Any other value can be typed.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from surfaces import Parameter

COUNT = 101
"""The largest number of stops of a slider."""
Values = NDArray[np.float64]


def _ladder(*flights: tuple[float, float, float]) -> Values:
    """Numbers from 1 up to 10 in flights of equal steps, each of which has a first number, an end and a step."""
    parts = [start + step * np.arange(round((end - start) / step)) for start, end, step in flights]
    return np.round(np.concatenate(parts).astype(float), 6)


LADDERS = (
    _ladder((1, 10, 0.1)),
    _ladder((1, 4, 0.1), (4, 10, 0.2)),
    _ladder((1, 2, 0.1), (2, 4, 0.2), (4, 10, 0.5)),
    _ladder((1, 2, 0.1), (2, 3, 0.2), (3, 5, 0.5), (5, 10, 1)),
    _ladder((1, 2, 0.2), (2, 4, 0.5), (4, 8, 1), (8, 10, 2)),
    _ladder((1, 10, 1)),
    np.array([1, 1.5, 2, 3, 5, 7]),
    np.array([1.0, 2, 5]),
    np.array([1.0]),
)
"""Round numbers that divide a decade almost evenly on a logarithmic scale, finest first."""


def stops(spec: Parameter, value: float | None = None) -> Values:
    """The stops of a parameter's slider, in ascending order: both ends of its range, its default, and round numbers.

    The round numbers are spread almost evenly on the declared scale.

    Args:
        value: the value of the slider. A typed value outside the declared range widens the range.
    """
    low, high = spec.low, spec.high
    if value is not None and value != spec.default:
        low, high = min(low, value), max(high, value)
    return _stops(spec, low, high)


@functools.lru_cache(maxsize=512)
def _stops(spec: Parameter, low: float, high: float) -> Values:
    for inner in _candidates(spec, low, high):
        values = np.unique(np.array([low, *inner, high, spec.default], dtype=float))
        values = np.unique(np.round(values)) if spec.integer or spec.counts else values
        if len(values) <= COUNT:
            break
    values.flags.writeable = False  # the array is cached and shared
    return values


def _candidates(spec: Parameter, low: float, high: float) -> Iterator[Values]:
    """Round numbers between the ends of a range, finest first."""
    if spec.scale == "linear":
        yield from _multiples(low, high)
        return
    for ladder in LADDERS:
        if spec.scale == "log":
            yield _rungs(ladder, low or spec.low, high)
        else:  # the distances from 1 are round numbers
            yield np.round(1 - _rungs(ladder, 1 - high, 1 - low), 15)


def _multiples(low: float, high: float) -> Iterator[Values]:
    """Multiples of round steps between two numbers, finest first."""
    decade = math.floor(math.log10((high - low) / COUNT))
    for step in (m * 10.0**p for p in (decade, decade + 1) for m in (1, 2, 5)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        yield np.array([float(f"{k * step:.6g}") for k in range(first, last + 1)])


def _rungs(ladder: Values, low: float, high: float) -> Values:
    """The rungs of a ladder, repeated in every decade, between two positive numbers."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    rungs = np.array([float(f"{rung:.6g}e{decade}") for decade in decades for rung in ladder])
    return rungs[(rungs >= low * (1 - 1e-9)) & (rungs <= high * (1 + 1e-9))]


def some(values: Values, count: int) -> Values:
    """A subset of `count` stops with both ends, spread as evenly as possible; all stops if there are fewer."""
    places = np.round(np.linspace(0, len(values) - 1, min(count, len(values)))).astype(int)
    return values[places]
