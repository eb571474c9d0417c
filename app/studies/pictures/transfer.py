"""The picture of the study of transfer: test accuracy against the number of images, and the reused weights."""

from __future__ import annotations

import dataclasses

import numpy as np

from app.figures import theme
from app.figures.gallery import gallery
from app.figures.marks import AnyMark, Axes, Axis, Note, Panel
from app.figures.panels import linear_axis, message
from app.figures.series import around, keys, log, plot, series
from optimizers.studies.catalogue.transfer import ARMS, Found, Transfer
from optimizers.studies.intervals import mean_interval

NEURONS = 9
"""How many neurons are shown."""
STRONGEST = 98
"""The percentile of the weights' sizes from which on they have the strongest shade."""


def panels(study: Transfer, found: Found) -> tuple[Panel, ...]:
    """Test accuracies of the ways of training, their differences from training from scratch, and weights."""
    return _accuracies(study, found), _differences(study, found), _features(study, found)


def _accuracies(study: Transfer, found: Found) -> Panel:
    intervals = [mean_interval(arm) for arm in found.accuracies]
    marks: list[AnyMark] = [around(found.counts, part.low, part.high, k) for k, part in enumerate(intervals)]
    marks += [
        series(found.counts, part.mean, k, name, "test accuracy")
        for k, (name, part) in enumerate(zip(ARMS, intervals, strict=True))
    ]
    y = dataclasses.replace(linear_axis([np.ravel(part) for part in intervals], percent=True), title="test accuracy")
    note = f"digits {study.old} to 9; means of {study.seeds} seeds, with 95 % intervals; {study.steps} steps"
    return plot("accuracy", "Test accuracy", Axes(x=_counts(found), y=y), marks, note, keys(ARMS))


def _differences(study: Transfer, found: Found) -> Panel:
    """The paired differences from training from scratch, in percentage points."""
    gains = 100 * (found.accuracies[1:] - found.accuracies[:1])
    intervals = [mean_interval(gain) for gain in gains]
    x = _counts(found)
    zero = series([x.low, x.high], [0.0, 0.0], 0, ARMS[0], "difference", dots=False, weight="thin")
    marks: list[AnyMark] = [around(found.counts, part.low, part.high, k + 1) for k, part in enumerate(intervals)]
    marks += [zero] + [
        series(found.counts, part.mean, k + 1, name, "percentage points")
        for k, (name, part) in enumerate(zip(ARMS[1:], intervals, strict=True))
    ]
    y = dataclasses.replace(
        linear_axis([[0.0, 1.0], *(np.ravel(part) for part in intervals)]), title="percentage points"
    )
    note = f"accuracy above training from scratch, seed by seed: means of {study.seeds}, with 95 % intervals"
    return plot("differences", "Gain over training from scratch", Axes(x=x, y=y), marks, note, keys(ARMS))


def _counts(found: Found) -> Axis:
    return log([found.counts], "training images of each class", ticks=tuple(map(float, found.counts)))


def _features(study: Transfer, found: Found) -> Panel:
    """The incoming weights of some neurons before and after training on the old classes."""
    if not len(found.features):
        return dataclasses.replace(message("The first network is being trained."), key="features", title="Reused layer")
    weights = found.features[:, :NEURONS]
    shown = np.stack([*weights, weights[1] - weights[0]])
    strongest = np.percentile(np.abs(shown), STRONGEST)
    shades = np.rint(255 * np.minimum(np.abs(shown) / strongest, 1)).astype(np.uint8)
    signs = (shown > 0).astype(np.uint8)
    names = ("random", "trained", "trained − random")
    axes, marks = gallery(shades, names, ["muted"] * len(names), classes=signs, palette=theme.SIGNED)
    note = (
        f"weights of {weights.shape[1]} hidden neurons before and after training on the digits 0 to {study.old - 1}, "
        f"and their change; the largest {100 - STRONGEST} % have the same shade;"
    )
    panel = plot("features", "Reused layer", axes, marks, note)
    keys_of_signs = (Note(text="negative", color=theme.SIGNED[0]), Note(text="positive", color=theme.SIGNED[1]))
    return dataclasses.replace(panel, spread="squares", note=(*panel.note, *keys_of_signs))
