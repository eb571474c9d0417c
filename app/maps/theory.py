"""What theory says of a map: the edge of stability, and the fastest parameters, as rules declare them."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np

from app.common.racers import Choice, Racer, built
from app.maps.axes import MapAxis, Span
from app.maps.choices import axes_of, level, span_of, varies
from app.maps.settings import Settings
from optimizers import OPTIMIZERS, Scheduled
from surfaces.calculus import Floats, expand
from surfaces.parameter import map_parameters

POINTS = 257
"""The number of points of an edge along the map."""


@functools.lru_cache(maxsize=4096)
def curvatures(surface: Choice) -> tuple[float, float]:
    """The smallest and the largest curvature of a quadratic surface."""
    one = level(surface)
    found = np.linalg.eigvalsh(expand(one, np.asarray(one.start, dtype=float))[2])
    return float(found[0]), float(found[-1])


def applies(settings: Settings, racer: Racer) -> bool:
    """Whether a rule declares an edge of stability that holds on this surface: the loss must be quadratic."""
    rule = settings.rule(racer)
    plain = not isinstance(rule, Scheduled) and not rule.preconditioned and settings.noise.key == "none"
    return plain and settings.built_surface().quadratic and rule.stability_limit() is not None


def edge(settings: Settings, racer: Racer) -> Floats | None:
    """The edge of stability within the window, as places (k, 2); None if there is none.

    On it, the largest curvature of the surface equals the stability limit of the rule.
    """
    axes, spans = axes_of(settings), (span_of(settings, 0), span_of(settings, 1))
    if not applies(settings, racer):
        return None
    # across the axis on which the limit depends most, so that the edge is a function of the other
    across = 1 if axes[1].name == "learning_rate" or not _matters(axes[0], racer) else 0
    if not _matters(axes[across], racer):
        return None
    other = 1 - across
    outer, inner = (np.linspace(*spans[k], POINTS) for k in (other, across))
    excess = _excess(settings, racer, axes, across, inner, outer)
    points = []
    for place, row in zip(outer, excess, strict=True):
        crossing = _crossing(inner, row)
        if crossing is not None:
            points.append((crossing, place) if across == 0 else (place, crossing))
    return np.array(points) if len(points) > 1 else None


def _matters(axis: MapAxis, racer: Racer) -> bool:
    return axis.room in ("optimizer", "surface") and axis.name != "surface.angle" and varies(axis, racer)


def _excess(
    settings: Settings, racer: Racer, axes: tuple[MapAxis, ...], across: int, inner: Floats, outer: Floats
) -> Floats:
    """How far the largest curvature lies above the limit, as a logarithm, (outer, inner)."""
    shapes = {across: (1, -1), 1 - across: (-1, 1)}
    values = {axes[k]: axes[k].value(places).reshape(shapes[k]) for k, places in ((across, inner), (1 - across, outer))}
    rule = map_parameters(np.asarray, built(OPTIMIZERS, racer.rule))
    for axis, value in values.items():
        if axis.room == "optimizer" and varies(axis, racer):
            rule = dataclasses.replace(rule, **{axis.name: value})
    largest: Any = curvatures(settings.surface)[1]
    for axis, value in values.items():
        if axis.room == "surface" and axis.name != "surface.angle":
            name = axis.name.rpartition(".")[2]
            each = [curvatures(settings.surface.having(name, float(v)))[1] for v in value.ravel()]
            largest = np.reshape(each, value.shape)
    with np.errstate(divide="ignore"):
        limit: Any = rule.stability_limit()
        excess = np.log(largest) - np.log(np.asarray(limit, dtype=float))
    return np.broadcast_to(excess, (len(outer), len(inner)))


def _crossing(places: Floats, excess: Floats) -> float | None:
    """The place at which the excess changes its sign; None if it does not."""
    changes = np.flatnonzero(np.signbit(excess[:-1]) != np.signbit(excess[1:]))
    if not len(changes):
        return None
    k = int(changes[0])
    share = excess[k] / (excess[k] - excess[k + 1])
    return float(places[k] + share * (places[k + 1] - places[k]))


def fastest(settings: Settings, racer: Racer) -> tuple[float, float] | None:
    """The place of the fastest parameters of a rule on this surface; None if they are unknown or not on the map."""
    axes = axes_of(settings)
    if not applies(settings, racer) or any(axis.room != "optimizer" for axis in axes):
        return None
    low, high = curvatures(settings.surface)
    best = OPTIMIZERS[racer.rule.key].fastest(low, high) if low > 0 else None
    if best is None or {axis.name for axis in axes} != {*best}:
        return None
    place = tuple(float(axis.place(best[axis.name])) for axis in axes)
    spans = span_of(settings, 0), span_of(settings, 1)
    inside = all(low <= at <= high for at, (low, high) in zip(place, spans, strict=True))
    return (place[0], place[1]) if inside else None


def inside(spans: tuple[Span, Span], place: tuple[float, float]) -> bool:
    """Whether a place lies in a window."""
    return all(low <= at <= high for at, (low, high) in zip(place, spans, strict=True))
