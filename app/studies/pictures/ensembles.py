"""The picture of ensembles and averages: accuracy and cross-entropy along the training, and gains at its end."""

from __future__ import annotations

import dataclasses

import numpy as np

from app.common.digits import percent, short
from app.figures.marks import AnyMark, Axes, Axis, Dots, Line, Panel
from app.figures.panels import Place, finite, linear_axis
from app.figures.series import around, color, keys, linear, log, plot, series, spanned
from app.studies.fits import rows
from optimizers.studies.catalogue.ensembles import METHODS, Ensembles, Found
from optimizers.verdicts import verdict

UNIT = "step"
SLOTS = (7, 0, 2, 1)
"""The slots of the colours of `METHODS`."""
EARLY = 0.2
"""The accuracies before this share of the steps may be outside the frame."""
LEGEND = keys(METHODS, SLOTS)


def panels(study: Ensembles, found: Found) -> tuple[Panel, ...]:
    """Test accuracy and cross-entropy against the step, and the gains of each group at the last step."""
    late = found.accuracy[:, found.steps >= EARLY * found.steps[-1]]
    share = linear_axis([late if np.isfinite(late).any() else found.accuracy], percent=True)
    upper, lower = rows(2)
    pairs = (
        _axes(found, dataclasses.replace(share, title="accuracy"), upper, "Test accuracy"),
        _axes(found, log([found.loss], "nats"), lower, "Test cross-entropy"),
    )
    marks = [*_curves(found, found.accuracy, "accuracy", 0), *_curves(found, found.loss, "nats", 1)]
    data = type(study).parameters()["data"].label(study.data)
    note = (
        f"{data}, {study.samples} training samples, {percent(study.label_noise)} wrong labels; Adam with "
        f"η = {short(study.learning_rate)}; means over {study.groups} groups of {study.members} networks; bands: 10 to "
        "90 % of the groups"
    )
    return plot("curves", "Along the training", pairs, marks, note, LEGEND), _gains(found)


def _axes(found: Found, y: Axis, place: Place, title: str) -> Axes:
    return Axes(x=spanned(0, float(found.steps[-1]), "step", whole=True), y=y, place=place, title=title)


def _curves(found: Found, values: np.ndarray, word: str, axes: int) -> list[AnyMark]:
    marks: list[AnyMark] = []
    for name, slot, groups in zip(METHODS, SLOTS, values, strict=True):
        known = np.isfinite(groups).all(axis=1)  # a band has no gaps
        if known.any():
            low, high = np.percentile(groups[known], [10, 90], axis=1)
            marks.append(around(found.steps[known], low, high, slot, time=found.steps[known], axes=axes))
        marks.append(series(found.steps, groups.mean(axis=1), slot, name, word, time=found.steps, axes=axes))
    return marks


def _gains(found: Found) -> Panel:
    """The accuracy of each average minus the mean of its members, group by group, with an interval."""
    gains = 100 * (found.accuracy[1:, -1] - found.accuracy[0, -1])
    marks: list[AnyMark] = [
        Line(x=np.array([0.5, 3.5]), y=np.zeros(2), color="muted", dash="dot", weight="thin", name="no gain")
    ]
    level = 0.05 / len(gains)
    for k, (values, slot) in enumerate(zip(gains, SLOTS[1:], strict=True)):
        spread = np.linspace(-0.18, -0.06, len(values))
        marks.append(
            Dots(
                x=k + 1 + spread,
                y=finite(values),
                color=color(slot),
                name=METHODS[k + 1],
                hover=(("points", finite(values)),),
            )
        )
        if np.isfinite(values).all():
            # measures of which smaller ones are better, negative so that they are compared by their differences
            measured = verdict(-100 * found.accuracy[k + 1, -1], -100 * found.accuracy[0, -1], level=level)
            ends, x = np.array(measured.interval), np.full(2, k + 1.12)
            if np.isfinite(ends).all():
                marks.append(Line(x=x, y=ends, color=color(slot), name=f"{METHODS[k + 1]}: interval"))
            effect = np.array([measured.effect])
            marks.append(Dots(x=x[:1], y=effect, color=color(slot), size="large", name="typical gain"))
    axes = Axes(
        x=Axis(low=0.5, high=3.5, ticks=(1.0, 2.0, 3.0), words=METHODS[1:], grid=False),
        y=linear([gains], "gain in accuracy (points)"),
    )
    note = (
        f"against the members, at step {found.steps[-1]:,}; dots: groups; bars: {percent(1 - level)} "
        "intervals (95 % jointly)"
    )
    return plot("gains", "Gain over the members", axes, marks, note)
