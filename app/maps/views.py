"""The views of the Maps page. A view is a function from the settings and the results of a job to a panel."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from app.common.digits import percent, short
from app.common.racers import Racer
from app.figures.marks import AnyMark, Axes, Dots, Line, Option, Panel, Sign, Text
from app.figures.panels import message
from app.maps import shading, theory
from app.maps.axes import MapAxis
from app.maps.charts import NONE, Entry, flat, note_of, sensitivity
from app.maps.choices import axes_of, span_of, value_of
from app.maps.grids import has_rate
from app.maps.job import Results, finest
from app.maps.settings import Settings

Draw = Callable[[Settings, Results, Sequence[Entry]], Panel]
GAP = (0.06, 0.09)
"""The space between maps, as shares of the panel."""


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
    return dataclasses.replace(panel, marks=tuple(marks), note=note_of(words), option=option)


def colors(settings: Settings) -> Mapping[str, str]:
    """The colourings that a stability map can have, with their names."""
    names = {"reached": "steps to converge", "final": "final loss", "status": "status", "rate": "convergence rate"}
    if settings.built_surface().lowest() is None:
        del names["reached"]
    if not any(has_rate(settings, racer) for racer in settings.racers):
        del names["rate"]
    return names


def _basins(settings: Settings, job: Results, shown: Sequence[Entry]) -> Panel:
    surface = settings.built_surface()
    panel = _cells(settings, job, shown)
    if panel.message:
        return panel
    minima = len(_minima(surface))
    found = [
        f"{title}: {shares(shading.basin_kinds(grid.results, surface), minima)}"
        for k, _, title, *_ in shown
        if (grid := job.complete[k])
    ]
    points = np.array([point.position[:2] for point in _minima(surface)], dtype=float).reshape(-1, 2)
    signs = [
        Sign(axes=k, racer=racer.id, x=points[:, 0], y=points[:, 1], symbol="cross", name="minimum")
        for k, (_, racer, *_) in enumerate(shown)
    ]
    names = [
        Text(axes=k, racer=racer.id, x=x, y=y, words=(name,), side="top right", color="ink", bold=True, layer="over")
        for k, (_, racer, *_) in enumerate(shown)
        for (x, y), name in zip(points.tolist(), shading.letters(minima), strict=True)
        if name
    ]
    words = [f"{job.size}² starts" if job.size else "", *found, "dot: the start of the run that is played"]
    return dataclasses.replace(panel, marks=(*panel.marks, *signs, *names), note=note_of(words))


def _minima(surface: Any) -> list[Any]:
    return [point for point in surface.critical_points() if point.kind in shading.MINIMA]


def shares(kinds: Any, minima: int) -> str:
    """The shares of starts in words: those of each minimum, and of the others together."""
    total = kinds.size
    counts = np.bincount(np.ravel(kinds), minlength=minima + 3)[: minima + 3] / total
    if minima > len(shading.LETTERS):
        parts = [f"{percent(round(float(counts[:minima].sum()), 3))} reach a minimum"]
    else:
        letters = shading.letters(minima)
        named = [
            f"{name} {short(round(100 * float(share), 1))}"
            for name, share in zip(letters, counts[:minima], strict=True)
        ]
        parts = [", ".join(named) + " %"]
    names = ("stalled", "moving", "growing or diverged")
    parts += [
        f"{percent(round(float(share), 3))} {name}"
        for name, share in zip(names, counts[minima:], strict=True)
        if share >= 0.0005
    ]
    return ", ".join(parts)


VIEWS: Mapping[str, View] = MappingProxyType(
    {
        "stability": View("Stability map", _stability),
        "basins": View("Basins", _basins, lambda settings: len(settings.built_surface().minima()) > 0),
        "sensitivity": View("Sensitivity to the learning rate", sensitivity),
        "flat": View("Share in the flat minimum", flat, lambda settings: settings.surface.key == "sharp_and_flat"),
    }
)
"""The views by their keys."""
