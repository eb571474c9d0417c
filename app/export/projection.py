"""From a box in three dimensions to pixels, by the camera that plotly has for it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.player.screen import Camera

Floats = NDArray[np.float64]

FIELD_OF_VIEW = math.pi / 4
"""The angle between the lower and the upper edge of what is seen, as gl-plot3d has it."""
WIDE = 1.6
"""The least width over height for which that holds. In a narrower picture all is smaller, so that as much is seen
across it.
"""
NEAR = 1e-9


@dataclass(frozen=True)
class Projection:
    """How the points of a box are projected.

    ``low`` and ``high`` are opposite corners of the box in data units, ``sides`` the lengths with which it is drawn,
    ``size`` the width and height of the picture in pixels.
    """

    camera: Camera
    low: Floats
    high: Floats
    sides: Floats
    size: tuple[float, float]

    @property
    def eye(self) -> Floats:
        """The place of the camera in data units."""
        middle = (self.low + self.high) / 2
        return np.asarray(middle + np.array(self.camera.eye) * (self.high - self.low) / self.sides)

    def drawn(self, points: Floats) -> Floats:
        """Points (…, 3) of data where they are in the box as it is drawn, centred at 0."""
        return np.asarray(((points - self.low) / (self.high - self.low) - 0.5) * self.sides)

    def pixels(self, points: Floats) -> Floats:
        """Points (…, 3) of data in pixels (…, 2) from the lower left; NaN for what lies behind the camera."""
        ahead, right, up = self._axes()
        away = self.drawn(points) - np.array(self.camera.eye)
        width, height = self.size
        depth = away @ ahead
        depth = np.where(depth > NEAR, depth, np.nan)
        unit = height / 2 / math.tan(FIELD_OF_VIEW / 2) * min(1.0, width / height / WIDE)
        return np.stack([width / 2 + unit * (away @ right) / depth, height / 2 + unit * (away @ up) / depth], axis=-1)

    def _axes(self) -> tuple[Floats, Floats, Floats]:
        """The directions ahead, to the right and upwards."""
        ahead = np.subtract(self.camera.center, self.camera.eye)
        ahead = ahead / np.linalg.norm(ahead)
        right = np.cross(ahead, self.camera.up)
        right = right / np.linalg.norm(right)
        return ahead, right, np.cross(right, ahead)
