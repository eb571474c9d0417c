"""What can be seen of a race beside the losses: one function a view, from runs to a chart that the player draws."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from app.figures import plane
from app.panels import Panel, Shown, chart, limit_line, linear_axis, log_axis, message, steps_axis, trace
from optimizers import Trace, distances, effective_rates, gradient_norms, sharpnesses
from surfaces.calculus import Floats

Drawn = Callable[[Sequence[Shown], int], Panel]


# a moved slider gives one racer another run: what was measured of the others stays
_distances, _gradient_norms, _effective_rates, _sharpnesses = (
    functools.lru_cache(maxsize=64)(measure) for measure in (distances, gradient_norms, effective_rates, sharpnesses)
)


@dataclasses.dataclass(frozen=True)
class View:
    """One thing to see.

    Attributes:
        name: what the choice is called.
        panel: (runs shown, steps) → the panel.
        whole: whether it needs the states and steps of the runs, and not their points alone.
    """

    name: str
    panel: Drawn
    whole: bool = False


def _lines(measure: Callable[[Trace], Floats], word: str, note: str, empty: str) -> Drawn:
    """A line a run, on a log axis; runs that leave are not what the axis is made for."""

    def panel(shown: Sequence[Shown], steps: int) -> Panel:
        lines, ranged = [], []
        for one in shown:
            values = measure(one.run)
            lines.append(trace(one, 0, np.arange(len(values)), values, one.dash, word))
            ranged.append(_counted(one, values))
        if not any(np.isfinite(values).any() for values in ranged):
            return message(empty)
        return chart(lines, {"xaxis": steps_axis(steps), "yaxis": log_axis(ranged)}, note)

    return panel


def _counted(one: Shown, values: Floats) -> Floats:
    """What an axis is made for: all of a run that stays, the start of one that leaves."""
    return values[:1] if one.run.status.kind in plane.GONE else values


def _rates(shown: Sequence[Shown], steps: int) -> Panel:
    lines, ranged = [], []
    for one in shown:
        rates = _effective_rates(one.run)
        for k, dash in ((0, one.dash), (1, "dot")):
            values = rates[:, k]
            lines.append(trace(one, k, np.arange(len(values)), values, dash, f"rate of coordinate {k + 1}"))
            ranged.append(values[:2] if one.run.status.kind in plane.GONE else values)
    note = "what the direction of a step is multiplied with: first coordinate solid, second dotted"
    return chart(lines, {"xaxis": steps_axis(steps), "yaxis": log_axis(ranged)}, note)


def _sharpness(shown: Sequence[Shown], steps: int) -> Panel:
    lines, heights, exceeded = [], [], []
    for one in shown:
        values = _sharpnesses(one.run)
        at = np.arange(len(values))
        lines.append(trace(one, 0, at, values, one.dash, "sharpness"))
        heights.append(_counted(one, values))
        limit = one.run.optimizer.stability_limit()
        if limit is None or not math.isfinite(limit):
            continue
        lines.append(limit_line(one, steps, limit))
        heights.append(np.array([limit]))
        above = np.flatnonzero(values > limit)
        if len(above):
            marks = trace(one, 2, at[above], values[above], "solid", "above its limit:")
            lines.append({**marks, "mode": "markers", "marker": {**marks["marker"], "size": 4}})
            exceeded.append(f"{one.title} on {len(above):,} of {one.run.last + 1:,}")
    found = np.concatenate([h[np.isfinite(h)] for h in heights] or [np.ones(1)])
    wide = len(found) and found.max() > 20 * max(float(np.quantile(found, 0.2)), 0.0)
    axis = log_axis([found]) if wide and (found > 0).any() else linear_axis([found], percent=False)
    note = f"dots, above the limit: {', '.join(exceeded)} points; " if exceeded else ""
    note += "largest eigenvalue of the Hessian; dotted: what the rule is stable below"
    scaled = [one.title for one in shown if one.run.optimizer.preconditioned]
    note += f"; for {', '.join(scaled)} of P⁻¹H" if scaled else ""
    return chart(lines, {"xaxis": steps_axis(steps), "yaxis": axis}, note)


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
