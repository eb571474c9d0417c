"""The curves of the views without cells: a number of many runs against one parameter, for one racer."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from app.common.racers import Racer
from app.maps.choices import axes_of, span_of, swept, varies
from app.maps.grids import DTYPE
from app.maps.settings import POINTS, Settings
from optimizers import sweep
from surfaces.caching import Cache
from surfaces.calculus import Floats

QUANTILES = (0.1, 0.5, 0.9)


@dataclasses.dataclass(frozen=True, eq=False)
class Curve:
    """The curve of a racer.

    Attributes:
        x: the values of the parameter, (k,).
        values: of every trial, (k, trials): the final loss above the lowest minimum, infinite after a divergence; or
            1 for a run that ends in the flat minimum, 0 for one that ends in the sharp one, NaN for others.
    """

    x: Floats
    values: Floats

    def quantiles(self) -> Floats:
        """The lower end of the band, the median and the upper end, (3, k); infinite where runs diverge."""
        return np.quantile(self.values, QUANTILES, axis=1, method="inverted_cdf")

    def share(self) -> Floats:
        """The share of the settled runs that end in the flat minimum, (k,); NaN where no run settles."""
        settled = np.isfinite(self.values)
        count = settled.sum(axis=1)
        total = np.where(settled, self.values, 0.0).sum(axis=1)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


CURVES: Cache[Curve] = Cache(32 * 2**20)


def key_of(settings: Settings, racer: Racer) -> Any:
    """What the curve of a racer depends on."""
    bare, racer = swept(settings, racer)
    axis = axes_of(settings)[0]
    looks = dataclasses.replace(bare.bare(), trials=settings.trials)
    return settings.view, looks, racer, axis.name, span_of(settings, 0)


def starts_of(settings: Settings) -> Floats:
    """The starts (trials, n): of a single trial that of the settings, of several points drawn from the domain."""
    start = np.asarray(settings.built_start())
    if settings.trials == 1:
        return start[None]
    low, high = np.array(settings.built_surface().domain).T
    drawn = low + (high - low) * np.random.default_rng(settings.seed).random((settings.trials, 2))
    return np.concatenate([drawn, np.tile(start[2:], (settings.trials, 1))], axis=1)


def parts(settings: Settings, racer: Racer) -> Iterator[tuple[float, Curve]]:
    """Yield the share that is done and the curve of a racer; there is one part, which takes a fraction of a second."""
    yield 1.0, CURVES.get(key_of(settings, racer), lambda: _curve(settings, racer))


def _curve(settings: Settings, racer: Racer) -> Curve:
    axis, span = axes_of(settings)[0], span_of(settings, 0)
    x = axis.cells(span, POINTS)
    surface, starts = settings.built_surface(), starts_of(settings)
    over: dict[Any, Any] = {axis.path: x} if varies(axis, racer) else {}
    over[("start", "seed")] = (starts, settings.seed + np.arange(len(starts)))
    record = ("final", "end", "status") if settings.view == "flat" else ("final",)
    found = sweep(
        surface,
        settings.rule(racer),
        over=over,
        steps=settings.steps,
        noise=settings.built_noise(),
        record=record,
        dtype=DTYPE,
    )
    if settings.view == "flat":
        values = _ends(settings, found)
    else:
        lowest = surface.lowest()
        values = np.maximum(np.asarray(found.final, dtype=float) - (lowest or 0.0), 0.0)
    return Curve(x, np.broadcast_to(values.reshape(-1, len(starts)), (POINTS, len(starts))))


def _ends(settings: Settings, found: Any) -> Floats:
    """1 for a run that ends in the flat minimum, 0 for the sharp one, NaN for one that diverges."""
    surface = settings.built_surface()
    points = surface.critical_points()
    sharpness = [float(surface.surface.sharp_curvature), float(surface.surface.flat_curvature)]  # type: ignore[attr-defined]
    flat = int(np.argmin(sharpness))  # the first critical point is the minimum at the right
    nearest = surface.nearest_minimum(found.end)
    assert points
    return np.where(np.isfinite(found.final), np.where(nearest == flat, 1.0, 0.0), np.nan)
