"""Draws any panel with matplotlib: the title and the note, the axes, and the marks layer by layer."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
from matplotlib.axes import Axes as Plot
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from app.common.digits import decade, percent, short
from app.export import graphs, grounds, lines, points_and_words
from app.export.legends import LEGEND, paint_legend
from app.export.look import color, cut, points, wide, wrap
from app.export.pen import Pen
from app.export.placing import Places
from app.export.sheet import Box, Sheet
from app.figures import marks
from app.figures.marks import Axes, Axis, Layer, Panel, Tiles
from app.figures.strokes import HEADS, SIGNS, WEIGHTS, WORDS

TITLE, ROW, NOTE = 22.0, 17.0, 15.0
"""The heights of a title, of a line of text, and of a line of a note."""
NUMBERS = (44.0, 22.0)
"""The room for the numbers of a vertical axis, and of a horizontal one."""
EDGE = (6.0, 10.0)
"""The room above axes and to their right, into which a number may extend."""
HEAD, FOOT = 20.0, 18.0
"""The room for the title of axes, and for the text below them."""
GAP, SIDE = 14.0, 16.0
"""The space between squares, and the room at their left for the names of rows."""
BETWEEN = (4.0, 8.0)
"""The space below and to the right of axes that stand side by side without numbers."""

PAINTERS: dict[type, Any] = {
    marks.Line: lines.paint_lines,
    marks.Lines: lines.paint_bundles,
    marks.Band: lines.paint_bands,
    marks.Rule: lines.paint_rules,
    marks.Dots: points_and_words.paint_dots,
    marks.Sign: points_and_words.paint_signs,
    marks.Text: points_and_words.paint_texts,
    marks.Field: grounds.paint_fields,
    marks.Tiles: grounds.paint_tiles,
    marks.Cells: grounds.paint_cells,
    marks.Bars: grounds.paint_bars,
    marks.Graph: graphs.paint_graphs,
}


def paint(sheet: Sheet, panel: Panel, box: Box, hidden: frozenset[str] = frozenset(), scale: str = "") -> None:
    """Draw a panel into a box, without the hidden racers.

    Args:
        scale: the scale of the vertical axes, if they offer it.
    """
    if panel.choices and panel.title:  # a panel that cannot be exchanged for another needs no title
        box = _titled(sheet, panel, box)
    if panel.message:
        left, top, width, height = box
        for k, line in enumerate(wrap(panel.message, width, WORDS["text"])):
            sheet.words(line, left + width / 2, top + height / 2 + k * ROW, ha="center", color=sheet.style["muted"])
        return
    pairs = [(k, pair) for k, pair in enumerate(panel.axes) if pair.racer not in hidden or not pair.racer]
    for (k, pair), place in zip(pairs, _places(panel, [pair for _, pair in pairs], box), strict=True):
        shown = [mark for mark in panel.marks if mark.axes == k and not (mark.racer and mark.racer in hidden)]
        if min(place[2:]) >= 4:
            paint_axes(sheet, pair, place, shown, scale)
    _titles(sheet, panel, [pair for _, pair in pairs], box)


def _titled(sheet: Sheet, panel: Panel, box: Box) -> Box:
    """Draw the title and the note of a panel, and return the remaining box. A note too wide to stand beside the title
    is drawn below it.
    """
    left, top, width, height = box
    muted = sheet.style["muted"]
    title = cut(panel.title, width, WORDS["title"], bold=True)
    sheet.words(title, left, top, WORDS["title"], weight="bold")
    size = WORDS["label"]
    room = width - wide(title, WORDS["title"], bold=True) - 14
    plain = "".join(note.text for note in panel.note if not note.color)
    keys = [note for note in panel.note if note.color]
    if wide(plain, size) + sum(wide(key.text, size, bold=True) + 5 for key in keys) > room:
        note_lines = wrap(plain, width, size)[:3]
        for k, line in enumerate(note_lines):
            sheet.words(line, left, top + TITLE - 2 + NOTE * k, size, color=muted)
        down = TITLE + NOTE * len(note_lines)
    else:
        at, down = left + width - room, TITLE
        sheet.words(plain, at, top + 3, size, color=muted)
        at += wide(plain, size)
        for key in keys:
            sheet.words(key.text, at + 5, top + 3, size, color=color(key.color, sheet.style), weight="bold")
            at += wide(key.text, size, bold=True) + 5
    if panel.legend:
        down += paint_legend(sheet, panel.legend, (left, top + down, width, LEGEND))
    return left, top + down, width, height - down


# The layout of axes.


def _places(panel: Panel, pairs: Sequence[Axes], box: Box) -> list[Box]:
    """The boxes of the axes, without the room for their numbers and titles."""
    if panel.spread == "squares":
        names = any(isinstance(mark, Tiles) and mark.names for mark in panel.marks)
        return _squares(box, len(pairs), HEAD if names else 4.0, SIDE if names else 0.0)
    left, top, width, height = _inner(pairs, box)
    titled = any(pair.title for pair in pairs)
    below = any(isinstance(mark, marks.Bars) for mark in panel.marks)
    places = []
    for pair in pairs:
        x0, y0, x1, y1 = pair.place
        head, foot = HEAD * titled, FOOT * below
        right = BETWEEN[1] if below and x1 < 1 else 0.0
        across, tall = (x1 - x0) * width - right, (y1 - y0) * height - head - foot
        place = (left + x0 * width, top + (1 - y1) * height + head, across, tall)
        places.append(_shrunk(place, pair) if pair.equal else place)
    return places


def _inner(pairs: Sequence[Axes], box: Box) -> Box:
    """The box without the room for numbers and names of axes at its edges."""
    left, top, width, height = box
    before = NUMBERS[0] if any(pair.y.numbers for pair in pairs) else 0.0
    below = NUMBERS[1] if any(pair.x.numbers for pair in pairs) else 0.0
    below += ROW + 1 if any(pair.x.title for pair in pairs) else 0.0
    above, after = EDGE if before else (0.0, 0.0)
    above += ROW if any(pair.y.title for pair in pairs) and height > 150 else 0.0
    return left + before, top + above, width - before - after, height - above - below


def _squares(box: Box, count: int, foot: float, side: float) -> list[Box]:
    """The boxes of the largest equal squares that leave room for a title above each, `foot` below and `side` left."""
    left, top, width, height = box
    head = HEAD + 2
    size, columns = 20.0, 1
    for across in range(1, count + 1):
        rows = -(-count // across)
        fits = min((width - GAP * (across - 1)) / across - side, height / rows - head - foot)
        if fits > size:
            size, columns = fits, across
    wide = size + side
    between = min(40.0, max(0.0, (width - columns * wide) / max(1, columns - 1)))
    indent = (width - columns * wide - (columns - 1) * between) / 2 + side
    top += max(0.0, height - -(-count // columns) * (size + head + foot)) / 2
    return [
        (left + indent + k % columns * (wide + between), top + head + k // columns * (size + head + foot), size, size)
        for k in range(count)
    ]


def _ranges(pair: Axes) -> tuple[tuple[tuple[float, float], tuple[float, float]], ...]:
    window = (pair.x.low, pair.x.high), (pair.y.low, pair.y.high)
    return window, (pair.x.limits or window[0], pair.y.limits or window[1])


def _shrunk(box: Box, pair: Axes) -> Box:
    """The middle part of a box that shows the whole window at equal scales, within the limits."""
    window, limits = _ranges(pair)
    left, top, width, height = box
    unit = max((high - low) / pixels for (low, high), pixels in zip(window, (width, height), strict=True))
    across, tall = (min(p, (high - low) / unit) for p, (low, high) in zip((width, height), limits, strict=True))
    return (left + (width - across) / 2, top + (height - tall) / 2, across, tall)


def fit(pair: Axes, size: tuple[float, float]) -> list[tuple[float, float]]:
    """The ranges of axes with equal scales: one range is widened, within the limits."""
    window, limits = _ranges(pair)
    ideal = max((high - low) / pixels for (low, high), pixels in zip(window, size, strict=True))
    unit = min(ideal, *((high - low) / pixels for (low, high), pixels in zip(limits, size, strict=True)))
    out = []
    for (low, high), pixels, (least, most) in zip(window, size, limits, strict=True):
        half = unit * pixels / 2
        middle = min(most - half, max(least + half, (low + high) / 2))
        out.append((middle - half, middle + half))
    return out


# Axes and their marks.


def paint_axes(sheet: Sheet, pair: Axes, box: Box, shown: Sequence[marks.AnyMark], scale: str) -> None:
    """Draw one pair of axes and its marks into a box."""
    y = next((other for other in pair.y.alternatives if other.scale == scale), pair.y)
    plot = sheet.axes(box)
    _upright(sheet, plot, y, box)
    if pair.x.scale == "log":
        plot.set_xscale("log", nonpositive="mask")
        plot.xaxis.set_minor_locator(NullLocator())
    x_range, y_range = fit(pair, box[2:]) if pair.equal else [(pair.x.low, pair.x.high), (y.low, y.high)]
    if pair.x.ticks:
        plot.set_xticks(pair.x.ticks, pair.x.words or [short(tick / pair.x.unit) for tick in pair.x.ticks])
    elif pair.x.numbers and pair.x.scale == "log":
        plot.xaxis.set_major_locator(LogLocator(numticks=max(2, int(box[2] // 44))))
        plot.xaxis.set_major_formatter(FuncFormatter(lambda value, _: decade(value)))
    elif pair.x.numbers:
        most = 9 if pair.equal else max(2, min(7, int(box[2] // 70)))
        plot.xaxis.set_major_locator(MaxNLocator(most, integer=pair.x.whole, steps=[1, 2, 5, 10]))
    plot.set(xlim=x_range, ylim=y_range, autoscale_on=False)
    if not pair.x.numbers and not pair.x.grid:
        plot.set_xticks([])
    if pair.x.grid:
        plot.grid(color=sheet.style["grid"], lw=points(WEIGHTS["hair"]))
        plot.tick_params(axis="y", length=0)
    plot.set_axisbelow(True)
    plot.tick_params(labelbottom=pair.x.numbers, labelleft=y.numbers)
    for axis in (plot.xaxis, plot.yaxis):
        axis.get_offset_text().set_visible(False)
    if pair.x.title:
        plot.set_xlabel(pair.x.title, color=sheet.style["muted"], fontsize=points(WORDS["text"]), labelpad=points(2))
    if y.title:
        _upright_title(sheet, plot, y, box)
    field = next((mark for mark in shown if isinstance(mark, marks.Field)), None)
    pen = Pen(sheet, plot, box, y.scale == "log", field, log_across=pair.x.scale == "log")
    pen = dataclasses.replace(pen, places=_places_of_words(pen, shown))
    z = itertools.count(1.0, 3.0)  # each painter of marks uses three values of zorder
    for layer in get_args(Layer):
        here = [mark for mark in shown if mark.layer == layer]
        for kind, group in itertools.groupby(here, type):
            PAINTERS[kind](pen, list(group), next(z))
        lines.paint_heads(pen, [mark for mark in here if isinstance(mark, marks.Line)], next(z))


def _places_of_words(pen: Pen, shown: Sequence[marks.AnyMark]) -> Places | None:
    """The places for words at points, apart from trails, heads and signs; None if there are no such words."""
    if not any(isinstance(mark, marks.Text) or (isinstance(mark, marks.Sign) and mark.handle) for mark in shown):
        return None
    trails = [mark for mark in shown if isinstance(mark, marks.Line) and mark.time is not None and np.ndim(mark.y) == 1]
    ways = [pen.pixels(lines.way_of(pen, trail)) for trail in trails]
    places = Places(pen.box[2:], ways)
    for way in ways:
        if len(way):
            places.keep(way[-1, 0], way[-1, 1], HEADS["trail"][0] / 2 + 2)
    for sign in shown:
        if isinstance(sign, marks.Sign):
            for x, y in pen.pixels(np.column_stack([sign.x, sign.y]).astype(float)):
                places.keep(x, y, SIGNS[sign.symbol][0] / 2 + 2)
    return places


def _digits(low: float, high: float) -> tuple[float, ...]:
    """The first digits of the ticks of a log axis of up to two decades, such that there are at least two ticks."""
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    choices = [(1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)]
    fits = [digits for digits in choices if sum(low <= d * p <= high for d in digits for p in powers) > 1]
    return fits[0] if fits else choices[-1]


def _upright(sheet: Sheet, plot: Plot, axis: Axis, box: Box) -> None:
    """Set the scale and the numbers of the vertical axis."""
    if not axis.numbers and not axis.grid:
        plot.set_yticks([])
    elif axis.scale == "log":
        plot.set_yscale("log", nonpositive="mask")
        many = max(2, min(6, int(box[3] / 24)))
        subs = (1.0,) if axis.high > 100 * axis.low else _digits(axis.low, axis.high)
        plot.yaxis.set_major_locator(LogLocator(subs=subs, numticks=many))
        plot.yaxis.set_major_formatter(FuncFormatter(lambda value, _: decade(value)))
        plot.yaxis.set_minor_locator(NullLocator())
    elif axis.words:
        plot.set_yticks(axis.ticks, axis.words)
    elif axis.percent:
        plot.set_yticks(axis.ticks, [percent(tick) for tick in axis.ticks])
    else:
        plot.yaxis.set_major_locator(MaxNLocator(max(2, min(9, int(box[3] // 40))), steps=[1, 2, 2.5, 5, 10]))


def _upright_title(sheet: Sheet, plot: Plot, axis: Axis, box: Box) -> None:
    """Draw the title of the vertical axis, above the axes at the right."""
    common: Any = {"ha": "right", "va": "bottom", "parse_math": False, "transform": plot.transAxes}
    title = cut(axis.title, box[2] + NUMBERS[0], WORDS["text"])
    plot.text(1, 1 + 3 / box[3], title, color=sheet.style["muted"], fontsize=points(WORDS["text"]), **common)


def _titles(sheet: Sheet, panel: Panel, pairs: Sequence[Axes], box: Box) -> None:
    """Draw the titles of axes, each shortened to end before the next title in its row."""
    places = _places(panel, pairs, box)
    for k, (pair, place) in enumerate(zip(pairs, places, strict=True)):
        if not pair.title or min(place[2:]) < 4:
            continue
        left, top, width, _ = place
        row = [other[0] for axes, other in zip(pairs[k + 1 :], places[k + 1 :], strict=True) if axes.title]
        after = [start for start, other in zip(row, places[k + 1 :], strict=False) if start > left]
        room = width if panel.spread == "squares" else min([*after, box[0] + box[2]]) - left - 6
        scored = any(isinstance(m, Tiles) and m.score is not None and m.racer == pair.racer for m in panel.marks)
        room -= wide("100.0 %", WORDS["text"]) + 8 if scored else 0.0
        title = cut(pair.title, room, WORDS["text"], bold=True)
        ink = color(pair.color, sheet.style)
        sheet.words(title, left, top - 4, va="bottom", color=ink, weight="bold")
