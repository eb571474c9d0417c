"""The picture of the study of saddles: their share, that of minima and maxima, and descending directions."""

from __future__ import annotations

import numpy as np

from app.figures.marks import AnyMark, Axes, Axis, Panel
from app.figures.series import around, keys, log, plot, series, spanned
from optimizers.studies.catalogue.dimension_saddles import DimensionSaddles, Found

SHOWN = (2, 6, 20)
"""The dimensions whose directions are shown, as far as they are computed."""


def panels(study: DimensionSaddles, found: Found) -> tuple[Panel, ...]:
    """Shares of all critical points against the dimension, and directions against the height."""
    n = found.dimension
    known = np.isfinite(found.saddles)
    intervals = f"bands: 95 % intervals from {study.samples:,} matrices for each n"
    across = spanned(0, float(n[-1]) + 0.5, "variables n", whole=True)
    percents = Axis(low=0.0, high=1.02, percent=True, ticks=(0.0, 0.25, 0.5, 0.75, 1.0), title="share of saddles")
    rare = log([found.extrema[known & (found.extrema > 0)]], "share of minima and maxima")
    return (
        plot(
            "saddles",
            "Saddles",
            Axes(x=across, y=percents),
            [around(n, found.low, found.high, 0), series(n, found.saddles, 0, "saddles", "share")],
            f"of all critical points; {intervals}",
        ),
        plot(
            "extrema",
            "Minima and maxima",
            Axes(x=across, y=rare),
            [
                around(n, found.extrema_low, found.extrema_high, 1),
                series(n, found.extrema, 1, "minima and maxima", "share"),
            ],
            f"of all critical points; {intervals}",
        ),
        _directions(found),
    )


def _directions(found: Found) -> Panel:
    """The share of directions that descend from a critical point, against its height."""
    places = [k for k, n in enumerate(found.dimension) if n in SHOWN and np.isfinite(found.saddles[k])]
    names = [f"n = {found.dimension[k]}" for k in places]
    marks: list[AnyMark] = [
        series(found.heights, found.descending[k], slot, name, "share")
        for slot, (k, name) in enumerate(zip(places, names, strict=True))
    ]
    x = np.linspace(-3.0, 3.0, 121)
    marks.append(series(x, limit(x), 6, "n → ∞", "share", dash="dot", dots=False, weight="thin"))
    axes = Axes(
        x=spanned(-3.0, 3.0, "height / √n, in standard deviations"),
        y=Axis(low=-0.02, high=1.02, percent=True, ticks=(0.0, 0.25, 0.5, 0.75, 1.0), title="descending directions"),
    )
    legend = keys([*names, "n → ∞"], [*range(len(names)), 6])
    note = "low critical points are minima, high ones maxima"
    return plot("directions", "Height and descent", axes, marks, note, legend)


def limit(x: np.ndarray) -> np.ndarray:
    """The share of a semicircle of radius 2 to the left of x: the directions in infinitely many dimensions."""
    inside = np.clip(x, -2.0, 2.0)
    return np.asarray(0.5 + inside * np.sqrt(4 - inside**2) / (4 * np.pi) + np.arcsin(inside / 2) / np.pi)
