"""Where words stand at a point: on the side where they cover the least of lines, of marks and of other words.

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
"""Other sides than the one that is wanted, those that are preferred first."""
ALONG, TAKEN, OUTSIDE, LATER = 1.0, 0.5, 2.0, 1.5
"""What a pixel of a line under words costs, a square pixel of other words or marks, one outside the axes, and a side
that is less preferred.
"""


def box_on(side: str, x: float, y: float, size: tuple[float, float], gap: float) -> Room:
    """The box of words on a side of a point, in pixels upwards."""
    width, height = size
    left = x + gap if "right" in side else x - gap - width if "left" in side else x - width / 2
    low = y + gap if "top" in side else y - gap - height if "bottom" in side else y - height / 2
    return left, low, left + width, low + height


def shared(one: Room, other: Room) -> float:
    """The area that two boxes share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)


@dataclass
class Places:
    """The words of a pair of axes of a size, placed one after the other beside ways (k, 2) in pixels."""

    size: tuple[float, float]
    ways: Sequence[Floats] = ()
    taken: list[Room] = field(default_factory=list)

    def keep(self, x: float, y: float, half: float) -> None:
        """Keep a square free around a point."""
        if np.isfinite(x + y):
            self.taken.append((x - half, y - half, x + half, y + half))

    def place(self, side: Side, at: Floats, size: tuple[float, float], gap: float) -> Side:
        """The side on which words stand best; their room is taken from now on."""
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
    """The length of the part of a way that lies in a box."""
    if len(way) < 2:
        return 0.0
    a, b = way[:-1], way[1:]
    enter, leave = crossings(a, b, room)
    with np.errstate(invalid="ignore", over="ignore"):
        share = np.clip(leave, 0, 1) - np.clip(enter, 0, 1)
        lengths = np.hypot(*(b - a).T) * np.where((enter <= leave) & (share > 0), share, 0.0)
    return float(np.nansum(np.where(np.isfinite(lengths), lengths, 0.0)))
