"""The picture of boosting: the sum, its last member with the residuals that it fits, and both errors."""

from __future__ import annotations

import numpy as np

from app.common.digits import short
from app.figures.marks import AnyMark, Axes, Panel
from app.figures.series import around, keys, log, plot, series, spanned
from app.studies.fits import fit, fit_axes, rows, samples, true_curve
from optimizers.studies.catalogue.boosting import Boosting, Found

UNIT = "member"
SUM, MEMBER, TEST = 0, 2, 1
"""The slots of the colours."""


def panels(study: Boosting, found: Found) -> tuple[Panel, ...]:
    """The sum and its last member on the first data set, and the errors on all of them."""
    return _fits(study, found), _errors(study, found)


def _fits(study: Boosting, found: Found) -> Panel:
    """The sum of the first 0, 1, … members, and below it the last of them with the residuals that it was trained on."""
    times = np.arange(len(found.sums))
    before = np.concatenate([found.rests[:1], found.rests[:-1]])
    last = np.concatenate([np.full((1, len(found.grid)), np.nan), found.members])
    upper, lower = rows(2)
    heights = [*found.y, *found.truth]
    pairs = (
        fit_axes(found.grid, heights, place=upper, title="Sum of the members so far"),
        fit_axes(found.grid, heights, place=lower, title="Last member, and its residuals"),
    )
    marks: list[AnyMark] = [
        true_curve(found.grid, found.truth),
        fit(found.grid, found.sums, SUM, "sum of the members", time=times),
        samples(found.x, found.y),
        fit(found.grid, last, MEMBER, "last member", time=times, axes=1),
        samples(found.x, before, time=times, word="residual", axes=1),
    ]
    note = (
        f"first of {study.data_sets} data sets, {study.samples} samples; each member is trained for {study.steps:,} "
        f"steps of Adam with η = {short(study.learning_rate)}, and scaled by ν = {study.shrinkage:g}; "
        "dotted: the curve without noise"
    )
    return plot("fits", "Members", pairs, marks, note, keys(["sum", "member"], [SUM, MEMBER]))


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
