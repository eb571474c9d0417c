"""The picture of boosting: the sum, the residuals with the member that fits them, and both errors."""

from __future__ import annotations

import numpy as np

from app.figures.marks import AnyMark, Axes, Panel
from app.figures.series import around, keys, log, plot, series, spanned
from app.studies.fits import fit, fit_axes, samples, true_curve
from optimizers.studies.catalogue.boosting import Boosting, Found

UNIT = "member"
SUM, MEMBER, TEST = 0, 2, 1
"""The slots of the colours."""


def panels(study: Boosting, found: Found) -> tuple[Panel, ...]:
    """The sum and the next member on the first data set, and the errors on all of them."""
    return _sum(study, found), _rest(study, found), _errors(study, found)


def _sum(study: Boosting, found: Found) -> Panel:
    times = np.arange(len(found.sums))
    marks: list[AnyMark] = [
        true_curve(found.grid, found.truth),
        fit(found.grid, found.sums, SUM, "sum of the members", time=times),
        samples(found.x, found.y),
    ]
    note = f"first of {study.data_sets} data sets, {study.samples} samples; dotted: the curve without noise"
    legend = keys(["sum of the members so far"], [SUM])
    return plot("sum", "Sum of the members", fit_axes(found.grid, [*found.y, *found.truth]), marks, note, legend)


def _rest(study: Boosting, found: Found) -> Panel:
    times = np.arange(len(found.rests))
    following = np.concatenate([found.members, np.full((1, len(found.grid)), np.nan)])
    marks: list[AnyMark] = [
        fit(found.grid, following, MEMBER, "next member", time=times),
        samples(found.x, found.rests, time=times, word="residual"),
    ]
    budget = f"{study.steps:,} steps of Adam each"
    note = f"dots: residuals; the member, {budget}, is added with the share ν = {study.shrinkage:g}"
    legend = keys(["next member"], [MEMBER])
    return plot(
        "residuals", "Residuals and next member", fit_axes(found.grid, [*found.y, *found.truth]), marks, note, legend
    )


def _errors(study: Boosting, found: Found) -> Panel:
    counts = np.arange(found.training_errors.shape[1])
    marks: list[AnyMark] = []
    for errors, slot, name in ((found.training_errors, SUM, "training"), (found.test_errors, TEST, "test")):
        low, middle, high = np.percentile(errors, [10, 50, 90], axis=0)
        marks.append(around(counts, low, high, slot, time=counts))
        marks.append(series(counts, middle, slot, name, "median error", time=counts))
    axes = Axes(
        x=spanned(0, len(counts) - 1, "members", whole=True),
        y=log([found.training_errors, found.test_errors], "mean squared error"),
    )
    note = f"medians over {study.data_sets} data sets; bands: 10 to 90 % of them"
    legend = keys(["training samples", "test samples"], [SUM, TEST])
    return plot("errors", "Error and number of members", axes, marks, note, legend)
