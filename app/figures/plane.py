"""The two pictures of a race: the map of the surface, and the loss against the step."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.common.digits import short
from app.figures import levels
from optimizers import Trace
from surfaces.calculus import expand, values
from surfaces.rotated import Rotated
from surfaces.surface import Box, Surface

ROWS = 120
WIDEST = 2.4
"""The widest plot box, width over height, that the grid fills at equal scales."""
NARROWEST, HALF = 1.2, 0.8
"""And the narrowest: of a map that has the page's width, and of one that shares it with another."""
MOST_GRID = 32 * 2**20
"""Bytes that the points of a grid may take at once."""
MARGIN = 0.04
FAR = 3.0
"""How many boxes outside the map a path is still followed."""
GONE = ("growing", "diverged")
_MARKS = {
    "minimum": ("x-thin", "minimum", 9, 2.2),
    "local minimum": ("cross-thin", "local minimum", 9, 1.6),
    "saddle": ("asterisk-open", "saddle", 8, 1.2),
    "maximum": ("triangle-up-open", "maximum", 7, 1.2),
    "degenerate": ("diamond-open", "degenerate", 7, 1.2),
    "kink": ("star-triangle-up-open", "minimum at a kink", 7, 1.2),
}
_SIDES = ("bottom right", "top right", "bottom left", "top left")
_TYPICAL = 400.0
"""Pixels of a map's height for which names are placed."""
_MARK, _LETTER, _LINE = 7.0, 6.2, 14.0
"""Half the room of a mark, the width of a letter and the height of a line, in pixels."""
_Room = tuple[float, float, float, float]
"""A box of the screen: left, low, right, high."""


@dataclasses.dataclass(frozen=True)
class Map:
    """The figure of a surface, the part of the plane wanted in view, and all that the grid covers."""

    figure: dict[str, Any]
    window: Box
    extent: Box
    levels: levels.Levels
    floor: bool = False
    """Whether ground below the scale is drawn at its lower end."""


def extent(surface: Surface, narrowest: float = NARROWEST) -> Box:
    """The part of the plane that the map covers: the domain with a margin, widened to fill a plot box of a width over
    height from `narrowest` to `WIDEST`.
    """
    (x0, x1), (y0, y1) = ((float(a), float(b)) for a, b in surface.domain)
    width, height = (x1 - x0) * (1 + 2 * MARGIN), (y1 - y0) * (1 + 2 * MARGIN)
    width, height = max(width, WIDEST * height), max(height, width / narrowest)
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    return (cx - width / 2, cx + width / 2), (cy - height / 2, cy + height / 2)


def grid(surface: Surface, box: Box, rows: int, columns: int) -> NDArray[np.float64]:
    """Losses on a regular grid of the box, (rows, columns), float64."""
    x, y = np.linspace(*box[0], columns), np.linspace(*box[1], rows)
    # in strips of equal height, which one program serves: all points in all coordinates may be more than the memory
    fit = max(1, MOST_GRID // (8 * columns * len(surface.start)))
    height = max(k for k in range(1, rows + 1) if rows % k == 0 and k <= fit)
    strips = [np.stack(np.meshgrid(x, strip)).reshape(2, -1) for strip in np.split(y, rows // height)]
    return np.concatenate([values(surface, surface.embed(points)) for points in strips]).reshape(rows, columns)


def map_figure(surface: Surface, narrowest: float = NARROWEST) -> Map:
    """Contours of the loss with its known minima and saddles marked, in words of a theme for colours."""
    box = extent(surface, narrowest)
    (x0, x1), (y0, y1) = box
    columns = min(320, int(ROWS * (x1 - x0) / (y1 - y0)))
    losses = grid(surface, box, ROWS, columns)
    (dx0, dx1), (dy0, dy1) = surface.domain
    inside = losses[np.ix_(_within(y0, y1, ROWS, dy0, dy1), _within(x0, x1, columns, dx0, dx1))]
    scale = levels.choose(inside, surface.lowest(), _resolved(surface, (y1 - y0) / ROWS))
    heights = np.clip(scale.height(losses), scale.low, None).astype(np.float32)
    floor = bool(scale.below(losses).any())
    tickvals, ticktext = scale.ticks()
    size = (scale.high - scale.low) / levels.COUNT
    contour = {
        "type": "contour",
        "x": np.linspace(x0, x1, columns),
        "y": np.linspace(y0, y1, ROWS),
        "z": heights,
        "zmin": scale.low,
        "zmax": scale.high,
        # higher ground than the domain's goes on in the top colour, with contour lines further apart
        "contours": {"start": scale.low, "end": scale.high, "size": size},
        "hoverinfo": "skip",
        "showscale": True,
        "colorbar": {"tickvals": tickvals, "ticktext": ticktext, "title": {"text": scale.title}},
    }
    data = [contour]
    if scale.zero is not None:
        zero = {"start": 0.0, "end": 0.0, "size": 1.0, "coloring": "none"}
        data.append({**contour, "contours": zero, "showscale": False, "line": {"width": 1.6, "color": "muted"}})
    cx, cy = (dx1 - dx0) * MARGIN, (dy1 - dy0) * MARGIN
    window = ((float(dx0 - cx), float(dx1 + cx)), (float(dy0 - cy), float(dy1 + cy)))
    data += _critical(surface, window)
    layout = {
        "xaxis": {"minallowed": x0, "maxallowed": x1},
        "yaxis": {"minallowed": y0, "maxallowed": y1},
        "annotations": [*_axes(surface), *_slice(surface)],
    }
    return Map({"data": data, "layout": layout}, window, box, scale, floor)


def _resolved(surface: Surface, cell: float) -> float:
    """How far the loss rises from its lowest minima within a cell of the grid: below, contours are noise."""
    sharpest = [np.linalg.eigvalsh(expand(surface, m)[2])[-1] for m in surface.minima()]
    return float(max(sharpest, default=0.0)) * cell**2 / 2


def _axes(surface: Surface) -> list[dict[str, Any]]:
    """The coordinates' names at the ends of the axes, where they are not simply x and y, nor turned."""
    inner = surface.surface if isinstance(surface, Rotated) else surface
    if inner.axes == ("x", "y") or (isinstance(surface, Rotated) and surface.angle):
        return []
    common = {"showarrow": False, "xref": "x domain", "yref": "y domain", "font": {"color": "muted"}}
    x = {**common, "text": f"<i>{inner.axes[0]}</i>", "x": 0.5, "y": 0, "xanchor": "center", "yanchor": "bottom"}
    y = {**common, "text": f"<i>{inner.axes[1]}</i>", "x": 0, "y": 0.5, "xanchor": "left", "yanchor": "middle"}
    return [x, y]


def _slice(surface: Surface) -> list[dict[str, Any]]:
    """That the map is cut out of more dimensions than it shows."""
    many = len(surface.start)
    if many == 2:
        return []
    place = {"x": 0, "y": 1, "xref": "x domain", "yref": "y domain", "xanchor": "left", "yanchor": "top"}
    text = f"slice of {many:,} dimensions, through the minimum"
    return [{"text": text, **place, "showarrow": False, "font": {"color": "muted"}}]


def _within(low: float, high: float, count: int, start: float, end: float) -> NDArray[np.intp]:
    ticks = np.linspace(low, high, count)
    return np.flatnonzero((ticks >= start) & (ticks <= end))


def _critical(surface: Surface, window: Box) -> list[dict[str, Any]]:
    traces: list[dict[str, Any]] = []
    for line in surface.curves():
        middle = len(line) // 2
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+text",
                "x": line[:, 0],
                "y": line[:, 1],
                "text": ["" if traces or k != middle else "curve of minima" for k in range(len(line))],
                "textposition": "bottom right",
                "line": {"width": 1.6, "dash": "dot", "color": "ink"},
                "hovertemplate": "curve of minima<extra></extra>",
                "name": "curve of minima",
            }
        )
    points = surface.critical_points()
    found = {kind: [p.position for p in points if p.kind == kind] for kind in _MARKS}
    found = {kind: own for kind, own in found.items() if own}
    named = _named(found, window)
    for kind, own in found.items():
        symbol, label, size, width = _MARKS[kind]
        one, side = named[kind]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers+text",
                "x": [p[0] for p in own],
                "y": [p[1] for p in own],
                "text": [label if k == one else "" for k in range(len(own))],
                "textposition": side,
                "marker": {"symbol": symbol, "size": size, "line": {"width": width}},
                "hovertemplate": f"{label}<br>x %{{x:.4~g}}, y %{{y:.4~g}}<extra></extra>",
                "name": label,
            }
        )
    return traces


def _named(found: Mapping[str, Sequence[tuple[float, ...]]], window: Box) -> dict[str, tuple[int, str]]:
    """Which point of each kind is named, and on which side of it: each kind once, at its lowest point and below it to
    the right, unless the name would cover another name, or a mark, or leave the window.
    """
    (x0, x1), (y0, y1) = window
    unit = _TYPICAL / (y1 - y0)
    whole = (x0 * unit, y0 * unit, x1 * unit, y1 * unit)
    places = {kind: [(p[0] * unit, p[1] * unit) for p in own] for kind, own in found.items()}
    taken = [(x - _MARK, y - _MARK, x + _MARK, y + _MARK) for own in places.values() for x, y in own]
    named = {}
    for kind, own in places.items():
        width = _LETTER * len(_MARKS[kind][1])
        ways = [(k, side) for k in sorted(range(len(own)), key=lambda k: own[k][1]) for side in _SIDES]
        boxes = {(k, side): _beside(own[k], side, width) for k, side in ways}
        costs = {
            way: round(width * _LINE - _shared(box, whole) + sum(_shared(box, other) for other in taken))
            for way, box in boxes.items()
        }
        named[kind] = min(ways, key=costs.__getitem__)
        taken.append(boxes[named[kind]])
    return named


def _beside(point: tuple[float, float], side: str, width: float) -> _Room:
    """The room of a name that stands on a side of a mark."""
    left = point[0] + _MARK if "right" in side else point[0] - _MARK - width
    low = point[1] if "top" in side else point[1] - _LINE
    return left, low, left + width, low + _LINE


def _shared(one: _Room, other: _Room) -> float:
    """The area that two boxes share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)


def leave(path: NDArray[np.float64], last: int, box: Box) -> tuple[int, NDArray[np.float64]]:
    """The last point of a path (k, 2) that the map has to draw, and that point brought near.

    A run that grows ends further out than any picture, and further than the browser's numbers reach. Behind
    the last segment that meets the box there is nothing to see; that segment's far end is moved along it to
    a few boxes' distance, which changes nothing within the box. Worked out in float64, whose digits tell a
    hit from a miss only while one end is within 10⁹ boxes; beyond that the path is not followed.
    """
    (x0, x1), (y0, y1) = box
    low, high = np.array([x0, y0]), np.array([x1, y1])
    if ((path[last] >= low) & (path[last] <= high)).all() or last == 0:
        return last, path[last]
    a, b = path[:last], path[1 : last + 1]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        step = b - a
        near, far = (low - a) / step, (high - a) / step
        enter = np.where(step == 0, np.where((a < low) | (a > high), np.inf, -np.inf), np.minimum(near, far)).max(
            axis=1
        )
        leave = np.where(step == 0, np.inf, np.maximum(near, far)).min(axis=1)
    reach = 1e9 * (high - low).max()
    told = np.minimum(np.abs(a).max(axis=1), np.abs(b).max(axis=1)) < reach
    meets = np.flatnonzero(told & (enter <= leave) & (enter <= 1) & (leave >= 0))
    if not len(meets):
        return last, np.clip(path[last], low - (high - low), high + (high - low))
    k = int(meets[-1])
    away = float(np.abs(step[k]).max() / (high - low).max())
    share = min(1.0, leave[k] + FAR / away)
    return k + 1, a[k] + share * step[k]


def drawn(runs: Sequence[Trace], steps: int, extent: Box) -> tuple[NDArray[np.float64], list[int]]:
    """The paths (runs, steps + 1, 2) as the map draws them, and of each the last point that is drawn."""
    paths, leaves = np.zeros((len(runs), steps + 1, 2)), []
    for path, run in zip(paths, runs, strict=True):
        path[:] = run.positions[:, :2]
        last, end = leave(path, run.last, extent)
        path[last:] = end
        leaves.append(last)
    return paths, leaves


def kept(steps: int, runs: int, most: int) -> NDArray[np.intp]:
    """The steps at which so many runs are sent: every one, or every second, and so on, and the last, so that paths in
    single and losses in double precision take about `most` bytes at most.
    """
    stride = max(1, -(-runs * (steps + 1) * 16 // most))
    return np.unique(np.append(np.arange(0, steps + 1, stride), steps))


@dataclasses.dataclass(frozen=True)
class Curve:
    """The figure of the losses and the values it draws, (racers, steps + 1)."""

    figure: dict[str, Any]
    values: NDArray[np.float64]
    offset: float = 0.0
    """What is added to the values to have the loss."""


def _offset(surface: Surface) -> float:
    lowest = surface.lowest()
    return lowest if lowest is not None and abs(lowest) > 1e-12 else 0.0


def heights(runs: Sequence[Trace], levels_of: Surface) -> NDArray[np.float64]:
    """Losses as the curve draws them, (racers, steps + 1): above the lowest minimum, not a number after the end."""
    steps = max((run.steps for run in runs), default=1)
    losses = np.full((len(runs), steps + 1), np.nan)
    for k, run in enumerate(runs):
        losses[k, : run.last + 1] = run.losses[: run.last + 1] - _offset(levels_of)
    return losses


def curve_figure(runs: list[Trace], levels_of: Surface) -> Curve:
    """Loss against step; where the lowest minimum is not at zero, the loss above it, and the title says so.

    Runs that grow or diverge leave the frame: the range is made by the others, or else by the start.
    """
    offset, losses = _offset(levels_of), heights(runs, levels_of)
    staying = [losses[k] for k, run in enumerate(runs) if run.status.kind not in GONE]
    start = float(losses[0, 0]) if len(runs) and np.isfinite(losses[0, 0]) else 1.0
    shown = np.concatenate([*(v[np.isfinite(v)] for v in staying), [start]])
    top = max(float(np.max(shown)), 1e-12)
    bottom = float(np.min(shown[shown > 0], initial=top))
    cropped = bottom < 1e-12 * top
    bottom = max(bottom, 1e-12 * top)
    log = [math.log10(bottom) - 0.15, math.log10(top) + 0.35]
    if log[1] - log[0] < 1:
        log[0] = log[1] - 1
    pad = 0.06 * (top - min(0.0, float(shown.min())))
    title = "loss" if not offset else f"loss above the minimum ({short(offset, 3)})"
    crop = f", cropped at 10<sup>{math.floor(math.log10(bottom))}</sup>".replace("-", "−") if cropped else ""
    figure = {
        "data": [],
        "layout": {},
        "ranges": {"log": log, "linear": [min(0.0, float(shown.min())) - pad, top + pad]},
        "titles": {"log": title + crop, "linear": title},
    }
    return Curve(figure, losses, offset)
