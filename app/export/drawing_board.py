"""A board as matplotlib draws it: the panels of the Network page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.export.drawing import Box
from app.export.drawing_slots import SlotDrawing

GAP = 16.0


class BoardDrawing(SlotDrawing):
    """Two panels side by side and one below, as they stand on the page, or one alone."""

    @staticmethod
    def parts(scene: Any) -> Mapping[str, str]:
        return {"all": "The training", **{slot.key: slot.title for slot in scene.slots}}

    @property
    def steps(self) -> int:
        return self.scene.steps

    def courses(self) -> Sequence[NDArray[np.float64]]:
        return self.ways

    def draw(self, box: Box) -> None:
        slots = [slot for slot in self.scene.slots if self.look.part in ("all", slot.key)]
        if self.look.part != "all":
            slots = slots[:1]
        for slot, place in zip(slots, _places(box, len(slots)), strict=True):
            self.slot(slot, place)


def _places(box: Box, count: int) -> list[Box]:
    """One panel fills the box; of three the first two stand side by side above the third."""
    left, top, width, height = box
    if count == 1:
        return [box]
    upper = round(0.58 * (height - GAP))
    half = round((width - GAP) * 1.15 / 2.15)
    pair = [(left, top, half, upper), (left + half + GAP, top, width - half - GAP, upper)]
    return [*pair, (left, top + upper + GAP, width, height - upper - GAP)]
