"""The geometry of a map in three dimensions: its surface, and the runs that lie on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.common.digits import short
from app.figures.marks import Field, Panel
from app.figures.resample import heights
from app.player.scene import Relief

Floats = NDArray[np.float64]

LIFT = 0.03
"""The height at which runs are drawn above the ground, as a fraction of the range of heights. The grid bridges valleys
that are narrower than its cells, and would cover the runs along their floor.
"""
FINER = 2
"""How many times finer than the field's the grid of the ground is."""
TALL, DEEP = 0.3, 0.75
"""The height of the box as a fraction of its longer side, and its largest depth, small because pictures are wide."""


@dataclass(frozen=True)
class Ground:
    """The visible part of a map as a surface.

    Its shapes are ``x`` (columns,), ``y`` (rows,), and ``z`` and ``shade`` (rows, columns), which are the heights and
    the values on the scale of the map's colours. ``height`` converts the heights of lines to heights in the box.
    ``words`` describes the height, and ``ticks`` are pairs of a height and its label.
    """

    field: Field
    x: Floats
    y: Floats
    z: Floats
    shade: Floats
    height: Callable[[Floats], Floats]
    words: str
    ticks: tuple[tuple[float, str], ...]

    @property
    def lift(self) -> float:
        """The height of runs above the ground."""
        return LIFT * float(self.z.max() - self.z.min())

    @property
    def low(self) -> Floats:
        """The corner of the box with the smallest coordinates."""
        return np.array([self.x[0], self.y[0], self.z.min()])

    @property
    def high(self) -> Floats:
        """The corner of the box with the largest coordinates."""
        return np.array([self.x[-1], self.y[-1], self.z.max() + 2 * self.lift])

    @property
    def sides(self) -> Floats:
        """The lengths at which the sides of the box are drawn."""
        across, deep = self.x[-1] - self.x[0], self.y[-1] - self.y[0]
        longer = max(across, deep / DEEP)
        return np.array([across / longer, deep / longer, TALL])

    def under(self, x: Floats, y: Floats) -> Floats:
        """The heights (k,) of the ground at points of the box, by bilinear interpolation."""
        column = np.clip(np.searchsorted(self.x, x, "right") - 1, 0, len(self.x) - 2)
        row = np.clip(np.searchsorted(self.y, y, "right") - 1, 0, len(self.y) - 2)
        across = (x - self.x[column]) / (self.x[column + 1] - self.x[column])
        upward = (y - self.y[row]) / (self.y[row + 1] - self.y[row])
        low = self.z[row, column] + across * (self.z[row, column + 1] - self.z[row, column])
        high = self.z[row + 1, column] + across * (self.z[row + 1, column + 1] - self.z[row + 1, column])
        return np.asarray(low + upward * (high - low))

    def lifted(self, x: Floats, y: Floats) -> Floats:
        """The points (k, 3) just above the ground at those positions that are in the box."""
        x, y = np.asarray(x, float), np.asarray(y, float)
        inside = (x >= self.x[0]) & (x <= self.x[-1]) & (y >= self.y[0]) & (y <= self.y[-1])
        x, y = x[inside], y[inside]
        return np.column_stack([x, y, self.under(x, y) + self.lift])


def ground_of(panel: Panel, relief: Relief) -> Ground:
    """The ground of a map in three dimensions.

    Raises:
        ValueError: if the map has no field.
    """
    field = next((mark for mark in panel.marks if isinstance(mark, Field)), None)
    if field is None:
        raise ValueError("a map without a field has no relief")
    pair = panel.axes[0]
    across, upward = _reach(field.x, pair.x.low, pair.x.high), _reach(field.y, pair.y.low, pair.y.high)
    x, y = (_finer(np.asarray(ticks, float)[part]) for ticks, part in ((field.x, across), (field.y, upward)))
    shade = heights(field, x, y)
    plain = relief.kind != "linear" and relief.heights == "linear"
    z = _fall(relief, shade) if plain else shade

    def height(values: Floats) -> Floats:
        losses = np.asarray(values, float) + relief.offset
        return losses if plain else _rise(relief, losses)

    words = _words("linear" if plain else relief.kind, relief)
    return Ground(field, x, y, z, shade, height, words, () if plain else field.ticks)


def _finer(ticks: Floats) -> Floats:
    """The same ticks with others between them."""
    return np.linspace(ticks[0], ticks[-1], FINER * (len(ticks) - 1) + 1)


def _reach(ticks: NDArray[np.float64], low: float, high: float) -> slice:
    """The slice of ticks from the last one below a range to the first one above it, with at least three ticks."""
    last = len(ticks) - 1
    first = int(np.clip(np.searchsorted(ticks, low, "right") - 1, 0, max(0, last - 2)))
    end = int(np.clip(np.searchsorted(ticks, high, "left"), first + 2, last))
    return slice(first, end + 1)


def _rise(relief: Relief, losses: Floats) -> Floats:
    """The heights of losses on the scale of the map's levels."""
    with np.errstate(invalid="ignore", over="ignore"):
        if relief.kind == "log":
            return np.asarray(np.log10(np.maximum(losses - relief.base, 0) + relief.unit))
        if relief.kind == "signed log":
            return np.asarray(np.sign(losses) * np.log10(1 + np.abs(losses) / relief.unit))
    return losses


def _fall(relief: Relief, heights: Floats) -> Floats:
    """The inverse of `_rise`."""
    if relief.kind == "log":
        return np.asarray(10.0**heights - relief.unit + relief.base)
    if relief.kind == "signed log":
        return np.asarray(np.sign(heights) * relief.unit * (10.0 ** np.abs(heights) - 1))
    return heights


def _words(kind: str, relief: Relief) -> str:
    base = relief.base
    above = f"loss {'+' if base < 0 else '−'} {short(abs(base), 2)}" if base else "loss"
    words = {
        "log": f"height: log₁₀({above} + {short(relief.unit, 2)})",
        "signed log": f"height: log₁₀(1 + |loss| / {short(relief.unit, 2)}), negative below 0",
    }
    return words.get(kind, "height: loss") + ("; anything below the scale is drawn flat" if relief.floor else "")


@dataclass(frozen=True)
class Lie:
    """A run that lies on the ground, as ``points`` (k, 3) with their times (k,).

    A NaN point marks a gap where the run is outside the box. ``steps`` are the indices of those points that are steps
    of the run.
    """

    points: Floats
    time: Floats
    steps: NDArray[np.intp]


def drape(ground: Ground, path: Floats, heights: Floats, time: Floats) -> Lie:
    """Lay a run on the ground.

    At each step, its height is its true loss. Between two steps that are further apart than a cell of the grid, the
    line follows the ground, which would cover a straight line.

    Args:
        path: the points (k, 2) of the run.
        heights: the heights (k,) of its line.
        time: the times (k,) of its points.
    """
    low, high = ground.low[:2], ground.high[:2]
    inside: NDArray[np.bool_] = np.all((path >= low) & (path <= high), axis=1)
    under = np.full(len(path), np.nan)
    under[inside] = ground.under(*path[inside].T)
    above = ground.height(heights) - under
    above = np.where(np.isfinite(above), above, 0.0)
    first = [[*path[0], under[0] + above[0]] if inside[0] else [np.nan] * 3]
    points, times = [np.array(first)], [np.asarray(time[:1], float)]
    steps = [0] if inside[0] else []
    count = 1
    enter, leave = _within(path, low, high)
    cell = (high - low) / [len(ground.x) - 1, len(ground.y) - 1]
    with np.errstate(invalid="ignore", over="ignore"):
        cells = np.abs(np.diff(path, axis=0) * (leave - enter)[:, None] / cell).max(axis=1, initial=0.0)
    visible = np.flatnonzero(enter <= leave)
    within_cell = inside[visible] & inside[visible + 1] & (cells[visible] <= 1)
    # steps within a cell, which are most steps of most runs, need no points in between and are appended as a group
    for group in np.split(visible, np.flatnonzero(np.diff(within_cell.astype(int)) != 0) + 1) if len(visible) else ():
        if inside[group[0]] and inside[group[0] + 1] and cells[group[0]] <= 1:
            to = group + 1
            points.append(np.column_stack([path[to], under[to] + above[to]]))
            times.append(np.asarray(time, float)[to])
            steps += range(count, count + len(to))
            count += len(to)
            continue
        for k in group:
            part = _piece(ground, path[k : k + 2], above[k : k + 2], enter[k], leave[k], cells[k])
            between, when = part[:, :3], time[k] + part[:, 3] * (time[k + 1] - time[k])
            if enter[k] == 0 and inside[k]:
                between, when = between[1:], when[1:]
            if inside[k + 1]:
                steps.append(count + len(between) - 1)
            else:
                between, when = np.vstack([between, [[np.nan] * 3]]), np.append(when, when[-1])
            points.append(between)
            times.append(when)
            count += len(between)
    lying = np.concatenate(points)
    lying[:, 2] += ground.lift
    return Lie(lying, np.concatenate(times), np.array(steps, np.intp))


def _piece(ground: Ground, ends: Floats, above: Floats, enter: float, leave: float, cells: float) -> Floats:
    """The segment between two steps within the box, one point per cell: positions and fractions of the way (k, 4)."""
    parts = np.linspace(enter, leave, max(1, int(np.ceil(cells))) + 1)
    places = np.clip(ends[0] + parts[:, None] * (ends[1] - ends[0]), ground.low[:2], ground.high[:2])
    over = ground.under(*places.T) + _above(above[0], above[1], parts, leave == 1)
    return np.column_stack([places, over, parts])


def _above(before: float, after: float, parts: Floats, arrives: bool) -> Floats:
    """The height of a run above the ground between two steps. Only at a step may it be below the ground."""
    over = np.maximum(0.0, before + parts * (after - before))
    if arrives:
        over[-1] = after
    return np.asarray(over)


def _within(path: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """The fractions of the way from each point to the next at which a path enters and leaves a box.

    Where a segment does not meet the box, the first fraction is larger than the second.
    """
    a, d = path[:-1], np.diff(path, axis=0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        to_low, to_high = (low - a) / d, (high - a) / d
        still = d == 0
        beyond = (a < low) | (a > high)
        near = np.where(still, np.where(beyond, np.inf, -np.inf), np.minimum(to_low, to_high))
        far = np.where(still, np.where(beyond, -np.inf, np.inf), np.maximum(to_low, to_high))
    enter, leave = np.maximum(0.0, near.max(axis=1)), np.minimum(1.0, far.min(axis=1))
    known = np.isfinite(d).all(axis=1) & np.isfinite(enter) & np.isfinite(leave)
    return np.where(known, enter, 1.0), np.where(known, leave, 0.0)
