"""The axes of a map: what can vary, on which scale, and between which limits.

A panel draws an axis in *places*: the value itself, its decimal logarithm, or −log₁₀(1 − value), as the parameter's
scale asks for. Cells are equally large in places.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from app.common.digits import short
from app.figures.marks import Axis
from surfaces.calculus import Floats
from surfaces.parameter import Parameter, Scale

Span = tuple[float, float]
"""The places of the two ends of an axis."""
WIDE = 30.0
"""The ratio of the ends of a window from which on its ticks are powers of ten."""
MOST_TICKS = 6


@dataclasses.dataclass(frozen=True)
class MapAxis:
    """What varies along one axis of a map.

    Attributes:
        name: the name in a link: that of a rule's parameter, "start.0", "start.1", "surface.NAME" or "noise.NAME".
        symbol: the letter, such as η.
        title: the name in words.
        scale: the scale of its places.
        low, high: the limits of its values.
        window: the values between which it is first shown.
    """

    name: str
    symbol: str
    title: str
    scale: Scale
    low: float
    high: float
    window: tuple[float, float]

    @property
    def path(self) -> str:
        """The name in a sweep."""
        return self.name if "." in self.name else f"optimizer.{self.name}"

    @property
    def room(self) -> str:
        """The part of a run to which it belongs: "optimizer", "start", "surface" or "noise"."""
        return self.path.partition(".")[0]

    @property
    def label(self) -> str:
        """The title with the symbol."""
        return f"{self.title} {self.symbol}" if self.symbol != self.title else self.title

    def place(self, values: ArrayLike) -> Any:
        """The places of values."""
        numbers = np.asarray(values, dtype=float)
        if self.scale == "log":
            return np.log10(numbers)
        return -np.log1p(-numbers) / math.log(10) if self.scale == "one_minus_log" else numbers

    def value(self, places: ArrayLike) -> Any:
        """The values at places."""
        numbers = np.asarray(places, dtype=float)
        if self.scale == "log":
            return 10.0**numbers
        return -np.expm1(-math.log(10) * numbers) if self.scale == "one_minus_log" else numbers

    @property
    def limits(self) -> Span:
        """The places of the limits."""
        low, high = self.place([self.low, self.high])
        return float(low), float(high)

    @property
    def first(self) -> Span:
        """The places of the ends that are first shown."""
        low, high = self.place(self.window)
        return float(low), float(high)

    def cells(self, span: Span, count: int) -> Floats:
        """The values in the middle of `count` cells, rounded by at most a hundredth of a cell.

        The run of a cell is at the rounded value, so that its numbers can be read and typed.
        """
        edges = self.value(np.linspace(*span, count + 1))
        middles = self.value(span[0] + (span[1] - span[0]) * (np.arange(count) + 0.5) / count)
        rounded = [_rounded(value, size) for value, size in zip(middles, np.abs(np.diff(edges)), strict=True)]
        return np.clip(rounded, self.low, self.high)

    def cell(self, span: Span, count: int, place: float) -> float:
        """The value of the cell at a place."""
        column = min(max(int((place - span[0]) / (span[1] - span[0]) * count), 0), count - 1)
        return float(self.cells(span, count)[column])

    def drawn(self, span: Span, numbers: bool = True, titled: bool | None = None) -> Axis:
        """The axis of a panel that shows a part of it, by default with a title if it has numbers."""
        ticks = self.ticks(span)
        return Axis(
            low=span[0],
            high=span[1],
            title=self.label if (numbers if titled is None else titled) else "",
            grid=False,
            numbers=numbers,
            ticks=tuple(float(place) for place in self.place(ticks)),
            words=tuple(short(tick, 12) for tick in ticks),
            limits=self.limits,
        )

    def ticks(self, span: Span) -> list[float]:
        """Round values between two places."""
        low, high = (float(v) for v in self.value(span))
        if self.scale == "log" and high > WIDE * low:
            stride = max(1, math.ceil((span[1] - span[0]) / MOST_TICKS))
            return [
                float(f"1e{power}")
                for power in range(math.ceil(span[0] - 1e-9), math.floor(span[1] + 1e-9) + 1, stride)
            ]
        if self.scale == "one_minus_log" and 1 - low > WIDE * (1 - high):
            nines = [round(1 - 10.0**-power, power) for power in range(8)]
            candidates = [*nines, 0.5] if span[1] - span[0] < 4 else nines
            return sorted(value for value in candidates if low - 1e-12 <= value <= high + 1e-12)
        step = _step((high - low) / MOST_TICKS)
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        return [float(f"{k * step:.12g}") for k in range(first, last + 1)]


def _rounded(value: float, size: float) -> float:
    """A number rounded by at most a hundredth of a size."""
    if not size > 0:
        return float(value)
    return float(round(value, max(0, -math.floor(math.log10(size / 50)))) if size < 50 else round(value))


def _step(least: float) -> float:
    """The least round number that is at least as large as a number."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= least * (1 - 1e-9))


def of_parameter(name: str, spec: Parameter, window: tuple[float, float] | None = None) -> MapAxis:
    """The axis of a declared parameter, by default all of its declared range."""
    return MapAxis(
        name, spec.symbol, spec.title.lower(), spec.scale, spec.low, spec.high, window or (spec.low, spec.high)
    )


def within(span: Iterable[float], limits: Span) -> Span:
    """A span moved and narrowed to lie within limits."""
    low, high = span
    if limits[0] <= low and high <= limits[1]:
        return low, high
    size = min(high - low, limits[1] - limits[0])
    low = min(max(low, limits[0]), limits[1] - size)
    return low, low + size
