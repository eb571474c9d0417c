"""Paints dots, signs and texts with matplotlib."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_rgba_array
from numpy.typing import NDArray

from app.export.lines import spots
from app.export.look import colormap, points, wide
from app.export.pen import SYMBOLS, Pen, moment, outline, reached
from app.figures.marks import Dots, Side, Sign, Text
from app.figures.strokes import DOTS, OPACITIES, PALE, SIGNS, WORDS

ANCHORS = {"left": "right", "right": "left", "center": "center", "top": "bottom", "bottom": "top", "middle": "center"}
"""The alignment of a text that stands on a side of its position."""
AWAY = {"left": -1, "right": 1, "center": 0, "top": 1, "bottom": -1, "middle": 0}
START = 9.0
"""How far words stand from the ring of the start, in pixels."""
FLIP = 0.6
"""The fraction of the axes to the right of which a moving text stands to the left of its position."""
APART = (120.0, 15.0)
"""The horizontal and vertical distance in pixels within which a moving text is moved down to avoid another one."""


def paint_dots(pen: Pen, dots: Sequence[Dots], z: float) -> None:
    """Paint dots. Those that look alike share one artist."""
    for _, alike in itertools.groupby(
        dots, lambda group: (group.size, group.symbol.endswith("-open"), bool(group.edge))
    ):
        _paint_alike(pen, list(alike), z)


def _paint_alike(pen: Pen, dots: Sequence[Dots], z: float) -> None:
    for group in dots:
        if group.time is not None and group.future == "pale" and np.ndim(group.x) == np.ndim(group.y) == 1:
            pale = _spots(pen, [group], z, PALE[pen.sheet.theme])
            pale.set_offsets(_places(group))
            pen.plot.add_collection(pale, autolim=False)
    still = [group for group in dots if group.time is None]
    moving = [group for group in dots if group.time is not None]
    for group in still:  # an artist each, because there are only few of them
        drawn = _spots(pen, [group], z + 1)
        drawn.set_offsets(_places(group))
        pen.plot.add_collection(drawn, autolim=False)
    if not moving:
        return
    artist = pen.sheet.moves(pen.plot, _spots(pen, moving, z + 1))
    faces, edges = (list(inks) for inks in zip(*(_inks(pen, group) for group in moving), strict=True))
    symbols = [outline(group.symbol) for group in moving]
    different = len({group.symbol for group in moving}) > 1

    def move(time: float) -> None:
        seen = [_seen(group, time) for group in moving]
        artist.set_offsets(np.concatenate(seen))
        artist.set_facecolor(_joined(faces, seen))
        artist.set_edgecolor(_joined(edges, seen))
        if different:
            artist.set_paths([symbol for symbol, at in zip(symbols, seen, strict=True) for _ in at])

    pen.sheet.moves_by(move)


def _joined(inks: Sequence[NDArray[np.float64]], seen: Sequence[NDArray[np.float64]]) -> Any:
    """The colours of the visible points."""
    return np.concatenate([ink[: len(at)] for ink, at in zip(inks, seen, strict=True)])


def _places(dots: Dots) -> NDArray[np.float64]:
    return np.column_stack([np.asarray(dots.x, float), np.asarray(dots.y, float)])


def _seen(dots: Dots, time: float) -> NDArray[np.float64]:
    """The points (k, 2) that are visible at a time of the clock."""
    if np.ndim(dots.x) == np.ndim(dots.y) == 1:
        return _places(dots)[: reached(dots.time, time)]
    at = moment(dots.time, time)
    x, y = (np.asarray(values[at] if np.ndim(values) == 2 else values, float) for values in (dots.x, dots.y))
    with np.errstate(over="ignore"):
        return np.nan_to_num(np.column_stack([x, y]), nan=np.nan, posinf=1e30, neginf=-1e30)


def _spots(pen: Pen, dots: Sequence[Dots], z: float, opacity: float = 1.0) -> Any:
    """An artist for dots that look alike. Their positions are set later."""
    first = dots[0]
    diameter, rim = DOTS[first.size]
    hollow = first.symbol.endswith("-open")
    artist = spots(pen, [diameter], z, linewidths=points(max(rim, 1.0) if hollow else rim if first.edge else 0))
    artist.set_paths([outline(first.symbol)])
    faces, edges = _inks(pen, first, opacity)
    artist.set_facecolor(_joined([faces], [faces]))
    artist.set_edgecolor(_joined([edges], [edges]))
    return artist


def _inks(pen: Pen, dots: Dots, opacity: float = 1.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The face colour and the edge colour of each point."""
    count = max(np.shape(dots.x)[-1], np.shape(dots.y)[-1])
    opacity *= OPACITIES["faint"] if dots.faint else 1.0
    if dots.shares is not None and pen.field is not None:
        faces = colormap(pen.field.colors[pen.sheet.theme])(np.asarray(dots.shares, float))
        faces[:, 3] = opacity
    elif dots.colors is not None:
        faces = to_rgba_array([pen.color(ink) for ink in dots.palette], opacity)[dots.colors]
    else:
        faces = np.repeat(to_rgba_array([pen.color(dots.color)], opacity), count, axis=0)
    if dots.symbol.endswith("-open"):
        return np.zeros((count, 4)), faces
    edge = np.repeat(to_rgba_array([pen.color(dots.edge)], opacity), count, axis=0) if dots.edge else faces
    return faces, edge


def paint_signs(pen: Pen, signs: Sequence[Sign], z: float) -> None:
    """Paint critical points and the start."""
    for sign in signs:
        diameter, width = SIGNS[sign.symbol]
        ink = pen.color("ink")
        face = pen.color("paper") if sign.symbol == "circle-open" else "none" if sign.symbol.endswith("-open") else ink
        style: Any = {"marker": SYMBOLS[sign.symbol], "ms": points(diameter), "mew": points(width), "mec": ink}
        pen.plot.plot(sign.x, sign.y, ls="", mfc=face, zorder=z, **style)
        if sign.handle or sign.symbol == "circle-open":
            for x, y in zip(sign.x, sign.y, strict=True):
                _placed(pen, sign.name, (float(x), float(y)), "top center", START, z + 1)


def _label(
    pen: Pen,
    words: str,
    at: tuple[float, float],
    away: tuple[float, float],
    ends: tuple[str, str],
    z: float,
    **more: Any,
) -> Any:
    form: Any = {"ha": ends[0], "va": ends[1], "color": pen.color("muted"), "fontsize": points(WORDS["label"]), **more}
    return pen.plot.annotate(
        words,
        at,
        (points(away[0]), points(away[1])),
        textcoords="offset points",
        annotation_clip=True,
        parse_math=False,
        zorder=z,
        **form,
    )


def _placed(pen: Pen, words: str, at: tuple[float, float], side: Side, gap: float, z: float, **more: Any) -> None:
    """Write words at a point, on a side of it where they cover little."""
    size = wide(words, WORDS["label"], more.get("weight") == "bold"), WORDS["label"]
    if pen.places:
        side = pen.places.place(side, pen.pixels(np.array([at]))[0], size, gap)
    up, across = side.split()
    _label(pen, words, at, (gap * AWAY[across], gap * AWAY[up]), (ANCHORS[across], ANCHORS[up]), z, **more)


def paint_texts(pen: Pen, texts: Sequence[Text], z: float) -> None:
    """Paint texts."""
    moving = []
    for one in texts:
        up, across = one.side.split()
        form: Any = {
            "color": pen.color(one.color),
            "style": "italic" if one.italic else "normal",
            "weight": "bold" if one.bold else "normal",
            "bbox": _backing(pen) if one.backing and one.time is None else None,
        }
        if one.time is not None:
            moving.append(one)
        elif one.within:
            common: Any = {"transform": pen.plot.transAxes, "parse_math": False, "zorder": z}
            ends: Any = {"ha": ANCHORS[across], "va": ANCHORS[up], "fontsize": points(WORDS["text"])}
            pen.plot.text(float(one.x), float(one.y), one.words[0], **form, **ends, **common)
        else:
            _placed(pen, one.words[0], (float(one.x), float(one.y)), one.side, WORDS["gap"], z, **form)
    if moving:
        _paint_moving(pen, moving, z)


def _backing(pen: Pen) -> dict[str, Any]:
    return {"facecolor": pen.color("paper"), "edgecolor": "none", "alpha": OPACITIES["backing"], "pad": 1}


def _paint_moving(pen: Pen, texts: Sequence[Text], z: float) -> None:
    """Paint texts that move. A text that would cover an earlier one is moved down."""
    artists = [
        pen.sheet.moves(pen.plot, _label(pen, "", (0, 0), (0, 0), ("left", "bottom"), z, color=pen.color(text.color)))
        for text in texts
    ]
    roomy = pen.box[2] > 240 and pen.box[3] > 120

    def move(time: float) -> None:
        taken: list[tuple[float, float]] = []
        for text, artist in zip(texts, artists, strict=True):
            at = moment(text.time, time)
            words = text.words[at] if roomy else ""
            artist.set_text(words)
            artist.set_bbox(_backing(pen) if words and text.backing else None)
            if not words:
                continue
            place = np.array([[np.ravel(text.x)[at], np.ravel(text.y)[at]]], dtype=float)
            across, up = pen.pixels(place)[0]
            side, end = (-9, "right") if across > FLIP * pen.box[2] else (9, "left")
            level = up + 3
            while any(abs(across - x) < APART[0] and abs(level - y) < APART[1] for x, y in taken):
                level -= 1
            taken.append((across, level))
            artist.xy = tuple(place[0])
            artist.set(ha=end, position=(points(side), points(level - up)))

    pen.sheet.moves_by(move)
