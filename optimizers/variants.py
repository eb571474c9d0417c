"""The surfaces of the runs of a sweep, which differ in swept parameters, and the heights that results refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import ArrayLike, NDArray

from optimizers import axes
from optimizers.axes import Column
from optimizers.status import ROUNDING
from surfaces.caching import Cache
from surfaces.calculus import Floats, double
from surfaces.compiled import compiled
from surfaces.surface import LOWEST, CriticalPoint, Surface

CACHED = 16 * 2**20
"""The bytes of surfaces that a sweep keeps, so that a grid of a few thousand surfaces finds each of them again."""
POINT_BYTES = 400
COORDINATES = 1_000_000
"""The most coordinates of points whose losses are computed in one call."""


class Levels(NamedTuple):
    """The heights that the results of runs refer to: each (runs,), or (1,) if all runs are on the same surface.

    Attributes:
        bottom: the loss at the lowest minimum; NaN if none is known.
        start: the loss at the surface's default start.
        rounding: the rounding of losses.
        diagonal: the length of the diagonal of the surface's domain.
    """

    bottom: Floats
    start: Floats
    rounding: Floats
    diagonal: Floats


UNKNOWN = Levels(*(np.full(1, np.nan) for _ in Levels._fields))


class Variant(NamedTuple):
    """A surface with its critical points."""

    surface: Surface
    critical_points: tuple[CriticalPoint, ...]


class Variants:
    """The surfaces of the runs of a sweep.

    Args:
        surface: the surface, whose values hold for the parameters that are not swept.
        columns: the columns of its swept parameters.
    """

    def __init__(self, surface: Surface, columns: Sequence[Column] = ()) -> None:
        self._surface = surface
        self._names = [column.name for column in columns]
        self._paths = [column.path[1:] for column in columns]
        self._places = axes.places_of((surface,), [("surface", *path) for path in self._paths])
        self._cache: Cache[Variant] = Cache(CACHED, lambda variant: POINT_BYTES * len(variant.critical_points))

    def groups(
        self, rows: Mapping[str, NDArray[Any]], selected: NDArray[np.bool_]
    ) -> Iterator[tuple[Variant, NDArray[Any]]]:
        """The different surfaces of the selected runs, each with the indices of its runs.

        Args:
            rows: the values of the sweep's axes for each run, (runs,), by name.
            selected: (runs,).
        """
        runs = np.flatnonzero(selected)
        if not len(runs):
            return
        different, group = self._different(rows, runs)
        order = np.argsort(group, kind="stable")
        ends = np.cumsum(np.bincount(group, minlength=len(different)))[:-1]
        for values, places in zip(different, np.split(order, ends), strict=True):
            yield self._variant(values), runs[places]

    def levels(self, rows: Mapping[str, NDArray[Any]]) -> Levels:
        """The levels of the runs with these values of the sweep's axes."""
        if not self._names:
            return self._levels(np.empty((1, 0)))
        different, group = self._different(rows, slice(None))
        return Levels(*(values[group] for values in self._levels(different)))

    def _different(self, rows: Mapping[str, NDArray[Any]], runs: Any) -> tuple[Floats, NDArray[Any]]:
        """The different values of the swept parameters, (k, m), and the index of those of each run."""
        if not self._names:
            return np.empty((1, 0)), np.zeros(len(runs), dtype=int)
        table = np.stack([rows[name][runs] for name in self._names], axis=-1).astype(float)
        different, group = np.unique(table, axis=0, return_inverse=True)
        return different, group.ravel()

    def _variant(self, values: Floats) -> Variant:
        def compute() -> Variant:
            surface = self._surface
            for path, value in zip(self._paths, values, strict=True):
                surface = axes.with_value(surface, path, float(value))
            return Variant(surface, surface.critical_points())

        return self._cache.get(values.tobytes(), compute)

    def _levels(self, different: Floats) -> Levels:
        """The levels of surfaces with different values of the swept parameters, (k, m)."""
        starts, minima, diagonals = [], [], []
        for values in different:
            surface, listed = self._variant(values)
            starts.append(surface.start)
            minima.append([point.position for point in listed if point.kind in LOWEST])
            diagonals.append(surface.diagonal)
        counts = np.array([len(positions) for positions in minima])
        most = max(counts)
        points = [
            [start, *positions, *[start] * (most - len(positions))]
            for start, positions in zip(starts, minima, strict=True)
        ]
        losses = self._losses(different, np.asarray(points, dtype=float))
        known = np.arange(most) < counts[:, None]
        deepest = np.where(known, losses[:, 1:], np.inf).min(axis=1, initial=np.inf)
        bottom, start = np.where(counts > 0, deepest, np.nan), losses[:, 0]
        return Levels(bottom, start, rounding(bottom, start), np.asarray(diagonals, dtype=float))

    def _losses(self, different: Floats, points: Floats) -> Floats:
        """The losses (k, j) at the points (k, j, n) of each of k surfaces, in float64."""
        leaves, tree = jax.tree.flatten(self._surface)
        leaves = [np.asarray(leaf, dtype=float) for leaf in leaves]
        count, results = max(COORDINATES // points[0].size, 1), []
        for begin in range(0, len(points), count):
            part = slice(begin, begin + count)
            # a power of two, so that few programs are compiled
            padding = 0, (1 << (len(points[part]) - 1).bit_length()) - len(points[part])
            rows = np.pad(different[part], [padding, (0, 0)], mode="edge")
            w = np.pad(points[part], [padding, (0, 0), (0, 0)], mode="edge").swapaxes(1, 2)
            with double():
                losses = np.asarray(_losses(leaves, rows, w, tree=tree, places=self._places))
            results.append(losses[: len(points[part])])
        return np.concatenate(results)


@compiled(static=("tree", "places"))
def _losses(leaves: Any, rows: Any, points: Any, *, tree: Any, places: tuple[int, ...]) -> Any:
    """The losses (k, j) at points (k, n, j) on k surfaces, whose leaves at `places` are `rows` (k, m)."""

    def on_one(row: Any, w: Any) -> Any:
        replaced = list(leaves)
        for k, place in enumerate(places):
            replaced[place] = row[k]
        return jax.tree.unflatten(tree, replaced)(w)

    return jax.vmap(on_one)(rows, points)


def rounding(bottom: ArrayLike, start: ArrayLike) -> Floats:
    """The rounding of losses, from those at the lowest minimum and at the default start of a surface."""
    height = np.asarray(start) - np.asarray(bottom)
    return float(ROUNDING) * np.maximum(np.abs(bottom), np.where(np.isfinite(height), height, 0.0))
