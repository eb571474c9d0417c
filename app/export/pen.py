"""The tools that the painters of marks share: axes with their colours, units and symbols."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes as Plot
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from app.export.look import blend, color, points
from app.export.placing import Places
from app.export.sheet import Box, Sheet
from app.figures.marks import Field
from app.figures.strokes import DASHES, PALE

SYMBOLS: dict[str, Any] = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "triangle-up": "^",
    "circle-open": "o",
    "square-open": "s",
    "diamond-open": "D",
    "triangle-open": "^",
    "star-open": "*",
    "cross": "x",
    "plus": "+",
    "asterisk": (8, 2, 0),
}
"""The markers of matplotlib, by the names of our symbols."""


@dataclass(frozen=True)
class Pen:
    """A pair of axes to draw on.

    ``box`` is their position in pixels, ``log`` says whether the vertical axis is logarithmic and ``log_across``
    whether the horizontal one is, and ``field`` is the background, if there is one. ``places`` finds the positions of
    words at points, if there are any.
    """

    sheet: Sheet
    plot: Plot
    box: Box
    log: bool
    field: Field | None = None
    places: Places | None = None
    log_across: bool = False

    def color(self, word: str) -> Any:
        """A colour in a form that matplotlib accepts."""
        return color(word, self.sheet.style)

    def pale(self, word: str) -> Any:
        """The colour of the part of a mark that lies after the clock."""
        return self.faded(word, PALE[self.sheet.theme])

    def faded(self, word: str, opacity: float) -> Any:
        """The opaque colour that equals `word` at an opacity on the paper."""
        return blend(self.sheet.style["paper"], self.color(word), opacity)

    @property
    def frame(self) -> NDArray[np.float64]:
        """The corners of the axes in data units, ((low x, low y), (high x, high y))."""
        return np.array([self.plot.get_xlim(), self.plot.get_ylim()]).T

    def pixels(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Positions (k, 2) in pixels from the lower left corner of the box, from data units."""
        low, high = self.scaled(self.frame)
        return (self.scaled(places) - low) / (high - low) * self.box[2:]

    def scaled(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Positions (k, 2) in units in which the axes are linear; NaN where a log axis has no such value."""
        columns = [_decades(values) if log else values for values, log in zip(places.T, self._logs, strict=True)]
        return np.column_stack(columns)

    def unscaled(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """The inverse of `scaled`."""
        columns = [10.0**values if log else values for values, log in zip(places.T, self._logs, strict=True)]
        return np.column_stack(columns)

    @property
    def _logs(self) -> tuple[bool, bool]:
        return self.log_across, self.log


def _decades(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Decimal logarithms; NaN where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, np.log10(values), np.nan)


def dashes(name: str) -> Any:
    """A dash pattern in the form that matplotlib accepts."""
    return (0, tuple(points(length) for length in DASHES[name])) if DASHES[name] else "-"


# Polygons have about the area of a circle of diameter 1. The values are the number of corners, the radius, the angle of
# the first corner, and the distance by which the centre is moved down.
POLYGONS = {
    "square": (4, 0.45 * np.sqrt(2), np.pi / 4, 0.0),
    "diamond": (4, 0.65, np.pi / 2, 0.0),
    "triangle-up": (3, 0.675, np.pi / 2, 0.075),
}


@functools.lru_cache(maxsize=512)
def outline(symbol: str, turn: float = 0.0) -> Path:
    """The outline of a symbol of size 1, rotated by an angle."""
    if symbol in POLYGONS:
        corners, radius, first, down = POLYGONS[symbol]
        angles = first + 2 * np.pi * np.arange(corners + 1) / corners + turn
        return Path(np.column_stack([radius * np.cos(angles), radius * np.sin(angles) - down]), closed=True)
    style = MarkerStyle(SYMBOLS[symbol])
    return style.get_path().transformed(style.get_transform() + Affine2D().rotate(turn))


def moment(times: Any, time: float) -> int:
    """The index of the last of `times` that is not after `time`; 0 if all of them are."""
    return max(0, reached(times, time) - 1)


def reached(times: Any, time: float) -> int:
    """The number of `times` that are not after `time`."""
    return int(np.searchsorted(times, time, side="right"))
