"""What can be seen of a race beside the losses: one function a view, from runs to a chart that the player draws."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from app.figures import plane
from app.figures.panels import (
    Panel,
    Shown,
    band,
    chart,
    limit_line,
    limits_in_view,
    limits_note,
    linear_axis,
    log_axis,
    message,
    threads,
    trace,
)
from app.race.bundles import each, quantiles
from optimizers import Trace, distances, effective_rates, gradient_norms, sharpnesses, stability_limits
from surfaces.caching import cached_with
from surfaces.calculus import Floats

Drawn = Callable[[Sequence[Shown], dict[str, Any], str], Panel]


# a moved slider gives one racer another run: what was measured of the others stays
_distances, _gradient_norms, _effective_rates, _sharpnesses = (
    cached_with(measure) for measure in (distances, gradient_norms, effective_rates, sharpnesses)
)


@dataclasses.dataclass(frozen=True)
class View:
    """One thing to see.

    Attributes:
        name: what the choice is called.
        panel: (runs shown, the axis of the steps, how bundles are drawn) → the panel.
        whole: whether it needs the states and steps of the runs, and not their points alone.
    """

    name: str
    panel: Drawn
    whole: bool = False


def _lines(measure: Callable[[Trace], Floats], word: str, note: str, empty: str) -> Drawn:
    """A line a run, on a log axis; runs that leave are not what the axis is made for."""

    def panel(shown: Sequence[Shown], axis: dict[str, Any], bundle: str) -> Panel:
        lines, ranged = [], []
        for one in shown:
            values = measure(one.run)
            if one.seeds:
                seeds = each(one.seeds, measure)
                low, middle, high = quantiles(seeds)
                around = band(one, 1, low, high) if bundle == "band" else [threads(one, 1, seeds, word)]
                values = middle if bundle == "band" else values
                lines += around
                ranged.append(low if bundle == "band" else seeds)
            lines.append(trace(one, 0, one.pace * np.arange(len(values)), values, one.dash, word))
            ranged.append(_counted(one, values))
        if not any(np.isfinite(values).any() for values in ranged):
            return message(empty)
        return chart(lines, {"xaxis": axis, "yaxis": log_axis(ranged)}, note + _seeds(shown, bundle))

    return panel


def _seeds(shown: Sequence[Shown], bundle: str) -> str:
    """What a note says of a bundle."""
    many = max((len(one.seeds) for one in shown), default=0)
    if not many:
        return ""
    return f"; median and 10–90 % of {many} seeds" if bundle == "band" else f"; {many} seeds, the first one strong"


def _counted(one: Shown, values: Floats) -> Floats:
    """What an axis is made for: all of a run that stays, the start of one that leaves."""
    return values[:1] if one.run.status.kind in plane.GONE else values


def _rates(shown: Sequence[Shown], axis: dict[str, Any], bundle: str) -> Panel:
    lines, ranged = [], []
    for one in shown:
        rates = _effective_rates(one.run)
        for k, dash in ((0, one.dash), (1, "dot")):
            values = rates[:, k]
            at = one.pace * np.arange(len(values))
            lines.append(trace(one, k, at, values, dash, f"rate of coordinate {k + 1}"))
            ranged.append(values[:2] if one.run.status.kind in plane.GONE else values)
    note = "solid: first coordinate, dotted: second; what the direction of a step is multiplied with"
    moves = [one.title for one in shown if (_effective_rates(one.run) == 1).all()]
    note += f"; 1 for {', '.join(moves)}, whose direction is the move itself" if moves else ""
    return chart(lines, {"xaxis": axis, "yaxis": log_axis(ranged)}, note + _first(shown))


def _first(shown: Sequence[Shown]) -> str:
    """That of a bundle a view shows one seed."""
    return "; of the seeds the first alone" if any(one.seeds for one in shown) else ""


def _sharpness(shown: Sequence[Shown], axis: dict[str, Any], bundle: str) -> Panel:
    lines, heights, exceeded = [], [], []
    limited: list[Floats] = []
    for one in shown:
        values = _sharpnesses(one.run)
        at = one.pace * np.arange(len(values))
        lines.append(trace(one, 0, at, values, one.dash, "sharpness"))
        heights.append(_counted(one, values))
        limits = stability_limits(one.run.optimizer, one.run.steps)
        if not np.isfinite(limits).any():
            continue
        limited.append(limits)
        lines.append(limit_line(one, limits))
        heights.append(limits_in_view(limits, heights[-1]))
        above = np.flatnonzero(values > limits)
        if len(above):
            marks = trace(one, 2, at[above], values[above], "solid", "above its limit:")
            lines.append({**marks, "mode": "markers", "marker": {**marks["marker"], "size": 4}})
            exceeded.append(f"{one.title} on {len(above):,} of {one.run.last + 1:,}")
    found = np.concatenate([h[np.isfinite(h)] for h in heights] or [np.ones(1)])
    wide = len(found) and found.max() > 20 * max(float(np.quantile(found, 0.2)), 0.0)
    upright = log_axis([found]) if wide and (found > 0).any() else linear_axis([found], percent=False)
    below = upright["type"] == "log" and any((h <= 0).any() for h in heights)
    note = f"dots, above the limit: {', '.join(exceeded)} points; " if exceeded else ""
    note += limits_note(limited) + "largest eigenvalue of the Hessian"
    scaled = [one.title for one in shown if one.run.optimizer.preconditioned]
    note += f"; for {', '.join(scaled)} of P⁻¹H" if scaled else ""
    note += "; gaps: below zero, for which a log axis has no place" if below else ""
    return chart(lines, {"xaxis": axis, "yaxis": upright}, note + _first(shown))


VIEWS: Mapping[str, View] = MappingProxyType(
    {
        "distance": View(
            "Distance to minimum",
            _lines(_distances, "distance", "to the nearest of the lowest minima", "No minimum is known here."),
        ),
        "gradient": View(
            "Gradient norm",
            _lines(_gradient_norms, "gradient norm", "length of the true gradient, without noise", "No slope is left."),
        ),
        "rates": View("Effective learning rate", _rates, whole=True),
        "sharpness": View("Sharpness", _sharpness, whole=True),
    }
)
"""Every view by its key."""
