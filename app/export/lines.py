"""Paints lines, bundles, bands and rules with matplotlib. Marks of a kind share one artist, which is faster."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import to_rgba_array
from matplotlib.path import Path
from matplotlib.transforms import Bbox, IdentityTransform, TransformedBbox
from numpy.typing import NDArray

from app.export.look import points
from app.export.pen import Pen, dashes, moment, outline, reached
from app.figures.marks import Band, Line, Lines, Rule
from app.figures.strokes import CASING, HEADS, OPACITIES, PALE, STEP, WEIGHTS, WORDS
from app.figures.trails import exit_of

FAR = 1e6
"""The distance outside the axes at which curves end, in multiples of the axis."""
BEYOND = 1e30
"""The same for a log axis, as a factor."""
ARROW, INWARD = 7.0, 26.0
"""The distances from the edge of the arrow of a line that has left the axes, and of its label."""
LINE = 15.0
"""The height of a line of text in pixels."""

Way = NDArray[np.float64]
"""Points (k, 2) of a line."""


def way_of(pen: Pen, line: Line, time: float = 0.0) -> Way:
    """All points of a line, or those of its moment at `time` if it has moments."""
    y = np.asarray(line.y, float)
    if y.ndim > 1:
        y = y[moment(line.time, time)]
    (_, low), (_, high) = pen.frame
    if line.follows != "path":
        # so far outside, a curve is a vertical line, and matplotlib does not draw coordinates that are larger still
        least, most = (
            (low / BEYOND, high * BEYOND) if pen.log else (low - FAR * (high - low), high + FAR * (high - low))
        )
        y = np.clip(y, least, most)
    return np.column_stack([np.asarray(line.x, float), y])


def until(pen: Pen, line: Line, way: Way, time: float) -> Way:
    """The part of a line until a time of the clock, which is interpolated between two points."""
    if line.time is None:
        return way
    if np.ndim(line.y) > 1:
        return way_of(pen, line, time)
    k = reached(line.time, time)
    if line.jumps or not 0 < k < len(way) or time == line.time[k - 1]:
        return way[:k]
    share = (time - line.time[k - 1]) / (line.time[k] - line.time[k - 1])
    a, b = pen.scaled(way[k - 1 : k + 1])
    return np.vstack([way[:k], pen.unscaled((a + share * (b - a))[None])])


def paint_lines(pen: Pen, lines: Sequence[Line], z: float) -> None:
    """Paint lines over their casings. The part after the clock is pale, and below all lines."""
    ways = [way_of(pen, line) for line in lines]
    still = [(line, way) for line, way in zip(lines, ways, strict=True) if line.time is None]
    moving = [(line, way) for line, way in zip(lines, ways, strict=True) if line.time is not None]
    pale = [(line, way) for line, way in moving if line.future == "pale" and np.ndim(line.y) == 1]
    if pale:
        thin = [(line, min(PALE["width"], WEIGHTS[line.weight]), pen.pale(line.color)) for line, _ in pale]
        pen.plot.add_collection(_strokes(thin, [way for _, way in pale], z), autolim=False)
    if still:
        inked = [stroke for line, _ in still for stroke in _inks(pen, line)]
        doubled = [way for line, way in still for _ in _inks(pen, line)]
        pen.plot.add_collection(_strokes(inked, doubled, z + 1), autolim=False)
    if not moving:
        return
    strokes = [stroke for line, _ in moving for stroke in _inks(pen, line)]
    strong = pen.sheet.moves(
        pen.plot, _strokes(strokes, [way for line, way in moving for _ in _inks(pen, line)], z + 1)
    )

    def move(time: float) -> None:
        segments = []
        for line, way in moving:
            segments += [until(pen, line, way, time)] * len(_inks(pen, line))
        strong.set_segments(segments)

    pen.sheet.moves_by(move)
    _steps(pen, [(line, way) for line, way in moving if line.dots], z + 2)


Stroke = tuple[Line, float, Any]
"""A line with the width and the colour of one of its strokes."""


def _inks(pen: Pen, line: Line) -> list[Stroke]:
    """The strokes of a line: its casing, if it has one, and the line itself."""
    inked = [(line, WEIGHTS[line.weight], pen.color(line.color))]
    return [(line, CASING, pen.color("paper")), *inked] if line.casing else inked


def _strokes(strokes: Sequence[Stroke], ways: Sequence[Way], z: float) -> LineCollection:
    style: Any = {
        "colors": [ink for _, _, ink in strokes],
        "linewidths": [points(width) for _, width, _ in strokes],
        "linestyles": [dashes(line.dash) for line, _, _ in strokes],
    }
    return LineCollection(list(ways), capstyle="butt", joinstyle="round", zorder=z, **style)


def _steps(pen: Pen, lines: Sequence[tuple[Line, Way]], z: float) -> None:
    """Paint a dot at each point that is far enough from the point before."""
    if not lines:
        return
    apart = []
    for _, way in lines:
        with np.errstate(invalid="ignore", over="ignore"):
            far = np.hypot(*np.diff(pen.pixels(way), axis=0).T)
        apart.append(np.append(False, far >= STEP["apart"]))
    inks = to_rgba_array([pen.color(line.color) for line, _ in lines])
    dots = pen.sheet.moves(pen.plot, spots(pen, [STEP["size"]], z, linewidths=0))

    def move(time: float) -> None:
        counts = [reached(line.time, time) for line, _ in lines]
        seen = [way[:k][far[:k]] for (_, way), far, k in zip(lines, apart, counts, strict=True)]
        dots.set_offsets(np.concatenate(seen))
        dots.set_facecolor(np.repeat(inks, [len(part) for part in seen], axis=0))

    pen.sheet.moves_by(move)


def spots(pen: Pen, sizes: Sequence[float], z: float, **options: Any) -> PathCollection:
    """An artist for symbols of these sizes in pixels. Their positions are set later."""
    return PathCollection(
        [outline("circle")],
        sizes=[points(size) ** 2 for size in sizes],
        offsets=[],
        offset_transform=pen.plot.transData,
        transform=IdentityTransform(),
        zorder=z,
        **options,
    )


# Heads.


Room = tuple[float, float, float]
"""The middle of words and half their width, in pixels."""


@dataclass(frozen=True)
class Words:
    """The words at a head, and the places of the words that are already there."""

    text: Any
    taken: list[Room]

    def say(self, pen: Pen, words: str, place: NDArray[np.float64]) -> None:
        """Write words around a place, inside the axes and apart from other words."""
        if not self.text or not words:
            return
        half = 3.4 * len(words) + 8
        room = np.array([half, LINE - 3])
        x, y = np.clip(place, room, np.maximum(room, np.array(pen.box[2:]) - room))
        down = -LINE if y > pen.box[3] / 2 else LINE
        while any(abs(x - x0) < half + other and abs(y - y0) < LINE - 1 for x0, y0, other in self.taken):
            y += down
        self.taken.append((x, y, half))
        low, high = pen.scaled(pen.frame)
        self.text.set(text=words, visible=True)
        self.text.set_position(pen.unscaled((low + np.array([x, y]) / pen.box[2:] * (high - low))[None])[0])


def paint_heads(pen: Pen, lines: Sequence[Line], z: float) -> None:
    """Paint the heads of lines above everything else in their layer."""
    lines = [line for line in lines if line.head]
    if not lines:
        return
    ways = [way_of(pen, line) for line in lines]
    sizes, rings = zip(*(HEADS[line.weight] for line in lines), strict=True)
    heads = pen.sheet.moves(
        pen.plot,
        spots(pen, sizes, z, edgecolors=pen.color("paper"), linewidths=[points(r) for r in rings], clip_on=False),
    )
    heads.set_facecolors([pen.color(line.color) for line in lines])
    words = [_words(pen, line, z + 1) for line in lines]

    def move(time: float) -> None:
        symbols, places = [], []
        taken: list[Room] = []
        for line, way, text in zip(lines, ways, words, strict=True):
            symbol, place = _head(pen, line, until(pen, line, way, time), Words(text, taken), time)
            symbols.append(symbol)
            places.append(place)
        heads.set_paths(symbols)
        heads.set_offsets(np.array(places).reshape(-1, 2))

    pen.sheet.moves_by(move)


def _words(pen: Pen, line: Line, z: float) -> Any:
    """The text at the head of a line, which is empty at first; None if the line never has one."""
    if not line.head or not (line.head.label or line.head.ending):
        return None
    ground = {"facecolor": pen.color("paper"), "edgecolor": "none", "alpha": 0.9, "pad": 1.5}
    common: Any = {"ha": "center", "va": "center", "parse_math": False, "clip_on": True, "zorder": z}
    text = pen.plot.text(0, 0, "", color=pen.color(line.color), fontsize=points(WORDS["label"]), bbox=ground, **common)
    return pen.sheet.moves(pen.plot, text)


def _head(pen: Pen, line: Line, seen: Way, words: Words, time: float) -> tuple[Path, NDArray[np.float64]]:
    """The symbol and the position of a line's head. The text beside it is updated."""
    head = line.head
    assert head
    if words.text:
        words.text.set_visible(False)
    nowhere = np.full(2, np.nan)
    if not len(seen):
        return outline(head.symbol), nowhere
    low, high = pen.frame
    at = seen[-1]
    ended = head.ending if head.ending and time >= head.ended else ""
    if ((at >= low) & (at <= high)).all():
        if ended:
            words.say(pen, ended, pen.pixels(at[None])[0] + [0, 18])
        return outline(head.symbol), at
    if head.outside == "arrow" and np.isnan(at).any():
        return _gone(pen, line, seen, words, ended)
    if head.outside == "absent" or (head.outside == "upward arrow" and not at[1] > high[1]):
        return outline(head.symbol), nowhere
    edge = exit_of(pen.scaled(seen), pen.scaled(pen.frame))
    if edge is None:
        return outline(head.symbol), nowhere
    if head.outside == "upward arrow":
        return outline("triangle-up"), np.array([edge[0][0], high[1]])
    low, high = pen.scaled(pen.frame)
    unit = edge[1] / (high - low) * pen.box[2:]
    unit = unit / np.hypot(*unit)
    place = (edge[0] - low) / (high - low) * pen.box[2:]
    words.say(pen, ended or head.label, place - INWARD * unit)
    arrow = pen.unscaled((low + (place - ARROW * unit) / pen.box[2:] * (high - low))[None])[0]
    return outline("triangle-up", float(np.arctan2(unit[1], unit[0])) - np.pi / 2), arrow


def _gone(pen: Pen, line: Line, seen: Way, words: Words, ended: str) -> tuple[Path, NDArray[np.float64]]:
    """The arrow at the last known point of a line that ends within the axes because its next point is not finite."""
    head = line.head
    assert head
    known = seen[np.isfinite(seen).all(axis=1)]
    if len(known) < 2:
        return outline(head.symbol), np.full(2, np.nan)
    before, last = pen.pixels(known[-2:])
    way = last - before
    words.say(pen, ended or head.label, last - INWARD * way / max(1e-9, float(np.hypot(*way))))
    return outline("triangle-up", float(np.arctan2(way[1], way[0])) - np.pi / 2), known[-1]


# Bundles, bands and rules.


def paint_bundles(pen: Pen, bundles: Sequence[Lines], z: float) -> None:
    """Paint the thin lines of all bundles as one artist."""
    whole = []
    for bundle in bundles:
        y = np.asarray(bundle.y, float)
        whole.append(np.stack([np.broadcast_to(bundle.x, y.shape), y], axis=-1))
    counts = [len(ways) for ways in whole]
    faint = OPACITIES["lines"]

    def collection(opacity: float, z: float) -> LineCollection:
        inks = to_rgba_array([pen.color(bundle.color) for bundle in bundles], opacity)
        return LineCollection(
            [way for ways in whole for way in ways],
            colors=np.repeat(inks, counts, axis=0),
            linewidths=points(WEIGHTS["hair"]),
            zorder=z,
        )

    if all(bundle.time is None for bundle in bundles):
        pen.plot.add_collection(collection(faint, z), autolim=False)
        return
    strong = pen.sheet.moves(pen.plot, collection(faint, z + 1))
    pale = None
    if all(bundle.future == "pale" for bundle in bundles):
        pale = pen.sheet.moves(pen.plot, collection(faint * PALE[pen.sheet.theme], z))

    def move(time: float) -> None:
        last = [reached(bundle.time, time) for bundle in bundles]
        strong.set_segments([way[:k] for ways, k in zip(whole, last, strict=True) for way in ways])
        if pale:  # only after the clock, because the strong lines are transparent
            pale.set_segments([way[max(0, k - 1) :] for ways, k in zip(whole, last, strict=True) for way in ways])

    pen.sheet.moves_by(move)


def paint_bands(pen: Pen, bands: Sequence[Band], z: float) -> None:
    """Paint the areas between pairs of curves, strong up to the clock and pale after it."""
    top = pen.frame[1, 1]
    for band in bands:
        known = np.isfinite(band.low)
        x = np.asarray(band.x, float)[known]
        limit = BEYOND * top if pen.log else top + FAR * abs(top)
        low = np.minimum(band.low[known], limit)
        high = np.minimum(np.nan_to_num(np.asarray(band.high, float)[known], nan=limit), limit)
        area = np.concatenate([np.column_stack([x, low]), np.column_stack([x, high])[::-1]])
        color, opacity = pen.color(band.color), OPACITIES["band"]

        def polygon(opacity: float, z: float, area: Any = area, color: Any = color) -> PolyCollection:
            return PolyCollection([area], facecolors=to_rgba_array([color], opacity), linewidths=0, zorder=z)

        if band.time is None:
            pen.plot.add_collection(polygon(opacity, z), autolim=False)
            continue
        parts = [polygon(opacity, z), polygon(opacity * PALE[pen.sheet.theme], z)]
        for part in parts:
            pen.sheet.moves(pen.plot, part)
        times, places = np.asarray(band.time, float), np.asarray(band.x, float)
        pen.sheet.moves_by(functools.partial(_cut, pen, parts, times, places))


def _cut(pen: Pen, parts: Sequence[Any], times: Any, places: Any, time: float) -> None:
    """Clip the first part of a band to the time before the clock, and the second to the time after it."""
    at = np.interp(time, times, places)
    for part, ends in zip(parts, ((places[0], at), (at, places[-1])), strict=True):
        box = Bbox.from_extents(ends[0], 0, ends[1], 1)
        part.set_clip_box(TransformedBbox(box, pen.plot.get_xaxis_transform()))


def paint_rules(pen: Pen, rules: Sequence[Rule], z: float) -> None:
    """Paint vertical lines with their labels at the top."""
    for rule in rules:
        style: Any = {"color": pen.color(rule.color), "lw": points(WEIGHTS["hair"]), "ls": dashes(rule.dash)}
        line = pen.plot.axvline(rule.x, zorder=z, **style)
        if rule.clock:
            pen.sheet.moves(pen.plot, line)
            pen.sheet.moves_by(functools.partial(_follow, line))
        if rule.label:
            common: Any = {"transform": pen.plot.get_xaxis_transform(), "va": "top", "parse_math": False, "zorder": z}
            low, high = pen.scaled(pen.frame)
            beside = pen.scaled(np.array([[rule.x, pen.frame[0, 1]]]))
            beside[0, 0] += 3 / pen.box[2] * (high - low)[0]
            at = pen.unscaled(beside)[0, 0]
            size = points(WORDS["small"])
            pen.plot.text(at, 0.99, rule.label, color=pen.color(rule.color), fontsize=size, clip_on=True, **common)


def _follow(line: Any, time: float) -> None:
    line.set_xdata([time, time])
