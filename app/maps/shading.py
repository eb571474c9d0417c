"""The shades of cells: which colour each result has, and the legend that explains the colours."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.common.digits import short
from app.common.racers import Choice, Refused, built
from app.figures import theme
from app.figures.marks import Cells, Legend
from app.maps.axes import Span
from app.maps.changes import set_value
from app.maps.choices import axes_of, span_of
from app.maps.grids import Grid
from app.maps.settings import MAPPED, Settings
from optimizers.status import FLAT
from optimizers.summaries import CODES, WORDS
from surfaces import Rotated
from surfaces.calculus import Floats
from surfaces.calculus import values as losses_at

SHADES = 200
"""The number of shades of the ramp."""
DEEP = 1e-12
"""Losses below this share of the largest have the colour of the end of the ramp."""
STATUS = {
    "converged": theme.KINDS[2],
    "stalled": theme.KINDS[4],
    "oscillating": theme.KINDS[3],
    "moving": theme.BLANK,
    "growing": theme.KINDS[1],
    "diverged": theme.LOST,
}


@dataclasses.dataclass(frozen=True)
class Shading:
    """How the results of all racers are coloured, so that equal colours mean equal results.

    Attributes:
        name: the result that is coloured.
        low, high: the ends of the ramp, in the units in which it is even.
        unit: what follows a number in a label.
        colors: the colours of the shades, the ramp first.
        keys: the names of the shades after the ramp, and their colours.
        legend: what the colours mean.
        most: the number above which a result has the first key as its colour, and keeps its number in the label.
    """

    name: str
    low: float
    high: float
    unit: str
    colors: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]
    legend: Legend
    most: float = math.inf

    @property
    def ramp(self) -> int:
        """The number of shades of the ramp."""
        return len(self.colors) - len(self.keys)

    def cells(self, axes: int, racer: str, grid: Grid, names: tuple[str, str], surface: Any) -> Cells:
        """The cells of a grid on a pair of axes of a panel."""
        values, kinds = measured(self.name, grid, surface, self.most)
        shades = np.zeros(values.shape, dtype=np.uint8)
        if self.ramp:
            even = (_even(self.name, values) - self.low) / max(self.high - self.low, 1e-9)
            shades = (1 + np.rint(np.clip(np.nan_to_num(even), 0, 1) * (self.ramp - 1))).astype(np.uint8)
        shades = np.where(kinds >= 0, self.ramp + 1 + np.maximum(kinds, 0), shades).astype(np.uint8)
        shades[grid.rows :] = 0
        (left, right), (bottom, top) = grid.spans
        kind = np.uint8 if not self.ramp else np.uint16 if self.name == "reached" else _real(values)
        return Cells(
            axes=axes,
            racer=racer,
            shades=shades,
            box=(left, bottom, right, top),
            colors=self.colors,
            x=grid.x,
            y=grid.y,
            values=(values if self.ramp else np.zeros(values.shape)).astype(kind),
            names=names,
            unit=self.unit,
            words=tuple(
                (self.ramp + 1 + k, word) for k, (word, _) in enumerate(self.keys) if k or self.name != "final"
            ),
        )


def measured(name: str, grid: Grid, surface: Any, most: float = math.inf) -> tuple[NDArray[Any], NDArray[np.int_]]:
    """The numbers of a result in all cells, and the kinds of the cells outside the ramp; −1 in the others.

    Losses are outside the ramp if they are larger than `most`.
    """
    results = grid.results
    if name == "rate":
        rates = results["rate"]
        return np.nan_to_num(rates), np.where(np.isnan(rates), 1, np.where(rates >= 1, 0, -1))
    if name == "status":
        return results["codes"], results["codes"].astype(int)
    if name == "basins":
        return results["codes"], basin_kinds(results, surface)
    lost = ~np.isfinite(results["final"])
    if name == "reached":
        reached, growing = results["reached"], results["codes"] == CODES["growing"]
        return np.maximum(reached, 0), np.where(lost, 2, np.where(growing, 1, np.where(reached < 0, 0, -1)))
    lowest = surface.lowest() or 0.0
    with np.errstate(invalid="ignore"):
        heights = np.maximum(results["final"] - lowest, 0.0)
    return heights, np.where(lost, 1, np.where(heights > most, 0, -1))


def _real(values: NDArray[Any]) -> type[np.floating[Any]]:
    """The smaller precision in which no number becomes zero or infinite."""
    sizes, limits = np.abs(values[np.isfinite(values) & (values != 0)]), np.finfo(np.float32)
    fits = not sizes.size or (sizes.min() >= limits.tiny and sizes.max() <= limits.max)
    return np.float32 if fits else np.float64


def basin_kinds(results: Any, surface: Any) -> NDArray[np.int_]:
    """The minimum that each run reaches, as its place among the minima, and then: stalled elsewhere, moving, gone."""
    minima = [k for k, point in enumerate(surface.critical_points()) if point.kind in MINIMA]
    places = {index: place for place, index in enumerate(minima)}
    end, codes = results["end"].astype(float), results["codes"]
    nearest = surface.nearest_minimum(end)
    kinds = np.vectorize(lambda index: places.get(index, -1), otypes=[int])(nearest)
    distance = np.full(kinds.shape, np.inf)
    for index, place in places.items():
        here = kinds == place
        point = surface.critical_points()[index]
        if point.kind == "curve":
            distance[here] = surface.distance_to_minimum(end[here])
        else:
            distance[here] = np.linalg.norm(end[here] - np.asarray(point.position), axis=-1)
    settled = np.isin(codes, (CODES["converged"], CODES["stalled"]))
    there = settled & (distance <= FLAT * surface.diagonal)
    gone = np.isin(codes, (CODES["diverged"], CODES["growing"]))
    count = len(minima)
    return np.where(there, kinds, np.where(gone, count + 2, np.where(settled, count, count + 1)))


LETTERS = "ABCDE"
"""The letters of minima; where there are more of them, none has a letter."""
MINIMA = ("minimum", "local minimum", "kink", "curve")


def _even(name: str, values: Any) -> Floats:
    """Results in units in which the ramp is even, the better the larger."""
    with np.errstate(divide="ignore"):
        if name == "reached":
            return -np.log10(np.maximum(np.asarray(values, dtype=float), 1.0))
        if name == "rate":
            return np.asarray(np.log10(1 - np.minimum(values, 1 - 1e-9)))
        return -np.log10(np.asarray(values, dtype=float))


def shading(settings: Settings, grids: Sequence[Grid], surface: Any) -> Shading:
    """The shading of a map, from the complete grids of all racers."""
    if settings.view == "basins":
        return _of_basins(surface)
    name = settings.color
    keys: tuple[tuple[str, str], ...]
    if name == "status":
        keys = tuple((str(word), STATUS[word]) for word in WORDS)
        return Shading(name, 0, 0, "", tuple(ink for _, ink in keys), keys, Legend(keys=keys))
    ramp = theme.ramp(SHADES)
    if name == "reached":
        keys = (
            (f"not in {settings.steps:,}", theme.BLANK),
            ("growing", STATUS["growing"]),
            ("diverged", theme.LOST),
        )
        high = math.log10(max(settings.steps, 2))
        ticks = _ticks([1, 10, 100, 1000, settings.steps], lambda v: 1 - math.log10(v) / high, settings.steps)
        legend = Legend(title="steps to 1 % of the initial height", colors=ramp, ticks=ticks, keys=keys)
        return Shading(name, -high, 0.0, "steps", (*ramp, *(ink for _, ink in keys)), keys, legend)
    if name == "rate":
        keys = (("diverges", theme.LOST), ("the rule is not linear", theme.BLANK))
        rates = (0.0, 0.9, 0.99, 0.999)
        ticks = tuple((1 + math.log10(1 - rate) / 4, short(rate)) for rate in rates)
        legend = Legend(title="factor per step", colors=ramp, ticks=ticks, keys=keys[: 1 + _unmeasured(grids)])
        return Shading(name, -4.0, 0.0, "per step", (*ramp, *(ink for _, ink in keys)), keys, legend)
    most = initial(settings, _covered(settings, grids)) - (surface.lowest() or 0.0)
    keys = ((f"above {short(most, 2)}, the initial loss", STATUS["growing"]), ("diverged", theme.LOST))
    low, high, cut, kinds = _losses(grids, surface, most)
    title = "final loss above the minimum" if surface.lowest() is not None else "final loss"
    there = tuple(key for k, key in enumerate(keys) if k in kinds)
    legend = Legend(title=title, colors=ramp, ticks=_loss_ticks(low, high, cut), keys=there)
    return Shading("final", -high, -low, "", (*ramp, *(ink for _, ink in keys)), keys, legend, most)


def _unmeasured(grids: Sequence[Grid]) -> bool:
    return any(np.isnan(one.results["rate"]).any() for one in grids if "rate" in one.results)


def _ticks(values: Sequence[int], share: Any, most: int) -> tuple[tuple[float, str], ...]:
    kept = [v for v in values if v == most or v * 3 <= most]
    return tuple((share(v), f"{v:,}") for v in dict.fromkeys(kept))


def _covered(settings: Settings, grids: Sequence[Grid]) -> tuple[Span, ...]:
    """The ends of the axes of all grids together: in a film, those of its largest window."""
    every = [grid.spans for grid in grids] or [(span_of(settings, 0), span_of(settings, 1))]
    return tuple((min(low for low, _ in spans), max(high for _, high in spans)) for spans in zip(*every, strict=True))


def initial(settings: Settings, window: Sequence[Span]) -> float:
    """The initial loss of the runs of a map; where they differ in it, the largest at the corners of a window."""
    axes = axes_of(settings)
    ends = [span if axis.room in ("start", "surface") else (0.0,) for axis, span in zip(axes, window, strict=True)]
    losses = []
    for places in itertools.product(*ends):
        corner = dataclasses.replace(settings, racers=())
        try:
            for axis, place, span in zip(axes, places, ends, strict=True):
                if len(span) > 1:
                    corner = set_value(corner, axis, float(axis.value(place)))
        except Refused:  # a corner can be illegal where all cells are legal
            continue
        losses.append(_initial(corner.surface, corner.rotation, corner.built_start()))
    return max(losses, default=math.inf)


@functools.lru_cache(maxsize=1024)
def _initial(surface: Choice, rotation: float, start: tuple[float, ...]) -> float:
    built_surface = Rotated(built(MAPPED, surface), angle=rotation)
    return float(losses_at(built_surface, np.array(start)[:, None])[0])


def _losses(grids: Sequence[Grid], surface: Any, most: float) -> tuple[float, float, bool, set[int]]:
    """The decimal logarithms of the ends of the ramp of losses, whether it is cut below, and the kinds of its cells.

    The upper end is the largest loss of the cells that are on the ramp.
    """
    known = [measured("final", one, surface, most) for one in grids]
    every = np.concatenate([v[kinds < 0] for v, kinds in known] or [np.ones(1)])
    kinds = {int(kind) for _, every_kind in known for kind in np.unique(every_kind)}
    kept = every[every > 0] if (every > 0).any() else np.ones(1)
    high = float(kept.max())
    low = min(max(float(np.quantile(kept, 0.02)), DEEP * high), high / 10**0.5)
    return math.log10(low), math.log10(high), bool((every < low).any()), kinds


LEAST_GAP = 0.22
"""The least distance of two ticks, as a share of the length of the bar."""


def _loss_ticks(low: float, high: float, cut: bool) -> tuple[tuple[float, str], ...]:
    """The ticks of a ramp of losses between two powers of ten: both ends, and round numbers between them.

    Args:
        cut: whether smaller losses have the colour of the lower end.
    """
    decades = range(math.floor(low), math.ceil(high) + 1)
    mantissas = (1, 2, 5) if high - low < 2.5 else (1,)
    ticks = {
        1 - (end - low) / (high - low): ("≤ " if cut and end == low else "") + short(10.0**end, 2)
        for end in (low, high)
    }
    for power, mantissa in itertools.product(decades, mantissas):
        share = 1 - (power + math.log10(mantissa) - low) / (high - low)
        if min(abs(share - other) for other in ticks) >= LEAST_GAP and 0 < share < 1:
            ticks[share] = short(mantissa * 10.0**power, 2)
    return tuple(sorted(ticks.items()))


def letters(minima: int) -> list[str]:
    """The letters of the minima, by which notes name them; empty texts if there are many."""
    return list(LETTERS[:minima]) if minima <= len(LETTERS) else [""] * minima


def _of_basins(surface: Any) -> Shading:
    points = [point for point in surface.critical_points() if point.kind in MINIMA]
    many = len(points) > len(theme.KINDS)
    names = letters(len(points))
    keys = [
        (f"{name} ({', '.join(short(v, 3) for v in point.position[:2])})".strip(), theme.KINDS[k % len(theme.KINDS)])
        for k, (name, point) in enumerate(zip(names, points, strict=True))
    ]
    others = [("stalled elsewhere", "muted"), ("still moving", theme.BLANK), ("growing or diverged", theme.LOST)]
    every = (*keys, *others)
    shown = ((f"{len(points)} minima, in {len(theme.KINDS)} colours", theme.KINDS[0]), *others) if many else every
    return Shading("basins", 0, 0, "", tuple(ink for _, ink in every), every, Legend(keys=shown))


def surface_name(settings: Settings) -> str:
    """The name of the surface."""
    return MAPPED[settings.surface.key].name
