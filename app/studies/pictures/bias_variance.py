"""The picture of bias and variance: the parts of the error against the width, and fits of three widths."""

from __future__ import annotations

import numpy as np

from app.common.digits import short
from app.figures.marks import AnyMark, Axes, Dash, Panel
from app.figures.series import around, keys, log, plot, series
from app.studies.fits import bundle, fit, fit_axes, rows, samples, true_curve
from optimizers.studies.catalogue.bias_variance import BiasVariance, Found, peak

ERROR, BIAS, VARIANCE, TRAINING, NOISE = 0, 1, 2, 3, 7
"""The slots of the colours."""
LOWEST = 1e-4
"""Parts of the error below this share of the noise are outside the frame."""


def panels(study: BiasVariance, found: Found) -> tuple[Panel, ...]:
    """The parts of the error, and fits of two or three widths."""
    return _parts(study, found), _fits(study, found)


def _parts(study: BiasVariance, found: Found) -> Panel:
    noise = np.where(np.isfinite(found.error), found.noise, np.nan)
    parts = (
        ("expected error", found.error, ERROR),
        ("bias²", found.bias, BIAS),
        ("variance", found.variance, VARIANCE),
        ("noise", noise, NOISE),
        ("training error", found.training, TRAINING),
    )
    marks: list[AnyMark] = []
    for name, values, slot in parts:
        dash: Dash = "dot" if slot in (TRAINING, NOISE) else "solid"
        marks.append(series(found.widths, values, slot, name, "mean square", dash=dash, dots=slot != NOISE))
    shown = [np.maximum(values, LOWEST) for _, values, _ in parts]
    axes = Axes(x=log([found.widths], "neurons"), y=log(shown, "mean square"))
    low, high = (np.percentile(found.errors, share, axis=1) for share in (10, 90))
    marks.append(around(found.widths, low, high, ERROR))
    note = (
        f"error = bias² + variance + noise; means of {study.data_sets} data sets of {study.samples} samples; band: 10 "
        f"to 90 % of the data sets; {_training(study)}"
    )
    legend = keys([name for name, _, _ in parts], [slot for _, _, slot in parts])
    return plot("parts", "Parts of the error", axes, marks, note, legend)


def _training(study: BiasVariance) -> str:
    """How the fits come about."""
    if study.fit == "features":
        return "output weights of least norm"
    return f"{study.steps:,} steps of Adam with η = {short(study.learning_rate)}"


def _fits(study: BiasVariance, found: Found) -> Panel:
    """Fits of the best and the widest, with the narrowest or, if there is a peak, those at the peak."""
    known = np.flatnonzero(np.isfinite(found.error))
    errors = found.error[known] if len(known) else np.ones(1)
    best, last, top = int(np.argmin(errors)), len(errors) - 1, peak(errors)
    words = {0: "", last: ""} if top is None else {top: ", peak of the error", last: ""}
    if len(known):
        words[best] = ", lowest error"
    chosen = sorted(words)
    marks: list[AnyMark] = []
    pairs: list[Axes] = []
    for k, (at, place) in enumerate(zip(chosen, rows(len(chosen)), strict=True)):
        title = f"{found.widths[at]} neuron{'s' if found.widths[at] > 1 else ''}{words[at]}"
        pairs.append(fit_axes(found.grid, [*found.y, *found.truth], place=place, title=title))
        marks += [
            bundle(found.grid, found.fits[at], VARIANCE, axes=k),
            true_curve(found.grid, found.truth, axes=k),
            fit(found.grid, found.fits[at].mean(axis=0), BIAS, "mean of the fits", axes=k),
            samples(found.x, found.y, axes=k),
        ]
    how = _training(study)
    note = f"{study.data_sets} fits, {how}; dots: samples of the first data set; dotted: the curve without noise"
    return plot("fits", "Fits", pairs, marks, note, keys(["fits", "their mean"], [VARIANCE, BIAS]))
