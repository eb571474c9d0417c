"""Paints the marks that fill their axes with matplotlib: fields, tiles and bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes as Plot
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from app.common.digits import percent
from app.export.look import colormap, cut, points
from app.export.look import wide as wide_of
from app.export.pen import Pen, moment
from app.figures.marks import Bars, Cells, Field, Tiles
from app.figures.resample import resampled, step_in
from app.figures.strokes import CONTOURS, OPACITIES, WORDS

ROOMY = (240.0, 120.0)
"""The width and height of axes above which a field has room for its colour bar."""
BAR = 200.0
"""The largest width of the colour bar."""
APART = 2.0
"""The distance in pixels between the points of the grid on which contours are drawn."""
CELL, COLUMN = 24.0, 13.0
"""The smallest width of a cell with a number, and of a column with a name."""


def paint_fields(pen: Pen, fields: Sequence[Field], z: float) -> None:
    """Paint fields as filled contours."""
    for field in fields:
        field = _seen(pen, field)
        heights = np.ma.masked_invalid(field.z)
        levels = _levels(field, heights)
        colors = colormap(field.colors[pen.sheet.theme])
        ends: Any = {"vmin": field.low, "vmax": field.high, "extend": "both", "zorder": z}
        pen.plot.contourf(field.x, field.y, heights, levels, cmap=colors, **ends)
        _contour(pen, field, levels, "contour_line", CONTOURS["line"], z + 0.1)
        if field.zero:
            _contour(pen, field, [0.0], "muted", CONTOURS["zero"], z + 0.2)
        if field.ticks and pen.box[2] > ROOMY[0] and pen.box[3] > ROOMY[1]:
            _bar(pen, field, colors, z)


def _levels(one: Field, heights: Any) -> NDArray[np.float64]:
    """The levels of the contours in view, with one more on either side."""
    step = step_in(one)
    last = round((one.high - one.low) / step)
    if heights.count() == 0:
        return np.asarray(one.low + step * np.arange(last + 1))
    least, most = (int(np.clip((end - one.low) // step, 0, last - 1)) for end in (heights.min(), heights.max()))
    return np.asarray(one.low + step * np.arange(least, most + 2))


def _seen(pen: Pen, one: Field) -> Field:
    """The part of a field that is in view, on a grid that is fine enough for its size in pixels."""
    (x0, y0), (x1, y1) = pen.frame
    columns, rows = (int(size / APART) + 1 for size in pen.box[2:])
    edge = (
        (x1 - x0) / columns,
        (y1 - y0) / rows,
    )  # one more point on every side
    return resampled(one, (x0 - edge[0], x1 + edge[0]), (y0 - edge[1], y1 + edge[1]), columns, rows)


def _contour(pen: Pen, field: Field, levels: Any, color: str, width: float, z: float) -> None:
    heights = np.ma.masked_invalid(field.z)
    style: Any = {"colors": [pen.color(color)], "linewidths": points(width), "linestyles": "solid", "zorder": z}
    pen.plot.contour(field.x, field.y, heights, levels, **style)


def _bar(pen: Pen, field: Field, colors: Any, z: float) -> None:
    """Paint a thin colour bar, which belongs to the background, so that paths are drawn over it."""
    width, height = pen.box[2:]
    wide = min(BAR, 0.5 * width - 38)  # in the middle of the edge stands the name of the axis
    left = width - wide - 14 if "right" in field.corner else 14
    bottom = height - 28 if "top" in field.corner else 20

    def inset(left: float, bottom: float, across: float, tall: float, z: float) -> Plot:
        axes = pen.plot.inset_axes((left / width, bottom / height, across / width, tall / height), zorder=z)
        axes.spines[:].set_visible(False)
        axes.set(xticks=[], yticks=[])
        return axes

    paper, muted = pen.color("paper"), pen.color("muted")
    inset(left - 10, bottom - 18, wide + 20, 42, z + 0.3).set_facecolor((paper, 0.6))
    axes = inset(left, bottom, wide, 6, z + 0.4)
    axes.imshow(np.linspace(0, 1, 256)[None], aspect="auto", cmap=colors, extent=(field.low, field.high, 0, 1))
    shown: list[tuple[float, str]] = []
    free = -math.inf
    for height, words in field.ticks:  # those that do not cover the one before
        at, half = wide * (height - field.low) / (field.high - field.low), wide_of(words, WORDS["small"]) / 2
        if at - half >= free:
            shown.append((height, words))
            free = at + half + 3
    axes.set_xticks([at for at, _ in shown], [words for _, words in shown])
    small = points(WORDS["small"])
    axes.tick_params(length=0, labelsize=small, labelcolor=muted, pad=points(2))
    axes.set_title(field.title, fontsize=small, color=muted, pad=points(3))


def paint_tiles(pen: Pen, tiles: Sequence[Tiles], z: float) -> None:
    """Paint tiles as framed pictures of cells."""
    for tile in tiles:
        _tile(pen, tile, z)


def _tile(pen: Pen, tile: Tiles, z: float) -> None:
    plot, muted, size = pen.plot, pen.color("muted"), pen.box[2]
    plot.spines[:].set(visible=True, color=pen.color("grid"))
    (x0, y0), (x1, y1) = pen.frame
    _, rows, columns = tile.values.shape
    smooth = "bilinear" if tile.smooth else "nearest"
    blank = np.zeros((rows, columns, 3))
    picture = plot.imshow(blank, extent=(x0, x1, y0, y1), interpolation=smooth, aspect="auto", zorder=z)
    plot.set(xlim=(x0, x1), ylim=(y0, y1), aspect="auto")
    pen.sheet.moves(plot, picture)
    within: Any = {"transform": plot.transAxes, "parse_math": False, "color": muted}
    at = 1 + 4 / pen.box[3]
    score = plot.text(1, at, "", ha="right", va="bottom", fontsize=points(WORDS["text"]), **within)
    pen.sheet.moves(plot, score)
    numbers = _numbers(pen, rows, columns, z + 2) if tile.numbers else []
    cell = size / max(1, len(tile.names))
    for k, word in enumerate(tile.names if cell >= COLUMN else ()):
        label, small = cut(word, cell, WORDS["label"]), points(WORDS["label"])
        plot.text((k + 0.5) / len(tile.names), -3 / pen.box[3], label, ha="center", va="top", fontsize=small, **within)
    if cell >= COLUMN and rows == len(tile.names):
        upright = all(len(word) < 3 for word in tile.names)  # longer names are written upwards
        for k, word in enumerate(tile.names):
            place: Any = {"ha": "right", "va": "center", "rotation": 0 if upright else 90}
            label = word if upright else cut(word, cell, WORDS["label"])
            plot.text(-4 / size, 1 - (k + 0.5) / rows, label, fontsize=points(WORDS["label"]), **place, **within)
    paper, palette = np.array(to_rgb(pen.color("paper"))), np.array([to_rgb(pen.color(ink)) for ink in tile.palette])

    def move(time: float) -> None:
        k = moment(tile.time, time)
        share = np.asarray(tile.values[k], float)[..., None] / 255
        if tile.classes is not None:
            inks: NDArray[np.float64] = palette[tile.classes[k]]
            share = OPACITIES["unsure"] + OPACITIES["sure"] * share
        else:
            inks = np.array(to_rgb(pen.color(tile.color)))
        picture.set_data(paper + share * (inks - paper))
        known = tile.score is not None and np.isfinite(tile.score[k])
        score.set_text(percent(tile.score[k]) if known and tile.score is not None else "")
        for text, value in zip(numbers, np.ravel(tile.values[k]), strict=False):
            percentage = round(100 * int(value) / 255)
            text.set_text(str(percentage) if percentage else "")

    pen.sheet.moves_by(move)


def _numbers(pen: Pen, rows: int, columns: int, z: float) -> list[Any]:
    """The texts of the cells, row by row from the top; empty if the cells have no room for a percentage."""
    if pen.box[2] / columns < CELL:
        return []
    form: Any = {"ha": "center", "va": "center", "fontsize": points(WORDS["small"]), "color": pen.color("ink")}
    form |= {"transform": pen.plot.transAxes, "parse_math": False, "zorder": z}
    places = [((k + 0.5) / columns, 1 - (row + 0.5) / rows) for row in range(rows) for k in range(columns)]
    return [pen.sheet.moves(pen.plot, pen.plot.text(x, y, "", **form)) for x, y in places]


def paint_cells(pen: Pen, cells: Sequence[Cells], z: float) -> None:
    """Paint grids of cells, each of which fills its box."""
    for grid in cells:
        inks = np.array([(0.0, 0.0, 0.0, 0.0), *((*to_rgb(pen.color(ink)), 1.0) for ink in grid.colors)])
        left, bottom, right, top = grid.box
        picture: Any = {"extent": (left, right, bottom, top), "origin": "lower", "interpolation": "nearest"}
        limits = pen.plot.get_xlim(), pen.plot.get_ylim()
        pen.plot.imshow(inks[grid.shades], aspect="auto", zorder=z, **picture)
        pen.plot.set(xlim=limits[0], ylim=limits[1], aspect="auto")


def paint_bars(pen: Pen, bars: Sequence[Bars], z: float) -> None:
    """Paint histograms with the first moment as an outline."""
    for histogram in bars:
        _histogram(pen, histogram, z)


def _histogram(pen: Pen, histogram: Bars, z: float) -> None:
    plot = pen.plot
    plot.spines["bottom"].set(visible=True, color=pen.color("grid"))
    edges = np.linspace(*plot.get_xlim(), histogram.heights.shape[1] + 1)
    filled = plot.stairs(histogram.heights[0], edges, fill=True, color=pen.color(histogram.color), zorder=z)
    first = plot.stairs(histogram.heights[0], edges, color=pen.color("ink"), lw=points(1), zorder=z + 1)
    pen.sheet.moves(plot, filled)
    pen.sheet.moves(plot, first)
    below: Any = {"transform": plot.transAxes, "ha": "center", "va": "top", "parse_math": False}
    small = points(WORDS["small"])
    words = plot.text(0.5, -3 / pen.box[3], "", color=pen.color("muted"), fontsize=small, **below)
    pen.sheet.moves(plot, words)

    def move(time: float) -> None:
        k = moment(histogram.time, time)
        filled.set_data(histogram.heights[k])
        words.set_text(cut(histogram.captions[k], pen.box[2] + 6, WORDS["small"]) if histogram.captions else "")

    pen.sheet.moves_by(move)
