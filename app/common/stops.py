"""The stops of a slider: the values that it is dragged to, that the keyboard steps through, and whose runs are computed
while it is dragged. Any value between two stops can be typed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from surfaces import Parameter

COUNT = 101
"""Stops of a logarithmic slider, and about as many of a linear one."""
Values = NDArray[np.float64]


@functools.cache
def stops(spec: Parameter) -> Values:
    """The stops of a parameter's slider, in ascending order: both ends of its range, its default, and between them
    values with few digits, evenly spread on its declared scale.
    """
    if spec.scale == "linear":
        values = _linear(spec)
    elif spec.scale == "log":
        values = _even(spec, np.log, np.exp, lambda value: float(f"{value:.3g}"))
    else:
        values = _even(spec, lambda value: -np.log(1 - value), lambda place: 1 - np.exp(-place), _near_one)
    values = np.unique(np.round(values) if spec.integer else values)
    values.flags.writeable = False  # shared by all who ask
    return values


def _linear(spec: Parameter) -> Values:
    """Multiples of a round step, which is a hundredth of the range or a little more."""
    finest = (spec.high - spec.low) / (COUNT - 1)
    step = min(m * 10.0**p for p in range(-6, 6) for m in (1, 2, 5) if m * 10.0**p >= finest * (1 - 1e-9))
    inner = np.arange(spec.low, spec.high, max(step, 1.0) if spec.integer else step)
    return np.array([*(float(f"{value:.6g}") for value in inner), spec.high, spec.default], dtype=float)


def _even(
    spec: Parameter,
    place: Callable[[float], float],
    value: Callable[[float], float],
    rounded: Callable[[float], float],
) -> Values:
    """Values evenly spread over their places on a scale; the one nearest to the default gives way to the default, so
    that sliders have equally many stops, and sweeps along them the same compiled program.
    """
    inner = np.linspace(place(spec.low), place(spec.high), COUNT)[1:-1]
    values = np.array([spec.low, *(rounded(value(at)) for at in inner), spec.high], dtype=float)
    if not spec.low < spec.default < spec.high:
        return np.append(values, float(spec.default))
    nearest = 1 + int(np.argmin(np.abs(inner - place(spec.default))))
    values[nearest] = spec.default
    return values


def _near_one(value: float) -> float:
    """A value to three digits; of values close to one, those of the distance from one."""
    return float(f"{1 - float(f'{1 - value:.3g}'):.12g}") if value > 0.9 else float(f"{value:.3g}")


def some(values: Values, count: int) -> Values:
    """So many of some stops, both ends among them, as evenly among the others as can be; all where there are fewer."""
    places = np.round(np.linspace(0, len(values) - 1, min(count, len(values)))).astype(int)
    return values[places]
