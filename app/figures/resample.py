"""Interpolation of fields between the points of their grid.

Cubic convolution (Keys 1981) is exact for parabolas. Linear interpolation would bridge a valley that is narrower than a
cell, and its contours would close into islands. The page does the same in `app/player/web/drawing/resample.js`.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from app.figures.marks import Field

FEWEST, MOST_HALVINGS = 6, 6
"""The smallest number of levels in a view, and how often the step between them may be halved to reach it."""
Floats = NDArray[np.float64]
Range = tuple[float, float]


def resampled(field: Field, x: Range, y: Range, columns: int, rows: int) -> Field:
    """A field on a grid with at least these numbers of columns and rows, cropped to the ranges."""
    grids = [_grid(np.asarray(old, float), *new) for old, new in ((field.x, (x, columns)), (field.y, (y, rows)))]
    return dataclasses.replace(field, x=grids[0], y=grids[1], z=heights(field, *grids).astype(np.float32))


def heights(field: Field, x: Floats, y: Floats) -> Floats:
    """The heights of a field on another grid, (len(y), len(x)). Outside the field they are those at its edge."""
    grid = np.asarray(field.z, float)
    with np.errstate(invalid="ignore", over="ignore"):
        values = _padded(_padded(_fall(field, grid)).T).T
        rows = _between(values.T, np.asarray(field.x, float), x).T
        cubic = _between(rows, np.asarray(field.y, float), y)
        out = np.where(cubic < _fall(field, np.array(field.low)), field.low, _rise(field, cubic))
    if np.isfinite(out).all():
        return np.asarray(out)
    return np.where(np.isfinite(out), out, _straight(field, grid, x, y))


def step_in(field: Field) -> float:
    """The step between contours, which is halved while there are only a few levels in view."""
    seen = field.z[np.isfinite(field.z)]
    span = float(min(seen.max(), field.high) - max(seen.min(), field.low)) if seen.size else 0.0
    step = field.step
    for _ in range(MOST_HALVINGS):
        if span <= 0 or span >= FEWEST * step:
            break
        step /= 2
    return step


def _grid(old: Floats, ends: Range, count: int) -> Floats:
    """Evenly spaced values in a range within the grid, at least as many as the grid has there."""
    low, high = max(old[0], min(ends)), min(old[-1], max(ends))
    if not high > low:
        return old
    there = int(np.count_nonzero((old >= low) & (old <= high)))
    return np.linspace(low, high, max(count, there, 2))


def _fall(field: Field, height: Floats) -> Floats:
    """The losses that have these heights, up to an offset and a unit."""
    if field.scale == "log":
        return np.asarray(10.0**height)
    if field.scale == "signed log":
        return np.asarray(np.sign(height) * (10.0 ** np.abs(height) - 1))
    return height


def _rise(field: Field, value: Floats) -> Floats:
    """The inverse of `_fall`."""
    if field.scale == "log":
        return np.asarray(np.log10(np.maximum(value, 0)))
    if field.scale == "signed log":
        return np.asarray(np.sign(value) * np.log10(1 + np.abs(value)))
    return value


def _padded(values: Floats) -> Floats:
    """Rows with one more point at either end, extrapolated by a parabola."""
    one = 3 * values[:, :1] - 3 * values[:, 1:2] + values[:, min(2, values.shape[1] - 1)][:, None]
    other = 3 * values[:, -1:] - 3 * values[:, -2:-1] + values[:, max(-3, -values.shape[1])][:, None]
    return np.concatenate([one, values, other], axis=1)


def _between(values: Floats, grid: Floats, places: Floats) -> Floats:
    """Rows at places of a grid, from padded rows at its points."""
    first, t = _places(grid, places)
    weights = (
        ((2 - t) * t - 1) * t / 2,
        (3 * t - 5) * t * t / 2 + 1,
        ((4 - 3 * t) * t + 1) * t / 2,
        (t - 1) * t * t / 2,
    )
    return np.asarray(sum(weight[:, None] * values[first + k] for k, weight in enumerate(weights)))


def _places(grid: Floats, places: Floats) -> tuple[NDArray[np.intp], Floats]:
    """The index of the grid point before each place, and the position between it and the next."""
    last = len(grid) - 1
    at = np.clip((places - grid[0]) * last / (grid[-1] - grid[0]), 0, last)
    first = np.minimum(at.astype(np.intp), last - 1)
    return first, at - first


def _straight(field: Field, grid: Floats, x: Floats, y: Floats) -> Floats:
    """Heights by linear interpolation, which needs fewer points of the grid."""
    (i, s), (j, t) = _places(np.asarray(field.x, float), x), _places(np.asarray(field.y, float), y)
    with np.errstate(invalid="ignore"):
        row = np.where(s > 0, grid[:, i] + s * (grid[:, i + 1] - grid[:, i]), grid[:, i])
        up = t[:, None]
        return np.asarray(np.where(up > 0, row[j] + up * (row[j + 1] - row[j]), row[j]))
