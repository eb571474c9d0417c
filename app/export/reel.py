"""Scenes that a film shows one after the other, instead of the times of one scene's clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.export.drawing import Drawing
from app.export.options import Look
from app.player.scene import Scene


class Reel:
    """Scenes that are filmed like a `Drawing`: each of them, at the last time of its clock, is a moment of the film.

    Args:
        scenes: the scenes, all with the same parts.
        look: the appearance of the pictures.
        link: the permalink for the caption.
    """

    def __init__(self, scenes: Sequence[Scene], look: Look, link: str = "") -> None:
        self._scenes = scenes
        self._look = look
        self._link = link

    @property
    def steps(self) -> int:
        """The index of the last scene."""
        return len(self._scenes) - 1

    def lengths(self) -> NDArray[np.float64]:
        """The fraction of the film until each scene; all take the same time."""
        return np.linspace(0.0, 1.0, len(self._scenes))

    def frames(self, steps: Sequence[int]) -> Iterator[NDArray[Any]]:
        """The pictures (height, width, 3) of the scenes with these indices."""
        for step in steps:
            drawing = Drawing(self._scenes[step], self._look, self._link)
            yield from drawing.frames([drawing.steps])
