"""The views of the Maps page. A view is a function from the settings and the results of a job to a panel."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from app.common.digits import percent, short
from app.common.phrases import counted
from app.common.racers import Racer
from app.figures.marks import AnyMark, Axes, Axis, Band, Dots, Line, Note, Option, Panel, Rule, Sign
from app.figures.panels import finite, linear_axis, log_axis, message
from app.maps import shading, theory
from app.maps.axes import MapAxis
from app.maps.choices import axes_of, span_of, value_of
from app.maps.curves import Curve
from app.maps.grids import has_rate
from app.maps.job import Results, finest
from app.maps.settings import Settings

Entry = tuple[int, Racer, str, str, str]
"""The index of a racer, the racer, its title, its colour and its dash."""
Draw = Callable[[Settings, Results, Sequence[Entry]], Panel]
GAP = (0.06, 0.09)
"""The space between maps, as shares of the panel."""
NONE = "No optimizers to map: add one, or show one that is hidden."


@dataclasses.dataclass(frozen=True)
class View:
    """A view of the Maps page.

    Attributes:
        name: the name of the choice.
        panel: the function from the settings, the job and the visible racers to the panel.
        fits: whether it can be shown with the settings.
    """

    name: str
    panel: Draw
    fits: Callable[[Settings], bool] = lambda settings: True


def columns_of(settings: Settings, count: int) -> int:
    """The number of maps side by side. Maps of starts are about square, so that two of them share a row sooner."""
    return 1 if count < (3 if settings.view == "basins" else 4) else 2


def places(count: int, columns: int) -> list[tuple[float, float, float, float]]:
    """The places of so many maps, row by row from the top."""
    rows = -(-count // columns)
    width, height = (1 - GAP[0] * (columns - 1)) / columns, (1 - GAP[1] * (rows - 1)) / rows
    corners = [(k % columns * (width + GAP[0]), 1 - k // columns * (height + GAP[1]) - height) for k in range(count)]
    return [(left, bottom, left + width, bottom + height) for left, bottom in corners]


def _pairs(settings: Settings, shown: Sequence[Entry]) -> tuple[Axes, ...]:
    """A pair of axes for each racer. Numbers and titles stand at the outer edges alone."""
    x, y = axes_of(settings)
    count = len(shown)
    columns = columns_of(settings, count)
    pairs = []
    for k, ((_, racer, title, color, _), place) in enumerate(zip(shown, places(count, columns), strict=True)):
        across = x.drawn(span_of(settings, 0), k + columns >= count)
        upward = y.drawn(span_of(settings, 1), k % columns == 0, k == 0)
        pairs.append(Axes(x=across, y=upward, place=place, title=title, color=color, racer=racer.id))
    return tuple(pairs)


def _cells(settings: Settings, job: Results, shown: Sequence[Entry]) -> Panel:
    """A map of cells for each racer, with the point whose run is played."""
    known = {k: finest(job, k) for k, *_ in shown}
    if not shown:
        return message(NONE)
    if not any(known.values()):
        return message(job.error or "Computing the map …")
    surface = settings.built_surface()
    shades = shading.shading(settings, job.ranged([k for k, *_ in shown]), surface)
    x, y = axes_of(settings)
    marks: list[AnyMark] = []
    for axes, (k, racer, _, _, _) in enumerate(shown):
        marks += [shades.cells(axes, racer.id, grid, (x.symbol, y.symbol), surface) for grid in known[k]]
        marks += _chosen(settings, (x, y), racer, axes)
    return Panel(axes=_pairs(settings, shown), marks=tuple(marks), legend=shades.legend)


def _chosen(settings: Settings, axes: tuple[MapAxis, MapAxis], racer: Racer, k: int) -> list[AnyMark]:
    """The point of a map whose run is played."""
    values = [value_of(settings, axis, racer) for axis in axes]
    spans = span_of(settings, 0), span_of(settings, 1)
    # where a rule has no such parameter, all cells of a row or of a column are the same run
    at = [
        float(axis.place(value)) if value is not None else sum(span) / 2
        for axis, value, span in zip(axes, values, spans, strict=True)
    ]
    if not theory.inside(spans, (at[0], at[1])):
        return []
    point: Any = {"axes": k, "racer": racer.id, "x": np.array(at[:1]), "y": np.array(at[1:]), "layer": "over"}
    return [Dots(**point, color="ink", edge="paper", size="large")]


def _stability(settings: Settings, job: Results, shown: Sequence[Entry]) -> Panel:
    panel = _cells(settings, job, shown)
    if panel.message:
        return panel
    marks, drawn, best = list(panel.marks), False, False
    for axes, (_, racer, _, _, _) in enumerate(shown):
        line = theory.edge(settings, racer)
        if line is not None:
            edge: Any = {"axes": axes, "racer": racer.id, "x": line[:, 0], "y": line[:, 1], "weight": "thin"}
            marks.append(Line(**edge, color="paper", casing=False, name="edge of stability in theory"))
            marks.append(Line(**edge, color="ink", dash="dash", name="edge of stability in theory"))
            drawn = True
        fastest = theory.fastest(settings, racer)
        if fastest is not None:
            x, y = np.array(fastest)[:, None]
            marks.append(Sign(axes=axes, racer=racer.id, x=x, y=y, symbol="cross", name="fastest in theory"))
            best = True
    words = [
        f"{job.size}² cells" if job.size else "",
        "dashed: edge of stability in theory" if drawn else "",
        "cross: fastest in theory" if best else "",
        "dot: the run that is played",
    ]
    option = Option(name="color", value=settings.color, choices=tuple(colors(settings).items()))
    return dataclasses.replace(panel, marks=tuple(marks), note=_note(words), option=option)


def colors(settings: Settings) -> Mapping[str, str]:
    """The colourings that a stability map can have, with their names."""
    names = {"reached": "steps to converge", "final": "final loss", "status": "status", "rate": "convergence rate"}
    if settings.built_surface().lowest() is None:
        del names["reached"]
    if not any(has_rate(settings, racer) for racer in settings.racers):
        del names["rate"]
    return names


def _note(words: Sequence[str]) -> tuple[Note, ...]:
    text = "; ".join(filter(None, words))
    return (Note(text=text),) if text else ()


def _basins(settings: Settings, job: Results, shown: Sequence[Entry]) -> Panel:
    surface = settings.built_surface()
    panel = _cells(settings, job, shown)
    if panel.message:
        return panel
    minima = len(_minima(surface))
    found = [
        f"{title} {shares(shading.basin_kinds(grid.results, surface), minima)}"
        for k, _, title, *_ in shown
        if (grid := job.complete[k])
    ]
    points = np.array([point.position[:2] for point in _minima(surface)], dtype=float).reshape(-1, 2)
    signs = [
        Sign(axes=k, racer=racer.id, x=points[:, 0], y=points[:, 1], symbol="cross", name="minimum")
        for k, (_, racer, *_) in enumerate(shown)
    ]
    words = [f"{job.size}² starts" if job.size else "", *found, "dot: the start of the run that is played"]
    return dataclasses.replace(panel, marks=(*panel.marks, *signs), note=_note(words))


def _minima(surface: Any) -> list[Any]:
    return [point for point in surface.critical_points() if point.kind in shading.MINIMA]


def shares(kinds: Any, minima: int) -> str:
    """The shares of starts in words: those of each minimum, and of the others together."""
    total = kinds.size
    counts = np.bincount(np.ravel(kinds), minlength=minima + 3)[: minima + 3] / total
    if minima > 5:
        parts = [f"{percent(round(float(counts[:minima].sum()), 3))} reach a minimum"]
    else:
        parts = [" + ".join(short(round(100 * float(share), 1)) for share in counts[:minima]) + " %"]
    names = ("stalled", "moving", "growing or diverged")
    parts += [
        f"{percent(round(float(share), 3))} {name}"
        for name, share in zip(names, counts[minima:], strict=True)
        if share >= 0.0005
    ]
    return ", ".join(parts)


def _curve_marks(racer: Racer, color: str, dash: Any, title: str, x: Any, y: Any, word: str) -> Line:
    values = finite(y)
    return Line(racer=racer.id, x=x, y=values, color=color, dash=dash, name=title, hover=((word, values),))


def _sensitivity(settings: Settings, job: Results, shown: Sequence[Entry]) -> Panel:
    curves = [(entry, curve) for entry in shown if (curve := job.curves[entry[0]])]
    if not shown:
        return message(NONE)
    if not curves:
        return message(job.error or "Computing the curves …")
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
    words = [
        f"median and 10–90 % of {counted(settings.trials, 'start')}",
        f"after {settings.steps:,} steps",
        "a line ends where more than half of the runs diverge",
        "dots: the learning rates of the cards",
    ]
    return Panel(axes=(_single(settings, axis, y),), marks=tuple(marks), note=_note(words))


def _top(values: Sequence[Any]) -> float:
    """The height above which curves leave the frame: a thousand times the median of all curves."""
    known = np.concatenate([np.ravel(v) for v in values] or [np.ones(1)])
    return 1e3 * float(np.median(known)) if len(known) else 1.0


def _own(settings: Settings, axis: MapAxis, racer: Racer, color: str, x: Any, y: Any) -> list[AnyMark]:
    """A dot on a curve at the value of the racer's card."""
    value = value_of(settings, axis, racer)
    low, high = span_of(settings, 0)
    if value is None or not low <= (at := float(axis.place(value))) <= high:
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        height = np.interp(at, x, np.log(y))
    if not np.isfinite(height):
        return []
    point: Any = {"x": np.array([at]), "y": np.exp([height]), "layer": "over", "racer": racer.id}
    return [Dots(**point, color=color, edge="paper", size="large")]


def _single(settings: Settings, axis: MapAxis, y: Axis) -> Axes:
    across = dataclasses.replace(axis.drawn(span_of(settings, 0)), grid=True, limits=None)
    return Axes(x=across, y=y)


def _flat(settings: Settings, job: Results, shown: Sequence[Entry]) -> Panel:
    curves: list[tuple[Entry, Curve]] = [(entry, curve) for entry in shown if (curve := job.curves[entry[0]])]
    if not shown:
        return message(NONE)
    if not curves:
        return message(job.error or "Computing the curves …")
    (axis,) = axes_of(settings)
    marks: list[AnyMark] = []
    for (_, racer, title, color, dash), curve in curves:
        marks.append(_curve_marks(racer, color, dash, title, axis.place(curve.x), curve.share(), "in the flat minimum"))
        marks += _limits(settings, axis, racer, color)
    y = dataclasses.replace(linear_axis([np.array([0.0, 1.0])], percent=True), title="ends in the flat minimum")
    words = [
        f"of {counted(settings.trials, 'start')}, {settings.steps:,} steps",
        "dotted: the sharp minimum becomes unstable" if any(isinstance(mark, Rule) for mark in marks) else "",
        "runs that diverge do not count",
    ]
    return Panel(axes=(_single(settings, axis, y),), marks=tuple(marks), note=_note(words))


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


VIEWS: Mapping[str, View] = MappingProxyType(
    {
        "stability": View("Stability map", _stability),
        "basins": View("Basins", _basins, lambda settings: len(settings.built_surface().minima()) > 0),
        "sensitivity": View("Sensitivity to the learning rate", _sensitivity),
        "flat": View("Share in the flat minimum", _flat, lambda settings: settings.surface.key == "sharp_and_flat"),
    }
)
"""The views by their keys."""
