"""The picture of the study of autoencoders: reconstructions beside the inputs, and errors."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from app.common.digits import short
from app.figures.gallery import gallery
from app.figures.marks import AnyMark, Axes, Axis, Panel
from app.figures.panels import chart
from app.figures.series import around, color, keys, log, plot, series
from optimizers.studies.catalogue.autoencoder import BATCH, OPTIMIZERS, RATES, Autoencoder, Found
from optimizers.studies.intervals import mean_interval

NAMES = [optimizer.name for optimizer in OPTIMIZERS]
REFERENCE = 6
"""The slot of the error that the optimizers are compared with."""


def panels(study: Autoencoder, found: Found) -> tuple[Panel, ...]:
    """Images, errors along the training, and errors against the learning rate."""
    return _images(study, found), _errors(study, found), _rates(study, found)


def _images(study: Autoencoder, found: Found) -> Panel:
    """Test images, what the network receives of them, and what it returns after each optimizer's training."""
    known = [k for k in range(len(NAMES)) if np.isfinite(found.rates[k])]
    rows = [found.originals] if study.corruption == "none" else [found.originals, found.inputs]
    names = ["image", "input"] if len(rows) > 1 else ["input"]
    moments = len(found.steps)
    still = np.broadcast_to(np.stack(rows), (moments, *np.shape(rows)))
    images = np.concatenate([still, found.images[known].transpose(1, 0, 2, 3)], axis=1)
    colors = ["muted"] * len(rows) + [color(k) for k in known]
    axes, marks = gallery(images, [*names, *(NAMES[k] for k in known)], colors, time=found.steps)
    rates = ", ".join(f"{NAMES[k]} {short(found.rates[k], 2)}" for k in known)
    note = f"test images; code of {study.code} numbers; learning rates: {rates}" if known else "test images"
    return dataclasses.replace(plot("images", "Reconstructions", axes, marks, note), spread="squares")


def _reference(study: Autoencoder) -> str:
    """The name of the error that the optimizers are compared with."""
    return f"{study.code} principal components" if study.corruption == "none" else "corrupted input"


def _errors(study: Autoencoder, found: Found) -> Panel:
    """The errors on training and test images along the training."""
    x = Axis(low=0, high=float(found.steps[-1]), title="step", whole=True)
    ends = np.array([0.0, found.steps[-1]])
    marks: list[AnyMark] = []
    for k, name in enumerate(NAMES):
        common: Any = {"time": found.steps, "dots": False}
        train, test = (mean_interval(part[k], axis=0) for part in (found.train, found.test))
        marks.append(around(found.steps, train.low, train.high, k, time=found.steps))
        marks.append(series(found.steps, train.mean, k, name, "training error", **common))
        marks.append(series(found.steps, test.mean, k, f"{name}, test", "test error", dash="dash", **common))
    marks.append(
        series(
            ends, np.full(2, found.reference), REFERENCE, _reference(study), "training error", dash="dot", dots=False
        )
    )
    y = log([found.train, found.test, [found.reference]], "mean squared error per pixel")
    note = (
        f"solid: training images, with 95 % intervals of the mean; dashed: test images; {study.seeds} seeds; {BATCH} "
        "images in each step, the same for all"
    )
    panel = chart(Axes(x=x, y=y), marks, note)
    legend = keys([*NAMES, _reference(study)], [*range(len(NAMES)), REFERENCE])
    return dataclasses.replace(panel, key="errors", title="Errors", legend=legend)


def _rates(study: Autoencoder, found: Found) -> Panel:
    """The validation error at the end against the learning rate."""
    scores = np.where(np.isfinite(found.scores) & (found.scores < 1.0), found.scores, np.nan)
    marks = [series(RATES, scores[k], k, name, "validation error") for k, name in enumerate(NAMES)]
    axes = Axes(x=log([RATES], "learning rate η"), y=log([scores], "mean squared error per pixel"))
    note = f"validation images after {study.steps:,} steps; not drawn: errors above 1, and trainings that diverged"
    return plot("rates", "Learning rates", axes, marks, note, keys(NAMES))
