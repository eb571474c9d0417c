"""The picture of bagging: the members one by one with their mean, its error, and that of a single network."""

from __future__ import annotations

import dataclasses

import numpy as np

from app.common.digits import short
from app.figures.marks import AnyMark, Axes, Dots, Legend, Line, Panel
from app.figures.panels import finite
from app.figures.series import around, color, keys, linear, plot, series, spanned
from app.studies.fits import fit, fit_axes, rows, samples, true_curve
from optimizers.studies.catalogue.bagging import Bagging, Found, running_means

UNIT = "member"
MEAN, ALONE = 0, 1
"""The slots of the colours."""
MEMBERS = "muted"
"""The colour of the members, which are many."""


def panels(study: Bagging, found: Found) -> tuple[Panel, ...]:
    """The fits to the first data set, and the errors on all data sets."""
    return _fits(study, found), _errors(found)


def _fits(study: Bagging, found: Found) -> Panel:
    counts = np.arange(1, len(found.members) + 1)
    members = [
        Line(
            x=found.grid,
            y=finite(member),
            color=MEMBERS,
            time=np.full(len(found.grid), count),
            weight="hair",
            future="absent",
            jumps=True,
            name=f"member {count}",
            layer="under",
        )
        for count, member in zip(counts, found.members, strict=True)
    ]
    marks: list[AnyMark] = [
        *members,
        true_curve(found.grid, found.truth),
        fit(found.grid, found.alone, ALONE, "single network", thin=True),
        fit(found.grid, running_means(found.members), MEAN, "mean of the members", time=counts),
        samples(found.x, found.y),
    ]
    budget = f"{study.samples} samples; {study.steps:,} steps of Adam with η = {short(study.learning_rate)}"
    note = f"first of {study.data_sets} data sets, {budget}; dotted: the curve without noise"
    legend = _legend("members", "their mean")
    return plot("fits", "Members and their mean", fit_axes(found.grid, [*found.y, *found.truth]), marks, note, legend)


def _errors(found: Found) -> Panel:
    """Errors against the number of members, and below them the errors of each data set in pairs."""
    known = np.isfinite(found.alone_errors)
    upper, lower = rows(2)
    counts = np.arange(1, found.mean_errors.shape[1] + 1)
    curves: list[AnyMark] = []
    if known.any():
        low, middle, high = np.percentile(found.mean_errors[known], [10, 50, 90], axis=0)
        curves.append(around(counts, low, high, MEAN, time=counts))
        curves.append(series(counts, middle, MEAN, "mean of the members", "median test error", time=counts))
        each = np.full(len(counts), np.median(found.member_errors[known].mean(axis=1)))
        single = np.full(len(counts), np.median(found.alone_errors[known]))
        members = series(counts, each, MEAN, "members on average", "median test error", dots=False)
        curves.append(dataclasses.replace(members, color=MEMBERS))
        curves.append(series(counts, single, ALONE, "single network", "median test error", dots=False))
    bagged, alone = finite(found.mean_errors[:, -1]), finite(found.alone_errors)
    heights = linear([found.mean_errors[known], found.member_errors[known].mean(axis=1)], "mean squared error")
    ratios = np.sort(bagged / alone)
    places = np.arange(1, len(ratios) + 1)
    pairs = (
        Axes(x=spanned(1, len(counts), "members", whole=True), y=heights, place=upper, title="Number of members"),
        Axes(
            x=spanned(0.5, len(ratios) + 0.5, "data sets, from the lowest ratio to the highest", whole=True),
            y=linear([ratios, [1.0]], "mean of the members / single network"),
            place=lower,
            title="Data set by data set",
        ),
    )
    dots = Dots(
        axes=1, x=places, y=ratios, color=color(MEAN), size="large", name="data set", hover=(("ratio", ratios),)
    )
    ends = np.array([0.5, len(ratios) + 0.5])
    equal = Line(axes=1, x=ends, y=np.ones(2), color="muted", dash="dot", weight="thin", name="equal errors")
    note = (
        f"test errors on {known.sum()} data sets: medians, band: 10 to 90 %; below, a dot for each data set: under the "
        "dotted line the mean of the members is better than a single network"
    )
    legend = _legend("members on average", "mean of the members")
    return plot("errors", "Test error", pairs, [*curves, equal, dots], note, legend)


def _legend(members: str, mean: str) -> Legend:
    return Legend(keys=((members, MEMBERS), *keys([mean, "single network"], [MEAN, ALONE]).keys))
