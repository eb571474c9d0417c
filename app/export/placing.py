"""Find the side of a point on which words cover the least of lines, marks and other words.

The page does the same in `app/player/web/drawing/placing.js`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.figures.marks import Side
from app.figures.trails import crossings

Floats = NDArray[np.float64]
Room = tuple[float, float, float, float]
"""Left, low, right and top, in pixels."""

SIDES: tuple[Side, ...] = (
    *("bottom right", "top right", "bottom left", "top left"),
    *("top center", "bottom center", "middle right", "middle left"),
)
"""All sides in order of preference."""
ALONG, TAKEN, OUTSIDE, LATER = 1.0, 0.5, 2.0, 1.5
"""The costs of a pixel of a line under the words, of a square pixel of marks or other words, of a square pixel outside
the axes, and of each step down in preference.
"""


def box_on(side: str, x: float, y: float, size: tuple[float, float], gap: float) -> Room:
    """The box of words on a side of a point, with y upwards."""
    width, height = size
    left = x + gap if "right" in side else x - gap - width if "left" in side else x - width / 2
    low = y + gap if "top" in side else y - gap - height if "bottom" in side else y - height / 2
    return left, low, left + width, low + height


def shared(one: Room, other: Room) -> float:
    """The area of the overlap of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)


@dataclass
class Places:
    """Places words one after the other on axes of a size, beside lines with points (k, 2) in pixels."""

    size: tuple[float, float]
    ways: Sequence[Floats] = ()
    taken: list[Room] = field(default_factory=list)

    def keep(self, x: float, y: float, half: float) -> None:
        """Reserve a square around a point."""
        if np.isfinite(x + y):
            self.taken.append((x - half, y - half, x + half, y + half))

    def place(self, side: Side, at: Floats, size: tuple[float, float], gap: float) -> Side:
        """Return the best side for words at a point, and reserve their box."""
        sides = [side, *(other for other in SIDES if other != side)]
        boxes = [box_on(one, float(at[0]), float(at[1]), size, gap) for one in sides]
        costs = [self._cost(box) + LATER * k for k, box in enumerate(boxes)]
        best = int(np.argmin(costs))
        self.taken.append(boxes[best])
        return sides[best]

    def _cost(self, box: Room) -> float:
        left, low, right, top = box
        cost = OUTSIDE * ((right - left) * (top - low) - shared(box, (0.0, 0.0, *self.size)))
        cost += TAKEN * sum(shared(box, other) for other in self.taken)
        room = np.array([[left - 2, low - 2], [right + 2, top + 2]])
        return cost + ALONG * sum(_inside(way, room) for way in self.ways)


def _inside(way: Floats, room: Floats) -> float:
    """The length of the part of a line inside a box."""
    if len(way) < 2:
        return 0.0
    a, b = way[:-1], way[1:]
    enter, leave = crossings(a, b, room)
    with np.errstate(invalid="ignore", over="ignore"):
        share = np.clip(leave, 0, 1) - np.clip(enter, 0, 1)
        lengths = np.hypot(*(b - a).T) * np.where((enter <= leave) & (share > 0), share, 0.0)
    return float(np.nansum(np.where(np.isfinite(lengths), lengths, 0.0)))
