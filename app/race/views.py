"""The views of the Race page. A view is a function from runs to a panel."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from app.figures.marks import AnyMark, Axes, Axis, Dots, Numbers, Panel
from app.figures.panels import (
    Shown,
    band,
    chart,
    curve,
    limit_line,
    limits_in_view,
    limits_note,
    linear_axis,
    log_axis,
    message,
    strands,
)
from app.figures.trails import GONE
from app.race.bundles import per_seed, quantiles
from app.race.rate_views import budgets, sensitivity
from optimizers import Trace, distances, effective_rates, gradient_norms, sharpnesses, stability_limits
from surfaces.caching import cached_with
from surfaces.calculus import Floats

Draw = Callable[[Sequence[Shown], Axis, str], Panel]


# cached by run, because a moved slider changes the run of one racer only
_distances, _gradient_norms, _effective_rates, _sharpnesses = (
    cached_with(measure) for measure in (distances, gradient_norms, effective_rates, sharpnesses)
)


@dataclasses.dataclass(frozen=True)
class View:
    """A view of the Race page.

    Attributes:
        name: the name of the choice.
        panel: the function from the visible runs, the axis of the clock and the form of bundles to the panel.
        whole: whether it needs the states and steps of the runs in addition to their points.
        curves: whether it needs the learning-rate curves of the racers.
        trials: whether it needs the trials of a fair race.
    """

    name: str
    panel: Draw
    whole: bool = False
    curves: bool = False
    trials: bool = False


def _measured(measure: Callable[[Trace], Floats], word: str, note: str, empty: str) -> Draw:
    """A view with the curve of a measure for each run on a log axis, whose range ignores runs that leave."""

    def panel(shown: Sequence[Shown], x: Axis, bundle: str) -> Panel:
        marks: list[AnyMark] = []
        ranged: list[Floats] = []
        for racer in shown:
            values = measure(racer.run)
            if racer.seeds:
                seeds = per_seed(racer.seeds, measure)
                low, middle, high = quantiles(seeds)
                marks.append(band(racer, low, high) if bundle == "band" else strands(racer, seeds))
                ranged.append(seeds[[run.status.kind not in GONE for run in racer.seeds]])
                values = middle if bundle == "band" else values
            marks.append(curve(racer, racer.pace * np.arange(len(values)), values, word))
            ranged.append(_in_range(racer, values))
        if not any(np.isfinite(values).any() for values in ranged):
            return message(empty)
        return chart(Axes(x=x, y=log_axis(ranged)), marks, note + _of_seeds(shown, bundle))

    return panel


def _of_seeds(shown: Sequence[Shown], bundle: str) -> str:
    """The part of a note on the seeds of a bundle."""
    count = max((len(racer.seeds) for racer in shown), default=0)
    if not count:
        return ""
    return f"; median and 10–90 % of {count} seeds" if bundle == "band" else f"; {count} seeds, the first highlighted"


def _of_first_seed(shown: Sequence[Shown]) -> str:
    """The part of a note in a view that draws only one seed of a bundle."""
    return "; first seed only" if any(racer.seeds for racer in shown) else ""


def _in_range(racer: Shown, values: Floats, start: int = 1) -> Floats:
    """The values that the range of an axis has to include: all of a run that stays, the first of one that leaves."""
    return values[:start] if racer.run.status.kind in GONE else values


def _rates(shown: Sequence[Shown], x: Axis, bundle: str) -> Panel:
    marks, ranged = [], []
    for racer in shown:
        rates = _effective_rates(racer.run)
        time = racer.pace * np.arange(len(rates))
        marks.append(curve(racer, time, rates[:, 0], "rate of coordinate 1"))
        marks.append(curve(racer, time, rates[:, 1], "rate of coordinate 2", dash="dot"))
        ranged.append(_in_range(racer, rates[:, :2], 2))
    note = "solid: first coordinate, dotted: second; the factor that multiplies the direction of a step"
    moves = [racer.title for racer in shown if (_effective_rates(racer.run) == 1).all()]
    note += f"; 1 for {', '.join(moves)}, whose direction is the step itself" if moves else ""
    return chart(Axes(x=x, y=log_axis(ranged)), marks, note + _of_first_seed(shown))


def _sharpness(shown: Sequence[Shown], x: Axis, bundle: str) -> Panel:
    marks: list[AnyMark] = []
    heights, exceeded = [], []
    limited: list[Floats] = []
    for racer in shown:
        values = _sharpnesses(racer.run)
        time = racer.pace * np.arange(len(values))
        marks.append(curve(racer, time, values, "sharpness"))
        heights.append(_in_range(racer, values))
        limits = stability_limits(racer.run.optimizer, racer.run.steps)
        if not np.isfinite(limits).any():
            continue
        limited.append(limits)
        marks.append(limit_line(racer, limits))
        heights.append(limits_in_view(limits, heights[-1]))
        above = np.flatnonzero(values > limits)
        if len(above):
            marks.append(_dots(racer, time[above], values[above]))
            exceeded.append(f"{racer.title} on {len(above):,} of {racer.run.last + 1:,}")
    known = np.concatenate([h[np.isfinite(h)] for h in heights] or [np.ones(1)])
    wide = len(known) and known.max() > 20 * max(float(np.quantile(known, 0.2)), 0.0)
    y = log_axis([known]) if wide and (known > 0).any() else linear_axis([known])
    below = y.scale == "log" and any((h <= 0).any() for h in heights)
    note = f"dots: above the limit ({', '.join(exceeded)} points); " if exceeded else ""
    note += limits_note(limited) + "largest eigenvalue of the Hessian"
    scaled = [racer.title for racer in shown if racer.run.optimizer.preconditioned]
    note += f"; for {', '.join(scaled)}, of P⁻¹H" if scaled else ""
    note += "; gaps: values below zero, which a log axis cannot show" if below else ""
    return chart(Axes(x=x, y=y), marks, note + _of_first_seed(shown))


def _dots(racer: Shown, time: Numbers, values: Numbers) -> Dots:
    """Dots at the steps at which the sharpness of a run exceeds the stability limit."""
    return Dots(
        racer=racer.id,
        x=time,
        y=values,
        time=time,
        color=racer.color,
        size="small",
        name=racer.title,
        hover=(("above its limit:", values),),
    )


VIEWS: Mapping[str, View] = MappingProxyType(
    {
        "distance": View(
            "Distance to minimum",
            _measured(
                _distances,
                "distance",
                "distance to the nearest of the lowest minima",
                "No minimum of this surface is known.",
            ),
        ),
        "gradient": View(
            "Gradient norm",
            _measured(
                _gradient_norms,
                "gradient norm",
                "norm of the true gradient, without noise",
                "No finite gradient is left.",
            ),
        ),
        "rates": View("Effective learning rate", _rates, whole=True),
        "sharpness": View("Sharpness", _sharpness, whole=True),
        "sensitivity": View("Sensitivity to η", sensitivity, curves=True),
        "budgets": View("Loss by budget", budgets, trials=True),
    }
)
"""The views by their keys."""
