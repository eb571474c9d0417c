"""Draws what the colours of cells mean: a bar with numbers, and keys."""

from __future__ import annotations

from app.export.look import color, wide
from app.export.sheet import Box, Sheet
from app.figures.marks import Legend
from app.figures.strokes import WORDS

LEGEND, KEYS = 34.0, 20.0
"""The heights of a row with a bar, and of one with keys alone."""
BAR = (150.0, 8.0)
"""The width and the height of the bar."""
SWATCH = 11.0
"""The size of the square of a key."""
GAP = 14.0


def paint_legend(sheet: Sheet, legend: Legend, box: Box) -> float:
    """Draw a legend into the top of a box, in as many rows as it needs, and return their height."""
    left, top, width, _ = box
    size, muted = WORDS["label"], sheet.style["muted"]
    at, row, tall_row = left, top, LEGEND if legend.colors else KEYS
    if legend.colors:
        sheet.words(legend.title, at, row + 2, size, color=muted)
        at += wide(legend.title, size) + 10
        across, tall = min(BAR[0], max(40.0, left + width - at - 20)), BAR[1]
        axes = sheet.axes((at, row + 4, across, tall))
        inks = [[color(ink, sheet.style) for ink in legend.colors]]
        axes.imshow(_channels(inks), aspect="auto", extent=(0, 1, 0, 1), interpolation="bilinear")
        axes.set(xticks=[], yticks=[])
        for share, words in legend.ticks:
            sheet.words(words, at + share * across, row + 15, WORDS["small"], color=muted, ha="center")
        at += across + 2 * GAP
    for words, ink in legend.keys:
        needed = SWATCH + 5 + wide(words, size)
        if at + needed > left + width and at > left:
            at, row, tall_row = left, row + tall_row, KEYS
        axes = sheet.axes((at, row + 3, SWATCH, SWATCH))
        axes.set_facecolor(color(ink, sheet.style))
        axes.set(xticks=[], yticks=[])
        sheet.words(words, at + SWATCH + 5, row + 2, size, color=sheet.style["ink"])
        at += needed + GAP
    return row + tall_row - top


def _channels(colors: list[list[str]]) -> list[list[tuple[float, ...]]]:
    from matplotlib.colors import to_rgb

    return [[to_rgb(ink) for ink in row] for row in colors]
