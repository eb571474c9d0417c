"""The map of a surface: contours of its loss, with its known minima and saddles marked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from app.figures import levels, theme
from app.figures.marks import AnyMark, Axes, Axis, Field, Line, Panel, Side, Sign, Symbol, Text
from surfaces.calculus import expand, values
from surfaces.rotated import Rotated
from surfaces.surface import Box, Surface

ROWS = 120
WIDEST = 2.4
"""The widest plot box, width over height, that the grid fills at equal scales."""
NARROWEST, HALF = 1.2, 0.8
"""And the narrowest: of a map that has the page's width, and of one that shares it with another."""
FINE = (180, 320)
"""Rows and columns of the grid of a window."""
MOST_GRID = 32 * 2**20
"""Bytes that the points of a grid may take at once."""
MARGIN = 0.04
_SIGNS: Mapping[str, tuple[Symbol, str]] = MappingProxyType(
    {
        "minimum": ("cross", "minimum"),
        "local minimum": ("plus", "local minimum"),
        "saddle": ("asterisk", "saddle"),
        "maximum": ("triangle-open", "maximum"),
        "degenerate": ("diamond-open", "degenerate"),
        "kink": ("star-open", "minimum at a kink"),
    }
)
"""The symbol and the name of each kind of critical point."""
_SIDES: tuple[Side, ...] = ("bottom right", "top right", "bottom left", "top left")
_TYPICAL = 400.0
"""Pixels of a map's height for which names are placed."""
_MARK, _LETTER, _LINE = 7.0, 6.2, 14.0
"""Half the room of a mark, the width of a letter and the height of a line, in pixels."""
_Room = tuple[float, float, float, float]
"""A box of the screen: left, low, right, high."""


@dataclasses.dataclass(frozen=True)
class Map:
    """The map of a surface.

    ``axes`` show the window first and can be moved over the ``extent``, which the grid covers. ``marks`` are those of
    the ground. ``floor`` says that ground below the scale is drawn at its lower end.
    """

    axes: Axes
    marks: tuple[AnyMark, ...]
    extent: Box
    levels: levels.Levels
    floor: bool = False


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


def map_of(surface: Surface, narrowest: float = NARROWEST) -> Map:
    """Contours of the loss, with the known minima and saddles marked."""
    box = extent(surface, narrowest)
    (x0, x1), (y0, y1) = box
    columns = min(320, int(ROWS * (x1 - x0) / (y1 - y0)))
    losses = grid(surface, box, ROWS, columns)
    (dx0, dx1), (dy0, dy1) = surface.domain
    inside = losses[np.ix_(_within(y0, y1, ROWS, dy0, dy1), _within(x0, x1, columns, dx0, dx1))]
    scale = levels.choose(inside, surface.lowest(), _resolved(surface, (y1 - y0) / _TYPICAL))
    ground = Field(
        x=np.linspace(x0, x1, columns),
        y=np.linspace(y0, y1, ROWS),
        z=np.clip(scale.height(losses), scale.low, None).astype(np.float32),
        # higher ground than the domain's goes on in the top colour
        low=scale.low,
        high=scale.high,
        step=(scale.high - scale.low) / levels.COUNT,
        colors=theme.scales(scale.zero),
        zero=scale.zero is not None,
        scale=scale.kind,
        ticks=tuple(zip(*scale.ticks(), strict=True)),
        title=scale.title,
    )
    cx, cy = (dx1 - dx0) * MARGIN, (dy1 - dy0) * MARGIN
    window = ((float(dx0 - cx), float(dx1 + cx)), (float(dy0 - cy), float(dy1 + cy)))
    axes = Axes(
        x=Axis(low=window[0][0], high=window[0][1], grid=False, limits=box[0]),
        y=Axis(low=window[1][0], high=window[1][1], grid=False, limits=box[1]),
        equal=True,
    )
    marks = (ground, *_critical(surface, window), *_coordinates(surface), *_slice(surface))
    return Map(axes, marks, box, scale, bool(scale.below(losses).any()))


def map_panel(background: Map, marks: Sequence[AnyMark], starts: Sequence[tuple[float, float]], handle: bool) -> Panel:
    """A map with marks over it, and where the runs start; a `handle` is a start that can be dragged."""
    x, y = np.reshape(np.array(starts, dtype=float), (-1, 2)).T
    start = Sign(x=x, y=y, symbol="circle-open", name="start", handle=handle)
    axes = background.axes
    for point in starts:
        axes = dataclasses.replace(axes, x=_showing(axes.x, point[0]), y=_showing(axes.y, point[1]))
    return Panel(key="map", title="Paths", axes=(axes,), marks=(*background.marks, *marks, start))


def magnified(panel: Panel, background: Map, surface: Surface, window: Box) -> Panel:
    """A map whose ground is drawn round a window alone, on a grid that is as fine there as that of a whole map.

    Like a whole map it fills plot boxes of a width over height from `HALF` to `WIDEST`.
    """
    (x0, x1), (y0, y1) = window
    sizes = max(x1 - x0, WIDEST * (y1 - y0)), max(y1 - y0, (x1 - x0) / HALF)
    x, y = (_round(*span) for span in zip(window, sizes, background.extent, strict=True))
    fine = ground(background, surface, (x, y))
    marks = tuple(fine if isinstance(mark, Field) else mark for mark in panel.marks)
    pair = panel.axes[0]
    axes = dataclasses.replace(pair, x=dataclasses.replace(pair.x, limits=x), y=dataclasses.replace(pair.y, limits=y))
    return dataclasses.replace(panel, axes=(axes, *panel.axes[1:]), marks=marks)


def ground(background: Map, surface: Surface, box: Box) -> Field:
    """The ground of a map in a box, which has as many points there as that of a whole map, and the same levels."""
    scale = background.levels
    whole = next(mark for mark in background.marks if isinstance(mark, Field))
    return dataclasses.replace(
        whole,
        x=np.linspace(*box[0], FINE[1]),
        y=np.linspace(*box[1], FINE[0]),
        z=np.clip(scale.height(grid(surface, box, *FINE)), scale.low, None).astype(np.float32),
    )


def _round(span: tuple[float, float], size: float, limits: tuple[float, float]) -> tuple[float, float]:
    """A span widened to a size, within its limits."""
    least, most = limits
    half = min(size, most - least) / 2
    middle = min(most - half, max(least + half, (span[0] + span[1]) / 2))
    return middle - half, middle + half


def _showing(axis: Axis, at: float) -> Axis:
    """An axis, widened to show a start that lies outside it, with room for its mark."""
    room = 0.04 * (axis.high - axis.low)
    if axis.low <= at <= axis.high:
        return axis
    return dataclasses.replace(axis, low=min(axis.low, at - room), high=max(axis.high, at + room))


def _resolved(surface: Surface, pixel: float) -> float:
    """How far the loss rises from its lowest minima within a pixel: below, there is nothing to be seen."""
    sharpest = [np.linalg.eigvalsh(expand(surface, m)[2])[-1] for m in surface.minima()]
    return float(max(sharpest, default=0.0)) * pixel**2 / 2


def _coordinates(surface: Surface) -> list[Text]:
    """The coordinates' names at the ends of the axes, where they are not simply x and y, nor turned."""
    inner = surface.surface if isinstance(surface, Rotated) else surface
    if inner.axes == ("x", "y") or (isinstance(surface, Rotated) and surface.angle):
        return []
    x, y = inner.axes
    return [
        Text(x=0.5, y=0.0, words=(x,), side="top center", within=True, italic=True, layer="ground"),
        Text(x=0.0, y=0.5, words=(y,), side="middle right", within=True, italic=True, layer="ground"),
    ]


def _slice(surface: Surface) -> list[Text]:
    """That the map is cut out of more dimensions than it shows."""
    many = len(surface.start)
    if many == 2:
        return []
    through = "minimum" if len(surface.minima()) else "start"
    words = f"slice through the {through} in {many:,} dimensions"
    return [Text(x=0.0, y=1.0, words=(words,), side="bottom right", within=True, layer="ground")]


def _within(low: float, high: float, count: int, start: float, end: float) -> NDArray[np.intp]:
    ticks = np.linspace(low, high, count)
    return np.flatnonzero((ticks >= start) & (ticks <= end))


def _critical(surface: Surface, window: Box) -> list[AnyMark]:
    """Curves of minima and critical points, each kind with its name at one of them."""
    marks: list[AnyMark] = []
    for k, line in enumerate(surface.curves()):
        curve = Line(x=line[:, 0], y=line[:, 1], color="ink", dash="dot", weight="thin", layer="ground")
        marks.append(curve)
        if k == 0:
            x, y = line[len(line) // 2]
            marks.append(Text(x=float(x), y=float(y), words=("curve of minima",), side="bottom right", layer="ground"))
    points = surface.critical_points()
    places = {kind: [p.position for p in points if p.kind == kind] for kind in _SIGNS}
    places = {kind: own for kind, own in places.items() if own}
    for kind, (k, side) in _named(places, window).items():
        symbol, name = _SIGNS[kind]
        x, y = np.array([p[:2] for p in places[kind]], dtype=float).T
        marks += [
            Sign(x=x, y=y, symbol=symbol, name=name, layer="ground"),
            Text(x=float(x[k]), y=float(y[k]), words=(name,), side=side, layer="ground"),
        ]
    return marks


def _named(found: Mapping[str, Sequence[tuple[float, ...]]], window: Box) -> dict[str, tuple[int, Side]]:
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
        width = _LETTER * len(_SIGNS[kind][1])
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
