"""The runs of one racer over the cells of a window, computed as a sweep and kept in a cache."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.common.racers import Racer
from app.maps.axes import Span
from app.maps.choices import axes_of, span_of, swept, varies
from app.maps.settings import Settings
from optimizers import convergence_rates, plan_sweep
from optimizers.growth import measurable
from optimizers.sweeps import Plan
from surfaces.caching import Cache
from surfaces.calculus import Floats

PATIENCE = 0.15
"""About how many seconds a part of a grid takes, after which it is shown and the work can be stopped."""
DTYPE = "float64"
"""The precision of all maps and curves: that of the runs that are played.

In float32 a loss overflows at 10³⁸, in float64 at 10³⁰⁸. If wide windows were computed in float32, a cell that is
diverged in one window would be finite in a smaller one and in its run, and a chaotic run would end somewhere else. In
float64 a map takes about twice as long: 0.06 s for 128 × 128 runs of 500 steps of momentum on two cores.
"""
MOST_RATES = 2**14
"""The number of cells whose convergence rates are measured in one call."""


class Stopped(Exception):
    """Raised when the computation of a grid was stopped."""


@dataclasses.dataclass(frozen=True, eq=False)
class Grid:
    """The results of a racer in the cells of a window.

    Attributes:
        spans: the places of the ends of both axes, x first.
        x, y: the values of the columns and of the rows.
        results: by name, arrays (rows, columns), with a further axis for points. "final" is the loss after the last
            step, infinite after a divergence; "reached", "codes" and "end" are those of a sweep; "rate" is the
            convergence rate.
        rows: how many rows are known, from the lowest on.
    """

    spans: tuple[Span, Span]
    x: Floats
    y: Floats
    results: Mapping[str, NDArray[Any]]
    rows: int

    @property
    def complete(self) -> bool:
        """Whether all rows are known."""
        return self.rows == len(self.y)


GRIDS: Cache[Grid] = Cache(192 * 2**20)
"""The last grids, so that a slider that returns to an earlier value shows its map at once."""
Key = tuple[Any, ...]


def records_of(settings: Settings) -> tuple[str, ...]:
    """What has to be recorded for the view and the colours.

    Wherever a run can converge, statuses are recorded, so that another colouring computes nothing.
    """
    if settings.view == "basins":
        return ("final", "end", "status")
    if settings.color == "rate":
        return ("rate",)
    judged = settings.color == "status" or settings.built_surface().lowest() is not None
    return ("final", "reached", "status") if judged else ("final", "reached")


def key_of(settings: Settings, racer: Racer, size: int) -> Key:
    """What the grid of a racer depends on."""
    bare, racer = swept(settings, racer)
    bare = dataclasses.replace(bare.bare(), start=bare.start)
    axes = axes_of(settings)
    spans = tuple(span_of(settings, k) for k in range(len(axes)))
    return bare, racer, tuple(axis.name for axis in axes), spans, size, records_of(settings)


def known(key: Key) -> Grid | None:
    """The grid for a key, if it is in the cache."""

    def missing() -> Grid:
        raise KeyError

    try:
        return GRIDS.get(key, missing)
    except KeyError:
        return None


def has_rate(settings: Settings, racer: Racer) -> bool:
    """Whether a racer has a convergence rate: its rule is linear, without noise, and the loss is quadratic."""
    axes = axes_of(settings)
    quiet = settings.noise.key == "none" and not any(axis.room == "start" for axis in axes)
    return quiet and measurable(settings.built_surface(), settings.rule(racer))


def parts(settings: Settings, racer: Racer, size: int) -> Iterator[Grid]:
    """Yield the grid of a racer as it grows row by row; the last one is complete."""
    axes = axes_of(settings)
    spans = span_of(settings, 0), span_of(settings, 1)
    values = tuple(axis.cells(span, size) for axis, span in zip(axes, spans, strict=True))
    over = {axis.path: v for axis, v in reversed(list(zip(axes, values, strict=True))) if varies(axis, racer)}
    shape = [len(v) if varies(axis, racer) else 1 for axis, v in reversed(list(zip(axes, values, strict=True)))]
    measure = _rates if settings.color == "rate" and settings.view == "stability" else _swept
    for results, runs in measure(settings, racer, over):
        rows = runs // shape[1] if shape[0] > 1 else (size if runs else 0)
        filled = {name: _filled(array, shape, size) for name, array in results.items()}
        yield Grid(spans, values[0], values[1], filled, min(rows, size))


def _filled(array: NDArray[Any], shape: list[int], size: int) -> NDArray[Any]:
    """Results in the shape of the grid: repeated along an axis on which they do not depend."""
    rest = array.shape[1:]
    return np.broadcast_to(array.reshape(*shape, *rest), (size, size, *rest))


Measured = Iterator[tuple[dict[str, NDArray[Any]], int]]


def _swept(settings: Settings, racer: Racer, over: Mapping[str, Floats]) -> Measured:
    """Yield the results of a sweep, in which unknown runs are blank, and the number of known ones."""
    surface, rule, noise = settings.built_surface(), settings.rule(racer), settings.built_noise()
    options: Any = {"start": settings.built_start(), "noise": noise, "seed": settings.seed}
    plan = plan_sweep(
        surface, rule, over=over, steps=settings.steps, record=records_of(settings), dtype=DTYPE, **options
    )
    results: dict[str, NDArray[Any]] = {}
    for first, end, found in _timed(plan):
        for name, values in found.items():
            if name not in results:
                results[name] = np.zeros((plan.runs, *values.shape[1:]), values.dtype)
            results[name][first:end] = values
        yield dict(results), end


def _timed(plan: Plan) -> Iterator[tuple[int, int, Mapping[str, NDArray[Any]]]]:
    """Yield parts of a sweep whose sizes are chosen so that each takes about `PATIENCE` seconds."""
    least = plan._width * len(plan.devices)
    first, size = 0, least
    while first < plan.runs:
        end = min(first + size, plan.runs)
        began = time.perf_counter()
        for piece in plan.pieces(first, end):
            yield piece.first, piece.end, piece.results
        seconds = max(time.perf_counter() - began, 1e-4)
        size = max(least, min(8 * size, int(size * PATIENCE / seconds)))
        first = end


def _rates(settings: Settings, racer: Racer, over: Mapping[str, Floats]) -> Measured:
    """Yield the convergence rates, measured a few rows at a time."""
    if not has_rate(settings, racer):
        size = int(np.prod([len(v) for v in over.values()], dtype=int))
        yield {"rate": np.full(size, np.nan)}, size
        return
    surface, rule = settings.built_surface(), settings.rule(racer)
    names = list(over)
    outer = over[names[0]] if names else np.zeros(1)
    inner = int(np.prod([len(over[name]) for name in names[1:]], dtype=int))
    rates = np.zeros(len(outer) * inner)
    chunk = max(1, MOST_RATES // inner)
    for first in range(0, len(outer), chunk):
        some = {**over, names[0]: outer[first : first + chunk]} if names else {}
        end = min(first + chunk, len(outer))
        rates[first * inner : end * inner] = convergence_rates(surface, rule, some).ravel()
        yield {"rate": rates.copy()}, end * inner


def grid(settings: Settings, racer: Racer, size: int, report: Callable[[Grid], None]) -> Grid:
    """The grid of a racer, from the cache or computed.

    Args:
        report: called with each part; it may raise `Stopped`.
    """

    def compute() -> Grid:
        last = None
        for last in parts(settings, racer, size):
            report(last)
        assert last is not None
        return last

    return GRIDS.get(key_of(settings, racer, size), compute)
