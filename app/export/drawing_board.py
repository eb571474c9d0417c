"""A board as matplotlib draws it: the panels of the Network page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.export.drawing import Box
from app.export.drawing_slots import SlotDrawing
from app.export.options import Look
from app.player.scene import Board

GAP = 16.0


class BoardDrawing(SlotDrawing):
    """Two panels side by side and one below, as they stand on the page, or one alone."""

    def __init__(self, board: Board, look: Look | None = None, link: str = "") -> None:
        self.board = board
        super().__init__(board, look, link)

    @staticmethod
    def parts(scene: Any) -> Mapping[str, str]:
        return {"all": "The training", **{slot.key: slot.title for slot in scene.slots}}

    @property
    def steps(self) -> int:
        return self.board.steps

    def lengths(self) -> NDArray[np.float64]:
        # a tenth of the time goes by steps, for where nothing moves there are steps still
        even = np.arange(self.steps + 1) / max(1, self.steps)
        return 0.9 * np.mean(self.ways, axis=0) + 0.1 * even if self.ways else even

    def draw(self, box: Box) -> None:
        slots = [slot for slot in self.board.slots if self.look.part in ("all", slot.key)]
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
