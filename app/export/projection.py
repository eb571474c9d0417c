"""The projection from a box in three dimensions to pixels, with the camera of plotly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.player.screen import Camera

Floats = NDArray[np.float64]

FIELD_OF_VIEW = math.pi / 4
"""The angle between the lower and the upper edge of the picture, equal to that of gl-plot3d."""
WIDE = 1.6
"""The smallest aspect ratio for which this holds. In a narrower picture everything is smaller, so that its full width
remains visible.
"""
NEAR = 1e-9


@dataclass(frozen=True)
class Projection:
    """The projection of a box onto a picture.

    ``low`` and ``high`` are opposite corners of the box in data units, ``sides`` are the lengths at which it is drawn,
    and ``size`` is the width and height of the picture in pixels.
    """

    camera: Camera
    low: Floats
    high: Floats
    sides: Floats
    size: tuple[float, float]

    @property
    def eye(self) -> Floats:
        """The position of the camera in data units."""
        middle = (self.low + self.high) / 2
        return np.asarray(middle + np.array(self.camera.eye) * (self.high - self.low) / self.sides)

    def drawn(self, points: Floats) -> Floats:
        """The positions of points (…, 3) in the box as it is drawn, which is centred at 0."""
        return np.asarray(((points - self.low) / (self.high - self.low) - 0.5) * self.sides)

    def pixels(self, points: Floats) -> Floats:
        """The positions (…, 2) of points (…, 3) in pixels from the lower left; NaN for points behind the camera."""
        ahead, right, up = self._axes()
        away = self.drawn(points) - np.array(self.camera.eye)
        width, height = self.size
        depth = away @ ahead
        depth = np.where(depth > NEAR, depth, np.nan)
        unit = height / 2 / math.tan(FIELD_OF_VIEW / 2) * min(1.0, width / height / WIDE)
        return np.stack([width / 2 + unit * (away @ right) / depth, height / 2 + unit * (away @ up) / depth], axis=-1)

    def _axes(self) -> tuple[Floats, Floats, Floats]:
        """The camera's unit vectors ahead, to the right and upwards."""
        ahead = np.subtract(self.camera.center, self.camera.eye)
        ahead = ahead / np.linalg.norm(ahead)
        right = np.cross(ahead, self.camera.up)
        right = right / np.linalg.norm(right)
        return ahead, right, np.cross(right, ahead)
