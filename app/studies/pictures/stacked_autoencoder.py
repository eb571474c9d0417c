"""The picture of the study of stacked autoencoders: codes, test accuracies, and reconstruction errors."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.figures import theme
from app.figures.marks import AnyMark, Axes, Axis, Dots, Legend, Panel
from app.figures.panels import chart, linear_axis
from app.figures.series import around, keys, log, plot, series
from optimizers.studies.catalogue.stacked_autoencoder import ARMS, CODE, Found, StackedAutoencoder
from optimizers.studies.intervals import mean_interval


def panels(study: StackedAutoencoder, found: Found) -> tuple[Panel, ...]:
    """The codes of test images, and what both ways of training reach."""
    seeds = f"means of {study.seeds} seeds, with 95 % intervals"
    accuracies = f"classifiers on {study.labelled} labelled images; {seeds}"
    pretrained = f"stacked: after {study.pretraining:,} steps for each layer"
    return (
        _codes(study, found),
        _curves(study, found, found.accuracies, "accuracy", "Test accuracy", f"{accuracies}; {pretrained}"),
        _curves(study, found, found.errors, "errors", "Reconstruction error", f"on test images; {seeds}; {pretrained}"),
    )


def _codes(study: StackedAutoencoder, found: Found) -> Panel:
    """The two numbers of the code of each test image, at each moment of the fine-tuning."""
    known = np.isfinite(found.codes).all(axis=(1, 2))
    marks: list[AnyMark] = []
    if known.any():
        marks.append(
            Dots(
                x=found.codes[known, :, 0],
                y=found.codes[known, :, 1],
                time=found.steps[known],
                size="small",
                edge="paper",
                colors=found.labels.astype(np.uint8),
                palette=theme.CLASSES,
            )
        )
    side = Axis(low=-1.1, high=1.1)
    axes = Axes(
        x=dataclasses.replace(side, title="first number of the code"),
        y=dataclasses.replace(side, title="second number"),
    )
    widths = " – ".join(map(str, (64, study.first, study.second, CODE)))
    note = f"test images of the first seed by class, encoded by {widths}; step 0: after pretraining"
    legend = Legend(keys=tuple((str(k), theme.CLASSES[k]) for k in range(10)))
    return plot("codes", "Code", axes, marks, note, legend)


def _curves(study: StackedAutoencoder, found: Found, values: NDArray[Any], key: str, title: str, note: str) -> Panel:
    """The means of both ways of training along the steps, with intervals."""
    intervals = [mean_interval(values[arm], axis=0) for arm in range(len(ARMS))]
    x = Axis(low=0, high=float(found.steps[-1]), title="step", whole=True)
    heights = np.concatenate([np.ravel(interval) for interval in intervals])
    if key == "accuracy":
        y = dataclasses.replace(linear_axis([heights], percent=True), title="test accuracy")
    else:
        y = log([heights], "mean squared error per pixel")
    marks: list[AnyMark] = []
    for arm, (name, interval) in enumerate(zip(ARMS, intervals, strict=True)):
        marks.append(around(found.steps, interval.low, interval.high, arm, time=found.steps))
        marks.append(series(found.steps, interval.mean, arm, name, title.lower(), time=found.steps, dots=False))
    panel = chart(Axes(x=x, y=y), marks, note)
    return dataclasses.replace(panel, key=key, title=title, legend=keys(ARMS))
