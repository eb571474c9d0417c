"""Contour levels that show ravines and basins, on a scale that says what it is."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.common.digits import short

COUNT = 16
_DECADES = 4.0
_CLOSEST = 0.17
"""The share of the scale that the text of a tick takes."""
_TICKS = 6


@dataclasses.dataclass(frozen=True)
class Levels:
    """How losses become heights of the map: linear, log above the lowest, or log to both sides of zero.

    Attributes:
        kind: "linear", "log" or "signed log".
        base: the loss that a log scale counts from.
        unit: below this the scale is linear again, since a logarithm has no zero.
        low, high: the ends of the scale, as heights.
    """

    kind: Literal["linear", "log", "signed log"]
    base: float
    unit: float
    low: float
    high: float

    def height(self, loss: Any) -> NDArray[np.float64]:
        """The height of a loss, monotone; signed log passes zero at zero."""
        value = np.asarray(loss, dtype=float)
        if self.kind == "linear":
            return value
        if self.kind == "log":
            return np.log10(np.maximum(value - self.base, 0) + self.unit)
        return np.asarray(np.sign(value) * np.log10(1 + np.abs(value) / self.unit))

    @property
    def zero(self) -> float | None:
        """Where zero stands as a share of the scale, or None where the loss keeps its sign."""
        if self.kind != "signed log":
            return None
        return float((self.height(0.0) - self.low) / (self.high - self.low))

    def below(self, loss: Any) -> NDArray[np.bool_]:
        """Whether a loss lies under the scale, where a picture of it has nowhere lower to go."""
        value = np.asarray(loss, dtype=float)
        if self.kind == "log":
            return np.asarray(value < self.base - 1e-3 * self.unit)
        return np.asarray(self.height(value) < self.low - 1e-6 * (self.high - self.low))

    def spelled(self) -> dict[str, Any]:
        """What `height` needs to know, for those who compute heights elsewhere."""
        return {"kind": self.kind, "base": self.base, "unit": self.unit}

    @property
    def title(self) -> str:
        return {
            "linear": "loss",
            "log": "loss, log scale",
            "signed log": "loss, symmetric log scale",
        }[self.kind]

    def ticks(self) -> tuple[list[float], list[str]]:
        """Heights and their losses for a short legend of the scale: round numbers, none so near another that their
        texts would meet. Zero first, then powers of ten from the top down, then what lies between them.
        """
        span = self.high - self.low
        tiers = [[m * 10.0**p for p in range(8, -13, -1)] for m in (1, 3, 2, 5)]
        if self.kind == "linear":
            step = min(v for tier in tiers for v in tier if v >= _CLOSEST * span and not f"{v:e}".startswith("3"))
            tiers = [[k * step for k in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]]
        chosen: list[float] = []
        for value in [0.0, *(sign * v for tier in tiers for v in tier for sign in (1, -1))]:
            height = float(self.height(value))
            # within a unit of the base a log scale is all but flat: a tick there would tell nothing
            flat = value != 0 and abs(value - self.base) < self.unit
            near = any(abs(height - float(self.height(other))) < _CLOSEST * span for other in chosen)
            if self.low < height < self.high and not flat and not near and len(chosen) < _TICKS:
                chosen.append(value)
        chosen.sort()
        return [float(self.height(v)) for v in chosen], [short(v) for v in chosen]


def choose(losses: NDArray[np.float64], lowest: float | None, resolved: float = 0.0) -> Levels:
    """The scale for a grid of losses: signed where they change sign, log where they span more than linear shows.

    `resolved` is the least rise above the lowest minimum that a picture can show.
    """
    finite = losses[np.isfinite(losses)]
    bottom = min(float(finite.min()), math.inf if lowest is None else lowest)
    top, middle = float(finite.max()), float(np.quantile(finite, 0.5))
    span = max(top - bottom, 1e-12)
    if bottom < -0.01 * span and top > 0:
        unit = max(-bottom / 10, 1e-9)
        levels = Levels("signed log", 0.0, unit, 0.0, 1.0)
    elif span > 6 * (middle - bottom) or (span > 3 and (middle - bottom) > 3 * (np.quantile(finite, 0.05) - bottom)):
        levels = Levels("log", bottom, max(span * 10**-_DECADES, resolved), 0.0, 1.0)
    else:
        levels = Levels("linear", 0.0, 0.0, 0.0, 1.0)
    return dataclasses.replace(levels, low=float(levels.height(bottom)), high=float(levels.height(top)))
