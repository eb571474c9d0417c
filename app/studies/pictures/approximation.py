"""The picture of universal approximation: error against width, and fits of four widths."""

from __future__ import annotations

import numpy as np

from app.common.digits import short
from app.figures.marks import AnyMark, Axes, Panel
from app.figures.series import around, keys, log, plot, series
from app.studies.fits import fit, fit_axes, true_curve
from optimizers.studies.catalogue.approximation import Approximation, Found

BEST, MEDIAN, CONSTRUCTED = 2, 0, 1
"""The slots of the colours."""
SHOWN = (2, 8, 32, 128)
"""The widths whose fits are drawn."""


def panels(study: Approximation, found: Found) -> tuple[Panel, ...]:
    """Errors of trained and of constructed networks against the width, and their outputs."""
    return _errors(study, found), _fits(study, found)


def _errors(study: Approximation, found: Found) -> Panel:
    e = found.errors
    curves = (
        (np.median(e, axis=1), MEDIAN, "median of the seeds"),
        (e.min(axis=1), BEST, "best seed"),
        (found.constructed, CONSTRUCTED, "constructed, not trained"),
    )
    marks: list[AnyMark] = [around(found.widths, e.min(axis=1), e.max(axis=1), MEDIAN)]
    marks += [series(found.widths, values, slot, name, "error") for values, slot, name in curves]
    axes = Axes(x=log([found.widths], "neurons"), y=log([e, found.constructed], "root of the mean squared error"))
    budget = f"{study.steps:,} steps of Adam with η = {short(study.learning_rate)}"
    note = f"{study.seeds} seeds, {budget}; band: from the best to the worst seed"
    return plot("errors", "Error and width", axes, marks, note, keys([c[2] for c in curves], [c[1] for c in curves]))


def _fits(study: Approximation, found: Found) -> Panel:
    at = [int(np.flatnonzero(found.widths == width)[0]) for width in SHOWN]
    marks: list[AnyMark] = []
    pairs: list[Axes] = []
    for k, (width, row) in enumerate(zip(at, SHOWN, strict=True)):
        column, line = k % 2, k // 2
        place = (0.53 * column, 0.53 * (1 - line), 0.53 * column + 0.47, 0.53 * (1 - line) + 0.41)
        pairs.append(fit_axes(found.grid, found.target, place=place, title=f"{row} neurons"))
        marks += [
            true_curve(found.grid, found.target, axes=k, name="target"),
            fit(found.grid, found.construction[width], CONSTRUCTED, "constructed", axes=k, thin=True),
            fit(found.grid, found.median[width], MEDIAN, "median seed", axes=k),
            fit(found.grid, found.best[width], BEST, "best seed", axes=k),
        ]
    legend = keys(["median seed", "best seed", "constructed"], [MEDIAN, BEST, CONSTRUCTED])
    return plot("fits", "Fits", pairs, marks, "dotted: the target", legend)
