"""Paints a map in three dimensions: the ground and the axes directly, and the runs as marks in pixels."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes as Plot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from app.common.digits import short
from app.export.look import blend, colormap, points
from app.export.painter import paint
from app.export.projection import Projection
from app.export.relief import Ground, drape, ground_of
from app.export.sheet import Box, Sheet
from app.export.sizes import DPI
from app.figures.marks import AnyMark, Axes, Axis, Dots, Line, Panel, Sign, Text
from app.figures.strokes import STEP, WEIGHTS, WORDS
from app.player.scene import Relief
from app.player.screen import Camera

Floats = NDArray[np.float64]

FINE = 2.0
"""The smallest number of pixels of the ground's picture per pixel at scale 1, so that its edges are smooth."""
QUADS = 400_000
"""The largest number of quadrilaterals of the ground."""
BANDS, MOST_BANDS = 16, 40
"""The number of bands of one colour if there are no contours, and the largest number of bands."""
AMBIENT, DIFFUSE = 0.72, 0.48
LIGHT = np.array([-2.5, -2.5, 4.5]) / np.linalg.norm([2.5, 2.5, 4.5])
"""The amounts of ambient and of directional light, and the direction of the latter."""
FAINT = 0.32
"""The strength of contours, from the paper (0) to muted ink (1)."""
TICKS = 6
AWAY = 13.0
"""The distance of numbers from their axis in pixels."""


def paint_relief(
    sheet: Sheet, panel: Panel, relief: Relief, camera: Camera, box: Box, hidden: frozenset[str] = frozenset()
) -> None:
    """Draw a map in three dimensions into a box, without the hidden racers."""
    ground = ground_of(panel, relief)
    projection = Projection(camera, ground.low, ground.high, ground.sides, (box[2], box[3]))
    plot = sheet.axes(box)
    plot.set(xlim=(0, box[2]), ylim=(0, box[3]), xticks=[], yticks=[], autoscale_on=False)
    _frame(sheet, plot, ground, projection)
    picture = _picture(sheet, ground, projection)
    plot.imshow(picture, extent=(0, box[2], 0, box[3]), origin="upper", aspect="auto", interpolation="antialiased")
    plot.set(xlim=(0, box[2]), ylim=(0, box[3]))
    sheet.words(ground.words, box[0] + 4, box[1] + box[3] - 16, WORDS["label"], color=sheet.style["muted"])
    paint(sheet, projected(panel, ground, projection), box, hidden)


# Runs and landmarks.


def projected(panel: Panel, ground: Ground, projection: Projection) -> Panel:
    """The marks of a map projected from its ground onto axes of pixels."""
    width, height = projection.size
    x, y = (Axis(low=0.0, high=size, grid=False, numbers=False) for size in (width, height))
    marks: list[AnyMark] = []
    for mark in panel.marks:
        marks += _projected(mark, panel, ground, projection)
    return Panel(key=panel.key, axes=(Axes(x=x, y=y),), marks=tuple(marks))


def _projected(mark: AnyMark, panel: Panel, ground: Ground, projection: Projection) -> Iterator[AnyMark]:
    if isinstance(mark, Line) and mark.follows == "path" and mark.time is not None:
        yield from _run(mark, ground, projection)
    elif isinstance(mark, Line) and mark.layer == "ground":
        x, y = projection.pixels(ground.lifted(mark.x, mark.y)).T
        yield dataclasses.replace(mark, x=x, y=y)
    elif isinstance(mark, Sign):
        places = ground.lifted(mark.x, mark.y)
        if mark.handle and len(places):
            places[0, 2] = _start_height(panel, ground, places[0, 2])
        if len(places):
            x, y = projection.pixels(places).T
            yield dataclasses.replace(mark, x=x, y=y)
    elif isinstance(mark, Text) and mark.layer == "ground" and not mark.within and mark.time is None:
        places = ground.lifted(np.atleast_1d(mark.x), np.atleast_1d(mark.y))
        if len(places):
            x, y = projection.pixels(places)[0]
            yield dataclasses.replace(mark, x=float(x), y=float(y), color="ink")


def _start_height(panel: Panel, ground: Ground, under: float) -> float:
    """The height of the start, which may differ from the height of the grid at that point."""
    for mark in panel.marks:
        if isinstance(mark, Line) and mark.follows == "path" and mark.heights is not None and len(mark.heights):
            height = float(ground.height(np.asarray(mark.heights[:1], float))[0])
            return height + ground.lift if np.isfinite(height) else under
    return under


def _run(line: Line, ground: Ground, projection: Projection) -> Iterator[AnyMark]:
    """A run as a line, with a dot at each step that is far enough from the step before."""
    path = np.column_stack([line.x, line.y]).astype(float)
    heights = np.asarray(line.heights, float)[: len(path)] if line.heights is not None else np.full(len(path), np.nan)
    lie = drape(ground, path, heights, np.asarray(line.time, float)[: len(path)])
    places = projection.pixels(lie.points)
    x, y = places.T
    yield dataclasses.replace(line, x=x, y=y, time=lie.time, dots=False, hover=(), heights=None)
    steps = places[lie.steps]
    if len(steps) > 1:
        far = np.append(False, np.hypot(*np.diff(steps, axis=0).T) >= STEP["apart"])
        x, y = steps[far].T
        common: Any = {"racer": line.racer, "layer": line.layer, "color": line.color, "future": "absent"}
        yield Dots(x=x, y=y, time=lie.time[lie.steps][far], size="small", **common)


# The ground.


def _picture(sheet: Sheet, ground: Ground, projection: Projection) -> NDArray[np.uint8]:
    """The ground as a picture (rows, columns, 4)."""
    width, height = projection.size
    fine = max(FINE, sheet.figure.dpi / DPI * sheet.text)
    x, y, z, shade = _refined(ground, fine * width)
    colors = _colors(sheet, ground, x, y, z, shade)
    places = projection.pixels(np.stack([*np.meshgrid(x, y), z], axis=-1))
    figure = Figure(figsize=(width, height), dpi=fine)  # one inch of this figure is one pixel at scale 1
    figure.patch.set_alpha(0)
    canvas = FigureCanvasAgg(figure)
    plot = figure.add_axes((0, 0, 1, 1))
    plot.set_axis_off()
    plot.set(xlim=(0, width), ylim=(0, height), autoscale_on=False)
    for rows, columns in itertools.product(_halves(y, projection.eye[1]), _halves(x, projection.eye[0])):
        here = places[rows][:, columns]
        inks = colors[_cells(rows)][:, _cells(columns)]
        plot.pcolormesh(here[..., 0], here[..., 1], inks, shading="flat", antialiased=False, linewidth=0)
    canvas.draw()
    return np.array(canvas.buffer_rgba())


def _halves(ticks: Floats, eye: float) -> list[NDArray[np.intp]]:
    """The indices of the ticks on either side of the camera, each ordered so that the nearest ticks come last."""
    split = int(np.clip(np.searchsorted(ticks, eye), 0, len(ticks) - 1))
    halves = [np.arange(split + 1), np.arange(split, len(ticks))[::-1]]
    return [half for half in halves if len(half) > 1]


def _cells(ticks: NDArray[np.intp]) -> NDArray[np.intp]:
    """The indices of the cells between neighbouring ticks."""
    return np.minimum(ticks[:-1], ticks[1:])


def _refined(ground: Ground, pixels: float) -> tuple[Floats, Floats, Floats, Floats]:
    """The grid of the ground, refined until its cells are as small as pixels or too numerous."""
    rows, columns = ground.z.shape
    times = max(1, int(min(pixels / columns, (QUADS / rows / columns) ** 0.5)))
    x = np.interp(np.linspace(0, columns - 1, times * (columns - 1) + 1), np.arange(columns), ground.x)
    y = np.interp(np.linspace(0, rows - 1, times * (rows - 1) + 1), np.arange(rows), ground.y)
    return x, y, _spread(ground.z, times), _spread(ground.shade, times)


def _spread(values: Floats, times: int) -> Floats:
    """Refine a grid along both axes by an integer factor, with bilinear interpolation."""
    for axis in (0, 1):
        count = values.shape[axis]
        at = np.linspace(0, count - 1, times * (count - 1) + 1)
        low = np.minimum(at.astype(int), count - 2)
        share = (at - low).reshape((-1, 1) if axis == 0 else (1, -1))
        values = (1 - share) * np.take(values, low, axis) + share * np.take(values, low + 1, axis)
    return values


def _colors(sheet: Sheet, ground: Ground, x: Floats, y: Floats, z: Floats, shade: Floats) -> Floats:
    """The colour of each cell (rows - 1, columns - 1, 3): bands of colour with contours and shading."""
    field = ground.field
    count = min(MOST_BANDS, round((field.high - field.low) / field.step) or BANDS)
    level = (shade - field.low) / (field.high - field.low) * count
    band = np.clip(np.floor(_middle(level)), 0, count - 1)
    inks = colormap(field.colors[sheet.theme])((np.arange(count) + 0.5) / count)[:, :3]
    colors = inks[band.astype(int)]
    if ground.z is ground.shade:  # contours are evenly spaced only on the map's own scale
        corners = np.stack([np.floor(level[i : len(y) - 1 + i, k : len(x) - 1 + k]) for i in (0, 1) for k in (0, 1)])
        crossed = (
            (corners.max(axis=0) != corners.min(axis=0)) & (corners.max(axis=0) <= count) & (corners.max(axis=0) > 0)
        )
        colors[crossed] = blend(sheet.style["paper"], sheet.style["muted"], FAINT)
    return np.asarray(colors * np.minimum(1.0, _light(ground, x, y, z))[..., None])


def _middle(values: Floats) -> Floats:
    """The values at the centres of cells."""
    return np.asarray((values[1:, 1:] + values[1:, :-1] + values[:-1, 1:] + values[:-1, :-1]) / 4)


def _light(ground: Ground, x: Floats, y: Floats, z: Floats) -> Floats:
    """The amount of light on each cell."""
    scale = ground.sides / (ground.high - ground.low)
    rise = z * scale[2]
    east = (np.diff(rise, axis=1)[1:] + np.diff(rise, axis=1)[:-1]) / 2 / (np.diff(x) * scale[0])
    north = (np.diff(rise, axis=0)[:, 1:] + np.diff(rise, axis=0)[:, :-1]) / 2 / (np.diff(y) * scale[1])[:, None]
    facing = (LIGHT[2] - LIGHT[0] * east - LIGHT[1] * north) / np.sqrt(1 + east**2 + north**2)
    return np.asarray(AMBIENT + DIFFUSE * np.maximum(0.0, facing))


# Axes.


def _frame(sheet: Sheet, plot: Plot, ground: Ground, projection: Projection) -> None:
    """Draw the grid on the faces of the box behind the ground, and the numbers and names of the axes in front."""
    low, high = ground.low, ground.high
    corners = np.array([low, high])
    back = [int(projection.eye[k] < (low[k] + high[k]) / 2) for k in range(3)]
    ticks = _ticks(ground)
    grid: list[Floats] = []
    for axis in range(3):
        for other in range(3):
            third = 3 - axis - other
            if axis == other:
                continue
            for value in [*ticks[axis], low[axis], high[axis]]:  # lines on the back face of the other axis
                line = np.empty((2, 3))
                line[:, axis] = value
                line[:, other] = corners[back[other], other]
                line[:, third] = low[third], high[third]
                grid.append(projection.pixels(line))
    for line in grid:
        plot.plot(*line.T, color=sheet.style["grid"], lw=points(WEIGHTS["hair"]), zorder=0)
    for axis, name in enumerate(("x", "y", "loss")):
        _numbers(sheet, plot, ground, projection, axis, name, ticks[axis])


def _ticks(ground: Ground) -> list[Mapping[float, str]]:
    """The labels of each axis, by their values."""
    out: list[Mapping[float, str]] = []
    for axis in range(3):
        low, high = ground.low[axis], ground.high[axis]
        values = MaxNLocator(TICKS if axis < 2 else 4, steps=[1, 2, 5, 10]).tick_values(low, high)
        named = ground.ticks if axis == 2 and ground.ticks else [(float(v), short(float(v), 3)) for v in values]
        out.append({value: words for value, words in named if low <= value <= high})
    return out


def _numbers(
    sheet: Sheet, plot: Plot, ground: Ground, projection: Projection, axis: int, name: str, ticks: Mapping[float, str]
) -> None:
    """Draw the numbers and the name of an axis along its outermost edge in the picture."""
    ends = _edge(ground, projection, axis)
    middle = projection.pixels((ground.low + ground.high) / 2)
    line = projection.pixels(ends)
    out = np.array([line[1, 1] - line[0, 1], line[0, 0] - line[1, 0]])
    out /= max(1e-9, float(np.hypot(*out)))
    out = out if out @ (line.mean(axis=0) - middle) > 0 else -out
    form: Any = {"color": sheet.style["muted"], "parse_math": False, "clip_on": True, "zorder": 3}
    form |= {"ha": "center", "va": "center", "fontsize": points(WORDS["label"])}
    for value, words in ticks.items():
        share = (value - ground.low[axis]) / (ground.high[axis] - ground.low[axis])
        at = projection.pixels(ends[0] + share * (ends[1] - ends[0])) + AWAY * out
        plot.text(at[0], at[1], words, **form)
    at = line.mean(axis=0) + 2.5 * AWAY * out
    plot.text(at[0], at[1], name, **form)


def _edge(ground: Ground, projection: Projection, axis: int) -> Floats:
    """The edge of the box for the labels of an axis: the lowest for x and y, the leftmost for the loss."""
    low, high = ground.low, ground.high
    edges = []
    others = [k for k in range(3) if k != axis]
    for ends in itertools.product((0, 1), repeat=2):
        edge = np.array([low, low])
        for other, end in zip(others, ends, strict=True):
            edge[:, other] = (low, high)[end][other]
        edge[1, axis] = high[axis]
        edges.append(edge)
    if axis == 2:
        return min(edges, key=lambda edge: projection.pixels(edge)[:, 0].mean())
    return min((edge for edge in edges if edge[0, 2] == low[2]), key=lambda edge: projection.pixels(edge)[:, 1].mean())
