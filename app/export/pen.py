"""What painters of marks share: where they draw, and the units they draw in."""

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
"""The markers of matplotlib that are drawn for symbols."""


@dataclass(frozen=True)
class Pen:
    """A pair of axes to draw on.

    ``box`` is their place in pixels, ``log`` whether the upright axis is logarithmic, ``field`` the ground, if there is
    one.
    """

    sheet: Sheet
    plot: Plot
    box: Box
    log: bool
    field: Field | None = None

    def color(self, word: str) -> Any:
        """A colour as matplotlib takes it."""
        return color(word, self.sheet.style)

    def pale(self, word: str) -> Any:
        """The colour of what lies after the clock."""
        return self.faded(word, PALE[self.sheet.theme])

    def faded(self, word: str, opacity: float) -> Any:
        """A colour as it looks on paper at an opacity."""
        return blend(self.sheet.style["paper"], self.color(word), opacity)

    @property
    def frame(self) -> NDArray[np.float64]:
        """The corners of the axes in data units, ((low x, low y), (high x, high y))."""
        return np.array([self.plot.get_xlim(), self.plot.get_ylim()]).T

    def pixels(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places (k, 2) of data in pixels of the box, upwards from its lower left."""
        low, high = self.scaled(self.frame)
        return (self.scaled(places) - low) / (high - low) * self.box[2:]

    def scaled(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places (k, 2) in units in which the axes are linear; NaN where a log axis has no place."""
        if not self.log:
            return places
        with np.errstate(divide="ignore", invalid="ignore"):
            upward = np.where(places[:, 1] > 0, np.log10(places[:, 1]), np.nan)
        return np.column_stack([places[:, 0], upward])

    def unscaled(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """The inverse of `scaled`."""
        return np.column_stack([places[:, 0], 10.0 ** places[:, 1]]) if self.log else places


def dashes(name: str) -> Any:
    """A dash pattern as matplotlib takes it."""
    return (0, tuple(points(length) for length in DASHES[name])) if DASHES[name] else "-"


# Heads have about the area of a circle of diameter 1; a polygon is given by its corners, its radius, its first corner's
# angle and how far its centre is moved down.
POLYGONS = {
    "square": (4, 0.45 * np.sqrt(2), np.pi / 4, 0.0),
    "diamond": (4, 0.65, np.pi / 2, 0.0),
    "triangle-up": (3, 0.675, np.pi / 2, 0.075),
}


@functools.lru_cache(maxsize=512)
def outline(symbol: str, turn: float = 0.0) -> Path:
    """The outline of a symbol of unit size, turned by an angle."""
    if symbol in POLYGONS:
        corners, radius, first, down = POLYGONS[symbol]
        angles = first + 2 * np.pi * np.arange(corners + 1) / corners + turn
        return Path(np.column_stack([radius * np.cos(angles), radius * np.sin(angles) - down]), closed=True)
    style = MarkerStyle(SYMBOLS[symbol])
    return style.get_path().transformed(style.get_transform() + Affine2D().rotate(turn))


def moment(times: Any, time: float) -> int:
    """The index of the last of some times at or before a time; the first where there is none."""
    return max(0, reached(times, time) - 1)


def reached(times: Any, time: float) -> int:
    """How many of some times are not after a time."""
    return int(np.searchsorted(times, time, side="right"))
