"""The views of the Maps page without cells: curves against one parameter."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from app.common.digits import short
from app.common.phrases import counted, listed, within
from app.common.racers import Racer
from app.figures.marks import AnyMark, Axes, Axis, Band, Dots, Line, Note, Panel, Rule
from app.figures.panels import finite, linear_axis, log_axis, message
from app.maps.axes import MapAxis
from app.maps.choices import axes_of, span_of, value_of
from app.maps.curves import Curve
from app.maps.job import Results
from app.maps.settings import Settings
from optimizers import OPTIMIZERS

Entry = tuple[int, Racer, str, str, str]
"""The index of a racer, the racer, its title, its colour and its dash."""
NONE = "No optimizers to map: add one, or show one that is hidden."


def note_of(words: Sequence[str]) -> tuple[Note, ...]:
    """The note of a panel, from those of its parts that are not empty."""
    text = "; ".join(filter(None, words))
    return (Note(text=text),) if text else ()


def _curves(job: Results, shown: Sequence[Entry]) -> list[tuple[Entry, Curve]]:
    """The racers whose curves are there, with these."""
    return [(entry, curve) for entry in shown if (curve := job.curves[entry[0]])]


def _empty(job: Results, shown: Sequence[Entry]) -> Panel:
    """The reason why there are no curves."""
    return message((job.error or "Computing the curves …") if shown else NONE)


def _curve_marks(racer: Racer, color: str, dash: Any, title: str, x: Any, y: Any, word: str) -> Line:
    values = finite(y)
    return Line(racer=racer.id, x=x, y=values, color=color, dash=dash, name=title, hover=((word, values),))


def sensitivity(settings: Settings, job: Results, shown: Sequence[Entry]) -> Panel:
    """The final loss of each racer against its learning rate."""
    if not (curves := _curves(job, shown)):
        return _empty(job, shown)
    (axis,) = axes_of(settings)
    marks: list[AnyMark] = []
    ranged = []
    for (_, racer, title, color, dash), curve in curves:
        low, middle, high = curve.quantiles()
        x = axis.place(curve.x)
        known = np.isfinite(middle) & (middle > 0)
        marks.append(Band(racer=racer.id, x=x, low=finite(low), high=finite(high), color=color, layer="under"))
        marks.append(_curve_marks(racer, color, dash, title, x, middle, "median"))
        ranged.append(middle[known])
        marks += _own(settings, axis, racer, color, x, middle)
    lowest = settings.built_surface().lowest()
    title = "final loss above the minimum" if lowest else "final loss"
    y = dataclasses.replace(log_axis([np.clip(v, None, _top(ranged)) for v in ranged]), title=title)
    defaults = _defaults(settings, axis, curves, y)
    marks += defaults
    words = [
        f"median and 10–90 % of {counted(settings.trials, 'start')}",
        f"after {settings.steps:,} steps",
        "a line ends where more than half of the runs diverge",
        "dots: the learning rates of the cards",
        "diamonds: the default learning rates, at the upper edge where the median is above it" if defaults else "",
    ]
    return Panel(axes=(_single(settings, axis, y),), marks=tuple(marks), note=note_of(words))


def _top(values: Sequence[Any]) -> float:
    """The height above which curves leave the frame: a thousand times the median of all curves."""
    known = np.concatenate([np.ravel(v) for v in values] or [np.ones(1)])
    return 1e3 * float(np.median(known)) if len(known) else 1.0


def _defaults(settings: Settings, axis: MapAxis, curves: Sequence[tuple[Entry, Curve]], y: Axis) -> list[Dots]:
    """A diamond on each curve at the default learning rate of its rule; of curves above the frame, below its edge."""
    marks: list[Dots] = []
    low, high = span_of(settings, 0)
    above: dict[float, int] = {}
    for (_, racer, title, color, _), curve in curves:
        spec = OPTIMIZERS[racer.rule.key].parameters().get(axis.name)
        if spec is None or not low <= (at := float(axis.place(spec.default))) <= high:
            continue
        median = height = _height(at, axis.place(curve.x), curve.quantiles()[1])
        if median > y.high:  # several at the same place stand one below the other
            above[at] = above.get(at, 0) + 1
            height = y.high * (y.low / y.high) ** (0.025 * (2 * above[at] - 1))
        point: Any = {"x": np.array([at]), "y": np.array([height]), "layer": "over", "racer": racer.id}
        rows = (("median", np.array([median if math.isfinite(median) else np.nan])),)
        name = f"{title} at its default {axis.symbol} = {short(spec.default)}"
        marks.append(Dots(**point, color=color, edge="ink", symbol="diamond", size="large", name=name, hover=rows))
    return marks


def _height(at: float, x: Any, y: Any) -> float:
    """The height of a curve at a place between its points; infinite where it is at one of them."""
    with np.errstate(divide="ignore", invalid="ignore"):
        height = float(np.exp(np.interp(at, x, np.log(y))))
    return math.inf if np.isnan(height) else height


def _own(settings: Settings, axis: MapAxis, racer: Racer, color: str, x: Any, y: Any) -> list[AnyMark]:
    """A dot on a curve at the value of the racer's card."""
    value = value_of(settings, axis, racer)
    low, high = span_of(settings, 0)
    if value is None or not low <= (at := float(axis.place(value))) <= high:
        return []
    height = _height(at, x, y)
    if not 0 < height < math.inf:
        return []
    point: Any = {"x": np.array([at]), "y": np.array([height]), "layer": "over", "racer": racer.id}
    return [Dots(**point, color=color, edge="paper", size="large")]


def _single(settings: Settings, axis: MapAxis, y: Axis) -> Axes:
    across = dataclasses.replace(axis.drawn(span_of(settings, 0)), grid=True, limits=None)
    return Axes(x=across, y=y)


def flat(settings: Settings, job: Results, shown: Sequence[Entry]) -> Panel:
    """The share of the starts from which each racer ends in the flat minimum."""
    if not (curves := _curves(job, shown)):
        return _empty(job, shown)
    (axis,) = axes_of(settings)
    marks: list[AnyMark] = []
    limited: list[str] = []
    for (_, racer, title, color, dash), curve in curves:
        marks.append(_curve_marks(racer, color, dash, title, axis.place(curve.x), curve.share(), "in the flat minimum"))
        if limits := _limits(settings, axis, racer, color):
            marks += limits
            limited.append(within(title))
    y = dataclasses.replace(linear_axis([np.array([0.0, 1.0])], percent=True), title="ends in the flat minimum")
    words = [
        f"of {counted(settings.trials, 'start')}, {settings.steps:,} steps",
        f"dotted: above it the sharp minimum is unstable for {listed(limited)}" if limited else "",
        "runs that diverge do not count",
    ]
    return Panel(axes=(_single(settings, axis, y),), marks=tuple(marks), note=note_of(words))


def _limits(settings: Settings, axis: MapAxis, racer: Racer, color: str) -> list[AnyMark]:
    """The learning rate above which a rule leaves the sharp minimum in theory."""
    rule: Any = settings.rule(racer)
    limit = None if rule.preconditioned else rule.stability_limit()
    if axis.name != "learning_rate" or limit is None:
        return []
    sharp = float(dict(settings.surface.values).get("sharp_curvature", 50.0))
    at = float(axis.place(float(limit) * float(rule.learning_rate) / sharp))
    low, high = span_of(settings, 0)
    return [Rule(racer=racer.id, x=at, dash="dot", color=color)] if low <= at <= high else []
