"""The picture of bagging: the members one by one with their mean, its error, and that of a single network."""

from __future__ import annotations

import numpy as np

from app.figures.marks import AnyMark, Axes, Dots, Line, Panel
from app.figures.panels import finite
from app.figures.series import around, color, keys, linear, plot, series, spanned
from app.studies.fits import fit, fit_axes, samples, true_curve
from optimizers.studies.catalogue.bagging import Bagging, Found, running_means

UNIT = "member"
MEAN, ALONE, MEMBER = 0, 1, 6
"""The slots of the colours."""


def panels(study: Bagging, found: Found) -> tuple[Panel, ...]:
    """Fits to the first data set, errors against the number of members, and the errors of all data sets in pairs."""
    return _fits(study, found), _errors(found), _pairs(found)


def _fits(study: Bagging, found: Found) -> Panel:
    counts = np.arange(1, len(found.members) + 1)
    members = [
        Line(
            x=found.grid,
            y=finite(member),
            color=color(MEMBER),
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
    budget = f"{study.samples} samples; {study.steps:,} steps of Adam"
    note = f"first of {study.data_sets} data sets, {budget}; dotted: the curve without noise"
    legend = keys(["members", "their mean", "single network"], [MEMBER, MEAN, ALONE])
    return plot("fits", "Members and their mean", fit_axes(found.grid, [*found.y, *found.truth]), marks, note, legend)


def _errors(found: Found) -> Panel:
    known = np.isfinite(found.alone_errors)
    counts = np.arange(1, found.mean_errors.shape[1] + 1)
    marks: list[AnyMark] = []
    if known.any():
        low, middle, high = np.percentile(found.mean_errors[known], [10, 50, 90], axis=0)
        marks.append(around(counts, low, high, MEAN, time=counts))
        marks.append(series(counts, middle, MEAN, "mean of the members", "median test error", time=counts))
        flat = (
            (found.member_errors[known].mean(axis=1), MEMBER, "members"),
            (found.alone_errors[known], ALONE, "single"),
        )
        for errors, slot, name in flat:
            level = np.full(len(counts), np.median(errors))
            marks.append(series(counts, level, slot, name, "median test error", dots=False))
    top = found.mean_errors[known] if known.any() else np.ones(1)
    axes = Axes(
        x=spanned(1, len(counts), "members", whole=True),
        y=linear([top, found.member_errors.mean(axis=1)], "mean squared error"),
    )
    note = f"test samples; medians over {known.sum()} data sets; band: 10 to 90 % of them"
    legend = keys(["mean of the members", "members on average", "single network"], [MEAN, MEMBER, ALONE])
    return plot("errors", "Error and number of members", axes, marks, note, legend)


def _pairs(found: Found) -> Panel:
    bagged, alone = finite(found.mean_errors[:, -1]), finite(found.alone_errors)
    axis = linear([bagged, alone], "")
    ends = np.array([0.0, axis.high])
    marks: list[AnyMark] = [
        Line(x=ends, y=ends, color="muted", dash="dot", weight="thin", name="equal errors"),
        Dots(
            x=alone,
            y=bagged,
            color=color(MEAN),
            size="large",
            name="data set",
            hover=(("single network", alone), ("mean of the members", bagged)),
        ),
    ]
    axes = Axes(
        x=spanned(0.0, axis.high, "error of a single network"),
        y=spanned(0.0, axis.high, "error of the mean of the members"),
    )
    note = f"a dot for each of {np.isfinite(alone).sum()} data sets; below the dotted line, bagging is better"
    return plot("pairs", "Bagging and a single network", axes, marks, note)
